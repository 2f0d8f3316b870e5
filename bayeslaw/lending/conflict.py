"""Prior-data conflict: prior predictive checks of a table against a borrowed prior.

Slopes and bends of the runs are compared with those of prior predictive draws (Box 1980, doi 10.2307/2982063), and the
heights at which curves of a known task start with those of the models behind the prior.
"""

import numpy as np

from bayeslaw import streams
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.borrowed import CONFLICT_MIN, CONFLICT_REMEDY
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check, at_least


def conflict_checks(from_prior: Posterior, seed: int = 0) -> list[Check]:
    """Compare the runs of a table with prior predictive draws.

    Parameters
    ----------
    from_prior : Posterior
        Draws from the prior in place of a posterior; levels are not used where their prior is flat.
    seed : int
        Of the noise of runs.
    """
    layout, predictor, checks = from_prior.layout, from_prior.predictor, []
    found = predictor.features(layout.y[None])
    if found:
        drawn = predictor.features(predictor.replicated(generator(seed, streams.CONFLICT)))
        worst, p = "", 1.0
        for name, values in found.items():
            below = float(np.mean(drawn[name] < values[0]))
            own = min(1.0, 2 * (min(below, 1 - below) * len(drawn[name]) + 1) / (len(drawn[name]) + 1))
            if own <= p:
                worst, p = name, own
        low, high = np.quantile(drawn[worst], [0.05, 0.95])
        p = float(1 - (1 - p) ** len(found))
        checks.append(
            at_least(
                "prior_conflict", p, CONFLICT_MIN, 0.0,
                f"The {worst} is {found[worst][0]:.3f}, where the prior expects {low:.3f} to {high:.3f} (90%); if that "
                f"holds for these runs, {p:.2g} of tables would be further off.",
                CONFLICT_REMEDY,
            )
        )  # fmt: skip
    return [*checks, *kind_of(from_prior.law).prior_checks(layout)]
