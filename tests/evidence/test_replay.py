"""Replays: what policies buy and pay, how they are scored, and how our draws follow what was bought."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import LawError, RunsError, TargetError
from bayeslaw.evidence.replay.ours import STEP, draw_rows, next_batch, reweighted
from bayeslaw.evidence.replay.policies import POLICIES
from bayeslaw.evidence.replay.purse import Bought, Purse, ReplaySettings
from bayeslaw.evidence.replay.replay import SCORED, choose_policies, replay, scored, summarise
from bayeslaw.evidence.replay.studies import Study, read_studies
from bayeslaw.evidence.replay.surrogate import Surrogate
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs

SIZES = 100 * 2.0 ** np.arange(8)
BASELINES = ("accept-then-stop", "halving", "halving+surrogate", "uniform", "random", "v-optimal")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Six models; ``late`` is the worst at first and the best at the largest size."""
    rng = np.random.default_rng(0)
    rows = []
    for i, model in enumerate(["a", "b", "c", "d", "e", "late"]):
        level, slope = (2.6, 0.12) if model == "late" else (2.0 + 0.1 * i, 0.03)
        losses = level * (SIZES / 100) ** -slope * np.exp(0.002 * rng.standard_normal(len(SIZES)))
        rows += [
            {"model": model, "data": d, "params": (i + 1) * 1e6, "loss": x} for d, x in zip(SIZES, losses, strict=True)
        ]
    path = tmp_path_factory.mktemp("replay") / "toy.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def study(path):
    return read_studies([path], get_law("rectified"), start="data <= 200")[0]


def test_what_is_bought_known_and_decided(study):
    assert study.pool.sum() == 6 * 7
    assert study.target.sum() == 6
    assert set(study.table.loc[study.start, "data"]) == {100.0, 200.0}
    assert study.whole_cost == pytest.approx(sum((i + 1) * 1e6 for i in range(6)) * SIZES[:-1].sum())


def test_repeats_are_bought_together(path, tmp_path):
    once = pd.read_csv(path)
    repeats = pd.concat([once.assign(seed=0), once.assign(seed=1, loss=1.1 * once["loss"])])
    repeats.to_csv(tmp_path / "toy.csv", index=False)
    law = get_law("rectified")
    (alone,), (both,) = read_studies([path], law), read_studies([tmp_path / "toy.csv"], law)
    assert not both.table.duplicated(["model", "data"]).any()
    np.testing.assert_allclose(both.table["loss"], 1.05 * alone.table["loss"])
    np.testing.assert_allclose(both.cost, 2 * alone.cost)
    np.testing.assert_array_equal(both.pool, alone.pool)
    np.testing.assert_array_equal(both.start, alone.start)


def test_losses_at_the_target_do_not_stand_for_those_that_could_be_bought(forge_at_random):
    rows = [{"model": m, "data": d, "loss": 2.0 + 0.1 * i} for m in "ab" for i, d in enumerate((400.0, 200.0, 100.0))]
    runs = read_runs(pd.concat([pd.DataFrame(rows).assign(seed=seed) for seed in (0, 1)], ignore_index=True))
    pool = (runs.table["seed"] == 0).to_numpy(bool)
    study = Study("t", "foretell", runs, pool, ~pool, pool, np.ones(len(pool)), "runs")
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, 1.0))
    posterior = forge_at_random(study.bought(np.flatnonzero(pool)), draws=50, scale=0.1)
    seen = draw_rows(posterior, purse, 0).log_density[:, pool]
    purse.loss = np.where(pool, purse.loss, 9.0)
    np.testing.assert_array_equal(draw_rows(posterior, purse, 0).log_density[:, pool], seen)


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


def test_a_step_of_ours_costs_a_share_of_what_was_spent(study):
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, 1.0))
    rng = np.random.default_rng(3)
    level = 0.1 * rng.standard_normal((2000, 6))[:, pd.factorize(purse.models)[0]]  # what all runs of a model share
    draws = level + 0.01 * rng.standard_normal((2000, len(purse.models)))
    batch = next_batch(purse, LOSS, draws)
    rows = [row for row, _ in batch]
    assert len(set(rows)) == len(rows) > 1
    assert set(rows) <= set(purse.open)
    assert study.cost[rows].sum() <= max(STEP * purse.spent, study.cost[purse.open].min()) * (1 + 1e-9)
    assert all(gain > 0 for _, gain in batch)


def test_draws_are_reweighted_while_the_weights_can_be_relied_on():
    rng = np.random.default_rng(2)
    draws = rng.standard_normal(4000)
    kept, k = reweighted(-0.5 * (draws - 1.0) ** 2, rng)  # prior and likelihood normal: posterior N(.5, 1/2)
    assert k < 0.7
    assert draws[kept].mean() == pytest.approx(0.5, abs=0.06)
    assert draws[kept].std() == pytest.approx(np.sqrt(0.5), abs=0.06)
    assert reweighted(-0.5 * ((draws - 6.0) / 0.01) ** 2, rng)[0] is None


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


def test_what_cannot_be_replayed(path):
    law = get_law("rectified")
    with pytest.raises(TargetError, match="have no run at the start"):
        read_studies([path], law, start="model == 'a' and data < 300")
    with pytest.raises(RunsError, match="no column 'part' to split by"):
        read_studies([path], law, split="part")
    with pytest.raises(RunsError, match="needs rank"):
        read_studies([path], get_law("multiplicative(rank)"))
    with pytest.raises(LawError, match="found the policy 'best', expected some of ours"):
        choose_policies(["best"], "choose")
    with pytest.raises(TargetError, match="shares"):
        replay([path], shares=[2.0])
