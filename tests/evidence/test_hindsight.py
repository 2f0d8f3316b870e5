from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.evidence.baselines.selection import accept_then_stop
from bayeslaw.evidence.hindsight import hide_largest
from bayeslaw.runs import read_runs

SIZES = np.array([100, 200, 400, 800, 1600, 3200, 6400])


def table(exponents, seeds=2):
    """Power laws, in which the second seed is 2% above the first."""
    rows = [
        {"model": model, "data": size, "seed": seed, "loss": 3.0 * size**-exponent * 1.02**seed}
        for model, exponent in exponents.items()
        for size in SIZES
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows)


def selected(**medians):
    """A selection that says so of the candidates, with intervals of 5% on either side."""
    candidates = [
        SimpleNamespace(
            model=model, loss_median=loss, loss_p05=0.95 * loss, loss_p95=1.05 * loss, expected_regret=loss - 1.0
        )
        for model, loss in medians.items()
    ]
    return SimpleNamespace(candidates=candidates)


def test_the_largest_sizes_are_hidden_and_known():
    hidden = hide_largest(read_runs(table({"a": 0.1, "b": 0.2})), beyond=16)
    assert hidden.target == 6400
    assert sorted(set(hidden.seen.table["data"])) == [100, 200, 400]
    assert hidden.measured == pytest.approx({"a": 3.03 * 6400**-0.1, "b": 3.03 * 6400**-0.2})
    assert hidden.baseline == pytest.approx(hidden.measured)  # a power law is what accept-then-stop extrapolates


def test_baseline_sees_the_mean_of_the_seeds_up_to_the_limit():
    frame = table({"a": 0.1})
    frame.loc[frame["data"] == 400, "loss"] *= 1.1
    hidden = hide_largest(read_runs(frame), beyond=8)
    means = frame[frame["data"] <= 800].groupby("data")["loss"].mean()
    expected = accept_then_stop(means.index, means.to_numpy()[None], target=6400)
    assert hidden.baseline["a"] == pytest.approx(expected[0])
    assert hidden.baseline["a"] != pytest.approx(hidden.measured["a"], rel=1e-3)


def test_outcome_scores_the_choice_and_the_baseline():
    hidden = hide_largest(read_runs(table({"a": 0.1, "b": 0.2, "c": 0.15})), beyond=16)
    truth = hidden.measured
    said = selected(a=truth["a"] * np.exp(0.02), c=truth["c"] * np.exp(-0.8), b=truth["b"] * np.exp(0.3))
    found = hidden.outcome(said)
    assert (found.inside_90, found.models) == (1, 3)  # one too low, one too high
    assert found.rmsle == pytest.approx(np.sqrt((0.02**2 + 0.8**2 + 0.3**2) / 3))
    assert found.rmsle_baseline == pytest.approx(0, abs=1e-9)
    assert found.regret == pytest.approx(truth["c"] - truth["b"])
    assert (found.regret_baseline, found.choice_baseline) == (0, "b")


def test_the_choice_is_the_one_of_least_expected_regret():
    hidden = hide_largest(read_runs(table({"a": 0.1, "b": 0.2, "c": 0.15})), beyond=16)
    said = selected(**hidden.measured)
    said.candidates[0].expected_regret = -1.0  # of a, whose median is the worst
    assert hidden.outcome(said).regret == pytest.approx(hidden.measured["a"] - hidden.measured["b"])


def test_models_not_measured_at_the_target_do_not_count():
    frame = table({"a": 0.1, "b": 0.2})
    hidden = hide_largest(read_runs(frame[(frame["model"] == "a") | (frame["data"] < 6400)]), beyond=16)
    assert set(hidden.seen.models) == {"a", "b"}
    found = hidden.outcome(selected(b=0.5, a=3.0 * 6400**-0.1))
    assert (found.models, found.choice_baseline, found.regret) == (1, "a", 0)


def test_nothing_to_compare_with_teaches():
    frame = table({"a": 0.1, "b": 0.2})
    apart = frame[(frame["model"] == "a") == (frame["data"] <= 400)]
    with pytest.raises(RunsError, match=r"no model with runs both at data=6400.*at most at 400"):
        hide_largest(read_runs(apart), beyond=16)


@pytest.mark.parametrize("beyond", [1.0, 0.0, -2.0, np.nan])
def test_something_is_to_be_hidden(beyond):
    with pytest.raises(RunsError, match=f"found beyond={beyond:g}, expected more than 1"):
        hide_largest(read_runs(table({"a": 0.1, "b": 0.2})), beyond=beyond)


def test_several_tasks_are_not_one():
    frame = pd.concat([table({"a": 0.1, "b": 0.2}).assign(task=task) for task in ("t", "u")])
    with pytest.raises(RunsError, match="found the tasks t, u, expected one"):
        hide_largest(read_runs(frame), beyond=4)
