"""Which run to make next: on fits that are stored, and on small forged ones."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayeslaw as bl
from bayeslaw.answers.asked import ask
from bayeslaw.answers.board import Board
from bayeslaw.answers.costs import Costs
from bayeslaw.answers.goals import Choose, Cross, Foretell, Now, Split
from bayeslaw.answers.questions import Question
from bayeslaw.answers.ranking import best_first, ranked
from bayeslaw.answers.stopping import best_ratio, stop_verdict
from bayeslaw.answers.value import ChoiceBelief, Gains, normal_scores
from bayeslaw.errors import TargetError
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.results import plain_values
from bayeslaw.sampling.nuts import SamplerSettings


def by_run(found):
    return {(run.model, *run.at.values()): run for run in found.runs}


# ---------------------------------------------------------------------------------------------------- joint draws


def test_models_put_together_are_predicted_as_apart(curves, surface_fit):
    rng = np.random.default_rng(0)
    sizes = [6400.0, 51_200.0]
    predictor = curves.posterior.predictor
    seen = predictor.targets([{"data": x} for x in sizes], "seen", rng)
    new = predictor.targets([{"data": x} for x in sizes], "new-family", rng)
    whole = predictor.together([(seen, np.array([2, 0])), (new, np.array([0]))])
    assert [label[0] for label in whole.labels] == ["c", "a", "<new family>"]
    apart = np.concatenate([predictor.expected(seen)[:, [2, 0]], predictor.expected(new)], axis=1)
    np.testing.assert_allclose(predictor.expected(whole), apart)

    predictor = surface_fit.posterior.predictor
    seen = predictor.targets([{"data": x} for x in (1e11, 1e12)], "seen", rng)
    new = predictor.targets([{"params": 7e9, "data": x} for x in (1e11, 1e12)], "seen", rng)
    whole = predictor.together([(seen, np.array([1])), (new, np.array([0]))])
    np.testing.assert_array_equal(whole.covariates["params"][:, 0], [2e8, 7e9])
    apart = np.concatenate([predictor.expected(seen)[:, [1]], predictor.expected(new)], axis=1)
    np.testing.assert_allclose(predictor.expected(whole), apart)


def test_a_run_and_the_target_lie_on_one_curve(close):
    """The departure of a curve from its law goes on: a run half way tells of the target, the law given."""
    posterior = close.posterior
    board = Board(posterior, "t", (0, 1), (), None, np.array([6400.0, 51_200.0]), {})
    draws = [expected for _, expected, _ in board.draws(0, 1)]
    whole = np.concatenate(draws)
    law = posterior.predictor.law_alone(
        posterior.predictor.targets([{"data": 6400.0}, {"data": 51_200.0}], "seen", np.random.default_rng(0))
    )
    left = whole - np.tile(law[:, :2], (len(draws), 1, 1))
    own = stats.spearmanr(left[:, 0, 0], left[:, 0, 1]).statistic
    other = stats.spearmanr(left[:, 1, 0], left[:, 0, 1]).statistic
    assert own > 0.8
    assert own > other + 0.05


# ------------------------------------------------------------------------------------------------- goals and verdicts


def test_what_is_believed_now_is_what_select_says(close):
    found, selection = close.next_runs(data=6400.0), close.select(data=6400.0)
    recommended = {c.model: c for c in selection.candidates}[found.now.recommendation]
    assert found.goal == "choose"
    # other draws beyond the data, winsorised
    assert found.now.expected_regret == pytest.approx(recommended.expected_regret, rel=0.3)
    assert found.now.p_best == pytest.approx(recommended.p_best, abs=0.1)
    assert all(0 <= run.expected_gain <= found.now.expected_regret * 1.05 for run in found.runs)


def test_a_run_tells_most_of_its_own_model(close):
    found = close.next_runs(data=6400.0, foretell="d", cost="data / data")
    assert found.runs[0].model == "d"
    assert "narrows the 90% interval from" in found.runs[0].sentence


def test_runs_at_once(close):
    alone, at_once = close.next_runs(data=6400.0), close.next_runs(data=6400.0, slots=3)
    assert [run.slot for run in at_once.runs[:4]] == [1, 2, 3, None]
    assert at_once.runs[0] == alone.runs[0]
    for run in at_once.runs[1:3]:  # less than by itself, for the others are made as well
        assert run.expected_gain <= by_run(alone)[(run.model, *run.at.values())].expected_gain * 1.1
    budget = 1e9 * 6400 * 1.01
    within = close.next_runs(data=6400.0, slots=3, budget=budget)
    assert sum(run.cost for run in within.runs if run.slot) <= budget
    every = close.next_runs(data=6400.0).runs
    assert 0 < len(within.runs) < len(every)
    assert len(within.runs) == sum(run.cost <= budget for run in every)
    assert all(run.cost <= budget for run in within.runs)  # of those that are not to be made at once too


def test_the_stop_verdict_with_and_without_a_price(close):
    dear, cheap = (close.next_runs(data=6400.0, price=price) for price in (1e-3, 1e30))
    assert (dear.stop.status, cheap.stop.status) == ("stop", "go on")
    assert dear.stop.threshold == cheap.stop.threshold == 1.0
    assert dear.stop.value < 1 < cheap.stop.value
    free = close.next_runs(data=6400.0)
    assert free.stop.value == free.now.expected_regret
    assert close.next_runs(data=6400.0, tolerance=10.0).stop.status == "stop"


def test_two_runs_may_pay_where_one_does_not():
    """Both of two components must be seen before a choice can change."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 20_000))
    losses = np.stack([np.full(20_000, 0.0), 1.3 + a + b], axis=1)[:, None]
    belief = ChoiceBelief.from_draws(losses, normal_scores(np.stack([a, b])))
    one, two = belief.gains().mean[0], belief.gains().mean[0] + belief.after(0).gains().mean[1]
    price = 1.0 / (0.5 * (one + two / 2))
    ratio, runs = best_ratio(belief, np.ones(2), price)
    assert price * one < 1 < ratio
    assert runs == 2


