"""``fit``: from a table of runs to a fit; and ``load``, which reads a saved fit.

What is slow to import, the sampler above all, is imported inside, after the table was read and it was said what it is.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayeslaw.progress import Progress, fit_in_words, progress_of, runs_in_words, tell_of
from bayeslaw.runs import Runs, read_runs
from bayeslaw.runs.early import EARLY_TOKENS

if TYPE_CHECKING:
    from bayeslaw.fitting.facade import Fit
    from bayeslaw.kinds.shared.stated import Statement
    from bayeslaw.laws.base import Law, Level
    from bayeslaw.prior.prior import Prior
    from bayeslaw.sampling.nuts import SamplerSettings


def fit(
    runs: Runs | pd.DataFrame | str | os.PathLike[str],
    *,
    law: "str | Law" = "rectified",
    pooling: "Mapping[str, Level] | None" = None,
    scales: Any = None,
    priors: "Mapping[str, Statement] | None" = None,
    early_tokens: float = EARLY_TOKENS,
    prior: "str | os.PathLike[str] | Prior | Fit | None" = None,
    sampler: "SamplerSettings | None" = None,
    seed: int = 0,
    progress: Progress | bool | None = None,
) -> "Fit":
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
    priors : mapping of str to Normal or LogNormal, optional
        Priors that replace those of the law, by the name of a natural parameter, a coordinate or a scale:
        ``{"E": bl.Normal(1.7, 0.1), "beta": bl.LogNormal(0.35, 0.2)}``. See `bayeslaw.kinds.shared.stated`.
    early_tokens : float
        Joint laws leave out checkpoints from the first so many tokens of runs that are three times as long or longer;
        0 keeps them. What was left out is among ``posterior.runs.left_out``.
    prior : str, path, Prior or Fit, optional
        What to borrow from: the name of a released prior, the file of a prior or of a saved fit, or either of them.
        With a prior, pooling and scales are the prior's.
    sampler : SamplerSettings, optional
        `bayeslaw.sampling.nuts.QUICK` gives a first look, which asks for a second one by a check of its own.
    seed : int
        Equal seeds give equal draws on one machine and set of versions.
    progress : bool or callable, optional
        Whether to show what was read and how far it is, on standard error; or what is called with what is being done,
        iterations done, and iterations planned.

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
        If stated priors cannot be used; if the prior cannot be read, is of another law or unit, or was made from models
        of the table.
    SamplingError
        If sampling cannot start.
    """
    runs = runs if isinstance(runs, Runs) else read_runs(runs)
    tell_of(progress, f"{runs.source}: {runs_in_words(len(runs.models), len(runs.table))}.")

    from bayeslaw.fitting.assemble import assemble
    from bayeslaw.fitting.build import build
    from bayeslaw.fitting.facade import Fit
    from bayeslaw.sampling.nuts import SamplerSettings
    from bayeslaw.sampling.sample import sample

    built = build(runs, law, pooling=pooling, scales=scales, priors=priors, early_tokens=early_tokens, prior=prior)
    words = fit_in_words(len(built.runs.models), len(built.runs.table), built.law.name)
    with progress_of(progress, words) as report:
        sampled = sample(built.model, sampler or SamplerSettings(), seed=seed, progress=report)
    return Fit(assemble(built.runs, built.law, built.model, sampled, seed, prior=built.prior, stated=priors))


def load(path: str | os.PathLike[str], *, law: "Law | None" = None) -> "Fit":
    """Read a fit that was saved.

    Parameters
    ----------
    path : path
    law : Law, optional
        The law that it was made with, if that is neither one of the package nor registered.

    Returns
    -------
    Fit

    Raises
    ------
    PosteriorFileError
        If the file is missing, damaged, or not a fit that this version can read.
    """
    from bayeslaw.fitting.facade import Fit
    from bayeslaw.posterior.file import load_posterior

    return Fit(load_posterior(path, law))
