"""Choices by several metrics against counts over the joint draws."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from typer.testing import CliRunner

import bayeslaw as bl
from bayeslaw.answers.risk import orders, shares_of_best
from bayeslaw.cli.app import app
from bayeslaw.errors import TargetError, TaskError
from bayeslaw.views.figures import figure_of

END = 3e11
AT = {"data": END}
TASKS = ("easy", "hard")


@pytest.fixture(scope="module")
def scores(forge_at_random):
    """A fit that was not sampled: two families of two sizes on two tasks, and a model that lacks one of them."""
    rows = [
        (task, model, family, params, tokens, 0.25 + 0.6 * expit(skill + np.log(params / 1e9) + np.log(tokens / 1e11)))
        for task, skill in zip(TASKS, (0.5, -0.5), strict=True)
        for model, family, params in (
            ("a1", "a", 1e9),
            ("a2", "a", 2e9),
            ("b1", "b", 1e9),
            ("b2", "b", 2e9),
            ("c", "b", 3e9),
        )
        for tokens in (3e10, 6e10, 1.2e11)
        if (model, task) != ("c", "hard")
    ]
    table = pd.DataFrame(rows, columns=["task", "model", "family", "params", "tokens", "accuracy"])
    runs = bl.read_runs(table.assign(chance=0.25, questions=1000))
    return bl.Fit(forge_at_random(runs, law="trajectory", draws=400, scale=0.4))


def joint(scores):
    """Draws of run predictions (S, J, T) of models that are on both tasks."""
    found = scores.predictions(AT)
    names = [model for model, _, task in found.labels if task == "hard"]
    place = {(model, task): k for k, (model, _, task) in enumerate(found.labels)}
    return names, np.stack([found.values[:, [place[m, t] for m in names], 0] for t in TASKS], axis=2)


def test_weights_scale_to_one_and_regret_is_counted_over_joint_draws(scores):
    names, values = joint(scores)
    found = scores.compromise(at=AT, weights={"easy": 1, "accuracy:hard": 3})
    assert found.weights == {"easy": 0.25, "hard": 0.75}
    worth = 0.25 * values[:, :, 0] + 0.75 * values[:, :, 1]
    regret = (worth.max(axis=1, keepdims=True) - worth).mean(axis=0)
    assert {c.name: c.expected_regret for c in found.candidates} == pytest.approx(dict(zip(names, regret, strict=True)))
    assert found.recommended == names[int(regret.argmin())]
    best = np.bincount(worth.argmax(axis=1), minlength=len(names)) / len(worth)
    assert {c.name: c.p_best for c in found.candidates} == pytest.approx(dict(zip(names, best, strict=True)))
    for k, task in enumerate(TASKS):
        single = np.bincount(values[:, :, k].argmax(axis=1), minlength=len(names)) / len(worth)
        found_on = {c.name: c.p_best_on[task] for c in found.candidates}
        assert found_on == pytest.approx(dict(zip(names, single, strict=True)), abs=0.02)
    assert found.candidates[0].p_all is None


def test_thresholds_are_joint_and_rank_where_there_are_no_weights(scores):
    names, values = joint(scores)
    low, high = np.quantile(values, 0.5, axis=(0, 1))
    texts = (f"accuracy:easy>={low:.3f}", f"hard>={high:.3f}")
    found = scores.compromise(at=AT, thresholds=texts)
    every = (values[:, :, 0] >= round(low, 3)) & (values[:, :, 1] >= round(high, 3))
    p = every.mean(axis=0)
    assert {c.name: c.p_all for c in found.candidates} == pytest.approx(dict(zip(names, p, strict=True)))
    assert found.candidates[0].p_all == pytest.approx(p.max())
    missed = (every.any(axis=1)[:, None] & ~every).mean(axis=0)
    assert {c.name: c.expected_regret for c in found.candidates} == pytest.approx(dict(zip(names, missed, strict=True)))
    both = scores.compromise(at=AT, weights={"easy": 1}, thresholds=texts)
    assert both.candidates[0].p_all is not None
    assert both.tasks == TASKS
    assert "reaches" in both.sentence


def test_a_model_that_lacks_a_metric_is_left_out_and_named(scores):
    found = scores.compromise(at=AT, weights={"easy": 1, "hard": 1})
    (check,) = (c for c in found.checks if c.name == "candidates_lacking_a_metric")
    assert (check.value, check.status) == (1, "REVIEW")
    assert "c." in check.sentence
    assert {c.name for c in scores.compromise(at=AT, weights={"easy": 1}).candidates} == {"a1", "a2", "b1", "b2", "c"}


def test_a_whole_point_chooses_among_families(scores):
    found = scores.compromise(at={"params": 4e9, "data": END}, weights={"easy": 1, "hard": 1})
    assert {c.name for c in found.candidates} == {"a", "b"}


def test_those_who_share_the_best_share_its_probability():
    np.testing.assert_allclose(shares_of_best(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])), [5 / 12, 5 / 12, 1 / 6])
    # both reach a threshold in half of the draws, the second alone in a tenth: the first is not the likelier best
    reached = np.repeat([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]], [5, 1, 4], axis=0)
    assert orders(reached.max(axis=1, keepdims=True) - reached)["probability"].tolist() == [1, 0]


def test_what_cannot_be_chosen_by_is_refused(scores):
    with pytest.raises(TargetError, match="Nothing to choose by"):
        scores.compromise(at=AT)
    with pytest.raises(TaskError, match="Did you mean 'easy'"):
        scores.compromise(at=AT, weights={"eazy": 1})
    with pytest.raises(TargetError, match="not a positive number"):
        scores.compromise(at=AT, weights={"easy": -1})
    with pytest.raises(TargetError, match="of no outcome"):
        scores.compromise(at=AT, thresholds=["loss<=2"])
    with pytest.raises(TargetError, match="below the data"):
        scores.compromise(at={"data": 1e10}, weights={"easy": 1})
    with pytest.raises(TargetError, match="--where-final chooses among models of the table"):
        scores.compromise(at={"params": 4e9, "data": END}, weights={"easy": 1}, where_final="params > 1")


def test_losses_that_were_converted_reach_thresholds_in_their_own_unit(forge_at_random, tmp_path):
    rows = [(task, m, x, 30.0 * (x / 100) ** -(0.1 + 0.02 * k)) for task in TASKS for k, m in enumerate("ab")
            for x in (100.0, 200.0, 400.0, 800.0)]  # fmt: skip
    pd.DataFrame(rows, columns=["task", "model", "data", "perplexity"]).to_csv(tmp_path / "runs.csv", index=False)
    fitted = bl.Fit(forge_at_random(bl.read_runs(tmp_path / "runs.csv"), draws=200, scale=0.1))
    fitted.save(tmp_path / "fit.nc")
    limit = fitted.select(data=3200.0, task="easy").candidates[0].loss_median
    words = ["select", str(tmp_path / "fit.nc"), "--at", "data=3200", "--allow-failed-checks", "--json", "--threshold"]
    said = f"perplexity:easy<={np.exp(limit):.6g}"
    found = CliRunner().invoke(app, [*words, said])
    assert found.exit_code == 0, found.exception
    odds = {c["model"]: c["p_thresholds"][said] for c in json.loads(found.stdout)["candidates"]}
    assert max(odds.values()) == pytest.approx(0.5, abs=0.1)
    assert CliRunner().invoke(app, [*words, "perplexity<=1000"]).exit_code == 0
    assert CliRunner().invoke(app, [*words, "ppl<=1000"]).exit_code == 0
    refused = CliRunner().invoke(app, [*words, "bleu<=12"])
    assert "there are: perplexity:easy, nats:easy, perplexity:hard" in str(refused.exception)
    before = CliRunner().invoke(app, ["select", str(tmp_path / "runs.csv"), *words[2:], "loss<=12"])
    assert "'perplexity<=12' or 'nats<=12'" in str(before.exception)  # before anything is sampled


def test_families_of_single_models_are_nothing_to_choose_among(forge_at_random):
    rows = [(task, m, m, p, t, 0.3 + 0.1 * k + 0.05 * j) for task in TASKS for k, (m, p) in enumerate((("a", 1e9),
            ("b", 2e9))) for j, t in enumerate((3e10, 6e10))]  # fmt: skip
    table = pd.DataFrame(rows, columns=["task", "model", "family", "params", "tokens", "accuracy"])
    runs = bl.read_runs(table.assign(chance=0.25, questions=1000))
    fitted = bl.Fit(forge_at_random(runs, law="trajectory", draws=20, scale=0.1))
    with pytest.raises(TargetError, match="No family has several models on each of easy, hard"):
        fitted.compromise(at={"params": 4e9, "data": END}, weights={"easy": 1, "hard": 1})


def test_nothing_is_sampled_for_a_target_that_cannot_be_chosen_at(scores, tmp_path, monkeypatch):
    def sampled(*args, **kwargs):
        raise AssertionError("it was sampled")

    monkeypatch.setattr("bayeslaw.cli.fitting.fit_table", sampled)
    scores.posterior.runs.table.drop(columns="row").to_csv(tmp_path / "scores.csv", index=False)
    words = ["select", str(tmp_path / "scores.csv"), "--law", "trajectory", "--weights", "easy=1", "--at"]
    for at, match in (("model_loss=2", "no covariate 'model_loss'"), ("tokens=1B", "below the data")):
        refused = CliRunner().invoke(app, [*words, at])
        assert match in str(refused.exception)
    assert "it was sampled" in str(CliRunner().invoke(app, [*words, "tokens=300B"]).exception)


def test_the_command_prints_what_python_finds(scores, tmp_path):
    scores.save(tmp_path / "fit.nc")
    words = ["select", str(tmp_path / "fit.nc"), "--at", "tokens=300B", "--weights", "easy=1,hard=3", "--threshold",
             "easy>=.6", "--allow-failed-checks"]  # fmt: skip
    told = CliRunner().invoke(app, [*words, "--json", "--plot", str(tmp_path / "choice.png")])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    wanted = scores.compromise(at=AT, weights={"easy": 1, "hard": 3}, thresholds=["easy>=.6"])
    assert found["recommendation"]["model"] == wanted.recommended
    assert found["candidates"][0]["p_all"] == pytest.approx(wanted.candidates[0].p_all)
    assert (tmp_path / "choice.png").stat().st_size > 10_000
    shown = CliRunner().invoke(app, words)
    assert wanted.sentence[:60] in shown.stdout
    for bad, match in (("easy", "not understood"), ("easy=0", "not understood"), ("easy=1,easy=2", "once each")):
        refused = CliRunner().invoke(app, [*words[:4], "--weights", bad])
        assert match in str(refused.exception)
    refused = CliRunner().invoke(app, [*words, "--task", "easy"])
    assert "for a choice by one task" in str(refused.exception)


def test_the_picture_has_a_row_a_candidate(scores):
    (axes,) = figure_of(None, scores.compromise(at=AT, weights={"easy": 1, "hard": 1})).axes
    assert axes.get_yticklabels()[0].get_text()
    assert len(axes.get_yticks()) == 4
