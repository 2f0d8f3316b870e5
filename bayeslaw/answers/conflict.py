"""Whether the runs look as the prior expected: borrowing from the wrong kind must not go unseen.

Before it sees the runs, a prior says how their loss should fall. Slopes and bends of the runs are held against those of
runs drawn from it (Box 1980, doi 10.2307/2982063), and the heights at which curves of a known task start against those
of the models that the prior has of it.
"""

import numpy as np
from scipy import stats

from bayeslaw.answers.curves import seen_curves
from bayeslaw.answers.prediction import curve_log_loss
from bayeslaw.answers.surfaces import expected_log_loss, seen_models, with_noise
from bayeslaw.model.borrowed import TaskPath
from bayeslaw.model.design import Design
from bayeslaw.model.heights import starting_heights
from bayeslaw.posterior import Posterior
from bayeslaw.verdicts import Check, at_least

CONFLICT = 0.05
"""Share of tables, if the prior is right, that are flagged by each check: to be looked at, which costs little, while a
few runs show little of what is wrong with them."""

REMEDY = (
    "The runs are of another kind than those behind the prior, or in other units: widen it (--widen 3), name the task "
    "otherwise if it is not the one that the prior knows, take another prior, or fit without one."
)


def conflict_checks(beforehand: Posterior, seed: int = 0) -> list[Check]:
    """Hold the runs of a table against what a prior expected of them.

    Parameters
    ----------
    beforehand : Posterior
        Draws from the prior in place of a posterior, whose levels mean nothing.
    seed : int
        Of the noise of runs.
    """
    design, checks = beforehand.design, []
    rng = np.random.default_rng([seed, 7])
    found = _features(design, design.log_loss[None], beforehand.law.strays == "surface")
    if found:
        drawn = _features(design, _runs_beforehand(beforehand, rng), beforehand.law.strays == "surface")
        worst, p = "", 1.0
        for name, values in found.items():
            below = float(np.mean(drawn[name] < values[0]))
            own = 2 * (min(below, 1 - below) * len(drawn[name]) + 1) / (len(drawn[name]) + 1)
            if own <= p:
                worst, p = name, own
        low, high = np.quantile(drawn[worst], [0.05, 0.95])
        p = float(1 - (1 - min(p, 1.0)) ** len(found))
        checks.append(
            at_least(
                "prior_conflict", p, CONFLICT, 0.0,
                f"The {worst} is {found[worst][0]:.3f}, where the prior expects {low:.3f} to {high:.3f} (90%); if that "
                f"holds for these runs, {p:.2g} of tables would be further off.",
                REMEDY,
            )
        )  # fmt: skip
    paths = {} if design.borrowed is None else design.borrowed.paths
    several = [k for k, task in enumerate(design.tasks) if task in paths and paths[task].models > 1]
    return [*checks, *(_of_heights(design, k, paths[design.tasks[k]]) for k in several)]


def _runs_beforehand(beforehand: Posterior, rng: np.random.Generator) -> np.ndarray:
    """Log loss that the runs of the table would measure, their noise included (run prediction): shape (S, C, M)."""
    covariates = beforehand.design.covariates
    if beforehand.law.strays == "surface":
        places = seen_models(beforehand, covariates)
        return with_noise(beforehand, places, expected_log_loss(beforehand, places, rng), rng)
    curves = seen_curves(beforehand)
    log_loss = curve_log_loss(beforehand, curves, covariates, None)
    weight = beforehand.design.weight
    relative = 1 / np.sqrt(np.where(weight > 0, weight, 1.0))
    return log_loss + curves.noise[..., None] * relative * rng.standard_normal(log_loss.shape)


def _features(design: Design, log_loss: np.ndarray, joint: bool) -> dict[str, np.ndarray]:
    """Mean slopes of log loss along each covariate and mean bend along the axis, by task; each of shape (S,).

    Slopes are of least squares within a curve, or within a family where a law ties its models together.
    """
    seen = design.weight > 0
    group_of = design.family_of if joint else np.arange(len(design.curves))
    found: dict[str, list[np.ndarray]] = {}
    for g in np.unique(group_of):
        members = group_of == g
        here = seen & members[:, None]
        logs = {name: np.log(values[here]) for name, values in design.covariates.items()}
        varying = {name: v - v.mean() for name, v in logs.items() if np.ptp(v) > 1e-9}
        columns = {f"log-log slope along {name}": v for name, v in varying.items()}
        if len(varying) == 1:
            ((name, v),) = varying.items()
            if len(np.unique(v)) > 2:
                columns[f"bend of log loss along {name}"] = v**2
        matrix = np.column_stack([np.ones(int(here.sum())), *columns.values()])
        if len(columns) == 0 or np.linalg.matrix_rank(matrix) < matrix.shape[1]:
            continue
        coefficients = log_loss[:, here] @ np.linalg.pinv(matrix).T
        task = design.tasks[design.task_of[np.flatnonzero(members)[0]]]
        for j, name in enumerate(columns, start=1):
            found.setdefault(f"{name} on {task}", []).append(coefficients[:, j])
    return {name: np.mean(values, axis=0) for name, values in found.items()}


def _of_heights(design: Design, task: int, path: TaskPath) -> Check:
    """Of where the curves of a known task start, beside the models that the prior has of it."""
    members = np.flatnonzero(design.task_of == task)
    t = starting_heights(design)[members] / path.height_sd / np.sqrt(1 + 1 / path.models)
    furthest = int(np.argmax(np.abs(t)))
    p = float(1 - (1 - 2 * stats.t.sf(np.abs(t[furthest]), path.models - 1)) ** len(members))
    return at_least(
        "prior_level", p, CONFLICT, 0.0,
        f"On {design.tasks[task]}, {design.curves[members[furthest]].model} starts furthest from the models behind the "
        f"prior, by {t[furthest]:+.1f} of their standard deviations; {p:.2g} of tables would have one as far off.",
        REMEDY,
    )  # fmt: skip
