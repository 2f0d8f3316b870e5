"""Saved posteriors: exact, open to others, and refused when damaged."""

import contextlib
import dataclasses
import json
import os
import warnings

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayeslaw
from bayeslaw.answers.prediction import predict
from bayeslaw.answers.selection import select
from bayeslaw.errors import BayeslawError, OutputError, PosteriorFileError
from bayeslaw.kinds.base import prior_positions
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.laws import get_law
from bayeslaw.posterior.file import FORMAT, _fingerprint, load_posterior, save_posterior
from bayeslaw.posterior.packing import pack
from bayeslaw.runs import read_runs


@pytest.fixture(scope="module")
def forged(random_position, forge):
    """A function from a table to a posterior of it that was not sampled."""

    def build(runs, draws=40):
        model = build_model(runs, get_law("rectified"))
        rng = np.random.default_rng(3)
        positions = [random_position(model, rng, scale=0.5) for _ in range(draws)]
        return forge(runs, {name: np.stack([p[name] for p in positions]) for name in positions[0]})

    return build


@pytest.fixture(scope="module")
def posterior(forged, three_models):
    """A posterior that costs no sampling."""
    return forged(three_models)


@pytest.fixture(scope="module")
def saved(fitted, tmp_path_factory):
    path = tmp_path_factory.mktemp("fits") / "fit.nc"
    fitted.save(path)
    return path


def test_what_was_saved_is_what_is_loaded(fitted, saved):
    before, after = fitted.posterior, bayeslaw.load(saved).posterior
    xr.testing.assert_identical(after.draws, before.draws)
    xr.testing.assert_identical(after.stats, before.stats)
    for name, values in before.draws.data_vars.items():
        assert after.draws[name].dtype == values.dtype
    pd.testing.assert_frame_equal(after.runs.table, before.runs.table)
    assert (after.runs.left_out, after.runs.notes, after.runs.source) == (
        before.runs.left_out, before.runs.notes, before.runs.source,
    )  # fmt: skip
    assert after.law is before.law
    assert after.checks == before.checks
    assert after.settings == json.loads(json.dumps(before.settings))
    assert sorted(path.name for path in saved.parent.iterdir()) == ["fit.nc"]


def test_answers_are_the_same_after_loading(fitted, saved):
    again = bayeslaw.load(saved)
    pd.testing.assert_frame_equal(again.predict(data=[6400, 51_200]), fitted.predict(data=[6400, 51_200]))
    assert again.select(data=51_200).records() == fitted.select(data=51_200).records()
    pd.testing.assert_frame_equal(again.check(), fitted.check())
    assert again.status == fitted.status


def test_a_saved_fit_says_how_it_was_made(saved):
    settings = load_posterior(saved).settings
    assert settings["seed"] == 5
    assert settings["chains"] == 4
    assert settings["scale_priors"]["shared_drift"] == {"median": 0.02, "sd": 0.5}
    assert settings["versions"]["bayeslaw"] == bayeslaw.__version__
    assert len(settings["runs_sha256"]) == 64


def test_variables_and_labels(fitted):
    draws = fitted.posterior.draws
    assert draws["phase"].dims == ("chain", "draw", "curve")
    assert draws["E"].dims == ("chain", "draw", "curve")
    assert draws["noise"].dims == ("chain", "draw", "curve")
    assert draws["typical_noise"].dims == draws["pull"].dims == ("chain", "draw", "task")
    assert draws["effect_phase_model"].dims == ("chain", "draw", "curve")
    assert draws["model"].values.tolist() == ["a", "b"]
    assert draws["curve_task"].values.tolist() == ["t", "t"]
    # natural parameters are those of the coordinates, draw by draw
    at_reference = draws["E"] + draws["B"] / (draws["D_l"] + 3200.0 ** draws["beta"])
    np.testing.assert_allclose(at_reference, np.exp(draws["level"]), rtol=1e-9)
    count = draws.sizes["chain"] * draws.sizes["draw"]
    assert fitted.posterior.flat("own_walk").shape == (count, *draws["own_walk"].shape[2:])
    np.testing.assert_array_equal(fitted.posterior.flat("level")[draws.sizes["draw"]], draws["level"][1, 0])


