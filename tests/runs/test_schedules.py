"""Where runs stand in their learning-rate schedules."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.kinds.table_checks import loss_checks
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs
from bayeslaw.runs.schedules import schedule_check

STEPS = np.arange(1, 9)


def log(rate, models="abc", **columns):
    """Checkpoints of runs, their rate a function of the step as a share of the last."""
    rows = [
        {"model": m, "step": 100 * k, "lr": 3e-4 * rate(k / STEPS[-1]), "tokens": 1e8 * k, "loss": 3 * k**-0.1}
        for m in models
        for k in STEPS
    ]
    return pd.DataFrame(rows).assign(**columns)


def checked(table):
    runs = read_runs(table)
    return schedule_check(runs.table, tuple(there for there, _ in runs.spelling))


def test_checkpoints_on_the_way_of_a_decay_are_no_finished_runs():
    check = checked(log(lambda share: 1.1 - share))
    assert check.status == "REVIEW"
    assert check.value == 3
    assert "('lr') falls along the rows of 3 of 3 models, to 10% of its peak" in check.sentence


def test_a_warm_up_is_no_decay_and_a_held_rate_is_said():
    check = checked(log(lambda share: min(1.0, 3 * share)))
    assert check.status == "PASS"
    assert check.sentence.startswith("The learning rate ('lr') is held along the rows: predictions are of runs that")


def test_a_rate_that_never_changes_may_be_a_setting():
    """As parameters of MLflow and the configuration of W&B have it, of a run whose rate decayed."""
    check = checked(log(lambda share: 1.0))
    assert check.status == "PASS"
    assert "is one number in all rows of a run, as settings are: nothing tells whether it decayed" in check.sentence


def test_rates_that_were_chosen_run_by_run_are_no_schedule():
    finished = log(lambda share: 1 - 0.9 * (share > 0.5) * (share < 0.8)).drop(columns="step")
    assert checked(finished) is None
    assert checked(finished.drop(columns="lr")) is None
    assert checked(log(lambda share: 1.1 - share).drop(columns="step")).status == "REVIEW"


@pytest.mark.parametrize(("kinds", "status"), [(("cosine",) * 2, "PASS"), (("constant", "cosine"), "REVIEW")])
def test_schedules_by_name(kinds, status):
    table = log(lambda share: 1.0).drop(columns=["step", "lr"])
    table["schedule"] = [kinds[k % len(STEPS) == len(STEPS) - 1] for k in range(len(table))]
    check = checked(table)
    assert check.status == status
    assert all(repr(kind) in check.sentence for kind in kinds)


def test_evaluations_have_the_rate_of_the_row_of_training_before():
    rows = []
    for k in STEPS:
        rows.append({"step": 10 * k, "learning_rate": 1e-4 * (1 - k / 10), "loss": 4 * k**-0.1, "tokens": 1e6 * k})
        rows.append({"step": 10 * k, "eval_loss": 4.1 * k**-0.1, "tokens": 1e6 * k})
    runs = read_runs(pd.DataFrame(rows))
    assert np.allclose(runs.table["learning_rate"], 1e-4 * (1 - STEPS / 10))
    assert any("falls along the rows of the model, to 22% of its peak" in note for note in runs.notes)


def test_a_fit_carries_the_check():
    checks = loss_checks(read_runs(log(lambda share: 1.1 - share)), get_law("rectified"))
    assert [check.status for check in checks if check.name == "schedule"] == ["REVIEW"]


def test_the_remedy_for_several_schedules_can_be_pasted_into_a_shell():
    check = checked(log(lambda share: 1.0).drop(columns="lr").assign(**{"LR schedule": ["cosine", "wsd"] * 12}))
    assert check.remedy.endswith("with --as 'LR schedule=variant'.")
