"""The loss law of muP: along widths whose hyperparameters transfer, the loss is a power of compute on top of a floor.

    L(C) = E + A / C^beta

Yao et al. 2023, "nanoLM: an Affordable LLM Pre-training Benchmark via Accurate Loss Prediction across Scales" (arXiv
2304.06875), equation 3: a C^b + c with b negative, fitted to small widths trained with muP on one amount of data. It
is the vanilla law over compute, with what is believed of one for such runs; over their sizes it is ``mup(params)``.
"""

from dataclasses import replace

from bayeslaw.laws import vanilla
from bayeslaw.laws.base import Coordinate
from bayeslaw.laws.variants import along

LAW = replace(
    along(vanilla.LAW, "compute"),
    name="mup",
    formula="L(C) = E + A / C^beta",
    source="Yao et al. 2023, arXiv 2304.06875, equation 3",
    coordinates=(
        # Data being the same, only size grows: exponents as of compute in Henighan et al. 2020 (arXiv 2010.14701), .05
        # to .25 with a floor, and of sizes in the Chinchilla law, .35. 90% from .05 to .5.
        Coordinate("log_beta", "log beta", -1.8, 0.7, 0.2, "task"),
        # Floors include what so much data cannot teach: 90% from .2 to .9 of the loss of the widest model.
        Coordinate("floor", "logit of E / L(C_ref)", 0.5, 1.1, 0.4, "task"),
    ),
)
