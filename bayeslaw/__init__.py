"""Bayesian scaling laws: cheap training runs in, decisions about expensive ones out, with honest odds.

The way of data, from top to bottom; imports only point back up::

    jobs       independent jobs, kept in a folder
    runs       the table of runs, and what is wrong with it
    laws       shapes of loss, one a file
    kinds      models of a table: arrays, density, draws, predictions
    prior      what other fits lend, as files
    sampling   NUTS: draws of positions, and whether they can be believed
    posterior  labelled draws, and their file
    answers    predict, select, optimum, crossing, parameters
    lending    priors made of fits, conflict with a table, what was borrowed
    fitting    fit() and the Fit object, and fits of many tables
    campaign   the folder of a study: runs, fits, and what was believed at each step
    evidence   scores, baselines, backtests, comparison of laws
    views      tables and pictures
    cli        the command line

The coordinate systems, from what a sampler moves in to what is reported::

    free coordinates z      nearly standard normal; the axes of the posterior (`bayeslaw.sampling.whitening`)
        │  affine, straighten, condition (`bayeslaw.kinds.base.Density`)
    position                standardised numbers: population, effects, scales (`bayeslaw.kinds.shared.population`)
        │  location + effects of task, family and model
    coordinates of the law  one real number a curve, such as the logit of E / L at the reference point (`bayeslaw.laws`)
        │  Law.natural, with the level of the curve
    natural parameters      A, B, E, alpha, beta, D_l in the units of the table

Names are loaded on first use, so that ``import bayeslaw`` stays light: neither jax nor matplotlib is imported until
something needs it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bayeslaw.answers.advice import advise as advise
    from bayeslaw.answers.prediction import Prediction as Prediction
    from bayeslaw.answers.selection import Selection as Selection
    from bayeslaw.datasets import fetch_dataset as fetch_dataset
    from bayeslaw.datasets import load_dataset as load_dataset
    from bayeslaw.errors import BayeslawError as BayeslawError
    from bayeslaw.errors import BayeslawWarning as BayeslawWarning
    from bayeslaw.evidence.comparison.asked import compare as compare
    from bayeslaw.evidence.comparison.compare import Comparison as Comparison
    from bayeslaw.evidence.last_third import LastThird as LastThird
    from bayeslaw.evidence.last_third import last_third as last_third
    from bayeslaw.evidence.law_checks import LawChecks as LawChecks
    from bayeslaw.evidence.law_checks import check_law as check_law
    from bayeslaw.evidence.reproduction.reproduce import reproduce as reproduce
    from bayeslaw.evidence.sensitivity import Sensitivity as Sensitivity
    from bayeslaw.evidence.sensitivity import sensitivity as sensitivity
    from bayeslaw.fitting.build import Built as Built
    from bayeslaw.fitting.build import build as build
    from bayeslaw.fitting.chain import Chain as Chain
    from bayeslaw.fitting.chain import chain as chain
    from bayeslaw.fitting.facade import Fit as Fit
    from bayeslaw.fitting.fit import fit as fit
    from bayeslaw.fitting.fit import load as load
    from bayeslaw.fitting.many import ManyFits as ManyFits
    from bayeslaw.fitting.many import fit_many as fit_many
    from bayeslaw.fitting.prior_predictive import prior_predictive as prior_predictive
    from bayeslaw.fitting.tracking import track as track
    from bayeslaw.kinds.shared.scales import LogNormal as LogNormal
    from bayeslaw.kinds.shared.scales import Normal as Normal
    from bayeslaw.laws import get_law as get_law
    from bayeslaw.laws import law_names as law_names
    from bayeslaw.laws import register_law as register_law
    from bayeslaw.laws.base import Coordinate as Coordinate
    from bayeslaw.laws.base import Covariate as Covariate
    from bayeslaw.laws.base import Law as Law
    from bayeslaw.laws.base import Parameter as Parameter
    from bayeslaw.laws.files import load_law as load_law
    from bayeslaw.posterior.posterior import Posterior as Posterior
    from bayeslaw.prior.prior import Prior as Prior
    from bayeslaw.prior.prior import load_prior as load_prior
    from bayeslaw.runs import Runs as Runs
    from bayeslaw.runs import read_runs as read_runs
    from bayeslaw.sampling.twin import numpyro_model as numpyro_model

_HOME = {
    "BayeslawError": "bayeslaw.errors",
    "BayeslawWarning": "bayeslaw.errors",
    "Built": "bayeslaw.fitting.build",
    "Chain": "bayeslaw.fitting.chain",
    "Comparison": "bayeslaw.evidence.comparison.compare",
    "Coordinate": "bayeslaw.laws.base",
    "Covariate": "bayeslaw.laws.base",
    "Fit": "bayeslaw.fitting.facade",
    "LastThird": "bayeslaw.evidence.last_third",
    "Law": "bayeslaw.laws.base",
    "LawChecks": "bayeslaw.evidence.law_checks",
    "LogNormal": "bayeslaw.kinds.shared.scales",
    "ManyFits": "bayeslaw.fitting.many",
    "Normal": "bayeslaw.kinds.shared.scales",
    "Parameter": "bayeslaw.laws.base",
    "Posterior": "bayeslaw.posterior.posterior",
    "Prediction": "bayeslaw.answers.prediction",
    "Prior": "bayeslaw.prior.prior",
    "Runs": "bayeslaw.runs",
    "Selection": "bayeslaw.answers.selection",
    "Sensitivity": "bayeslaw.evidence.sensitivity",
    "advise": "bayeslaw.answers.advice",
    "build": "bayeslaw.fitting.build",
    "chain": "bayeslaw.fitting.chain",
    "check_law": "bayeslaw.evidence.law_checks",
    "compare": "bayeslaw.evidence.comparison.asked",
    "fetch_dataset": "bayeslaw.datasets",
    "fit": "bayeslaw.fitting.fit",
    "fit_many": "bayeslaw.fitting.many",
    "get_law": "bayeslaw.laws",
    "last_third": "bayeslaw.evidence.last_third",
    "law_names": "bayeslaw.laws",
    "load": "bayeslaw.fitting.fit",
    "load_dataset": "bayeslaw.datasets",
    "load_law": "bayeslaw.laws.files",
    "load_prior": "bayeslaw.prior.prior",
    "numpyro_model": "bayeslaw.sampling.twin",
    "prior_predictive": "bayeslaw.fitting.prior_predictive",
    "read_runs": "bayeslaw.runs",
    "register_law": "bayeslaw.laws",
    "reproduce": "bayeslaw.evidence.reproduction.reproduce",
    "sensitivity": "bayeslaw.evidence.sensitivity",
    "track": "bayeslaw.fitting.tracking",
}

__version__ = "0.1.0"
__all__ = [*sorted(_HOME), "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'bayeslaw' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
