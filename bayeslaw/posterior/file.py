"""The file of a fit: one netCDF file, which ArviZ of either major version opens as it is.

It has the groups ``posterior``, ``sample_stats``, ``runs`` and ``layout``. The arrays of the layout are stored,
with all that was computed from constants of the program (knots, patterns of fields, springs), so that later versions
make the same predictions from it.
"""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.errors import BayeslawError, LawError, PosteriorFileError, did_you_mean
from bayeslaw.files import replacing
from bayeslaw.kinds.registry import kind_of
from bayeslaw.laws.base import Law
from bayeslaw.laws.fingerprint import law_fingerprint
from bayeslaw.laws.kept import kept_law
from bayeslaw.posterior.earlier import OLDEST, draws_of_today, layout_of_today, scales_of_today
from bayeslaw.posterior.packing import pack, unpack
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.prior.prior import plain, read_prior
from bayeslaw.runs import LeftOut, Runs
from bayeslaw.verdicts import read_check

FORMAT = 9
"""Version of the file format; raised when an older reader would misread. For earlier ones see ``earlier``."""


def save_posterior(posterior: Posterior, path: str | os.PathLike[str]) -> None:
    """Write to a netCDF file, all or nothing.

    Raises
    ------
    OutputError
        If the file cannot be written; what was there before is untouched.
    """
    path = Path(path)
    arrays, outline = pack(replace(posterior.layout, borrowed=None))
    groups = {
        "posterior": posterior.draws,
        "sample_stats": posterior.stats,
        "runs": _runs_to_dataset(posterior.runs),
        "layout": arrays,
    }
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "bayeslaw_format": FORMAT,
        "law": posterior.law.name,
        "law_fingerprint": law_fingerprint(posterior.law),
        "checks": json.dumps([check.as_dict() for check in posterior.checks]),
        "settings": json.dumps(posterior.settings),
        "layout": json.dumps(outline),
        "prior": "" if posterior.prior is None else json.dumps(plain(posterior.prior)),
    }
    tree.attrs["sha256"] = _fingerprint(tree)
    with replacing(path) as temporary:
        tree.to_netcdf(temporary, engine="h5netcdf")


