"""The last third of the sizes of a table, foretold by the same model fitted to the first two thirds.

What a law gets wrong beyond its data no fit to all of the data shows. Held against runs that it has not seen, the same
model shows it where it goes wrong already inside the table. A second fit is needed: weights on the draws at hand that
stand for a fit without some runs serve for single runs, and not for a third of them (Vehtari, Gelman and Gabry 2017,
arXiv 1507.04544), for the draws of a fit to all runs lie where none of a fit to two thirds of them do.

How many runs have to fall inside their intervals is told by the model itself: hidden runs are drawn together, and those
of a task miss together. If the model is right, measured runs are one more such draw, so that the verdicts give false
alarms as often as they say.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from bayeslaw import streams
from bayeslaw.errors import RunsError
from bayeslaw.fitting.assemble import assemble
from bayeslaw.fitting.facade import Fit
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.layout import LABELS, run_weights
from bayeslaw.kinds.shared.stated import with_coordinate_priors
from bayeslaw.laws.base import Law
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.progress import Progress
from bayeslaw.results import Result, counted, verdict
from bayeslaw.runs import Runs
from bayeslaw.sampling.nuts import QUICK, SamplerSettings
from bayeslaw.sampling.sample import sample
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check, at_least

SHARE = 2 / 3
"""Share of the sizes of a task that the second fit sees."""

LEAST = 3
"""Sizes that it has to see."""

SIZES = 8
"""Hidden sizes that are foretold at most, the last among them; more of a long log would say the same again."""

P_MIN = 0.01
"""Share of tables of the model itself that each verdict may call odd."""

REMEDY = (
    "Beyond two thirds of the data this law went wrong, and may beyond all of it: compare laws (bayeslaw compare), or "
    "leave out the smallest sizes (--where)."
)


@dataclass(frozen=True, eq=False, repr=False)
class LastThird(Result):
    """Runs that were hidden from a fit, and what it foretold of them.

    Attributes
    ----------
    hidden : pandas.DataFrame
        One row a hidden run: where it stands in the source, names, size, what it measured, and ``median``, ``p05``,
        ``p95`` (of run predictions, in the unit of the outcome) and ``inside``.
    axis, outcome : str
        Names of the columns of sizes and of what was measured.
    seen : int
        Runs that the second fit saw.
    checks : tuple of Check
        ``last_third``, whose number is the share inside; ``last_third_distance``; and what failed in the second fit.
    """

    hidden: pd.DataFrame
    axis: str
    outcome: str
    seen: int
    checks: tuple[Check, ...]

    @property
    def coverage(self) -> float:
        """Share of the hidden runs inside their 90% intervals."""
        return float(self.hidden["inside"].mean())

    @property
    def sentence(self) -> str:
        """How many runs fell inside."""
        return f"Foretold from {counted(self.seen, 'smaller run')}: {self.checks[0].sentence}"

    def to_frame(self) -> pd.DataFrame:
        """The hidden runs, one a row."""
        return self.hidden

    def to_dict(self) -> dict[str, Any]:
        """Hidden runs and verdicts as plain values."""
        return {
            "hidden": self.hidden.to_dict("records"),
            "seen": self.seen,
            "coverage": self.coverage,
            "sentence": self.sentence,
            **verdict(self.checks),
        }


def last_third(
    fit: Fit, *, sampler: SamplerSettings = QUICK, seed: int = 0, progress: Progress | None = None
) -> LastThird:
    """Foretell the runs at the last third of the sizes of each task from a second fit, which has not seen them.

    Parameters
    ----------
    fit : Fit
        Of a law in one size. Law, pooling, priors and what was borrowed are those of this fit.
    sampler : SamplerSettings
        Of the second fit; few draws suffice for its intervals.
    seed : int
    progress : callable, optional
        Called with what is being done, iterations done, and iterations planned.

    Returns
    -------
    LastThird
        Of run predictions: what one new run there would measure.

    Raises
    ------
    RunsError
        If the law is of several sizes, or no task has enough of them.
    SamplingError
        If the second fit cannot start.
    """
    posterior = fit.posterior
    seen, hidden = split(posterior.runs, posterior.law)
    again = _fit_again(posterior, seen, sampler, seed, progress)
    return _foretold(again, hidden, seed)


def split(runs: Runs, law: Law) -> tuple[Runs, pd.DataFrame]:
    """The first two thirds of the sizes of each task, and rows of models among them at the last third.

    Raises
    ------
    RunsError
    """
    if any(c.share for c in law.covariates):
        raise RunsError(
            f"{runs.source}: the {law.name} law is of shares of a mixture, which have no last third, expected one of a "
            "size. Hide some mixtures with --where, and set predictions beside them with 'bayeslaw check --against'."
        )
    if sum(not c.like for c in law.covariates) > 1:
        raise RunsError(
            f"{runs.source}: the {law.name} law is of several sizes, expected one whose last third can be hidden. For "
            "such laws 'bayeslaw compare' hides the largest runs."
        )
    table, axis = runs.table, law.axis
    falls = any(c.falls for c in law.covariates if c.name == axis)
    forth = -table[axis] if falls else table[axis]  # such as the losses that a score is read from: the least come last
    beyond = np.zeros(len(table), bool)
    for task in runs.tasks:
        here = (table["task"] == task).to_numpy()
        sizes = np.unique(forth[here])
        kept = int(np.ceil(SHARE * len(sizes) - 1e-9))
        if LEAST <= kept < len(sizes):
            beyond |= here & (forth > sizes[kept - 1]).to_numpy()
    labels = pd.MultiIndex.from_frame(table[list(LABELS)])
    shown = beyond & labels.isin(labels[~beyond])
    if not shown.any():
        raise RunsError(
            f"{runs.source}: no model has runs both among the smaller two thirds of the sizes of a task, {LEAST} at "
            "the least, and beyond them; expected some, to be foretold. Measure models at four sizes or more."
        )
    return runs.where_rows(~beyond, "hidden: at the last third of the sizes"), _thinned(table[shown], axis)


def _thinned(hidden: pd.DataFrame, axis: str) -> pd.DataFrame:
    """Rows at a few sizes of each task, spread evenly, where there are many."""

    def few(sizes: pd.Series) -> np.ndarray:
        distinct = np.unique(sizes)
        chosen = np.unique(np.linspace(len(distinct) - 1, 0, SIZES).round().astype(int))
        return np.isin(sizes, distinct[chosen])

    return hidden[hidden.groupby("task", sort=False)[axis].transform(few).astype(bool)]


def _fit_again(
    posterior: Posterior, seen: Runs, sampler: SamplerSettings, seed: int, progress: Progress | None
) -> Posterior:
    """The same model, with the same priors, of other runs."""
    kind, settings = kind_of(posterior.law), posterior.settings
    borrowed = None if posterior.prior is None else posterior.prior.borrowed
    law = with_coordinate_priors(posterior.law, settings["coordinate_priors"])
    pooling = settings["pooling"] if posterior.prior is None else None
    layout = kind.layout(seen, law, borrowed)
    model = kind.model(law, layout, kind.pool(law, layout, pooling), posterior.scale_priors)
    sampled = sample(model, sampler, seed=seed, progress=progress)
    return assemble(seen, posterior.law, model, sampled, seed, prior=posterior.prior)


def _foretold(again: Posterior, hidden: pd.DataFrame, seed: int) -> LastThird:
    """Hold hidden runs against joint draws of them."""
    outcome = again.predictor.outcome
    drawn = _draws(again, hidden, seed)
    y = outcome.link(hidden[outcome.name].to_numpy(float))
    low, median, high = np.quantile(drawn, [0.05, 0.5, 0.95], axis=0)
    values = {name: outcome.inverse(q) for name, q in (("median", median), ("p05", low), ("p95", high))}
    columns = ["row", "task", "family", "model", again.law.axis, outcome.name]
    shown = hidden[columns].assign(**values, inside=_inside(y, low, high)).reset_index(drop=True)
    failed = tuple(check for check in again.checks if check.status == "FAIL")
    seen = len(again.runs.table)
    return LastThird(shown, again.law.axis, outcome.name, seen, (*held_against(drawn, y), *failed))


def _draws(again: Posterior, hidden: pd.DataFrame, seed: int) -> np.ndarray:
    """Draws of the hidden runs on the scale of the link, joint over all of them: shape (S, rows)."""
    predictor, axis = again.predictor, again.law.axis
    rng, noise = generator(seed, streams.HOLDOUT), generator(seed, streams.HOLDOUT_NOISE)
    sizes, column = np.unique(hidden[axis].to_numpy(float), return_inverse=True)
    targets = predictor.targets([{axis: float(size)} for size in sizes], "seen", rng)
    place = {label: i for i, label in enumerate(targets.labels)}
    names = hidden[["model", "family", "task"]].astype(str)
    row = np.array([place[label] for label in names.itertuples(index=False, name=None)])
    expected, weight = predictor.expected(targets, rng), run_weights(hidden, predictor.outcome)
    copy = hidden.groupby([*LABELS, axis]).cumcount().to_numpy()  # repeats share what is expected, and not their noise
    found = np.empty((len(expected), len(hidden)))
    for number in range(copy.max() + 1):
        at = np.flatnonzero(copy == number)
        weights = np.ones(targets.weight.shape)
        weights[row[at], column[at]] = weight[at]
        measured = predictor.measured(expected, replace(targets, weight=weights), noise)
        found[:, at] = measured[:, row[at], column[at]]
    return found


def held_against(drawn: np.ndarray, y: np.ndarray) -> tuple[Check, Check]:
    """Verdicts on measured runs (R,) beside joint draws of them (S, R), on the scale of the link.

    Parameters
    ----------
    drawn : ndarray, shape (S, R)
    y : ndarray, shape (R,)

    Returns
    -------
    tuple of Check
        The share inside 90% intervals against the shares of the draws; and how far off runs are in all, in standard
        deviations of each, as the share of draws that are further off.
    """
    low, median, high = np.quantile(drawn, [0.05, 0.5, 0.95], axis=0)
    inside = float(_inside(y, low, high).mean())
    usual = float(np.quantile(_inside(drawn, low, high).mean(axis=1), P_MIN))
    of = (
        f"{round(inside * len(y))} of {counted(len(y), 'run')} at the last third of the sizes fell inside 90% intervals"
    )
    sd = np.maximum((high - low) / (2 * stats.norm.ppf(0.95)), 1e-12)
    off = float(np.sqrt(np.mean(((y - median) / sd) ** 2)))
    further = np.sqrt(np.mean(((drawn - median) / sd) ** 2, axis=1)) >= off
    p = float((1 + further.sum()) / (1 + len(further)))
    return (
        at_least(
            "last_third", inside, usual, 0.0,
            f"{of}; of tables that the model itself makes, {1 - P_MIN:.0%} have {usual:.0%} or more there.",
            REMEDY,
        ),
        at_least(
            "last_third_distance", p, P_MIN, 0.0,
            f"They lie {off:.2g} of their standard deviations off their medians (root mean square); {p:.2g} of tables "
            "that the model itself makes are as far off.",
            REMEDY,
        ),
    )  # fmt: skip


def _inside(y: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.asarray((low <= y) & (y <= high))
