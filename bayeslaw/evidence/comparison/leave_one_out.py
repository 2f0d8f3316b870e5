"""Leave-one-out cross-validation from one fit, by Pareto-smoothed importance sampling.

It measures prediction within the range of the data, not extrapolation. As walks and fields fit single runs closely,
many importance weights are unreliable; their number is reported.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from bayeslaw._arviz import K_MAX, leave_one_out_weights
from bayeslaw.posterior.posterior import Posterior


@dataclass(frozen=True)
class LeaveOneOut:
    """Expected log density of runs given all others.

    Attributes
    ----------
    elpd, se : float
        Sum over runs of the log predictive density on the scale of the link, in nats, and its standard error.
    runs : int
    unreliable : int
        Runs whose importance weights are unreliable.
    """

    elpd: float
    se: float
    runs: int
    unreliable: int


def leave_one_out(posterior: Posterior) -> LeaveOneOut | None:
    """Leave out each run in turn; None where runs were averaged or smoothed before the fit, which then has none."""
    layout = posterior.layout
    seen = layout.weight > 0
    if int(seen.sum()) < len(posterior.runs.table) or posterior.predictor.smoothed():
        return None
    log_likelihood = posterior.predictor.log_likelihood()[:, seen]
    log_weights, k = leave_one_out_weights(log_likelihood.T)
    each = logsumexp(log_weights + log_likelihood.T, axis=1)
    return LeaveOneOut(
        elpd=float(each.sum()),
        se=float(np.sqrt(len(each)) * each.std(ddof=1)),
        runs=len(each),
        unreliable=int((k > K_MAX).sum()),
    )