@dataclass
class Told:
    """What two runs gain, one after the other."""

    left: tuple[tuple[float, float], ...]

    def gains(self):
        mean, se = self.left[0]
        return Gains(np.full(2, mean), np.full(2, se), np.zeros(2))

    def after(self, r):
        return Told(self.left[1:] or ((0.0, 0.0),))


def test_what_runs_gain_together_is_what_they_add_up_to():
    """By how much a run seems to choose worse, the next one seems to gain more: both are of the same noise."""
    assert best_ratio(Told(((-0.4, 0.01), (0.5, 0.01))), np.ones(2), price=1.0) == (pytest.approx(0.1 / 2), 2)
    assert best_ratio(Told(((-0.4, 0.03), (0.5, 0.03))), np.ones(2), price=1.0) == (0.0, 1)
    both = Told(((-0.4, 0.01), (0.5, 0.01)))
    of = {"slots": 2, "budget": 2.0, "price": None, "most": 1.0}
    assert [chosen.gain for chosen in ranked(both, both.gains(), np.ones(2), **of)[1]] == [0.0, pytest.approx(0.1)]


def test_runs_that_cannot_be_told_to_help_are_listed_and_said(close):
    """Where one candidate is charged so much that no finding would bring it back."""
    found = close.next_runs(data=6400.0, where_final="params < 2.5e9", charge={"a": 50.0})
    assert len(found.runs) == 10
    assert not any(run.told_from_none for run in found.runs)
    assert found.sentence.startswith("No run by itself can be told to help.")
    assert found.another_run.startswith("No other run is likely to change this choice")


