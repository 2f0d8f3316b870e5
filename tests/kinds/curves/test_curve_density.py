"""The log density against the same joint density written densely, run by run, from the documentation."""

import functools

import jax
import numpy as np
import pandas as pd
import pytest

from bayeslaw.kinds.base import log_density
from bayeslaw.kinds.curves.density import log_likelihood, log_prior
from bayeslaw.kinds.registry import build_model
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs

SIZES = (200.0, 400.0, 800.0, 1600.0, 3200.0)


def balanced(simulate):
    return simulate({("t", name): SIZES for name in "abc"}, seed=1)


def unbalanced(simulate):
    table = {("t", "a"): SIZES, ("t", "b"): (300.0, 900.0), ("t", "c"): (200.0, 250.0, 5000.0), ("t", "d"): (1600.0,)}
    return simulate(table, seed=2)


def seeds(simulate):
    return simulate({("t", "a"): SIZES, ("t", "b"): (400.0, 1600.0), ("t", "c"): (800.0,)}, seed=3, repeats=3)


def measurement_errors(simulate):
    return simulate({("t", "a"): SIZES, ("t", "b"): (400.0, 800.0, 1600.0)}, seed=4, loss_se=0.03)


def measurement_errors_one_size(simulate):
    return simulate({("t", "a"): SIZES, ("t", "b"): (800.0,), ("t", "c"): (3200.0,)}, seed=4, repeats=2, loss_se=0.03)


def one_weighted_run(simulate):
    return simulate({("t", "a"): SIZES, ("t", "b"): (1600.0,), ("t", "c"): (3200.0,)}, seed=4, loss_se=0.03)


def tasks(simulate):
    return simulate(
        {
            ("t", "a"): SIZES,
            ("t", "b"): (400.0, 3200.0),
            ("u", "a"): (300.0, 600.0, 5000.0),
            ("u", "c"): (100.0, 700.0, 900.0),
            ("v", "a"): (1000.0, 2000.0),
        },
        seed=5,
    )


def families(simulate):
    table = {("t", name): SIZES[i % 2 :] for i, name in enumerate("abcde")}
    return simulate(table, seed=6, families=dict(zip("abcde", "XXYYZ", strict=True)))


def one_model(simulate):
    return simulate({("t", "a"): SIZES}, seed=7)


def one_point_a_model(simulate):
    return simulate({("t", name): (size,) for name, size in zip("abcd", SIZES, strict=False)}, seed=8)


def two_points_a_model(simulate):
    return simulate({("t", name): (200.0, 400.0 * 2**i) for i, name in enumerate("abc")}, seed=9)


def one_size(simulate):
    return simulate({("t", name): (800.0,) for name in "ab"}, seed=10, repeats=4)


def one_size_above_the_smallest(simulate):
    return simulate({("t", "a"): (200.0, 300.0, 800.0), ("t", "b"): (800.0,)}, seed=10, repeats=3)


def close_sizes(simulate):
    return simulate({("t", "a"): (200.0, 205.0, 400.0, 410.0, 430.0), ("t", "b"): (210.0, 405.0, 2000.0)}, seed=11)


def many_sizes(simulate):
    dense_sizes = tuple(np.round(100 * 1.25 ** np.arange(22)))
    return simulate({("t", "a"): dense_sizes, ("t", "b"): dense_sizes[::3]}, seed=12)


CASES = [
    balanced, unbalanced, seeds, measurement_errors, measurement_errors_one_size, one_weighted_run, tasks, families,
    one_model, one_point_a_model, two_points_a_model, one_size, one_size_above_the_smallest, close_sizes, many_sizes,
]  # fmt: skip
case = pytest.mark.parametrize("case", CASES, ids=lambda f: f.__name__)


def stack(positions):
    return {name: np.stack([p[name] for p in positions]) for name in positions[0]}


@functools.partial(jax.jit, static_argnames=("function", "density"))
def at_each(function, density, data, positions):
    return jax.vmap(lambda position: function(density, data, position))(positions)


def evaluate(function, model, positions):
    """Values (or gradients) at positions, as numpy; tables of one shape share a compiled program."""
    with jax.enable_x64(True):
        positions = positions if isinstance(positions, dict) else stack(positions)
        return jax.tree.map(np.asarray, at_each(function, model.density, jax.device_put(model.data), positions))


gradient_of_log_density = jax.grad(log_density, argnums=2)


@pytest.mark.fits
@case
def test_differences_between_positions_are_those_of_the_dense_joint(case, simulate, dense, random_position):
    runs = case(simulate)
    model = build_model(runs, get_law("rectified"))
    rng = np.random.default_rng(20)
    positions = [random_position(model, rng) for _ in range(50)]
    found = evaluate(log_density, model, positions)
    expected = np.array([dense(runs.table).log_joint(p) for p in positions])
    difference = found - expected
    np.testing.assert_allclose(difference, difference[0], atol=3e-8 * max(1.0, np.abs(expected).max()))


@pytest.mark.parametrize("pooling", [{"log_beta": "model", "phase": "task"}, {"floor": "family", "phase": "family"}])
def test_other_poolings_are_those_of_the_dense_joint(pooling, simulate, dense, random_position):
    runs = families(simulate)
    model = build_model(runs, get_law("rectified"), pooling=pooling)
    rng = np.random.default_rng(21)
    positions = [random_position(model, rng) for _ in range(20)]
    difference = evaluate(log_density, model, positions) - [dense(runs.table).log_joint(p) for p in positions]
    np.testing.assert_allclose(difference, difference[0], atol=1e-6)


