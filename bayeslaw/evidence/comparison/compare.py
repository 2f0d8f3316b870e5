"""Comparison of laws on a table, by their predictive density for the largest runs, which are held out.

Laws that fit the same runs equally well differ in extrapolation, so they are ranked by log predictive density of runs
larger than any that were fitted. Stacking weights (Yao et al. 2018, doi 10.1214/17-BA1091) give the mixture of laws
with the best score there, and leave-one-out cross-validation measures fit within the range of the data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw import streams
from bayeslaw.answers.prediction import Prediction, PredictionKind, predict
from bayeslaw.errors import TargetError
from bayeslaw.evidence.comparison.holdouts import Holdout
from bayeslaw.evidence.comparison.judging import judge_laws
from bayeslaw.evidence.comparison.law_scores import LawScore, law_scores
from bayeslaw.evidence.comparison.plan import Plan
from bayeslaw.fitting.facade import Fit
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.laws.base import Law
from bayeslaw.progress import Progress
from bayeslaw.results import Result, verdict
from bayeslaw.runs import Runs
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check, at_least, at_most, worst

HELD_OUT = ("law", "fold", "row", "task", "model", "data"), ("median", "p05", "p95", "log_score")
"""Columns of the record of held-out runs, before and after the outcome; a row of a wide table holds several runs."""

HELD_OUT_MIN = 10
"""Least number of held-out runs for weights and ranks to be reliable."""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Result):
    """Laws compared on one table.

    Attributes
    ----------
    runs : Runs
        The table compared on, without early tokens where a joint law leaves them out.
    along : str
        Column along which the largest runs were held out.
    laws : tuple of LawScore
        The best first.
    held_out : pandas.DataFrame
        One row a law, fold and held-out run, under the index of the run in the table: what was measured, median, 90%
        interval and log score. Where all laws are joint, checkpoints are averaged as these average them, and an
        average stands under the last of its runs.
    fits : mapping of str to Fit
        Each law fitted to all runs.
    outcome : Outcome
        The outcome that all laws describe.
    checks : tuple of Check
    """

    runs: Runs
    along: str
    laws: tuple[LawScore, ...]
    held_out: pd.DataFrame
    fits: Mapping[str, Fit]
    outcome: Outcome
    checks: tuple[Check, ...]

    @property
    def sentence(self) -> str:
        """The law with the best log score, and how far the second is behind."""
        best, *others = self.laws
        runs = self.held_out.index.nunique()
        told = f"The {best.law} law foretells {runs} held-out runs best (log score {best.log_score:.2f} a run"
        if others:
            told += f"; {others[0].law} is {others[0].behind:.2f} ± {others[0].behind_se:.2f} behind"
        return f"{told})."

    def records(self) -> list[dict[str, Any]]:
        """One plain mapping a law, the best first.

        Returns
        -------
        list of dict
        """
        return [asdict(score) for score in self.laws]

    def to_frame(self) -> pd.DataFrame:
        """One row a law, the best first."""
        flat = [{**r, "elpd_loo": np.nan if r["loo"] is None else r["loo"]["elpd"]} for r in self.records()]
        return pd.DataFrame(flat).drop(columns="loo")

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain values, with verdicts."""
        columns = [c for c in (*HELD_OUT[0], self.outcome.name, *HELD_OUT[1]) if c in self.held_out]
        return {
            "along": self.along,
            "laws": self.records(),
            "held_out": self.held_out[columns].astype(object).to_dict("records"),
            **verdict(self.checks),
            "left_out": [{"row": out.row, "reason": out.reason} for out in self.runs.left_out],
        }

    def predict(self, at: Sequence[Mapping[str, float]], *, kind: PredictionKind = "run", seed: int = 0) -> Prediction:
        """Predict with the mixture of laws; see `bayeslaw.answers.prediction.predict`.

        Each draw is one of a single law, chosen with the stacking weights, and so is joint over models and points.

        Parameters
        ----------
        at : sequence of mappings
            Points, as for ``Fit.predictions``.
        kind : {"run", "curve", "new-family", "law"}
        seed : int

        Returns
        -------
        Prediction

        Raises
        ------
        TargetError
            If a point is not one for all of the laws, or a new model to some and to others not.
        """
        laws = [f.posterior.law for f in self.fits.values()]
        require_alike(laws, at)
        rng = generator(seed, streams.MIXTURE)
        weights = {score.law: score.weight for score in self.laws}
        one_each = {
            law: predict(f.posterior, [point_for(f.posterior.law, laws, point) for point in at], kind=kind, seed=seed)
            for law, f in self.fits.items()
        }
        first = next(iter(one_each.values()))
        total = min(len(p.linked) for p in one_each.values())
        drawn = rng.choice(list(weights), total, p=list(weights.values()))
        linked, beyond = np.empty((total, *first.linked.shape[1:])), dict(first.beyond)
        for law, prediction in one_each.items():
            here = np.flatnonzero(drawn == law)
            order = [prediction.labels.index(label) for label in first.labels]
            some = rng.choice(len(prediction.linked), len(here), replace=False)
            linked[here] = prediction.linked[some][:, order]
            for name, factor in prediction.beyond.items():  # laws differ in covariates
                beyond[name] = np.maximum(beyond.get(name, 0.0), factor[order])
        return replace(
            first,
            linked=linked,
            beyond=beyond,
            chains=1,
            checks=(*self.checks, worst(c for p in one_each.values() for c in p.checks if c.name == "extrapolation")),
            provenance={"law": f"mixture of {', '.join(weights)}", "prior": None, "weights": weights},
        )


