"""Losses along sizes, and how far each lies from its neighbours."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.runs.trajectories import departures, expected, scatter, trajectories
from tests.runs.tables import table_of


def of(rows, columns=("model", "data", "loss"), fixed=()):
    return trajectories(table_of(pd.DataFrame(rows, columns=list(columns))), "data", fixed)


def test_a_line_has_no_departures():
    size = np.array([0.0, 1.0, 1.5, 4.0])
    np.testing.assert_allclose(expected(size, 3 - 0.2 * size), 3 - 0.2 * size)
    np.testing.assert_allclose(departures(size, 3 - 0.2 * size), 0, atol=1e-12)


def test_departures_are_from_the_line_through_the_neighbours():
    size, level = np.array([0.0, 1.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0, 0.0])
    # the middle ones: 1 - 0 (a third of the way from 0 to 0), 0 - 2/3 (two thirds from 1 to 0)
    np.testing.assert_allclose(expected(size, level)[1:3], [0.0, 1 / 3])
    # the ends: from 1 by slope -1/2, from 0 by slope -1/2
    np.testing.assert_allclose(expected(size, level)[[0, 3]], [1.5, -0.5])
    np.testing.assert_allclose(departures(size, level)[[0, 3]], [-1.5 / 1.5, 0.5 / 1.5])


def test_repeated_runs_are_one_level_with_an_error():
    (curve,) = of([("a", 200, 3.0), ("a", 100, 3.1), ("a", 100, 3.3), ("a", 100, 4.0)])
    np.testing.assert_allclose(np.exp(curve.size), [100, 200])
    np.testing.assert_allclose(np.exp(curve.level), [3.3, 3.0])
    spread = np.log([3.1, 3.3, 4.0]).std() * np.sqrt(3 / 2)
    np.testing.assert_allclose(curve.error, [spread / np.sqrt(3), spread])
    np.testing.assert_array_equal(curve.rows, [1, 2, 3, 0])
    np.testing.assert_array_equal(curve.cell, [0, 0, 0, 1])


def test_standard_errors_of_the_table_count():
    (curve,) = of([("a", 100, 2.0, 0.02), ("a", 200, 1.0, 0.03)], ("model", "data", "loss", "loss_se"))
    np.testing.assert_allclose(curve.error, [0.01, 0.03])


def test_a_model_of_two_sizes_is_two_curves():
    rows = [("a", 100, 3.0, 1e8), ("a", 200, 2.9, 1e8), ("a", 100, 2.0, 1e9)]
    assert [len(c.size) for c in of(rows, ("model", "data", "loss", "params"), ["params"])] == [2, 1]
    assert [len(c.size) for c in of(rows, ("model", "data", "loss", "params"))] == [2]


def test_scatter_is_that_of_noise():
    rng = np.random.default_rng(0)
    rows = [("a", size, np.exp(1 - 0.1 * np.log(size) + 0.01 * rng.standard_normal())) for size in range(100, 5000)]
    # a departure from the mean of two neighbours has an sd of sqrt(3 / 2) times the noise
    assert scatter(of(rows)) == pytest.approx(0.01 * np.sqrt(1.5), rel=0.05)
    assert scatter(of(rows[:3])) == 0
