"""The broken law with two breaks: a slow start, a fast drop, and a slower late power law above a floor.

    L(D) = E + B D^-c_early (1 + (D / D_first)^(1/w))^(-(c_middle - c_early) w)
                            (1 + (D / D_second)^(1/w))^(-(c - c_middle) w)

Caballero et al. 2023, "Broken Neural Scaling Laws" (arXiv 2210.14891), equation 1 with two breaks, written with the
exponents of the three stretches. The paper leaves the sign of each change free, and with it losses that rise. Here all
three exponents are positive, so loss only falls; the first break steepens, for it ends the slow start, as the one of
the broken law does; and the second slackens: a fast drop that settles into a slower power law is what one break cannot
follow. Two breaks of one sign are hardly told from one, and which is which would be anybody's guess.

Conventions are those of the broken law: one width w for both breaks, coordinates at the largest size measured. The
steep stretch between the breaks is what curves tell best, so the others are measured against it.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, above_floor, irreducible, log_reducible
from bayeslaw.laws.broken import WIDTH, bend


def log_shape(
    coordinates: Mapping[str, Array], covariates: Mapping[str, Array], reference: Mapping[str, Array]
) -> Array:
    """Log of L(D) / L(D_ref).

    Parameters
    ----------
    coordinates : mapping
        ``log_c_middle``, ``floor`` (logit of E / L(D_ref)), ``phase`` (log of D_ref / D_first), ``log_gap`` (log of
        the e-folds between the breaks), ``early`` (logit of c_early / c_middle) and ``late`` (logit of c / c_middle).
    covariates : mapping
        ``data``: D, in examples.
    reference : mapping
        ``data``: D_ref, in examples.

    Returns
    -------
    array
        The broadcast shape of the inputs.
    """
    floor, phase = coordinates["floor"], coordinates["phase"]
    t = jnp.log(covariates["data"] / reference["data"])
    c_early, c_middle, c = _exponents(coordinates)
    fallen = c_early * t + (c_middle - c_early) * bend(t, phase)
    fallen = fallen + (c - c_middle) * bend(t, phase - jnp.exp(coordinates["log_gap"]))
    return above_floor(floor, -fallen)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, B, the three exponents and the two breaks of the law; ``level`` is log L(D_ref)."""
    floor, phase, gap = coordinates["floor"], coordinates["phase"], jnp.exp(coordinates["log_gap"])
    c_early, c_middle, c = _exponents(coordinates)
    t_ref = jnp.log(reference["data"])
    log_b = log_reducible(level, floor) + c_early * t_ref
    log_b = log_b + (c_middle - c_early) * WIDTH * jax.nn.softplus(phase / WIDTH)
    log_b = log_b + (c - c_middle) * WIDTH * jax.nn.softplus((phase - gap) / WIDTH)
    return {
        "E": irreducible(level, floor),
        "B": jnp.exp(log_b),
        "c": c,
        "c_middle": c_middle,
        "c_early": c_early,
        "D_first": jnp.exp(t_ref - phase),
        "D_second": jnp.exp(t_ref - phase + gap),
    }


def _exponents(coordinates: Mapping[str, Array]) -> tuple[Array, Array, Array]:
    """Exponents of the three stretches, the earliest first."""
    c_middle = jnp.exp(coordinates["log_c_middle"])
    return c_middle * jax.nn.sigmoid(coordinates["early"]), c_middle, c_middle * jax.nn.sigmoid(coordinates["late"])


LAW = Law(
    name="broken2",
    formula="L(D) = E + B D^-c_early (1 + (D / D_first)^(1/w))^(-(c_middle - c_early) w) "
    "(1 + (D / D_second)^(1/w))^(-(c - c_middle) w), w = 0.5",
    source="Caballero et al. 2023, arXiv 2210.14891, equation 1 with two breaks",
    covariates=(Covariate("data", "examples"),),
    axis="data",
    coordinates=(
        # Steepest exponent and floor: as in the broken law, and for the reasons given there.
        Coordinate("log_c_middle", "log c_middle", mean=-0.6, sd=0.4, spread=0.2, pooling="model"),
        Coordinate("floor", "logit of E / L(D_ref)", mean=2.3, sd=1.2, spread=0.6, pooling="model"),
        # The end of the slow start lies a factor of 20 to 500 before the end of the curve, about where the broken law
        # has it: a little farther, to leave room for the second break.
        Coordinate("phase", "log of D_ref / D_first", mean=4.5, sd=1.0, spread=0.5, pooling="model"),
        # A factor of 4 to 120 apart: closer than the width of one, two breaks are none. Little is told of the second
        # by one curve, so its fellows share it.
        Coordinate("log_gap", "log of log(D_second / D_first)", mean=0.9, sd=0.4, spread=0.3, pooling="task"),
        # As in the broken law: kinds of curves differ, their members hardly.
        Coordinate("early", "logit of c_early / c_middle", mean=-1.0, sd=1.0, spread=1.0, pooling="task"),
        # Exponents of one curve are of one size, and at 1 the law is the broken one: 90% from a third to nearly all.
        Coordinate("late", "logit of c / c_middle", mean=1.0, sd=1.0, spread=1.0, pooling="task"),
    ),
    parameters=(
        Parameter("E", "loss", "irreducible loss: what remains with unlimited data", coordinate="floor"),
        Parameter("B", "loss * examples^c_early", "scale of the reducible loss"),
        Parameter("c", "1", "data exponent after the second break", coordinate="late"),
        Parameter("c_middle", "1", "data exponent between the breaks", coordinate="log_c_middle"),
        Parameter("c_early", "1", "data exponent before the first break", coordinate="early"),
        Parameter("D_first", "examples", "where the slow start ends", coordinate="phase"),
        Parameter("D_second", "examples", "where the late power law begins", coordinate="log_gap"),
    ),
    log_shape=log_shape,
    natural=natural,
    discrepancy="level",
)
