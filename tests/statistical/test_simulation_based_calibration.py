"""Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788) of laws that a few sizes a curve are fitted with.

Tables are drawn from the model by its second, dense writing; each is fitted; the rank of each true value among the
draws of its posterior must be uniform. All of sampling, completion and prediction stands between the two.
"""

from functools import partial

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from calibration import FALSE_ALARM, assert_uniform, p_values, persistent, ranks

from bayeslaw.answers.prediction import predict
from bayeslaw.kinds.curves import density as curve_density
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.population import coordinates
from bayeslaw.laws import get_law, law_names
from bayeslaw.runs import read_runs
from bayeslaw.sampling.nuts import SamplerSettings

pytestmark = pytest.mark.slow

SIZES = 200.0 * 2 ** np.arange(6)
TARGETS = SIZES[-1] * np.array([8.0, 512.0])
MODELS = 6
OWN_CHANGE, SHARED_CHANGE = 0.01, 0.008
"""Rates at which slopes change beyond the data."""


def table(log_loss, axis="data"):
    models = np.repeat([f"model {i}" for i in range(MODELS)], len(SIZES))
    columns = {"task": "t", "family": models, "model": models, "data": np.tile(SIZES, MODELS)}
    columns[axis] = columns["data"]
    return pd.DataFrame({**columns, "loss": np.exp(log_loss).ravel()})


def simulate(dense, law, rng):
    """Draw a table from the prior, and the truth behind it."""
    blank = table(np.zeros((MODELS, len(SIZES))), law.axis)
    model = build_model(read_runs(blank), law)
    position = {name: rng.standard_normal(shape) for name, shape in model.sizes().items()}
    prior = dense(blank, law.name, OWN_CHANGE, SHARED_CHANGE)
    heights = 0.15 * rng.standard_normal(MODELS)
    heights -= heights.mean()
    curves = prior.draw("t", position, heights, np.concatenate([SIZES, TARGETS]), rng)
    scales, values = prior.scales(position), prior.coordinates(position)
    noise = scales["noise"] * np.exp(0.7 * position["roughness"])[:, None]
    measured = curves + noise * rng.standard_normal(curves.shape)
    # Levels are flat beforehand; here they are such that curves start at the heights that pull them.
    started = dense(table(measured[:, : len(SIZES)])).heights("t")[0]
    level = heights - started + 1.0
    measured = measured + level[:, None]
    natural = law.natural({name: value[0] for name, value in values.items()}, level[0], {law.axis: SIZES[-1]})
    truth = {
        **{name: float(value) for name, value in natural.items()},
        **{f"location of {c.name}": position["location"][k] for k, c in enumerate(law.coordinates)},
        **{name: position[name][0] for name in ("noise", "pull", "own_drift", "shared_drift")},
        "noise of a curve": noise[0, 0],
        "curve at 8x": curves[0, -2] + level[0],
        "curve at 512x": curves[0, -1] + level[0],
        "run at 8x": measured[0, -2],
        "run at 512x": measured[0, -1],
        "best model": np.argmin(measured[:, -1]),
    }
    return table(measured[:, : len(SIZES)], law.axis), truth


def draws_of(fit):
    """Draws of what ``simulate`` knows the truth of, by name."""
    d, law = fit.posterior.flat, fit.posterior.law
    points = [{law.axis: size} for size in TARGETS]
    posterior = persistent(fit.posterior)
    curve = predict(posterior, points, kind="curve", seed=1).linked[:, 0]
    run = predict(posterior, points, kind="run", seed=2).linked
    scales = ScalePriors()

    def standard(name, values):
        return np.log(values[:, 0] / getattr(scales, name).median) / getattr(scales, name).sd

    locations = {c.name: (d(f"location_{c.name}") - c.mean) / c.sd for c in law.coordinates}
    return {
        **{p.name: d(p.name)[:, 0] for p in law.parameters},
        **{f"location of {name}": values for name, values in locations.items()},
        "noise": standard("noise", d("typical_noise")),
        "pull": (d("pull")[:, 0] - scales.pull.mean) / scales.pull.sd,
        "own_drift": standard("own_drift", d("own_drift")),
        "shared_drift": standard("shared_drift", d("shared_drift")),
        "noise of a curve": d("noise")[:, 0],
        "curve at 8x": curve[:, 0],
        "curve at 512x": curve[:, 1],
        "run at 8x": run[:, 0, 0],
        "run at 512x": run[:, 0, 1],
        "best model": run[..., 1].argmin(axis=1),
    }


@pytest.mark.parametrize("name", [name for name in law_names() if get_law(name).discrepancy == "slope"])
def test_ranks_are_uniform(name, dense, known_changes):
    scales = known_changes(OWN_CHANGE, SHARED_CHANGE)
    assert_uniform(ranks(get_law(name), partial(simulate, dense), draws_of, tables=200, seed=1, scales=scales), bins=20)


def test_a_wrong_jacobian_is_seen(dense, known_changes, monkeypatch):
    """The same with the determinant left out that integrating the shared walk leaves behind."""
    right = curve_density.log_likelihood

    def wrong(density, data, position):
        values = coordinates(density.pooled, data.groups, position)
        precision = curve_density.rotated_residuals(density, data, position, values).precision
        return right(density, data, position) + 0.5 * jnp.linalg.slogdet(precision)[1].sum()

    monkeypatch.setattr(curve_density, "log_likelihood", wrong)
    # settings of its own, so that the program compiled for the right density is not used again
    sampler = SamplerSettings(warmup=350, draws=250)
    scales, tables = known_changes(OWN_CHANGE, SHARED_CHANGE), partial(simulate, dense)
    found = ranks(get_law("rectified"), tables, draws_of, tables=200, seed=1, scales=scales, sampler=sampler)
    assert p_values(found, bins=20)["shared_drift"] < FALSE_ALARM / len(found.columns)
