"""Scores of runs that were not made, through their losses: a law of losses, then a map from losses to scores.

Each draw of the second fit is paired with one of the first, at random, for the two posteriors are independent. The loss
of that draw, with the noise of a run, is where the map of the other is read off; what models, checkpoints and tests
scatter by comes on top. So the interval holds what is not known of the loss, of the map, and of the test (Bhagia et al.
2024, arXiv 2412.04403, chain point estimates).

Shapes: S draws, L models whose losses are predicted, K targets (a model of those on a task of scores), A points, G
losses of a grid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw import streams
from bayeslaw.answers.prediction import Prediction, PredictionKind, of_tasks, predict, tasks_named
from bayeslaw.answers.quantiles import QUANTILES
from bayeslaw.errors import TargetError
from bayeslaw.kinds.predictor import Label, Part, Predictor, Who
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.kinds.shared.points import curves_on
from bayeslaw.laws.base import Law
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check, at_most

MODEL_LOSS = "model_loss"
"""The covariate of a map: the loss of a model, beside its score."""

GRID, TAIL = 129, 5e-4
"""Losses at which the map is drawn, and the share of the draws of losses beyond either end, which count as at it."""

REACH = 1.2
"""Times below the least loss of a table of scores at which scores were foretold in trials: those of the two largest
sizes of the over-training grid, from models of up to 412M parameters, lie up to 1.14 times below, and were foretold at
up to 1.21 times. All six average scores were in their 90% intervals, their errors off by 3 to 10%."""

ALIKE = 0.02
"""Relative difference up to which losses of one model in the two tables are of one evaluation."""


@dataclass(frozen=True, eq=False, repr=False)
class ChainPrediction(Prediction):
    """Predictions of scores through losses, and what they went through.

    Attributes
    ----------
    kind, at, labels, linked, beyond, outcome, chains, checks, provenance
        As of any prediction; checks and provenance are of both fits.
    losses : Prediction
        Of the same models at the same points, as the map was given them.
    grid : ndarray, shape (G,)
        Losses, from the least to the largest that were predicted or that scores were measured at.
    band : ndarray, shape (5, K, G)
        Quantiles .05, .25, .5, .75 and .95 of expected scores at these losses: the map alone.
    measured : DataFrame
        The scores that the map was fitted to: ``task``, ``family``, ``model``, ``model_loss`` and the outcome.
    """

    losses: Prediction
    grid: np.ndarray
    band: np.ndarray
    measured: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """The predictions as plain values, with those of the losses, verdicts and provenance.

        Returns
        -------
        dict
        """
        return {**super().to_dict(), "losses": self.losses.records()}


def chain(
    loss: Posterior,
    score: Posterior,
    at: Sequence[Mapping[str, float]],
    *,
    kind: PredictionKind = "run",
    outcome: str | None = None,
    task: str | None = None,
    seed: int = 0,
) -> ChainPrediction:
    """Predict scores at points of a law of losses, jointly over tasks.

    Parameters
    ----------
    loss : Posterior
        Of losses.
    score : Posterior
        Of scores against ``model_loss``, such as of the law ``loss_to_score`` or ``loss_to_error``.
    at : sequence of mappings
        Points of the law of losses. A model that both fits know keeps what it is better by than others of its loss.
    kind : {"run", "curve", "new-family", "law"}
        ``run`` has the noise of runs in the loss, and of a test of as many questions in the score.
    outcome : str, optional
        Such as ``accuracy:arc_easy``; all tasks of the scores unless given.
    task : str, optional
        Of the losses, needed if their fit has several.
    seed : int
        Of the pairing, and of the draws beyond the data.

    Returns
    -------
    ChainPrediction

    Raises
    ------
    TargetError
        If the fits are not of losses and of a map from them, the families of the two do not match, or a point cannot
        be predicted at.
    TaskError
        If the task is unknown, or not given where there are several.
    """
    require_chain(loss.law, score.law)
    found = predict(loss, at, kind=kind, seed=seed)
    of_losses = loss.layout.curves[curves_on(loss.layout, task)[0]].task
    found = of_tasks(found, {of_losses})
    rng = generator(seed, streams.CHAIN)
    draws = len(score.flat("level"))
    paired = _paired(len(found.linked), draws, rng)
    values = found.outcome.inverse(found.linked[paired])  # (S, L, A)
    grid = _grid(values, score.runs.table[MODEL_LOSS].to_numpy(float))
    who: Who = "new-family" if kind == "new-family" else "new-model"
    wanted = tasks_named(score.outcome.name, score.layout.tasks, outcome)
    predictor = score.predictor
    matches = [_matches(score, label, who, wanted) for label in found.labels]
    index = np.repeat(np.arange(len(matches)), [len(m) for m in matches])

    def targets(points: Sequence[Sequence[float]]) -> Any:
        parts = [_parts(predictor, losses, match, who, rng) for losses, match in zip(points, matches, strict=True)]
        return predictor.together([part for own in parts for part in own])

    of_map = targets([grid.tolist()] * len(matches))
    expected = predictor.law_alone(of_map) if kind == "law" else predictor.expected(of_map, rng)
    middle = np.median(values, axis=0)
    there = targets(middle.tolist())
    linked = _along(grid, expected, values[:, index])
    if kind in ("run", "new-family"):
        linked = predictor.measured(linked, there, rng)
    labels = tuple(
        (found.labels[k][0], found.labels[k][1], label[2]) for k, label in zip(index, there.labels, strict=True)
    )
    columns = ["task", "family", "model", MODEL_LOSS, score.outcome.name]
    return ChainPrediction(
        kind=kind,
        at=tuple(at),
        labels=labels,
        linked=linked,
        beyond={**{name: factor[index] for name, factor in found.beyond.items()}, **there.beyond},
        outcome=score.outcome,
        chains=score.chains,
        checks=(
            *_of("loss", loss, found.checks),
            *_of("score", score, score.checks),
            _within(float(there.beyond[MODEL_LOSS].max())),
            *_alike(loss.runs.table[loss.runs.table["task"].astype(str) == of_losses], score.runs.table),
        ),
        provenance={**score.provenance(), "through": loss.provenance()},
        losses=found,
        grid=grid,
        band=np.quantile(score.outcome.inverse(expected), list(QUANTILES.values()), axis=0),
        measured=score.runs.table[columns],
    )


def require_chain(loss: Law, score: Law) -> None:
    """Refuse laws whose fits make no chain: one of losses, and one of scores with the loss as their only covariate.

    Raises
    ------
    TargetError
    """
    outcome = kind_of(loss).outcome
    if outcome.name != LOSS.name or outcome.higher_is_better:
        raise TargetError(
            f"The first fit of a chain is of {outcome.name} ({loss.name} law), expected one of losses, as of "
            "the law chinchilla. Is it in the place of the other?"
        )
    names = [c.name for c in score.covariates]
    if names != [MODEL_LOSS]:
        raise TargetError(
            f"The second fit of a chain is of the {score.name} law, in {', '.join(names)}; expected a map from "
            f"losses to scores, in {MODEL_LOSS}: fit a table of scores with a column {MODEL_LOSS} by the law "
            "loss_to_score or loss_to_error."
        )


def _paired(of_losses: int, wanted: int, rng: np.random.Generator) -> np.ndarray:
    """For each draw of the map a draw of the losses: each about as often, in random order."""
    rounds = [rng.permutation(of_losses) for _ in range(-(-wanted // of_losses))]
    return np.concatenate(rounds)[:wanted]


def _grid(values: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Losses in geometric progression over those that were drawn and those that scores were measured at."""
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    return np.geomspace(min(low, measured.min()) / 1.001, max(high, measured.max()) * 1.001, GRID)


