"""Power-scaling: closed forms of a Gaussian, the prior of the draws against that of the model, and choices."""

import json

import jax
import numpy as np
import pytest
from scipy import integrate, stats

import bayeslaw as bl
from bayeslaw.evidence import sensitivity as module
from bayeslaw.evidence.sensitivity import (
    SENSITIVE,
    Sensitive,
    distance,
    log_prior,
    power_sensitivity,
    sensitivity,
)
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.borrowed import VECTOR
from bayeslaw.laws import get_law

DRAWS = 4000
PRIOR_SD, NOISE, SEEN = 1.0, 0.8, 1.5


def gaussian(power_of_prior=1.0, power_of_likelihood=1.0):
    """Mean and sd of a normal quantity seen once, prior and likelihood to powers."""
    precision = power_of_prior / PRIOR_SD**2 + power_of_likelihood / NOISE**2
    return power_of_likelihood * SEEN / NOISE**2 / precision, precision**-0.5


@pytest.fixture(scope="module")
def draws():
    mean, sd = gaussian()
    return mean + sd * stats.norm.ppf((np.arange(DRAWS) + 0.5) / DRAWS)


@pytest.mark.parametrize("power", [0.5, 0.8, 1.25, 2.0])
@pytest.mark.parametrize("part", ["prior", "likelihood"])
def test_weights_give_the_power_scaled_posterior_of_a_gaussian(draws, power, part):
    log_density = stats.norm.logpdf(draws, 0, PRIOR_SD) if part == "prior" else stats.norm.logpdf(SEEN, draws, NOISE)
    weights = module._weights((power - 1.0) * log_density)
    mean, sd = gaussian(**{f"power_of_{part}": power})
    found = weights @ draws
    assert found == pytest.approx(mean, abs=0.01)
    assert np.sqrt(weights @ (draws - found) ** 2) == pytest.approx(sd, rel=0.02)


def test_the_distance_is_that_of_cumulative_distributions(draws):
    log_density = stats.norm.logpdf(draws, 0, PRIOR_SD)
    ranks = np.linspace(1e-5, 1 - 1e-5, 100_001)
    for power in (0.5, 2.0):
        found, expected = distance(draws, module._weights((power - 1.0) * log_density)), []
        (mean, sd), (other, wide) = gaussian(), gaussian(power)
        x = mean + sd * stats.norm.ppf(ranks)
        for sign in (1, -1):
            p, q = stats.norm.cdf(sign * (x - mean) / sd), stats.norm.cdf(sign * (x - other) / wide)
            middle = (p + q) / 2
            both = integrate.trapezoid(p * np.log2(p / middle) + q * np.log2(q / middle), ranks)
            expected.append(np.sqrt(both / integrate.trapezoid(p + q, ranks)))
        assert found == pytest.approx(max(expected), rel=0.02)
    weights = module._weights(log_density)
    assert distance(np.exp(draws), weights) == distance(draws, weights) > 0


@pytest.mark.parametrize("part", ["prior", "likelihood"])
def test_sensitivities_are_rates_per_doubling(draws, part):
    """As a doubling moves it by, if each small part of it moves it as much."""
    prior, likelihood = stats.norm.logpdf(draws, 0, PRIOR_SD), stats.norm.logpdf(SEEN, draws, NOISE)
    log_density = prior if part == "prior" else likelihood
    doubling = distance(draws, module._weights((2**0.05 - 1) * log_density)) / 0.05
    assert power_sensitivity(draws, log_density) == pytest.approx(doubling, rel=0.05)


def test_a_distance_is_the_larger_of_both_ends(draws):
    """Draws that leave the low end of the ranks, and those that leave the high one."""
    low, high = (np.exp(-8.0 * ranks) for ranks in (np.linspace(0, 1, DRAWS), np.linspace(1, 0, DRAWS)))
    assert distance(draws, low / low.sum()) == pytest.approx(distance(draws, high / high.sum()), rel=1e-3)


@pytest.mark.parametrize(
    ("prior", "likelihood", "said"),
    [
        (0.0, 0.2, "of the runs"),
        (0.0, 0.0, "of neither, alone"),
        (0.2, 0.2, "prior and runs disagree"),
        (0.2, 0.0, "of the prior"),
        (SENSITIVE, 0.0, "of the prior"),
    ],
)
def test_what_sensitivities_mean(prior, likelihood, said):
    assert Sensitive("E", "a", "t", prior, likelihood).diagnosis == said


def test_what_is_judged_is_where_both_pull(found):
    """By the smaller of the two sensitivities of a parameter, and at the target by that to the prior."""
    parameters = [
        Sensitive("A", "a", "t", 0.5, 0.01),
        Sensitive("B", "a", "t", 0.2, 0.1),
        Sensitive("C", "a", "t", 0.03, 0.9),
    ]
    (check,) = module._checks_of(parameters)
    assert (check.value, check.status) == (0.1, "REVIEW")
    assert "(B of a)" in check.sentence
    there = [Sensitive("loss at the target", name, "t", value, 0.0) for name, value in (("a", 0.01), ("b", 0.2))]
    checks = {c.name: c for c in module._checks_of_choice(found.selection, found.held, there)}
    assert checks["prior_at_target"].value == 0.2
    assert "what b reaches" in checks["prior_at_target"].sentence
    assert checks["prior_weights"].value == max(held.k for held in found.held)


