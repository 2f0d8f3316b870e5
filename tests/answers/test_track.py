"""Runs that are tracked: wiring by fits that were not sampled, tables that are read and split, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import bayeslaw as bl
from bayeslaw.answers.thresholds import read_threshold
from bayeslaw.answers.track import Evidence, _all_met, track
from bayeslaw.cli.points import point_of_law
from bayeslaw.errors import BayeslawError, LawError, RunsError, TargetError
from bayeslaw.fitting.track import HEAD, MOST, read_tracked, require_trackable, split, tracked
from bayeslaw.laws import get_law
from bayeslaw.views.figures import figure_of
from bayeslaw.views.tables import tables_of

SIZES = {"s": 1e8, "m": 4e8, "run": 1.6e9}
TOKENS = np.array([2e10, 4e10, 8e10, 1.2e11, 1.6e11, 2e11])
END = {"data": 3e11}


def table(models=tuple(SIZES), flat_from=np.inf, losses=False):
    rows = [
        (task, model, "f", SIZES[model], tokens, round(0.25 + 0.7 * expit(0.6 * n + 0.8 * t + shift), 4), 0.25, 2000,
         3 - 0.2 * n - 0.2 * t)
        for task, shift in (("quiz", 0.0), ("hard", -1.0))
        for model in models
        for tokens in TOKENS
        for n, t in [(np.log(SIZES[model] / 1e9), np.log(min(tokens, flat_from if model == "run" else np.inf) / 1e11))]
    ]  # fmt: skip
    names = ["task", "model", "family", "params", "tokens", "accuracy", "chance", "questions", "model_loss"]
    frame = pd.DataFrame(rows, columns=names)
    return frame if losses else frame.drop(columns="model_loss")


@pytest.fixture(scope="module")
def parts():
    return tracked(bl.read_runs(table()), None, 0.0)


@pytest.fixture(scope="module")
def found(parts, forge_at_random):
    (part,) = parts
    early, later = split(part, "run")
    whole = forge_at_random(part.runs, law="trajectory", draws=400, scale=0.3)
    evidence = [Evidence(whole, forge_at_random(early, law="trajectory", draws=400, scale=0.3), later)]
    asked = [read_threshold(text) for text in ("accuracy:quiz>=.5", "hard>=.4")]
    return whole, track(evidence, "run", END, asked, seed=1)


def test_the_end_is_what_the_fit_of_all_predicts_and_thresholds_are_joint(found):
    whole, answer = found
    wanted = bl.Fit(whole).predictions(END, seed=1)
    places = [wanted.labels.index(("run", "f", task)) for task in ("quiz", "hard")]
    values = wanted.values[:, places, 0]
    assert [r.median for r in answer.reached] == pytest.approx(np.median(values, axis=0).tolist())
    odds = [p for r in answer.reached for p in r.thresholds.values()]
    assert odds == pytest.approx([(values[:, 0] >= 0.5).mean(), (values[:, 1] >= 0.4).mean()])
    assert answer.p_all == pytest.approx(((values[:, 0] >= 0.5) & (values[:, 1] >= 0.4)).mean())
    assert [r.last for r in answer.reached] == table(("run",)).groupby("task", sort=False)["accuracy"].last().tolist()


def test_there_is_a_look_a_later_checkpoint(found):
    _, answer = found
    assert [look.at for look in answer.history] == TOKENS[HEAD:].tolist()
    for look in answer.history:
        assert set(look.measured) == set(look.foretold) == set(look.end) == {"quiz", "hard"}
        assert all(one["p05"] < one["median"] < one["p95"] for one in look.foretold.values())
        assert set(look.thresholds) == {"accuracy:quiz>=0.5", "accuracy:hard>=0.4"}
    (warned,) = answer.warnings
    assert (warned.looks, warned.false_alarms) == (len(TOKENS) - HEAD, 0.05)
    assert warned.alarm == (warned.chance <= 0.05)


def test_a_warning_tells_its_checkpoint_in_full(found):
    _, answer = found
    (warned,) = answer.warnings
    alarmed = replace(answer, axis="model_loss", warnings=(replace(warned, alarm=True, at=2.75, since=2.875),))
    assert "most likely since model_loss = 2.875;" in alarmed.sentence


def test_it_is_given_as_plain_values_tables_and_a_picture(found):
    _, answer = found
    told = json.loads(json.dumps(answer.to_dict()))
    assert {"model", "target", "outcomes", "p_all", "history", "warnings", "alarm", "checks", "status"} <= set(told)
    assert len(answer.to_frame()) == 2
    assert answer.draws["accuracy"].sizes["accuracy_task"] == 2
    assert len(tables_of(answer)) == 2
    (axes,) = figure_of(None, answer).axes
    assert {text.get_text() for text in axes.texts} >= {"quiz", "hard"}
    assert "run will measure accuracy:quiz" in answer.sentence


def test_a_run_of_two_checkpoints_has_an_end_and_a_picture(found, parts):
    whole, _ = found
    answer = track([Evidence(whole, None, split(parts[0], "run")[1])], "run", END)
    assert (answer.history, answer.warnings) == ((), ())
    (axes,) = figure_of(None, answer).axes
    assert {text.get_text() for text in axes.texts} >= {"quiz", "hard"}
    assert "no later checkpoint tells" in axes.get_xlabel().replace("\n", " ")


def test_a_run_and_its_siblings_become_one_table():
    runs, name = read_tracked(table(("run",)), table(("s", "m")), None)
    assert name == "run"
    assert set(runs.models) == set(SIZES)
    assert len(runs.table) == len(table())
    again, _ = read_tracked(table(("run",)), table(), None)  # the run among its siblings is not read twice
    assert len(again.table) == len(table())
    assert "which is the run itself" in again.left_out[-1].reason
    assert read_tracked(table(), None, "run")[1] == "run"


def test_units_of_a_run_and_its_siblings_are_alike():
    tokens = [1e10, 2e10]
    run = pd.DataFrame({"model": "run", "tokens": tokens, "perplexity": [20.0, 18.0]})
    runs, _ = read_tracked(run, run.assign(model="s"), None)
    assert runs.loss_given == "perplexity"
    assert point_of_law({"tokens": 3e10}, get_law("vanilla"), runs) == {"data": 3e10}
    with pytest.raises(RunsError, match=r"data are tokens, and in .* they are examples"):
        read_tracked(run, run.assign(model="s").rename(columns={"tokens": "data"}), None)


def test_the_early_fit_knows_the_first_checkpoints_of_the_run_and_all_of_others(parts):
    early, later = split(parts[0], "run")
    kept = early.table.groupby(["task", "model"])["data"].nunique()
    assert kept.xs("run", level="model").tolist() == [HEAD, HEAD]
    assert set(kept.drop("run", level="model")) == {len(TOKENS)}
    assert len(later) == 2 * (len(TOKENS) - HEAD)
    short = parts[0].runs.where_rows(
        ((parts[0].runs.table["model"] != "run") | (parts[0].runs.table["data"] <= TOKENS[HEAD - 1])).to_numpy(), "cut"
    )
    assert split(type(parts[0])(short, parts[0].law), "run")[0] is None


def test_losses_beside_scores_are_tracked_too():
    found = tracked(bl.read_runs(table(losses=True)), None, 0.0)
    assert [part.law.name for part in found] == ["trajectory", "chinchilla"]
    assert len(found[1].runs.table) == len(SIZES) * len(TOKENS)
    assert [part.law.name for part in tracked(bl.read_runs(table(losses=True)), "overtraining", 0.0)] == [
        "trajectory",
        "overtraining",
    ]
    with pytest.raises(LawError, match="of loss, which the run does not have"):
        tracked(bl.read_runs(table()), "chinchilla", 0.0)


def test_of_very_many_checkpoints_some_are_used_the_last_among_them():
    tokens = np.arange(1, 401) * 1e9
    many = pd.DataFrame({"model": "run", "params": 1e9, "tokens": tokens, "loss": 2 + (tokens / 1e9) ** -0.3})
    runs = bl.read_runs(pd.concat([many, many.assign(model="s", params=1e8)]))
    (part,) = tracked(runs, None, 0.0)
    kept = part.runs.table.groupby("model")["data"].agg(["nunique", "max"])
    assert (kept["nunique"] <= MOST).all()
    assert (kept["nunique"] >= MOST - 1).all()
    assert (kept["max"] == tokens[-1]).all()
    assert "between the" in part.runs.left_out[-1].reason


def test_what_cannot_be_tracked_is_refused(parts):
    with pytest.raises(TargetError, match=r"has 3 models: s, m, run. Say which"):
        read_tracked(table(), None, None)
    with pytest.raises(TargetError, match=r"no model 'runn'.*Did you mean 'run'"):
        read_tracked(table(), None, "runn")
    losses = table(("s", "m")).assign(loss=2.0).drop(columns=["accuracy", "chance", "questions"])
    with pytest.raises(RunsError, match=r"as a table of scores and .* as one of losses"):
        read_tracked(table(("run",)), losses, None)
    with pytest.raises(TargetError, match="lies below the last checkpoint"):
        require_trackable(parts, "run", {"data": 1e11}, [])
    with pytest.raises(TargetError, match=r"give data=… alone"):
        require_trackable(parts, "run", {"data": 3e11, "params": 1e9}, [])
    with pytest.raises(TargetError, match="of no outcome of the run; there are: accuracy:quiz, accuracy:hard"):
        require_trackable(parts, "run", END, [read_threshold("loss<=2")])
    with pytest.raises(RunsError, match="No checkpoint of 'other' is left"):
        require_trackable(parts, "other", END, [])
    with pytest.raises(RunsError, match="are of the model 'run', which is the run itself"):
        read_tracked(table(("run",)), table(("run",)), None)
    with pytest.raises(LawError, match="of model_loss, which falls as a run goes on"):
        tracked(bl.read_runs(table(losses=True)), "loss_to_score", 0.0)


def test_thresholds_of_losses_that_were_converted_name_their_unit():
    losses = table(("run", "s")).drop(columns=["accuracy", "chance", "questions"]).query("task == 'hard'")
    parts = tracked(bl.read_runs(losses.assign(perplexity=30.0 - losses.index)), None, 0.0)
    require_trackable(parts, "run", END, [read_threshold("perplexity<=12")])
    with pytest.raises(TargetError, match="'perplexity<=12' or 'nats<=12'"):
        require_trackable(parts, "run", END, [read_threshold("loss<=12")])


def test_a_threshold_on_a_task_that_only_siblings_have_is_refused():
    """Else it would be dropped, and the odds of all would be those of the others."""
    whole = table()
    (part,) = tracked(bl.read_runs(whole[(whole["model"] != "run") | (whole["task"] == "quiz")]), None, 0.0)
    for text in ("hard>=.4", "accuracy:hard>=.4"):
        with pytest.raises(BayeslawError, match="quiz"):
            require_trackable([part], "run", END, [read_threshold(text)])


def test_a_task_that_is_measured_late_only_is_not_foretold(forge_at_random):
    whole = table()
    seldom = (whole["model"] == "run") & (whole["task"] == "hard") & (whole["tokens"] <= TOKENS[HEAD])
    (part,) = tracked(bl.read_runs(whole[~seldom]), None, 0.0)
    early, later = split(part, "run")
    assert set(later["task"]) == {"quiz"}
    fits = [forge_at_random(runs, law="trajectory", scale=0.3) for runs in (part.runs, early)]
    answer = track([Evidence(*fits, later)], "run", END)
    assert {r.task for r in answer.reached} == {"quiz", "hard"}
    assert all(set(look.end) == {"quiz"} for look in answer.history)
    assert len(tables_of(answer)) == 2


def test_odds_of_two_fits_are_those_of_independent_draws():
    """Each reached in half of its draws, the same ones: both in a quarter, within five standard errors."""
    half = np.arange(4000) < 2000
    assert _all_met([half, half], np.random.default_rng(0)) == pytest.approx(0.25, abs=5 * np.sqrt(0.25 * 0.25 / 4000))
    assert _all_met([half], np.random.default_rng(0)) == 0.5
    assert _all_met([], np.random.default_rng(0)) is None
