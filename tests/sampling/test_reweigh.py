"""Draws that are carried over to a table with more runs."""

from dataclasses import replace

import numpy as np
import pytest

from bayeslaw import Fit
from bayeslaw.fitting.assemble import assemble
from bayeslaw.kinds.registry import build_model
from bayeslaw.laws import get_law
from bayeslaw.sampling.nuts import RawDraws, SamplerSettings
from bayeslaw.sampling.reweigh import SHARE_MIN, resampled, reweigh
from bayeslaw.sampling.sample import Sampled, complete_and_check, sample

Z = 4.5
"""Differences of means in standard errors that are allowed: some 60 are looked at, so that false alarms are 4e-4."""


def test_draws_are_resampled_while_the_weights_can_be_relied_on():
    rng = np.random.default_rng(2)
    draws = rng.standard_normal(4000)
    kept, k = resampled(-0.5 * (draws - 1.0) ** 2, rng)  # prior and likelihood normal: posterior N(.5, 1/2)
    assert k < 0.7
    assert draws[kept].mean() == pytest.approx(0.5, abs=0.06)
    assert draws[kept].std() == pytest.approx(np.sqrt(0.5), abs=0.06)
    assert resampled(-0.5 * ((draws - 6.0) / 0.01) ** 2, rng)[0] is None
    assert resampled(np.where(draws > 3, np.nan, draws), rng) == (None, np.inf)


def test_weights_of_few_draws_or_of_heavy_tails_are_not_relied_on():
    rng = np.random.default_rng(2)
    few = np.where(np.arange(4000) < 0.9 * SHARE_MIN * 4000, 0.0, -1e3)  # equal weights, but of too few
    kept, k = resampled(few + 1e-3 * rng.standard_normal(4000), rng)
    assert kept is None
    assert k < 0.7
    heavy = -1.1 * np.log(rng.uniform(size=4000))  # Pareto of shape 1.1
    kept, k = resampled(np.minimum(heavy, 6.0), rng)
    assert kept is None or k <= 0.7


@pytest.fixture(scope="module")
def grown(two_models, scales, pooling):
    """A table, its model without the last run, which is a surprise, that of all runs, and draws of both."""
    law, sampler = get_law("rectified"), SamplerSettings(warmup=300, draws=500, enough="FAIL")
    last = np.arange(len(two_models.table)) == len(two_models.table) - 1
    loss = two_models.table["loss"] * np.where(last, 0.9, 1.0)
    runs = replace(two_models, table=two_models.table.assign(loss=loss))
    after = build_model(runs, law, scales=scales, pooling=pooling)
    before = build_model(runs.where_rows(~last, "not made"), law, scales=scales, pooling=pooling)
    before = before.as_large_as(after)
    return runs, before, after, *(sample(model, sampler, seed=3) for model in (before, after))


@pytest.mark.fits
def test_draws_that_are_carried_over_are_those_of_a_new_fit(grown):
    _, before, after, first, second = grown
    carried, k = reweigh(first, before, after, np.random.default_rng(1))
    assert k < 0.7
    found, wanted, earlier = (s.draws.variables() for s in (carried, second, first))
    off, moved = [], []
    for name in second.draws.watched():
        for one, other, old in zip(
            *(np.reshape(v[name][0], (2000, -1)).T for v in (found, wanted, earlier)), strict=True
        ):
            spread = np.hypot(one.std(), other.std())
            if spread > 0:  # 500 effective draws of the fit, 200 of the weights
                off.append(abs(one.mean() - other.mean()) / (spread * np.sqrt(1 / 500 + 1 / 200)))
                moved.append(abs(old.mean() - other.mean()) / (spread * np.sqrt(2 / 500)))
    assert max(off) < Z
    assert max(moved) > 3.0  # the new run tells something


@pytest.mark.fits
def test_what_is_integrated_out_is_drawn_given_the_new_table(grown):
    """Completed by the earlier table, draws would know nothing of the new run but what weights say."""
    runs, before, after, first, second = grown
    carried, _ = reweigh(first, before, after, np.random.default_rng(1))
    stale = replace(carried, draws=complete_and_check(before, first.raw.positions, 0)[0])

    def at_the_new_run(sampled):
        posterior = assemble(runs, after.law, after, sampled, 0)
        return np.log(Fit(posterior).predict(at={"data": 3200.0}, kind="curve")["median"].iloc[1])

    assert at_the_new_run(carried) == pytest.approx(at_the_new_run(second), abs=0.01)
    assert at_the_new_run(stale) > at_the_new_run(second) + 0.03


@pytest.mark.fits
def test_draws_of_other_shapes_or_densities_are_not_carried_over(grown, two_models, scales):
    _, before, after, first, _ = grown
    other = build_model(two_models, get_law("rectified"), scales=scales)
    assert reweigh(first, before, other, np.random.default_rng(1)) == (None, None)
    far = replace(after, data=after.data._replace(log_loss=after.data.log_loss * 30.0))
    assert reweigh(first, before, far, np.random.default_rng(1))[0] is None


def test_draws_in_which_effects_of_models_were_fixed_are_not_carried_over_to_a_table_that_has_them(surface):
    """From three runs a model on, models differ: all draws of the table before would say that they do not."""
    runs = surface({"x": ((1e8, 3e8, 9e8), (2e9, 6e9, 1.8e10))})
    after = build_model(runs, get_law("chinchilla"))
    before = build_model(runs.where_rows(np.arange(9) < 8, "not made"), get_law("chinchilla")).as_large_as(after)
    assert before.density == after.density
    assert before.sizes() == after.sizes()
    rng = np.random.default_rng(1)
    free = {name: rng.standard_normal((4, 50, *shape)) for name, shape in before.sizes().items()}
    positions = {name: np.zeros_like(v) if name in before.fixed() else v for name, v in free.items()}
    raw = RawDraws(positions, *(np.zeros((4, 50)) for _ in range(5)))
    draws = before.complete({name: values[0] for name, values in positions.items()}, rng)
    sampled = Sampled(draws, raw, (), (), SamplerSettings(), 0.0)
    assert reweigh(sampled, before, after, rng) == (None, None)
