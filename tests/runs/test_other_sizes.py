"""Tables without data sizes, whose runs are told apart by other sizes."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.answers.proposals import _read_list
from bayeslaw.campaign.table import added_to
from bayeslaw.cli.points import point_of_table
from bayeslaw.errors import LawError, RunsError
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.layout import require_columns
from bayeslaw.laws import builtin_names, get_law
from bayeslaw.laws.fingerprint import law_fingerprint
from bayeslaw.laws.kept import kept_law
from bayeslaw.laws.multiplicative import over
from bayeslaw.laws.suited import suited_law
from bayeslaw.runs import read_runs
from bayeslaw.runs.columns import CANONICAL, OTHER_SIZES, shares_among

STREAMS = pd.DataFrame({"params": [1e8, 1e8, 2e8, 2e8], "parallel_size": [1, 2, 1, 2], "loss": [3.0, 2.9, 2.8, 2.7]})


def test_they_are_read_without_data():
    runs = read_runs(STREAMS)
    assert "data" not in runs.table
    assert len(runs.models) == 2
    assert any("no data sizes" in note for note in runs.notes)
    assert suited_law(runs)[0] == "parallel"
    assert suited_law(read_runs(STREAMS.rename(columns={"parallel_size": "experts"})))[0] == "moe"
    assert suited_law(read_runs(pd.DataFrame({"demonstrations": [1, 2, 4], "loss": [3, 2, 1]})))[0] == "bounded_power"


def test_shares_of_a_mixture_need_no_sizes_if_there_are_several():
    mixed = STREAMS.rename(columns={"params": "share_web", "parallel_size": "share_code"})
    name, why = suited_law(read_runs(mixed))
    assert (name, why) == ("mixture(share_web+share_code)", "the table has shares of a mixture")
    assert get_law(name).axis == "share_web"
    with pytest.raises(RunsError, match="no column of data sizes"):
        read_runs(mixed.drop(columns="share_code"))


def test_a_law_of_data_says_which_laws_the_table_can_feed():
    with pytest.raises(LawError, match=r"needs 'data' \(examples\).*parallel"):
        require_columns(read_runs(STREAMS), get_law("rectified"))


def test_advice_is_given_on_them(tmp_path):
    advice = bl.advise(read_runs(STREAMS), {"params": 4e8, "parallel_size": 2}, law="parallel")
    assert {check.name for check in advice.checks} >= {"extrapolation"}


def test_numbers_that_are_none_of_these_may_be_the_data():
    with pytest.raises(RunsError, match="no column of data sizes"):
        read_runs(STREAMS.rename(columns={"parallel_size": "sampels"}))


def test_what_laws_of_the_package_depend_on_is_known():
    names = {c.name for name in builtin_names() for c in get_law(name).covariates}
    assert names - set(CANONICAL) - {"steps"} <= {*OTHER_SIZES, *shares_among(names)}


@pytest.mark.parametrize(
    ("heading", "name"),
    [("num_experts", "experts"), ("Parallel Size", "parallel_size"), ("vocabulary size", "vocab_size")],
)
def test_their_other_names_are_read_and_said(heading, name):
    runs = read_runs(STREAMS.rename(columns={"parallel_size": heading}))
    assert runs.table[name].tolist() == [1, 2, 1, 2]
    assert f"Column {heading!r} read as {name}." in runs.notes
    assert len(runs.where(f"`{heading}` > 1").table) == 2
    assert get_law(f"multiplicative({heading})").covariates[0].name == name


def test_of_two_columns_with_one_meaning_one_is_read_and_the_other_left_out():
    runs = read_runs(STREAMS.assign(num_streams=[8, 8, 8, 8]))
    assert runs.table["parallel_size"].tolist() == [1, 2, 1, 2]
    assert "num_streams" not in runs.table
    assert any("Left out: column 'num_streams'" in note for note in runs.notes)


def test_points_may_be_given_by_the_headings_of_the_table():
    runs = read_runs(STREAMS.rename(columns={"parallel_size": "streams"}))
    assert point_of_table({"params": 1e9, "streams": 4.0}, runs) == {"params": 1e9, "parallel_size": 4.0}


def test_points_may_be_given_by_any_of_their_names():
    assert point_of_table({"params": 1e9, "n_streams": 4.0}, read_runs(STREAMS)) == {
        "params": 1e9,
        "parallel_size": 4.0,
    }


def test_names_under_such_a_heading_are_no_size():
    runs = read_runs(
        STREAMS.assign(vocabulary=["gpt2", "gpt2", "llama", "llama"], vocab_size=[50257, 50257, 32000, 32000])
    )
    assert runs.table["vocabulary"].tolist() == ["gpt2", "gpt2", "llama", "llama"]
    assert runs.table["vocab_size"].tolist() == [50257, 50257, 32000, 32000]
    names_only = STREAMS.drop(columns="parallel_size").assign(vocabulary="gpt2")
    with pytest.raises(RunsError, match="no column of data sizes"):
        read_runs(names_only)


@pytest.mark.parametrize("name", ["parallel_size", "num_streams", "streams"])
def test_answers_may_name_a_column_as_tables_of_runs_do(name):
    runs = read_runs(STREAMS.rename(columns={"parallel_size": "streams"}), roles={name: "best"})
    assert any("the best over 'parallel_size' counts" in note for note in runs.notes)


def test_a_column_of_which_something_is_said_is_not_left_out():
    runs = read_runs(STREAMS.assign(num_streams=[8, 8, 4, 4]), roles={"num_streams": "best"})
    assert any("the best over 'num_streams' counts" in note for note in runs.notes)


def test_what_was_kept_before_calls_columns_by_their_headings():
    """Tables that older fits and campaigns keep have such columns under the headings of their sources."""
    law = over("num_streams")
    assert kept_law(law.name, law_fingerprint(law), None, what="fit", reader="load").covariates == law.covariates
    runs = read_runs(STREAMS.rename(columns={"parallel_size": "num_streams"}))
    older = replace(runs, table=runs.table.rename(columns={"parallel_size": "num_streams"}), spelling=())
    more = STREAMS.rename(columns={"parallel_size": "num_streams"}).assign(loss=[2.91, 2.81, 2.71, 2.61])
    assert added_to(older, read_runs(more)).table["num_streams"].tolist() == [1, 2, 1, 2]


def test_lists_of_candidates_may_use_any_of_their_names():
    sizes = [(n, streams) for n in (1e8, 2e8, 4e8) for streams in (1, 2, 4)]
    runs = read_runs(
        pd.DataFrame([{"params": n, "parallel_size": p, "loss": 3 - 1e-9 * n - 0.1 * p} for n, p in sizes])
    )
    law = get_law("parallel")
    known = SimpleNamespace(runs=runs, law=law, layout=kind_of(law).layout(runs, law, None))
    listed = pd.DataFrame({"model": ["new"], "params": [8e8], "num_streams": [2]})
    assert _read_list(known, listed, {}, runs.tasks[0])[0]["parallel_size"].tolist() == [2]
