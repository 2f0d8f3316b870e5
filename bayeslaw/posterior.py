"""What was learned: labelled draws, the runs they came from, and how they were made. No sampler is needed to read it.

A saved posterior is one netCDF file with the groups ``posterior``, ``sample_stats`` and ``runs``, which ArviZ of either
major version opens as it is.
"""

import functools
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.errors import PosteriorFileError
from bayeslaw.files import replacing
from bayeslaw.laws import get_law
from bayeslaw.laws.base import Law
from bayeslaw.model.design import Design, build_design
from bayeslaw.model.discrepancy import TaskWalks, walks_by_task
from bayeslaw.model.field import Field
from bayeslaw.model.joint import surface_fields
from bayeslaw.model.surface import OF_MODELS, SCALES
from bayeslaw.prior import Prior, plain, read_prior
from bayeslaw.runs import LeftOut, Runs
from bayeslaw.verdicts import Check

FORMAT = 6
"""Version of the file format; raised when an older reader would misread."""


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
        ``own_drift``, ``shared_drift``, ``location_<coordinate>``, ``spread_<coordinate>_<level>``,
        ``effect_<coordinate>_<level>``. ``curve`` carries ``task``, ``family`` and ``model``. Of a joint law, there are
        ``offset``, ``tilt`` and ``curvature`` (chain, draw, curve), ``field`` (chain, draw, basis), ``noise``,
        ``tail``, ``field_sd``, ``offset_sd``, ``tilt_sd`` and ``curvature_sd`` (chain, draw, task) in place of walks,
        pull and drifts.
    stats : xarray.Dataset
        ``diverging``, ``n_steps``, ``energy``, ``acceptance_rate``, each (chain, draw).
    runs : Runs
        The table fitted.
    law : Law
    checks : tuple of Check
        Verdicts of the sampler and on the table.
    settings : dict
        Seed, sampler settings, priors, pooling, repairs, versions and hash of the runs; plain values.
    prior : Prior or None
        What it borrowed from.
    """

    draws: xr.Dataset
    stats: xr.Dataset
    runs: Runs
    law: Law
    checks: tuple[Check, ...]
    settings: Mapping[str, Any]
    prior: Prior | None = None

    @functools.cached_property
    def design(self) -> Design:
        """The runs laid out as the model saw them."""
        return build_design(self.runs, self.law, None if self.prior is None else self.prior.borrowed)

    @functools.cached_property
    def walks(self) -> tuple[TaskWalks, ...]:
        """Bases of the walks of each task."""
        return walks_by_task(self.design, self.law.strays)

    @functools.cached_property
    def fields(self) -> tuple[Field, ...]:
        """The field of each surface of a joint law."""
        return surface_fields(self.design)

    def flat(self, name: str) -> np.ndarray:
        """Draws of a variable, chains one after another: shape (S, ...)."""
        values = self.draws[name].values
        return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a netCDF file, all or nothing.

        Raises
        ------
        OutputError
            If the file cannot be written; what was there before is untouched.
        """
        path = Path(path)
        tree = xr.DataTree.from_dict(
            {"posterior": self.draws, "sample_stats": self.stats, "runs": _runs_to_dataset(self.runs)}
        )
        tree.attrs = {
            "bayeslaw_format": FORMAT,
            "law": self.law.name,
            "checks": json.dumps([check.as_dict() for check in self.checks]),
            "settings": json.dumps(self.settings),
            "draws_sha256": _fingerprint(self.draws),
            "prior": "" if self.prior is None else json.dumps(plain(self.prior)),
        }
        with replacing(path) as temporary:
            tree.to_netcdf(temporary, engine="h5netcdf")


