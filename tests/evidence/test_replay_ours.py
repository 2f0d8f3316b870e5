"""Our policy in replays: what it draws, says and buys, and how its draws follow what was bought."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw import streams
from bayeslaw.answers.value import ChoiceBelief, normal_scores, winsorised
from bayeslaw.evidence.replay import ours
from bayeslaw.evidence.replay.ours import AHEAD, STEP, Believed, draw_rows, next_batch
from bayeslaw.evidence.replay.purse import Purse, ReplaySettings
from bayeslaw.evidence.replay.studies import Study
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs
from bayeslaw.sampling.nuts import SamplerSettings


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
    said = ours._said(purse, Believed(np.log(losses), LOSS))
    np.testing.assert_allclose(said.predicted[:2], [1.0, 0.3 * 0.5 + 0.7 * 2.0])
    assert said.promised_regret == pytest.approx(0.3 * 0.5)
    np.testing.assert_allclose([ends[1] for ends in said.interval], [0.5, 2.0])
    purse.study = replace(study, goal="foretell")
    said = ours._said(purse, Believed(np.log(losses), LOSS))
    assert (said.predicted[1], said.promised_regret) == (pytest.approx(2.0), None)


@pytest.mark.fits
def test_what_was_bought_weighs_the_draws_and_losses_at_the_target_are_never_seen(study):
    settings = ReplaySettings(get_law("rectified"), 0, 0.3, SamplerSettings(warmup=200, draws=200, enough="FAIL"))
    steps = list(ours.measure(study, settings))
    assert len(steps) > 2
    assert steps[0].details["update"] == "fit"
    assert "weights" in {step.details["update"] for step in steps}
    assert steps[-1].details["fits"] < len(steps)
    every = [row for step in steps for row in step.rows]
    assert len(set(every)) == len(every)
    assert not study.target[every].any()
    table = study.table.assign(loss=study.table["loss"] * np.where(study.target, 3.0, 1.0))
    other = replace(study, runs=replace(study.runs, table=table))
    for step, same in zip(steps, ours.measure(other, settings), strict=True):
        np.testing.assert_array_equal(step.predicted, same.predicted)


@pytest.mark.fits
def test_the_law_is_fitted_anew_where_weights_cannot_be_relied_on(study, monkeypatch):
    monkeypatch.setattr(ours, "reweigh", lambda *_: (None, 2.0))
    settings = ReplaySettings(get_law("rectified"), 0, 0.2, SamplerSettings(warmup=200, draws=200, enough="FAIL"))
    steps = list(ours.measure(study, settings))
    assert {step.details["update"] for step in steps} == {"fit"}
    assert [step.details["fits"] for step in steps] == [1 + number for number in range(len(steps))]
    assert [step.details["pareto_k"] for step in steps] == [None] + [2.0] * (len(steps) - 1)


def test_what_is_carried_over_has_random_numbers_of_its_own(study, monkeypatch):
    """Those of a seed and a stream are those of the seed, the stream and 0, of which a board is the first draw."""
    given = []

    def updated(purse, settings, whole, last, rng):
        given.append(rng.standard_normal(4))
        return SimpleNamespace(posterior=None, update="fit", pareto_k=None)

    draws = 0.1 * np.random.default_rng(4).standard_normal((100, len(study.table)))
    monkeypatch.setattr(ours, "_updated", updated)
    monkeypatch.setattr(ours, "draw_rows", lambda *_: Believed(draws, LOSS))
    list(ours.measure(study, ReplaySettings(get_law("rectified"), 5, 0.1)))
    of_the_board = np.random.default_rng([5, streams.NEXT_RUN, 0]).standard_normal(4)
    assert not np.isin(given[0], of_the_board).any()


def test_a_step_of_ours_costs_a_share_of_what_was_spent(study):
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, 1.0))
    rng = np.random.default_rng(3)
    level = 0.1 * rng.standard_normal((2000, 6))[:, pd.factorize(purse.models)[0]]  # what all runs of a model share
    draws = level + 0.01 * rng.standard_normal((2000, len(purse.models)))
    batch = next_batch(purse, Believed(draws, LOSS))
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
    first = next_batch(purse, Believed(draws, LOSS))
    assert purse.models[first[0][0]] in {"b", "c"}

    of_no_fit = SimpleNamespace(posterior=None, update="fit", pareto_k=None)
    monkeypatch.setattr(ours, "_updated", lambda *_: of_no_fit)
    monkeypatch.setattr(ours, "draw_rows", lambda *_: Believed(draws, LOSS))
    steps = list(ours.measure(study, ReplaySettings(get_law("rectified"), 0, 0.3)))
    purse.rows = [row for step in steps for row in step.rows]
    assert not len(purse.open)
    assert 0.25 < purse.spent / study.whole_cost <= 0.3
