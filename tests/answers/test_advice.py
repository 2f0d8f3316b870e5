"""Advice on a table: the verdicts of a fit before there is one."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.answers.advice import advise
from bayeslaw.errors import LawError, RunsError, TargetError, TaskError
from bayeslaw.runs import read_runs
from tests.runs.tables import falling

SIZES = np.geomspace(1e8, 1.6e9, 5)


def table(rows):
    """Runs of (family, params, tokens)."""
    frame = pd.DataFrame(rows, columns=["family", "params", "tokens"])
    frame["model"] = frame["family"] + frame["params"].map("-{:g}".format)
    frame["loss"] = 1.5 + 400 * frame["params"] ** -0.34 + 1e3 * frame["tokens"] ** -0.4
    return read_runs(frame.assign(task="t"))


def found(rows, at=None, **how):
    """Verdicts on rows of (family, params, tokens)."""
    return {check.name: check for check in advise(table(rows), at, **how).checks}


def grid(sizes=SIZES, tokens=(2e10, 4e10, 8e10, 1.6e11), family="x"):
    return [(family, n, d) for n in sizes for d in tokens]


def test_a_good_table_passes():
    advice = advise(table(grid()), {"params": 5e9, "data": 4e11})  # 7.8 times the compute
    assert [check.name for check in advice.checks] == [
        "spare_runs", "values_of_each_covariate", "collinearity", "outlying_loss", "rising_loss", "units_of_sizes",
        "far_ahead", "last_size", "steps", "early_tokens", "extrapolation",
    ]  # fmt: skip
    assert {check.status for check in advice.checks} == {"PASS"}
    assert (advice.law, advice.suggestions) == ("chinchilla", ())
    assert advice.to_dict()["law"] == "chinchilla"
    further = found(grid(), {"params": 5e9, "data": 1e12})["extrapolation"]  # no covariate is, compute is too far
    assert (further.status, further.value) == ("REVIEW", pytest.approx(5e9 * 1e12 / (1.6e9 * 1.6e11)))


def test_the_law_is_the_one_that_the_target_needs():
    runs = table(grid())
    laws = [advise(runs, at).law for at in (None, {"data": 1e12}, {"params": 5e9, "data": 1e12}, {"compute": 1e22})]
    assert laws == ["chinchilla", "rectified", "chinchilla", "chinchilla"]
    assert advise(read_runs(falling())).law == "rectified"
    assert advise(runs, {"data": 1e12}, law="multiplicative").law == "multiplicative"
    with pytest.raises(LawError, match="the chinchilla law needs 'params'"):
        advise(read_runs(falling()), law="chinchilla")


def test_what_would_help_decides_nothing():
    advice = advise(table(grid(SIZES[:4], (3e10, 9e10, 27e10))))
    assert advice.status == "PASS"
    assert "4 sizes" in advice.suggestions[0]
    assert "checkpoints" in advice.suggestions[1]
    assert advice.to_dict()["suggestions"] == list(advice.suggestions)


def test_tokens_in_step_with_parameters():
    check = found([("x", n, 20 * n) for n in SIZES])["collinearity"]
    assert (check.status, check.value) == ("REVIEW", pytest.approx(1.0))
    check = found([("x", n, 2e10) for n in SIZES])["values_of_each_covariate"]
    assert (check.status, check.value) == ("REVIEW", 1)


def test_early_tokens_are_those_that_a_law_would_use():
    late = tuple(np.linspace(1e10, 1e11, 8))
    early = grid(tokens=(5e9, 9.9e9, *late))
    assert found(early)["early_tokens"].value == 0  # joint laws leave them out
    assert advise(table(early)).runs == 40
    check = found(early, law="rectified")["early_tokens"]
    assert (check.status, check.value) == ("REVIEW", 10)
    assert "tokens >= 1e10" in check.remedy
    assert found(grid(tokens=(5e9, 9.9e9, *np.array(late) / 4)), law="rectified")["early_tokens"].value == 0  # not long
    assert "early_tokens" not in found(early, law="broken")  # a law of whole learning curves


def test_distance_is_that_of_the_furthest_covariate():
    top = SIZES.max()
    for times, status in ((34, "PASS"), (35, "REVIEW"), (34**2 + 1, "FAIL")):
        check = found(grid(), {"params": times * top})["extrapolation"]
        assert check == found(grid(), {"params": times * top, "data": 4e9})["extrapolation"]
        assert (check.status, check.value) == (status, pytest.approx(times))
        assert "the largest params seen" in check.sentence


def test_a_budget_is_judged_by_the_largest_compute():
    spent = 6 * 1.6e9 * 1.6e11
    for times, status in ((9.9, "PASS"), (10.1, "REVIEW"), (1e5, "FAIL")):
        check = found(grid(), {"compute": times * spent})["extrapolation"]
        assert (check.status, check.value) == (status, pytest.approx(times))
    with pytest.raises(TargetError, match="must be a positive number"):
        found(grid(), {"compute": -1.0})


def test_of_several_tasks_the_target_is_on_one():
    two = pd.concat([falling(task="t"), falling(task="u", sizes=(200, 400, 800))], ignore_index=True)
    values = [
        next(c.value for c in advise(read_runs(two), {"data": 12_800}, task=task).checks if c.name == "extrapolation")
        for task in ("t", "u", None)
    ]
    assert values == pytest.approx([1, 16, 16])
    with pytest.raises(TaskError, match="no task 'v'"):
        advise(read_runs(two), {"data": 12_800}, task="v")


@pytest.mark.parametrize("name", ["row", "loss", "loss_se", "warm", "tokens"])
def test_what_is_no_covariate_is_no_target(name):
    frame = pd.DataFrame({"model": ["a", "b"], "data": [1.0, 2.0], "loss": [3.0, 2.0], "loss_se": 0.1, "warm": 0})
    with pytest.raises(TargetError, match=f"no covariate '{name}'; it has data"):
        advise(read_runs(frame), {name: 5.0})


@pytest.mark.parametrize("value", [-5.0, 0.0, np.nan, np.inf])
def test_a_target_is_a_positive_number(value):
    with pytest.raises(TargetError, match="must be a positive number"):
        found(grid(), {"params": value, "data": 1e12})


def test_two_kinds_of_loss_are_asked_about():
    two = pd.concat([falling(method="full"), falling(method="lora", seed=1)], ignore_index=True)
    two.loc[two["method"] == "lora", "loss"] *= 1.1
    with pytest.raises(RunsError, match="differ in column 'method'"):
        advise(read_runs(two))
