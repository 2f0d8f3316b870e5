"""The one function that walks the line from runs to a fit; and reading fits and priors back."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bayeslaw.fitting.assemble import assemble
from bayeslaw.fitting.facade import Fit
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.laws import get_law
from bayeslaw.laws.base import Law, Level
from bayeslaw.lending.lend import as_prior
from bayeslaw.posterior.file import load_posterior
from bayeslaw.prior.prior import Prior, load_prior
from bayeslaw.prior.released import released_prior
from bayeslaw.runs import Runs, read_runs
from bayeslaw.runs.early import EARLY_TOKENS
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.sampling.sample import Progress, sample


def fit(
    runs: Runs | pd.DataFrame | str | os.PathLike[str],
    *,
    law: str | Law = "rectified",
    pooling: Mapping[str, Level] | None = None,
    scales: Any = None,
    early_tokens: float = EARLY_TOKENS,
    prior: "str | os.PathLike[str] | Prior | Fit | None" = None,
    sampler: SamplerSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Fit:
    """Fit a scaling law to a table of runs as a hierarchical Bayesian model.

    Parameters
    ----------
    runs : Runs, DataFrame or path
        From ``read_runs``; a table or a file is read by it.
    law : str or Law
        Name of the law, or a law of one's own.
    pooling : mapping, optional
        Finest level ("task", "family" or "model") at which a coordinate of the law varies, where it is to differ from
        the law's own.
    scales : dataclass, optional
        Priors of noise and discrepancy: `bayeslaw.kinds.curves.priors.ScalePriors`, or of joint laws
        `bayeslaw.kinds.surfaces.priors.SurfacePriors`.
    early_tokens : float
        Joint laws leave out checkpoints from the first so many tokens of runs that are three times as long or longer;
        0 keeps them. What was left out is among ``posterior.runs.left_out``.
    prior : str, path, Prior or Fit, optional
        What to borrow from: the name of a released prior, the file of a prior or of a saved fit, or either of them.
        With a prior, pooling and scales are the prior's.
    sampler : SamplerSettings, optional
    seed : int
        Equal seeds give equal draws on one machine and set of versions.
    progress : callable, optional
        Called with what is being done, iterations done, and iterations planned.

    Returns
    -------
    Fit

    Raises
    ------
    LawError
        If the law is unknown or needs columns that the table lacks.
    RunsError
        If ``early_tokens`` is no number of tokens.
    PriorError
        If the prior cannot be read, is of another law or unit, or was made from models of the table.
    SamplingError
        If sampling cannot start.
    """
    law = law if isinstance(law, Law) else get_law(law)
    runs = runs if isinstance(runs, Runs) else read_runs(runs)
    runs = kind_of(law).prepare(runs, early_tokens)
    lender = None if prior is None else open_prior(prior)
    if lender is not None:
        lender.require_fits(runs, law)
    borrowed = None if lender is None else lender.borrowed
    model = build_model(runs, law, pooling=pooling, scales=scales, borrowed=borrowed)
    sampled = sample(model, sampler or SamplerSettings(), seed=seed, progress=progress)
    return Fit(assemble(runs, model, sampled, seed, lender))


def open_prior(prior: "str | os.PathLike[str] | Prior | Fit") -> Prior:
    """Find a prior by the name of a released one, by a file, or as what a fit lends.

    Raises
    ------
    PriorError
        If there is none of that name, or the file cannot be read as a prior.
    PosteriorFileError
        If it is the file of a fit and cannot be read.
    """
    if isinstance(prior, Prior):
        return prior
    if isinstance(prior, Fit):
        return as_prior(prior.posterior, "a fit of this session")
    path = Path(prior)
    if path.suffix == ".nc":
        return as_prior(load_posterior(path), path.name)
    return load_prior(path) if path.suffix == ".json" or path.parent != Path() else released_prior(str(prior))


def load(path: str | os.PathLike[str], *, law: Law | None = None) -> Fit:
    """Read a fit that was saved.

    Parameters
    ----------
    path : path
    law : Law, optional
        The law that it was made with, if that is neither one of the package nor registered.

    Raises
    ------
    PosteriorFileError
        If the file is missing, damaged, or not a fit that this version can read.
    """
    return Fit(load_posterior(path, law))