def test_orders_of_runs():
    rng = np.random.default_rng(1)
    z = rng.standard_normal((3, 20_000))
    losses = np.stack([np.zeros(20_000), 0.1 + z[0] + 0.5 * z[1] + 0.01 * z[2]], axis=1)[:, None]
    belief = ChoiceBelief.from_draws(losses, normal_scores(z))
    gains, costs = belief.gains(), np.array([10.0, 1.0, 0.001])
    of = {"slots": 1, "budget": None, "price": None, "most": float(gains.mean.max())}
    assert ranked(belief, gains, costs, **of)[0].tolist() == [1, 0, 2]  # next to nothing is not worth its little cost
    assert ranked(belief, gains, costs, **of | {"budget": 20.0})[0].tolist()[0] == 0
    assert ranked(belief, gains, costs, **of | {"price": 10.0})[0].tolist()[0] == 1


def test_runs_whose_gain_may_be_noise_come_last():
    """By the share of the variance that they account for, which can be told from none where a gain cannot."""
    share = np.array([0.0, 0.2, 0.1, 0.3])
    gains = Gains(np.array([0.02, -0.03, 0.2, 0.1]), np.array([0.01, 0.02, 0.01, 0.01]), share)
    costs = np.array([1e-6, 1e-3, 10.0, 1.0])
    assert best_first(gains, costs, "gain per cost", None, 0.3).tolist() == [3, 2, 1, 0]
    assert best_first(gains, costs, "gain", None, 0.3).tolist() == [2, 3, 1, 0]
    assert best_first(gains, costs, "net", 200.0, 0.3).tolist() == [2, 3, 0, 1]
    assert best_first(gains, costs, "net", 1.0, 0.3).tolist() == [0, 1, 3, 2]  # what is cheap loses least


def test_runs_that_tell_nothing_are_no_reason_to_go_on(close):
    """However cheap: of many, some gain more than nothing by chance."""
    rng = np.random.default_rng(5)
    losses = np.stack([np.zeros(4000), 0.01 + rng.standard_normal(4000)], axis=1)[:, None]
    belief = ChoiceBelief.from_draws(losses, normal_scores(rng.standard_normal((60, 4000))))
    gains = belief.gains()
    assert gains.mean.max() > 0
    assert best_ratio(belief, np.full(60, 1e-9), price=1.0) == (0.0, 1)
    now, costs = Now("a", 0.4, 0.5), Costs(np.full(60, 1e-9), "FLOP", "")
    stop = stop_verdict("choose", losses, now, belief, costs, 1.0, None, "loss")
    assert stop.status == "stop"
    assert stop.sentence.endswith("no further run gains anything that can be told from nothing.")


def test_gains_come_with_their_standard_errors(close):
    found = close.next_runs(data=6400.0, slots=2)
    told = [run.told_from_none for run in found.runs[2:]]
    assert told == sorted(told, reverse=True)
    assert all(run.expected_gain_se > 0 for run in found.runs if run.told_from_none)
    assert found.runs[0].expected_gain_se < found.runs[0].expected_gain / 3
    noisy = replace(found.runs[0], expected_gain_se=found.runs[0].expected_gain / 2)
    assert not noisy.told_from_none
    assert replace(found, runs=(noisy,)).sentence.startswith("No run by itself can be told to help; the likeliest")
    nothing = replace(found, runs=(replace(noisy, expected_gain=0.0),))
    assert nothing.sentence == f"No run by itself can be told to help. {found.stop.sentence}"
    for how, by in (({}, "gain per cost"), ({"budget": 1e30}, "gain"), ({"price": 1e9}, "net")):
        assert close.next_runs(data=6400.0, **how).to_dict()["ranked_by"] == by


@pytest.mark.fits
def test_splits_and_crossings(surface_fit, curves):
    split = surface_fit.next_runs(compute=1e23)
    assert split.goal == "split"
    assert all(run.cost < 1e23 for run in split.runs)
    assert "excess loss of the split" in split.runs[0].sentence
    crossing = curves.next_runs(crossing=("a", "c"))
    assert crossing.goal == "crossing"
    assert {run.model for run in crossing.runs} == {"a", "c"}
    assert isinstance(crossing.now, Now)


