"""Priors in files: exact, refused when damaged, and refused for tables that they do not fit."""

import dataclasses
import hashlib
import json

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.answers.prediction import predict
from bayeslaw.errors import OutputError, PriorError
from bayeslaw.fitting.build import open_prior
from bayeslaw.kinds.shared.borrowed import Entry
from bayeslaw.laws import get_law
from bayeslaw.lending.lend import as_prior
from bayeslaw.posterior.file import load_posterior, save_posterior
from bayeslaw.prior import released
from bayeslaw.prior.prior import load_prior
from bayeslaw.prior.released import released_card, released_folder, released_names, released_prior
from bayeslaw.prior.summary import coordinate_records, scale_records
from bayeslaw.runs import read_runs


@pytest.fixture(scope="module")
def saved(prior, tmp_path_factory):
    path = tmp_path_factory.mktemp("priors") / "known.json"
    prior.save(path)
    return path


@pytest.fixture(scope="module")
def others(simulate):
    """A table of one of the known tasks and of another, with models of their own."""
    sizes = (200.0, 800.0, 3200.0)
    return simulate({("flan", "x"): sizes, ("flan", "y"): sizes, ("wiki", "a"): sizes, ("wiki", "b"): sizes}, seed=9)


def hashed(content):
    """The hash of what a prior says: SHA-256 of it as compact JSON, keys in order."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def test_what_was_saved_is_what_is_loaded(prior, saved):
    after = load_prior(saved)
    assert after.sha256 == prior.sha256
    for name in ("name", "law", "units", "families", "models", "ranges", "approximation", "origin", "tasks"):
        assert getattr(after, name) == getattr(prior, name), name
    before, b = prior.borrowed, after.borrowed
    assert (b.reference, b.entries, b.scales) == (before.reference, before.entries, before.scales)
    np.testing.assert_array_equal(b.mean, before.mean)
    np.testing.assert_array_equal(b.covariance, before.covariance)
    assert list(b.paths) == list(before.paths) == ["flan", "gigaword"]
    for task, path in b.paths.items():
        assert path.anchor == before.paths[task].anchor
        np.testing.assert_array_equal(path.knots, before.paths[task].knots)
        np.testing.assert_array_equal(path.typical, before.paths[task].typical)


def test_the_file_says_what_it_was_made_from(prior, saved, two_tasks):
    content = json.loads(saved.read_text())
    assert content.pop("sha256") == hashed(content) == prior.sha256
    assert content["models"] == [[task, model] for task in ("flan", "gigaword") for model in "abc"]
    assert content["ranges"] == {"data": [200.0, 3200.0]}
    assert content["origin"]["runs_sha256"] == two_tasks.content_hash
    assert 0 < content["approximation"] < 0.2


def test_every_part_counts_in_the_hash(prior):
    b = prior.borrowed
    changes = [
        {"name": "other"},
        {"units": {"data": "tokens"}},
        {"families": prior.families[1:]},
        {"models": prior.models[1:]},
        {"ranges": {"data": (1.0, 2.0)}},
        {"approximation": 0.5},
        {"origin": {}},
        *({"borrowed": dataclasses.replace(b, **part)} for part in (
            {"reference": {"data": 1.0}}, {"mean": 1.001 * b.mean}, {"covariance": 1.001 * b.covariance},
            {"scales": dataclasses.replace(b.scales, roughness=0.1)}, {"paths": {}}, {"entries": b.entries[::-1]},
        )),
    ]  # fmt: skip
    hashes = [dataclasses.replace(prior, **change).sha256 for change in changes]
    assert len({prior.sha256, *hashes}) == 1 + len(changes)


def rehash(path, edit):
    """Write a file with a change that its hash agrees with."""
    content = json.loads(path.read_text())
    del content["sha256"]
    edit(content)
    return json.dumps({**content, "sha256": hashed(content)})


def change_digit(path):
    text = path.read_text()
    place = text.index('"covariance_lower"') + text[text.index('"covariance_lower"') :].index("0.") + 3
    return text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]


def put(*keys, value):
    def edit(content):
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return lambda path: rehash(path, edit)


def drop(key):
    return lambda path: rehash(path, lambda content: content.pop(key))


DAMAGED = {
    "cut short": (lambda path: path.read_text()[:2000], r"not JSON .* cut short"),
    "empty": (lambda path: "", "not JSON"),
    "nested without end": (lambda path: "[" * 100_000, "not JSON"),
    "text": (lambda path: "a prior\n", "not JSON"),
    "another object": (lambda path: '{"model": 1}', "JSON, but not a prior of bayeslaw"),
    "a list": (lambda path: "[1, 2]", "JSON, but not a prior of bayeslaw"),
    "one digit changed": (change_digit, "does not match its hash, so it has been altered"),
    "newer": (put("schema", value=2), r"schema 2; this version of bayeslaw reads schema 1\. Upgrade"),
    "other coordinates": (put("coordinates", 0, "mean", value=-1.0), "other coordinates of the rectified law"),
    "a law that is not known": (put("law", value="lawless"), "a prior of the law 'lawless', which is not at hand"),
    "not positive definite": (put("covariance_lower", 0, value=-1.0), "not those of a distribution"),
    "no number": (put("mean", 0, value=float("nan")), "no finite number"),
    "too few numbers": (lambda path: rehash(path, lambda c: c["covariance_lower"].pop()), "missing or damaged"),
    "too few entries": (lambda path: rehash(path, lambda c: c["entries"].pop(0)), "27 entries and 28 means"),
    "other units": (put("units", value={"params": "1"}), "units of params"),
    "a path less": (lambda path: rehash(path, lambda c: c["paths"].pop("flan")), "knots are not those of the vector"),
    "a path that turns back": (put("paths", "flan", "knots", 1, value=-3.0), "not go from size to larger size"),
    "a scale less": (lambda path: rehash(path, lambda c: c["scales"].pop("pull")), "damaged .scales without pull"),
    "no mapping": (put("reference", value=3), "missing or damaged"),
    **{
        f"no {key}": (drop(key), f"missing or damaged .*{key}")
        for key in ("law", "coordinates", "units", "reference", "entries", "mean", "covariance_lower", "scales",
                    "paths", "families", "models", "ranges", "approximation", "origin", "name")
    },
    "no hash": (lambda path: json.dumps({**json.loads(path.read_text()), "sha256": None}), "does not match its hash"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_priors_are_refused(saved, tmp_path, damage):
    write, says = DAMAGED[damage]
    path = tmp_path / "p.json"
    path.write_text(write(saved))
    with pytest.raises(PriorError, match=rf"p\.json: .*{says}"):
        load_prior(path)


@pytest.mark.parametrize("name", released_names())
def test_released_priors_are_read_as_they_were_written(name):
    written = json.loads((released_folder() / name / "prior.json").read_text())
    assert released_prior(name).sha256 == written["sha256"]


def test_what_is_no_file_of_text_is_refused(tmp_path):
    (tmp_path / "p.json").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.json", tmp_path, tmp_path / "p.json"):
        with pytest.raises(PriorError, match=r"cannot be read .* Expected a prior saved as JSON"):
            load_prior(path)


def test_another_law_is_refused(prior, others):
    says = r"known is one of the rectified law, and the fit is of the vanilla law\. .*law='rectified'"
    with pytest.raises(PriorError, match=says):
        prior.require_fits(others, get_law("vanilla"))
    with pytest.raises(PriorError, match="vanilla law"):
        bl.fit(others, law="vanilla", prior=prior)


def test_another_unit_is_refused(prior, others):
    tokens = read_runs(others.table.drop(columns="row").rename(columns={"data": "tokens"}), roles={"tokens": "tokens"})
    with pytest.raises(PriorError, match=r"'data' counts tokens, and in the runs that .* it counts examples"):
        prior.require_fits(tokens, prior.law)
    prior.require_fits(others, prior.law)


def test_models_are_not_counted_twice(prior, others, two_tasks):
    again = read_runs(pd.concat([others.table, two_tasks.for_task("flan").table]).drop(columns="row"))
    with pytest.raises(PriorError, match=r"made from runs of 3 of these models \(such as 'a' on 'flan'\)"):
        prior.require_fits(again, prior.law)
    prior.require_fits(others, prior.law)  # the same name on another task is another model


def test_widened(prior):
    wide = prior.widened(2.0)
    ratio = np.sqrt(np.diag(wide.borrowed.covariance) / np.diag(prior.borrowed.covariance))
    np.testing.assert_allclose(ratio, 2.0)
    np.testing.assert_array_equal(wide.borrowed.mean, prior.borrowed.mean)
    assert wide.name == "known (widened 2x)"
    assert wide.sha256 != prior.sha256
    assert prior.widened(1.0) is prior
    for factor in (0.5, 0.0, -2.0, float("nan"), float("inf")):
        with pytest.raises(PriorError, match="a factor of 1 or more"):
            prior.widened(factor)


def test_a_prior_is_written_whole_or_not_at_all(prior, tmp_path):
    path = tmp_path / "p.json"
    prior.save(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        dataclasses.replace(prior, origin={"runs": float("nan")}).save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["p.json"]
    with pytest.raises(OutputError, match="there is no folder"):
        prior.save(tmp_path / "none" / "p.json")


def test_a_prior_is_found_by_file_and_by_fit(prior, saved, two_tasks, forge_at_random, tmp_path, monkeypatch):
    posterior = forge_at_random(two_tasks)
    save_posterior(posterior, tmp_path / "fit.nc")
    assert open_prior(saved).sha256 == open_prior(str(saved)).sha256 == open_prior(prior).sha256 == prior.sha256
    for fit in (tmp_path / "fit.nc", bl.Fit(posterior)):
        np.testing.assert_array_equal(open_prior(fit).borrowed.covariance, prior.borrowed.covariance)
    monkeypatch.chdir(saved.parent)
    assert open_prior("known.json").sha256 == prior.sha256
    with pytest.raises(PriorError, match=r"no released prior 'known'\. .* ends in \.json or \.nc"):
        open_prior("known")


@pytest.mark.core
@pytest.mark.fits
def test_a_fit_keeps_what_it_borrowed(prior, others, forge_at_random, tmp_path):
    posterior = forge_at_random(others, prior=prior.widened(1.5))
    save_posterior(posterior, tmp_path / "fit.nc")
    after = load_posterior(tmp_path / "fit.nc")
    assert after.prior.sha256 == posterior.prior.sha256 == after.settings["prior"]["sha256"]
    assert after.settings["prior"]["name"] == "known (widened 1.5x)"
    points = [{"data": 12800.0}]
    np.testing.assert_array_equal(predict(after, points).linked, predict(posterior, points).linked)


def test_what_is_believed_of_a_new_task(prior):
    rng, draws = np.random.default_rng(0), 2_000_000
    covariance = prior.borrowed.covariance.copy()
    for k, c in enumerate(prior.law.coordinates):  # where tasks differ more, they lie higher
        i, j = (prior.borrowed.entries.index(e) for e in (Entry("location", index=k), Entry(f"spread.{c.name}.task")))
        covariance[i, j] = covariance[j, i] = 0.9 * np.sqrt(covariance[i, i] * covariance[j, j])
    b = dataclasses.replace(prior.borrowed, covariance=covariance)
    prior = dataclasses.replace(prior, borrowed=b)
    records = coordinate_records(prior)
    assert [record["name"] for record in records] == [c.name for c in prior.law.coordinates]
    for k, (c, record) in enumerate(zip(prior.law.coordinates, records, strict=True)):
        both = [b.entries.index(Entry("location", index=k)), b.entries.index(Entry(f"spread.{c.name}.task"))]
        location, log_spread = rng.multivariate_normal(b.mean[both], b.covariance[np.ix_(both, both)], draws).T
        spread = np.sqrt(0.9) * np.exp(log_spread)  # nine tenths of the variance is how tasks differ
        value = c.mean + c.sd * (np.sqrt(0.1) * location + spread * rng.standard_normal(draws))
        for name, q in {"p05": 0.05, "median": 0.5, "p95": 0.95}.items():
            assert record[name] == pytest.approx(np.quantile(value, q), abs=0.015 * c.sd)
            assert record["spreads"]["task"][name] == pytest.approx(np.quantile(c.sd * spread, q), rel=0.01)
        assert set(record["spreads"]) == {"task"}


def test_what_is_believed_of_scales(prior):
    b = prior.borrowed
    records = {(record["name"], record["task"]): record for record in scale_records(prior)}
    names = ("noise", "pull", "own_drift", "shared_drift")
    changes = {("own_change", None), ("shared_change", None)}  # which tables foretell, and no prior
    assert set(records) == {(name, task) for name in names for task in (None, "flan", "gigaword")} | changes
    noise = b.scales.noise
    assert records["noise", None]["median"] == noise.median
    assert records["noise", None]["p95"] == pytest.approx(noise.median * np.exp(1.6448536 * noise.sd), rel=1e-4)
    change = b.scales.own_change
    sd = np.hypot(change.sd, change.exponent * change.spread)
    assert records["own_change", None]["p05"] == pytest.approx(change.median * np.exp(-1.6448536 * sd), rel=1e-4)
    i = b.entries.index(Entry("pull", "flan"))
    centre, sd = b.mean[i], b.covariance[i, i] ** 0.5
    assert records["pull", "flan"]["p05"] == pytest.approx(
        b.scales.pull.mean + b.scales.pull.sd * (centre - 1.6448536 * sd)
    )


@pytest.mark.fits
def test_a_joint_law_lends_how_families_differ(forge_at_random, surface):
    sizes, tokens = (1e8, 3e8, 9e8), (2e9, 6e9, 18e9)
    runs = surface({"x": (sizes, tokens), "y": (sizes, tokens)})
    prior = as_prior(forge_at_random(runs, law="chinchilla"), "joint")
    for record in coordinate_records(prior):
        assert set(record["spreads"]) == {"task", "family"}
    other = surface({"z": (sizes[:2], tokens)}, seed=1)
    assert forge_at_random(other, law="chinchilla", prior=prior).settings["prior"]["sha256"] == prior.sha256


def test_the_folder_of_released_priors_is_there():
    assert released_folder().name == "models"
    assert (released_folder() / "README.md").is_file()


def test_released_priors_are_found_inside_a_wheel_and_beside_a_checkout(tmp_path, monkeypatch):
    package = tmp_path / "bayeslaw"
    package.mkdir()
    monkeypatch.setattr(released, "__file__", str(package / "prior" / "released.py"))
    assert released_folder() == tmp_path / "models"
    (package / "models").mkdir()
    assert released_folder() == package / "models"


@pytest.mark.parametrize("name", released_names())
def test_released_priors_can_be_read_and_have_a_card(name):
    prior = released_prior(name)
    assert prior.name == name
    assert released_card(name).is_file()
    assert all(status != "FAIL" for status in prior.origin["checks"].values())


def test_public_names(saved, prior):
    assert isinstance(bl.load_prior(saved), bl.Prior)
    assert released_card("known") is None
