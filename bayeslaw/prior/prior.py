"""Informative priors made from fits of known families and tasks, and the files they are saved in.

A prior is one JSON file: the normal vector that `bayeslaw.kinds.shared.borrowed` describes, where it came from, and a
hash.
"""

import dataclasses
import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bayeslaw.errors import BayeslawError, LawError, PriorError
from bayeslaw.files import replacing
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.borrowed import PATH, Borrowed, Entry, TaskPath
from bayeslaw.laws.base import Law
from bayeslaw.laws.fingerprint import law_fingerprint
from bayeslaw.laws.kept import kept_law
from bayeslaw.prior.content import require_kinds, strict_json
from bayeslaw.runs import Runs, counts_tokens

SCHEMA = 1
"""Version of the file's schema; raised when an older reader would misread."""

_DIGITS = 9
"""Significant digits of saved numbers: rounding is far below the error of the normal approximation."""


@dataclass(frozen=True, eq=False)
class Prior:
    """An informative prior for new tables, made from a fit.

    Attributes
    ----------
    name : str
    law : Law
    units : mapping of str to str
        Unit of each covariate that the law needs: what one of ``data`` is, ``examples`` or ``tokens``.
    borrowed : Borrowed
        The multivariate normal distribution of the prior.
    families : tuple of (task, family)
        Families it was made from.
    models : tuple of (task, model)
        Models it was made from.
    ranges : mapping of str to (low, high)
        Smallest and largest value of each covariate that it was made from.
    approximation : float
        Largest Kolmogorov distance between posterior draws of a number of the vector and the normal that replaces them.
    origin : mapping
        How it was made: hash of the runs, verdicts of the fit, seed and versions; plain values.
    """

    name: str
    law: Law
    units: Mapping[str, str]
    borrowed: Borrowed
    families: tuple[tuple[str, str], ...]
    models: tuple[tuple[str, str], ...]
    ranges: Mapping[str, tuple[float, float]]
    approximation: float
    origin: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """SHA-256 of the content of its file, in hexadecimal."""
        return _hash(_content(self))

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that the prior knows."""
        return self.borrowed.tasks

    def widened(self, factor: float) -> "Prior":
        """The same prior with all standard deviations multiplied by a factor.

        Parameters
        ----------
        factor : float
            1 or more.

        Returns
        -------
        Prior

        Raises
        ------
        PriorError
            If the factor is not a number of 1 or more.
        """
        if not (np.isfinite(factor) and factor >= 1):
            raise PriorError(f"A prior is widened by a factor of 1 or more, found {factor:g}.")
        return (
            self
            if factor == 1
            else replace(
                self,
                name=f"{self.name} (widened {factor:g}x)",
                borrowed=replace(self.borrowed, covariance=factor**2 * self.borrowed.covariance),
            )
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a JSON file, all or nothing.

        Parameters
        ----------
        path : path

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        with replacing(Path(path)) as temporary:
            text = json.dumps(plain(self), indent=1, ensure_ascii=False, allow_nan=False)
            temporary.write_text(text + "\n", encoding="utf-8")

    def require_fits(self, runs: Runs, law: Law) -> None:
        """Check that a table can borrow from this prior.

        Parameters
        ----------
        runs : Runs
        law : Law

        Raises
        ------
        PriorError
            If it is of another law, of another form of the law, or of another unit, or the table has models that the
            prior was made from.
        """
        if law.name != self.law.name:
            raise PriorError(
                f"The prior {self.name} is one of the {self.law.name} law, and the fit is of the {law.name} law. "
                f"Fit with law={self.law.name!r}, or take a prior of the {law.name} law."
            )
        if law is not self.law and law_fingerprint(law) != law_fingerprint(self.law):
            raise PriorError(
                f"The prior {self.name} is one of another form of the {law.name} law than the fit. Fit with the law as "
                "it was, or make the prior again."
            )
        for name, unit in units_of(runs, law).items():
            if self.units[name] != unit:
                raise PriorError(
                    f"{runs.source}: {name!r} counts {unit}, and in the runs that the prior {self.name} was made from "
                    f"it counts {self.units[name]}. Convert the table, or take a prior of {unit}."
                )
        rows = runs.table[["task", "model"]].astype(str).drop_duplicates()
        again = sorted(set(map(tuple, rows.to_numpy())) & set(self.models))
        if again:
            task, model = again[0]
            raise PriorError(
                f"{runs.source}: the prior {self.name} was made from runs of {len(again)} of these models (such as "
                f"{model!r} on {task!r}), which would count twice. Leave them out, give what is another task another "
                "name, or fit all runs together without a prior."
            )


def units_of(runs: Runs, law: Law) -> dict[str, str]:
    """The unit of each covariate of a law in a table, such as ``tokens``."""
    counted = "tokens" if counts_tokens(runs) else "examples"
    return {c.name: counted if "examples" in c.unit or "tokens" in c.unit else c.unit for c in law.covariates}


def as_kept(prior: Prior) -> Prior:
    """A prior with its numbers rounded as in its file, so that it is the same before and after it is saved.

    Raises
    ------
    ValueError
        If what it says is no distribution.
    """
    return _from_content(_content(prior), prior.law)


def plain(prior: Prior) -> dict[str, Any]:
    """The content of the file of a prior, with its hash, as plain values."""
    content = _content(prior)
    return {**content, "sha256": _hash(content)}


def load_prior(path: str | os.PathLike[str], *, law: Law | None = None) -> Prior:
    """Read a prior from a file.

    Parameters
    ----------
    path : path
    law : Law, optional
        The law that it was made with, if that is neither one of the package nor registered; not used of another name.

    Returns
    -------
    Prior

    Raises
    ------
    PriorError
        If the file is missing, damaged, no prior, of a newer schema, altered, made with a law that is not at hand, or
        with another form or other coordinates of its law than those at hand.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PriorError(f"{path}: cannot be read ({error}). Expected a prior saved as JSON.") from error
    return read_prior(text, str(path), law)


