"""Which runs are proposed, and what they cost: on fits that are stored, and on small forged ones."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayeslaw.answers.asked import ask
from bayeslaw.answers.costs import cost_expression, costs_of
from bayeslaw.answers.growth import Growth, growths
from bayeslaw.answers.proposals import NewModel, Proposals, sizes_to_try
from bayeslaw.answers.questions import Question
from bayeslaw.errors import SelectionError, TargetError
from bayeslaw.fitting.facade import Fit

TARGET = {"params": 7e9, "data": 1e12}


def by_run(found):
    return {(run.model, *run.at.values()): run for run in found.runs}


# ---------------------------------------------------------------------------------------------------- what is proposed


def test_sizes_go_on_in_the_steps_of_the_table_up_to_the_target():
    np.testing.assert_allclose(sizes_to_try(np.array([100.0, 400.0]), 25_600.0), [100, 400, 1600, 6400, 25_600])
    assert sizes_to_try(np.array([100.0, 110.0, 120.0]), 1e6)[-1] == 1e6
    assert len(sizes_to_try(np.geomspace(10, 1000, 200), 1e6)) <= 16
    np.testing.assert_allclose(sizes_to_try(np.array([100.0, 200.0]), 200.0), [100, 200])
    # the last step is the target, a little beyond it or not
    np.testing.assert_allclose(sizes_to_try(np.array([100.0, 200.0]), 880.0), [100, 200, 400, 880])


def test_the_runs_that_are_kept_stay_on_their_curves():
    table = pd.DataFrame({"model": ["a", "b", "c"], "data": [1.0, 2.0, 3.0]})
    new = NewModel("b", "b", ())
    kept = Proposals(table, np.array([4, -1, 6]), (None, new, None)).keep(np.array([False, True, True]))
    assert kept.table["model"].tolist() == ["b", "c"]
    assert kept.curve.tolist() == [-1, 6]
    assert kept.new == (new, None)


def test_every_model_at_every_size_not_yet_run(close):
    found = by_run(close.next_runs(data=6400.0))
    wanted = {(m, x) for m in "abc" for x in (3200.0, 6400.0)} | {("d", x) for x in (800.0, 1600.0, 3200.0, 6400.0)}
    assert set(found) == wanted


def test_new_models_of_a_joint_law_are_proposed_up_to_the_cost_of_the_target(surface_fit):
    found = surface_fit.next_runs(at=TARGET)
    assert found.goal == "foretell"
    new = [run for run in found.runs if set(run.at) == {"params", "data"}]
    assert new
    assert all(run.cost < 6 * 7e9 * 1e12 for run in found.runs)
    assert {run.model for run in found.runs} == {"<new model>", "m1e+08", "m2e+08", "m4e+08"}
    assert min(run.at["params"] for run in new) == 1e8  # from the least of the table to the target's
    assert max(run.at["params"] for run in new) == 7e9


def test_a_list_of_candidates(curves, surface_fit, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("config,examples\nz,6.4k\na,6400\na,12800\n")
    found = curves.next_runs(data=1e5, candidates=path)
    assert set(by_run(found)) == {("z", 6400.0), ("a", 6400.0), ("a", 12_800.0)}
    listed = pd.DataFrame({"params": ["1B", "2B"], "tokens": [2e10, 1e10]})
    found = surface_fit.next_runs(at=TARGET, candidates=listed)
    assert {tuple(run.at.values()) for run in found.runs} == {(1e9, 2e10), (2e9, 1e10)}
    worth = [run.gain_per_cost for run in found.runs]
    assert found.ranked_by == "gain per cost"
    assert worth == sorted(worth, reverse=True)
    assert worth[-1] > 0
    with pytest.raises(TargetError, match=r"params: found 7 at most.*such as 7B"):
        surface_fit.next_runs(at=TARGET, candidates=pd.DataFrame({"params": [7, 1], "tokens": [1e10, 1e10]}))
    scaled = surface_fit.next_runs(at=TARGET, candidates=pd.DataFrame({"params (M)": [500], "tokens (B)": [20]}))
    assert [run.at for run in scaled.runs] == [{"params": 5e8, "data": 2e10}]
    with pytest.raises(TargetError, match="two columns mean 'data'"):
        curves.next_runs(data=1e5, candidates=pd.DataFrame({"model": ["a"], "data": [1e4], "examples": [1e4]}))
    with pytest.raises(TargetError, match=r"row 2, tokens: found '-1'.*no column 'params'"):
        surface_fit.next_runs(at=TARGET, candidates=pd.DataFrame({"model": ["x", "y"], "tokens": [1, -1]}))


def test_a_misspelt_column_of_a_list_is_asked_about_and_not_taken_for_none(curves, surface_fit):
    """Models of a misspelt column are those of the table, not new ones named after their sizes."""
    with pytest.raises(TargetError, match=r"no column 'model' \(did you mean 'modle'\?\); .*'data' \(.* 'dta'\?\)\."):
        curves.next_runs(data=1e5, candidates=pd.DataFrame({"modle": ["a"], "dta": [1e4]}))
    listed = pd.DataFrame({"modle": ["m1e+08"], "params": [1e8], "tokens": [2e10]})
    with pytest.raises(TargetError, match=r"no column 'model' \(did you mean 'modle'\?\)"):
        surface_fit.next_runs(at=TARGET, candidates=listed)
    assert surface_fit.next_runs(at=TARGET, candidates=listed.drop(columns="modle").assign(moe=1.0)).runs


def test_a_blank_cell_of_a_list_leaves_what_the_table_knows(close):
    listed = pd.DataFrame({"model": ["a", "b", "d"], "data": [6400.0, 6400.0, 3200.0], "params": ["", 5e9, None]})
    listed["family"] = ["", "b", None]
    found = by_run(close.next_runs(data=6400.0, candidates=listed, cost="params * data"))
    assert {where: run.cost for where, run in found.items()} == pytest.approx(
        {("a", 6400.0): 1e9 * 6400, ("b", 6400.0): 5e9 * 6400, ("d", 3200.0): 4e9 * 3200}
    )
    listed["model"] = ["a", "z", "d"]
    assert close.next_runs(data=6400.0, candidates=listed, cost="data").runs
    listed.loc[1, "params"] = ""
    with pytest.raises(TargetError, match="of the run of 'z' at data=6400, params is not known"):
        close.next_runs(data=6400.0, candidates=listed, cost="params * data")


def test_new_models_of_a_list_are_charged_by_its_columns(close):
    def asked(charge, params):
        listed = pd.DataFrame({"model": ["z", "a", "z"], "data": [800.0, 6400.0, 1600.0], "params": params})
        return ask(close.posterior, Question(at={"data": 6400.0}, charge=charge), listed, 0)

    charge = "params / 1e10"
    assert asked(charge, [5e9, 1e9, 5e9]).goal.charges.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    for params in ([None, 1e9, None], [5e9, 1e9, 6e9]):
        with pytest.raises(TargetError, match=r"'z' would be charged nan.*those of a list too, and the same in all"):
            asked(charge, params)
    by_name = asked({"a": 0.5}, [5e9, 1e9, 5e9])
    assert by_name.goal.charges.tolist() == [0.5, 0.0, 0.0, 0.0, 0.0]
    assert [check.name for check in by_name.checks if check.status == "REVIEW"] == ["new_models_charged_nothing"]
    assert "1 new models of the list are charged nothing: z." in by_name.checks[-1].sentence
    assert len(asked(None, [5e9, 1e9, 5e9]).checks) == 1


# ---------------------------------------------------------------------------------------------------- costs


def test_costs(close):
    at = {"data": 6400.0}
    found = close.next_runs(at=at)
    assert by_run(found)["b", 3200.0].cost == pytest.approx(2e9 * 3200)
    assert found.cost_unit == "parameters times examples"
    assert by_run(close.next_runs(at=at, cost="log2(params) + data / 2"))["a", 3200.0].cost == pytest.approx(
        np.log2(1e9) + 1600
    )
    in_seconds = close.next_runs(at=at, cost="seconds")  # goes on along the line of the model's own runs
    measured = by_run(in_seconds)
    assert measured["d", 6400.0].cost == pytest.approx(3200.0)
    assert in_seconds.cost_sentence.startswith(
        "The cost of a run is seconds; at sizes that were not run, seconds of a model goes on as a fixed part and one"
    )
    assert "goes on" not in found.cost_sentence
    quoted = close.next_runs(at=at, cost="log2(`seconds` + data) * params").cost_sentence  # params do not differ
    assert "; at sizes that were not run, seconds of a model" in quoted
    difference = by_run(close.next_runs(at=at, cost="seconds", continued=True))
    assert difference["d", 6400.0].cost == pytest.approx(3200.0 - 200.0)
    assert difference["a", 6400.0].cost == pytest.approx(3200.0 - 800.0)


def test_costs_are_flop_where_data_are_tokens(close):
    runs = close.posterior.runs
    tokens = replace(runs, table=runs.table.assign(tokens=runs.table["data"]))
    assert cost_expression(tokens, tokens.table, "data", None) == ("6 * params * data", "FLOP")
    assert cost_expression(runs, runs.table, "data", None) == ("params * data", "parameters times examples")
    assert cost_expression(runs, runs.table, "data", "seconds") == ("seconds", "seconds")
    assert cost_expression(runs, runs.table.drop(columns="params"), "data", None) == ("data", "data")


def test_new_models_go_on_from_nothing(close):
    new = NewModel("z", "z", ())
    table = pd.DataFrame({"model": ["z", "a"], "family": ["z", "a"], "task": "t", "data": [800.0, 3200.0]})
    proposals = Proposals(table.assign(seconds=[400.0, 1600.0]), np.array([-1, 0]), (new, None))
    np.testing.assert_allclose(costs_of(close.posterior, proposals, "seconds").values, [400.0, 1600.0])
    np.testing.assert_allclose(
        costs_of(close.posterior, proposals, "seconds", continued=True).values, [400.0, 1600.0 - 800.0]
    )


def test_costs_are_the_data_where_some_parameters_are_not_known(close):
    runs = close.posterior.runs
    partly = runs.table.assign(params=runs.table["params"].where(runs.table["model"] != "a"))
    assert cost_expression(runs, partly, "data", None) == ("data", "data")


def test_costs_that_cannot_be_used(close):
    for cost, told in (("secs", "no column 'secs'"), ("__import__('os')", "not understood"), ("family", "not numbers")):
        with pytest.raises(SelectionError, match=told):
            close.next_runs(data=6400.0, cost=cost)
    with pytest.raises(TargetError, match=r"would cost -1.*positive"):
        close.next_runs(data=6400.0, cost="0 - params / params")
    with pytest.raises(TargetError, match="the cheapest costs"):
        close.next_runs(data=6400.0, budget=1.0)


def test_a_power_law_of_cost_is_continued():
    sizes = np.array([100.0, 200.0, 400.0])
    line, fixed = Growth("line", {}), Growth("fixed part", {})
    assert line.at(sizes, 3 * sizes**1.5, 1600.0) == pytest.approx(3 * 1600**1.5)
    for way in (line, fixed):
        assert way.at(sizes, np.array([1.0, 5.0, 9.0]), 200.0) == pytest.approx(5.0)
        assert way.at(sizes[:1], np.array([7.0]), 300.0) == pytest.approx(21.0)
    assert fixed.at(sizes, 60 + 0.05 * sizes, 40_000.0) == pytest.approx(60 + 0.05 * 40_000)
    assert fixed.at(sizes, 60 + 0.05 * sizes, 25.0) == pytest.approx(60 + 0.05 * 25)
    assert fixed.at(np.array([100.0, 100.0, 400.0]), np.array([4.0, 9.0, 15.0]), 1000.0) == pytest.approx(33.0)


def test_measured_costs_go_on_in_the_way_that_foretells_the_larger_runs(close):
    runs = close.posterior.runs
    size, rng = runs.table["data"], np.random.default_rng(0)
    noise = np.exp(0.02 * rng.standard_normal(len(size)))
    table = runs.table.assign(loading=(60 + 0.05 * size) * noise, pairs=1e-4 * size**1.8 * noise, batch=32)
    posterior = replace(close.posterior, runs=replace(runs, table=table))
    found = growths(posterior)
    assert {name: growth.way for name, growth in found.items()} == {
        "seconds": "fixed part", "loading": "fixed part", "pairs": "line",
    }  # fmt: skip
    assert found["loading"].errors["fixed part"] < 0.1 < found["loading"].errors["line"]
    assert found["seconds"].told("data").endswith("what was measured does not tell this from going on along a straight "
                                                  "line of its log against that of data")  # fmt: skip
    two = replace(runs, table=table[size <= 400])  # two sizes a model tell neither
    assert growths(replace(close.posterior, runs=two))["loading"].way == "fixed part"
    dear = by_run(Fit(posterior).next_runs(data=40_000.0, cost="loading"))
    assert dear["a", 40_000.0].cost == pytest.approx(60 + 0.05 * 40_000, rel=0.1)
    told = Fit(posterior).next_runs(data=6400.0, cost="loading + pairs").cost_sentence
    assert "loading of a model goes on as a fixed part and one in proportion to data, by which" in told
    assert "pairs of a model goes on along a straight line" in told


def test_costs_of_new_models_that_are_not_known_are_named(surface_fit):
    runs = surface_fit.posterior.runs
    timed = replace(runs, table=runs.table.assign(hours=runs.table["data"] / 1e9))
    with pytest.raises(TargetError, match=r"of the run of '<new model>' at .*, hours is not known.*--candidates"):
        Fit(replace(surface_fit.posterior, runs=timed)).next_runs(at=TARGET, cost="hours * 8")
