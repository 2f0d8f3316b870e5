"""Verdicts that need no sampling: whether a table of scores suffices for its law."""

import numpy as np

from bayeslaw.kinds.scores.layout import UNKNOWN_QUESTIONS, ScoreLayout
from bayeslaw.laws.base import Law
from bayeslaw.verdicts import Check, at_least, at_most

SPARE_MIN = 3
"""Scores of a task beyond the numbers of the law and its two levels."""

ABOVE_CHANCE = 2.0
"""Standard errors that the best scores of a task must lie above chance for it to tell anything of skill."""


def score_checks(layout: ScoreLayout, law: Law) -> list[Check]:
    """Check whether tasks have enough scores, above chance, and whether chance and questions are known."""
    seen, k = layout.weight > 0, layout.task_of
    runs = np.array([int(seen[k == j].sum()) for j in range(len(layout.tasks))])
    numbers = len(law.coordinates) + 3
    thinnest = layout.tasks[int(runs.argmin())]
    known = ~np.isnan(layout.chance)
    best = np.array([np.sort(layout.y[k == j][seen[k == j]])[-3:].mean() for j in range(len(layout.tasks))])
    chance = np.where(known, layout.chance, 0.0)
    error = np.sqrt(np.maximum(best * (1 - best), 1e-6) / layout.questions)
    above = np.where(known, (best - chance) / error, np.inf)
    flat, unknown = int(above.argmin()), int((~known).sum())
    guessed = int((layout.questions == UNKNOWN_QUESTIONS).sum())
    return [
        at_least(
            "spare_scores", runs.min() - numbers, SPARE_MIN, -numbers,
            f"The task with the fewest scores ({thinnest}) has {runs.min()}, for {numbers} numbers of its law.",
            "What the scores do not say comes from other tasks and the prior; add models or checkpoints.",
        ),
        at_least(
            "above_chance", float(above.min()), ABOVE_CHANCE, -np.inf,
            *_beside_chance(layout.tasks[flat], float(best[flat]), float(chance[flat]), float(above[flat])),
        ),
        at_most(
            "unknown_chance", unknown, 0, np.inf,
            f"{unknown} of {len(known)} tasks have no level of chance in the table.",
            "It is estimated from the lowest scores. Add a column chance, such as .25 for four choices.",
        ),
        at_most(
            "unknown_questions", guessed, 0, np.inf,
            f"{guessed} of {len(known)} tasks have no number of questions in the table.",
            "All scatter is taken for that of checkpoints. Add a column questions, or one of standard errors.",
        ),
    ]  # fmt: skip


def _beside_chance(task: str, best: float, chance: float, above: float) -> tuple[str, str]:
    """How far the mean of the best scores lies above chance, or below it, and what to do where that is too little."""
    side = "above" if above >= 0 else "below"
    told = f"The best three scores on {task}, {best:.3g} in the mean, lie {abs(above):.1f} standard errors {side} "
    told += f"chance, {chance:.3g}." if np.isfinite(above) else "chance."
    if above <= -ABOVE_CHANCE:
        return told, "Few models do worse than chance: look whether the column chance is that of this task and metric."
    return told, "Scores at chance do not say when they will rise: add larger models or later checkpoints."