def read_prior(text: str, path: str, given: Law | None = None) -> Prior:
    """Read a prior from JSON text; ``path`` says in errors where that was. ``given`` is as for `load_prior`."""
    try:
        found = strict_json(text)
    except (ValueError, RecursionError) as error:
        raise PriorError(f"{path}: not JSON ({error}). It may be cut short or no prior; make it again.") from error
    if not isinstance(found, dict) or found.get("kind") != "bayeslaw prior":
        raise PriorError(f'{path}: JSON, but not a prior of bayeslaw. Expected "kind": "bayeslaw prior".')
    if found.get("schema") != SCHEMA:
        raise PriorError(
            f"{path}: written in schema {found.get('schema')}; this version of bayeslaw reads schema {SCHEMA}. "
            "Upgrade bayeslaw if the file is newer, or make the prior again."
        )
    content = {key: value for key, value in found.items() if key != "sha256"}
    if found.get("sha256") != _hash(content):
        raise PriorError(f"{path}: what it says does not match its hash, so it has been altered. Get or make it again.")
    try:
        law = _law(path, str(content["law"]), content["origin"].get("law_fingerprint"), given)
        if content["coordinates"] != _coordinates(law):
            raise PriorError(
                f"{path}: made with other coordinates of the {law.name} law than this version has. Make it again."
            )
        return _from_content(content, law)
    except PriorError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, BayeslawError) as error:
        raise PriorError(f"{path}: a part of the prior is missing or damaged ({error}). Make it again.") from error


def _law(path: str, name: str, fingerprint: str | None, given: Law | None) -> Law:
    """The law of a prior: the one given if it is of that name, or the one of that name."""
    given = given if given is not None and given.name == name else None
    try:
        return kept_law(name, fingerprint, given, what="prior", reader="load_prior")
    except LawError as error:
        raise PriorError(f"{path}: {error}") from error


