"""Selection on draws whose odds are known, and what does not change it."""

import dataclasses
import functools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayeslaw
from bayeslaw.answers.advice import advise
from bayeslaw.answers.candidates import read_charges
from bayeslaw.answers.prediction import predict
from bayeslaw.answers.risk import conditional_value_at_risk, orders, pairwise, shortlist
from bayeslaw.answers.selection import select
from bayeslaw.answers.value import winsorised
from bayeslaw.errors import RunsError, SelectionError, TargetError
from bayeslaw.kinds.registry import build_model
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs

SIZES = (200.0, 400.0, 800.0, 1600.0, 3200.0)
TARGET = {"data": 3200.0}


@pytest.fixture(scope="module")
def with_losses(simulate, random_position, forge):
    """A function from losses (S, K) to a posterior in which they are the run predictions at the largest size."""

    @functools.cache
    def one_draw(models, tasks):
        runs = simulate({(task, "abcdefgh"[i]): SIZES for task in tasks for i in range(models)}, seed=1)
        position = random_position(build_model(runs, get_law("rectified")), np.random.default_rng(0))
        return forge(runs, {name: np.repeat(v[None], 4, axis=0) for name, v in position.items()})

    def build(losses, tasks=("t",)):
        draws, models = losses.shape
        posterior = one_draw(models, tasks)
        changed = posterior.draws.isel(draw=np.zeros(draws // 4, int)).assign_coords(draw=np.arange(draws // 4))
        for name in ("own_walk", "shared_walk", "noise", "own_drift", "shared_drift", "pull"):
            changed[name] = 0.0 * changed[name]
        levels = np.tile(np.log(losses), (1, len(tasks))).reshape(4, -1, models * len(tasks))
        changed["level"] = changed["level"].copy(data=levels)
        return dataclasses.replace(posterior, draws=changed)

    return build


@pytest.fixture
def known():
    """In 300 of 1000 draws b is better than a by .1, otherwise worse by .5; c is always worst."""
    losses = np.tile([2.0, 2.5, 3.0], (1000, 1))
    losses[:300, 1] = 1.9
    return np.random.default_rng(0).permutation(losses)


def by_model(selection):
    return {candidate.model: candidate for candidate in selection.candidates}


def test_odds_and_costs_in_closed_form(with_losses, known):
    selection = select(with_losses(known), TARGET)
    a, b, c = (by_model(selection)[name] for name in "abc")
    assert (a.p_best, b.p_best, c.p_best) == (0.7, 0.3, 0.0)
    assert a.expected_regret == pytest.approx(0.3 * 0.1)
    assert b.expected_regret == pytest.approx(0.7 * 0.5)
    assert c.expected_regret == pytest.approx(0.7 * 1.0 + 0.3 * 1.1)
    # the worst tenth: 100 draws, all of them among the 300 in which b wins
    assert a.cvar_regret_90 == pytest.approx(0.1)
    assert b.cvar_regret_90 == pytest.approx(0.5)
    assert c.cvar_regret_90 == pytest.approx(1.1)
    assert (a.p_within_1pct, b.p_within_1pct, c.p_within_1pct) == (0.7, 0.3, 0.0)
    assert a.loss_median == pytest.approx(2.0)
    assert b.loss_mean == pytest.approx(0.3 * 1.9 + 0.7 * 2.5)
    assert b.loss_p05 == pytest.approx(1.9)
    assert b.loss_p95 == pytest.approx(2.5)
    assert selection.recommended == "a"
    assert selection.tie_set == ("b",)
    assert "choose a: it is the best of 3 with probability 0.70" in selection.sentence
    assert "expected to cost 0.030" in selection.sentence
    assert "Not clearly worse: b." in selection.sentence
    assert selection.task == "t"


def test_candidates_are_in_order_of_expected_regret_not_of_odds(with_losses):
    # a is best more often, but dear when it is not
    losses = np.tile([2.0, 2.1], (1000, 1))
    losses[:400, 0] = 4.0
    selection = select(with_losses(losses), TARGET)
    assert [c.model for c in selection.candidates] == ["b", "a"]
    assert selection.recommended == "b"
    assert by_model(selection)["a"].p_best == 0.6
    assert selection.tie_set == ("a",)
    np.testing.assert_allclose(selection.values, losses[:, ::-1])
    assert selection.to_frame()["model"].tolist() == ["b", "a"]
    assert [record["model"] for record in selection.records()] == ["b", "a"]


def test_means_are_of_losses_with_their_tails_cut_and_odds_of_all_draws(with_losses):
    # b has a tail of one draw in twenty-five, beyond what intervals are scored at
    losses = np.tile([2.0, 2.5], (1000, 1))
    losses[:40, 1] = 0.5
    a, b = (by_model(select(with_losses(losses), TARGET))[name] for name in "ab")
    assert (a.p_best, b.p_best) == (0.96, 0.04)
    assert (a.expected_regret, a.cvar_regret_90) == (0.0, 0.0)
    assert b.expected_regret == pytest.approx(0.5)
    assert b.loss_mean == pytest.approx(2.5 - 0.04 * 2.0)


@pytest.mark.parametrize(("wins", "tied"), [(249, False), (250, True), (251, True)])
def test_a_tie_begins_at_a_quarter(wins, tied, with_losses):
    losses = np.tile([2.0, 2.5], (1000, 1))
    losses[:wins, 1] = 1.9
    assert select(with_losses(losses), TARGET).tie_set == (("b",) if tied else ())


def test_within_one_percent(with_losses):
    losses = np.tile([2.0, 2.0 * 1.0099, 2.0 * 1.0101], (1000, 1))
    found = by_model(select(with_losses(losses), TARGET))
    assert [found[name].p_within_1pct for name in "abc"] == [1.0, 1.0, 0.0]


def test_conditional_value_at_risk():
    regret = np.random.default_rng(1).permutation(np.arange(100.0))
    assert conditional_value_at_risk(regret) == np.mean(np.arange(90, 100))
    assert conditional_value_at_risk(regret, tail=0.5) == np.mean(np.arange(50, 100))
    assert conditional_value_at_risk(np.array([1.0, 3.0])) == 3.0  # at least one draw
    # of an exponential it is 1 + log 10; the standard error with 400000 draws is .007
    exponential = np.random.default_rng(2).exponential(size=400_000)
    assert conditional_value_at_risk(exponential) == pytest.approx(1 + np.log(10), abs=0.035)


def test_odds_are_those_of_normal_losses(with_losses):
    # two independent normals: P(a < b) = Phi(d / sqrt(2) s); 5 standard errors of 1000 draws are .07
    losses = 3.0 + 0.1 * np.random.default_rng(3).standard_normal((1000, 2)) + [0.0, 0.1]
    selection = select(with_losses(losses), TARGET)
    assert selection.candidates[0].p_best == pytest.approx(stats.norm.cdf(1 / np.sqrt(2)), abs=0.07)
    assert sum(c.p_best for c in selection.candidates) == pytest.approx(1)
    checks = {check.name: check for check in selection.checks}
    assert checks["prediction_r_hat"].status == "PASS"
    assert checks["prediction_ess_bulk"].status == "PASS"
    assert checks["candidates"].status == "PASS"
    assert checks["extrapolation"].value == pytest.approx(1.0)


def test_draws_that_do_not_mix_are_reported(with_losses):
    losses = 3.0 + 0.01 * np.random.default_rng(4).standard_normal((1000, 2))
    losses[:250, 1] += 0.2  # the first chain
    selection = select(with_losses(losses), TARGET)
    checks = {check.name: check for check in selection.checks}
    assert checks["prediction_r_hat"].status == "FAIL"
    assert "b" in checks["prediction_r_hat"].sentence
    assert selection.status == "FAIL"


def test_a_far_target_is_for_review(with_losses, known):
    posterior = with_losses(known)
    near, far, absurd = (
        {check.name: check for check in select(posterior, {"data": 3200.0 * factor}).checks}["extrapolation"]
        for factor in (512, 1001, 4e7)
    )
    assert (near.status, far.status, absurd.status) == ("PASS", "REVIEW", "FAIL")
    assert far.value == pytest.approx(1001)
    assert "512 times" in far.sentence


def test_distance_is_judged_alike_everywhere(with_losses, known):
    posterior = with_losses(known)
    for factor in (2, 1001, 4e7):
        at = {"data": 3200.0 * factor}
        chosen, told, advised = (
            next(check for check in checks if check.name == "extrapolation")
            for checks in (
                select(posterior, at).checks,
                predict(posterior, [at]).checks,
                advise(posterior.runs, at).checks,
            )
        )
        assert chosen == told == advised


def test_one_candidate_leaves_nothing_to_choose(with_losses):
    selection = select(with_losses(np.full((1000, 1), 2.0)), TARGET)
    assert {check.name: check.status for check in selection.checks}["candidates"] == "REVIEW"
    assert selection.candidates[0].p_best == 1.0
    assert selection.candidates[0].expected_regret == 0.0


def test_tasks_are_told_apart(with_losses, known):
    posterior = with_losses(known, tasks=("t", "u"))
    assert select(posterior, TARGET, task="u").task == "u"
    assert len(select(posterior, TARGET, task="u").candidates) == 3
    with pytest.raises(RunsError, match=r"2 tasks: t, u\. Name one"):
        select(posterior, TARGET)
    with pytest.raises(RunsError, match=r"no task 'v'.*t, u"):
        select(posterior, TARGET, task="v")


def test_targets_that_cannot_be_used_are_explained(with_losses, known):
    posterior = with_losses(known)
    with pytest.raises(TargetError, match=r"data=3199 lies below the data: every candidate .* data=3200 or beyond"):
        select(posterior, {"data": 3199.0})
    with pytest.raises(TargetError, match="no covariate 'tokens'"):
        select(posterior, {"tokens": 1e9})
    with pytest.raises(TargetError, match="lacks 'data'"):
        select(posterior, {})


def test_a_target_inside_the_data_of_some_is_allowed(simulate, random_position, forge):
    runs = simulate({("t", "a"): SIZES, ("t", "b"): SIZES[:2]}, seed=5)
    position = random_position(build_model(runs, get_law("rectified")), np.random.default_rng(4), scale=0.3)
    posterior = forge(runs, {name: np.repeat(v[None], 400, axis=0) for name, v in position.items()})
    assert len(select(posterior, {"data": 800.0}).candidates) == 2
    with pytest.raises(TargetError, match="data=400 or beyond"):
        select(posterior, {"data": 399.0})


def test_losses_are_joint_run_predictions(fitted):
    selection = fitted.select(data=51_200, seed=3)
    run = fitted.predictions([{"data": 51_200.0}], kind="run", seed=3)
    names = [model for model, _, _ in run.labels]
    for i, candidate in enumerate(selection.candidates):
        np.testing.assert_array_equal(selection.values[:, i], run.values[:, names.index(candidate.model), 0])
    values = winsorised(selection.values)  # a few draws of a Student-t tail do not decide
    assert selection.candidates[0].expected_regret == pytest.approx(np.mean(values[:, 0] - values.min(axis=1)))


def test_units_of_loss_and_data_do_not_change_the_choice(fitted, two_models, settings, scales, pooling):
    """Losses times 3.7 and data in thousands give the very same draws, so exactly the same odds."""
    table = two_models.table.drop(columns="row")
    scaled = table.assign(loss=3.7 * table["loss"], data=table["data"] / 1000)
    again = read_runs(pd.DataFrame(scaled), roles={"data": "data"})
    again = bayeslaw.fit(again, scales=scales, pooling=pooling, sampler=settings, seed=5)
    for name in ("log_beta", "floor", "phase", "noise", "own_drift"):
        np.testing.assert_array_equal(again.posterior.draws[name], fitted.posterior.draws[name])
    before, after = fitted.select(data=51_200), again.select(data=51.2)
    assert after.recommended == before.recommended
    assert [c.p_best for c in after.candidates] == [c.p_best for c in before.candidates]
    np.testing.assert_allclose(after.values, 3.7 * before.values, rtol=1e-7)
    np.testing.assert_allclose(again.posterior.draws["E"], 3.7 * fitted.posterior.draws["E"], rtol=1e-7)
    reached = "pre_learned_data"
    np.testing.assert_allclose(1000 * again.posterior.draws[reached], fitted.posterior.draws[reached], rtol=1e-7)


def test_what_each_risk_would_choose(with_losses):
    # a is the best most often, b has the smallest mean, c the smallest tail
    losses = np.tile([1.0, 1.2, 1.5], (1000, 1))
    losses[:400, 0] = 2.6
    losses[:200, 1] = 2.0
    losses[:400, 2] = 1.5
    losses[400:, 1] = 1.1
    posterior = with_losses(losses)
    regret = losses - losses.min(axis=1, keepdims=True)
    found = select(posterior, TARGET)
    assert found.by_risk == {
        "mean": "abc"[regret.mean(axis=0).argmin()],
        "cvar90": "abc"[np.sort(regret, axis=0)[-100:].mean(axis=0).argmin()],
        "median-regret": "abc"[np.median(regret, axis=0).argmin()],
        "probability": "a",
    }
    assert len(set(found.by_risk.values())) > 1
    for risk, model in found.by_risk.items():
        asked = select(posterior, TARGET, risk=risk)
        assert asked.recommended == model
        assert asked.to_dict()["recommendation"]["risk"] == risk
    assert "One would choose" in found.sentence
    with pytest.raises(TargetError, match="risk='worst' is none of those known: mean, cvar90"):
        select(posterior, TARGET, risk="worst")


def test_ties_of_a_risk_go_by_expected_regret():
    # the median of each is 0, and each is the best in half of the draws
    regret = np.tile([[0.0, 0.4], [0.0, 0.4], [0.0, 0.0], [0.9, 0.0], [0.9, 0.0]], (100, 1))
    regret = np.concatenate([regret, np.zeros((100, 2))])
    found = orders(regret)
    assert found["median-regret"].tolist() == [1, 0]
    # of three, the second and the third are never the best
    found = orders(np.tile([0.0, 0.5, 0.4], (10, 1)))
    assert found["probability"].tolist() == [0, 2, 1]


def test_charges_lower_what_is_better_the_higher(with_losses, known):
    """Of the same draws as scores c is the best by .5; charged .6, it is not."""
    posterior = with_losses(known)

    class Scores(type(posterior.predictor)):
        @property
        def outcome(self):
            return dataclasses.replace(super().outcome, higher_is_better=True)

    predictor = posterior.predictor
    object.__setattr__(predictor, "__class__", Scores)
    assert select(posterior, TARGET).recommended == "c"
    charged = select(posterior, TARGET, charge={"c": 1.2})
    assert charged.recommended == "a" if by_model(charged)["a"].expected_regret < 0.06 else "b"
    assert by_model(charged)["c"].expected_regret == pytest.approx(0.7 * 0.7 + 0.3 * 0.2)


def test_what_is_within_one_percent_of_a_negative_best(with_losses, known):
    found = by_model(select(with_losses(known), TARGET, charge=dict.fromkeys("abc", -10.0)))
    assert found["a"].p_within_1pct == 0.7 + 0.3 * (0.1 <= 0.01 * 8.1)
    assert found["a"].expected_regret == pytest.approx(0.3 * 0.1)
    assert {found[name].charge for name in "abc"} == {-10.0}


def test_a_selection_keeps_what_it_was_asked(with_losses, known):
    found = select(with_losses(known), TARGET, charge={"a": 0.1}, where_final="model != 'c'", seed=7)
    assert (found.charge, found.where_final, found.seed) == ({"a": 0.1}, "model != 'c'", 7)
    assert [c.model for c in found.candidates] == ["a", "b"]
    assert {c.model: c.charge for c in found.candidates} == {"a": 0.1, "b": 0.0}


def test_charges_and_conditions(with_losses, known):
    posterior = with_losses(known)  # a is better than b by .5 in 70% of cases, worse by .1 in the others
    charged = select(posterior, TARGET, charge={"a": 0.6})
    found = by_model(charged)
    assert charged.recommended == "b"
    assert found["a"].charge == 0.6
    assert found["a"].loss_median == pytest.approx(2.0)  # the loss is what would be measured
    assert found["b"].p_best == 1.0
    assert found["a"].expected_regret == pytest.approx(0.7 * 0.1 + 0.3 * 0.7)
    assert "charges included" in charged.sentence
    with pytest.raises(TargetError, match="no model 'q'"):
        select(posterior, TARGET, charge={"q": 1.0})
    with pytest.raises(TargetError, match="the same in all its runs"):
        select(posterior, TARGET, charge="0.1 * data")
    kept = select(posterior, TARGET, where_final="model != 'a'")
    assert [c.model for c in kept.candidates] == ["b", "c"]
    assert by_model(kept)["b"].expected_regret == 0.0
    with pytest.raises(SelectionError, match=r"some runs of 'a' and not for others"):
        select(posterior, TARGET, where_final="data > 300")
    with pytest.raises(SelectionError, match="leaves none of 3 candidates"):
        select(posterior, TARGET, where_final="model == 'q'")


def test_charges_by_an_expression_of_columns(simulate, forge_at_random):
    table = simulate({("t", name): SIZES for name in "ab"}, seed=2).table.drop(columns="row")
    table["params"] = table["model"].map({"a": 1e9, "b": 4e9})
    found = select(forge_at_random(read_runs(table)), TARGET, charge="0.005 * log2(params / 1e9)")
    assert {c.model: c.charge for c in found.candidates} == pytest.approx({"a": 0.0, "b": 0.01})


def test_shortlist_and_pairs(with_losses, known):
    found = select(with_losses(known), TARGET)
    assert found.shortlist == ("a", "b")
    assert found.pairs() == [{"model": "a", "other": "b", "p_better": pytest.approx(0.7)}]
    np.testing.assert_allclose(found.beats + found.beats.T, 1.0)
    assert shortlist(np.array([0.02, 0.96, 0.02])) == [1]
    assert shortlist(np.array([0.5, 0.45, 0.05])) == [0, 1]
    assert shortlist(np.array([0.5, 0.4, 0.1])) == [0, 1, 2]
    equal = pairwise(np.zeros((10, 2)))
    np.testing.assert_array_equal(equal, 0.5)


def test_charges_as_written():
    assert read_charges([]) is None
    assert read_charges(["0.01 * log2(params)"]) == "0.01 * log2(params)"
    assert read_charges(["a=b=0.5", "c = 1e-2"]) == {"a=b": 0.5, "c": 0.01}
    assert read_charges(["a=0.5,b=0.2", "c=1"]) == {"a": 0.5, "b": 0.2, "c": 1.0}
    assert read_charges(["gpt, small=0.5"]) == {"gpt, small": 0.5}
    for texts in (["a=0.1,b=much"], ["a=much"], ["=1"], ["a=1", "b"], ["a=1", "a=2"]):
        with pytest.raises(TargetError, match="--charge"):
            read_charges(texts)


def test_a_target_left_out_is_explained(fitted):
    with pytest.raises(TargetError):
        fitted.select()
