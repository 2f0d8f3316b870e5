"""Tables of whole learning curves for simulation-based calibration, drawn from the model's description in plain numpy.

Curves are lined up at the last size of each, levels wander and come back, slopes change beyond the data.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from calibration import known

from bayeslaw.kinds.registry import kind_of

FIRST = 100.0
FAR = np.array([8.0, 64.0])
"""Times the last size of the first curve."""
OWN_CHANGE, SHARED_CHANGE = 0.01, 0.008
"""Rates at which slopes change beyond the data."""


@dataclass(frozen=True)
class Layout:
    """Sizes of each curve, doubling: curves that end early are lined up with the others' ends."""

    lengths: tuple[int, ...]


LARGE = Layout((12, 12, 11, 10, 8))
SMALL = Layout((6, 6, 5))


def scales(law):
    """Default priors, but slopes change at known rates."""
    priors = kind_of(law).scale_priors(law)
    changes = {
        "own_change": known(priors.own_change, OWN_CHANGE),
        "shared_change": known(priors.shared_change, SHARED_CHANGE),
    }
    return replace(priors, **changes, change_df=1e9)


def simulate(layout, law, rng):
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
    for i, length in enumerate(layout.lengths):
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


def draws_of(layout, fit):
    """Draws of what ``simulate`` knows the truth of, by name."""
    flat, law = fit.posterior.flat, fit.posterior.law
    points = [{law.axis: FIRST * 2.0 ** (layout.lengths[0] - 1) * far} for far in FAR]
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
