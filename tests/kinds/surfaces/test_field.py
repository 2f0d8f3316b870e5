"""The field of a surface: what its patterns explain, what they leave, and what sets in beyond the data."""

import numpy as np

from bayeslaw.kinds.surfaces.field import LEAST_SHARED, MAX_PATTERNS, REACH, surface_field


def scattered(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 2))


def kernel(a, b):
    return np.exp(-np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1)) / REACH)


def test_patterns_and_remainder_add_up_to_the_covariance():
    field, new = surface_field(scattered(60)), scattered(9, seed=1)
    functions = field.functions(new)
    np.testing.assert_allclose(functions @ functions.T + field.remainder(new), kernel(new, new), atol=1e-10)
    np.testing.assert_allclose(field.unexplained(new), np.diag(field.remainder(new)), atol=1e-10)


def test_the_remainder_is_a_covariance():
    new = np.concatenate([scattered(30, seed=2), scattered(60)[:10]])
    assert np.linalg.eigvalsh(surface_field(scattered(60)).remainder(new)).min() > -1e-9


def test_patterns_are_the_principal_components_that_runs_share():
    points = scattered(200)
    functions = surface_field(points).functions(points)
    strength = np.sort(np.linalg.eigvalsh(functions @ functions.T))[::-1]
    variance = np.sort(np.linalg.eigvalsh(kernel(points, points)))[::-1]
    shared = variance[variance >= LEAST_SHARED][:MAX_PATTERNS]
    assert 0 < len(shared) == functions.shape[1]
    np.testing.assert_allclose(strength[: len(shared)], shared, rtol=1e-9)


def test_runs_far_from_each_other_share_nothing():
    alone = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0], [5.0, 5.0]])
    field = surface_field(alone)
    assert field.functions(alone).shape == (4, 0)
    np.testing.assert_allclose(field.unexplained(alone), 1.0)


def test_a_crowd_is_explained_by_one_pattern():
    crowd = np.concatenate([np.zeros((12, 2)), [[8.0, 8.0]]])
    field = surface_field(crowd)
    np.testing.assert_allclose(np.abs(field.functions(crowd)[:12]), 1.0)
    np.testing.assert_allclose(field.unexplained(crowd), [0.0] * 12 + [1.0], atol=1e-12)
