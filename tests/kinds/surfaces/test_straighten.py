"""Ridges straightened for the sampler: slopes are linear along them, and volumes stay."""

import dataclasses

import jax
import numpy as np
import pandas as pd
import pytest
from jax.flatten_util import ravel_pytree

from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.population import coordinates
from bayeslaw.kinds.shared.scales import Normal
from bayeslaw.laws import get_law, law_names
from bayeslaw.runs import read_runs

JOINT = [name for name in law_names() if get_law(name).slopes is not None]
OF_COLUMN = {
    "three_terms": {"log_beta": "steps", "log_gamma": "batch_size"},
    "granular_moe": {"log_gamma": "granularity"},
    "sparsity": {"log_gamma": "density"},
    "active_params": {"log_gamma": "active_params"},
}
"""What exponents are of, where it is neither params (log_alpha) nor data (log_beta)."""


@pytest.fixture(scope="module")
def table():
    rows = [
        {"task": task, "family": f, "model": f"{f}-{n:g}", "params": n, "data": d, "loss": 3.0}
        for task in "tu"
        for f in "xyz"
        for n in (1e8, 4e8)
        for d in (2e9, 8e9, 3e10)
    ]
    others = {c.name for name in JOINT for c in get_law(name).covariates} - {"params", "data", "unique_data"}
    rng = np.random.default_rng(0)
    varied = {name: 10 ** rng.uniform(-1, 1, len(rows)) for name in sorted(others)}
    return read_runs(pd.DataFrame(rows).assign(unique_data=1e10, **varied))


def positions(model, seed, count=2):
    rng = np.random.default_rng(seed)
    return [{name: 0.7 * rng.standard_normal(shape) for name, shape in model.sizes().items()} for _ in range(count)]


@pytest.fixture(params=[*JOINT, "with tasks of their own"])
def model(request, table):
    if request.param in JOINT:
        return build_model(table, get_law(request.param))
    priors = {"floor@u": Normal(1.0, 0.1), "log_alpha@u": Normal(-1.0, 0.05), "split@t": Normal(0.3, 0.2)}
    return build_model(table, get_law("chinchilla"), priors=priors)


@pytest.mark.fits
def test_volumes_stay_and_all_near_the_centre(model):
    """A frame fits the curvature at its centre, which is to be that of what is sampled."""
    with jax.enable_x64(True):
        centre, position = (ravel_pytree(x)[0] for x in positions(model, seed=1))
        unravel = ravel_pytree(positions(model, seed=1)[0])[1]
        there = lambda x: ravel_pytree(model.density.straighten(model.data, unravel(centre), unravel(x)))[0]  # noqa: E731
        slope = jax.jit(jax.jacfwd(there))
        sign, log_volume = np.linalg.slogdet(np.asarray(slope(position)))
        moved, stays = (np.abs(np.asarray(there(x) - x)).max() for x in (position, centre))
        near = np.asarray(slope(centre))
    assert moved > 0.05
    assert (sign, log_volume) == (1.0, pytest.approx(0.0, abs=1e-9))
    assert stays < 1e-12
    np.testing.assert_allclose(near, np.eye(len(near)), atol=1e-9)


def test_logs_of_slopes_are_linear_curve_by_curve(model):
    with jax.enable_x64(True):
        centre, away = positions(model, seed=2)
        away = {name: centre[name] if name.startswith("spread.") else value for name, value in away.items()}
        logs = []
        for step in (-1.0, 0.0, 1.0):
            position = {name: centre[name] + step * (away[name] - centre[name]) for name in centre}
            straight = model.density.straighten(model.data, centre, position)
            values = coordinates(model.density.pooled, model.data.groups, straight)
            logs.append({name: np.asarray(values[name] + more) for name, more in model.law.slopes(values).items()})
    for name in logs[0]:
        np.testing.assert_allclose(logs[0][name] + logs[2][name], 2 * logs[1][name], atol=1e-9)


def test_what_laws_say_of_their_slopes_is_so(model):
    """By finite differences of the law; discounts of repeated data and parameters aside, and those of one exponent."""
    rng = np.random.default_rng(3)
    law = model.law
    values = {c.name: c.mean + 0.5 * rng.standard_normal() for c in law.coordinates}
    one = dict.fromkeys((c.name for c in law.covariates), 1.0)
    unrepeated = {"unique_data": 1e9} if "unique_data" in one else {}
    at = one | unrepeated

    def slope(name):
        with jax.enable_x64(True):
            up, down = (float(law.log_shape(values, at | {name: np.exp(h)}, at)) for h in (1e-5, -1e-5))
        return -(up - down) / 2e-5

    with jax.enable_x64(True):
        told = {name: float(np.exp(values[name] + more)) for name, more in law.slopes(values).items()}
    if law.name == "overtraining":
        assert 2 * told["log_eta"] == pytest.approx(slope("params") + slope("data"), rel=1e-5)
        return
    if law.name in ("rectified_joint", "data_constrained"):
        told.pop("log_alpha", None)
    columns = {"log_alpha": "params", "log_beta": "data"} | OF_COLUMN.get(law.name, {})
    for name, value in told.items():
        found = -slope("density") if columns[name] == "density" else slope(columns[name])
        assert value == pytest.approx(found, rel=1e-5 if not unrepeated else 0.5)


def test_a_law_that_says_nothing_of_slopes_is_left_alone(table):
    law = dataclasses.replace(get_law("chinchilla"), slopes=None)
    model = build_model(table, law)
    centre, position = positions(model, seed=1)
    assert model.density.straighten(model.data, centre, position) is position
