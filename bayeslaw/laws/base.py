"""What a law is: named parameters with units, and pure functions from them to loss.

A law is written on *coordinates*, one real number each per curve, chosen so that a sampler can walk among them and
so that priors can be stated in them. The loss level of a curve is not among them: every law here has the form

    log L(x) = level + log_shape(coordinates, x),

with ``log_shape`` equal to 0 at a reference point. The level is pinned by the data of each curve, enters linearly, and
is integrated out in closed form by the model. Of laws with an identity link, for losses that may be negative, the sum
is the loss itself, in a unit of the table (see ``link``).

Most laws are a sum of positive terms. They are written as the logarithm of that sum at the logarithms of covariates
relative to the reference, on which `floored` or `relative` builds ``log_shape``; priors of terms are stated as
`shares` at the reference.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

Array = Any
"""A jax or numpy array; laws accept either and return jax arrays."""

LogShape = Callable[[Mapping[str, Array], Mapping[str, Array], Mapping[str, Array]], Array]
"""``(coordinates, covariates, reference) -> log L(x) / L(reference)``; all map names to arrays that broadcast."""

AtLogs = Callable[[Mapping[str, Array], Mapping[str, Array]], Array]
"""``(coordinates, x) -> log of a loss or of a part of it``, up to a constant, at logs of covariates over reference."""

Slopes = Callable[[dict[str, Array]], dict[str, Array]]
"""From coordinates to what they add to some of them, exponents, in logs of slopes; it leaves these out of account."""

Level = Literal["task", "family", "model"]
LEVELS: tuple[Level, ...] = ("task", "family", "model")

_UNITS = {"params": "parameters", "pretraining_tokens": "tokens", "tokens": "tokens", "compute": "FLOP"}


@dataclass(frozen=True)
class Covariate:
    """A column of the runs table that a law needs.

    Attributes
    ----------
    name : str
        Canonical column name, such as ``data``.
    unit : str
        What one of it is, such as ``examples``.
    like : str
        Name of the covariate with which it shares its reference, because it counts the same thing and the law compares
        the two; empty if there is none.
    falls : bool
        Whether what lies beyond the data is smaller, as for losses, and not larger.
    share : bool
        Whether it is a share of a whole; all that a law has sum to 1.
    hint : str
        How a table that lacks it comes to have it, in a sentence, where that is not plain.
    """

    name: str
    unit: str
    like: str = ""
    falls: bool = False
    share: bool = False
    hint: str = ""


def unit_of(column: str) -> str:
    """What one of a column is that a law takes by its name: what the name says, unless that is known."""
    return _UNITS.get(column, column)


@dataclass(frozen=True)
class Coordinate:
    """An unconstrained number per curve in which the law is written, and its prior.

    Attributes
    ----------
    name : str
        Name within the law.
    meaning : str
        One line: what it is, as a formula of the natural parameters.
    mean, sd : float
        Normal prior of it on a task, most of it how tasks differ (see `bayeslaw.kinds.shared.hierarchy`).
    spread : float
        Half-normal prior scale of the standard deviation between families, and between models of one.
    pooling : {"task", "family", "model"}
        The finest level at which it varies; above it, it is shared.
    of_tasks : tuple of (str, float, float)
        Tasks with a normal prior of their own, each with its mean and sd.
    """

    name: str
    meaning: str
    mean: float
    sd: float
    spread: float
    pooling: Level
    of_tasks: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True)
class Parameter:
    """A natural parameter of the law, as it is reported.

    Attributes
    ----------
    name, unit, meaning : str
        Its standard symbol, the unit of its value, and one line of explanation.
    coordinate : str
        The coordinate whose prior changes when a prior of this parameter is stated; empty if none can be.
    """

    name: str
    unit: str
    meaning: str
    coordinate: str = ""


@dataclass(frozen=True)
class Law:
    """A scaling law as pure functions.

    Attributes
    ----------
    name : str
        What users write in ``law=``.
    formula : str
        The law in its standard symbols.
    source : str
        Paper and equation.
    covariates : tuple of Covariate
        The columns it needs.
    axis : str
        The covariate along whose logarithm curves are extrapolated; discrepancy grows along it.
    coordinates : tuple of Coordinate
        What is sampled.
    parameters : tuple of Parameter
        What is reported.
    log_shape : callable
        ``(coordinates, covariates, reference) -> array``: log loss relative to the loss at ``reference``. All map names
        to arrays that broadcast against each other.
    natural : callable
        ``(coordinates, level, reference) -> {parameter name: array}``, with ``level`` the log loss at ``reference``.
    kind : str or Kind
        The kind of model that the law is fitted by: ``curves``, in which every model has a level of its own;
        ``surfaces``, in which one level and one set of coordinates hold for all the models of a family, for laws of
        model size and data together; ``scores``, of which a law gives the skill, on the scale of ``link`` between
        chance and a ceiling, logistic unless told; or a kind of one's own (see `bayeslaw.kinds.base.Kind`).
    discrepancy : str
        How outcomes depart from the law, among the ways that its kind knows. Of ``curves``: ``slope`` is for laws that
        a few sizes a curve cannot tell from others (the slopes of curves wander off, in part together, and differences
        between them relax); ``level`` is for laws that follow whole learning curves (the level of each wanders and
        comes back). ``surfaces`` know one, ``field``, and ``scores`` one, ``walks``.
    outcome : str
        Column of the table that it describes: that of its kind.
    link : {"", "identity", "exponential"}
        The scale on which level and shape add up, if it is not that of the kind: log loss. With an identity link it is
        the loss in units of the table, five standard deviations of its losses: neither unit nor zero of the loss
        matter then, and priors of noise and departures mean what they do of log losses, whose spread is .2 or so.
        ``natural`` finds that unit, in the unit of the table, at ``reference["loss"]``. With an exponential link, of
        scores, it is the logarithm of the share of the way from chance to the ceiling, up to where that levels off.
    noise : {"", "above"}
        How runs scatter, if not as their kind has it: ``above``, which ``surfaces`` know, is of a law of the best loss
        that can be reached, above which runs lie that were not tuned as well.
    slopes : callable, optional
        ``coordinates -> {name: array}``: for exponents among the coordinates, the log of the log-log slope at the
        reference less the exponent's own coordinate. Not a function of these exponents. It is for the sampler only,
        for which runs pin slopes down and exponents hardly (see `bayeslaw.kinds.surfaces.straighten`).
    """

    name: str
    formula: str
    source: str
    covariates: tuple[Covariate, ...]
    axis: str
    coordinates: tuple[Coordinate, ...]
    parameters: tuple[Parameter, ...]
    log_shape: LogShape
    natural: Callable[[Mapping[str, Array], Array, Mapping[str, Array]], dict[str, Array]]
    kind: Any = "curves"
    discrepancy: str = "slope"
    slopes: Slopes | None = None
    outcome: str = "loss"
    link: Literal["", "identity", "exponential"] = ""
    noise: Literal["", "above"] = ""


LINKS = {"loss": ("", "identity"), "accuracy": ("", "exponential")}
"""Links that laws of an outcome may ask for; of other outcomes kinds of one's own know."""