def test_every_change_of_a_choice_along_a_range_is_named():
    sizes = 10.0 ** np.arange(6)
    better = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    goal = Cross(LOSS, None, ("a", "b"), sizes)
    told = goal.now(np.tile(np.stack([better, 1 - better], axis=1), (50, 1, 1))).recommendation
    assert told == "a; b from 31.6 on; a from 3.16e+03 on"


@dataclass
class Seen:
    """Two models, one a row, at sizes 1 and 2, one a column."""

    pair_rows = (0, 1)

    def row(self, model):
        return model

    def column(self, size):
        return [1.0, 2.0].index(size)


SEEN = np.array([[[1.0, 2.0], [3.0, 5.0]], [[4.0, 6.0], [7.0, 9.0]]])
"""Two draws of the models, one a row, at both sizes."""
SCORE = replace(LOSS, name="score", higher_is_better=True, link_name="identity")


def test_what_is_to_be_small_of_a_choice():
    """Losses with what is charged; of what is better the higher, what is charged less the score."""
    of = {"models": (0, 1), "names": ("a", "b"), "size": 2.0, "charges": np.array([0.0, 0.5])}
    losses = Choose(LOSS, **of).seen_in(Seen(), np.log(SEEN), np.log(SEEN))
    np.testing.assert_allclose(losses, [[[2.0, 5.5]], [[6.0, 9.5]]])
    scores = Choose(SCORE, **of).seen_in(Seen(), SEEN, SEEN)
    np.testing.assert_allclose(scores, [[[-2.0, -4.5]], [[-6.0, -8.5]]])


@pytest.mark.parametrize(("outcome", "sign"), [(LOSS, 1), (SCORE, -1)])
def test_what_is_to_be_small_of_a_crossing(outcome, sign):
    linked = outcome.link(SEEN)
    for models in (None, (0, 1)):
        found = Cross(outcome, models, ("a", "b"), np.array([1.0, 2.0])).seen_in(Seen(), linked, linked)
        np.testing.assert_allclose(found, sign * SEEN.transpose(0, 2, 1))


def test_odds_and_regret_of_what_is_chosen_now():
    losses = np.tile([[[1.0, 2.0]]], (10_000, 1, 1))
    losses[:2000, 0, 1] = 0.5  # the other is better, by a half, in a fifth of cases
    goal = Choose(LOSS, (0, 1), ("a", "b"), 1.0, np.zeros(2))
    now = goal.now(losses)
    assert (now.recommendation, now.p_best) == ("a", 0.8)
    assert now.expected_regret == pytest.approx(0.2 * 0.5)
    told, change = goal.sentence(0.01, np.array([[0.7, 0.3]]), now)
    assert change == pytest.approx(0.3)
    assert told == "tells a from b apart; the choice changes with probability 0.30"
    assert goal.sentence(0.01, np.array([[0.996, 0.004]]), now)[0] == "would hardly ever move the choice from a"
    three = Choose(LOSS, (0, 1, 2), ("a", "b", "c"), 1.0, np.zeros(3))
    assert three.sentence(0.01, np.array([[0.7, 0.05, 0.25]]), now)[0].startswith("tells a from c apart")


def test_intervals_narrow_from_what_they_are():
    goal = Foretell(LOSS, (0,), ("a",), 1.0)
    now = goal.now(np.linspace(0.0, 1.0, 1001)[:, None])
    assert now.expected_regret == pytest.approx(0.9)
    assert goal.sentence(0.2, None, now)[0] == "narrows the 90% interval from 0.9 to 0.7"
    assert goal.sentence(0.001, None, now)[0].endswith("hardly at all")


