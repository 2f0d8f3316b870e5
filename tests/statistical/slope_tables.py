"""Tables of curves whose slopes wander for simulation-based calibration, drawn from the model by its dense writing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from calibration import persistent, read
from curve_tables import OWN_CHANGE, SHARED_CHANGE, scales

from bayeslaw.answers.prediction import predict
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.registry import build_model
from tests.dense import Dense

__all__ = ["LARGE", "SMALL", "draws_of", "scales", "simulate"]


@dataclass(frozen=True)
class Layout:
    """Each of so many models at so many sizes, doubling."""

    models: int
    count: int

    @property
    def sizes(self):
        """The sizes of every model."""
        return 200.0 * 2.0 ** np.arange(self.count)

    @property
    def targets(self):
        """Sizes that are foretold."""
        return self.sizes[-1] * np.array([8.0, 512.0])


LARGE = Layout(6, 6)
SMALL = Layout(3, 5)


def table(layout, log_loss, axis="data"):
    """A table of losses, shape (models, sizes)."""
    models = np.repeat([f"model {i}" for i in range(layout.models)], layout.count)
    columns = {"task": "t", "family": models, "model": models, "data": np.tile(layout.sizes, layout.models)}
    columns[axis] = columns["data"]
    return pd.DataFrame({**columns, "loss": np.exp(log_loss).ravel()})


def simulate(layout, law, rng):
    """Draw a table from the prior, and the truth behind it."""
    sizes, models = layout.sizes, layout.models
    blank = table(layout, np.zeros((models, len(sizes))), law.axis)
    model = build_model(read(blank), law)
    position = {name: rng.standard_normal(shape) for name, shape in model.sizes().items()}
    prior = Dense(blank, law.name, OWN_CHANGE, SHARED_CHANGE)
    heights = 0.15 * rng.standard_normal(models)
    heights -= heights.mean()
    curves = prior.draw("t", position, heights, np.concatenate([sizes, layout.targets]), rng)
    widths, values = prior.scales(position), prior.coordinates(position)
    noise = widths["noise"] * np.exp(0.7 * position["roughness"])[:, None]
    measured = curves + noise * rng.standard_normal(curves.shape)
    # Levels are flat beforehand; here they are such that curves start at the heights that pull them.
    started = Dense(table(layout, measured[:, : len(sizes)])).heights("t")[0]
    level = heights - started + 1.0
    measured = measured + level[:, None]
    natural = law.natural({name: value[0] for name, value in values.items()}, level[0], {law.axis: sizes[-1]})
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
    return table(layout, measured[:, : len(sizes)], law.axis), truth


def draws_of(layout, fit):
    """Draws of what ``simulate`` knows the truth of, by name."""
    d, law = fit.posterior.flat, fit.posterior.law
    points = [{law.axis: size} for size in layout.targets]
    posterior = persistent(fit.posterior)
    curve = predict(posterior, points, kind="curve", seed=1).linked[:, 0]
    run = predict(posterior, points, kind="run", seed=2).linked
    priors = ScalePriors()

    def standard(name, values):
        return np.log(values[:, 0] / getattr(priors, name).median) / getattr(priors, name).sd

    locations = {c.name: (d(f"location_{c.name}") - c.mean) / c.sd for c in law.coordinates}
    return {
        **{p.name: d(p.name)[:, 0] for p in law.parameters},
        **{f"location of {name}": values for name, values in locations.items()},
        "noise": standard("noise", d("typical_noise")),
        "pull": (d("pull")[:, 0] - priors.pull.mean) / priors.pull.sd,
        "own_drift": standard("own_drift", d("own_drift")),
        "shared_drift": standard("shared_drift", d("shared_drift")),
        "noise of a curve": d("noise")[:, 0],
        "curve at 8x": curve[:, 0],
        "curve at 512x": curve[:, 1],
        "run at 8x": run[:, 0, 0],
        "run at 512x": run[:, 0, 1],
        "best model": run[..., 1].argmin(axis=1),
    }
