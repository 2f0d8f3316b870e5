"""Which column holds the standard errors of another: that whose heading is the same but for the words for them."""

import re
from collections.abc import Collection, Iterable, Sequence

import pandas as pd

from bayeslaw.runs.brackets import behind
from bayeslaw.runs.columns import MAX_HEADING, Meaning, plain
from bayeslaw.runs.units import read_numbers

_PARTS = re.compile(r"[/.:,()\[\]]")
_WORDS = r"(?i:std[\s_-]?err(?:or)?|standard[\s_-]?error|sem|se)"
_ERROR = re.compile(rf"(?:^|[\s_-]|(?<=[a-z0-9])(?=S)){_WORDS}$")


def measured_by(heading: str) -> str | None:
    """The plain name of what a heading is the standard error of: ``val/loss`` of ``val/loss_se``.

    Empty where the heading does not say of what; None where it names no standard error.
    """
    parts = _PARTS.split(_without_unit(heading)[:MAX_HEADING])
    without = [_ERROR.sub("", part.strip()) for part in parts]
    changed = [part for part, left in zip(parts, without, strict=True) if part.strip() != left]
    return plain("".join(without)) if len(changed) == 1 else None


def errors_beside(
    measured: str, cells: pd.DataFrame, by_name: Sequence[tuple[str, Meaning]], role: str, said: Collection[str]
) -> list[tuple[str, Meaning]]:
    """Columns of the standard errors of a column, by their headings; those of other columns are not among them.

    Parameters
    ----------
    measured : heading of the column of what was measured.
    cells : the table.
    by_name : columns that are standard errors by their names, and may not say of what.
    role : what such a column is.
    said : headings of which the user said what they are.
    """
    own = plain(_without_unit(measured))
    of_own = [heading for heading in cells.columns if heading not in said and measured_by(heading) == own]
    why = f"standard errors of {measured!r}, by its name"
    found = [(heading, Meaning(role, why=why)) for heading in of_own if _has_numbers(cells[heading])]
    return found or [(h, m) for h, m in by_name if measured_by(h) not in _names_of_others(measured, cells.columns)]


def _names_of_others(measured: str, headings: Iterable[str]) -> set[str]:
    return {plain(_without_unit(heading)) for heading in headings if heading != measured}


def _without_unit(heading: str) -> str:
    found = behind(heading)
    return heading if found is None else found.base


def _has_numbers(column: pd.Series) -> bool:
    return not read_numbers(column, counts=False).blank.all()