def test_the_split_chosen_now_is_the_one_of_least_loss():
    losses = np.tile([[[2.1, 2.0, 2.3], [1.0, 1.2, 1.4]]], (50, 1, 1))
    params = np.array([[1e8, 2e8, 4e8], [1e9, 2e9, 4e9]])
    now = Split(losses, params, ("x", "y")).now(losses)
    assert now.recommendation == "x: 200M parameters; y: 1B parameters"
    assert now.expected_regret == 0.0


def test_charges_and_conditions_are_those_of_a_selection(close):
    charged = {"charge": {"a": 5.0, "b": 5.0}, "where_final": "params < 3.5e9"}
    asked = ask(close.posterior, Question(at={"data": 6400.0}, **charged), None, 0)
    assert asked.goal.names == ("a", "b", "c")
    assert asked.goal.charges.tolist() == [5.0, 5.0, 0.0]
    assert close.next_runs(data=6400.0, **charged).now.recommendation == "c"
    with pytest.raises(TargetError, match="d is the only candidate, so that there is nothing to choose"):
        close.next_runs(data=6400.0, where_final="params > 3.5e9")


def test_how_far_a_forecast_reaches_is_counted_from_its_own_runs(close):
    for name, far in (("a", 4.0), ("d", 16.0)):
        (check,) = ask(close.posterior, Question(at={"data": 6400.0}, foretell=name), None, 0).checks
        assert check.value == pytest.approx(far)


def test_the_run_that_is_foretold_is_not_proposed(close):
    found = set(by_run(close.next_runs(data=6400.0, foretell="d")))
    assert ("d", 6400.0) not in found
    assert {("d", 3200.0), ("a", 6400.0)} <= found


@pytest.mark.parametrize("continued", [False, True])
def test_a_table_that_leaves_no_run_to_make(curves, continued):
    for asked in ({"data": 3200.0, "foretell": "a"}, {"data": 3200.0}):
        with pytest.raises(TargetError, match="No run is left that could be made"):
            curves.next_runs(**asked, continued=continued)


def test_another_run_where_nothing_is_chosen_is_the_best_one(close):
    found = close.next_runs(data=6400.0, foretell="d")
    assert found.another_run == found.sentence
    assert found.unit == "width of the 90% interval of loss"


def test_another_run_is_the_first_that_is_likely_to_change_the_choice(close):
    found = close.next_runs(data=6400.0)
    assert found.unit == "loss"
    first, second, *others = found.runs
    slight, likely = replace(first, p_change=0.04), replace(second, p_change=0.06)
    rest = tuple(replace(run, p_change=0.0) for run in others)
    assert replace(found, runs=(slight, *rest)).another_run == (
        "No other run is likely to change this choice: the likeliest does with probability 0.04."
    )
    told = replace(found, runs=(slight, likely, *rest)).another_run
    assert told.startswith(f"Another run may change this choice: {second.model} at data={second.at['data']:,.6g} ")
    assert "does with probability 0.06" in told
    assert "the likeliest does with probability 0.00" in replace(found, runs=()).another_run
    noisy = replace(likely, expected_gain_se=likely.expected_gain / 2)
    assert replace(found, runs=(slight, noisy, *rest)).another_run == (
        "No other run can be told to better this choice: the likeliest changes it with probability 0.06, and what that "
        "gains cannot be told from nothing."
    )


def test_runs_go_on_from_the_longest_of_their_model(close):
    """A checkpoint that a model has passed cannot be made again by going on."""
    listed = pd.DataFrame({"model": ["a", "a", "d"], "data": [1000.0, 3200.0, 1000.0]})
    apart = close.next_runs(data=6400.0, candidates=listed, cost="seconds")
    assert set(by_run(apart)) == {("a", 1000.0), ("a", 3200.0), ("d", 1000.0)}
    on = close.next_runs(data=6400.0, candidates=listed, cost="seconds", continued=True)
    assert {where: run.cost for where, run in by_run(on).items()} == pytest.approx(
        {("a", 3200.0): 0.5 * (3200 - 1600), ("d", 1000.0): 0.5 * (1000 - 400)}
    )


