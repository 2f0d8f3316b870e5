"""What may be asked of further runs, and what is refused before anything is sampled."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bayeslaw.answers.candidates import Charge, charges, members
from bayeslaw.answers.goals import GoalName
from bayeslaw.answers.optimum import require_budget, require_tokens
from bayeslaw.answers.selection_checks import require_target
from bayeslaw.errors import TargetError
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.points import curve_named, curves_on, require_covariates, unknown_name
from bayeslaw.laws.base import Law
from bayeslaw.runs import Runs


@dataclass(frozen=True)
class Question:
    """What is to be decided; exactly one of ``at``, ``compute`` and ``crossing`` tells the goal.

    Attributes
    ----------
    at : mapping
        A target: choose among the models of the task there, or foretell. With ``compute`` or ``crossing``, the other
        covariates of the law.
    compute : float or None
        A budget in FLOP to be split.
    crossing : pair of str, or None
        Two models, or two families of a joint law.
    foretell : str or None
        The model, or of a joint law the family, whose run at the target is to be foretold.
    task : str or None
        Needed if the table has several.
    charge : mapping, str or None
        What candidates are charged beside their loss.
    where_final : str or None
        A condition on what may be chosen.
    """

    at: Mapping[str, float] = field(default_factory=dict)
    compute: float | None = None
    crossing: tuple[str, str] | None = None
    foretell: str | None = None
    task: str | None = None
    charge: Charge | None = None
    where_final: str | None = None


def require_question(runs: Runs, layout: Layout, law: Law, question: Question) -> GoalName:
    """Check a question before anything is sampled, and find its goal.

    Raises
    ------
    TargetError, TaskError, LawError, RunsError, SelectionError
        If no goal or several are given, or the target cannot be used.
    """
    given = [name for name in ("compute", "crossing") if getattr(question, name) is not None]
    if len(given) == 2 or (given and question.foretell is not None):
        raise TargetError("Give one goal: a target (at), a budget to be split (compute), or a crossing.")
    if (given or question.foretell is not None) and (question.charge or question.where_final):
        raise TargetError("Charges and conditions on what may be chosen are for a choice. Leave them out.")
    if not given and not question.at:
        raise TargetError(
            "Nothing says what is to be decided. Give a target such as data=1638400 (--at), a budget (--compute), or "
            "two choices whose crossing is wanted (--crossing)."
        )
    if question.compute is not None:
        require_budget(law, question.compute, question.at)
        require_tokens(runs)
        return "split"
    if question.crossing is not None:
        _require_crossing(layout, law, question)
        return "crossing"
    if question.foretell is None and not kind_of(law).is_new_model(law, question.at):
        task = require_target(layout, law, question.at, question.task)
        charges(runs, layout, members(runs, layout, task, question.where_final), question.charge)
        return "choose"
    require_covariates(law, question.at)
    if law.axis not in question.at:
        raise TargetError(f"The target lacks {law.axis!r}. Add {law.axis}=… to it.")
    here, name = curves_on(layout, question.task), question.foretell
    if name is not None and kind_of(law).is_new_model(law, question.at):
        families = {layout.curves[i].family for i in here}
        if name not in families:
            raise unknown_name("family", name, sorted(families))
    elif name is not None:
        curve_named(layout, name, question.task)
    return "foretell"


def _require_crossing(layout: Layout, law: Law, question: Question) -> None:
    assert question.crossing is not None
    if law.axis in question.at:
        raise TargetError(f"at gives {law.axis!r}, the size that is looked for. Leave it out.")
    require_two(layout, law, question.crossing, question.task)


def require_two(layout: Layout, law: Law, names: tuple[str, str], task: str | None) -> None:
    """Refuse two choices to be compared that are one, or not on the task.

    Raises
    ------
    TargetError, TaskError
    """
    if names[0] == names[1]:
        raise TargetError(f"Both choices are {names[0]!r}; name two.")
    here = curves_on(layout, task)
    known = [layout.curves[i].model for i in here]
    if kind_of(law).knows == "family":
        known += [layout.curves[i].family for i in here]
    for name in names:
        if name not in known:
            raise unknown_name("model or family" if kind_of(law).knows == "family" else "model", name, known)