def test_what_moves_is_what_depends(draws):
    prior, likelihood = stats.norm.logpdf(draws, 0, PRIOR_SD), stats.norm.logpdf(SEEN, draws, NOISE)
    assert power_sensitivity(draws, prior) > SENSITIVE
    assert power_sensitivity(draws, likelihood) > SENSITIVE  # 1.5 sd from the prior: they disagree
    flat = stats.norm.logpdf(draws, 0, 50.0)
    assert power_sensitivity(draws, flat) < 0.001
    assert power_sensitivity(np.full(DRAWS, 3.0), prior) == 0.0
    assert power_sensitivity(-7 * draws + 2, prior) == pytest.approx(power_sensitivity(draws, prior))


def test_the_log_prior_of_draws_is_that_of_the_model(two_tasks, forge_at_random):
    """Of what is drawn from nothing else: the model's own density, less that of effects and noises of curves."""
    posterior = forge_at_random(two_tasks, draws=40)
    model, rng = build_model(two_tasks, get_law("rectified")), np.random.default_rng(3)
    positions = {name: 0.5 * rng.standard_normal((40, *shape)) for name, shape in model.sizes().items()}
    sampled = ("location", "spread.", "noise", "pull", "own_drift", "shared_drift")
    top = {name: values if name.startswith(sampled) else 0 * values for name, values in positions.items()}
    with jax.enable_x64(True):
        expected = np.array([model.density.log_prior({n: v[s] for n, v in top.items()}) for s in range(40)])
    found = log_prior(posterior)
    np.testing.assert_allclose(found - found[0], expected - expected[0], atol=1e-8)


@pytest.mark.fits
def test_the_log_prior_of_a_borrowed_vector_is_normal(prior, simulate, forge_at_random):
    runs = simulate({("flan", name): (200.0, 800.0, 3200.0) for name in "xyz"}, seed=9)
    posterior = forge_at_random(runs, draws=40, prior=prior)
    model, rng = build_model(runs, get_law("rectified"), borrowed=prior.borrowed), np.random.default_rng(3)
    positions = {name: 0.5 * rng.standard_normal((40, *shape)) for name, shape in model.sizes().items()}
    expected = -0.5 * np.sum(positions[VECTOR] ** 2, axis=1)
    found = log_prior(posterior)
    np.testing.assert_allclose(found - found[0], expected - expected[0], atol=1e-5)


@pytest.fixture(scope="module")
def found(three_models, forge_at_random):
    return sensitivity(bl.Fit(forge_at_random(three_models, draws=400)), {"data": 51_200})


def test_sensitivities_to_the_prior_and_to_all_runs_of_the_table(three_models, forge_at_random):
    posterior = forge_at_random(three_models, draws=400, scale=1.0)  # as wide as the prior, which then tells in some
    found = sensitivity(bl.Fit(posterior), {"data": 51_200})
    prior, likelihood = log_prior(posterior), posterior.predictor.log_likelihood().reshape(400, -1).sum(axis=1)
    losses = {c.model: found.selection.values[:, j] for j, c in enumerate(found.selection.candidates)}
    there = [p for p in found.parameters if p.name == "loss at the target"]
    assert {p.group for p in there} == set(losses)
    for p in there:
        assert p.prior == pytest.approx(power_sensitivity(losses[p.group], prior))
        assert p.likelihood == pytest.approx(power_sensitivity(losses[p.group], likelihood))
    sensitive = sum(p.prior >= SENSITIVE for p in found.parameters)
    assert 0 < sensitive < len(found.parameters)
    assert found.sentence.startswith(f"{sensitive} of {len(found.parameters)} parameters depend on the prior")
    for held in found.held:
        assert 1 < held.effective_draws < 400


def test_parameters_and_the_choice_are_told(found):
    named = {p.name for p in get_law("rectified").parameters}
    assert {p.name for p in found.parameters} == {*named, "loss at the target"}
    assert [p.prior for p in found.parameters] == sorted((p.prior for p in found.parameters), reverse=True)
    assert all(0 <= value <= 50 for p in found.parameters for value in (p.prior, p.likelihood))
    assert [held.power for held in found.held] == [0.5, 2.0]
    for held in found.held:
        assert sum(held.p_best.values()) == pytest.approx(1.0)
        assert held.recommended == min(held.expected_regret, key=held.expected_regret.get)
    assert {check.name for check in found.checks} == {
        "prior_against_runs",
        "choice_and_prior",
        "prior_at_target",
        "prior_weights",
    }
    assert json.dumps(found.to_dict(), allow_nan=False)
    assert len(found.to_frame()) == len(found.parameters)
    assert found.selection.recommended in found.sentence


def test_a_prior_that_decides_is_said(found):
    """With draws in which the best is the one that the prior alone prefers, holding it half changes the choice."""
    values = np.column_stack([np.full(400, 3.0), np.linspace(2.8, 3.19, 400)])
    two = bl.Selection(**{**vars(found.selection), "candidates": found.selection.candidates[:2], "values": values})
    held = tuple(module._held(two, 2 * np.linspace(0, -4, 400) * sign, power) for power in (0.5, 2.0) for sign in (1,))
    assert [h.recommended == two.recommended for h in held] == [True, False]
    check = module._checks_of_choice(two, held, list(found.parameters))[0]
    assert (check.status, check.value) == ("REVIEW", 1.0)
    assert "in 1 of 2 cases" in check.sentence


def test_without_a_target_there_is_no_choice(three_models, forge_at_random):
    found = sensitivity(bl.Fit(forge_at_random(three_models, draws=40)))
    assert (found.selection, found.held) == (None, ())
    assert [check.name for check in found.checks] == ["prior_against_runs"]
