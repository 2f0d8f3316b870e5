"""Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788): tables drawn from the prior and fitted."""

import functools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from scipy import stats

import bayeslaw
from bayeslaw.runs import read_runs
from bayeslaw.runs.columns import CANONICAL
from bayeslaw.sampling.nuts import BLOCK, SamplerSettings, _advance, _blocks, _points, _start
from bayeslaw.sampling.starts import starting_points, starting_positions
from bayeslaw.sampling.whitening import whiten

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
        fit = bayeslaw.fit(read(frame), law=law.name, scales=scales, sampler=sampler, seed=i)
        rows.append(placed(draws_of(fit), truth, rng))
        statuses.append(fit.status)
    print(f"{law.name}: {dict(pd.Series(statuses).value_counts())}")
    return pd.DataFrame(rows)


def placed(found, truth, rng):
    """Rank of each true value among its draws, as a fraction; ties are broken at random."""
    assert set(found) == set(truth)
    below = {name: np.sum(x < truth[name]) for name, x in found.items()}
    tied = {name: np.sum(x == truth[name]) + 1 for name, x in found.items()}
    return {name: float((below[name] + rng.uniform() * tied[name]) / (len(x) + 1)) for name, x in found.items()}


def fits_together(built, settings, *, seed, thin):
    """Fit tables that differ in nothing but their outcomes, all by one compiled program.

    The sampler, its frames and the completion of draws are those of `bayeslaw.fit`, but for its second attempts. It
    takes a tenth of the time of as many fits of small tables, of which most is the cost of starting operations.

    Parameters
    ----------
    built : list of Built
        From `bayeslaw.build`.
    settings : SamplerSettings
    seed : int
    thin : int
        Every so many draws one is kept.

    Yields
    ------
    Fit
        Of one table after another. Its statistics tell the divergences of the draws that are kept.
    """
    density, framed = built[0].model.density, built[0].model.density.whitened
    assert all(one.model.density == density for one in built)
    frames = [whiten(one.model) for one in built] if framed else None
    starts = [
        starting_points(frames[i], settings.chains, seed + i)
        if framed
        else starting_positions(one.model, settings.chains, seed + i)
        for i, one in enumerate(built)
    ]
    program = replace(settings, chains=0, draws=0, enough="PASS")
    blocks = None if framed else _blocks(density, starts[0])
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.PRNGKey(seed), (len(built), settings.chains))
        fixed = (_stacked([one.model.data for one in built]), _stacked(frames) if framed else None)
        points = [
            _points(density, one.model.data, frames[i] if framed else None, blocks, starts[i])
            for i, one in enumerate(built)
        ]
        states = jax.vmap(functools.partial(_start, program, not framed))(_stacked(points), keys)
        run = jax.jit(jax.vmap(functools.partial(_advance, density, program, blocks)))
        records = []
        for block in range((settings.warmup + settings.draws) // BLOCK):
            states, record = jax.block_until_ready(run(*fixed, states))
            if block >= settings.warmup // BLOCK:
                records.append(jax.tree.map(lambda x: np.swapaxes(np.asarray(x), 1, 2), record))  # (table, chain, draw)
    kept = jax.tree.map(lambda *blocks: np.concatenate(blocks, axis=2)[:, :, ::thin], *records)
    for i, one in enumerate(built):
        positions = {name: values[i] for name, values in kept["positions"].items()}
        yield bayeslaw.Fit.from_positions(one, positions, stats={"diverging": kept["diverging"][i]}, seed=seed + i)


def _stacked(trees):
    """Arrays of several trees of one structure, along a new first axis."""
    return jax.tree.map(lambda *leaves: jnp.stack(list(map(jnp.asarray, leaves))), *trees)


def read(frame):
    """A table that is what its columns say."""
    return read_runs(frame, roles={name: name for name in frame if name in CANONICAL})


def known(foretold, scale):
    """A prior by which a scale that tables foretell is known, whatever they say."""
    return replace(foretold, median=scale, exponent=0.0, sd=0.0)


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


def few_p_values(found):
    """P value of each column for few tables, by the mean and the mean square of its normal scores, the smaller doubled.

    A bias of half a posterior standard deviation, or intervals a third too narrow, show within thirty tables, of which
    counts in bins say little.
    """
    scores = stats.norm.ppf(found.clip(1e-6, 1 - 1e-6))
    mean = 2 * stats.norm.sf(np.abs(scores.mean(axis=0)) * np.sqrt(len(found)))
    square = np.sum(scores**2, axis=0)
    spread = 2 * np.minimum(stats.chi2.cdf(square, len(found)), stats.chi2.sf(square, len(found)))
    return pd.Series(np.minimum(1.0, 2 * np.minimum(mean, spread)), index=found.columns)


def assert_uniform(found, bins):
    """Fail if any column is not uniform, at the false-alarm rate."""
    values = p_values(found, bins)
    assert values.min() > FALSE_ALARM / len(values), f"{values.idxmin()} is off"
