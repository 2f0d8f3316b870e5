"""Scores of finished models: skill linear in the logarithms of size and tokens, with an interaction.

    logit of the score above chance = s + a log N + b log D + c log N log D

Models of one family lie on one such plane, and families differ in its height, their efficiency (Maia Polo et al. 2024,
"Sloth", arXiv 2412.06540), while all share its slopes.
"""

from collections.abc import Mapping

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, exponential, relative


def skill(coordinates: Mapping[str, Array], x: Mapping[str, Array]) -> Array:
    """Skill up to a constant, at logs of size and tokens relative to the reference."""
    size, data = exponential(coordinates, "log_size_slope", "log_data_slope")
    return size * x["params"] + data * x["data"] + coordinates["interaction"] * x["params"] * x["data"]


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """The slopes and their interaction."""
    size, data = exponential(coordinates, "log_size_slope", "log_data_slope")
    return {"a": size, "b": data, "c": coordinates["interaction"]}


LAW = Law(
    name="capability",
    formula="logit score = s + a log N + b log D + c log N log D",
    source="Maia Polo et al. 2024, arXiv 2412.06540",
    covariates=(Covariate("params", "parameters"), Covariate("data", "tokens")),
    axis="data",
    coordinates=(
        Coordinate("log_size_slope", "log a at the reference", mean=-0.8, sd=0.8, spread=0.3, pooling="task"),
        Coordinate("log_data_slope", "log b at the reference", mean=-1.0, sd=0.8, spread=0.3, pooling="task"),
        Coordinate("interaction", "c", mean=0.0, sd=0.1, spread=0.05, pooling="task"),
    ),
    parameters=(
        Parameter("a", "skill per e-fold", "gain of skill with size, at the reference", coordinate="log_size_slope"),
        Parameter("b", "skill per e-fold", "gain of skill with tokens, at the reference", coordinate="log_data_slope"),
        Parameter("c", "skill per e-fold squared", "how much more size is worth with more tokens",
                  coordinate="interaction"),
    ),
    log_shape=relative(skill),
    natural=natural,
    kind="scores",
    discrepancy="walks",
    outcome="accuracy",
)  # fmt: skip
