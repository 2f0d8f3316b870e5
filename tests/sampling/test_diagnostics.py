"""Checks of draws, on draws whose fault is known."""

import numpy as np
import pytest
import xarray as xr

from bayeslaw.sampling.diagnostics import ESS_MIN, bfmi, convergence_checks, trajectory_checks
from bayeslaw.sampling.nuts import RawDraws
from bayeslaw.verdicts import overall


def dataset(values, **coords):
    dims = ("chain", "draw", "curve")[: np.ndim(values)]
    return xr.Dataset({"x": (dims, values)}, coords=coords)


def statuses(checks):
    return {check.name: check.status for check in checks}


def raw_draws(chains=4, draws=500, diverging=0, saturated=0, depth=9, energy=None):
    rng = np.random.default_rng(0)
    flags = np.zeros(chains * draws, bool)
    flags[:diverging] = True
    steps = np.full(chains * draws, 7)
    steps[:saturated] = 2**depth - 1
    shape = (chains, draws)
    energy = rng.standard_normal(shape) if energy is None else energy
    return RawDraws({}, flags.reshape(shape), steps.reshape(shape), energy, np.full(shape, 0.9), -energy)


def test_bfmi_of_energies_known_in_closed_form():
    # alternating between -1 and 1: every squared step is 4, the variance 1
    alternating = np.tile([-1.0, 1.0], 500)
    # a ramp of n points: squared steps are 1, the variance (n^2 - 1) / 12
    ramp = np.arange(1000.0)
    np.testing.assert_allclose(bfmi(np.stack([alternating, ramp])), [4.0, 12 / (1000**2 - 1)])


def test_bfmi_of_independent_energies_is_two_and_of_a_slow_walk_small():
    rng = np.random.default_rng(1)
    # the standard error is about 2 / sqrt(20000) * 1.5 = .02; .1 is five of them
    assert bfmi(rng.standard_normal((1, 20_000)))[0] == pytest.approx(2.0, abs=0.1)
    slow = np.cumsum(rng.standard_normal((1, 20_000)), axis=1)
    assert bfmi(slow)[0] < 0.05


def test_good_chains_pass():
    rng = np.random.default_rng(2)
    checks = convergence_checks(dataset(rng.standard_normal((4, 500, 3))))
    assert statuses(checks) == {"r_hat": "PASS", "ess_bulk": "PASS", "ess_tail": "PASS"}
    assert {check.remedy for check in checks} == {""}


@pytest.mark.parametrize("fault", ["elsewhere", "stuck", "scale"])
def test_one_bad_chain_is_caught_and_named(fault):
    draws = np.random.default_rng(3).standard_normal((4, 500, 3))
    if fault == "elsewhere":
        draws[2, :, 1] += 2
    elif fault == "stuck":
        draws[2, :, 1] = draws[2, 0, 1]
    else:  # the same centre, another spread: only a folded R-hat sees it
        draws[2, :, 1] *= 5
    checks = {check.name: check for check in convergence_checks(dataset(draws, curve=["a", "b", "c"]))}
    assert checks["r_hat"].status == "FAIL"
    assert "x[b]" in checks["r_hat"].sentence
    assert checks["r_hat"].remedy


def test_few_effective_draws_are_caught():
    rng = np.random.default_rng(4)
    steps = rng.standard_normal((4, 500))
    draws = np.empty_like(steps)
    draws[:, 0] = steps[:, 0]
    for i in range(1, 500):  # autocorrelation .9: about a nineteenth of 2000 draws are effective
        draws[:, i] = 0.9 * draws[:, i - 1] + np.sqrt(1 - 0.9**2) * steps[:, i]
    checks = {check.name: check for check in convergence_checks(dataset(draws))}
    assert checks["ess_bulk"].status in ("REVIEW", "FAIL")
    assert 2000 / 19 / 3 < checks["ess_bulk"].value < 2000 / 19 * 3
    assert checks["ess_bulk"].threshold == ESS_MIN


def test_draws_that_never_move_fail():
    checks = convergence_checks(dataset(np.ones((4, 100))))
    assert overall(checks) == "FAIL"
    nothing = np.random.default_rng(5).standard_normal((4, 100))
    nothing[0, 0] = np.nan
    assert overall(convergence_checks(dataset(nothing))) == "FAIL"


def test_the_worst_of_several_variables_counts():
    rng = np.random.default_rng(6)
    good, bad = rng.standard_normal((4, 500)), np.cumsum(rng.standard_normal((4, 500)), axis=1)
    draws = xr.Dataset({"good": (("chain", "draw"), good), "bad": (("chain", "draw"), bad)})
    for check in convergence_checks(draws):
        assert check.status == "FAIL"
        assert "bad" in check.sentence


@pytest.mark.parametrize(
    ("diverging", "expected"), [(0, "PASS"), (1, "REVIEW"), (10, "REVIEW"), (11, "FAIL"), (2000, "FAIL")]
)
def test_divergences(diverging, expected):
    found = {check.name: check for check in trajectory_checks(raw_draws(diverging=diverging), 9)}
    assert found["divergences"].status == expected
    assert found["divergences"].value == diverging
    assert found["e_bfmi"].status == "PASS"
    assert found["tree_depth"].status == "PASS"


@pytest.mark.parametrize(("saturated", "expected"), [(0, "PASS"), (1, "REVIEW"), (20, "REVIEW"), (21, "FAIL")])
def test_trees_cut_off(saturated, expected):
    found = statuses(trajectory_checks(raw_draws(saturated=saturated), 9))
    assert found["tree_depth"] == expected
    assert found["divergences"] == "PASS"
    assert statuses(trajectory_checks(raw_draws(saturated=saturated), 10))["tree_depth"] == "PASS"


def test_energy_that_hardly_moves():
    energy = np.random.default_rng(7).standard_normal((4, 500))
    energy[3] = np.cumsum(energy[3])
    assert statuses(trajectory_checks(raw_draws(energy=energy), 9))["e_bfmi"] == "FAIL"


def test_joining_draws_keeps_chains_apart():
    one, two = raw_draws(chains=2, draws=3), raw_draws(chains=2, draws=5, diverging=1)
    one = RawDraws({"x": np.zeros((2, 3, 4))}, one.diverging, one.steps, one.energy, one.accept, one.log_density)
    two = RawDraws({"x": np.ones((2, 5, 4))}, two.diverging, two.steps, two.energy, two.accept, two.log_density)
    both = one.join(two)
    assert both.positions["x"].shape == (2, 8, 4)
    np.testing.assert_array_equal(both.positions["x"][:, :, 0], [[0] * 3 + [1] * 5] * 2)
    assert both.diverging.sum(axis=1).tolist() == [1, 0]
    assert both.energy.shape == both.steps.shape == both.accept.shape == both.log_density.shape == (2, 8)
