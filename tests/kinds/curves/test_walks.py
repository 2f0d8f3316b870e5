"""Slope walks, their bases, and the rotation that makes a curve's likelihood elementwise."""

import numpy as np
import pytest
from scipy import integrate

from bayeslaw.kinds.curves.spring import Spring
from bayeslaw.kinds.curves.walks import MAX_KNOTS, MIN_GAP, rotate, slope_walks
from bayeslaw.kinds.shared.borrowed import TaskPath
from bayeslaw.kinds.shared.walks import IntegratedWalk, changing_slope, integrated_walk

SIZES = np.log([200.0, 400.0, 800.0, 1600.0, 6400.0])


def task_walks(sizes):
    """Walks of a task that no prior knows."""
    return slope_walks(sizes, None, Spring())


@pytest.mark.parametrize(("s", "t"), [(1.0, 1.0), (0.3, 2.0), (2.0, 0.3), (5.0, 4.5), (0.0, 2.0)])
def test_covariance_is_the_integral_of_that_of_brownian_motion(s, t):
    expected, _ = integrate.dblquad(lambda v, u: min(u, v), 0, s, 0, t, epsabs=1e-10)
    found = integrated_walk(np.array(s), np.array(t))
    assert found == pytest.approx(expected, abs=1e-6)


def test_covariance_is_that_of_simulated_brownian_motion():
    # 20000 paths of 200 steps: the standard error of a covariance is below 1.5%; 6% is 4 standard errors
    rng = np.random.default_rng(1)
    steps, paths, length = 200, 20_000, 3.0
    slope = np.cumsum(rng.standard_normal((paths, steps)) * np.sqrt(length / steps), axis=1)
    value = np.cumsum(slope, axis=1) * length / steps
    at = np.array([49, 99, 199])
    t = (at + 1) * length / steps
    expected = integrated_walk(t[:, None], t[None])
    np.testing.assert_allclose(value[:, at].T @ value[:, at] / paths, expected, rtol=0.06)


def test_variance_grows_with_the_cube_of_distance():
    t = np.array([1.0, 2.0, 10.0])
    np.testing.assert_allclose(integrated_walk(t, t), t**3 / 3)


@pytest.fixture(params=["own", "shared"])
def basis(request):
    return getattr(task_walks(SIZES), request.param)


def between(basis, s, t):
    """Covariance of the walk itself."""
    return basis.covariance(np.maximum(s - SIZES[0], 0.0)[:, None], np.maximum(t - SIZES[0], 0.0)[None])


def test_walks_of_a_task_are_of_two_kinds_on_the_same_knots():
    walks = task_walks(SIZES)
    assert walks.shared.covariance == IntegratedWalk()
    assert walks.own.covariance == Spring()
    for basis in (walks.own, walks.shared):
        assert basis.anchor == SIZES[0]
        assert basis.edge == SIZES[-1]
        np.testing.assert_array_equal(basis.knots, SIZES[1:])


def test_basis_reproduces_the_walk_at_its_knots(basis):
    functions = basis.functions(SIZES)
    np.testing.assert_allclose(functions @ functions.T, between(basis, SIZES, SIZES), atol=1e-12)
    # against a knot the conditional mean loses nothing, wherever the other point is
    elsewhere = np.log([150.0, 300.0, 5000.0, 1e6])
    np.testing.assert_allclose(basis.functions(elsewhere) @ functions.T, between(basis, elsewhere, SIZES), atol=1e-9)


def test_functions_keep_the_shape_of_their_argument(basis):
    t = np.log(np.array([[300.0, 500.0, 700.0], [1e3, 1e4, 1e5]]))
    assert basis.functions(t).shape == (2, 3, 4)
    np.testing.assert_array_equal(basis.functions(t)[1], basis.functions(t[1]))


def test_remainder_is_a_covariance_and_nothing_at_knots(basis):
    t = np.concatenate([SIZES, np.log([150.0, 300.0, 350.0, 3000.0])])
    remainder = basis.remainder(t)
    np.testing.assert_allclose(remainder, remainder.T, atol=1e-9)
    assert np.linalg.eigvalsh(remainder).min() > -1e-9 * remainder.max()
    np.testing.assert_allclose(remainder[: len(SIZES)], 0.0, atol=1e-9)
    np.testing.assert_allclose(remainder[len(SIZES)], 0.0, atol=1e-12)  # before the first size nothing has drifted
    assert (np.diag(remainder)[-3:] > 1e-4).all()
    assert remainder[6, 7] > 0.5 * np.sqrt(remainder[6, 6] * remainder[7, 7])  # between the same knots


def test_beyond_the_data_nothing_is_added_to_the_conditional_mean(basis):
    t = np.log([3000.0, 6400.0, 7000.0, 1e5, 1e7])
    remainder = basis.remainder(t)
    assert remainder[0, 0] > 1e-4
    np.testing.assert_allclose(remainder[1:], 0.0, atol=1e-9)
    # the conditional mean itself goes on: against the values at the knots it covaries as the walk does
    ahead, known = basis.functions(t[2:]), basis.functions(SIZES)
    np.testing.assert_allclose(ahead @ known.T, between(basis, t[2:], SIZES), rtol=1e-9)


