"""The NumPyro twin of a model: its generative form as a NumPyro model function.

`bayeslaw.fit` samples a density from which all linear Gaussian terms are integrated out. The twin has the same
posterior with nothing integrated out, so that it can be read, changed and sampled by other means, though more slowly.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import pandas as pd

from bayeslaw.kinds.registry import build_model, kind_of, read_for
from bayeslaw.kinds.shared.above import log_density_above
from bayeslaw.kinds.shared.generative import Above, Belief, Flat, HalfNormal, StudentT, fixed_value
from bayeslaw.kinds.shared.scales import LogNormal, Normal
from bayeslaw.kinds.shared.stated import Statement
from bayeslaw.laws.base import Array, Law, Level
from bayeslaw.runs import Runs
from bayeslaw.runs.early import EARLY_TOKENS


def numpyro_model(
    runs: Runs | pd.DataFrame | str | os.PathLike[str],
    law: str | Law = "rectified",
    *,
    pooling: Mapping[str, Level] | None = None,
    scales: Any = None,
    priors: Mapping[str, Statement] | None = None,
    early_tokens: float = EARLY_TOKENS,
) -> Callable[[], None]:
    """Write the model of a table of runs as a plain NumPyro model; arguments are those of `bayeslaw.fit`.

    It has the posterior of `bayeslaw.fit`. Its formulas are in `bayeslaw.kinds.curves.generate.generate`, and for
    joint laws in `bayeslaw.kinds.surfaces.generate.generate`. Sites have the names, units and shapes that variables
    have in ``fit.posterior.draws``: ``location_<coordinate>``, ``spread_<coordinate>_<level>``,
    ``effect_<coordinate>_<level>``, the law's coordinates and natural parameters (deterministic, (C,), one per curve),
    scales, levels, walks or fields; and the runs, observed in log loss, as ``log_loss`` (J,).

    Parameters
    ----------
    runs : Runs, DataFrame or path
    law : str or Law
        Name of the law, or a law of one's own.
    pooling : mapping, optional
        Finest level at which a coordinate varies, where it is to differ from the law's own.
    scales : dataclass, optional
        Priors of noise and discrepancy.
    priors : mapping of str to Normal or LogNormal, optional
        Priors that replace those of the law.
    early_tokens : float
        Joint laws leave out checkpoints from the first so many tokens of long runs.

    Returns
    -------
    callable
        A model function without arguments, for ``numpyro.infer.MCMC``, ``Predictive`` and handlers.

    Raises
    ------
    LawError, RunsError, PriorError
        As `bayeslaw.fit`.

    Notes
    -----
    Sample in double precision, ``numpyro.enable_x64()``: single runs scatter by thousandths.

    Effects and walks are centred, which reads well; for NUTS let NumPyro state them in units of their spread::

        config = dict.fromkeys(["own_walk", "shared_walk"], LocScaleReparam(0.0))
        MCMC(NUTS(numpyro.handlers.reparam(model, config=config)), num_warmup=1000, num_samples=1000)

    The level of a curve has an improper flat prior. Prior predictive draws therefore put levels at the mean log
    loss of each curve. ``Predictive(numpyro.handlers.uncondition(model), ...)`` draws runs anew.

    Examples
    --------
    >>> import numpyro
    >>> import bayeslaw as bl
    >>> model = bl.numpyro_model(bl.load_dataset("small-finetune"))  # doctest: +SKIP
    >>> numpyro.infer.MCMC(numpyro.infer.NUTS(model), num_warmup=1000, num_samples=1000)  # doctest: +SKIP
    """
    runs, law = read_for(runs, law, early_tokens)
    built, kind = build_model(runs, law, pooling=pooling, scales=scales, priors=priors), kind_of(law)

    def model() -> None:
        kind.generate(built, NumpyroSites())

    return model


class NumpyroSites:
    """The primitives of a model, as NumPyro has them; see `bayeslaw.kinds.shared.generative.Sites`."""

    def sample(self, name: str, belief: Belief, shape: tuple[int, ...] = ()) -> Array:
        """Sample a latent site; a deterministic one if its value is fixed."""
        known = fixed_value(belief)
        if known is None:
            return numpyro.sample(name, distribution(belief, shape))
        whole = np.broadcast_shapes(np.shape(known), np.shape(belief.sd), shape)  # type: ignore[union-attr]
        broadcast = jnp.broadcast_to if isinstance(known, jax.Array) else np.broadcast_to
        return self.define(name, broadcast(known, whole))

    def define(self, name: str, value: Array) -> Array:
        """Record a deterministic site."""
        return numpyro.deterministic(name, value)

    def observe(self, name: str, belief: Belief, value: np.ndarray) -> None:
        """Observe a site."""
        numpyro.sample(name, distribution(belief), obs=jnp.asarray(value))


def distribution(belief: Belief, shape: tuple[int, ...] = ()) -> dist.Distribution:
    """The NumPyro distribution of a belief, broadcast to a shape; all dimensions are event dimensions."""
    match belief:
        case Normal():
            found = dist.Normal(belief.mean, belief.sd)
        case LogNormal():
            found = dist.LogNormal(jnp.log(belief.median), belief.sd)
        case HalfNormal():
            found = dist.HalfNormal(belief.sd)
        case StudentT():
            found = dist.StudentT(belief.df, belief.location, belief.scale)
        case Above():
            found = NormalAndExponential(belief.location, belief.scale, belief.mean)
        case Flat():
            found = FlatAbout(belief.centre)
    whole = np.broadcast_shapes(found.batch_shape, shape)
    return found.expand(whole).to_event(len(whole))


class NormalAndExponential(dist.Distribution):
    """The sum of a normal and an exponential."""

    arg_constraints = {  # noqa: RUF012
        "loc": dist.constraints.real,
        "scale": dist.constraints.positive,
        "mean_above": dist.constraints.positive,
    }
    support = dist.constraints.real
    reparametrized_params = ["loc", "scale", "mean_above"]  # noqa: RUF012

    def __init__(self, loc: Array, scale: Array, mean_above: Array, *, validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.mean_above = jnp.broadcast_arrays(loc, scale, mean_above)
        super().__init__(batch_shape=jnp.shape(self.loc), validate_args=validate_args)

    def sample(self, key: Array, sample_shape: tuple[int, ...] = ()) -> Array:
        """Draws of the sum."""
        whole, (about, above) = self.shape(sample_shape), jax.random.split(key)
        scatter = self.scale * jax.random.normal(about, whole)
        return self.loc + scatter + self.mean_above * jax.random.exponential(above, whole)

    def log_prob(self, value: Array) -> Array:
        """Log density in closed form."""
        return log_density_above(value - self.loc, self.scale, self.mean_above)


class FlatAbout(dist.Distribution):
    """Improper flat distribution over the real numbers; sampling it returns its centre."""

    arg_constraints = {"centre": dist.constraints.real}  # noqa: RUF012
    support = dist.constraints.real
    reparametrized_params = ["centre"]  # noqa: RUF012

    def __init__(self, centre: Array, *, validate_args: bool | None = None) -> None:
        self.centre = jnp.asarray(centre)
        super().__init__(batch_shape=jnp.shape(self.centre), validate_args=validate_args)

    def sample(self, key: Array, sample_shape: tuple[int, ...] = ()) -> Array:
        """The centre, as often as wanted."""
        return jnp.broadcast_to(self.centre, self.shape(sample_shape))

    def log_prob(self, value: Array) -> Array:
        """Zero everywhere."""
        return jnp.zeros_like(value)
