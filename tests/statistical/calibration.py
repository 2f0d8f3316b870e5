"""Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788): tables drawn from the prior and fitted."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

import bayeslaw
from bayeslaw.runs import read_runs
from bayeslaw.sampling.nuts import SamplerSettings

PLAIN = SamplerSettings(warmup=300, draws=250)
FALSE_ALARM = 1e-3
"""Chance that a correct model fails one test, all quantities together."""


def ranks(law, simulate, draws_of, *, tables, seed, scales, sampler=PLAIN):
    """Ranks of true values among the draws of fits, as fractions: one row a table; uniform if the model is right.

    ``simulate(law, rng)`` gives a table and the true values by name, ``draws_of(fit)`` their draws. Fits that fail
    their checks count like others, and are told of. ``scales`` are priors under which errors beyond the data have a
    known size, as what tables foretell of it is no part of the model that tables are simulated from.
    """
    rows, statuses = [], []
    for i in range(tables):
        rng = np.random.default_rng([seed, i])
        frame, truth = simulate(law, rng)
        fit = bayeslaw.fit(read_runs(frame), law=law.name, scales=scales, sampler=sampler, seed=i)
        found = draws_of(fit)
        assert set(found) == set(truth)
        below = {name: np.sum(x < truth[name]) for name, x in found.items()}
        tied = {name: np.sum(x == truth[name]) + 1 for name, x in found.items()}
        rows.append({name: (below[name] + rng.uniform() * tied[name]) / (len(x) + 1) for name, x in found.items()})
        statuses.append(fit.status)
    print(f"{law.name}: {dict(pd.Series(statuses).value_counts())}")
    return pd.DataFrame(rows)


def persistent(posterior):
    """A posterior by which differences of slopes go on in full, whatever the table says of it."""
    layout = replace(posterior.layout, persistence=(1.0,) * len(posterior.layout.tasks))
    return replace(posterior, layout=layout)


def p_values(found, bins):
    """Chi-square of each column in equal bins."""
    counts = found.apply(lambda u: np.histogram(u, bins, (0.0, 1.0))[0])
    values = counts.apply(lambda n: stats.chisquare(n).pvalue)
    print(values.to_string(float_format="{:.3f}".format))
    return values


def assert_uniform(found, bins):
    """Fail if any column is not uniform, at the false-alarm rate."""
    values = p_values(found, bins)
    assert values.min() > FALSE_ALARM / len(values), f"{values.idxmin()} is off"