def compared(
    plan: Plan,
    *,
    sampler: SamplerSettings | None = None,
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> Comparison:
    """Compare laws as planned; see `bayeslaw.evidence.comparison.asked.compare`."""
    judged = judge_laws(
        plan.laws, plan.runs, plan.usable, sampler=sampler, seed=seed, workers=workers, progress=progress
    )
    held_out = pd.concat([one.held_out for one in judged.values()])
    fits = {name: one.fit for name, one in judged.items()}
    outcome = next(iter(fits.values())).posterior.outcome
    loo, statuses = ({name: getattr(one, what) for name, one in judged.items()} for what in ("loo", "status"))
    scores = law_scores(held_out, tuple(plan.laws), loo, statuses, outcome)
    return Comparison(plan.runs, plan.along, scores, held_out, fits, outcome, _checks(scores, held_out, plan.holdouts))


def require_alike(laws: Sequence[Law], at: Sequence[Mapping[str, float]]) -> None:
    """Check that points ask for the same models under several laws.

    Raises
    ------
    TargetError
        If a point is a whole one, of a new model, to some laws and not to others.
    """
    for point in at:
        whole = [law.name for law in laws if kind_of(law).is_new_model(law, point)]
        if 0 < len(whole) < len(laws):
            raise TargetError(
                f"At {', '.join(point)}, {', '.join(whole)} would predict a new model, the other laws those of the "
                "table. Give data alone, or every covariate of all laws."
            )


def point_for(law: Law, laws: Sequence[Law], point: Mapping[str, float]) -> Mapping[str, float]:
    """A point for one of several laws: a whole point without the covariates that only other laws have."""
    own = {c.name for c in law.covariates}
    if not own <= set(point):
        return point
    foreign = {c.name for other in laws for c in other.covariates} - own
    return {name: value for name, value in point.items() if name not in foreign}


def _checks(scores: Sequence[LawScore], held_out: pd.DataFrame, hidden: Sequence[Holdout]) -> tuple[Check, ...]:
    runs = held_out.index.nunique()
    hid = len(set().union(*(holdout.hidden.index for holdout in hidden)))
    others = f", of {hid} hidden; the others are averaged checkpoints, or of models that nothing is known of"
    failing = [score.law for score in scores if score.status == "FAIL"]
    return (
        at_least(
            "held_out_runs", runs, HELD_OUT_MIN, 1, f"Laws were scored on {runs} held-out runs{others * (runs < hid)}.",
            "So few decide little between laws; add larger runs, or hold out further.",
        ),
        at_most(
            "failed_laws", len(failing), 0, len(scores) - 1,
            f"Laws of which a fit has a failed check: {', '.join(failing) or 'none'}.",
            "Look at `bayeslaw fit --law` for what failed; do not rely on the scores of that law.",
        ),
    )  # fmt: skip