def _coordinates(law: Law) -> list[dict[str, Any]]:
    """Names, prior means and scales of the law's coordinates, in which the vector is standardised."""
    return [{"name": c.name, "mean": c.mean, "sd": c.sd, "spread": c.spread} for c in law.coordinates]


def _content(prior: Prior) -> dict[str, Any]:
    b = prior.borrowed
    lower = b.covariance[np.tril_indices(len(b.mean))]
    return {
        "kind": "bayeslaw prior",
        "schema": SCHEMA,
        "name": prior.name,
        "law": prior.law.name,
        "coordinates": _coordinates(prior.law),
        "units": dict(prior.units),
        "reference": dict(b.reference),
        "entries": [[e.name, e.task, e.index] for e in b.entries],
        "mean": _rounded(b.mean),
        "covariance_lower": _rounded(lower),
        "scales": dataclasses.asdict(b.scales),
        "paths": {
            task: {"anchor": p.anchor, "knots": _rounded(p.knots), "typical": _rounded(p.typical)}
            | {"height_sd": p.height_sd, "models": p.models}
            for task, p in b.paths.items()
        },
        "families": [list(pair) for pair in prior.families],
        "models": [list(pair) for pair in prior.models],
        "ranges": {name: list(pair) for name, pair in prior.ranges.items()},
        "approximation": round(prior.approximation, 4),
        "origin": dict(prior.origin),
    }


def _from_content(content: Mapping[str, Any], law: Law) -> Prior:
    require_kinds(content)
    mean = np.array(content["mean"], float)
    covariance = np.zeros((len(mean), len(mean)))
    covariance[np.tril_indices(len(mean))] = content["covariance_lower"]
    covariance += np.tril(covariance, -1).T
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all() and _is_positive(covariance)):
        raise ValueError("its mean and covariance are not those of a distribution")
    entries = tuple(Entry(str(name), task, int(index)) for name, task, index in content["entries"])
    if len(entries) != len(mean):
        raise ValueError(f"{len(entries)} entries and {len(mean)} means")
    if {*content["units"]} != {c.name for c in law.covariates}:
        raise ValueError(f"units of {', '.join(content['units'])}, which are not what the law needs")
    knots = Counter(entry.task for entry in entries if entry.name == PATH)
    if knots != {task: len(p["knots"]) for task, p in content["paths"].items()}:
        raise ValueError("paths whose knots are not those of the vector")
    borrowed = Borrowed(
        reference={str(name): float(value) for name, value in content["reference"].items()},
        entries=entries,
        mean=mean,
        covariance=covariance,
        scales=kind_of(law).read_scale_priors(content["scales"]),
        paths={
            str(task): TaskPath(
                anchor=float(p["anchor"]),
                knots=np.array(p["knots"], float),
                typical=np.array(p["typical"], float),
                height_sd=float(p["height_sd"]),
                models=int(p["models"]),
            )
            for task, p in content["paths"].items()
        },
    )
    for task, path in borrowed.paths.items():
        if len(path.typical) != len(path.knots) + 1 or (np.diff([path.anchor, *path.knots]) <= 0).any():
            raise ValueError(f"a path of {task!r} that does not go from size to larger size")
    return Prior(
        name=str(content["name"]),
        law=law,
        units=dict(content["units"]),
        borrowed=borrowed,
        families=tuple((str(task), str(family)) for task, family in content["families"]),
        models=tuple((str(task), str(model)) for task, model in content["models"]),
        ranges={str(name): (float(low), float(high)) for name, (low, high) in content["ranges"].items()},
        approximation=float(content["approximation"]),
        origin=dict(content["origin"]),
    )


def _is_positive(covariance: np.ndarray) -> bool:
    """Whether a covariance is positive definite."""
    try:
        np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        return False
    return True


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]


def _hash(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
