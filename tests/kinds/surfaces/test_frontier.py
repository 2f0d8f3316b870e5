"""Distances beyond the runs of a surface, and the sizes and correlations of errors there."""

import numpy as np
import pytest

from bayeslaw.kinds.surfaces.frontier import (
    FALL,
    GROWTH,
    REACH,
    along_frontier,
    beyond,
    covariance_of_errors,
    growth,
    mean_error,
)

SQUARE = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
BUDGET = np.array([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0], [0.0, 0.0]])
"""Runs of one budget, and a small one."""


def test_points_within_the_runs_are_not_beyond():
    inside = np.random.default_rng(0).dirichlet(np.ones(4), size=50) @ SQUARE
    np.testing.assert_array_equal(beyond(np.vstack([inside, SQUARE]), SQUARE), 0.0)


@pytest.mark.parametrize(
    ("point", "seen", "distance"),
    [
        ((3.0, 1.0), SQUARE, 1.0),
        ((1.0, -0.5), SQUARE, 0.5),
        ((3.0, 3.0), SQUARE, 2.0),  # in the product, which two covariates raise
        ((1.5, 1.5), BUDGET, 1.0),  # in neither covariate, but in their product
        ((-1.0, 3.0), BUDGET, 2.0),  # in the ratio, at the same budget
    ],
)
def test_distance_is_the_largest_of_covariates_product_and_ratio(point, seen, distance):
    assert beyond(np.array([point]), seen)[0] == pytest.approx(distance)


def test_along_the_frontier_only_the_product_counts():
    points = np.array([[3.0, 1.0], [5.0, -3.0], [0.0, 0.0], [2.5, 2.5]])
    np.testing.assert_allclose(along_frontier(points, SQUARE), [0.0, 0.0, 0.0, 1.0])
    np.testing.assert_allclose(mean_error(points, SQUARE), [0.0, 0.0, 0.0, -FALL * growth(np.array(1.0))])


def test_errors_set_in_at_once_and_grow_with_distance():
    assert growth(np.array(0.0)) == 0.0
    assert growth(np.array(0.5)) == pytest.approx(1 + GROWTH / 2, rel=0.01)
    assert growth(np.array(3.0)) == pytest.approx(1 + 3 * GROWTH)


def test_covariance_has_the_sizes_and_the_reach_stated():
    points = np.array([[3.0, 1.0], [3.0, 2.0], [1.0, 4.0], [1.0, 1.0]])
    found, size = covariance_of_errors(points, SQUARE), growth(beyond(points, SQUARE))
    np.testing.assert_allclose(np.diag(found), size**2)
    assert found[0, 1] == pytest.approx(size[0] * size[1] * np.exp(-0.5 / REACH**2))
    np.testing.assert_array_equal(found[3], 0.0)  # within the data
    assert np.linalg.eigvalsh(found).min() > -1e-12


def test_three_covariates_have_a_direction_for_every_pair():
    cube = np.array([[a, b, c] for a in (0.0, 1.0) for b in (0.0, 1.0) for c in (0.0, 1.0)])
    assert beyond(np.array([[1.5, 1.5, 0.5]]), cube)[0] == pytest.approx(1.0)
    assert beyond(np.array([[1.5, 1.5, 1.5]]), cube)[0] == pytest.approx(1.5)
