"""The part of ``select`` that chooses by several tasks at once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bayeslaw.cli.fitting import say_repairs, say_what_went_in
from bayeslaw.cli.giving import Ways, give
from bayeslaw.cli.points import point_of_law
from bayeslaw.cli.shared import show, show_failing
from bayeslaw.errors import TargetError

if TYPE_CHECKING:
    from bayeslaw.answers.risk import Risk
    from bayeslaw.fitting.facade import Fit
    from bayeslaw.laws.base import Law
    from bayeslaw.runs import Runs


@dataclass(frozen=True)
class Several:
    """Several tasks to choose by: their weights, and thresholds."""

    weights: dict[str, float]
    thresholds: tuple[str, ...]

    def require(self, table: "Runs", law: "Law", target: dict[str, float], where_final: str | None) -> None:
        """Refuse tasks and targets that a table cannot be asked for before anything is sampled."""
        from bayeslaw.answers.compromise import require_compromise
        from bayeslaw.answers.thresholds import read_threshold
        from bayeslaw.kinds.registry import kind_of
        from bayeslaw.kinds.shared.outcome import outcome_as_given

        kind = kind_of(law)
        layout, outcome = kind.layout(table, law, None), outcome_as_given(kind.outcome, table.loss_given)
        asked = [read_threshold(text) for text in self.thresholds]
        require_compromise(layout, law, outcome, point_of_law(target, law, table), self.weights, asked, where_final)


def several_tasks(
    weights: list[str] | None, thresholds: list[str] | None, task: str | None, charge: list[str] | None
) -> Several | None:
    """Several tasks to choose by, if any are given.

    Raises
    ------
    TargetError
        If a weight is not understood, or options are given that are of one task.
    """
    if not weights and not thresholds:
        return None
    if task is not None or charge:
        given = "--task" if task is not None else "--charge"
        raise TargetError(
            f"{given} is for a choice by one task, and --weights and --threshold by several. Leave one out."
        )
    from bayeslaw.answers.thresholds import read_threshold

    found: dict[str, float] = {}
    for part in (part for option in weights or [] for part in option.split(",")):
        name, equals, text = (piece.strip() for piece in part.rpartition("="))
        try:
            found[name] = float(text) if name and equals and name not in found else float("nan")
        except ValueError:
            found[name] = float("nan")
        if not found[name] > 0:
            raise TargetError(
                f"--weights {part[:80]!r} is not understood. Expected a task and its weight, once each, such as "
                "arc=1,hellaswag=2."
            )
    for text in thresholds or []:
        read_threshold(text)
    return Several(found, tuple(thresholds or ()))


def choose_by_several(
    fitted: "Fit",
    target: dict[str, float],
    several: Several,
    risk: "Risk",
    where_final: str | None,
    seed: int,
    how: Ways,
) -> None:
    """Choose by several tasks, and give the answer."""
    found = fitted.compromise(
        at=point_of_law(target, fitted.posterior.law, fitted.posterior.runs),
        weights=several.weights,
        thresholds=several.thresholds,
        risk=risk,
        where_final=where_final,
        seed=seed,
    )

    def for_people() -> None:
        from bayeslaw.views.compromise_text import compromise_table

        say_what_went_in(fitted.posterior)
        show(compromise_table(found))
        print(f"\n{found.sentence}\n")
        show_failing(found.checks)
        say_repairs(fitted.posterior)

    give(found, how, for_people, fit=fitted)
