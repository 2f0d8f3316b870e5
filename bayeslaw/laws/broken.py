"""The broken law with a floor: one power law turns into a steeper one, on top of what never goes away.

    L(D) = E + B D^-c_early (1 + (D / D_break)^(1/w))^(-(c - c_early) w)

Caballero et al. 2023, "Broken Neural Scaling Laws" (arXiv 2210.14891), equation 1 with one break, written with the late
exponent c, and with a first exponent that lies between 0 and it. A curve that starts slowly, as accuracy near chance
does, has c_early near 0 and is then the law M4 of Alabdulmohsin et al. 2022 in all but the shape of its shoulder.

With t = log D, the log of the reducible part falls with slope c_early before log D_break and c after it, and turns
within a few w of it. Coordinates are taken at the reference size, the largest one measured, as in the rectified law.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from bayeslaw.laws.base import Array, Coordinate, Covariate, Law, Parameter, above_floor, irreducible, log_reducible

WIDTH = 0.5
"""w, in e-folds of data. Few curves tell it; left free, it only stretches the posterior. Less than the step between two
sizes would make a mode of each step."""


def bend(t: Array, phase: Array) -> Array:
    """Smooth step of a slope from 0 to 1 where t is -phase: w log(1 + (D / D_break)^(1/w)), relative to that at D_ref.

    Parameters
    ----------
    t : array
        log(D / D_ref).
    phase : array
        log(D_ref / D_break).
    """
    return WIDTH * (jax.nn.softplus((t + phase) / WIDTH) - jax.nn.softplus(phase / WIDTH))


def _reducible(coordinates: Mapping[str, Array], t: Array) -> Array:
    """Log of the reducible part at t = log(D / D_ref), relative to that at D_ref."""
    share, phase = jax.nn.sigmoid(coordinates["early"]), coordinates["phase"]
    return -jnp.exp(coordinates["log_c"]) * (share * t + (1.0 - share) * bend(t, phase))


def log_shape(
    coordinates: Mapping[str, Array], covariates: Mapping[str, Array], reference: Mapping[str, Array]
) -> Array:
    """Log of L(D) / L(D_ref).

    Parameters
    ----------
    coordinates : mapping
        ``log_c``, ``floor`` (logit of E / L(D_ref)), ``phase`` (log of D_ref / D_break) and ``early`` (logit of
        c_early / c).
    covariates : mapping
        ``data``: D, in examples.
    reference : mapping
        ``data``: D_ref, in examples.

    Returns
    -------
    array
        The broadcast shape of the inputs.
    """
    floor = coordinates["floor"]
    reducible = _reducible(coordinates, jnp.log(covariates["data"] / reference["data"]))
    return above_floor(floor, reducible)


def natural(coordinates: Mapping[str, Array], level: Array, reference: Mapping[str, Array]) -> dict[str, Array]:
    """E, B, c, c_early and D_break of the law; ``level`` is log L(D_ref)."""
    c, floor, phase = jnp.exp(coordinates["log_c"]), coordinates["floor"], coordinates["phase"]
    c_early = c * jax.nn.sigmoid(coordinates["early"])
    log_b = log_reducible(level, floor) + c_early * jnp.log(reference["data"])
    log_b = log_b + (c - c_early) * WIDTH * jax.nn.softplus(phase / WIDTH)
    return {
        "E": irreducible(level, floor),
        "B": jnp.exp(log_b),
        "c": c,
        "c_early": c_early,
        "D_break": jnp.exp(jnp.log(reference["data"]) - phase),
    }


LAW = Law(
    name="broken",
    formula="L(D) = E + B D^-c_early (1 + (D / D_break)^(1/w))^(-(c - c_early) w), w = 0.5",
    source="Caballero et al. 2023, arXiv 2210.14891",
    covariates=(Covariate("data", "examples"),),
    axis="data",
    coordinates=(
        # Late exponents of the reducible part, floor taken off: .4 to .7 in every kind of curve looked at. Tight,
        # because a small exponent with a small floor fits a short piece as well and never slows down.
        Coordinate("log_c", "log c", mean=-0.6, sd=0.4, spread=0.2, pooling="model"),
        # Long curves end near their floor: 90% of its share from .6 to .99. Where a curve has not slowed down, the data
        # of its fellows say so.
        Coordinate("floor", "logit of E / L(D_ref)", mean=2.3, sd=1.2, spread=0.6, pooling="model"),
        # The shoulder of a slow start lies a factor of 10 to 600 before the end of a curve that was run to its end.
        Coordinate("phase", "log of D_ref / D_break", mean=4.0, sd=1.0, spread=1.0, pooling="model"),
        # Kinds of curves differ, their members hardly: accuracies stand still at first, perplexities fall at once.
        Coordinate("early", "logit of c_early / c", mean=-1.0, sd=1.0, spread=1.0, pooling="task"),
    ),
    parameters=(
        Parameter("E", "loss", "irreducible loss: what remains with unlimited data", coordinate="floor"),
        Parameter("B", "loss * examples^c_early", "scale of the reducible loss"),
        Parameter("c", "1", "data exponent after the break", coordinate="log_c"),
        Parameter("c_early", "1", "data exponent before the break", coordinate="early"),
        Parameter("D_break", "examples", "where the exponent changes", coordinate="phase"),
    ),
    log_shape=log_shape,
    natural=natural,
    discrepancy="level",
)
