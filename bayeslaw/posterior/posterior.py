"""The posterior of a fit: labelled draws, the runs that were fitted, and how they were sampled."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from bayeslaw.kinds.base import Draws
from bayeslaw.kinds.predictor import Predictor
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.elementwise import elementwise
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.outcome import Outcome, outcome_as_given
from bayeslaw.kinds.shared.prediction import flat
from bayeslaw.laws.base import Law
from bayeslaw.prior.prior import Prior
from bayeslaw.runs import Runs, counts_tokens
from bayeslaw.verdicts import Check


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws with their labels.

    Attributes
    ----------
    draws : xarray.Dataset
        Dimensions ``chain``, ``draw`` and, where they apply, ``curve``, ``task``, ``basis``, ``shared_basis`` and one a
        group of effects.
        Variables: the law's coordinates and natural parameters by name (chain, draw, curve), ``level``, ``own_walk``,
        ``shared_walk``, ``noise`` (chain, draw, curve), ``typical_noise`` and ``pull`` (chain, draw, task),
        ``own_drift``, ``shared_drift``, ``own_change``, ``shared_change``, ``location_<coordinate>``,
        ``spread_<coordinate>_<level>``, ``effect_<coordinate>_<level>``. ``curve`` carries ``task``, ``family`` and
        ``model``. Of a joint law, there are ``offset``, ``tilt`` and ``curvature`` (chain, draw, curve), ``field``
        (chain, draw, basis), ``noise``, ``tail``, ``field_sd``, ``offset_sd``, ``tilt_sd`` and ``curvature_sd`` (chain,
        draw, task) in place of walks, pull, drifts and changes.
    stats : xarray.Dataset
        ``diverging``, ``n_steps``, ``energy``, ``acceptance_rate``, each (chain, draw).
    runs : Runs
        The table fitted.
    law : Law
    checks : tuple of Check
        Verdicts of the sampler and on the table.
    settings : dict
        Seed, sampler settings, priors, pooling, repairs, versions and hash of the runs; plain values.
    layout : Layout
        The runs laid out as the model saw them.
    scale_priors : dataclass
        Priors of scales, as the kind of the law has them.
    prior : Prior or None
        What it borrowed from.
    """

    draws: xr.Dataset
    stats: xr.Dataset
    runs: Runs
    law: Law
    checks: tuple[Check, ...]
    settings: Mapping[str, Any]
    layout: Layout
    scale_priors: Any
    prior: Prior | None = None

    @functools.cached_property
    def predictor(self) -> Predictor[Any]:
        """The predictor, from which answers are computed."""
        return kind_of(self.law).predictor(self.law, self.layout, self.draws, self.scale_priors)

    @property
    def outcome(self) -> Outcome:
        """What is predicted, with its unit, and the unit that the source has it in."""
        return outcome_as_given(self.predictor.outcome, self.runs.loss_given)

    @property
    def chains(self) -> int:
        """Number of chains."""
        return int(self.draws.sizes["chain"])

    def provenance(self) -> dict[str, Any]:
        """What an answer tells of the fit behind it: law, prior, rows left out, settings; plain values.

        Returns
        -------
        dict
        """
        return {
            "law": self.law.name,
            "link": self.outcome.link_name,
            "unit": self.outcome.unit,
            "unit_given": self.outcome.given or None,
            "prior": self.settings["prior"],
            "left_out": [{"row": out.row, "reason": out.reason} for out in self.runs.left_out],
            "settings": {
                **{name: value for name, value in self.settings.items() if name != "sampling_seconds"},
                "data_unit": self._data_unit,
            },
            "seconds": {"sampling": self.settings["sampling_seconds"]},
        }

    @property
    def _data_unit(self) -> str:
        """What one of ``data`` is: a token, if the runs count tokens; else what the law says, or nothing."""
        said = next((covariate.unit for covariate in self.law.covariates if covariate.name == "data"), "")
        return "tokens" if counts_tokens(self.runs) else said

    def flat(self, name: str) -> np.ndarray:
        """Draws of a variable, chains one after another.

        Parameters
        ----------
        name : str

        Returns
        -------
        ndarray, shape (S, ...)
        """
        return flat(self.draws, name)


def label(law: Law, layout: Layout, found: Draws, chains: int, draws: int) -> xr.Dataset:
    """Draws and the law's natural parameters as a labelled dataset with dimensions (chain, draw, ...)."""
    by_name = elementwise(law.natural, found.coordinates, found.level, layout.reference)  # in alphabetic order
    natural = {p.name: by_name[p.name] for p in law.parameters if p.name in by_name}

    def variable(values: Any, dims: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
        values = np.asarray(values, float)
        return ("chain", "draw", *dims), values.reshape(chains, draws, *values.shape[1:])

    curves = layout.curves
    variables = {
        **{name: variable(*values) for name, values in found.variables().items()},
        **{name: variable(values, ("curve",)) for name, values in natural.items()},
    }
    return xr.Dataset(
        variables,
        coords={
            "chain": np.arange(chains),
            "draw": np.arange(draws),
            "curve": np.arange(len(curves)),
            "model": ("curve", np.array([c.model for c in curves], dtype=object)),
            "family": ("curve", np.array([c.family for c in curves], dtype=object)),
            "curve_task": ("curve", np.array([c.task for c in curves], dtype=object)),
            "task": np.array(layout.tasks, dtype=object),
            "task_family": np.array([f"{task}: {family}" for task, family in layout.families], dtype=object),
        },
    )
