"""Advice on a table: each verdict turns where it should."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import TargetError
from bayeslaw.runs import read_runs
from bayeslaw.runs.advice import advise

SIZES = np.geomspace(1e8, 1.6e9, 5)


def found(rows, at=None):
    """Verdicts on rows of (family, params, tokens)."""
    frame = pd.DataFrame(rows, columns=["family", "params", "tokens"])
    frame["model"] = frame["family"] + frame["params"].map("-{:g}".format)
    frame["loss"] = 2 + 1e3 * frame["tokens"] ** -0.4
    return {check.name: check for check in advise(read_runs(frame.assign(task="t")), at).checks}


def grid(sizes=SIZES, tokens=(2e10, 4e10, 8e10, 1.6e11), family="x"):
    return [(family, n, d) for n in sizes for d in tokens]


def test_a_good_table_passes():
    checks = found(grid(), {"params": 5e9, "data": 1e12})
    assert set(checks) == {
        "model_sizes", "checkpoints", "collinearity", "early_tokens", "distance_params", "distance_data",
    }  # fmt: skip
    assert {check.status for check in checks.values()} == {"PASS"}


def test_the_family_with_the_fewest_sizes_counts():
    check = found(grid() + grid(SIZES[:4], family="y"))["model_sizes"]
    assert (check.status, check.value) == ("REVIEW", 4)
    assert "y" in check.sentence
    assert found(grid(SIZES[:1]))["model_sizes"].status == "FAIL"


def test_models_without_family_are_one_family():
    table = pd.DataFrame(grid(), columns=["family", "params", "tokens"]).drop(columns="family")
    checks = {c.name: c for c in advise(read_runs(table.assign(loss=3.0 + np.arange(len(table))))).checks}
    assert checks["model_sizes"].value == 5


def test_final_losses_only():
    check = found([("x", n, 2e10 * (1 + k % 3)) for k, n in enumerate(SIZES)])["checkpoints"]
    assert (check.status, check.value) == ("REVIEW", 0.0)
    half = grid(SIZES[:2]) + grid(SIZES[2:4], (3e10,))
    assert found(half)["checkpoints"].status == "PASS"
    assert found(half + grid(SIZES[4:], (3e10,)))["checkpoints"].status == "REVIEW"


def test_tokens_in_step_with_parameters():
    check = found([("x", n, 20 * n) for n in SIZES])["collinearity"]
    assert (check.status, check.value) == ("REVIEW", pytest.approx(1.0))
    assert found([("x", n, 2e10) for n in SIZES])["collinearity"].status == "REVIEW"
    assert "one exponent" in check.remedy


def test_what_does_not_vary_is_not_said_to_correlate():
    check = found([("x", n, 2e10) for n in SIZES])["collinearity"]
    assert "do not both vary" in check.sentence
    assert "correlate" not in check.sentence
    assert check.value == 1.0


def test_early_tokens_are_those_of_long_runs_with_checkpoints():
    late = tuple(np.linspace(1e10, 1e11, 8))
    check = found(grid(tokens=(5e9, 9.9e9, *late)))["early_tokens"]
    assert (check.status, check.value) == ("REVIEW", 10)
    assert "tokens >= 1e10" in check.remedy
    assert found(grid(tokens=(5e9, 9.9e9, *np.array(late) / 4)))["early_tokens"].value == 0  # not long
    assert found(grid(tokens=(5e9, 9.9e9, *late[:7])))["early_tokens"].value == 0  # not checkpoints


def test_distance_is_that_of_each_covariate():
    top = SIZES.max()
    for times, status in ((34, "PASS"), (35, "REVIEW"), (1100, "FAIL")):
        assert found(grid(), {"params": times * top})["distance_params"].status == status
    with pytest.raises(TargetError, match="the table has params, data, tokens only"):
        found(grid(), {"compute": 1e24})


@pytest.mark.parametrize("name", ["row", "loss", "loss_se", "warm"])
def test_what_is_no_size_is_no_target(name):
    frame = pd.DataFrame({"model": ["a", "b"], "data": [1.0, 2.0], "loss": [3.0, 2.0], "loss_se": 0.1, "warm": 0})
    with pytest.raises(TargetError, match=f"at {name}=5, but the table has data only"):
        advise(read_runs(frame), {name: 5.0})


def test_a_table_without_parameters_has_little_to_judge():
    frame = pd.DataFrame({"model": ["a", "a", "b"], "data": [1.0, 2.0, 1.0], "loss": [3.0, 2.0, 3.0]})
    (check,) = advise(read_runs(frame)).checks
    assert (check.name, check.status, check.value) == ("checkpoints", "REVIEW", 0.0)


@pytest.mark.parametrize("value", [-5.0, 0.0, np.nan, np.inf])
def test_a_target_is_a_positive_number(value):
    with pytest.raises(TargetError, match="must be a positive number"):
        found(grid(), {"params": value})
