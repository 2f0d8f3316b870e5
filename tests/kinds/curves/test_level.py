"""A law whose curves stray in level: density and predictions against the same model written densely.

False alarms: moments of draws are held to five standard errors, with a fixed seed.
"""

from dataclasses import replace

import jax
import numpy as np
import pandas as pd
import pytest
from scipy import linalg

from bayeslaw.answers.prediction import predict
from bayeslaw.kinds.curves.density import log_likelihood
from bayeslaw.kinds.curves.discrepancy import discrepancy_named
from bayeslaw.kinds.curves.spring import Spring
from bayeslaw.kinds.curves.walks import MAX_LEVEL_KNOTS, WanderingLevel, level_walks
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs
from tests.dense import changing_kernel

LAW = get_law("broken")
ENDS = {"a": 1e6, "b": 3e5, "c": 5e7}
T = np.log(2.0) * np.arange(-6, 1)
"""Sizes of each curve relative to its last one."""
AHEAD = np.array([0.3, 1.0, 2.5])


@pytest.fixture(scope="module")
def runs():
    rng = np.random.default_rng(1)
    rows = []
    for model, end in ENDS.items():
        floor, wander = rng.uniform(0.7, 0.9), np.cumsum(0.01 * rng.standard_normal(len(T)))
        loss = 2.0 * (floor + (1 - floor) * np.exp(-0.5 * T)) * np.exp(wander)
        rows += [{"model": model, "data": end * np.exp(t), "loss": y} for t, y in zip(T, loss, strict=True)]
    return read_runs(pd.DataFrame(rows).sample(frac=1, random_state=1))


@pytest.fixture(scope="module")
def model(runs):
    return build_model(runs, LAW)


def position_of(model, rng):
    held = model.fixed()
    return {n: np.zeros(s) if n in held else rng.standard_normal(s) for n, s in model.sizes().items()}


def kernel(s, t):
    return np.exp(-np.abs(s[:, None] - t[None]))


def curves_of(model, position):
    """Law, scales and log losses of each curve, from the position and the table."""
    noise, q = 0.006 * np.exp(0.7 * position["noise"][0]), 0.005 * np.exp(position["own_drift"][0])
    for i, curve in enumerate(model.layout.curves):
        values = {}
        for k, c in enumerate(LAW.coordinates):
            values[c.name] = c.mean + c.sd * position["location"][k]
            if c.pooling == "model":
                values[c.name] = values[c.name] + c.spread * position[f"{c.name}.model"][i]

        def law(t, values=values):
            with jax.enable_x64(True):
                return np.asarray(LAW.log_shape(values, {"data": np.exp(t)}, {"data": 1.0}))

        yield i, curve.model, law, noise, q


def losses(runs, name):
    own = runs.table[runs.table["model"] == name].sort_values("data")
    return np.log(own["loss"].to_numpy())


def test_curves_are_lined_up_at_their_own_last_sizes(model):
    np.testing.assert_allclose(model.layout.axis, np.tile(T, (3, 1)), atol=1e-9)
    ends = [ENDS[curve.model] for curve in model.layout.curves]
    np.testing.assert_allclose(model.layout.reference["data"], ends)
    np.testing.assert_allclose(model.layout.largest, ends)


def test_what_is_known_is_held(model):
    spreads = {f"spread.{name}.model" for name in ("log_c", "floor", "phase")}
    assert model.fixed() == spreads | {"pull", "roughness", "shared_drift"}
    assert not build_model(
        read_runs(pd.DataFrame({"data": [1.0, 2.0], "loss": [2.0, 1.0]})), get_law("rectified")
    ).fixed()


@pytest.mark.core
@pytest.mark.fits
def test_likelihood_is_that_of_the_dense_model(model, runs):
    rng = np.random.default_rng(2)
    found, expected = [], []
    for _ in range(20):
        position = position_of(model, rng)
        total = 0.0
        for _, name, law, noise, q in curves_of(model, position):
            contrasts = linalg.null_space(np.ones((1, len(T))))
            covariance = contrasts.T @ (q**2 * kernel(T, T) + noise**2 * np.eye(len(T))) @ contrasts
            y = contrasts.T @ (losses(runs, name) - law(T))
            total -= (np.linalg.slogdet(covariance)[1] + y @ np.linalg.solve(covariance, y)) / 2
        expected.append(total)
        with jax.enable_x64(True):
            found.append(float(log_likelihood(model.density, model.data, position)))
    difference = np.array(found) - expected
    np.testing.assert_allclose(difference, difference[0], atol=1e-6 * np.abs(expected).max())


