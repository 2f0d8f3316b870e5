"""Mixtures of experts: all parameters or those that are active, which nothing but the user can tell."""

import pandas as pd
import pytest

from bayeslaw.runs import read_runs
from bayeslaw.runs.reading import understand


def experts(total="total_params", active="active_params", unit="B"):
    rows = [("moe", f"{n * e:g}{unit}", f"{n:g}{unit}", d, 3 - n / 9 - e / 99 - d / 1e11)
            for n in (0.5, 1, 2) for e in (4, 8) for d in (1e10, 2e10)]  # fmt: skip
    return pd.DataFrame(rows, columns=["model", total, active, "tokens", "loss"])


@pytest.mark.parametrize("total", ["total_params", "size", "N"])
@pytest.mark.parametrize("active", ["active_params", "activated parameters", "# active params"])
def test_which_parameters_count_is_asked_where_they_differ(total, active):
    frame = experts(total, active)
    (question,) = understand(frame).questions
    assert question.options == (f"{total}=params", f"{active}=params")
    assert "active_params" in question.sentence
    assert sorted(read_runs(frame, roles={total: "params"}).table["params"].unique()) == [2e9, 4e9, 8e9, 16e9]
    assert sorted(read_runs(frame, roles={active: "params"}).table["params"].unique()) == [0.5e9, 1e9, 2e9]


def test_units_in_headings_stay_in_the_answers():
    frame = experts("total params (B)", "active params (B)", unit="")
    (question,) = understand(frame).questions
    heading, _, role = question.options[1].rpartition("=")
    assert sorted(read_runs(frame, roles={heading: role}).table["params"].unique()) == [0.5e9, 1e9, 2e9]


def test_nothing_is_asked_of_dense_models_or_of_a_table_made_for_the_law_of_both():
    dense = experts().assign(active_params=lambda table: table["total_params"])
    assert understand(dense).questions == ()
    made = experts("params").assign(model=lambda table: table["params"] + "-A" + table["active_params"])
    assert understand(made).questions == ()


def test_a_table_with_one_name_of_the_law_of_both_was_not_made_for_it():
    (question,) = understand(experts("params", "activated_params")).questions
    assert question.options == ("params=params", "activated_params=params")
