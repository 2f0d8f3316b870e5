"""How slopes change beyond the data, learned from tasks whose large runs were hidden.

Each record is one task with its large runs hidden: how far every model's largest run lay from what a fit to the small
ones expected, and the error of slopes from rolling origins inside what was seen (see
`bayeslaw.kinds.curves.origins`). The distribution of the rates given that error is fitted by maximum likelihood,
task by task integrated over the rates; a collection can be left out, so that it can be scored by what others say.
"""

import functools
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize, special

from bayeslaw.errors import LawError, TargetError, did_you_mean
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.scales import LEAST_RATIO, Foretold
from bayeslaw.prior.released import released_folder

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law

TYPICAL = 0.03
"""Error of slopes at which medians are stated, in log loss per e-fold."""

_PRIOR = {  # weak: a collection or two must not decide; means and sds, of logs but for exponents
    "own": ((-4.0, 1.5), (0.7, 0.4), (-0.7, 0.7)),
    "shared": ((-4.0, 1.5), (0.7, 0.4), (-0.7, 0.7)),
}
LOG_RATES = np.linspace(-11.0, 1.0, 97)
"""Logs of the rates at which likelihoods are tabulated: with twenty models, a task tells its rate to a sixth."""
_STEPS = np.geomspace(1e-6, 100.0, 92)  # of shared errors about where they may be, whatever their scale


@dataclass(frozen=True, eq=False)
class HiddenTask:
    """One task with its large runs hidden.

    Attributes
    ----------
    collection, task, discrepancy : str
        The discrepancy is that of the law that was fitted.
    distance : float
        How far the runs lay beyond what was seen, in e-folds.
    slope_error : float
        Of the runs that were seen; NaN if they are too few.
    errors : tuple of float
        Log loss of each model's run, less the posterior median without changes of slope.
    own_sd, shared_sd : float
        Posterior sd, without changes of slope, of a model's log loss about the mean of all, run-to-run noise included;
        and of that mean.
    """

    collection: str
    task: str
    discrepancy: str
    distance: float
    slope_error: float
    errors: tuple[float, ...]
    own_sd: float
    shared_sd: float


def read_hidden_tasks(path: str | os.PathLike[str]) -> list[HiddenTask]:
    """Read records from a file with the text that `hidden_tasks_text` gives."""
    with open(path, encoding="utf-8") as file:
        plain = json.load(file)
    return [
        HiddenTask(
            **{
                **one,
                "errors": tuple(one["errors"]),
                "slope_error": np.nan if one["slope_error"] is None else one["slope_error"],
            }
        )
        for one in plain
    ]


def hidden_tasks_text(tasks: Iterable[HiddenTask]) -> str:
    """The records as JSON, a line each, rounded to five digits."""

    def plain(value: object) -> object:
        if isinstance(value, float):
            return float(f"{value:.5g}") if np.isfinite(value) else None
        return [plain(item) for item in value] if isinstance(value, tuple) else value

    lines = [json.dumps({name: plain(value) for name, value in asdict(task).items()}) for task in tasks]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def released_tasks_path() -> Path:
    """The records that the default distributions were fitted to."""
    return released_folder() / "slope-changes-v1" / "tasks.json"


def scales_without(law: "Law", collections: Sequence[str]) -> Any:
    """Default priors of the scales of a law, with changes of slope learned without some collections.

    Parameters
    ----------
    law : Law
        Of curves.
    collections : sequence of str
        Names of collections of the released records.

    Raises
    ------
    TargetError
        If there is no collection of a name.
    LawError
        If nothing of the law was learned from collections.
    """
    known = sorted({task.collection for task in read_hidden_tasks(released_tasks_path())})
    for name in collections:
        if name not in known:
            nearest = did_you_mean(name, known)
            raise TargetError(
                f"Nothing was learned from a collection {name!r}, so it cannot be left out.{nearest} "
                f"The collections are: {', '.join(known)}."
            )
    scales = kind_of(law).scale_priors(law)
    if not isinstance(getattr(scales, "own_change", None), Foretold):
        raise LawError(f"Nothing of the {law.name} law was learned from collections, so none can be left out.")
    own, shared = _learned_without(tuple(sorted(set(collections))), scales.change_df)
    return replace(scales, own_change=own, shared_change=shared)


