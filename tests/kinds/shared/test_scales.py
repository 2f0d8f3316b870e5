"""Priors of scales: draws of those that a statistic foretells, and all of them as plain values.

False alarms: draws are held to a p-value of 1e-6, all their means and variances together, with a fixed seed.
"""

import json
from dataclasses import asdict, dataclass, replace

import numpy as np
import pytest
from scipy import stats

from bayeslaw.kinds.curves.discrepancy import DISCREPANCIES
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.shared.scales import Foretold, LogNormal, Normal, read_scales, sampled_scales
from bayeslaw.kinds.surfaces.priors import SurfacePriors

FALSE_ALARM = 1e-6
PRIOR = Foretold(median=0.02, exponent=0.6, sd=0.5, typical=0.04, spread=1.5)
STATISTIC = np.array([0.005, 0.04, 0.6, np.nan])


def assert_normal(x, mean, sd):
    """Draws (S, d) are independent normals: two chi-squares, of means and of covariances."""
    white = (x - mean) / sd
    draws, d = white.shape
    assert stats.chi2.sf(draws * np.sum(white.mean(axis=0) ** 2), d) > FALSE_ALARM
    excess = np.sqrt(draws) * (white.T @ white / draws - np.eye(d))
    statistic = np.sum(np.triu(excess, 1) ** 2) + np.sum(np.diag(excess) ** 2) / 2
    assert stats.chi2.sf(statistic, d * (d + 1) // 2) > FALSE_ALARM


@pytest.mark.parametrize("exponent", [0.6, -0.4, 0.0])
def test_draws_are_lognormal_about_what_the_statistic_foretells(exponent):
    prior = replace(PRIOR, exponent=exponent)
    found = prior.draw(STATISTIC, 20_000, np.random.default_rng(1))
    assert found.shape == (20_000, 4)
    median = 0.02 * np.array([0.125**exponent, 1.0, 15.0**exponent, 1.0])
    # without a statistic, that of a table of its sort, which is lognormal about the typical one
    sd = np.array([0.5, 0.5, 0.5, np.sqrt(0.25 + (1.5 * exponent) ** 2)])
    assert_normal(np.log(found), np.log(median), sd)


def test_what_is_known_exactly_is_not_drawn():
    prior = replace(PRIOR, sd=0.0)
    found = prior.draw(STATISTIC[:3], 5, np.random.default_rng(1))
    np.testing.assert_allclose(found, np.tile(0.02 * np.array([0.125, 1.0, 15.0]) ** 0.6, (5, 1)))
    unknown = prior.draw(STATISTIC[3:], 20_000, np.random.default_rng(2))
    assert_normal(np.log(unknown), np.log(0.02), 0.9)


def test_statistics_that_are_rounding_are_floored():
    def drawn(statistic):
        return PRIOR.draw(np.array([statistic]), 5, np.random.default_rng(3))

    for tiny in (0.0, 1e-12, 0.0003):
        np.testing.assert_array_equal(drawn(tiny), drawn(0.0004))  # a hundredth of the typical one
    assert (drawn(0.0005) > drawn(0.0004)).all()


# --------------------------------------------------------------------------------------------------------- plain values


@pytest.mark.parametrize(
    "scales",
    [
        *(discrepancy.scales for discrepancy in DISCREPANCIES.values()),
        SurfacePriors(),
        replace(ScalePriors(), own_change=PRIOR, shared_change=replace(PRIOR, sd=0.0), change_df=7.5),
    ],
    ids=["slope", "level", "surface", "other changes"],
)
def test_scales_are_read_as_they_were_written(scales):
    found = read_scales(type(scales), json.loads(json.dumps(asdict(scales))))
    assert found == scales
    assert {name: type(value) for name, value in vars(found).items()} == {
        name: type(value) for name, value in vars(scales).items()
    }


@dataclass(frozen=True)
class Three:
    """One prior of each sort, and a number."""

    a: LogNormal
    b: Normal
    c: Foretold
    d: float


def test_each_sort_of_prior_is_told_by_its_fields():
    plain = {
        "a": {"median": 1.0, "sd": 2.0},
        "b": {"mean": 1.0, "sd": 2.0},
        "c": {"median": 1.0, "exponent": 0.5, "sd": 2.0, "typical": 3.0, "spread": 4.0},
        "d": 5.0,
    }
    assert read_scales(Three, plain) == Three(LogNormal(1.0, 2.0), Normal(1.0, 2.0), Foretold(1, 0.5, 2, 3, 4), 5.0)


@pytest.mark.parametrize("missing", ["own_change", "shared_change", "change_df", "noise"])
def test_scales_that_lack_one_are_refused(missing):
    plain = asdict(ScalePriors())
    del plain[missing]
    with pytest.raises(TypeError, match=f"scales without {missing}"):
        read_scales(ScalePriors, plain)


@pytest.mark.parametrize("number", [-1, 0, float("nan"), True])
def test_numbers_that_are_no_scales_are_refused(number):
    with pytest.raises(TypeError, match=f"scales whose change_df is {number}"):
        read_scales(ScalePriors, asdict(ScalePriors()) | {"change_df": number})


def test_a_foretold_prior_that_lacks_a_field_is_refused():
    plain = asdict(ScalePriors())
    del plain["own_change"]["typical"]
    with pytest.raises(TypeError, match="typical"):
        read_scales(ScalePriors, plain)


def test_what_no_likelihood_tells_is_not_sampled():
    scales = replace(ScalePriors(), own_change=PRIOR, shared_drift=LogNormal(0.01, 0.0))
    assert set(sampled_scales(scales)) == {"noise", "pull", "own_drift"}
