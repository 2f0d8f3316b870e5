"""Leave-one-out cross-validation from one fit, by importance sampling: how well a law foretells a run among the others.

It asks about runs in the midst of the data. Which law extrapolates is another question, and where runs have a walk or a
field of their own beside them, as here, many importance weights are not to be relied on; how many is said.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import logsumexp

from bayeslaw._arviz import leave_one_out_weights
from bayeslaw.answers.prediction import curve_log_loss_of_runs
from bayeslaw.answers.surfaces import expected_log_loss, seen_models
from bayeslaw.model.joint import unexplained
from bayeslaw.posterior import Posterior

K_MAX = 0.7
"""Shape of the tail of importance weights up to which they are relied on (Vehtari et al. 2024)."""


@dataclass(frozen=True)
class LeaveOneOut:
    """Expected log density of runs given all others.

    Attributes
    ----------
    elpd, se : float
        Sum over runs of the log density of log loss, in nats, and its standard error.
    runs : int
    unreliable : int
        Runs whose importance weights are not to be relied on.
    """

    elpd: float
    se: float
    runs: int
    unreliable: int


def leave_one_out(posterior: Posterior) -> LeaveOneOut | None:
    """Leave out each run in turn; None where runs were averaged or smoothed before the fit, which then has none."""
    design = posterior.design
    if int((design.weight > 0).sum()) < len(posterior.runs.table) or np.isfinite(design.raw_noise).any():
        return None
    log_likelihood = log_likelihood_of_runs(posterior)
    log_weights, k = leave_one_out_weights(log_likelihood.T)
    each = logsumexp(log_weights + log_likelihood.T, axis=1)
    return LeaveOneOut(
        elpd=float(each.sum()),
        se=float(np.sqrt(len(each)) * each.std(ddof=1)),
        runs=len(each),
        unreliable=int((k > K_MAX).sum()),
    )


def log_likelihood_of_runs(posterior: Posterior) -> np.ndarray:
    """Log density of each run given everything else, draw by draw: shape (S, J), curve by curve."""
    design = posterior.design
    seen = design.weight > 0
    curve_of = np.nonzero(seen)[0]
    log_loss, weight = design.log_loss[seen], design.weight[seen]
    if posterior.law.strays == "surface":
        places = seen_models(posterior, design.covariates)
        expected = expected_log_loss(posterior, places, None)[:, seen]
        noise, tail, field_sd = (
            posterior.flat(name)[:, design.task_of[curve_of]] for name in ("noise", "tail", "field_sd")
        )
        scale = np.sqrt(noise**2 / weight + field_sd**2 * unexplained(design, posterior.fields))
        return np.asarray(stats.t.logpdf(log_loss, tail, expected, scale))
    sizes = design.covariates[posterior.law.axis][seen]
    expected = curve_log_loss_of_runs(posterior, curve_of, sizes, None)
    return np.asarray(stats.norm.logpdf(log_loss, expected, posterior.flat("noise")[:, curve_of] / np.sqrt(weight)))
