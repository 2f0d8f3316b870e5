"""The way from skill to scores: logistic, or exponential up to where scores level off."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import bayeslaw as bl
from bayeslaw.kinds.scores.link import bend, share, skill_of_share, slope_of_share
from bayeslaw.kinds.shared.elementwise import elementwise
from bayeslaw.laws import get_law

SKILL = np.linspace(-8.0, 6.0, 57)
SIGMOID, EXPONENTIAL = bend(get_law("loss_to_score")), bend(get_law("loss_to_error"))
pytestmark = pytest.mark.quick


def test_the_usual_link_is_the_logistic_function():
    np.testing.assert_allclose(elementwise(share, SKILL, SIGMOID), expit(SKILL), rtol=1e-12)


def test_the_other_is_an_exponential_up_to_two_fifths_of_the_way():
    low = SKILL[np.log(0.4) >= SKILL]
    np.testing.assert_allclose(elementwise(share, low, EXPONENTIAL), np.exp(low), rtol=0.01)
    assert elementwise(share, np.array([50.0]), EXPONENTIAL)[0] == pytest.approx(1.0)


@pytest.mark.parametrize("b", [SIGMOID, EXPONENTIAL])
def test_slopes_and_inverses_agree_with_the_link(b):
    with jax.enable_x64(True):
        found = np.asarray(share(jnp.asarray(SKILL), b))
        slope = jax.vmap(jax.grad(lambda u: share(u, b)))(jnp.asarray(SKILL))
        np.testing.assert_allclose(slope_of_share(jnp.asarray(SKILL), b), slope, rtol=1e-9)
    inside = SKILL < 3.0
    np.testing.assert_allclose(skill_of_share(found[inside], b), SKILL[inside], atol=1e-6)


def test_gamma_is_the_slope_of_the_logarithm_of_scores_above_chance(forge_at_random):
    """Far below the ceiling, as in Err(L) = epsilon - k exp(-gamma L)."""
    losses = np.array([3.0, 3.4, 3.8, 4.2])
    frame = pd.DataFrame(
        {"model": list("abcd"), "family": "f", "task": "t", "model_loss": losses, "chance": 0.0, "questions": 1e6,
         "accuracy": 0.9 * np.exp(-1.5 * losses)}
    )  # fmt: skip
    fit = bl.Fit(forge_at_random(bl.read_runs(frame), law="loss_to_error", draws=50))
    predictor = fit.posterior.predictor
    targets = predictor.targets([{"model_loss": 7.0}, {"model_loss": 7.1}], "seen", np.random.default_rng(0))
    above = predictor.law_alone(targets) - fit.posterior.flat("chance")[:, :, None]
    gamma = fit.posterior.flat("gamma")
    low = np.all(above < 0.3, axis=2)
    assert low.mean() > 0.5
    np.testing.assert_allclose((np.log(above[..., 0] / above[..., 1]) / 0.1)[low], gamma[low], rtol=0.02)