def _along(grid: np.ndarray, heights: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Lines through heights (S, K, G) at a grid in geometric progression, read off at (S, K, A) draw by draw."""
    place = (np.log(at) - np.log(grid[0])) / np.log(grid[1] / grid[0])
    place = np.clip(place, 0, len(grid) - 1)
    left = np.minimum(place.astype(int), len(grid) - 2)
    low, high = (np.take_along_axis(heights, left + step, axis=2) for step in (0, 1))
    return np.asarray(low + (place - left) * (high - low))


_Match = tuple[bool, Label]
"""Whether a target is a model of the table of scores, and its label there."""


def _matches(score: Posterior, label: Label, who: Who, tasks: Sequence[str]) -> list[_Match]:
    """Of a model whose loss is predicted, what it is among the scores: itself on each task, or one of its family.

    Raises
    ------
    TargetError
        If it is of no family that the scores know.
    """
    model, family, _ = label
    found: list[_Match] = []
    for task in tasks:
        own = [c for c in score.layout.curves if c.task == task and c.model == model]
        own = [c for c in own if c.family == family] or own
        if len(own) == 1:
            found.append((True, (own[0].model, own[0].family, task)))
            continue
        families = [name for of_task, name in score.layout.families if of_task == task]
        if who == "new-family" or family in families:
            found.append((False, (label[0], family, task)))
        elif len(families) == 1:
            found.append((False, (label[0], families[0], task)))
        else:
            raise TargetError(
                f"The losses are of the family {family!r}, and the scores on {task} of {', '.join(families)}: nothing "
                "says which of them it is. Give families the same names in both tables, or predict with "
                "kind='new-family'."
            )
    return found


def _parts(
    predictor: Predictor[Any], losses: Sequence[float], matches: Sequence[_Match], who: Who, rng: np.random.Generator
) -> list[Part[Any]]:
    """Targets of one model at some losses, a task each: its own where it is known, else those of one new model."""
    points = [{MODEL_LOSS: float(loss)} for loss in losses]
    known = predictor.targets(points, "seen", rng) if any(seen for seen, _ in matches) else None
    new = predictor.targets(points, who, rng) if not all(seen for seen, _ in matches) else None
    parts: list[Part[Any]] = []
    for seen, (model, family, task) in matches:
        if seen:
            assert known is not None
            parts.append((known, np.array([known.labels.index((model, family, task))])))
        else:
            assert new is not None
            places = [k for k, (_, of, on) in enumerate(new.labels) if (of, on) == (family, task)]
            parts.append((new, np.array(places)))
    return parts


def _of(what: str, posterior: Posterior, checks: Sequence[Check]) -> tuple[Check, ...]:
    """Checks of one of the two fits, under names that say of which."""
    said = f"Of the fit of {'losses' if what == 'loss' else 'scores'} ({posterior.law.name}): "
    return tuple(
        Check(f"{what}_{c.name}", c.status, c.value, c.threshold, said + c.sentence[:1].lower() + c.sentence[1:],
              c.remedy)
        for c in checks
    )  # fmt: skip


def _within(factor: float) -> Check:
    """Verdict on how far the predicted losses lie below those of the table of scores."""
    where = f"lie {factor:.3g} times below the least" if factor > 1 else "lie within those"
    return at_most(
        "losses_of_the_map", factor, REACH, REACH**2,
        f"The predicted losses {where} that the scores were measured at.",
        "Beyond the losses measured, the map is what its law says: add scores of better models.",
    )  # fmt: skip


def _alike(losses: pd.DataFrame, scores: pd.DataFrame) -> list[Check]:
    """Verdict on whether models that are in both tables have the same loss in both; none if there are none.

    Where scores do not say of which checkpoint they are, it is that of the nearest loss.
    """
    keys = ["model"] + (["data"] if "data" in losses and "data" in scores else [])
    own = scores[[*keys, MODEL_LOSS]].dropna().drop_duplicates()
    both = losses[[*keys, LOSS.name]].merge(own, on=keys, how="inner")
    if both.empty:
        return []
    ratio = both[LOSS.name].to_numpy(float) / both[MODEL_LOSS].to_numpy(float)
    apart = pd.Series(np.abs(np.log(ratio)), both.index)
    off = float(apart.groupby([both[name] for name in (*keys, MODEL_LOSS)]).min().median())
    return [
        at_most(
            "losses_alike", off, ALIKE, 5 * ALIKE,
            f"Losses of models in both tables differ by {off:.2%} in the median.",
            "Let both be of one evaluation set, in one unit.",
        )
    ]  # fmt: skip
