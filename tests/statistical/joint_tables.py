"""Tables of joint laws for simulation-based calibration, drawn from the description of the model in plain numpy.

One surface a family, Student-t noise, offsets and tilts of models, an exponentially correlated field, departures beyond
the data.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from calibration import known, read
from scipy.spatial.distance import cdist

from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.kinds.shared.outcome import outcome_of_table
from bayeslaw.kinds.shared.points import resources
from bayeslaw.kinds.surfaces.priors import SurfacePriors

MISFIT = 0.01
"""Scale of errors beyond the data."""
UNIQUE = 6e9
"""Unique tokens, of laws that count repetitions: the longer runs repeat."""
SCALES = ("noise", "tail", "field_sd", "offset_sd", "tilt_sd", "curvature_sd")
TARGETS = ("a model later", "a larger model", "a model in between", "a run later")
FACTORS = {"annealed_sum": 15.0, "experts": 2e-8, "parallel_size": 1e-8}
"""Of numbers of parameters, for what models differ by in place of them. Annealed sums lie among those they add to."""
UNIT_WITHIN = 0.05
"""The unit of losses with an identity link is that of the table. Tables are drawn until it is nearly the one that they
were drawn in: ranks are uniform given anything that the table shows."""


@dataclass(frozen=True)
class Layout:
    """Which runs a table has: every family at every size and number of tokens.

    ``crossed``: covariates beyond the first two take three values in turn from run to run; else from model to model.
    """

    families: tuple[str, ...]
    sizes: tuple[float, ...]
    tokens: tuple[float, ...]
    crossed: bool = False

    @property
    def runs(self):
        """How many runs a table has."""
        return len(self.families) * len(self.sizes) * len(self.tokens)

    def targets(self, law):
        """Of each family: the last model later, a larger one, the last in between."""
        later, between = 8 * self.tokens[-1], float(np.sqrt(self.tokens[0] * self.tokens[1]))
        sizes = self.sizes_of(law)
        return (sizes[-1], later), (8 * sizes[-1], later), (sizes[-1], between)

    def sizes_of(self, law):
        """Values of the covariate by which models differ, in the range in which its law is used."""
        return tuple(FACTORS.get(across(law), 1.0) * size for size in self.sizes)

    def others(self, law, family, size, along):
        """Further covariates of a run: each of three values."""
        sizes, tokens = self.sizes_of(law), self.tokens
        place = self.families.index(family) + (sizes.index(size) if size in sizes else 0)
        names = [c.name for c in law.covariates if c.name not in (law.axis, across(law))]
        level = [(place * (k + 1)) % 3 for k in range(len(names))]
        if self.crossed:
            run = (place, tokens.index(along) if along in tokens else 0)
            turn = len(tokens) * run[0] + run[1]
            level = [int(np.random.default_rng([k, turn]).integers(3)) for k in range(len(names))]
        values = {name: 2.0 ** (at - 1) for name, at in zip(names, level, strict=True)}
        if "unique_data" in values:
            values["unique_data"] = UNIQUE * (values["unique_data"] if self.crossed else 1.0)
        return values

    def grid(self, law):
        """Every run of the layout; behind them the runs that are to be foretold, of each family."""
        rows = [(f, n, d) for f in self.families for n in self.sizes_of(law) for d in self.tokens]
        rows += [(f, n, d) for f in self.families for n, d in self.targets(law)]
        named = [{"family": f, across(law): n, law.axis: d, **self.others(law, f, n, d)} for f, n, d in rows]
        frame = pd.DataFrame(named)
        shares = [c.name for c in law.covariates if c.share]
        if shares:  # each run has a mixture of its own
            frame[shares] = np.random.default_rng(5).dirichlet(np.ones(len(shares)), len(frame))
        frame["model"] = [f"{f}-{n:g}" for f, n, _ in rows]
        if of_single_runs(law):
            frame["model"] += [f"-{run}" for run in range(len(frame))]
        return frame.assign(task="t", data=frame[law.axis])

    def to_foretell(self, law):
        """Points of the runs of the first family to be foretold: later, larger, in between; see ``targets``.

        Without what its model has anyway, a point is of that model, as the first and the last are. Where each run is
        of a model of its own, all points are of new ones.
        """
        names = [c.name for c in law.covariates]
        whole = self.grid(law)[names].iloc[self.runs : self.runs + len(self.targets(law))].to_dict("records")
        if of_single_runs(law):
            return whole
        later, larger, between = whole
        return _without(later, across(law)), larger, _without(between, across(law))


def _without(point, name):
    return {other: value for other, value in point.items() if other != name}


LARGE = Layout(("x", "y", "z"), (1e8, 4e8, 1.6e9), (2e9, 2.2e9, 2.4e9, 2.7e9, 3e9, 8e9, 3.2e10))
"""Some numbers of tokens near each other, so that fields have patterns: runs an e-fold apart share none."""
SMALL = Layout(("x", "y"), (1e8, 8e8), (2e9, 4e9, 1e10, 4e10), crossed=True)
"""Sixteen runs, at which fields have no patterns."""


def scales(law):
    """Default priors, but errors beyond the data have a known scale."""
    priors = SurfacePriors()
    return replace(priors, misfit=known(priors.misfit, MISFIT))


def of_single_runs(law):
    """Whether no two runs of a table are of one model: its size is the axis, or the mixture that it was trained on."""
    return law.axis == "params" or any(c.share for c in law.covariates)


def scales_of(law):
    """Names of the scales that tables of a law have: models with one run have no effects of their own."""
    return SCALES[:3] if of_single_runs(law) else SCALES


def across(law):
    """The covariate by which models differ: the first that is not the axis."""
    return next(c.name for c in law.covariates if c.name != law.axis)


def beyond(points, edge):
    """Covariance of integrated Brownian motion that sets out at the edge of the data, along one covariate."""
    s = np.maximum(points - edge, 0.0)
    m, far = np.minimum(s[:, None], s), np.maximum(s[:, None], s)
    return m**2 * (3 * far - m) / 6


def missed(points, seen):
    """Covariance of the error of the law beyond runs that were seen, in units of its scale."""
    directions = np.array([d for d in itertools.product((-1, 0, 1), repeat=points.shape[1]) if any(d)])
    size = growth(np.max(points @ directions.T - (seen @ directions.T).max(axis=0), axis=1))
    apart = cdist(points, points)
    return size[:, None] * size * np.exp(-0.5 * apart**2)


def growth(distance):
    """Size of the error at a distance."""
    far = np.maximum(distance, 0.0)
    return (1 - np.exp(-far / 0.1)) * (1 + 0.9 * far)


def simulate(layout, law, rng):
    """Draw a table from the prior, and the truth behind it."""
    frame = layout.grid(law)
    model = build_model(read(frame[: layout.runs].assign(loss=np.linspace(1.0, 1.1, layout.runs))), law)
    reference = {name: float(values[0]) for name, values in model.layout.reference.items()}
    while True:
        linked, truth = drawn(layout, law, frame, reference, rng)
        if not law.link:
            frame["loss"] = np.exp(linked)
            return frame[: layout.runs], truth
        frame["loss"] = linked - 5.0
        unit = outcome_of_table(kind_of(law).outcome, law, frame[: layout.runs], {}).scale
        if abs(np.log(unit)) < UNIT_WITHIN:
            return frame[: layout.runs], {name: in_unit(name, value, unit) for name, value in truth.items()}


def in_unit(name, value, unit):
    """A true value as a fit states it that measures losses in a unit, five of which were taken off."""
    if name in TARGETS:
        return (value - 5.0) / unit
    scale = name.startswith("log ") and name.removeprefix("log ") in SCALES and name != "log tail"
    return value - np.log(unit) if scale or name == "log_reducible of a family" else value


def drawn(layout, law, frame, reference, rng):
    """Losses of the runs, on the scale of the law, and what is to be found of them."""
    runs = layout.runs
    priors = SurfacePriors()
    widths = {
        name: getattr(priors, name).median * np.exp(getattr(priors, name).sd * rng.standard_normal()) for name in SCALES
    }
    linked, truth = np.zeros(len(frame)), {}
    centre = {c.name: c.mean + c.sd * rng.standard_normal() for c in law.coordinates}
    spread = {c.name: 0.0 if c.pooling == "task" else c.spread for c in law.coordinates}
    names = [c.name for c in law.covariates]
    for family in layout.families:
        here = np.flatnonzero(frame["family"] == family)
        values = {name: value + spread[name] * rng.standard_normal() for name, value in centre.items()}
        covariates = {name: frame[name].to_numpy(float)[here] for name in names}
        shape = np.asarray(law.log_shape(values, covariates, reference))
        seen = here < runs
        points = np.column_stack([np.log(covariates[name] / reference[name]) for name in names])
        covariance = np.exp(-cdist(points, points) / 0.4)
        root = np.linalg.cholesky(covariance + 1e-10 * np.eye(len(here)))
        linked[here] = shape - shape[seen].mean() + widths["field_sd"] * root @ rng.standard_normal(len(here))
        root = np.linalg.cholesky(missed(points, points[seen]) + 1e-10 * np.eye(len(here)))
        spent = [names.index(name) for name in resources(law)]
        product = points[:, spent].sum(axis=1)
        linked[here] += MISFIT * (root @ rng.standard_normal(len(here)) - 0.4 * growth(product - product[seen].max()))
        linked[here] += rng.standard_normal()  # the level, about the mean of the runs
        if not of_single_runs(law):
            linked[here] += of_models(layout, law, frame.iloc[here], widths, rng)
        if family == layout.families[0]:
            truth |= {f"{name} of a family": value for name, value in values.items()}
            truth |= dict(zip(TARGETS, linked[here[-3:]], strict=False))
    truth |= {f"log {name}": np.log(widths[name]) for name in scales_of(law)}
    linked = linked + widths["noise"] * rng.standard_t(widths["tail"], len(frame))
    return linked, truth | {"a run later": linked[runs]}


def of_models(layout, law, frame, widths, rng):
    """Offset, tilt and curvature of each model of a family, and how its slope walks beyond its runs."""
    total, tokens = np.zeros(len(frame)), np.log(layout.tokens)
    along = np.log(frame[law.axis].to_numpy()) - tokens.mean()
    ends = tokens - tokens.mean()
    inside = np.clip(along, ends.min(), ends.max())
    curving = 0.5 * (inside**2 - np.mean(ends**2)) + inside * (along - inside)
    models = frame["model"].to_numpy()
    for model in np.unique(models):
        own = models == model
        total[own] += widths["offset_sd"] * rng.standard_normal()
        total[own] += widths["tilt_sd"] * rng.standard_normal() * along[own]
        total[own] += widths["curvature_sd"] * rng.standard_normal() * curving[own]
        rate = widths["curvature_sd"] * np.ptp(ends) ** 0.5
        root = np.linalg.cholesky(beyond(along[own], ends.max()) + 1e-10 * np.eye(own.sum()))
        total[own] += rate * root @ rng.standard_normal(own.sum())
    return total


def draws_of(layout, fit):
    """Draws of what ``simulate`` knows the truth of, by name."""
    flat, law, family = fit.posterior.flat, fit.posterior.law, layout.families[0]
    later, larger, between = layout.to_foretell(law)
    models = [c.model for c in fit.posterior.layout.curves]
    last = 0 if of_single_runs(law) else models.index(f"{family}-{layout.sizes_of(law)[-1]:g}")
    told = fit.predictions([later, between], kind="curve", seed=1).linked[:, last]
    return {
        **{f"{c.name} of a family": flat(c.name)[:, 0] for c in law.coordinates},
        **{f"log {name}": np.log(flat(name)[:, 0]) for name in scales_of(law)},
        "a model later": told[:, 0],
        "a model in between": told[:, 1],
        "a run later": fit.predictions([later], seed=2).linked[:, last, 0],
        "a larger model": fit.predictions([larger], kind="curve", seed=3).linked[:, 0, 0],
    }
