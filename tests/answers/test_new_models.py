"""Models of a list of candidates that the table does not have: slips of the pen, conditions, and idle columns."""

import pandas as pd
import pytest

from bayeslaw.answers.asked import ask
from bayeslaw.answers.new_models import new_models_check, respelt, slip_of
from bayeslaw.answers.questions import Question
from bayeslaw.errors import SelectionError, TargetError


def listed(models, **columns):
    return pd.DataFrame({"model": models, "data": [6400.0] * len(models), **columns})


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("LoRA", ["lora", "full"], "lora"),
        ("full tuning", ["full-tuning"], "full-tuning"),
        ("llama-1.3B", ["llama-13B"], None),
        ("fulll", ["full"], None),
    ],
)
def test_names_that_differ_in_spelling_alone(name, known, meant):
    assert respelt(name, known) == meant


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("fulll", ["full", "lora"], "full"),
        ("llama-2-7b", ["llama-3-7b", "llama-2-13b"], None),  # other numbers, other models
        ("pormpt", ["prompt"], "prompt"),
        ("adapters", ["lora", "full"], None),
    ],
)
def test_names_that_may_be_a_slip_of_the_pen(name, known, meant):
    assert slip_of(name, known) == meant


def test_new_models_are_said_and_those_like_a_known_one_are_asked_about():
    assert new_models_check([], ["full"]) == ()
    (check,) = new_models_check(["adapters", "fulll"], ["full"])
    assert (check.status, check.value) == ("REVIEW", 1)
    assert check.sentence.startswith("'fulll' (is it 'full'?), 'adapters' of the list are not in the table")
    assert "write its name as it stands there" in check.remedy
    (check,) = new_models_check(["adapters"], ["full"])
    assert check.status == "PASS"
    assert check.sentence.startswith("'adapters' of the list is not in the table, and taken for a new model")


def test_a_name_in_another_spelling_is_refused_once_for_all_its_rows(close):
    with pytest.raises(TargetError, match=r"row 2, model: found 'A', expected 'a', as it is in the table\. A list"):
        close.next_runs(data=6400.0, candidates=listed(["b", "A", "A"]))


def test_a_list_with_new_models_carries_their_check(close):
    def new(models):
        found = close.next_runs(data=6400.0, candidates=listed(models))
        return [check.value for check in found.checks if check.name == "new_models"]

    assert new(["a", "zebra"]) == [0]
    assert new(["a", "b"]) == []


def test_runs_of_other_tasks_are_no_candidates(close):
    task = close.posterior.layout.curves[0].task
    found = close.next_runs(data=6400.0, candidates=listed(["a", "b"], task=[task, None]))
    assert {run.model for run in found.runs} == {"a", "b"}
    with pytest.raises(TargetError, match=rf"task: found 'elsewhere', and the runs are of {task}"):
        close.next_runs(data=6400.0, candidates=listed(["a", "b"], task=[task, "elsewhere"]))


def test_of_a_list_of_several_tasks_those_of_the_one_that_is_asked_about_count(two_tasks, forge_at_random):
    posterior = forge_at_random(two_tasks)
    candidates = listed(["a", "b", "c"], task=["flan", "gigaword", "flan"])
    asked = ask(posterior, Question(at={"data": 6400.0}, task="flan"), candidates, 0)
    assert asked.proposals.table["model"].tolist() == ["a", "c"]
    with pytest.raises(TargetError, match=r"task: found no row of 'flan', the task that is asked about"):
        ask(posterior, Question(at={"data": 6400.0}, task="flan"), listed(["a"], task=["gigaword"]), 0)


def test_conditions_hold_for_new_models_too(close):
    def names(params, where):
        candidates = listed(["a", "new", "new"], params=params)
        return ask(close.posterior, Question(at={"data": 6400.0}, where_final=where), candidates, 0).goal.names

    assert names([1e9, 5e9, 5e9], "params < 1e10") == ("a", "b", "c", "d", "new")
    assert names([1e9, 5e9, 5e9], "params < 4.5e9") == ("a", "b", "c", "d")
    with pytest.raises(SelectionError, match=r"of 'new', a new model of the list of candidates, params is not known"):
        names([1e9, 5e9, None], "params < 1e10")
    with pytest.raises(SelectionError, match=r"holds for some runs of 'new' in the list"):
        names([1e9, 5e9, 6e9], "params < 5.5e9")


def test_columns_of_a_list_that_nothing_uses_are_said(close):
    columns = {"hours": [3.0, 7.0], "colour": ["red", "blue"], "loss": [1.9, 1.8], "params": [1e9, 2e9]}
    candidates = listed(["a", "b"], **columns)
    found = close.next_runs(data=6400.0, candidates=candidates, cost="Hours * 2")
    assert found.notes == ("Of the list of candidates, 'colour', 'loss' are not used.",)
    assert found.to_dict()["notes"] == list(found.notes)
    found = close.next_runs(data=6400.0, candidates=candidates)
    assert found.notes == ("Of the list of candidates, 'hours', 'colour', 'loss' are not used.",)
    assert close.next_runs(data=6400.0, candidates=listed(["a", "b"])).notes == ()


def test_all_costs_of_a_list_that_are_no_costs_are_told_at_once(close):
    candidates = listed(["a", "b", "c", "a"], hours=[3.0, None, -1.0, 2.0])
    with pytest.raises(TargetError, match=r"of the run of 'b' at data=6400, hours is not known; the run of 'c' at "):
        close.next_runs(data=6400.0, candidates=candidates, cost="hours")
