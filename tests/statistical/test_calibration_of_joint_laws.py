"""Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788) of every joint law.

Tables are drawn from the description of the model in plain numpy: one surface a family, Student-t noise, offsets and
tilts of models, an exponentially correlated field, departures beyond the data. Each is fitted, and the rank of each
true value among the draws of its posterior must be uniform.
"""

import itertools

import numpy as np
import pandas as pd
import pytest
from calibration import assert_uniform, ranks
from scipy.spatial.distance import cdist

from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.points import resources
from bayeslaw.kinds.surfaces.priors import SurfacePriors
from bayeslaw.laws import get_law, law_names
from bayeslaw.runs import read_runs

pytestmark = pytest.mark.slow

JOINT = [name for name in law_names() if get_law(name).kind == "surfaces" and not get_law(name).link]
FAMILIES, SIZES, TOKENS = ("x", "y", "z"), (1e8, 4e8, 1.6e9), (2e9, 2.2e9, 2.4e9, 2.7e9, 3e9, 8e9, 3.2e10)
"""Some sizes near each other, so that fields have patterns: runs an e-fold apart share none."""
UNIQUE = 6e9
"""Unique tokens, of laws that count repetitions: the longer runs repeat."""
LATER, LARGER, BETWEEN = (SIZES[-1], 8 * TOKENS[-1]), (8 * SIZES[-1], 8 * TOKENS[-1]), (SIZES[-1], 2.55e9)
"""Of each family: the last model later, a larger one, the last in between."""


MISFIT = 0.01
"""Scale of errors beyond the data."""


def across(law):
    """The covariate by which models differ: the first that is not the axis."""
    return next(c.name for c in law.covariates if c.name != law.axis)


def others(law, family, size, along):
    """Further covariates of a run: each of three values, such that every family and size meets every one."""
    place = FAMILIES.index(family) + (SIZES.index(size) if size in SIZES else 0)
    special = {"unique_data": UNIQUE, "annealed_sum": 1.3 * along}
    names = [c.name for c in law.covariates if c.name not in (law.axis, across(law))]
    return {name: special.get(name, 2.0 ** ((place * (k + 1)) % 3 - 1)) for k, name in enumerate(names)}


def grid(law):
    """Every run of the layout; behind them the runs that are to be foretold, of each family."""
    rows = [(f, n, d) for f in FAMILIES for n in SIZES for d in TOKENS]
    rows += [(f, n, d) for f in FAMILIES for n, d in (LATER, LARGER, BETWEEN)]
    named = [{"family": f, across(law): n, law.axis: d, **others(law, f, n, d)} for f, n, d in rows]
    frame = pd.DataFrame(named)
    frame["model"] = [f"{f}-{n:g}" for f, n, _ in rows]
    return frame.assign(task="t", data=frame[law.axis])


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
    return size[:, None] * size * np.exp(-0.5 * (apart / 1.5) ** 2)


def growth(distance):
    """Size of the error at a distance."""
    far = np.maximum(distance, 0.0)
    return (1 - np.exp(-far / 0.1)) * (1 + 0.9 * far)


