"""Scores through losses against a computation by hand, draw by draw, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from typer.testing import CliRunner

import bayeslaw as bl
from bayeslaw import streams
from bayeslaw.answers.chain import REACH, _alike, _paired
from bayeslaw.answers.prediction import predict
from bayeslaw.cli.app import app
from bayeslaw.errors import TargetError
from bayeslaw.streams import generator
from bayeslaw.views.figures import figure_of

SIZES, TOKENS = (1e8, 2e8, 4e8, 8e8, 1.6e9), (4e9, 8e9, 1.6e10, 3.2e10)
POINT = {"params": 3.2e9, "data": 6.4e10}
CHANCE, QUESTIONS = {"easy": 0.25, "hard": 0.5}, {"easy": 2000, "hard": 400}


@pytest.fixture(scope="module")
def losses(surface, forge_at_random):
    """A fit that was not sampled, of runs of which each is a model, with draws close to a law."""
    runs = surface({"f": (SIZES, TOKENS)}, noise=0.002)
    own = runs.table.assign(model=[f"{m}-{d:g}" for m, d in zip(runs.table["model"], runs.table["data"], strict=True)])
    return bl.Fit(forge_at_random(bl.read_runs(own.drop(columns="row")), law="chinchilla", scale=0.1))


@pytest.fixture(scope="module")
def scores(losses, forge_at_random):
    rng = np.random.default_rng(1)
    table = losses.posterior.runs.table
    rows = [
        (task, row.model, "f", row.data, row.loss, c + (1 - c) * expit(4 * (2.9 - row.loss)), c, QUESTIONS[task])
        for task, c in CHANCE.items()
        for row in table.itertuples()
    ]
    names = ["task", "model", "family", "tokens", "model_loss", "accuracy", "chance", "questions"]
    frame = pd.DataFrame(rows, columns=names)
    frame["accuracy"] = rng.binomial(frame["questions"], frame["accuracy"]) / frame["questions"]
    return bl.Fit(forge_at_random(bl.read_runs(frame), law="loss_to_score", draws=1200, scale=0.3))


def by_hand(losses, scores, task, level, loss):
    """Scores at losses (S,), at levels (S,) of skill, from the draws of the map."""
    posterior = scores.posterior
    k = posterior.layout.tasks.index(task)
    curve = int(np.flatnonzero(posterior.layout.task_of == k)[0])
    reference = float(posterior.layout.reference["model_loss"][0])
    skill = level - np.exp(posterior.flat("log_slope")[:, curve]) * (loss / reference - 1)
    chance, ceiling = posterior.flat("chance")[:, k], posterior.flat("ceiling")[:, k]
    return chance + (ceiling - chance) * expit(skill)


def losses_of_draws(losses, scores, at, kind, seed):
    found = predict(losses.posterior, [at], kind=kind, seed=seed)
    paired = _paired(len(found.linked), len(scores.posterior.flat("level")), generator(seed, streams.CHAIN))
    return np.exp(found.linked[paired])


def test_each_draw_of_the_map_meets_one_of_the_losses_about_as_often():
    found = _paired(5, 12, np.random.default_rng(0))
    assert len(found) == 12
    assert set(np.bincount(found)) == {2, 3}
    assert list(found) != sorted(found)


def test_a_model_of_both_tables_keeps_its_level(losses, scores):
    """At its own losses, without noise, to the error of a grid."""
    model = scores.posterior.layout.curves[3].model
    at = {"data": 1.28e11}
    found = bl.chain(losses, scores).predictions(at, kind="law", seed=4)
    values = losses_of_draws(losses, scores, at, "law", 4)
    for task in CHANCE:
        k = found.labels.index((model, "f", task))
        names = [(c.model, c.task) for c in scores.posterior.layout.curves]
        level = scores.posterior.flat("level")[:, names.index((model, task))]
        of = [label[0] for label in found.losses.labels].index(model)
        np.testing.assert_allclose(
            found.values[:, k, 0], by_hand(losses, scores, task, level, values[:, of, 0]), atol=2e-4
        )


def test_a_run_of_a_new_model_scatters_by_loss_map_model_and_test(losses, scores):
    """Quantiles of 1,200 draws beside those of 1,200 made by hand: within five standard errors of their density."""
    found = bl.chain(losses, scores).predictions(POINT, seed=2)
    assert [label[0] for label in found.labels] == ["<new model>"] * 2
    values = losses_of_draws(losses, scores, POINT, "run", 2)[:, 0, 0]
    posterior, rng = scores.posterior, np.random.default_rng(5)
    own = [posterior.flat(name) for name in ("model_sd", "offset_sd")]
    for k, task in enumerate(CHANCE):
        level = posterior.flat("family_level")[:, k] + sum(sd * rng.standard_normal(len(sd)) for sd in own)
        expected = by_hand(losses, scores, task, level, values)
        p = (expected * QUESTIONS[task] + 1) / (QUESTIONS[task] + 2)
        sd = np.sqrt(p * (1 - p) * (1 / QUESTIONS[task] + posterior.flat("noise")[:, k] ** 2))
        wanted = np.quantile(expected + sd * rng.standard_normal(len(sd)), [0.1, 0.5, 0.9])
        np.testing.assert_allclose(np.quantile(found.values[:, k, 0], [0.1, 0.5, 0.9]), wanted, atol=0.02)
    curve = bl.chain(losses, scores).predictions(POINT, kind="curve", seed=2)
    assert (found.values.std(axis=0) > curve.values.std(axis=0)).all()


def test_less_loss_scores_more_and_what_is_asked_for_is_given(losses, scores):
    chained = bl.chain(losses, scores)
    found = chained.predict(at=[POINT, {"params": 1e8, "data": 4e9}], outcome="accuracy:easy", kind="curve")
    assert set(found["task"]) == {"easy"}
    assert found["median"].iloc[0] > found["median"].iloc[1]
    whole = chained.predict(at=POINT, seed=1)
    pd.testing.assert_frame_equal(chained.predict(at=POINT, outcome="accuracy", seed=1), whole)
    assert losses.predict(at=POINT, outcome="loss").equals(losses.predict(at=POINT))


def test_plain_values_tell_the_losses_and_both_fits(losses, scores):
    found = bl.chain(losses, scores).predictions(POINT)
    told = json.loads(json.dumps(found.to_dict()))
    assert told["outcome"] == {"name": "accuracy", "unit": "share of questions", "higher_is_better": True}
    assert told["losses"][0]["at"] == POINT
    assert (told["law"], told["through"]["law"]) == ("loss_to_score", "chinchilla")
    names = [check["name"] for check in told["checks"]]
    assert {"loss_extrapolation", "losses_of_the_map", "losses_alike"} <= set(names)
    assert len(set(names)) == len(names)


def test_losses_far_below_those_of_the_map_and_of_another_evaluation_are_told(losses, scores, forge_at_random):
    far = bl.chain(losses, scores).predictions({"params": 1e13, "data": 1e15}, kind="curve")
    (check,) = (c for c in far.checks if c.name == "losses_of_the_map")
    assert check.value > REACH
    assert check.status != "PASS"
    table = losses.posterior.runs.table
    other = bl.Fit(
        forge_at_random(bl.read_runs(table.assign(loss=1.3 * table["loss"]).drop(columns="row")), law="chinchilla")
    )
    (check,) = (c for c in bl.chain(other, scores).predictions(POINT).checks if c.name == "losses_alike")
    assert check.value == pytest.approx(np.log(1.3), abs=1e-6)
    assert check.status == "FAIL"


def test_losses_are_set_beside_those_of_the_task_that_is_chained_and_of_the_nearest_checkpoint():
    losses = pd.DataFrame({"model": "a", "data": [1e9, 2e9], "loss": [3.0, 2.5]})
    one = pd.DataFrame({"model": ["a", "b", "c"], "model_loss": [2.5, 2.0, np.nan]})
    (check,) = _alike(losses, one)
    assert (check.value, check.status) == (0, "PASS")
    (check,) = _alike(losses, one.assign(data=1e9))
    assert check.value == pytest.approx(np.log(3 / 2.5))
    assert _alike(losses, one.assign(model="d")) == []


def test_losses_of_another_task_are_not_set_beside_those_of_the_map(losses, scores, forge_at_random):
    own = losses.posterior.runs.table.drop(columns="row")
    both = bl.read_runs(pd.concat([own, own.assign(task="other", loss=1.3 * own["loss"])]))
    two = bl.Fit(forge_at_random(both, law="chinchilla", scale=0.1))
    task = own["task"].iloc[0]
    (check,) = (c for c in bl.chain(two, scores, task=task).predictions(POINT).checks if c.name == "losses_alike")
    assert check.status == "PASS"
    with pytest.raises(bl.BayeslawError, match="has 2 tasks"):
        bl.chain(two, scores).predictions(POINT)


@pytest.mark.fits
def test_nothing_is_sampled_for_what_cannot_be_chained(losses, scores, tmp_path, monkeypatch):
    def sampled(*args, **kwargs):
        raise AssertionError("it was sampled")

    monkeypatch.setattr("bayeslaw.cli.fitting.fit_table", sampled)
    losses.save(tmp_path / "losses.nc")
    scores.posterior.runs.table.drop(columns="row").to_csv(tmp_path / "scores.csv", index=False)
    words = ["predict", str(tmp_path / "scores.csv"), "--through", str(tmp_path / "losses.nc")]
    whole = ["--at", "params=3.2B,tokens=64B"]
    for more, match in (
        (["--at", "model_loss=2"], "no covariate 'model_loss'"),
        ([*whole, "--outcome", "accuracy:eazy"], "Did you mean 'easy'"),
        ([*whole, "--outcome", "loss"], "the fit is of accuracy"),
        ([*whole, "--task", "nosuch"], "no task 'nosuch'"),
        ([*whole, "--law", "trajectory"], "expected a map from losses"),
        (whole, "it was sampled"),
    ):
        assert match in str(CliRunner().invoke(app, [*words, *more]).exception)


def test_what_makes_no_chain_is_refused(losses, scores):
    with pytest.raises(TargetError, match=r"of accuracy .* expected one of losses"):
        bl.chain(scores, losses)
    with pytest.raises(TargetError, match="expected a map from losses"):
        bl.chain(losses, losses)
    with pytest.raises(TargetError, match=r"outcome='loss:easy': the fit is of accuracy"):
        bl.chain(losses, scores).predict(at=POINT, outcome="loss:easy")
    with pytest.raises(TargetError, match=r"Ask for loss.*make a chain"):
        losses.predict(at=POINT, outcome="accuracy:easy")
    with pytest.raises(bl.BayeslawError, match="Did you mean 'easy'"):
        bl.chain(losses, scores).predict(at=POINT, outcome="accuracy:eazy")


def test_families_that_do_not_match_are_refused(losses, scores, forge_at_random):
    table = scores.posterior.runs.table
    renamed = table.assign(family=np.where(table["data"] > 1e10, "g", "h")).drop(columns="row")
    two = bl.Fit(forge_at_random(bl.read_runs(renamed), law="loss_to_score"))
    with pytest.raises(TargetError, match="of the family 'f', and the scores on easy of h, g"):
        bl.chain(losses, two).predict(at=POINT)


@pytest.mark.core
@pytest.mark.fits
def test_the_command_and_its_picture(losses, scores, tmp_path):
    losses.save(tmp_path / "losses.nc")
    scores.save(tmp_path / "scores.nc")
    words = ["predict", str(tmp_path / "scores.nc"), "--through", str(tmp_path / "losses.nc"), "--at",
             "params=3.2B,tokens=64B", "--outcome", "accuracy:easy", "--allow-failed-checks"]  # fmt: skip
    told = CliRunner().invoke(app, [*words, "--json", "--plot", str(tmp_path / "map.png")])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)["predictions"]
    wanted = bl.chain(losses, scores).predict(at=POINT, outcome="accuracy:easy")
    assert [one["median"] for one in found] == pytest.approx(wanted["median"].tolist())
    assert (tmp_path / "map.png").stat().st_size > 10_000
    shown = CliRunner().invoke(app, words)
    assert "Predicted accuracy" in shown.stdout
    assert "Predicted loss" in shown.stdout
    refused = CliRunner().invoke(app, [*words[:2], "--task", "easy", "--at", "model_loss=2"])
    assert "is of the losses that --through names" in str(refused.exception)


def test_the_picture_has_a_map_a_task(losses, scores):
    found = bl.chain(losses, scores).predictions(POINT)
    (axes,) = figure_of(None, found).axes
    assert axes.get_xlim()[0] > axes.get_xlim()[1]
    assert {text.get_text() for text in axes.texts} >= set(CHANCE)


@pytest.mark.fits
def test_fits_in_each_others_place_are_told_before_points_are_read(losses, scores, tmp_path):
    losses.save(tmp_path / "losses.nc")
    scores.save(tmp_path / "scores.nc")
    words = ["predict", str(tmp_path / "losses.nc"), "--through", str(tmp_path / "scores.nc"), "--at", "tokens=64B"]
    assert "in the place of the other" in str(CliRunner().invoke(app, words).exception)


@pytest.mark.fits
def test_a_map_that_is_asked_at_a_size_names_what_goes_through_losses(scores, tmp_path):
    scores.save(tmp_path / "scores.nc")
    told = CliRunner().invoke(app, ["predict", str(tmp_path / "scores.nc"), "--at", "tokens=64B"])
    assert "bayeslaw predict SCORES --through LOSSES.nc" in str(told.exception)


def test_checks_of_a_chain_say_of_which_fit_they_are(losses, scores):
    said = [check.sentence for check in bl.chain(losses, scores).predictions({"params": 1e13, "data": 1e15}).checks]
    assert any(one.startswith("Of the fit of losses (chinchilla): ") for one in said)
    assert not any("losss" in one for one in said)


def test_models_are_chosen_at_a_loss_below_those_measured_and_none_above(scores):
    choice = scores.select(at={"model_loss": 1.875}, task="easy")
    assert choice.sentence.startswith("At model_loss = 1.875 choose ")
    with pytest.raises(TargetError, match=r"model_loss=9 lies above the data: .* or beyond\..* give a smaller target"):
        scores.select(at={"model_loss": 9.0}, task="easy")
