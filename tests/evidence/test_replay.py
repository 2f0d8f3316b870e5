"""Replays: what policies buy and pay, how they are scored, and how our draws follow what was bought."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import LawError, RunsError, TargetError
from bayeslaw.evidence.replay.policies import POLICIES
from bayeslaw.evidence.replay.promises import promises, stopping
from bayeslaw.evidence.replay.purse import Bought, Purse, ReplaySettings
from bayeslaw.evidence.replay.replay import SCORED, Replay, choose_policies, replay, scored, summarise
from bayeslaw.evidence.replay.studies import read_studies
from bayeslaw.evidence.replay.surrogate import Surrogate
from bayeslaw.laws import get_law

SIZES = 100 * 2.0 ** np.arange(8)
BASELINES = ("accept-then-stop", "halving", "halving+surrogate", "uniform", "random", "v-optimal")


def test_what_is_bought_known_and_decided(study):
    assert study.pool.sum() == 6 * 7
    assert study.target.sum() == 6
    assert set(study.table.loc[study.start, "data"]) == {100.0, 200.0}
    assert study.whole_cost == pytest.approx(sum((i + 1) * 1e6 for i in range(6)) * SIZES[:-1].sum())


def test_the_two_smallest_sizes_or_the_cheapest_runs_are_known_unless_told(toy):
    law = get_law("rectified")
    (choose,), (foretell,) = read_studies([toy], law), read_studies([toy], law, goal="foretell")
    assert choose.start.sum() == 6 * 2
    assert set(choose.table.loc[choose.start, "data"]) == {100.0, 200.0}
    assert foretell.start.sum() == 8
    assert foretell.cost[foretell.start].max() <= foretell.cost[foretell.pool & ~foretell.start].min()


def test_candidates_are_known_at_the_target_and_before(toy, tmp_path):
    table = pd.read_csv(toy)
    table = table[~((table["model"] == "a") & (table["data"] == table["data"].max()))]  # never measured there
    table = table[~((table["model"] == "b") & (table["data"] < table["data"].max()))]  # nowhere else
    table.to_csv(tmp_path / "toy.csv", index=False)
    (study,) = read_studies([tmp_path / "toy.csv"], get_law("rectified"))
    assert set(study.table["model"]) == {"c", "d", "e", "late"}


def test_costs_that_are_none_are_refused(toy):
    with pytest.raises(TargetError, match="is no positive number for some runs"):
        read_studies([toy], get_law("rectified"), cost="data - 100")


def test_repeats_in_the_pool_and_at_the_target_stay_apart_and_share_errors(toy, tmp_path):
    once = pd.read_csv(toy).query("model in ['a', 'b'] and data <= 400").assign(loss_se=0.03)
    pool = pd.concat([once.assign(seed=0, part="pool"), once.assign(seed=1, part="pool")])
    at_target = once[once["data"] == 400].assign(seed=2, part="target")
    at_target["loss"] *= 1.01
    pd.concat([pool, at_target]).to_csv(tmp_path / "toy.csv", index=False)
    (study,) = read_studies([tmp_path / "toy.csv"], get_law("rectified"), split="part")
    assert (study.pool.sum(), study.target.sum()) == (6, 2)
    np.testing.assert_allclose(study.table["loss"][study.target], at_target["loss"])
    np.testing.assert_allclose(study.table["loss"][study.pool], once["loss"])
    np.testing.assert_allclose(study.table["loss_se"][study.pool], 0.03 / np.sqrt(2))
    np.testing.assert_allclose(study.table["loss_se"][study.target], 0.03)


def test_repeats_are_bought_together(toy, tmp_path):
    once = pd.read_csv(toy)
    repeats = pd.concat([once.assign(seed=0), once.assign(seed=1, loss=1.1 * once["loss"])])
    repeats.to_csv(tmp_path / "toy.csv", index=False)
    law = get_law("rectified")
    (alone,), (both,) = read_studies([toy], law), read_studies([tmp_path / "toy.csv"], law)
    assert not both.table.duplicated(["model", "data"]).any()
    np.testing.assert_allclose(both.table["loss"], 1.05 * alone.table["loss"])
    np.testing.assert_allclose(both.cost, 2 * alone.cost)
    np.testing.assert_array_equal(both.pool, alone.pool)
    np.testing.assert_array_equal(both.start, alone.start)


@pytest.mark.parametrize("policy", BASELINES)
def test_a_policy_pays_once_for_what_is_in_the_pool(study, policy):
    bought = list(POLICIES["choose"][policy](study, ReplaySettings(get_law("rectified"), 0, 0.5)))
    rows = [row for step in bought for row in step.rows]
    assert max(Counter(rows).values()) == 1
    assert study.pool[rows].all()
    assert set(np.flatnonzero(study.start)) == set(bought[0].rows)
    assert study.cost[rows].sum() <= 0.5 * study.whole_cost * (1 + 1e-9)
    assert all(len(step.predicted) == 6 and np.isfinite(step.predicted).all() for step in bought)


def test_halving_drops_by_last_loss_what_a_surrogate_keeps(study):
    settings = ReplaySettings(get_law("rectified"), 0, 1.0)
    last, extrapolated = (list(POLICIES["choose"][name](study, settings)) for name in ("halving", "halving+surrogate"))
    assert [len(step.rows) for step in last] == [12, 3, 2, 1]
    assert "late" not in set(study.table["model"].iloc[last[1].rows])
    assert "late" in set(study.table["model"].iloc[extrapolated[1].rows])


def test_those_that_halving_dropped_are_not_chosen(study):
    settings = ReplaySettings(get_law("rectified"), 0, 1.0)
    names = study.table["model"].iloc[Purse(study, settings).targets].tolist()
    for step in list(POLICIES["choose"]["halving"](study, settings))[1:]:
        measured = set(study.table["model"].iloc[step.rows])
        assert {names[k] for k in np.flatnonzero(step.predicted < 1e5)} == measured


@pytest.mark.parametrize("policy", ["halving", "uniform"])
def test_rounds_that_are_too_dear_are_not_bought(study, policy):
    for most in (0.03, 0.08, 0.2):
        bought = list(POLICIES["choose"][policy](study, ReplaySettings(get_law("rectified"), 0, most)))
        later = [row for step in bought[1:] for row in step.rows]
        spent = study.cost[study.start].sum() + study.cost[later].sum()
        assert not later or spent <= most * study.whole_cost * (1 + 1e-9)


def test_the_cheapest_of_what_is_left_is_bought_next(toy):
    study = read_studies([toy], get_law("rectified"), goal="foretell")[0]
    bought = list(POLICIES["foretell"]["uniform"](study, ReplaySettings(get_law("rectified"), 0, 0.1)))
    costs = study.cost[[row for step in bought[1:] for row in step.rows]]
    assert len(costs) > 3
    assert (np.diff(costs) >= 0).all()


def test_what_a_purse_knows_of_a_model(study):
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, 1.0))
    of = study.table.set_index(["model", "data"])["loss"]
    names = purse.models[purse.targets]
    np.testing.assert_array_equal(purse.last(), [of[name, 200.0] for name in names])
    sizes, losses = purse.curve("late")
    assert sizes.tolist() == [100.0, 200.0]
    np.testing.assert_array_equal(losses, [of["late", size] for size in sizes])


def test_a_candidate_with_several_runs_at_the_target_is_one(study):
    repeated = replace(study, target=study.target | (study.table["data"] == 6400).to_numpy())
    purse = Purse(repeated, ReplaySettings(get_law("rectified"), 0, 1.0))
    assert len(purse.targets) == 6
    assert len(Purse(replace(repeated, goal="foretell"), ReplaySettings(get_law("rectified"), 0, 1.0)).targets) == 12


def test_intervals_cover_what_lies_between_their_ends(study):
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, 1.0))
    measured = purse.loss[purse.targets]
    for low, high, covered in ((-0.1, 0.1, 1.0), (0.1, 0.2, 0.0), (-0.2, -0.1, 0.0)):
        found = scored(purse, Bought([], measured, 0.1, (measured + low, measured + high)))
        assert found["coverage_90"] == covered


def test_a_step_has_the_cost_of_all_before_it(toy):
    found = replay([toy], policies=["uniform"], shares=[0.5])
    spent = [step["spent"] for step in found.steps]
    study = read_studies([toy], get_law("rectified"))[0]
    sizes = SIZES[1 : len(spent) + 1]  # the start has the two smallest sizes, and each step one more
    per_size = sum((i + 1) * 1e6 for i in range(6))
    np.testing.assert_allclose(spent, [per_size * SIZES[size >= SIZES].sum() for size in sizes])
    np.testing.assert_allclose([step["share"] for step in found.steps], np.array(spent) / study.whole_cost)


@pytest.mark.parametrize(
    ("goal", "score", "told"),
    [
        (
            "choose",
            "relative_regret",
            "Least regret, as a share of the best loss, by cost spent: 10.00% at 1.25% (a, c)",
        ),
        ("foretell", "r2", "Largest R², by cost spent: 0.400 at 1.25% (b)"),
    ],
)
def test_the_best_policies_are_named(goal, score, told):
    values = {"a": 0.1, "b": 0.4, "c": 0.1, "d": None}
    rows = [{"policy": name, "task": None, "share": 0.0125, score: value} for name, value in values.items()]
    assert Replay(goal, (), tuple(rows), "FLOP", (), 0, (), {}).sentence == f"{told}."


def test_scores_of_a_choice(study):
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, 1.0))
    names = purse.models[purse.targets].tolist()
    measured = np.array([study.table.query("model == @n and data == 12800")["loss"].iloc[0] for n in names])
    assert names[measured.argmin()] == "late"
    right = scored(purse, Bought([], measured, 0.1, (measured - 0.1, measured + 0.1)))
    assert (right["choice"], right["regret"], right["rel_acc"], right["coverage_90"]) == ("late", 0.0, 1.0, 1.0)
    assert right["promised_regret"] == 0.1
    wrong = scored(purse, Bought([], -measured))
    assert wrong["rel_acc"] == 0.0
    assert wrong["relative_regret"] == pytest.approx(measured.max() / measured.min() - 1)
    assert wrong["r2"] is None


def test_a_surrogate_finds_the_law_it_is_of(study):
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, 1.0))
    rows = np.flatnonzero(study.pool)
    fitted = Surrogate.fit(purse.shapes, np.log(purse.loss), rows)
    assert np.abs(np.log(fitted.predict(rows) / purse.loss[rows])).mean() < 0.01
    assert np.abs(np.log(fitted.predict(purse.targets) / purse.loss[purse.targets])).mean() < 0.05


def test_a_surrogate_keeps_to_its_priors_and_gives_unseen_groups_the_mean_level(study):
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, 1.0))
    nothing = Surrogate.fit(purse.shapes, np.log(purse.loss), np.flatnonzero(study.start & (purse.sizes == 100)))
    np.testing.assert_allclose(nothing.coordinates, purse.shapes.mean, atol=1e-6)  # a run a model tells of levels only
    rows = np.flatnonzero(study.pool & (purse.models != "late"))
    fitted = Surrogate.fit(purse.shapes, np.log(purse.loss), rows)
    late = np.flatnonzero(purse.models == "late")
    level = np.log(fitted.predict(late)) - purse.shapes.shape(fitted.coordinates)[late]
    np.testing.assert_allclose(level, np.mean(list(fitted.levels.values())))


def test_the_run_that_tells_most_for_its_cost_is_v_optimal(study):
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, 1.0))
    fitted, seen = purse.surrogate(), np.array(purse.rows)
    own = np.flatnonzero((purse.models == "a") & study.pool & ~study.start)
    target = purse.targets[purse.models[purse.targets] == "a"]
    other = np.flatnonzero((purse.models == "late") & study.pool & ~study.start)[-1:]
    could = np.concatenate([other, own[-1:]])
    assert fitted.v_optimal(seen, could, target, np.ones(2)) == 1  # its own model, next to the target
    assert fitted.v_optimal(seen, could, target, np.array([1e-9, 1.0])) == 0
    assert fitted.v_optimal(seen, could, target, np.array([1.0, 1e-9])) == 1


def test_forecasts_of_a_joint_law(tmp_path, surface):
    runs = surface({"f": ((1e8, 2e8, 4e8, 8e8), (2e9, 4e9, 8e9, 1.6e10, 3.2e10, 6.4e10))})
    table = runs.table.drop(columns=["row", "data"])
    table["split"] = np.where(table["params"] * table["tokens"] > 1e19, "target", "pool")
    table.to_csv(tmp_path / "grid.csv", index=False)
    found = replay([tmp_path / "grid.csv"], goal="foretell", split="split", law="chinchilla", shares=[0.2, 1.0],
                   policies=["uniform", "random", "v-optimal"], seeds=2)  # fmt: skip
    assert not found.failures
    assert {(s["policy"], s["seed"]) for s in found.steps} == {
        ("uniform", 0), ("random", 0), ("random", 1), ("v-optimal", 0)
    }  # fmt: skip
    best = [row for row in found.summary if row["task"] is None and row["share"] == 1.0]
    assert all(row["r2"] > 0.5 and row["rel_acc"] is None for row in best)


def test_summaries_take_the_last_step_within_a_share():
    runs = [("t", 0, 0, 0.01, 3.0), ("t", 0, 1, 0.04, 2.0), ("t", 0, 2, 0.06, 1.0), ("t", 1, 0, 0.05, 4.0)]
    runs.append(("u", 0, 0, 0.02, 9.0))
    names = ("task", "seed", "step", "share", "regret")
    steps = [{**dict.fromkeys(SCORED), "policy": "p", **dict(zip(names, run, strict=True))} for run in runs]
    found = {(row["task"], row["share"]): row["regret"] for row in summarise(steps, [0.005, 0.05])}
    assert found == {("t", 0.05): 3.0, ("u", 0.05): 9.0, (None, 0.05): 6.0}


def told(task, regrets, promised, gains, spent, policy="ours"):
    """Steps of a replay, out of order."""
    rows = zip(range(9), regrets, promised, gains, spent, strict=False)
    names = ("step", "regret", "promised_regret", "promised_gain", "spent")
    return [{"task": task, "policy": policy, "seed": 0, **dict(zip(names, row, strict=True))} for row in rows][::-1]


STEPS = [
    *told("t", (0.4, 0.1, 0.1), (0.3, 0.2, 0.1), (0.2, 0.05, 0.0), (10.0, 12.0, 18.0)),
    *told("u", (0.0, 0.1), (0.2, 0.2), (0.1, 0.0), (1.0, 2.0)),
    *told("t", (0.3,), (None,), (None,), (10.0,), policy="halving"),
]


def test_what_was_promised_against_what_was_found():
    (found,) = promises(STEPS)
    assert (found["policy"], found["steps"]) == ("ours", 5)
    assert found["ratio"] == pytest.approx(0.7 / 1.0)
    assert (found["gain"], found["promised_gain"]) == pytest.approx((0.2 / 3, 0.35 / 3))
    assert found["slope"] == pytest.approx((0.3 * 0.2 + 0.0 * 0.05 - 0.1 * 0.1) / (0.2**2 + 0.05**2 + 0.1**2))
    assert promises([]) == []


@pytest.mark.parametrize(("price", "stopped"), [(5.0, (0, 0)), (15.0, (1, 1)), (200.0, (2, 1))])
def test_stopping_when_no_purchase_pays(price, stopped):
    t, u = stopping(STEPS, price)
    assert (t["stopped"], u["stopped"]) == stopped
    net = [0.0, 0.3 * price - 2.0, 0.3 * price - 8.0]
    assert (t["net"], t["best_net"]) == pytest.approx((net[stopped[0]], max(net)))
    assert u["best_net"] == 0.0
    assert u["net"] == pytest.approx(0.0 if stopped[1] == 0 else -0.1 * price - 1.0)


def test_what_cannot_be_replayed(toy):
    law = get_law("rectified")
    with pytest.raises(TargetError, match="have no run at the start"):
        read_studies([toy], law, start="model == 'a' and data < 300")
    with pytest.raises(RunsError, match="no column 'part' to split by"):
        read_studies([toy], law, split="part")
    with pytest.raises(RunsError, match=r"no column 'famly' to split by. Did you mean 'family'\?"):
        read_studies([toy], law, split="famly")
    with pytest.raises(RunsError, match=r"column 'model': no run of .* says 'pool', expected 'pool' .* found 'a', 'b'"):
        read_studies([toy], law, split="model")
    with pytest.raises(RunsError, match="needs rank"):
        read_studies([toy], get_law("multiplicative(rank)"))
    with pytest.raises(LawError, match="found the policy 'best', expected some of ours"):
        choose_policies(["best"], "choose")
    with pytest.raises(LawError, match=r"Did you mean 'halving'\?"):
        choose_policies(["halfing"], "choose")
    with pytest.raises(TargetError, match="shares"):
        replay([toy], shares=[2.0])
