"""One choice made with the largest runs hidden, and what came out of it beside the accept-then-stop baseline."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayeslaw.answers.selection import Selection
from bayeslaw.errors import RunsError
from bayeslaw.evidence.backtest.finetune_cells import Task, make_cells
from bayeslaw.evidence.baselines.selection import accept_then_stop
from bayeslaw.evidence.scores import regret, rmsle
from bayeslaw.runs import Runs


@dataclass(frozen=True)
class Outcome:
    """How a choice turned out; errors are root mean squared errors of log loss, regrets are in units of loss.

    Attributes
    ----------
    inside_90, models : int
        Of so many models with a measured loss, so many have it inside the 90% interval.
    rmsle, rmsle_baseline : float
        Error of the medians, and of accept-then-stop.
    regret, regret_baseline : float
        Measured loss of the best ranked of these models, and of accept-then-stop's choice, above the best one's.
    choice_baseline : str
        The model that accept-then-stop would choose.
    """

    inside_90: int
    models: int
    rmsle: float
    rmsle_baseline: float
    regret: float
    regret_baseline: float
    choice_baseline: str


@dataclass(frozen=True, eq=False)
class Hidden:
    """A table of one task with its largest runs hidden.

    Attributes
    ----------
    seen : Runs
        What may be fitted.
    target : float
        The largest data size.
    measured : mapping
        Loss at the target by model, the mean if it was run several times.
    baseline : mapping
        What accept-then-stop predicts there from the runs seen.
    """

    seen: Runs
    target: float
    measured: Mapping[str, float]
    baseline: Mapping[str, float]

    def outcome(self, selection: Selection) -> Outcome:
        """Compare a selection made from what was seen with what was hidden; candidates not measured do not count."""
        known = [candidate for candidate in selection.candidates if candidate.model in self.measured]
        measured = np.array([self.measured[candidate.model] for candidate in known])
        medians = np.array([candidate.loss_median for candidate in known])
        baseline = np.array([self.baseline[candidate.model] for candidate in known])
        inside = [c.loss_p05 <= loss <= c.loss_p95 for c, loss in zip(known, measured, strict=True)]
        return Outcome(
            inside_90=int(np.sum(inside)),
            models=len(known),
            rmsle=rmsle(medians, measured),
            rmsle_baseline=rmsle(baseline, measured),
            regret=regret(np.array([c.expected_regret for c in known]), measured),
            regret_baseline=regret(baseline, measured),
            choice_baseline=known[int(baseline.argmin())].model,
        )


def hide_largest(runs: Runs, *, beyond: float) -> Hidden:
    """Hide the runs of one task that are larger than the largest data size divided by ``beyond``.

    Raises
    ------
    RunsError
        If the table has several tasks, ``beyond`` hides nothing, or no model has runs both at the largest size and
        among those that are left.
    """
    if not beyond > 1:
        raise RunsError(f"found beyond={beyond:g}, expected more than 1 to hide something, such as 16.")
    if len(runs.tasks) > 1:
        raise RunsError(
            f"{runs.source}: found the tasks {', '.join(runs.tasks)}, expected one. Take one with for_task."
        )
    target = float(runs.table["data"].max())
    (cell,) = make_cells([Task(runs.tasks[0], runs, {}, target)], [beyond])
    trial = cell.trial
    if trial is None:
        raise RunsError(
            f"{runs.source}: found no model with runs both at data={target:.12g}, the largest size, and at most at "
            f"{target / beyond:.12g}; expected some, to compare a prediction with. Hide less, or give more runs."
        )
    predicted = [
        float(accept_then_stop(sizes, losses[None], target=target)[0])
        for sizes, losses in zip(trial.sizes, trial.losses, strict=True)
    ]
    measured = dict(zip(trial.models, cell.measured.tolist(), strict=True))
    return Hidden(trial.runs, target, measured, dict(zip(trial.models, predicted, strict=True)))
