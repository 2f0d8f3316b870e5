"""What a report says of each kind of answer: every number beside what it means."""

from dataclasses import replace

import pytest

from bayeslaw.answers.advice import Advice
from bayeslaw.evidence.comparison.compare import Comparison
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.views.report.answers import changes_of, facts_of, question_of, to_look_at
from tests.views import by_hand


def told(result):
    return [(fact.value, fact.meaning) for fact in facts_of(result)]


def test_a_choice():
    assert told(by_hand.selection()) == [
        ("61%", "to be the best of 6"),
        ("72%", "to come within 1% of the best"),
        ("0.020", "loss given away on average against knowing the best"),
        ("0.040", "given away in the worst tenth of cases"),
        ("1.600 to 2.500", "90% interval of the loss that a run of it would measure"),
    ]


def test_what_would_change_a_choice_are_the_likeliest_rivals_and_how_many_more_there_are():
    says = changes_of(by_hand.selection(odds=[0.11, 0.31, 0.05, 0.22, 0.13]))
    assert says == [
        "c would be better than a with a chance of 31%, and then by 1.000 on average.",
        "e would be better than a with a chance of 22%, and then by 1.000 on average.",
        "f would be better than a with a chance of 13%, and then by 1.000 on average.",
        "So would 1 more, with smaller chances of 10% at least.",
    ]
    assert changes_of(by_hand.selection("ab", odds=[0.05])) == [
        "No other candidate is better than a with a chance of 10% or more."
    ]


def test_a_prediction_is_told_of_the_best_where_it_is_best():
    assert told(by_hand.prediction()) == [
        ("1.500", "median of <b>, the best"),
        ("1.365 to 1.635", "90% interval of it"),
        ("x8", "beyond the data, where furthest"),
    ]
    score = replace(LOSS, name="accuracy", higher_is_better=True)
    assert told(by_hand.prediction(score))[0] == ("3.000", "median of a, the best")
    assert question_of(by_hand.prediction()) == "What loss is to be expected at 2 points?"


def test_predictions_on_several_tasks_are_told_task_by_task():
    found = replace(by_hand.prediction(), labels=(("a", "a", "t"), ("a", "a", "u")))
    assert [meaning for _, meaning in told(found)] == [
        "median of a on t, the best", "90% interval of it", "median of a on u, the best", "90% interval of it",
        "beyond the data, where furthest",
    ]  # fmt: skip
    assert "of 1 model on 2 tasks at 2 points (" in found.sentence
    assert "of 2 models at 2 points (" in by_hand.prediction().sentence


def test_a_split():
    split = by_hand.optimum()
    assert told(split) == [
        ("4.5B", "parameters, dense"),
        ("370B", "tokens"),
        ("2B to 6B", "90% interval of the best number of parameters"),
        ("2.000", "loss of one run there, median"),
        ("0.0123", "loss given away on average against the unknown best split"),
    ]
    assert told(by_hand.optimum(["dense"]))[0] == ("4.5B", "parameters")
    assert changes_of(split)[1] == (
        "moe: the best number of parameters is less than half of the recommended with a chance of 10%, and more than "
        "twice of it with 30%."
    )


def test_a_crossing():
    assert question_of(by_hand.crossing()).startswith("From what data size on is lora better than full, if ever")
    odds = [("53%", "lora overtakes full"), ("24%", "full overtakes lora"), ("23%", "they never cross from 1k to 1M")]
    where = ("30k to 70k", "90% interval of the size where the likelier overtaking happens, if it does")
    assert told(by_hand.crossing()) == [*odds, where, ("2.000", "loss of both there, median")]
    assert told(by_hand.crossing(size=False)) == odds


def test_a_comparison():
    laws = (by_hand.law_score("<rectified>"), by_hand.law_score("vanilla"))
    compared = Comparison(None, "params", laws, None, {}, LOSS, ())
    assert question_of(compared) == "Which law foretells the largest runs in params best?"
    assert told(compared) == [
        ("<rectified>", "foretells hidden runs best"),
        ("71%", "its weight in the best mixture of laws"),
        ("83%", "of the hidden runs inside its 90% intervals"),
    ]