def test_gains_per_cost_are_ratios(close):
    found = close.next_runs(data=6400.0, slots=2)
    assert any(run.expected_gain > 0 for run in found.runs)
    for run in found.runs:
        assert run.gain_per_cost == pytest.approx(run.expected_gain / run.cost)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "Nothing says what is to be decided"),
        ({"compute": 1e20, "crossing": ("a", "b")}, "Give one goal"),
        ({"data": 50.0}, "lies below the data"),
        ({"data": 1e5, "foretell": "q"}, "no model 'q'"),
        ({"crossing": ("a", "a")}, "name two"),
        ({"data": 1e5, "price": -1.0}, "price=-1.0: expected a positive"),
        ({"data": 1e5, "slots": 0}, "slots=0"),
        ({"data": 1e5, "tolerance": float("nan")}, "tolerance=nan"),
    ],
)
def test_questions_that_cannot_be_answered(curves, asked, told):
    with pytest.raises(TargetError, match=told):
        curves.next_runs(**asked)


def test_the_answer_as_plain_values(close):
    found = close.next_runs(data=6400.0, slots=2)
    record = json.loads(json.dumps(plain_values(found.to_dict()), allow_nan=False))
    assert {"goal", "now", "runs", "stop", "checks", "status", "settings", "seconds"} <= set(record)
    assert set(record["now"]) == {"recommendation", "expected_regret", "p_best"}
    wanted = {"model", "at", "cost", "expected_gain", "expected_gain_se", "gain_per_cost", "sentence"}
    assert all(wanted <= set(run) for run in record["runs"])
    assert set(record["stop"]) == {"status", "value", "threshold", "sentence"}
    assert found.to_frame()["data"].notna().all()
    for status, opening in (("go on", "Next: "), ("stop", "The best run: ")):
        assert replace(found, stop=replace(found.stop, status=status)).sentence.startswith(opening)
    small = replace(found, now=replace(found.now, expected_regret=1e6))
    assert small.sentence.startswith("No run by itself helps much; the best is ")


# ---------------------------------------------------------------------------------------------------- brute force


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_gains_rank_as_those_of_refits(simulate):
    """For each run that could be made, what it may find is drawn, the table fitted again with it, and chosen anew."""
    sizes = (200.0, 400.0, 800.0, 1600.0)
    runs = simulate({("t", name): sizes[: 4 - i] for i, name in enumerate("abcd")}, seed=11, own=0.02)
    sampler = SamplerSettings(warmup=300, draws=500)
    fitted = bl.fit(runs, sampler=sampler, seed=0)
    target = 12_800.0
    asked = fitted.next_runs(data=target, cost="data / data")
    tried = [run for run in asked.runs if run.at["data"] <= 6400.0][:8]
    first = fitted.select(data=target).recommended
    rng = np.random.default_rng(1)
    refitted = []
    for run in tried:
        told = fitted.predictions([run.at])
        which = [label[0] for label in told.labels].index(run.model)
        gains = []
        for loss in np.quantile(told.values[:, which, 0], (np.arange(12) + rng.uniform(size=12)) / 12):
            row = {
                "task": "t",
                "family": run.model,
                "model": run.model,
                "data": run.at["data"],
                "seed": 0,
                "loss": loss,
            }
            table = pd.concat([runs.table.drop(columns="row"), pd.DataFrame([row])], ignore_index=True)
            again = bl.fit(bl.read_runs(table), sampler=sampler, seed=0).select(data=target)
            means = {c.model: c.expected_regret for c in again.candidates}
            gains.append(means[first] - min(means.values()))
        refitted.append(np.mean(gains))
    promised = [run.expected_gain for run in tried]
    assert stats.spearmanr(promised, refitted).statistic >= 0.9
