"""From the loss of a model to its score: wrong answers fall off from those by guessing as an exponential in the loss.

    error = epsilon - k exp(-gamma L)

Gadre et al. 2024 (arXiv 2403.08540); 1 - epsilon is the score without skill. An exponential exceeds any score at
losses that are low enough, so that this one levels off at the ceiling, from two fifths of the way there on.
"""

from dataclasses import replace

from bayeslaw.laws.base import Parameter
from bayeslaw.laws.loss_to_score import LAW as SIGMOID
from bayeslaw.laws.loss_to_score import natural as slope_of_loss

LAW = replace(
    SIGMOID,
    name="loss_to_error",
    formula="error = epsilon - k exp(-gamma L)",
    source="Gadre et al. 2024, arXiv 2403.08540",
    parameters=(
        Parameter("gamma", "1 / nat", "how fast scores above chance grow as the loss falls", coordinate="log_slope"),
    ),
    natural=lambda coordinates, level, reference: {"gamma": slope_of_loss(coordinates, level, reference)["k"]},
    link="exponential",
)