@pytest.fixture(scope="module")
def of_tasks(simulate, forged):
    sizes = (200.0, 400.0, 800.0)
    table = {("t", "a"): sizes, ("t", "b"): sizes[:2], ("u", "a"): sizes}
    return forged(simulate(table, seed=1, families={"a": "F", "b": "F"}))


def with_runs(posterior, runs):
    """The posterior as if it had come from another table of the same shape."""
    law = posterior.law
    settings = {**posterior.settings, "runs_sha256": runs.content_hash}
    return dataclasses.replace(posterior, runs=runs, layout=kind_of(law).layout(runs, law, None), settings=settings)


@pytest.mark.fits
@pytest.mark.parametrize(
    "case",
    ["tasks", "errors", "text", "holes", "truth values", "whole numbers", "left out"],
)
def test_tables_of_every_kind_survive(case, of_tasks, tmp_path):
    frame = of_tasks.runs.table.drop(columns="row")
    count = len(frame)
    if case == "errors":
        frame["loss_se"] = 0.01
    elif case == "text":
        frame["note"] = ["", "nan", "None", "Ünïcode ✓", "a\tb", "1_2", "x", "y"][:count]
    elif case == "holes":
        frame["note"] = [None, "x", "y", None, "z", "", "w", "v"][:count]
        frame["lr"] = [np.nan, 1e-3, *[1e-4] * (count - 2)]
    elif case == "truth values":
        frame["warm"] = [True, False] * (count // 2)
    elif case == "whole numbers":
        frame["batch"] = np.arange(count) + 2**40
    elif case == "left out":
        frame = pd.concat([frame, frame.iloc[[0]].assign(data=0)])
    before = with_runs(of_tasks, read_runs(frame))
    save_posterior(before, tmp_path / "fit.nc")
    after = load_posterior(tmp_path / "fit.nc")
    assert after.runs.content_hash == before.runs.content_hash
    assert after.runs.left_out == before.runs.left_out
    pd.testing.assert_frame_equal(after.runs.table, before.runs.table, check_dtype=False)
    xr.testing.assert_identical(after.draws, before.draws)
    one, two = (predict(p, [{"data": 1e5}]).linked for p in (before, after))
    np.testing.assert_array_equal(one, two)


def test_where_understands_the_spelling_of_the_source_after_loading(of_tasks, tmp_path):
    runs = read_runs(of_tasks.runs.table.drop(columns="row").rename(columns={"data": "Train Examples"}))
    assert len(runs.where("`Train Examples` < 300").table) == 3
    save_posterior(with_runs(of_tasks, runs), tmp_path / "fit.nc")
    assert len(load_posterior(tmp_path / "fit.nc").runs.where("`Train Examples` < 300").table) == 3


def test_arviz_opens_it(saved, fitted):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ 0.23 announces its successor at import
        import arviz as az
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        opened = az.from_netcdf(str(saved), engine="h5netcdf")
    posterior, stats = opened["posterior"], opened["sample_stats"]
    np.testing.assert_array_equal(posterior["noise"].values, fitted.posterior.draws["noise"].values)
    assert set(stats.data_vars) == {"diverging", "n_steps", "tree_depth", "energy", "acceptance_rate", "lp"}
    assert posterior["noise"].dims[:2] == ("chain", "draw")


def test_an_older_file_is_replaced_at_once(posterior, tmp_path):
    path = tmp_path / "fit.nc"
    path.write_text("older")
    save_posterior(posterior, path)
    assert load_posterior(path).draws.identical(posterior.draws)
    assert os.listdir(tmp_path) == ["fit.nc"]
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_failure_midway_leaves_the_old_file(posterior, tmp_path, monkeypatch):
    path = tmp_path / "fit.nc"
    path.write_text("older")

    def fail(tree, target, **_):
        with open(target, "w") as file:
            file.write("half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.DataTree, "to_netcdf", fail)
    with pytest.raises(OutputError, match=r"fit\.nc: cannot be written .*No space left"):
        save_posterior(posterior, path)
    assert path.read_text() == "older"
    assert os.listdir(tmp_path) == ["fit.nc"]


def test_any_failure_midway_leaves_nothing_behind(posterior, tmp_path, monkeypatch):
    def interrupt(tree, target, **_):
        raise KeyboardInterrupt

    monkeypatch.setattr(xr.DataTree, "to_netcdf", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_posterior(posterior, tmp_path / "fit.nc")
    assert os.listdir(tmp_path) == []


def test_places_that_cannot_be_written_are_explained(posterior, tmp_path):
    with pytest.raises(OutputError, match="no folder"):
        save_posterior(posterior, tmp_path / "nowhere" / "fit.nc")
    with pytest.raises(OutputError, match="is a folder"):
        save_posterior(posterior, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        save_posterior(posterior, tmp_path / "file" / "fit.nc")
    assert isinstance(OutputError("x"), BayeslawError)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_explained(posterior, tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="permission"):
            save_posterior(posterior, tmp_path / "fit.nc")
    finally:
        tmp_path.chmod(0o700)


def test_parameters_stand_in_the_order_of_the_law(posterior):
    declared = [p.name for p in posterior.law.parameters]
    assert [name for name in posterior.draws if name in declared] == declared != sorted(declared)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PosteriorFileError, match=r"gone\.nc: there is no such file"):
        bayeslaw.load(tmp_path / "gone.nc")
    with pytest.raises(PosteriorFileError, match="there is no such file"):
        bayeslaw.load(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(share, saved, tmp_path):
    content = saved.read_bytes()
    cut = tmp_path / "cut.nc"
    cut.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(PosteriorFileError, match=r"cut\.nc: "):
        load_posterior(cut)


@pytest.mark.parametrize("content", [b"", b"not a netCDF file\n", np.random.default_rng(1).bytes(5000)], ids=len)
def test_files_of_other_kinds_are_refused(content, tmp_path):
    path = tmp_path / "other.nc"
    path.write_bytes(content)
    with pytest.raises(PosteriorFileError, match="not a netCDF file that can be read"):
        load_posterior(path)


@pytest.mark.core
@pytest.mark.fits
def test_bytes_overwritten_are_refused_or_leave_the_fit(saved, fitted, tmp_path):
    """Whatever is damaged, either it is refused or it was no part of the fit."""
    content = saved.read_bytes()
    path = tmp_path / "damaged.nc"
    rng = np.random.default_rng(2)
    for start in (0, 8, 48, *rng.integers(0, len(content) - 512, 12)):
        damaged = bytearray(content)
        damaged[start : start + 512] = rng.bytes(512)
        path.write_bytes(damaged)
        if start < 50:
            with pytest.raises(PosteriorFileError, match=r"damaged\.nc: "):
                load_posterior(path)
        else:
            with contextlib.suppress(PosteriorFileError):
                xr.testing.assert_identical(load_posterior(path).draws, fitted.posterior.draws)


def test_another_netcdf_file_is_refused(tmp_path):
    path = tmp_path / "weather.nc"
    xr.Dataset({"rain": ("day", [1.0, 2.0])}).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(PosteriorFileError, match="not a fit saved by bayeslaw"):
        load_posterior(path)


def edited(saved, tmp_path, edit, *, hashed=True):
    """A copy of the saved file on which a function of an open HDF5 file has been let loose, its hash put right."""
    path = tmp_path / "edited.nc"
    path.write_bytes(saved.read_bytes())
    with h5py.File(path, "r+") as file:
        edit(file)
    if hashed:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            digest = _fingerprint(tree.load())
        with h5py.File(path, "r+") as file:
            file.attrs["sha256"] = digest
    return path


def replace_attribute(name, value):
    def edit(file):
        del file.attrs[name]
        if value is not None:
            file.attrs[name] = value

    return edit


@pytest.mark.fits
@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            replace_attribute("bayeslaw_format", 99),
            r"format 99; this version of bayeslaw reads formats 7 to 8\. Upgrade",
        ),
        (replace_attribute("bayeslaw_format", 0), r"format 0.*fit again"),
        (replace_attribute("bayeslaw_format", "one"), "format one"),
        (replace_attribute("bayeslaw_format", None), "not a fit saved by bayeslaw"),
        (replace_attribute("settings", None), "missing or damaged"),
        (replace_attribute("settings", "{"), "missing or damaged"),
        (replace_attribute("settings", "[]"), "missing or damaged"),
        (replace_attribute("settings", "{}"), "missing or damaged"),
        (replace_attribute("checks", '[{"name": "r_hat"}]'), "missing or damaged"),
        (replace_attribute("checks", "3"), "missing or damaged"),
        (replace_attribute("law", "gravity"), "a fit of the law 'gravity', which is not at hand"),
        (lambda file: file.__delitem__("sample_stats"), "not a fit saved by bayeslaw"),
        (lambda file: file.__delitem__("runs"), "not a fit saved by bayeslaw"),
        (lambda file: file["runs"]["column_1"].attrs.__delitem__("name"), "missing or damaged"),
        (lambda file: file["runs"].attrs.__setitem__("left_out", "[3]"), "missing or damaged"),
    ],
)
def test_parts_that_are_missing_or_wrong_are_refused(edit, expected, saved, tmp_path):
    with pytest.raises(PosteriorFileError, match=expected):
        load_posterior(edited(saved, tmp_path, edit))


def test_a_column_of_the_runs_that_is_missing_is_refused(saved, tmp_path):
    with pytest.raises(PosteriorFileError, match=r"edited\.nc: "):
        load_posterior(edited(saved, tmp_path, lambda file: file["runs"].__delitem__("column_1"), hashed=False))


def test_draws_that_are_missing_are_refused(saved, tmp_path):
    with pytest.raises(PosteriorFileError, match=r"edited\.nc: "):
        load_posterior(edited(saved, tmp_path, lambda file: file["posterior"].__delitem__("level")))


@pytest.mark.fits
@pytest.mark.parametrize("name", ["offset", "curvature", "tilt_sd", "field"])
def test_draws_of_a_joint_law_that_are_missing_are_refused(name, surface, forge, tmp_path):
    runs = surface({"x": ((1e8, 4e8), (2e9, 8e9, 2e10))})
    positions = prior_positions(build_model(runs, get_law("chinchilla")), 8, np.random.default_rng(0))
    path = tmp_path / "joint.nc"
    save_posterior(forge(runs, positions, law="chinchilla"), path)
    load_posterior(path)
    with pytest.raises(PosteriorFileError, match="missing or damaged"):
        load_posterior(edited(path, tmp_path, lambda file: file["posterior"].__delitem__(name)))


def test_altered_draws_are_refused(saved, tmp_path):
    def lower(file):
        file["posterior"]["level"][0, 0, 0] = file["posterior"]["level"][0, 0, 0] - 0.1

    with pytest.raises(PosteriorFileError, match="what is in it does not match its hash: it has been altered"):
        load_posterior(edited(saved, tmp_path, lower, hashed=False))
    load_posterior(edited(saved, tmp_path, lower))


def test_altered_runs_are_refused(saved, tmp_path):
    def better(file):
        for column in file["runs"].values():
            if column.attrs.get("name") in ("loss", b"loss"):
                column[0] = column[0] * 0.99
                return
        raise AssertionError("no column of losses")

    with pytest.raises(PosteriorFileError, match="what is in it does not match its hash: it has been altered"):
        load_posterior(edited(saved, tmp_path, better, hashed=False))
    load_posterior(edited(saved, tmp_path, better))


@pytest.mark.parametrize("name", ["law", "law_fingerprint", "checks", "settings", "layout", "prior"])
def test_altered_attributes_are_refused(name, saved, tmp_path):
    def longer(file):
        file.attrs[name] = str(file.attrs[name]) + " "

    with pytest.raises(PosteriorFileError, match="what is in it does not match its hash: it has been altered"):
        load_posterior(edited(saved, tmp_path, longer, hashed=False))


def test_an_altered_layout_is_refused(saved, tmp_path):
    def later(file):
        file["layout"]["array_0"][...] += 1

    with pytest.raises(PosteriorFileError, match="what is in it does not match its hash: it has been altered"):
        load_posterior(edited(saved, tmp_path, later, hashed=False))


def test_a_missing_hash_is_refused(saved, tmp_path):
    with pytest.raises(PosteriorFileError, match="missing or damaged"):
        load_posterior(edited(saved, tmp_path, replace_attribute("sha256", None), hashed=False))


def test_a_layout_is_kept_as_the_model_saw_it(fitted, saved):
    """To the last bit and with what was computed from constants of the program."""
    before, after = (pack(p.layout) for p in (fitted.posterior, load_posterior(saved)))
    xr.testing.assert_identical(before[0], after[0])
    assert before[1] == after[1]


def test_a_posterior_needs_no_sampler_to_answer(saved):
    posterior = load_posterior(saved)
    assert select(posterior, {"data": 51_200.0}).recommended in ("a", "b")
    assert dataclasses.is_dataclass(posterior)
    assert FORMAT == 9