@functools.cache
def _learned_without(collections: tuple[str, ...], df: float) -> tuple[Foretold, Foretold]:
    """Distributions fitted to the released records without some collections; seconds, and asked for at each fit."""
    return fit_slope_changes(read_hidden_tasks(released_tasks_path()), df=df, leave_out=collections)


def fit_slope_changes(
    tasks: Sequence[HiddenTask], *, df: float, leave_out: Iterable[str] = ()
) -> tuple[Foretold, Foretold]:
    """Fit the distributions of the rates of own and of shared changes of slope.

    Parameters
    ----------
    tasks : sequence of HiddenTask
    df : float
        Degrees of freedom of own changes.
    leave_out : iterable of str
        Collections that are not used.

    Returns
    -------
    own, shared : Foretold
    """
    left = set(leave_out)
    used = [task for task in tasks if task.collection not in left]
    start = np.array([pair[0] for name in ("own", "shared") for pair in _PRIOR[name]])
    spread = np.array([pair[1] for name in ("own", "shared") for pair in _PRIOR[name]])
    statistic = np.array([task.slope_error for task in used])
    known = np.isfinite(statistic)
    log_ratio = np.log(np.maximum(np.where(known, statistic, TYPICAL) / TYPICAL, LEAST_RATIO))
    between = float(np.std(log_ratio[known])) if known.sum() > 1 else 1.0
    tables = np.array([log_likelihood_of_rates(task, df) for task in used]).reshape(-1, len(LOG_RATES), len(LOG_RATES))
    likelihood = np.exp(tables - tables.max(axis=(1, 2), keepdims=True))

    def weights(level: float, exponent: float, log_sd: float) -> np.ndarray:
        """Probabilities of the rates given the statistic of each task, shape (K, R)."""
        sd = np.hypot(np.exp(log_sd), np.where(known, 0.0, exponent * between))[:, None]
        square = ((LOG_RATES - (level + exponent * log_ratio)[:, None]) / sd) ** 2
        weight = np.exp(-0.5 * (square - square.min(axis=1, keepdims=True)))
        return np.asarray(weight / weight.sum(axis=1, keepdims=True))

    def loss(point: np.ndarray) -> float:
        prior = 0.5 * np.sum(((point - start) / spread) ** 2)
        both = weights(*point[:3])[:, None] @ likelihood @ weights(*point[3:])[..., None]
        return float(prior - np.log(np.maximum(both, 1e-300)).sum())

    found = optimize.minimize(
        loss, start, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-3, "fatol": 1e-3}
    )
    own, shared = (
        Foretold(
            median=float(np.exp(level)), exponent=float(exponent), sd=float(np.exp(sd)), typical=TYPICAL, spread=between
        )
        for level, exponent, sd in (found.x[:3], found.x[3:])
    )
    return own, shared


def log_likelihood_of_rates(task: HiddenTask, df: float) -> np.ndarray:
    """Log density of the errors of a task at rates of own (rows) and shared changes, shape (R, R).

    It is integrated over the error that all models share.
    """
    errors, n, rates = np.array(task.errors), len(task.errors), np.exp(LOG_RATES)
    scale, sd = (np.hypot(known, task.distance * rates) for known in (task.own_sd, task.shared_sd))
    # near 0 where the rate of shared changes is small, near the errors where that of own changes is
    near = np.concatenate([[0.0], _STEPS, -_STEPS])
    shift = np.unique(np.concatenate([near, near + np.median(errors), near + errors.mean(), errors]))
    square = ((errors - shift[:, None]) ** 2)[:, None] / (df * scale[:, None] ** 2)
    inner = -(df + 1) / 2 * np.log1p(square).sum(axis=-1) - n * np.log(scale)
    inner += n * (special.gammaln((df + 1) / 2) - special.gammaln(df / 2) - 0.5 * np.log(np.pi * df))
    outer = -0.5 * (shift[:, None] / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    top = inner.max(axis=0)
    total = np.exp(inner - top).T @ (np.exp(outer) * np.gradient(shift)[:, None])
    return np.asarray(np.log(np.maximum(total, 1e-300)) + top[:, None])
