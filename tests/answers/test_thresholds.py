"""Thresholds: how they read, and which of an outcome they are of."""

from dataclasses import replace

import numpy as np
import pytest

from bayeslaw.answers.thresholds import Threshold, read_threshold, tasks_of_threshold, threshold_told
from bayeslaw.errors import TargetError, TaskError
from bayeslaw.kinds.shared.outcome import LOSS, Outcome, outcome_as_given

SCORE = Outcome("accuracy", "share of questions", higher_is_better=True, link_name="identity")
TASKS = ("arc", "quiz")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("accuracy>=.6", Threshold("accuracy", None, True, 0.6)),
        (" accuracy:arc >= 60% ", Threshold("accuracy", "arc", True, 0.6)),
        ("quiz=>0.5", Threshold("quiz", None, True, 0.5)),
        ("loss<=2.5", Threshold("loss", None, False, 2.5)),
    ],
)
def test_thresholds_are_read(text, wanted):
    assert read_threshold(text) == wanted
    assert read_threshold(str(wanted)) == wanted


@pytest.mark.parametrize(
    "text", ["accuracy", "accuracy=.6", ">=.6", "accuracy>=", "accuracy>=high", "a>=.5>=.4", "a>=nan"]
)
def test_what_is_none_is_refused(text):
    with pytest.raises(TargetError, match="The threshold"):
        read_threshold(text)


def test_they_are_of_an_outcome_on_tasks_or_of_a_task():
    assert tasks_of_threshold(read_threshold("accuracy>=.6"), SCORE, TASKS) == TASKS
    assert tasks_of_threshold(read_threshold("accuracy:quiz>=.6"), SCORE, TASKS) == ("quiz",)
    assert tasks_of_threshold(read_threshold("quiz>=.6"), SCORE, TASKS) == ("quiz",)
    assert tasks_of_threshold(read_threshold("loss<=2"), SCORE, TASKS) == ()
    with pytest.raises(TaskError, match="Did you mean 'quiz'"):
        tasks_of_threshold(read_threshold("accuracy:quizz>=.6"), SCORE, TASKS)


def test_the_wrong_side_and_percent_without_its_sign_are_refused():
    with pytest.raises(TargetError, match="Higher accuracy is better, expected >="):
        tasks_of_threshold(read_threshold("accuracy<=.6"), SCORE, TASKS)
    with pytest.raises(TargetError, match="Lower loss is better"):
        tasks_of_threshold(read_threshold("loss>=2"), LOSS, TASKS)
    with pytest.raises(TargetError, match="between 0 and 1"):
        tasks_of_threshold(read_threshold("accuracy>=60"), SCORE, TASKS)


def test_a_value_on_the_threshold_reaches_it():
    reached = read_threshold("accuracy>=.5").reached(np.array([0.4, 0.5, 0.6]), SCORE)
    np.testing.assert_array_equal(reached, [False, True, True])
    reached = read_threshold("loss<=.5").reached(np.array([0.4, 0.5, 0.6]), LOSS)
    np.testing.assert_array_equal(reached, [True, True, False])


@pytest.mark.parametrize(
    ("given", "text", "least", "most"),
    [
        ("perplexity", "perplexity:arc<=12", np.log(11.9), np.log(12.1)),
        ("perplexity", "nats:arc<=2.5", 2.49, 2.51),
        ("perplexity", "ppl:arc<=12", np.log(11.9), np.log(12.1)),
        ("perplexity", "wikitext_ppl:arc<=12", np.log(11.9), np.log(12.1)),
        ("bits", "bpb:arc<=1", 0.99 * np.log(2), 1.01 * np.log(2)),
        ("accuracy", "acc:arc>=.7", 0.29, 0.31),
        ("bits", "bits:arc<=1", 0.99 * np.log(2), 1.01 * np.log(2)),
        ("accuracy", "accuracy:arc>=.7", 0.29, 0.31),
    ],
)
def test_losses_that_were_converted_reach_thresholds_in_the_unit_that_these_name(given, text, least, most):
    outcome, threshold = outcome_as_given(LOSS, given), read_threshold(text)
    assert tasks_of_threshold(threshold, outcome, TASKS) == ("arc",)
    np.testing.assert_array_equal(threshold.reached(np.array([least, most]), outcome), [True, False])
    assert least < threshold.limit(outcome) < most
    assert threshold_told(threshold.on(outcome, "arc")) == replace(threshold, name=threshold.called(outcome))


def test_other_names_of_an_outcome_are_known_and_a_perplexity_of_losses_in_nats_is_told_as_a_loss():
    assert tasks_of_threshold(read_threshold("val_loss:arc<=2"), LOSS, TASKS) == ("arc",)
    assert tasks_of_threshold(read_threshold("acc>=.5"), SCORE, TASKS) == tuple(TASKS)
    assert tasks_of_threshold(read_threshold("loss<=2"), SCORE, TASKS) == ()
    assert tasks_of_threshold(read_threshold("train_loss<=2"), LOSS, TASKS) == ()
    with pytest.raises(TargetError, match=r"'loss:arc<=2\.485'"):
        tasks_of_threshold(read_threshold("ppl:arc<=12"), LOSS, TASKS)


@pytest.mark.parametrize("task", ["p<0.05", "a>=1 <=2", "a:b", "=", "x" * 300])
@pytest.mark.parametrize(("text", "outcome"), [("accuracy>=.5", SCORE), ("loss<=2", LOSS)])
def test_thresholds_as_told_are_understood_whatever_tasks_are_called(task, text, outcome):
    assert threshold_told(read_threshold(text).on(outcome, task)) == replace(read_threshold(text), task=task)


@pytest.mark.parametrize("text", ["loss<=12", "loss:arc<=12", "arc<=12"])
def test_of_losses_that_were_converted_a_threshold_says_its_unit(text):
    with pytest.raises(TargetError, match=r"'perplexity(:arc)?<=12' or 'nats(:arc)?<=12'"):
        tasks_of_threshold(read_threshold(text), outcome_as_given(LOSS, "perplexity"), TASKS)


@pytest.mark.parametrize(("name", "expected"), [("arc_easy_acc", "arc_easy"), ("mmlu/acc", "mmlu"), ("arc_acc", "arc")])
def test_a_name_of_an_outcome_that_has_a_task_in_it_is_of_this_task_alone(name, expected):
    tasks = ["arc", "arc_easy", "mmlu"]
    assert tasks_of_threshold(read_threshold(f"{name}>=.5"), SCORE, tasks) == (expected,)
