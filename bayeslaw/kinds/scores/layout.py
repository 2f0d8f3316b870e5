"""The layout of scores: one curve a model and task, with levels of chance, numbers of questions and knots of walks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw.errors import LawError
from bayeslaw.kinds.scores.walks import KNOTS, OWN_KNOTS, OWN_SPACING, SPACING, Walk, walk_over
from bayeslaw.kinds.shared.borrowed import Borrowed
from bayeslaw.kinds.shared.layout import Layout, largest_of_curves, laws_fed_by, lay_out, points_of_table
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.laws.base import Law
from bayeslaw.runs import Runs
from bayeslaw.runs.table import families_of

SCORE = Outcome("accuracy", "share of questions", higher_is_better=True, link_name="identity")
"""Scores are modelled as they are; what is on the scale of ``link`` is skill."""

SIZE = "params"
"""Covariate on which departures depend that sizes do not have in common; see `levelling_size`."""

SIZE_EXPONENT = 0.34
"""Exponent of the loss in model size (Hoffmann et al. 2022, parametric fit)."""

UNKNOWN_QUESTIONS = 1e5
"""Questions of a test of which the number is not known: so many that all scatter is estimated from the scores."""

POINTS_OF_A_WALK = 4
"""Points that models have, by the median, from which on they have walks of their own."""


@dataclass(frozen=True, eq=False)
class ScoreLayout(Layout):
    """Scores as arrays. Coordinates are stated at the geometric mean of all runs, or where those of a prior are.

    A task whose families have a single model each is one family, called as the task.

    Attributes
    ----------
    chance : ndarray, shape (T,)
        Score of guessing on each task; NaN where the table does not say it.
    questions : ndarray, shape (T,)
        Questions of each task.
    size : ndarray, shape (C,)
        Number of parameters relative to the reference, as of `levelling_size`; 0 where the law has no model size.
    model_of : ndarray of int, shape (C,)
        The model of each curve: curves of several tasks may be of one.
    family_name_of : ndarray of int, shape (C,)
        The family of each curve, the same on all tasks.
    common, own : Walk
        Over the range of all runs: of what models share, and of single models.
    """

    chance: np.ndarray
    questions: np.ndarray
    size: np.ndarray
    model_of: np.ndarray
    family_name_of: np.ndarray
    common: Walk
    own: Walk


def score_layout(runs: Runs, law: Law, borrowed: Borrowed | None) -> ScoreLayout:
    """Lay out a table of scores for a law; with a prior, relative to the reference point of the prior.

    Raises
    ------
    LawError
        If the table has no scores, or lacks a covariate of the law; the message says what to do.
    """
    if SCORE.name not in runs.table:
        raise LawError(
            f"{runs.source}: the {law.name} law is of scores, and the table has none, only losses. Say which column is "
            f"one: --as COLUMN=accuracy. Laws that this table can feed: {', '.join(laws_fed_by(runs))}."
        )
    points = points_of_table(runs, law, SCORE)
    fields = lay_out(
        points,
        law,
        SCORE,
        largest=largest_of_curves(points, law.axis),
        axis_reference=lambda largest, mean: mean,
        family=families_of,
        borrowed=borrowed,
    )
    plain = Layout(**fields)
    seen = plain.weight > 0
    several = float(np.median(seen.sum(axis=1))) >= POINTS_OF_A_WALK
    size = np.zeros(len(plain.curves))
    if SIZE in plain.covariates:
        size = np.round(levelling_size(plain.covariates[SIZE][:, 0] / plain.reference[SIZE]), 10)
    labels = pd.DataFrame(plain.curves)
    t = times(law, plain.axis[seen])
    return ScoreLayout(
        **fields,
        chance=_of_tasks(runs.table, plain.tasks, "chance", np.nan),
        questions=_of_tasks(runs.table, plain.tasks, "questions", UNKNOWN_QUESTIONS),
        size=size,
        model_of=pd.factorize(pd.MultiIndex.from_frame(labels[["family", "model"]]))[0],
        family_name_of=pd.factorize(labels["family"])[0],
        common=walk_over(t, SPACING, KNOTS if several else 0),
        own=walk_over(t, OWN_SPACING, OWN_KNOTS if several else 0),
    )


def levelling_size(relative: np.ndarray) -> np.ndarray:
    """Size as departures of a task depend on it: its logarithm near the reference, levelling off beyond.

    (1 - relative^-SIZE_EXPONENT) / SIZE_EXPONENT. What size lacks in loss falls so: small models, which level off or
    get worse late in training, depart more from each other than large ones.

    Parameters
    ----------
    relative : ndarray
        Parameters relative to the reference.

    Returns
    -------
    ndarray, same shape
    """
    return (1 - relative**-SIZE_EXPONENT) / SIZE_EXPONENT


def times(law: Law, logs: np.ndarray) -> np.ndarray:
    """Places on walks, which go on beyond the data, of logs of the axis relative to the reference."""
    return -logs if falling(law)[law.axis] else logs


def falling(law: Law) -> dict[str, bool]:
    """Whether smaller values of a covariate lie beyond the data, by its name."""
    return {c.name: c.falls for c in law.covariates}


def _of_tasks(table: pd.DataFrame, tasks: tuple[str, ...], name: str, unknown: float) -> np.ndarray:
    """The median of a column on each task; what is not known is replaced."""
    if name not in table:
        return np.full(len(tasks), unknown)
    medians = table[name].astype(float).groupby(table["task"].astype(str)).median()
    return medians.reindex(list(tasks)).fillna(unknown).to_numpy(float)
