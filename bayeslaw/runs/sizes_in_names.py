"""Tokens and steps that stand in the names of runs alone, such as ``pythia-410m-2e9tok``: columns are made of them."""

import re
from collections.abc import Collection

import pandas as pd

from bayeslaw.runs.columns import COUNTS, RATIOS, meaning, usual_place
from bayeslaw.runs.stated import says
from bayeslaw.runs.units import is_blank, read_count

_COUNT = r"(?P<count>\d{1,12}(?:\.\d{1,6})?(?:[eE]\d{1,2})?)"
_START, _END = r"(?:^|[\s_.@/-]{1,8})", r"(?=$|[\s_.@/-])"
_MARKS = {
    "tokens": (
        rf"{_START}{_COUNT}(?P<unit>[KMBT]?)[\s_-]?(?:tok|toks|token|tokens){_END}",
        rf"{_START}{_COUNT}(?P<unit>[MB])T{_END}",
        rf"{_START}(?:tok|toks|token|tokens)[=_-]?{_COUNT}(?P<unit>[KMBT]?){_END}",
    ),
    "step": (rf"{_START}(?:step|steps|iter|iters)[=_-]?{_COUNT}(?P<unit>[KM]?){_END}",),
}
_PATTERNS = {heading: [re.compile(mark, re.IGNORECASE) for mark in marks] for heading, marks in _MARKS.items()}
"""Marks of counts in names, by the heading of the column that is made of them."""


def with_sizes_in_names(cells: pd.DataFrame, said: Collection[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """A table with a column of tokens, or of steps, where no column counts data and the names of all runs do.

    Names lose what is in the column, so that runs of a model at several sizes are of one model.

    Parameters
    ----------
    cells : the table, under its own headings.
    said : what columns were said to be, such as ``tokens:B``.

    Returns
    -------
    The table, and a note if it was changed.
    """
    known = {heading: found for heading in cells.columns if (found := meaning(heading)) is not None}
    counting = {*COUNTS, "steps", *RATIOS} - {"params", "unique_data"}
    if any(says(role, text) for role in counting for text in said) or counting & {one.role for one in known.values()}:
        return cells, ()
    names = sorted((h for h, found in known.items() if found.role == "model"), key=lambda h: usual_place("model", h))
    for heading in names:
        for made, patterns in _PATTERNS.items():
            read = [None if is_blank(cell) else _size(str(cell), patterns) for cell in cells[heading]]
            if made not in cells and read and all(one is not None for one in read):
                sizes, rest = zip(*filter(None, read), strict=True)
                if made == "tokens":  # of a checkpoint such as step1000-tokens4B, the step says the same
                    rest = tuple(without[1] if (without := _size(one, _PATTERNS["step"])) else one for one in rest)
                column = pd.Series(sizes, index=cells.index, dtype=object)
                bare = pd.Series(rest, index=cells.index, dtype=object)
                note = (
                    f"No column counts the data: {made.removesuffix('s')}s are read from the names "
                    f"({str(cells[heading].iloc[0])!r}: {sizes[0]:.12g}), which are without them here."
                )
                return cells.assign(**{heading: bare, made: column}), (note,)
    return cells, ()


def _size(name: str, patterns: list[re.Pattern[str]]) -> tuple[float, str] | None:
    """The whole number that a name says, and the name without it; None if it says none, or several, or nothing else."""
    found = [match for pattern in patterns for match in pattern.finditer(name)]
    if len(found) != 1:
        return None
    size = read_count(f"{found[0]['count']}{found[0]['unit']}")
    rest = f"{name[: found[0].start()]}{name[found[0].end() :]}".strip(" _.@/-")
    return (size, rest) if size and size.is_integer() and rest else None