def load_posterior(path: str | os.PathLike[str]) -> Posterior:
    """Read a saved posterior.

    Raises
    ------
    PosteriorFileError
        If the file is missing, damaged, not a saved fit, of another format, or its runs or draws do not match their
        hash.
    """
    path = Path(path)
    if not path.is_file():
        raise PosteriorFileError(f"{path}: there is no such file. Expected a fit saved with -o or fit.save().")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            tree.load()
            attributes = dict(tree.attrs)
            groups = {name: tree[name].to_dataset() for name in ("posterior", "sample_stats", "runs") if name in tree}
    except Exception as error:  # h5py raises many kinds for a damaged file
        raise PosteriorFileError(
            f"{path}: not a netCDF file that can be read ({type(error).__name__}). Expected a fit saved with -o; it "
            "may be cut short, or a table of runs: fit that first."
        ) from error
    if "bayeslaw_format" not in attributes or len(groups) < 3:
        raise PosteriorFileError(f"{path}: a netCDF file, but not a fit saved by bayeslaw. Give one written with -o.")
    found = attributes["bayeslaw_format"]
    if found != FORMAT:
        raise PosteriorFileError(
            f"{path}: written in format {found}; this version of bayeslaw reads format {FORMAT}. "
            "Upgrade bayeslaw if the file is newer, or fit again."
        )
    try:
        settings = json.loads(attributes["settings"])
        runs = _runs_from_dataset(groups["runs"])
        checks = tuple(Check(**check) for check in json.loads(attributes["checks"]))
        law = get_law(str(attributes["law"]))
        prior = read_prior(attributes["prior"], f"{path} (its prior)") if attributes["prior"] else None
        draws = groups["posterior"]
        draws[[*_required(law)]]
        altered = [
            part
            for part, found, expected in (
                ("runs", runs.content_hash, settings["runs_sha256"]),
                ("draws", _fingerprint(draws), attributes["draws_sha256"]),
            )
            if found != expected
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise PosteriorFileError(f"{path}: a part of the saved fit is missing or damaged. Fit again.") from error
    if altered:
        raise PosteriorFileError(
            f"{path}: the {' and '.join(altered)} in it do not match their hash, so it has been altered. Fit again."
        )
    return Posterior(draws, groups["sample_stats"], runs, law, checks, settings, prior)


def _fingerprint(draws: xr.Dataset) -> str:
    """SHA-256 of all draws, in hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(map(str, draws.data_vars)):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(draws[name].values, dtype="<f8").tobytes())
    return digest.hexdigest()


def _required(law: Law) -> tuple[str, ...]:
    """Variables without which nothing can be answered."""
    by_law = (*(c.name for c in law.coordinates), *(p.name for p in law.parameters))
    if law.strays == "surface":
        return (*by_law, *SCALES, "level", *OF_MODELS, "field")
    walks = ("own_walk", "shared_walk", "own_drift", "shared_drift")
    return (*by_law, *walks, "level", "noise", "typical_noise", "pull")


def _runs_to_dataset(runs: Runs) -> xr.Dataset:
    columns: dict[str, xr.DataArray] = {}
    for name in runs.table.columns:
        values = runs.table[name]
        flags = pd.api.types.is_bool_dtype(values)
        numeric = pd.api.types.is_numeric_dtype(values)
        columns[f"column_{len(columns)}"] = xr.DataArray(
            values.to_numpy(float) if numeric else values.astype(str).to_numpy(dtype=object),
            dims="run",
            attrs={"name": str(name), "kind": str(values.dtype) if numeric or flags else "text"},
        )
    return xr.Dataset(
        columns,
        attrs={
            "source": runs.source,
            "notes": json.dumps(runs.notes),
            "spelling": json.dumps(runs.spelling),
            "left_out": json.dumps([[out.row, out.reason] for out in runs.left_out]),
        },
    )


def _runs_from_dataset(dataset: xr.Dataset) -> Runs:
    columns = {}
    for column in dataset.data_vars.values():
        kind: Any = str(column.attrs["kind"])
        columns[str(column.attrs["name"])] = pd.Series(column.values).astype("str" if kind == "text" else kind)
    left_out = tuple(LeftOut(int(row), str(reason)) for row, reason in json.loads(dataset.attrs["left_out"]))
    notes = tuple(json.loads(dataset.attrs["notes"]))
    spelling = tuple((there, here) for there, here in json.loads(dataset.attrs["spelling"]))
    return Runs(pd.DataFrame(columns), left_out, notes, str(dataset.attrs["source"]), spelling)
