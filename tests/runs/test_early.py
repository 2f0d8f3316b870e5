"""The first tokens of long runs are left out of joint laws, and said to be."""

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.early import early_rows, leave_out_early


def table(runs, checkpoints=12):
    """Runs of (model, last tokens), with checkpoints evenly spaced in tokens."""
    rows = [
        (m, 1e8 * (1 + k), t) for k, (m, last) in enumerate(runs) for t in np.linspace(0, last, checkpoints + 1)[1:]
    ]
    frame = pd.DataFrame(rows, columns=["model", "params", "tokens"])
    frame["loss"] = 2 + 300 * frame["params"] ** -0.3 + 1000 * frame["tokens"] ** -0.35
    return read_runs(frame.assign(family="f"))


def test_rows_of_long_runs_are_left_out_with_their_reason():
    runs = table([("long", 6e10), ("short", 2.9e10)])
    cut = leave_out_early(runs)
    assert cut.table.groupby("model")["tokens"].min().to_dict() == {"long": 1e10, "short": pytest.approx(2.9e10 / 12)}
    assert [out.row for out in cut.left_out] == [1]
    assert "first 1e+10 tokens of a long run" in cut.left_out[0].reason
    assert leave_out_early(runs, 0) is runs
    assert len(leave_out_early(runs, 2e10).table) == len(runs.table) - 3


def test_few_losses_of_one_size_are_runs_of_their_own():
    runs = table([("a", 6e10), ("b", 6e10)], checkpoints=9)
    assert leave_out_early(runs) is runs


@pytest.mark.parametrize("column", ["params", "seed", "unique_data", "vocab_size"])
def test_runs_of_several_sizes_or_seeds_under_one_name_are_no_checkpoints(column):
    whole = table([("a", 6e10)]).table
    assert early_rows(whole.assign(**{column: 7})).sum() == 1
    assert not early_rows(whole.assign(**{column: [1, 2] * 6})).any()


def test_models_of_one_name_in_two_families_are_two():
    """Six checkpoints of each are no twelve, and the long run of one does not make the other long."""
    both = table([("a", 6e10)]).table
    alternate = both.assign(family=["f", "g"] * 6)
    assert not early_rows(alternate).any()
    short = table([("a", 2.4e10)]).table.assign(family="g")
    assert early_rows(pd.concat([both, short])).sum() == 1


@pytest.mark.parametrize("tokens", [-1.0, np.nan, np.inf])
def test_a_cut_that_is_none_is_refused(tokens):
    with pytest.raises(RunsError, match="expected a number of tokens"):
        leave_out_early(table([("a", 6e10)]), tokens)


def test_joint_laws_leave_them_out_and_others_do_not():
    runs = table([("a", 6e10), ("b", 6e10), ("c", 6e10)])
    joint = bl.build(runs, law="chinchilla").runs
    assert (len(joint.table), len(joint.left_out)) == (33, 3)
    assert len(bl.build(runs, law="vanilla").runs.table) == 36


def test_a_learning_rate_that_changes_along_a_run_makes_no_runs_of_its_checkpoints():
    whole = table([("a", 6e10)]).table
    scheduled = whole.assign(learning_rate=3e-4 * (1 - whole["tokens"] / 1e11))
    assert early_rows(scheduled).tolist() == early_rows(whole).tolist()
    assert early_rows(whole).any()
    sweep = pd.concat([whole.assign(learning_rate=rate) for rate in (1e-4, 3e-4)], ignore_index=True)
    assert early_rows(sweep).sum() == 2 * early_rows(whole).sum()
