"""Distances beyond the runs of a surface, and the sizes and correlations of errors there."""

import numpy as np
import pytest

from bayeslaw.kinds.surfaces.frontier import FALL, GROWTH, REACH, Frontier, directions, excess, growth

SQUARE = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
BUDGET = np.array([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0], [0.0, 0.0]])
"""Runs of one budget, and a small one."""


def alike(seen, spent=(0, 1)):
    """A frontier beyond which errors are alike in all directions."""
    return Frontier(seen, np.ones(len(directions(seen.shape[1]))), spent)


def beyond(points, seen):
    """The largest distance in any direction."""
    return excess(points, seen).max(axis=1)


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


def test_losses_fall_below_the_law_along_the_product_of_resources_only():
    points = np.array([[3.0, 1.0], [5.0, -3.0], [0.0, 0.0], [2.5, 2.5]])
    np.testing.assert_allclose(alike(SQUARE).mean(points), [0.0, 0.0, 0.0, -FALL * growth(np.array(1.0))])
    one = alike(SQUARE, spent=(0,))
    np.testing.assert_allclose(one.mean(points)[:2], -FALL * growth(np.array([1.0, 3.0])))
    np.testing.assert_array_equal(alike(SQUARE, spent=()).mean(points), 0.0)  # of shares, which are spent by nothing


def test_errors_are_as_large_as_in_the_direction_of_the_largest():
    """Twice as large along the second covariate; beyond in both, the larger of the two counts."""
    ways = directions(2)
    frontier = Frontier(SQUARE, np.where((ways == (0.0, 1.0)).all(axis=1), 2.0, 1.0), (0, 1))
    points = np.array([[3.0, 1.0], [1.0, 3.0], [4.0, 2.5]])
    size = [growth(np.array(1.0)), 2 * growth(np.array(1.0)), max(2 * growth(np.array(0.5)), growth(np.array(2.5)))]
    np.testing.assert_allclose(frontier.size(points), size)
    np.testing.assert_allclose(np.diag(frontier.covariance(points)), np.square(size))
    up = np.array([0.0, 1.0])
    assert frontier.slope_sd(points[1], up) == pytest.approx(2 * frontier.slope_sd(points[0], up), rel=1e-3)


def test_errors_set_in_at_once_and_grow_with_distance():
    assert growth(np.array(0.0)) == 0.0
    assert growth(np.array(0.5)) == pytest.approx(1 + GROWTH / 2, rel=0.01)
    assert growth(np.array(3.0)) == pytest.approx(1 + 3 * GROWTH)


def test_covariance_has_the_sizes_and_the_reach_stated():
    points = np.array([[3.0, 1.0], [3.0, 2.0], [1.0, 4.0], [1.0, 1.0]])
    found, size = alike(SQUARE).covariance(points), growth(beyond(points, SQUARE))
    np.testing.assert_allclose(np.diag(found), size**2)
    assert found[0, 1] == pytest.approx(size[0] * size[1] * np.exp(-0.5 / REACH**2))
    np.testing.assert_array_equal(found[3], 0.0)  # within the data
    assert np.linalg.eigvalsh(found).min() > -1e-12


def test_three_covariates_have_a_direction_for_every_pair():
    cube = np.array([[a, b, c] for a in (0.0, 1.0) for b in (0.0, 1.0) for c in (0.0, 1.0)])
    assert beyond(np.array([[1.5, 1.5, 0.5]]), cube)[0] == pytest.approx(1.0)
    assert beyond(np.array([[1.5, 1.5, 1.5]]), cube)[0] == pytest.approx(1.5)