@pytest.mark.fits
@pytest.mark.parametrize(("own_change", "shared_change"), [(0.0, 0.0), (0.012, 0.0), (0.004, 0.02)])
def test_curves_are_predicted_as_the_dense_model_does(model, runs, forge, known_changes, own_change, shared_change):
    draws = 8000
    position = position_of(model, np.random.default_rng(3))
    position["own_drift"] = np.array([0.7])
    positions = {n: np.repeat(v[None], draws, axis=0) for n, v in position.items()}
    scales = known_changes(own_change, shared_change, scales=discrepancy_named("level").scales)
    posterior = forge(runs, positions, law="broken", scales=scales)
    for i, name, law, noise, q in curves_of(model, position):
        points = [{"data": ENDS[name] * np.exp(t)} for t in AHEAD]
        found = predict(posterior, points, kind="curve").linked[:, i]
        inverse = np.linalg.inv(q**2 * kernel(T, T) + noise**2 * np.eye(len(T)))
        one, cross = np.ones(len(T)), q**2 * kernel(AHEAD, T)
        residual = losses(runs, name) - law(T)
        level = one @ inverse @ residual / (one @ inverse @ one)
        mean = level + law(AHEAD) + cross @ inverse @ (residual - level)
        left = 1 - cross @ inverse @ one
        covariance = q**2 * kernel(AHEAD, AHEAD) - cross @ inverse @ cross.T
        covariance += np.outer(left, left) / (one @ inverse @ one)
        # every curve is counted from its own end, which is where its slope changes
        covariance += (own_change**2 + shared_change**2) * changing_kernel(AHEAD, AHEAD)
        sd = np.sqrt(np.diag(covariance))
        assert (np.abs(found.mean(axis=0) - mean) < 5 * sd / np.sqrt(draws)).all()
        white = linalg.solve_triangular(np.linalg.cholesky(covariance), (found - mean).T, lower=True)
        np.testing.assert_allclose(white @ white.T / draws, np.eye(3), atol=5 * np.sqrt(2 / draws))


@pytest.mark.parametrize("memory", [1.0, 2.5])
def test_levels_are_those_of_a_simulated_process(memory):
    # 20000 paths of 600 steps: standard errors are below 1%; they are as they were at any distance
    rng = np.random.default_rng(4)
    steps, paths, length = 600, 20_000, 3.0
    dt = length / steps
    level, at, seen = rng.standard_normal(paths), (99, 399, 499, 599), []
    for i in range(steps):
        kept = np.exp(-dt / memory)
        level = level * kept + np.sqrt(1 - kept**2) * rng.standard_normal(paths)
        if i in at:
            seen.append(level)
    t = (np.array(at) + 1) * dt
    np.testing.assert_allclose(np.cov(seen), WanderingLevel(memory)(t[:, None], t[None]), atol=0.05)


def test_knots_begin_at_the_first_size_and_are_not_too_many():
    walks = level_walks(T, None, Spring())
    np.testing.assert_array_equal(walks.own.knots, T)
    assert len(walks.shared.knots) == 0
    assert len(level_walks(np.linspace(-9, 0, 200), None, Spring()).own.knots) == MAX_LEVEL_KNOTS


def test_runs_of_a_smoothed_curve_scatter_as_the_raw_ones_did(model):
    layout = replace(model.layout, raw_noise=np.array([np.nan, 0.02, np.nan]))
    position = position_of(model, np.random.default_rng(6))
    positions = {name: np.repeat(value[None], 4000, axis=0) for name, value in position.items()}
    done = replace(model, layout=layout).complete(positions, np.random.default_rng(7))
    plain = model.complete(positions, np.random.default_rng(7))
    np.testing.assert_array_equal(done.level, plain.level)  # only what a new run would scatter is another
    np.testing.assert_array_equal(done.noise[:, [0, 2]], plain.noise[:, [0, 2]])
    log_ratio = np.log(done.noise[:, 1] / 0.02)
    assert abs(log_ratio.mean()) < 5 * 0.3 / np.sqrt(4000)
    assert log_ratio.std() == pytest.approx(0.3, abs=0.02)


def test_the_noise_of_runs_is_told_from_the_table_as_it_came():
    rng = np.random.default_rng(8)
    step = 1000.0 * np.arange(1, 401)
    smooth = np.minimum.accumulate(np.log(0.3 + 40 * step**-0.5) + 0.02 * rng.standard_normal(400))
    parts = {"smooth": smooth, "raw": smooth + 0.01 * rng.standard_normal(400)}
    frames = [pd.DataFrame({"model": name, "data": step, "loss": np.exp(y)}) for name, y in parts.items()]
    layout = kind_of(LAW).layout(read_runs(pd.concat(frames)), LAW)
    assert 0 < layout.raw_noise[0] < 1
    assert np.isnan(layout.raw_noise[1])
    assert (layout.weight > 0).sum(axis=1).max() < 30
    np.testing.assert_allclose(layout.largest, step[-1])
    np.testing.assert_allclose(layout.reference["data"], step[-1])
