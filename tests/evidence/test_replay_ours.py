"""Our policy in replays: what it draws, says and buys, and how its draws follow what was bought."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.answers.value import ChoiceBelief, normal_scores, winsorised
from bayeslaw.evidence.replay import ours
from bayeslaw.evidence.replay.ours import AHEAD, SHARE_MIN, STEP, Believed, draw_rows, next_batch, reweighted
from bayeslaw.evidence.replay.purse import Purse, ReplaySettings
from bayeslaw.evidence.replay.studies import Study
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs


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


def test_a_model_is_drawn_where_each_of_its_runs_is_held(forge_at_random):
    """Models with runs on several amounts of unique data, of which one model is not bought yet."""
    law = get_law("data_constrained")
    table = pd.DataFrame([
        {"model": m, "params": n, "tokens": d, "unique_tokens": u, "loss": 2.0 + 1e8 / n + 1e9 / u}
        for m, n in (("a", 1e8), ("b", 2e8), ("c", 4e8)) for u in (1e9, 4e9) for d in (n * 40, 8e9, n * 80, 16e9)
        if (m, u, d) != ("a", 4e9, 8e9)
    ]).drop_duplicates()  # fmt: skip
    runs = read_runs(table)
    pool = (runs.table["data"] < 1e10).to_numpy(bool)
    start = pool & (runs.table["model"] != "c").to_numpy(bool)
    study = Study("t", "foretell", runs, pool, ~pool, start, np.ones(len(pool)), "runs")
    purse = Purse(study, ReplaySettings(law, 0, 1.0))
    posterior = forge_at_random(study.bought(purse.rows), draws=200, scale=0.1, law=law.name)
    measured = draw_rows(posterior, purse, 0).measured
    assert measured.shape[1] == len(table)
    for row, one in runs.table.iterrows():
        point = {name: float(one[name]) for name in ("params", "data", "unique_data")}
        curve = bl.Fit(posterior).predict(at=point, kind="curve")
        assert np.exp(np.median(measured[:, row])) == pytest.approx(curve["median"].iloc[0], rel=0.03), one["model"]
    of_c = (runs.table["model"] == "c").to_numpy(bool)
    assert np.ptp(np.median(measured[:, of_c], axis=0)) > 0.01


def test_sizes_ahead_are_spread_over_those_there_are(study):
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, 1.0))
    many = replace(study, pool=np.tile(study.pool, 4), start=np.tile(study.start, 4))
    purse.models, purse.sizes = np.tile(purse.models, 4), np.concatenate([purse.sizes * 3**k for k in range(4)])
    purse.study = replace(many, cost=np.full(len(purse.models), 1e-6))
    purse.rows = np.flatnonzero(purse.study.start).tolist()
    found = ours._considered(purse)
    for model in set(purse.models):
        open_sizes = np.sort(purse.sizes[purse.open][purse.models[purse.open] == model])
        sizes = purse.sizes[found[purse.models[found] == model]]
        assert len(sizes) <= AHEAD < len(open_sizes)
        assert (sizes.min(), sizes.max()) == (open_sizes[0], open_sizes[-1])


def test_what_ours_says_of_a_choice_and_of_forecasts(study):
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, 1.0))
    losses = np.ones((1000, len(purse.models)))
    _first, second = purse.targets[:2]
    losses[:, purse.targets[2:]] = 5.0
    losses[:300, second], losses[300:, second] = 0.5, 2.0
    said = ours._said(purse, LOSS, np.log(losses))
    np.testing.assert_allclose(said.predicted[:2], [1.0, 0.3 * 0.5 + 0.7 * 2.0])
    assert said.promised_regret == pytest.approx(0.3 * 0.5)
    np.testing.assert_allclose([ends[1] for ends in said.interval], [0.5, 2.0])
    purse.study = replace(study, goal="foretell")
    said = ours._said(purse, LOSS, np.log(losses))
    assert (said.predicted[1], said.promised_regret) == (pytest.approx(2.0), None)


def test_what_was_bought_weighs_the_draws_until_the_law_is_fitted_anew(study, monkeypatch):
    """Fits that are not made: the law is fitted again only when a density makes weights useless."""
    rng, fits = np.random.default_rng(4), []
    rows = len(study.table)
    level = 0.1 * rng.standard_normal((2000, 6))[:, pd.factorize(study.table["model"])[0]]
    draws = level + 0.01 * rng.standard_normal((2000, rows))

    def fit(purse, settings, whole):
        fits.append(list(purse.rows))
        tight = 50.0 if len(fits) == 1 and len(fits[0]) > 12 else 0.05
        return Believed(draws, -tight * level**2, LOSS)

    monkeypatch.setattr(ours, "_fit", fit)
    steps = list(ours.measure(study, ReplaySettings(get_law("rectified"), 0, 0.3)))
    assert len(steps) > 2
    assert [step.details["update"] for step in steps] == ["fit"] + ["weights"] * (len(steps) - 1)
    assert fits == [np.flatnonzero(study.start).tolist()]
    every = [row for step in steps for row in step.rows]
    assert len(set(every)) == len(every)
    monkeypatch.setattr(ours, "reweighted", lambda log_weight, rng: (None, 2.0))
    steps = list(ours.measure(study, ReplaySettings(get_law("rectified"), 0, 0.3)))
    assert {step.details["update"] for step in steps} == {"fit"}
    assert len(fits) == 1 + len(steps)  # each with all that was bought
    assert fits[-1] == [row for step in steps for row in step.rows]


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


def test_runs_are_bought_up_to_the_share_where_none_can_be_told_to_gain(study, monkeypatch):
    """First those of the two models between which the choice may be wrong, though another is cheaper."""
    rng, rows = np.random.default_rng(5), len(study.table)
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, 0.3))
    model = pd.factorize(purse.models)[0]
    level = np.array([9.0, 0.15, 0.0, 9.0, 9.0, 9.0]) + 0.1 * rng.standard_normal((2400, 6))
    draws = level[:, model] + 0.3 * rng.standard_normal((2400, rows))
    draws[:, purse.targets] = level[:, model[purse.targets]]
    losses = winsorised(np.exp(draws[:, purse.targets]))
    belief = ChoiceBelief.from_draws(losses[:, None], normal_scores(draws[:, purse.open].T))
    assert not belief.gains().told.any()
    first = next_batch(purse, LOSS, draws)
    assert purse.models[first[0][0]] in {"b", "c"}

    monkeypatch.setattr(ours, "_fit", lambda purse, settings, whole: Believed(draws, np.zeros_like(draws), LOSS))
    steps = list(ours.measure(study, ReplaySettings(get_law("rectified"), 0, 0.3)))
    purse.rows = [row for step in steps for row in step.rows]
    assert not len(purse.open)
    assert 0.25 < purse.spent / study.whole_cost <= 0.3


def test_draws_are_reweighted_while_the_weights_can_be_relied_on():
    rng = np.random.default_rng(2)
    draws = rng.standard_normal(4000)
    kept, k = reweighted(-0.5 * (draws - 1.0) ** 2, rng)  # prior and likelihood normal: posterior N(.5, 1/2)
    assert k < 0.7
    assert draws[kept].mean() == pytest.approx(0.5, abs=0.06)
    assert draws[kept].std() == pytest.approx(np.sqrt(0.5), abs=0.06)
    assert reweighted(-0.5 * ((draws - 6.0) / 0.01) ** 2, rng)[0] is None


def test_weights_of_few_draws_or_of_heavy_tails_are_not_relied_on():
    rng = np.random.default_rng(2)
    few = np.where(np.arange(4000) < 0.9 * SHARE_MIN * 4000, 0.0, -1e3)  # equal weights, but of too few
    kept, k = reweighted(few + 1e-3 * rng.standard_normal(4000), rng)
    assert kept is None
    assert k < 0.7
    heavy = -1.1 * np.log(rng.uniform(size=4000))  # Pareto of shape 1.1
    kept, k = reweighted(np.minimum(heavy, 6.0), rng)
    assert kept is None or k <= 0.7
