"""Which models may be chosen, and what each is charged beside its loss."""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from bayeslaw.errors import SelectionError, TargetError
from bayeslaw.kinds.shared.layout import Layout
from bayeslaw.kinds.shared.points import curves_on, unknown_name
from bayeslaw.runs import Runs
from bayeslaw.runs.arithmetic import computed
from bayeslaw.runs.units import is_blank, read_count
from bayeslaw.runs.where import matching_rows

Charge = Mapping[str, float] | str
"""What models are charged, in the unit of the loss: by model, or an expression of columns."""

_BETWEEN_CHARGES = re.compile(r",(?=[^,=]{1,200}=)")  # not commas behind which no charge follows


def members(runs: Runs, layout: Layout, task: str, where_final: str | None = None) -> list[int]:
    """Curves of a task whose models may be chosen.

    Raises
    ------
    SelectionError
        If the constraint is not understood, holds for some runs of a model and not for others, or for no model.
    """
    here = curves_on(layout, task)
    if where_final is None:
        return here
    kept = []
    for i in here:
        own = _runs_of(runs, layout, i)
        mask = matching_rows(own, where_final, dict(runs.spelling))
        if mask.any() and not mask.all():
            model = layout.curves[i].model
            raise SelectionError(
                f"--where-final {where_final!r} holds for some runs of {model!r} and not for others. It chooses among "
                "models: name columns in which all runs of a model agree, such as params or family."
            )
        if mask.all():
            kept.append(i)
    if not kept:
        raise SelectionError(
            f"--where-final {where_final!r} leaves none of {len(here)} candidates. Loosen it, or check spelling."
        )
    return kept


def charges(runs: Runs, layout: Layout, curves: list[int], charge: Charge | None) -> np.ndarray:
    """What each of some curves is charged, in the unit of the outcome: shape (len(curves),).

    Raises
    ------
    TargetError
        If a model is not among them, or a charge is not a number.
    SelectionError
        If an expression is not understood.
    """
    names = [layout.curves[i].model for i in curves]
    if isinstance(charge, Mapping):
        for name in charge:
            if name not in names and dict(runs.spelling).get(name, name) in runs.table:
                raise TargetError(
                    f"--charge gives {name!r} a number, and {name!r} is a column, not a model. To charge by a column, "
                    f"write an expression, such as '{charge[name]:g} * {name}'; there are the models: "
                    f"{', '.join(sorted(names))}."
                )
            if name not in names:
                raise unknown_name("model", name, names)
    return charges_by_runs(names, [_runs_of(runs, layout, i) for i in curves], charge, runs.spelling)


def charges_by_runs(
    names: Sequence[str], own: Sequence[pd.DataFrame], charge: Charge | None, spelling: Iterable[tuple[str, str]]
) -> np.ndarray:
    """What models are charged, from their runs, ``own``; nothing, if charges are by name and none is theirs.

    Raises
    ------
    TargetError
        If a charge is not a number.
    SelectionError
        If an expression is not understood.
    """
    if isinstance(charge, str) and names:
        known = pd.concat([_constant(runs) for runs in own], ignore_index=True)
        found = computed(known, charge, dict(spelling), "--charge")
    else:
        by_name = charge if isinstance(charge, Mapping) else {}
        found = np.array([float(by_name.get(name, 0.0)) for name in names])
    bad = np.flatnonzero(~np.isfinite(found))
    if len(bad):
        raise TargetError(
            f"--charge: {names[bad[0]]!r} would be charged {found[bad[0]]:g}, expected a number in the unit of the "
            "loss. Columns must be known for every candidate, those of a list too, and the same in all its runs."
        )
    return found


def read_charges(texts: list[str]) -> Charge | None:
    """Charges as written: ``model=0.01``, several in one text or in each its own, or one expression of columns.

    Raises
    ------
    TargetError
        If one is neither.
    """
    if not texts:
        return None
    if len(texts) == 1 and "=" not in texts[0]:
        return texts[0]
    found: dict[str, float] = {}
    for text in (part for several in texts for part in _each(several)):
        name, equals, number = text.rpartition("=")
        value = None if is_blank(number) else read_count(number)
        if not equals or not name.strip() or value is None:
            raise TargetError(
                f"--charge {text!r} is not understood. Expected model=0.01, in the unit of the loss, several as "
                "model=0.01,other=0.02, or one expression of columns such as '0.005 * log2(params)'."
            )
        if name.strip() in found:
            raise TargetError(f"--charge gives {name.strip()!r} twice.")
        found[name.strip()] = value
    return found


def _runs_of(runs: Runs, layout: Layout, curve: int) -> pd.DataFrame:
    table, label = runs.table, layout.curves[curve]
    own = (table["model"].astype(str) == label.model) & (table["task"].astype(str) == label.task)
    return table[own & (table["family"].astype(str) == label.family)]


def _constant(own: pd.DataFrame) -> pd.DataFrame:
    """The first run of a model; numbers in which its runs do not agree are not a number."""
    numeric = [name for name in own.columns if pd.api.types.is_numeric_dtype(own[name])]
    varying = [name for name in numeric if own[name].nunique(dropna=False) > 1]
    return own.head(1).assign(**dict.fromkeys(varying, np.nan))


def _each(text: str) -> list[str]:
    """The charges of one text, ``a=0.01,b=0.02``; a name may hold a comma, and then the text is one charge."""
    parts = _BETWEEN_CHARGES.split(text)
    return parts if all("=" in part for part in parts) else [text]