def test_next_runs():
    gain = ("0.031", "loss that the best run is expected to gain")
    chosen = [("0.0567", "expected regret in loss now"), ("61%", "m1, chosen now, is the best")]
    assert told(by_hand.next_runs()) == [*chosen, gain]
    assert told(by_hand.next_runs("foretell")) == [("0.0567", "loss now"), gain]
    assert told(by_hand.next_runs(runs=0)) == chosen
    assert changes_of(by_hand.next_runs()) == ["Go on, it pays."]


def test_a_speed_up():
    assert question_of(by_hand.speedup()) == "How many times the data of lora does full need at data = 800?"
    assert told(by_hand.speedup()) == [
        ("5", "times the data of lora that full needs, median; above 1 lora saves"),
        ("2 to 8", "90% interval of it"),
        ("81%", "lora saves"),
        ("2.000", "loss at which they are compared, median"),
        ("7%", "full never gets there"),
    ]
    assert changes_of(by_hand.speedup()) == ["full would be the one that saves with a chance of 25%."]


def test_how_far_parameters_depend_on_the_prior():
    most = ("0.310", "movement per doubling of the prior of noise of g1, the most")
    assert told(by_hand.sensitivity()) == [
        ("2 of 3", "parameters depend on the prior"),
        most,
        ("61%", "a, chosen as it is, is the best"),
    ]
    assert told(by_hand.sensitivity(chosen=False))[1:] == [most]
    assert changes_of(by_hand.sensitivity()) == [
        "With the prior held x0.5 as strongly, choose b (42% to be the best).",
        "With the prior held x2 as strongly, the choice would be the same (31% to be the best).",
    ]


def test_published_numbers_found_again():
    again = [("2 of 3", "published numbers agree with their runs"), ("2", "papers"), ("1", "tables are not here")]
    assert told(by_hand.reproduction()) == again
    assert told(replace(by_hand.reproduction(), missing=())) == again[:2]


def test_verdicts_are_counted_by_kind():
    counted = [("1 of 3", "checks pass"), ("1 of 3", "checks are to be looked at"), ("1 of 3", "checks fail")]
    advice = Advice(by_hand.CHECKS, "runs.csv", 1234)
    assert told(advice) == [("1,234", "runs that the law uses"), *counted]
    assert told(Advice(by_hand.CHECKS[:1], "runs.csv", 3))[1:] == [("1 of 1", "checks pass")]
    assert question_of(advice) == "Can runs.csv carry a law, before it is fitted?"


@pytest.mark.parametrize(("checks", "says"), [
    (by_hand.CHECKS, ["2 of 3 checks ask for a look: near (REVIEW), bad (FAIL)."]),
    (by_hand.CHECKS[:1], []),
])  # fmt: skip
def test_checks_that_did_not_pass_are_named(checks, says):
    assert to_look_at(Advice(checks, "runs.csv", 3)) == says


def test_a_run_that_is_tracked():
    assert question_of(by_hand.tracked()) == "Is run on track, and what will it reach at data = 300B?"
    assert told(by_hand.tracked(tasks=("easy",))) == [
        ("0.620", "accuracy on easy at the end, median (90% interval 0.580 to 0.660)"),
        ("37%", "accuracy:easy>=0.6"),
        ("behind", "how its accuracy goes"),
    ]
    assert told(by_hand.tracked(alarm=False))[-1] == ("as foretold", "how its accuracy goes")


def test_one_model_for_several_tasks():
    assert question_of(by_hand.compromise()).startswith("Which one model to choose for 2 tasks at data = ")


def test_sizes_in_sentences_are_written_as_people_read_them():
    assert "4.5B parameters on 370B tokens (half the odds " in by_hand.optimum(["dense"]).sentence
    assert "e+" not in by_hand.optimum(["dense"]).sentence.replace("1e+22 FLOP", "")
    assert "(cost 7M FLOP)" in by_hand.next_runs().sentence