def load_posterior(path: str | os.PathLike[str], law: Law | None = None) -> Posterior:
    """Read a saved posterior.

    Parameters
    ----------
    path : path
    law : Law, optional
        The law that the fit was made with, if that is not one of the package or registered.

    Raises
    ------
    PosteriorFileError
        If the file is missing, damaged, not a saved fit, of another format, made with a law that is not at hand, or if
        anything in it does not match its hash.
    """
    path = Path(path)
    tree = _read(path)
    try:
        if tree.attrs["sha256"] != _fingerprint(tree):
            raise PosteriorFileError(f"{path}: what is in it does not match its hash: it has been altered. Fit again.")
        written = int(tree.attrs["bayeslaw_format"])
        found = _law(path, str(tree.attrs["law"]), str(tree.attrs["law_fingerprint"]), law)
        kind = kind_of(found)
        settings = _settings(str(tree.attrs["settings"]))
        prior = read_prior(tree.attrs["prior"], f"{path} (its prior)", found) if tree.attrs["prior"] else None
        draws = draws_of_today(tree["posterior"].to_dataset(), written)
        draws[[*kind.required(found), *(p.name for p in found.parameters)]]
        outline = layout_of_today(json.loads(tree.attrs["layout"]), written)
        layout = unpack(tree["layout"].to_dataset(), outline, kind.stored)
        if prior is not None:
            layout = replace(layout, borrowed=prior.borrowed.for_tasks(layout.tasks))
        return Posterior(
            draws=draws,
            stats=tree["sample_stats"].to_dataset(),
            runs=_runs_from_dataset(tree["runs"].to_dataset()),
            law=found,
            checks=tuple(read_check(check) for check in json.loads(tree.attrs["checks"])),
            settings=settings,
            layout=layout,
            scale_priors=kind.read_scale_priors(scales_of_today(settings["scale_priors"], written)),
            prior=prior,
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        if isinstance(error, BayeslawError):
            raise
        raise PosteriorFileError(f"{path}: a part of the saved fit is missing or damaged. Fit again.") from error


def _read(path: Path) -> xr.DataTree:
    """The file as a tree, if it is one of a fit in this format."""
    if not os.path.isfile(path):  # unlike Path.is_file, no error of a name that is too long
        near = did_you_mean(path.name, (other.name for other in path.parent.glob("*.nc")))
        raise PosteriorFileError(f"{path}: there is no such file.{near} Expected a fit saved with -o or fit.save().")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            tree.load()
    except Exception as error:  # h5py raises many kinds for a damaged file
        raise PosteriorFileError(
            f"{path}: not a netCDF file that can be read ({type(error).__name__}). Expected a fit saved with -o; it "
            "may be cut short, or a table of runs: fit that first."
        ) from error
    if "bayeslaw_format" not in tree.attrs or not {"posterior", "sample_stats", "runs"} <= set(tree.children):
        raise PosteriorFileError(f"{path}: a netCDF file, but not a fit saved by bayeslaw. Give one written with -o.")
    found = tree.attrs["bayeslaw_format"]
    if found not in range(OLDEST, FORMAT + 1):
        raise PosteriorFileError(
            f"{path}: written in format {found}; this version of bayeslaw reads formats {OLDEST} to {FORMAT}. "
            "Upgrade bayeslaw if the file is newer, or fit again."
        )
    return tree


def _settings(text: str) -> dict[str, Any]:
    """Settings of a fit with all entries that answers speak of.

    Raises
    ------
    KeyError, TypeError, ValueError
        If these are none.
    """
    settings = json.loads(text)
    kinds: dict[str, Any] = {
        "prior": (dict, type(None)),
        "repairs": list,
        "seed": int,
        "sampling_seconds": (int, float, type(None)),
    }
    kinds |= dict.fromkeys(("pooling", "scale_priors", "stated_priors", "coordinate_priors", "versions"), dict)
    wrong = [name for name, kind in kinds.items() if not isinstance(settings[name], kind)]
    if wrong:
        raise TypeError(f"settings whose {wrong[0]} is {settings[wrong[0]]!r}")
    return dict(settings)


def _law(path: Path, name: str, fingerprint: str, given: Law | None) -> Law:
    """The law of a file: the one given, or the one of that name."""
    if given is not None and given.name != name:
        raise PosteriorFileError(f"{path}: a fit of the law {name!r}, found law={given.name!r}. Give the law it is of.")
    try:
        return kept_law(name, fingerprint, given, what="fit", reader="load")
    except LawError as error:
        raise PosteriorFileError(f"{path}: {error}") from error


def _fingerprint(tree: xr.DataTree) -> str:
    """SHA-256, in hexadecimal, of every variable, coordinate and attribute of the tree except the hash itself."""
    digest = hashlib.sha256()
    attributes = {name: str(value) for name, value in tree.attrs.items() if name != "sha256"}
    digest.update(json.dumps(attributes, sort_keys=True).encode("utf-8", "surrogatepass"))
    for group in sorted(tree.children):
        dataset = tree[group].to_dataset()
        for name in sorted(map(str, dataset.variables)):
            variable = dataset.variables[name]
            labels = {key: str(variable.attrs[key]) for key in sorted(variable.attrs)}
            about = [group, name, [str(dim) for dim in variable.dims], list(variable.shape), labels]
            digest.update(json.dumps(about).encode("utf-8", "surrogatepass"))
            values = np.asarray(variable.values)
            if values.dtype.kind in "OUT":
                digest.update(json.dumps([str(v) for v in values.ravel()]).encode("utf-8", "surrogatepass"))
            else:
                digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
        notes = {key: str(dataset.attrs[key]) for key in sorted(dataset.attrs)}
        digest.update(json.dumps(notes).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


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
            "scales": json.dumps(runs.scales),
            "loss_given": runs.loss_given,
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
    scales = tuple((heading, float(by)) for heading, by in json.loads(dataset.attrs.get("scales", "[]")))
    given = str(dataset.attrs.get("loss_given", ""))
    return Runs(pd.DataFrame(columns), left_out, notes, str(dataset.attrs["source"]), spelling, scales, given)