def test_a_last_size_without_a_knot_keeps_what_is_unknown_of_it():
    """Sizes nearer to each other than knots may be: the walk is random up to the last of them, and no further."""
    basis = task_walks(np.log([200.0, 400.0, 430.0])).shared
    np.testing.assert_allclose(np.exp(basis.knots), [400.0])
    last = basis.remainder(np.log([430.0]))[0, 0]
    assert last > 1e-5
    np.testing.assert_allclose(basis.remainder(np.log([430.0, 1e3, 1e6])), last)


def test_basis_and_remainder_make_up_the_walk(basis):
    t = np.log([250.0, 550.0, 3000.0, 6000.0])
    functions = basis.functions(t)
    np.testing.assert_allclose(functions @ functions.T + basis.remainder(t), between(basis, t, t), rtol=1e-12)


def test_knots_are_apart_and_few():
    close = task_walks(np.log([200.0, 201.0, 210.0, 400.0, 401.0])).own
    np.testing.assert_allclose(np.exp(close.knots), [400.0])
    many = task_walks(np.linspace(0.0, 10.0, 60)).own
    assert len(many.knots) == MAX_KNOTS
    assert many.knots[-1] == 10.0
    assert np.diff([many.anchor, *many.knots]).min() >= MIN_GAP


def test_one_size_has_no_walk():
    walks = task_walks(np.full(3, np.log(800.0)))
    t = np.log([400.0, 800.0, 8000.0])
    for basis in (walks.own, walks.shared):
        assert basis.functions(t).shape == (3, 0)
        np.testing.assert_array_equal(basis.remainder(t), 0.0)


def test_a_known_path_moves_the_edge_of_the_shared_walk_alone():
    path = TaskPath(SIZES[0], SIZES[1:], np.zeros(5), 0.1, 3)
    short = slope_walks(SIZES[:3], path, Spring())
    assert short.own.edge == SIZES[2]
    assert short.shared.edge == SIZES[-1]
    assert short.known == 4
    between_knots = np.log([3000.0])
    assert short.shared.remainder(between_knots)[0, 0] > 1e-4
    long = slope_walks(np.append(SIZES, np.log(20_000.0)), path, Spring())
    np.testing.assert_allclose(np.exp([long.own.edge, long.shared.edge, long.shared.knots[-1]]), 20_000.0)


def rotation_case(sizes, weight):
    walks, t = task_walks(SIZES), np.log(np.asarray(sizes, float))
    own, shared = walks.own.functions(t), walks.shared.functions(t)
    weight = np.asarray(weight, float)
    return own, shared, weight, rotate(own, shared, weight)


ROTATIONS = [
    ([200, 400, 800, 1600, 6400], [1, 1, 1, 1, 1], 4),
    ([200, 400, 800, 1600, 6400], [0.2, 1, 0.7, 0.1, 0.5], 4),
    ([400, 400, 400, 1600, 1600], [1, 0.3, 1, 1, 0.9], 1),
    ([300, 500, 700, 1000, 1300, 2000, 3000], [1] * 7, 6),  # between knots the two kinds span different directions
    ([200, 800], [1, 1], 1),
    ([200], [1], 0),
    ([200, 200], [1, 1], 0),
    # rounding leaves next to nothing, not nothing, of a curve at one size; it must not pass for a direction of the walk
    ([800], [0.3], 0),
    ([300, 300, 300], [1, 1, 1], 0),
    ([300, 300, 300], [0.3, 0.5, 0.9], 0),
    ([6400] * 7, np.linspace(0.1, 1, 7), 0),
]


@pytest.mark.parametrize(("sizes", "weight", "rank"), ROTATIONS)
def test_rotation_is_orthonormal_and_free_of_the_level(sizes, weight, rank):
    own, _, weight, curve = rotation_case(sizes, weight)
    assert curve.rotation.shape == (len(sizes), rank)
    np.testing.assert_allclose(curve.rotation.T @ curve.rotation, np.eye(rank), atol=1e-12)
    np.testing.assert_allclose(curve.rotation.T @ np.sqrt(weight), 0.0, atol=1e-12)
    assert curve.noise_directions == len(sizes) - 1 - rank
    assert curve.own.shape == curve.shared.shape == (rank, own.shape[1])


@pytest.mark.parametrize(("sizes", "weight", "rank"), ROTATIONS)
def test_rotation_loses_nothing_of_the_walks(sizes, weight, rank):
    own, shared, weight, curve = rotation_case(sizes, weight)
    root = np.sqrt(weight)
    projector = np.eye(len(sizes)) - np.outer(root, root) / weight.sum()
    for functions, rotated in ((own, curve.own), (shared, curve.shared)):
        np.testing.assert_allclose(curve.rotation @ rotated, projector @ (root[:, None] * functions), atol=1e-9)
    np.testing.assert_allclose(curve.own @ curve.own.T, np.diag(curve.strength), atol=1e-9)


def test_changes_of_slope_are_a_covariance_that_forgets():
    """Of unit rate: the sd is the distance, what is left at M given m is M - m, and no part is negative."""
    a, b = np.array([0.3, 1.0, 2.0]), np.array([1.2, 4.0, 2.0])
    between = changing_slope(a, b)
    np.testing.assert_allclose(changing_slope(a, a), a**2)
    np.testing.assert_allclose(b**2 - between**2 / a**2, (b - a) ** 2)
    np.testing.assert_array_equal(between, changing_slope(b, a))
    for far in (np.geomspace(0.05, 8, 60), np.linspace(0.1, 8, 80), np.random.default_rng(0).uniform(0, 9, 50)):
        least = np.linalg.eigvalsh(changing_slope(far[:, None], far[None])).min()
        assert least > -1e-9
