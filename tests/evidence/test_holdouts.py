"""What is hidden, step by step, and what a fit of the rest says of it."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayeslaw.answers.prediction import predict
from bayeslaw.errors import RunsError
from bayeslaw.evidence.comparison.holdouts import rolling_holdouts, score_hidden
from bayeslaw.evidence.comparison.plan import usable
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.kinds.shared.layout import TYPICAL_NOISE
from bayeslaw.kinds.surfaces.layout import average_checkpoints
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs

LAW = get_law("chinchilla")
SIZES, TOKENS = (1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10, 5e10)


def table(rows):
    frame = pd.DataFrame(rows, columns=["task", "family", "model", "params", "data"])
    return read_runs(frame.assign(loss=3.0 - 0.1 * np.arange(len(frame)) / len(frame)))


def hidden(runs, along, folds=9):
    return [set(h.hidden[along]) for h in rolling_holdouts(runs, along, folds)]


def test_the_largest_sizes_of_each_task_go_first_until_three_are_left():
    rows = [("t", "f", "a", 1e6, d) for d in (10, 20, 40, 80, 160)] + [("u", "f", "a", 1e6, d) for d in (1, 2, 4, 8)]
    assert hidden(table(rows), "data") == [{160, 8}, {160, 80}]
    assert hidden(table(rows), "data", folds=1) == [{160, 8}]


def test_sizes_within_a_factor_of_two_go_together():
    rows = [("t", "f", "a", 1e6, d) for d in (10, 20, 40, 90, 100, 101)]
    assert hidden(table(rows), "data") == [{90, 100, 101}]


def test_the_largest_models_of_each_family_go_first_until_two_are_left():
    rows = [("t", "f", f"f{n}", n, d) for n in (1e6, 3e6, 9e6, 3e7) for d in (10, 20)]
    rows += [("t", "g", f"g{n}", n, d) for n in (1e8, 1e9) for d in (10, 20)]  # would keep one
    assert hidden(table(rows), "params") == [{3e7}, {3e7, 9e6}]


def test_models_without_families_are_one_family():
    rows = [("t", f"m{n:g}", f"m{n:g}", n, d) for n in (1e6, 3e6, 9e6, 3e7) for d in (10, 20)]
    assert hidden(table(rows), "params") == [{3e7}, {3e7, 9e6}]


def test_hidden_rows_keep_their_place_in_the_table():
    rows = [("t", "f", "a", 1e6, d) for d in (160, 10, 80, 20, 40)]
    (holdout,) = rolling_holdouts(table(rows), "data", 1)
    assert holdout.hidden.index.tolist() == [0]


def test_seen_and_hidden_are_all_there_is():
    rows = [("t", "f", "a", 1e6, d) for d in (10, 20, 40, 80, 160)]
    (holdout,) = rolling_holdouts(table(rows), "data", 1)
    assert sorted([*holdout.seen.table["row"], *holdout.hidden["row"]]) == [1, 2, 3, 4, 5]
    assert [out.row for out in holdout.seen.left_out] == [5]
    assert "held out" in holdout.seen.left_out[0].reason


def test_each_task_says_itself_whether_it_is_one_family(surface, forge_at_random):
    """Along params the largest of each family are hidden, of a task of nameless models those of the task."""
    named = surface({"x": (SIZES, TOKENS), "y": ((*SIZES[:2], 8e8), TOKENS)}).table
    nameless = named.assign(task="u", model=named["model"] + " u", family=named["model"] + " u")
    runs = read_runs(pd.concat([named, nameless])[["task", "family", "model", "params", "tokens", "loss"]])
    (holdout,) = rolling_holdouts(runs, "params", 1)
    assert set(holdout.hidden["model"]) == {"x-1.6e+09", "y-8e+08", "x-1.6e+09 u"}
    kept = usable(holdout, runs, ["params", "data"], "params", {kind_of(LAW)})
    assert len(kept.hidden) == len(holdout.hidden)
    posterior = forge_at_random(holdout.seen, law="chinchilla")
    assert np.isfinite(score_hidden(posterior, kept.hidden, seed=0)).all(axis=None)


def test_a_family_called_as_its_task_is_not_the_whole_of_it(surface, forge):
    runs = surface({"t": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    (holdout,) = rolling_holdouts(runs, "params", 1)
    positions = {n: np.zeros((400, *s)) for n, s in build_model(holdout.seen, get_law("chinchilla")).sizes().items()}
    positions["level"][:, 1] = 5.0
    posterior = forge(holdout.seen, positions, law="chinchilla")
    scored = score_hidden(posterior, holdout.hidden, seed=0)["median"].groupby(holdout.hidden["family"]).mean()
    levels = posterior.flat("level")[0]
    first = {c.family: i for i, c in reversed(list(enumerate(posterior.layout.curves)))}
    assert np.log(scored["y"] / scored["t"]) == pytest.approx(levels[first["y"]] - levels[first["t"]], abs=0.02)


@pytest.mark.parametrize(("along", "folds", "says"), [("params", 1, "no family"), ("data", 0, "found 0")])
def test_what_cannot_be_held_out_is_said(along, folds, says):
    rows = [("t", "f", "a", 1e6, d) for d in (10, 20, 40, 80)]
    with pytest.raises(RunsError, match=says):
        rolling_holdouts(table(rows), along, folds)


def test_hidden_checkpoints_are_averaged_as_those_in_sight_are(surface):
    runs = surface({"x": (SIZES[:1], np.geomspace(2e9, 5e10, 60)), "y": (SIZES[:1], TOKENS)})
    hidden = runs.table[runs.table["data"] > 1e10]
    found = average_checkpoints(hidden, runs.table, ["params", "data"])
    both = kind_of(LAW).layout(runs, LAW)
    i = [curve.family for curve in both.curves].index("x")
    condensed = both.covariates["data"][i, both.weight[i] > 0]
    whole = condensed[condensed > 1e10 * 1.3]  # bins that lie whole among the hidden
    np.testing.assert_allclose(found.loc[found["family"] == "x", "data"].iloc[-len(whole) :], whole, rtol=1e-6)
    pd.testing.assert_frame_equal(
        found[found["family"] == "y"].reset_index(drop=True),
        hidden.loc[hidden["family"] == "y", list(found)].reset_index(drop=True),
    )


def test_hidden_runs_that_differ_in_more_than_data_are_not_averaged(surface):
    table = surface({"x": ((1e8,), np.geomspace(1e9, 1e10, 6))}).table
    whole = pd.concat([table.assign(lora_rank=rank) for rank in (1, 4, 16, 64, 128)], ignore_index=True)
    hidden = whole[whole["data"] > 5e9]
    assert average_checkpoints(hidden, whole, ["lora_rank", "data"]) is hidden
    assert len(average_checkpoints(hidden, whole, ["params", "data"])) < len(hidden)
    long = surface({"x": ((1e8,), np.geomspace(1e9, 1e11, 30))}).table
    two = pd.concat([long.assign(lora_rank=rank) for rank in (1, 64)], ignore_index=True)
    of_two = average_checkpoints(two[two["data"] > 2e10], two, ["lora_rank", "data"])
    of_one = average_checkpoints(long[long["data"] > 2e10], long, ["data"])
    assert len(of_one) > 2
    np.testing.assert_allclose(of_two["data"], np.tile(of_one["data"], 2))
    assert of_two["lora_rank"].tolist() == [1] * len(of_one) + [64] * len(of_one)


def test_an_average_stands_for_its_last_run(surface):
    runs = surface({"x": (SIZES[:1], np.geomspace(2e9, 5e10, 60)), "y": (SIZES[:1], TOKENS)})
    whole = runs.table.assign(loss_se=np.where(np.arange(len(runs.table)) % 2, 0.02, 0.0))
    hidden = whole[whole["data"] > 1e10]
    found = average_checkpoints(hidden, whole, ["params", "data"])
    assert whole.loc[found.index, "row"].tolist() == found["row"].tolist()
    long = found[found["family"] == "x"].sort_values("data")
    assert long["row"].iloc[-1] == 60
    assert long["loss_se"].between(0.005, 0.015).all()
    pd.testing.assert_series_equal(long["params"], whole.loc[long.index, "params"])


@pytest.mark.parametrize("along", ["data", "params"])
def test_runs_hidden_from_a_joint_law_are_scored_at_their_place(along, surface, forge, known_misfit):
    """Against predictions asked for one by one: a model seen at its own size, others as new models of their family."""
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    (holdout,) = rolling_holdouts(runs, along, 1)
    model = build_model(holdout.seen, get_law("chinchilla"))
    positions = {name: np.zeros((400, *shape)) for name, shape in model.sizes().items()}
    for name in ("field_sd", "offset_sd", "tilt_sd", "curvature_sd"):
        positions[name][:] = -20.0  # as good as none, for models that were not seen
    positions["offset"][:], positions["tilt"][:] = np.linspace(-3, 3, positions["offset"].shape[1]), 2.0
    positions["curvature"][:] = np.linspace(4, -2, positions["curvature"].shape[1])
    posterior = forge(holdout.seen, positions, law="chinchilla", scales=known_misfit(0.0))
    scored = score_hidden(posterior, holdout.hidden, seed=0)
    assert len(scored) == len(holdout.hidden) > 0
    noise, tail = (posterior.flat(name)[0, 0] for name in ("noise", "tail"))
    for (_, row), (_, score) in zip(holdout.hidden.iterrows(), scored.iterrows(), strict=True):
        point = {"data": row["data"]} if along == "data" else {"params": row["params"], "data": row["data"]}
        drawn = predict(posterior, [point], kind="curve")
        label = "model" if along == "data" else "family"
        at = [dict(zip(("model", "family"), la, strict=False))[label] for la in drawn.labels].index(row[label])
        centre = np.median(drawn.linked[:, at, 0])
        assert score["median"] == pytest.approx(np.exp(centre), abs=5 * noise)
        expected = stats.t.logpdf(np.log(row["loss"]), tail, centre, noise)
        assert score["log_score"] == pytest.approx(expected, abs=0.02 + 0.01 * abs(expected))
        assert np.log(score["p95"] / score["p05"]) == pytest.approx(2 * noise * stats.t.ppf(0.95, tail), rel=0.4)


@pytest.mark.parametrize(
    ("scale", "size", "point"),
    [
        ("field_sd", 12.0, {"params": 3e10, "data": 1e12}),
        ("offset_sd", 3.0, {"params": 3e8, "data": 9e9}),
        ("tilt_sd", 3.0, {"params": 3e8, "data": 5e10}),
        ("curvature_sd", 3.0, {"params": 3e8, "data": 9e9}),
        ("curvature_sd", 5.0, {"params": 3e8, "data": 1e12}),
    ],
)
def test_a_hidden_run_of_a_new_model_is_as_uncertain_as_a_prediction_there(scale, size, point, surface, forge):
    whole = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    runs = whole.where("model != 'x-1e+08' or data < 1e10")  # the first model of x is not like a new one
    model = build_model(runs, get_law("chinchilla"))
    positions = {name: np.zeros((4000, *shape)) for name, shape in model.sizes().items()}
    positions[scale][:] = size  # dwarfs all else
    posterior = forge(runs, positions, law="chinchilla")
    hidden = pd.DataFrame([{"task": "t", "family": "x", "model": "new", **point, "loss": 2.0}])
    scored = score_hidden(posterior, hidden, seed=0).iloc[0]
    draws = predict(posterior, [point]).linked[:, 0, 0]
    assert np.log(scored["p95"] / scored["p05"]) == pytest.approx(np.ptp(np.quantile(draws, [0.05, 0.95])), rel=0.08)


def test_runs_hidden_from_curves_are_scored_with_their_own_noise(simulate, forge):
    runs = simulate({("t", m): tuple(200.0 * 2.0**k for k in range(6)) for m in ("a", "b")}, seed=3)
    (holdout,) = rolling_holdouts(runs, "data", 1)
    model = build_model(holdout.seen, get_law("rectified"))
    posterior = forge(holdout.seen, {n: np.zeros((3000, *s)) for n, s in model.sizes().items()})
    scored = score_hidden(posterior, holdout.hidden, seed=0)
    whole = predict(posterior, [{"data": 6400.0}])
    for (_, row), (_, score) in zip(holdout.hidden.iterrows(), scored.iterrows(), strict=True):
        at = [label[0] for label in whole.labels].index(row["model"])
        draws = whole.linked[:, at, 0]
        assert score["median"] == pytest.approx(np.exp(np.median(draws)), rel=0.01)
        assert score["log_score"] == pytest.approx(stats.gaussian_kde(draws).logpdf(np.log(row["loss"]))[0], abs=0.15)


@pytest.mark.parametrize(("law", "surfaces"), [("chinchilla", True), ("rectified", False)])
def test_known_errors_of_hidden_runs_widen_what_is_expected_of_them(law, surfaces, surface, forge):
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    model = build_model(runs, get_law(law))
    positions = {n: np.zeros((2000, *s)) for n, s in model.sizes().items()}
    for name in ("field_sd", "offset_sd", "tilt_sd", "curvature_sd") if surfaces else ("own_drift", "shared_drift"):
        positions[name][:] = -20.0
    posterior = forge(runs, positions, law=law)
    rows = runs.table[runs.table["data"] == TOKENS[-1]]
    exact, rough = (score_hidden(posterior, rows.assign(loss_se=se * rows["loss"]), 0) for se in (0.0, 0.05))
    widths = [np.log(scored["p95"] / scored["p05"]) for scored in (exact, rough)]
    if surfaces:
        np.testing.assert_allclose(widths[1] / widths[0], np.sqrt(1 + (0.05 / TYPICAL_NOISE) ** 2), rtol=0.02)
    assert (widths[1] > 3 * widths[0]).all()