def test_prior_and_likelihood_split(three_models, dense, random_position):
    model = build_model(three_models, get_law("rectified"))
    rng = np.random.default_rng(22)
    positions = [random_position(model, rng) for _ in range(20)]
    d = dense(three_models.table)
    prior = evaluate(lambda density, data, position: log_prior(density, position), model, positions)
    difference = prior - [d.log_prior(p) for p in positions]
    np.testing.assert_allclose(difference, difference[0], atol=1e-10)
    difference = evaluate(log_likelihood, model, positions) - [d.log_likelihood(p) for p in positions]
    np.testing.assert_allclose(difference, difference[0], atol=1e-6)


@pytest.mark.core
@pytest.mark.fits
@pytest.mark.parametrize("case", [tasks, measurement_errors_one_size], ids=lambda f: f.__name__)
def test_gradients_are_finite_and_equal_finite_differences(case, simulate, random_position):
    model = build_model(case(simulate), get_law("rectified"))
    rng = np.random.default_rng(23)
    positions = stack([random_position(model, rng) for _ in range(12)])
    direction = stack([random_position(model, rng) for _ in range(12)])

    def along(h):
        return evaluate(log_density, model, {name: positions[name] + h * direction[name] for name in positions})

    gradient = evaluate(gradient_of_log_density, model, positions)
    h = 1e-4
    numeric = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h)
    assert all(np.isfinite(g).all() for g in gradient.values())
    exact = sum(np.sum(gradient[k] * direction[k], axis=tuple(range(1, direction[k].ndim))) for k in gradient)
    np.testing.assert_allclose(exact, numeric, rtol=1e-5, atol=1e-5)


def test_gradients_are_finite_far_from_the_centre(three_models, random_position):
    model = build_model(three_models, get_law("rectified"))
    rng = np.random.default_rng(24)
    positions = stack([random_position(model, rng, scale=3.0) for _ in range(200)])
    gradient = evaluate(gradient_of_log_density, model, positions)
    assert all(np.isfinite(g).all() for g in gradient.values())


def test_order_of_rows_and_units_do_not_matter(simulate, random_position):
    runs = unbalanced(simulate)
    law = get_law("rectified")
    model = build_model(runs, law)
    rng = np.random.default_rng(25)
    positions = [random_position(model, rng) for _ in range(10)]
    before = evaluate(log_density, model, positions)
    table = runs.table.drop(columns="row")
    scaled = table.assign(loss=3.7 * table["loss"], data=table["data"] / 1000)
    within = table.groupby("model", sort=False, group_keys=False)[table.columns].apply(lambda g: g.iloc[::-1])
    for other in (scaled, within):
        again = evaluate(
            log_density, build_model(read_runs(pd.DataFrame(other), roles={"data": "data"}), law), positions
        )
        np.testing.assert_allclose(again, before, rtol=1e-8)


@pytest.mark.fits
@pytest.mark.parametrize(
    ("tasks", "last", "upto", "rows"),
    [
        ("ttttuuuu", [8] * 7 + [7], 1600, [(2, 4), (3, 4)]),
        ("tttttt", [8, 7, 6, 5, 4, 3], 3200, [(6, 1)] * 2),
        ("tttttt", [8, 7, 6, 5, 4, 3], 800, [(1, 6), (6, 1)]),
    ],
)
def test_a_model_as_large_as_that_of_more_runs_is_the_same_and_of_its_shapes(simulate, tasks, last, upto, rows):
    """In more rows of equal curves, as many, or other ones, which are kept."""
    sizes = (*SIZES, 6400.0, 12_800.0, 25_600.0)
    whole = simulate({(t, f"m{i}"): sizes[:j] for i, (t, j) in enumerate(zip(tasks, last, strict=True))}, seed=1)
    few = whole.where_rows((whole.table["data"] <= upto).to_numpy(bool), "later")
    law = get_law("rectified")
    small, large = build_model(few, law), build_model(whole, law)
    padded = small.as_large_as(large)

    def shapes(model):
        return jax.tree.map(np.shape, model.data)

    assert [small.data.slots.shape, large.data.slots.shape] == rows
    assert shapes(small) != shapes(large)
    assert (shapes(padded) == shapes(large)) == (rows[0][1] == rows[1][1])
    assert padded.data.own.shape[1:] == large.data.own.shape[1:]
    assert small.density == padded.density
    rng = np.random.default_rng(0)
    position = {name: 0.5 * rng.standard_normal(shape) for name, shape in small.sizes().items()}
    with jax.enable_x64(True):
        value, slopes = jax.value_and_grad(lambda p: log_density(small.density, small.data, p))(position)
        again, same = jax.value_and_grad(lambda p: log_density(padded.density, padded.data, p))(position)
    assert float(again) == pytest.approx(float(value), abs=1e-9)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-8), slopes, same)
    many = {name: np.repeat(np.asarray(x)[None], 4000, axis=0) for name, x in position.items()}
    drawn, redrawn = (model.complete(many, np.random.default_rng(1)).level for model in (small, padded))
    np.testing.assert_allclose(drawn.mean(axis=0), redrawn.mean(axis=0), atol=6 * drawn.std() / np.sqrt(4000))
    np.testing.assert_allclose(drawn.std(axis=0), redrawn.std(axis=0), rtol=0.1)
    other = build_model(whole.where_rows((whole.table["model"] != "m0").to_numpy(bool), "another"), law)
    assert small.as_large_as(other) is small  # of other curves
