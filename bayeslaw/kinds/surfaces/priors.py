"""Default priors of noise and discrepancy of joint laws."""

from dataclasses import dataclass

from bayeslaw.kinds.shared.scales import Foretold, LogNormal

MISFIT = Foretold(median=0.007, exponent=1.0, sd=0.5, typical=0.0075, spread=0.9)
"""From point fits to studies of ten collections with their dear runs hidden (Marin's three corpora, FineWeb-C4,
Chinchilla, over-training, repeated data, parallel streams, vocabularies, fine-tuning). In the median collection, errors
found are 1.06 times those from rolling origins in the same direction; logs of this ratio have an sd of .27 between
collections and .46 within (``tests/statistical/test_published_errors_beyond.py``). The median here is .93 times
them, as intervals have the uncertainty of the law besides. Errors from rolling origins themselves go from .003 to .08.
"""


@dataclass(frozen=True)
class Departures:
    """Priors that all joint laws have, all per task.

    Attributes
    ----------
    noise : LogNormal
        Scale of run-to-run noise to either side, in log loss.
    field_sd : LogNormal
        Standard deviation of the discrepancy that nearby runs share (see ``field``). Tight and small: a larger field
        would also fit outliers, and then bias the law as they would.
    offset_sd : LogNormal
        Standard deviation of offsets of models from the law, in log loss.
    tilt_sd : LogNormal
        Standard deviation of the differences in log-log slope between models that the law does not explain.
    curvature_sd : LogNormal
        Standard deviation of the change of these slopes over an e-fold of the axis. Models of one family start to
        learn at different sizes: on two published tasks of fine-tuning it is .004 and .02.
    misfit : Foretold
        Scale of the error of the law beyond the data (see ``frontier``), in log loss. No likelihood tells it; errors of
        runs that are foretold from those before them inside the table do (see ``origins``), for each direction.
    """

    noise: LogNormal = LogNormal(0.005, 0.7)
    field_sd: LogNormal = LogNormal(0.0025, 0.25)
    offset_sd: LogNormal = LogNormal(0.015, 1.0)
    tilt_sd: LogNormal = LogNormal(0.008, 0.7)
    curvature_sd: LogNormal = LogNormal(0.003, 0.8)
    misfit: Foretold = MISFIT


@dataclass(frozen=True)
class SurfacePriors(Departures):
    """Priors of noise and discrepancy of joint laws, all per task.

    Attributes
    ----------
    tail : LogNormal
        Degrees of freedom of run-to-run noise, which is Student-t. Published points have outliers at ten times the
        typical scatter.
    """

    tail: LogNormal = LogNormal(4.0, 0.5)


@dataclass(frozen=True)
class AbovePriors(Departures):
    """Priors of joint laws whose runs lie above what can be reached (``noise=above``), all per task.

    Attributes
    ----------
    excess : LogNormal
        Mean by which runs lie above the best achievable loss, in log loss. A choice without measurements behind it: 90%
        from .2% to 5%.
    """

    excess: LogNormal = LogNormal(0.01, 1.0)
