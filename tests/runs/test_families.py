"""Models of one name in several families."""

import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs


def families(extra=()):
    rows = [(f, m, d, 3 - i / 9 - d / 1e4) for i, f in enumerate(("gpt", "mamba")) for m in ("small", "base")
            for d in (100, 200, 400)]  # fmt: skip
    return pd.DataFrame([*rows, *extra], columns=["family", "model", "data", "loss"])


def test_a_name_that_two_families_have_is_two_models():
    runs = read_runs(families([("gpt", "large", 100, 2.5)]))
    assert runs.models == ("gpt small", "gpt base", "mamba small", "mamba base", "large")
    assert "Models of one name in several families are named with these: 'base' and 1 more." in runs.notes
    assert runs.table.groupby("model")["family"].nunique().max() == 1


def test_a_single_run_in_another_family_is_a_slip():
    with pytest.raises(RunsError, match=r"row 15, column 'family': the model 'tiny' is in the family 'mamba'"):
        read_runs(families([("gpt", "tiny", 100, 2.5), ("gpt", "tiny", 200, 2.4), ("mamba", "tiny", 400, 2.3)]))


def test_a_model_of_two_families_has_one_name_on_all_tasks_and_a_run_without_a_family_keeps_its_own():
    frame = families().assign(task="a")
    other = frame[frame["family"] == "gpt"].assign(task="b")
    blank = frame[(frame["family"] == "gpt") & (frame["model"] == "small")].assign(family="")
    runs = read_runs(pd.concat([frame, other, blank]))
    assert set(runs.table.loc[runs.table["task"] == "b", "model"]) == {"gpt small", "gpt base"}
    assert runs.models == ("gpt small", "gpt base", "mamba small", "mamba base", "small")
