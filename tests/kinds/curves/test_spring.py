"""The spring that draws curves together, against the differential equation and simulation."""

import numpy as np
import pytest
from scipy import integrate

from bayeslaw.kinds.curves.spring import Spring

SPRING = Spring()


def solve(start, slope, t):
    """x'' = -damping x' - stiffness x, numerically."""
    found = integrate.solve_ivp(
        lambda _, y: (y[1], -SPRING.damping * y[1] - SPRING.stiffness * y[0]),
        (0, max(t)),
        (start, slope),
        t_eval=t,
        rtol=1e-10,
        atol=1e-12,
    )
    return found.y[0]


def test_response_solves_the_spring():
    t = np.linspace(0.0, 11.0, 12)
    np.testing.assert_allclose(SPRING.response(t), solve(1.0, 0.0, t), atol=1e-7)


def test_response_is_1_before_the_start_and_0_from_rest_on():
    np.testing.assert_array_equal(SPRING.response(np.array([-3.0, 0.0])), [1.0, 1.0])
    np.testing.assert_allclose(SPRING.response(np.array([SPRING.rest, 20.0])), 0.0, atol=1e-12)
    assert (np.diff(SPRING.response(np.linspace(0.0, SPRING.rest, 50))) < 0).all()


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (0.2, 3.0), (7.0, 2.5), (0.0, 4.0), (12.0, 12.0)])
def test_covariance_is_the_integral_of_kicks(a, b):
    kick = lambda t: solve(0.0, 1.0, np.array([0.0, max(t, 1e-12)]))[-1]  # noqa: E731
    expected = integrate.quad(lambda u: kick(a - u) * kick(b - u), 0, min(a, b), epsabs=1e-8)[0]
    expected += SPRING.initial_slope**2 * kick(a) * kick(b)
    assert SPRING(np.array(a), np.array(b)) == pytest.approx(expected, abs=1e-6)


def test_covariance_is_that_of_simulated_springs():
    # 20000 paths of 400 steps: the standard error of a covariance is 1%, of its discretisation less
    rng = np.random.default_rng(2)
    steps, paths, length = 400, 20_000, 6.0
    dt = length / steps
    x, v, seen = np.zeros(paths), SPRING.initial_slope * rng.standard_normal(paths), []
    for step in range(steps):
        v = v - dt * (SPRING.damping * v + SPRING.stiffness * x) + np.sqrt(dt) * rng.standard_normal(paths)
        x = x + dt * v
        if step + 1 in (100, 200, 400):
            seen.append(x)
    t = np.array([100, 200, 400]) * dt
    found = np.array(seen) @ np.array(seen).T / paths
    np.testing.assert_allclose(found, SPRING(t[:, None], t[None]), rtol=0.06)


def test_covariance_is_positive_definite_over_twenty_e_folds():
    t = np.linspace(0.1, 20.0, 15)
    assert np.linalg.eigvalsh(SPRING(t[:, None], t[None])).min() > 0