def wrong_link(law: Law) -> str:
    """What is wrong with the link of a law, without a full stop; empty if nothing is."""
    links = LINKS.get(law.outcome, (law.link,))
    if law.link in links:
        return ""
    return f"it has link={law.link!r}, expected {' or '.join(map(repr, links))}, as it is of {law.outcome}"


def above_floor(floor: Array, reducible: Array) -> Array:
    """Log loss relative to the reference point, of a law whose reducible part is so much larger than there.

    Parameters
    ----------
    floor : array
        Logit of E / L at the reference point.
    reducible : array
        Log of the reducible part relative to that at the reference point.
    """
    return jnp.logaddexp(jax.nn.log_sigmoid(floor), jax.nn.log_sigmoid(-floor) + reducible)


def irreducible(level: Array, floor: Array) -> Array:
    """E, of the log loss at the reference point and the logit of E / L there."""
    return jnp.exp(level + jax.nn.log_sigmoid(floor))


def log_reducible(level: Array, floor: Array) -> Array:
    """Log of L - E at the reference point, of the log loss there and the logit of E / L."""
    return level + jax.nn.log_sigmoid(-floor)


def relative(log_loss: AtLogs) -> LogShape:
    """``log_shape`` of a law without a floor, from its log loss at logs of covariates over the reference.

    Parameters
    ----------
    log_loss : callable
        ``(coordinates, x) -> array``, up to a constant.
    """

    def log_shape(
        coordinates: Mapping[str, Array], covariates: Mapping[str, Array], reference: Mapping[str, Array]
    ) -> Array:
        """Log of L(x) / L(reference)."""
        x = {name: jnp.log(value / reference[name]) for name, value in covariates.items()}
        return log_loss(coordinates, x) - log_loss(coordinates, dict.fromkeys(x, jnp.zeros(())))

    return log_shape


def floored(reducible: AtLogs) -> LogShape:
    """``log_shape`` of a law whose coordinate ``floor`` is the logit of E / L at the reference.

    Parameters
    ----------
    reducible : callable
        ``(coordinates, x) -> array``: log of the reducible part, up to a constant.
    """
    above = relative(reducible)

    def log_shape(
        coordinates: Mapping[str, Array], covariates: Mapping[str, Array], reference: Mapping[str, Array]
    ) -> Array:
        """Log of L(x) / L(reference)."""
        return above_floor(coordinates["floor"], above(coordinates, covariates, reference))

    return log_shape


def shares(*logits: Array) -> tuple[Array, ...]:
    """Logs of shares that add up to 1: each logit is of its part of what those before it leave."""
    found, rest = [], jnp.zeros(())
    for logit in logits:
        found.append(rest + jax.nn.log_sigmoid(logit))
        rest = rest + jax.nn.log_sigmoid(-logit)
    return (*found, rest)


def log_sum(*terms: Array) -> Array:
    """Log of the sum of terms given by their logs."""
    return functools.reduce(jnp.logaddexp, terms)


def log_positive(value: Array, least: float) -> Array:
    """Log of a value that a law means to be positive; below ``least`` its tangent there, so that it is finite."""
    return jnp.log(jnp.maximum(value, least)) + jnp.minimum(value - least, 0.0) / least


def exponential(coordinates: Mapping[str, Array], *names: str) -> tuple[Array, ...]:
    """Positive numbers that coordinates of these names are the logs of."""
    return tuple(jnp.exp(coordinates[name]) for name in names)


def irreducible_with(unlimited: str) -> Parameter:
    """E, what remains with unlimited amounts of something."""
    return Parameter("E", "loss", f"irreducible loss: what remains with unlimited {unlimited}", coordinate="floor")


def reference_point(law: Law, covariates: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The middle of runs, by geometric means of their covariates; one that is like another has the other's.

    Parameters
    ----------
    law : Law
    covariates : mapping from name to ndarray, shape (n,)
        Of the runs; all positive.

    Returns
    -------
    dict of float
    """
    middle = {name: float(np.exp(np.log(values).mean())) for name, values in covariates.items()}
    return middle | {c.name: middle[c.like] for c in law.covariates if c.like}
