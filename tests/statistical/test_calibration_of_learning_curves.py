"""Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788) of every law of whole learning curves.

Tables are drawn from the description of the model in plain numpy: curves lined up at the last size of each, levels that
wander and come back, slopes that change beyond the data. Each is fitted, and the rank of each true value among the
draws of its posterior must be uniform.
"""

import numpy as np
import pandas as pd
import pytest
from calibration import assert_uniform, ranks

from bayeslaw.kinds.registry import kind_of
from bayeslaw.laws import get_law, law_names

pytestmark = pytest.mark.slow

CURVES = [name for name in law_names() if get_law(name).discrepancy == "level"]
LENGTHS = (12, 12, 11, 10, 8)
"""Sizes of each curve, doubling: curves that end early are lined up with the others' ends."""
FIRST = 100.0
FAR = np.array([8.0, 64.0])
"""Times the last size of the first curve."""


OWN_CHANGE, SHARED_CHANGE = 0.01, 0.008
"""Rates at which slopes change beyond the data."""


def simulate(law, rng):
    """Draw a table from the prior, and the truth behind it."""
    priors = kind_of(law).scale_priors(law)
    noise, drift = (
        getattr(priors, name).median * np.exp(getattr(priors, name).sd * rng.standard_normal())
        for name in ("noise", "own_drift")
    )
    centre = {c.name: c.mean + c.sd * rng.standard_normal() for c in law.coordinates}
    spread = {c.name: 0.0 if c.pooling == "task" else c.spread for c in law.coordinates}
    rows, truth = [], {}
    shared = SHARED_CHANGE * rng.standard_normal()
    for i, length in enumerate(LENGTHS):
        sizes = FIRST * 2.0 ** np.arange(length)
        points = np.concatenate([sizes, sizes[-1] * FAR])
        own = {name: value + spread[name] * rng.standard_normal() for name, value in centre.items()}
        t = np.log(points / sizes[-1])
        root = np.linalg.cholesky(np.exp(-np.abs(t[:, None] - t)) + 1e-12 * np.eye(len(t)))
        level = rng.standard_normal()
        curve = level + np.asarray(law.log_shape(own, {law.axis: points}, {law.axis: sizes[-1]}))
        curve = curve + drift * root @ rng.standard_normal(len(t))
        curve = curve + (shared + OWN_CHANGE * rng.standard_normal()) * np.maximum(t, 0.0)
        measured = curve + noise * rng.standard_normal(len(t))
        losses = np.exp(measured[:length])
        sized = zip(sizes, losses, strict=True)
        rows += [{"model": f"model {i}", "data": d, law.axis: d, "loss": loss} for d, loss in sized]
        if i == 0:
            truth |= {f"{name} of a curve": value for name, value in own.items()}
            natural = law.natural(own, level, {law.axis: sizes[-1]})
            truth |= {f"log {name}": float(np.log(natural[name])) for name in of_loss(law)}
            for what, values in (("curve", curve), ("run", measured)):
                truth |= {f"{what} at {far:g}x": value for far, value in zip(FAR, values[length:], strict=True)}
    truth |= {f"location of {name}": value for name, value in centre.items()}
    truth |= {"log noise": np.log(noise), "log drift": np.log(drift)}
    return pd.DataFrame(rows).assign(task="t"), truth


def of_loss(law):
    """Parameters that are losses, such as E."""
    return [p.name for p in law.parameters if p.unit == "loss"]


def draws_of(fit):
    """Draws of what ``simulate`` knows the truth of, by name."""
    flat, law = fit.posterior.flat, fit.posterior.law
    points = [{law.axis: FIRST * 2.0 ** (LENGTHS[0] - 1) * far} for far in FAR]
    curve = fit.predictions(points, kind="curve", seed=1).linked[:, 0]
    run = fit.predictions(points, kind="run", seed=2).linked[:, 0]
    return {
        **{f"{c.name} of a curve": flat(c.name)[:, 0] for c in law.coordinates},
        **{f"location of {c.name}": flat(f"location_{c.name}") for c in law.coordinates},
        **{f"log {name}": np.log(flat(name)[:, 0]) for name in of_loss(law)},
        **{f"curve at {far:g}x": curve[:, k] for k, far in enumerate(FAR)},
        **{f"run at {far:g}x": run[:, k] for k, far in enumerate(FAR)},
        "log noise": np.log(flat("noise")[:, 0]),
        "log drift": np.log(flat("own_drift")[:, 0]),
    }


@pytest.mark.parametrize("name", CURVES)
def test_ranks_are_uniform(name, known_changes):
    law = get_law(name)
    scales = known_changes(OWN_CHANGE, SHARED_CHANGE, scales=kind_of(law).scale_priors(law))
    assert_uniform(ranks(law, simulate, draws_of, tables=100, seed=2, scales=scales), bins=10)
