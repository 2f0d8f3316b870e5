"""The last third of the sizes: which runs are hidden, and verdicts in closed form."""

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.errors import RunsError
from bayeslaw.evidence.last_third import P_MIN, SIZES, held_against, split
from bayeslaw.laws import get_law

RECTIFIED = get_law("rectified")


def table(sizes, **columns):
    """Runs of models by task, with the sizes of each."""
    rows = [
        {"task": task, "model": model, "data": float(d), "loss": 3 - 0.1 * np.log(d)}
        for (task, model), at in sizes.items()
        for d in at
    ]
    return bl.read_runs(pd.DataFrame(rows).assign(**columns))


def test_the_last_third_of_the_sizes_of_each_task_is_hidden():
    runs = table({("t", "a"): range(1, 10), ("t", "b"): range(1, 8), ("u", "c"): range(10, 70, 10), ("v", "d"): (1, 2)})
    seen, hidden = split(runs, RECTIFIED)
    assert hidden.groupby(["task", "model"])["data"].apply(list).to_dict() == {
        ("t", "a"): [7, 8, 9], ("t", "b"): [7], ("u", "c"): [50, 60]
    }  # fmt: skip
    assert seen.table.groupby("task")["data"].max().to_dict() == {"t": 6, "u": 40, "v": 2}
    assert len(seen.table) + len(hidden) == len(runs.table)


def test_models_that_were_measured_at_large_sizes_alone_are_neither_seen_nor_foretold():
    seen, hidden = split(table({("t", "a"): range(1, 7), ("t", "late"): (5, 6)}), RECTIFIED)
    assert set(hidden["model"]) == set(seen.table["model"]) == {"a"}


def test_of_a_long_log_a_few_sizes_are_foretold():
    seen, hidden = split(table({("t", "a"): range(1, 301)}), RECTIFIED)
    assert len(seen.table) == 200
    assert len(hidden) == SIZES
    assert hidden["data"].max() == 300
    assert np.ptp(np.diff(hidden["data"])) <= 1


@pytest.mark.parametrize("sizes", [{("t", "a"): (1, 2, 3)}, {("t", "a"): (1, 2, 3, 4), ("t", "b"): (5, 6)}])
def test_a_table_without_sizes_to_hide_is_refused(sizes):
    with pytest.raises(RunsError, match="four sizes or more"):
        split(table(sizes), RECTIFIED)


def test_laws_of_several_sizes_are_sent_to_compare():
    with pytest.raises(RunsError, match="bayeslaw compare"):
        split(table({("t", "a"): range(1, 7)}, params=1e9), get_law("chinchilla"))


def test_where_smaller_values_lie_beyond_these_are_hidden():
    rows = [
        {"model": m, "model_loss": x, "accuracy": 1 / x, "chance": 0.1}
        for m in "ab"
        for x in (2.0, 2.5, 3.0, 3.5, 4.0, 4.5)
    ]
    seen, hidden = split(bl.read_runs(pd.DataFrame(rows)), get_law("loss_to_score"))
    assert sorted(set(hidden["model_loss"])) == [2.0, 2.5]
    assert seen.table["model_loss"].min() == 3.0


def test_shares_of_a_mixture_have_no_last_third():
    share = np.linspace(0.1, 0.9, 9)
    mixtures = pd.DataFrame({"share_a": share, "share_b": 1 - share, "loss": 2 + np.exp(-share)})
    with pytest.raises(RunsError, match="shares of a mixture, which have no last third"):
        split(bl.read_runs(mixtures), get_law("mixture(share_a+share_b)"))


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def verdicts(drawn, y):
    inside, distance = held_against(drawn, np.asarray(y, float))
    return (inside.value, inside.status), (round(distance.value, 3), distance.status)


def test_independent_runs_are_odd_once_few_are_inside(rng):
    drawn = rng.standard_normal((4000, 40))
    assert verdicts(drawn, np.zeros(40))[0] == (1.0, "PASS")
    few = np.where(np.arange(40) < 12, 1.8, 0.0)  # 70% inside, where 99% of tables have 78% or more
    assert verdicts(drawn, few)[0] == (0.7, "REVIEW")
    (inside, status), (p, distance) = verdicts(drawn, np.full(40, 3.0))
    assert (inside, status, p, distance) == (0.0, "REVIEW", 0.0, "REVIEW")


def test_runs_that_miss_together_may_all_miss_but_not_by_much(rng):
    drawn = np.repeat(rng.standard_normal((4000, 1)), 40, axis=1)
    (inside, status), (p, distance) = verdicts(drawn, np.full(40, 1.9))
    assert (inside, status, distance) == (0.0, "PASS", "PASS")
    assert p == pytest.approx(0.057, abs=0.015)
    assert verdicts(drawn, np.full(40, 3.5))[1][1] == "REVIEW"


def test_false_alarms_come_as_often_as_is_said(rng):
    """Of tables drawn as the model draws them, whatever they share; draws and tables are as many."""
    own, shared = rng.standard_normal((2, 1000, 12)), rng.standard_t(4, (2, 1000, 1))
    drawn, tables = own + shared
    found = np.array([[check.status != "PASS" for check in held_against(drawn, y)] for y in tables[:400]])
    assert (found.mean(axis=0) <= 2.5 * P_MIN).all()
    assert found[:, 1].any()