def simulate(law, rng):
    """Draw a table from the prior, and the truth behind it."""
    frame = grid(law)
    runs = len(FAMILIES) * len(SIZES) * len(TOKENS)
    model = build_model(read_runs(frame[:runs].assign(loss=1.0)), law)
    reference = {name: float(values[0]) for name, values in model.layout.reference.items()}
    priors = SurfacePriors()
    scales = {
        name: getattr(priors, name).median * np.exp(getattr(priors, name).sd * rng.standard_normal())
        for name in ("noise", "tail", "field_sd", "offset_sd", "tilt_sd", "curvature_sd")
    }
    log_loss, truth = np.zeros(len(frame)), {}
    centre = {c.name: c.mean + c.sd * rng.standard_normal() for c in law.coordinates}
    spread = {c.name: 0.0 if c.pooling == "task" else c.spread for c in law.coordinates}
    names = [c.name for c in law.covariates]
    for family in FAMILIES:
        here = np.flatnonzero(frame["family"] == family)
        values = {name: value + spread[name] * rng.standard_normal() for name, value in centre.items()}
        covariates = {name: frame[name].to_numpy(float)[here] for name in names}
        shape = np.asarray(law.log_shape(values, covariates, reference))
        seen = here < runs
        points = np.column_stack([np.log(covariates[name] / reference[name]) for name in names])
        covariance = np.exp(-cdist(points, points) / 0.4)
        root = np.linalg.cholesky(covariance + 1e-10 * np.eye(len(here)))
        log_loss[here] = shape - shape[seen].mean() + scales["field_sd"] * root @ rng.standard_normal(len(here))
        root = np.linalg.cholesky(missed(points, points[seen]) + 1e-10 * np.eye(len(here)))
        spent = [names.index(name) for name in resources(model.law)]
        product = points[:, spent].sum(axis=1)
        log_loss[here] += MISFIT * (root @ rng.standard_normal(len(here)) - 0.4 * growth(product - product[seen].max()))
        log_loss[here] += rng.standard_normal()  # the level, about the mean of the runs
        along = np.log(frame[law.axis].to_numpy()[here]) - np.log(TOKENS).mean()
        ends = np.log(TOKENS) - np.log(TOKENS).mean()
        inside = np.clip(along, ends.min(), ends.max())
        curving = 0.5 * (inside**2 - np.mean(ends**2)) + inside * (along - inside)
        models = frame["model"].to_numpy()[here]
        for model_name in np.unique(models):
            own = models == model_name
            log_loss[here[own]] += scales["offset_sd"] * rng.standard_normal()
            log_loss[here[own]] += scales["tilt_sd"] * rng.standard_normal() * along[own]
            log_loss[here[own]] += scales["curvature_sd"] * rng.standard_normal() * curving[own]
            rate = scales["curvature_sd"] * np.ptp(ends) ** 0.5
            root = np.linalg.cholesky(beyond(along[own], ends.max()) + 1e-10 * np.eye(own.sum()))
            log_loss[here[own]] += rate * root @ rng.standard_normal(own.sum())
        if family == FAMILIES[0]:
            truth |= {f"{name} of a family": value for name, value in values.items()}
            later = ("a model later", "a larger model", "a model in between")
            truth |= dict(zip(later, log_loss[here[-3:]], strict=True))
    truth |= {f"log {name}": np.log(value) for name, value in scales.items()}
    log_loss = log_loss + scales["noise"] * rng.standard_t(scales["tail"], len(frame))
    frame["loss"] = np.exp(log_loss)
    return frame[:runs], truth | {"a run later": log_loss[runs]}


def draws_of(fit):
    """Draws of what ``simulate`` knows the truth of, by name."""
    flat, law = fit.posterior.flat, fit.posterior.law
    last = [c.model for c in fit.posterior.layout.curves].index(f"x-{SIZES[-1]:g}")
    later, between = ({law.axis: d, **others(law, FAMILIES[0], n, d)} for n, d in (LATER, BETWEEN))
    larger = {across(law): LARGER[0], law.axis: LARGER[1], **others(law, FAMILIES[0], *LARGER)}
    at = [later, between]
    told = fit.predictions(at, kind="curve", seed=1).linked[:, last]
    return {
        **{f"{c.name} of a family": flat(c.name)[:, 0] for c in law.coordinates},
        **{
            f"log {name}": np.log(flat(name)[:, 0])
            for name in ("noise", "tail", "field_sd", "offset_sd", "tilt_sd", "curvature_sd")
        },
        "a model later": told[:, 0],
        "a model in between": told[:, 1],
        "a run later": fit.predictions([later], seed=2).linked[:, last, 0],
        "a larger model": fit.predictions([larger], kind="curve", seed=3).linked[:, 0, 0],
    }


def test_fields_of_the_layout_have_patterns():
    model = build_model(
        read_runs(grid(get_law(JOINT[0]))[: len(FAMILIES) * len(SIZES) * len(TOKENS)].assign(loss=1.0)),
        get_law(JOINT[0]),
    )
    assert model.sizes()["field"][0] >= 2 * len(FAMILIES)


@pytest.mark.parametrize("name", JOINT)
def test_ranks_are_uniform(name, known_misfit):
    found = ranks(get_law(name), simulate, draws_of, tables=100, seed=2, scales=known_misfit(MISFIT))
    assert_uniform(found, bins=10)
