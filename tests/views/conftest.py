import numpy as np
import pandas as pd
import pytest

import bayeslaw.sampling.sample
from bayeslaw import fit, read_runs
from bayeslaw.sampling.nuts import RawDraws, SamplerSettings
from bayeslaw.sampling.sample import Sampled
from bayeslaw.verdicts import at_least
from tests.views.pictured import curves, picture, results, surfaces  # noqa: F401

ODD_NAMES = ("org1/same", "org2/same", "$a$_{b}", "$\\frac{", "[bold]x[/bold]", ":smile:", "モデル-七", "w" * 200 + "1",
             "w" * 200 + "2", "tab\there")  # fmt: skip
"""Names that might be read as mathematics, markup, emoji codes or control characters, or do not fit."""


CHAINS, DRAWS = 2, 100


def _without_sampling(model, settings, *, seed, progress=None):
    """In place of NUTS: positions near the centre of the prior, with levels and walks given the data."""
    rng = np.random.default_rng(seed)
    shape = CHAINS, DRAWS
    positions = {name: 0.3 * rng.standard_normal((CHAINS * DRAWS, *size)) for name, size in model.sizes().items()}
    none = np.zeros(shape)
    raw = RawDraws(positions, none.astype(bool), np.ones(shape, int), none, np.ones(shape), none)
    checks = (at_least("ess_bulk", 200, 400, 100, "Few draws.", "Draw more."),)
    return Sampled(model.complete(positions, rng), raw, checks, (), settings, 0.0)


def _fit(names, sizes, lowest=2.0, highest=3.0, slope=0.1):
    rng = np.random.default_rng(0)
    rows = [
        (name, size, level * (size / sizes[-1]) ** -slope * np.exp(0.004 * rng.standard_normal()))
        for name, level in zip(names, np.geomspace(lowest, highest, len(names)), strict=True)
        for size in sizes
    ]
    runs = read_runs(pd.DataFrame(rows, columns=["model", "data", "loss"]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bayeslaw.sampling.sample, "sample", _without_sampling)
        return fit(runs, sampler=SamplerSettings(chains=CHAINS, draws=DRAWS))


@pytest.fixture(scope="session")
def fit_simulated():
    """A posterior of invented models made without sampling; right in form, not in content."""
    return _fit


@pytest.fixture(scope="session")
def odd_fit():
    return _fit(ODD_NAMES, (1000, 2000, 4000))


@pytest.fixture(scope="session")
def odd_selection(odd_fit):
    return odd_fit.select(data=16000)
