"""Thresholds: how they read, and which of an outcome they are of."""

import numpy as np
import pytest

from bayeslaw.answers.thresholds import Threshold, read_threshold, tasks_of_threshold
from bayeslaw.errors import TargetError, TaskError
from bayeslaw.kinds.shared.outcome import LOSS, Outcome

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
    np.testing.assert_array_equal(read_threshold("a>=.5").reached(np.array([0.4, 0.5, 0.6])), [False, True, True])
    np.testing.assert_array_equal(read_threshold("a<=.5").reached(np.array([0.4, 0.5, 0.6])), [True, True, False])
