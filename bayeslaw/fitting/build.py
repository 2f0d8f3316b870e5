"""Models without sampling: the log density of a table, for external samplers."""

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from bayeslaw.fitting.positions import free_sizes, require_entries, with_held
from bayeslaw.kinds.base import Model, log_density
from bayeslaw.kinds.registry import build_model, read_for
from bayeslaw.kinds.shared.population import Position
from bayeslaw.kinds.shared.stated import Statement
from bayeslaw.laws import law_names
from bayeslaw.laws.base import Array, Law, Level
from bayeslaw.lending.lend import as_prior
from bayeslaw.posterior.file import load_posterior
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.prior.prior import Prior, load_prior
from bayeslaw.prior.released import released_prior
from bayeslaw.runs import Runs
from bayeslaw.runs.early import EARLY_TOKENS
from bayeslaw.sampling.starts import starting_positions


class HasPosterior(Protocol):
    """A fit."""

    @property
    def posterior(self) -> Posterior:
        """Its posterior."""
        ...


@dataclass(frozen=True, eq=False)
class Built:
    """A model of a table of runs, ready to be sampled.

    A position is a dict of unconstrained numbers in which the density is written, most in units of their priors:
    see `bayeslaw.kinds.curves.density.CurveDensity`, which integrates levels and walks out, and for joint laws
    `bayeslaw.kinds.surfaces.density.SurfaceDensity`. `bayeslaw.fit` may move in other coordinates. What is fixed,
    such as a scale whose prior has sd 0, is not part of it. ``Fit.from_positions`` makes a fit of positions.

    Attributes
    ----------
    runs : Runs
        The table, less what the model does not describe.
    law : Law
    model : Model
    prior : Prior or None
        What it borrows from.
    stated : mapping of str to Normal or LogNormal, or None
        Priors that replace those of the law.
    """

    runs: Runs
    law: Law
    model: Model
    prior: Prior | None = None
    stated: Mapping[str, Statement] | None = None

    @functools.cached_property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each entry of a position by name; fixed and empty entries are left out."""
        return free_sizes(self.model)

    def log_density(self, position: Mapping[str, Array]) -> Array:
        """Log posterior density of a position, up to a constant.

        It can be traced, compiled, mapped and differentiated by jax. It is computed in double precision whether or not
        ``jax_enable_x64`` is set; where it is not, jax hands positions on and gradients back in single precision.

        Parameters
        ----------
        position : mapping of str to array, shapes as in ``sizes``

        Returns
        -------
        array, shape ()

        Raises
        ------
        SamplingError
            If an entry is missing, unknown or of another shape.
        """
        require_entries(position, self.sizes, ())
        with jax.enable_x64(True):
            double = {name: jnp.asarray(values, jnp.float64) for name, values in position.items()}
            return self._in_double(with_held(self.model, double, ()))

    def initial_position(self, seed: int = 0) -> Position:
        """A position near the centre of the prior, for a chain to start from.

        Parameters
        ----------
        seed : int
            Positions of different seeds lie apart.

        Returns
        -------
        dict of ndarray, shapes as in ``sizes``
        """
        start = {name: values[0] for name, values in starting_positions(self.model, 1, seed).items()}
        start |= {name: np.zeros_like(start[name]) for name in self.model.fixed()}
        with jax.enable_x64(True):
            found, _ = self.model.density.condition(self.model.data, start)
            return {name: np.asarray(found[name]) for name in self.sizes}

    @functools.cached_property
    def _in_double(self) -> Callable[[Position], Array]:
        """The log density of a whole position, and its derivative, which jax would take in the user's precision."""
        density = self.model.density
        with jax.enable_x64(True), jax.ensure_compile_time_eval():  # this may be called while a program is traced
            data = jax.device_put(self.model.data)

        @jax.custom_jvp
        def value(position: Position) -> Array:
            return _value(density, data, position)

        @value.defjvp
        def derivative(primals: tuple[Position], tangents: tuple[Position]) -> tuple[Array, Array]:
            found, slope = _value_and_slope(density, data, *primals)
            return found, sum(jnp.sum(slope[name] * tangents[0][name]) for name in slope)

        return value


_value = functools.partial(jax.jit, static_argnums=0)(log_density)
_value_and_slope = functools.partial(jax.jit, static_argnums=0)(jax.value_and_grad(log_density, argnums=2))


def build(
    runs: Runs | pd.DataFrame | str | os.PathLike[str],
    law: str | Law = "rectified",
    *,
    pooling: Mapping[str, Level] | None = None,
    scales: Any = None,
    priors: Mapping[str, Statement] | None = None,
    early_tokens: float = EARLY_TOKENS,
    prior: str | os.PathLike[str] | Prior | HasPosterior | None = None,
) -> Built:
    """Build the model of a table of runs without sampling it; arguments are those of `bayeslaw.fit`.

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
    prior : str, path, Prior or Fit, optional
        What to borrow from.

    Returns
    -------
    Built

    Raises
    ------
    LawError, RunsError, PriorError
        As `bayeslaw.fit`.

    Examples
    --------
    Sampled by other means, and made a fit of::

        built = bl.build(runs, law="rectified")
        value_and_slope = jax.value_and_grad(built.log_density)
        ...  # a sampler that sets out from built.initial_position(seed)
        fit = bl.Fit.from_positions(built, positions)
    """
    runs, law = read_for(runs, law, early_tokens)
    lender = None if prior is None else open_prior(prior, law)
    if lender is not None:
        lender.require_fits(runs, law)
    borrowed = None if lender is None else lender.borrowed
    model = build_model(runs, law, pooling=pooling, scales=scales, priors=priors, borrowed=borrowed)
    return Built(runs, law, model, lender, priors)


def open_prior(prior: str | os.PathLike[str] | Prior | HasPosterior, law: Law | None = None) -> Prior:
    """Get a prior by the name of a released one, from a file, or from a fit.

    Parameters
    ----------
    prior : str, path, Prior or Fit
    law : Law, optional
        The law that it was made with, if that is neither one of the package nor registered.

    Raises
    ------
    PriorError
        If there is none of that name, or the file cannot be read as a prior.
    PosteriorFileError
        If it is the file of a fit and cannot be read.
    """
    if isinstance(prior, Prior):
        return prior
    if not isinstance(prior, (str, os.PathLike)):
        return as_prior(prior.posterior, "a fit of this session")
    path = Path(prior)
    if path.suffix == ".nc":
        own = None if law is None or law.name in law_names() else law
        return as_prior(load_posterior(path, own), path.name)
    return load_prior(path, law=law) if path.suffix == ".json" or path.parent != Path() else released_prior(str(prior))
