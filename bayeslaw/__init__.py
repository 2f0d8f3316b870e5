"""Bayesian scaling laws: cheap training runs in, decisions about expensive ones out, with honest odds.

Names are loaded on first use, so that ``import bayeslaw`` stays light: neither jax nor matplotlib is imported until
something needs it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bayeslaw.answers.selection import Selection as Selection
    from bayeslaw.datasets import fetch_dataset as fetch_dataset
    from bayeslaw.datasets import load_dataset as load_dataset
    from bayeslaw.errors import BayeslawError as BayeslawError
    from bayeslaw.errors import BayeslawWarning as BayeslawWarning
    from bayeslaw.evidence.comparison.compare import Comparison as Comparison
    from bayeslaw.evidence.comparison.compare import compare as compare
    from bayeslaw.fitting.facade import Fit as Fit
    from bayeslaw.fitting.fit import fit as fit
    from bayeslaw.fitting.fit import load as load
    from bayeslaw.laws import get_law as get_law
    from bayeslaw.laws import law_names as law_names
    from bayeslaw.posterior.posterior import Posterior as Posterior
    from bayeslaw.prior.prior import Prior as Prior
    from bayeslaw.prior.prior import load_prior as load_prior
    from bayeslaw.runs import Runs as Runs
    from bayeslaw.runs import read_runs as read_runs
    from bayeslaw.runs.advice import advise as advise

_HOME = {
    "BayeslawError": "bayeslaw.errors",
    "BayeslawWarning": "bayeslaw.errors",
    "Comparison": "bayeslaw.evidence.comparison.compare",
    "Fit": "bayeslaw.fitting.facade",
    "Posterior": "bayeslaw.posterior.posterior",
    "Prior": "bayeslaw.prior.prior",
    "Runs": "bayeslaw.runs",
    "Selection": "bayeslaw.answers.selection",
    "advise": "bayeslaw.runs.advice",
    "compare": "bayeslaw.evidence.comparison.compare",
    "fetch_dataset": "bayeslaw.datasets",
    "fit": "bayeslaw.fitting.fit",
    "get_law": "bayeslaw.laws",
    "law_names": "bayeslaw.laws",
    "load": "bayeslaw.fitting.fit",
    "load_dataset": "bayeslaw.datasets",
    "load_prior": "bayeslaw.prior.prior",
    "read_runs": "bayeslaw.runs",
}

__version__ = "0.1.0"
__all__ = [*sorted(_HOME), "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'bayeslaw' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
