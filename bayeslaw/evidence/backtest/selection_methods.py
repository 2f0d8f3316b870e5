"""Ways to choose among candidates from the cheap part of their curves: those of fine-tuning, and rules."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bayeslaw.evidence.backtest import finetune_methods as finetune
from bayeslaw.evidence.backtest.finetune_cells import Trial
from bayeslaw.evidence.backtest.finetune_methods import Method, each_candidate, trial_generator
from bayeslaw.evidence.backtest.scoring import Answer
from bayeslaw.evidence.backtest.settings import MethodSettings
from bayeslaw.evidence.baselines import rules
from bayeslaw.evidence.baselines.rectified import rectified_least_squares
from bayeslaw.evidence.baselines.selection import largest_subset
from bayeslaw.evidence.odds import p_best

Array = NDArray[np.float64]

ROLLING_DRAWS = 4000

NO_ODDS = (
    "no odds, for want of earlier errors: two candidates with five sizes up to one, and measured again at a larger"
)


def _point_fit(trial: Trial, settings: MethodSettings) -> Answer:
    """Fit by least squares, which is also what the bootstrap repeats."""
    return Answer(
        each_candidate(trial, lambda x, y, zero: rectified_least_squares(x, y, target=trial.target, zero_shot=zero))
    )


def _softmax_largest(trial: Trial, settings: MethodSettings) -> Answer:
    """Odds by the losses at the largest size, at the temperature that was best, in hindsight, on the other tasks."""
    known = [(_last(other.trial), other.measured) for other in trial.others if other.trial is not None]
    temperature = rules.best_temperature(known)
    last = _last(trial)
    return Answer(feature=last, odds=rules.softmax_odds(last, temperature), details={"temperature": temperature})


def _rolling_origins(trial: Trial, settings: MethodSettings) -> Answer:
    """Choose by the median: the mean of the draws hangs on the largest few of them."""
    predicted, draws = rules.rolling_origins(
        trial.sizes, trial.losses, target=trial.target, draws=ROLLING_DRAWS, rng=trial_generator(trial, settings)
    )
    if draws is None:
        return Answer(predicted, note=NO_ODDS)
    return Answer(predicted, draws, odds=p_best(draws))


def _last(trial: Trial) -> Array:
    return each_candidate(trial, lambda x, y, zero: largest_subset(x, y))


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "bayeslaw": finetune.METHODS["bayeslaw"],
        "largest_size": finetune.METHODS["largest_subset"],
        "point_fit": Method(_point_fit, 0.5),
        "bootstrap": finetune.METHODS["rectified_bootstrap"],
        "accept_then_stop": finetune.METHODS["accept_then_stop"],
        "softmax_largest": Method(_softmax_largest, 0.1, tuned=True),
        "equal_odds": finetune.METHODS["uniform"],
        "rolling_origins": Method(_rolling_origins, 0.1),
    }
)
"""The methods by name, in the order in which they are listed."""
