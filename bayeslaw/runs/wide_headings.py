"""Headings that hold a measure and what it was measured at: ``loss_seed0``, ``val_loss (run 2)``, ``loss@10B``."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import Meaning, meaning
from bayeslaw.runs.unfolded import VALUE_HEADING, Unfolded
from bayeslaw.runs.units import read_count, read_numbers

_REPEAT = re.compile(
    r"(?P<before>.{0,80}?)(?<![a-z])(?P<word>seed|run|rep|repeat|replicate|trial)[\s_=:#-]{0,3}(?P<number>\d{1,9})"
    r"(?![\d.]|\s?[kmbt]\b)(?P<after>.{0,80})",
    re.IGNORECASE,
)
_SIZED = re.compile(
    r"(?P<measure>.{1,80}?)(?P<at>\s?@\s?|[\s_]at[\s_]|[\s_(\[]{1,2})(?P<size>[\d.,_]{1,20}(?:[eE]\+?\d{1,2})?\s?[KMBTkmbt]?)"
    r"[\s_]?(?P<unit>tokens?|toks?|examples|samples|steps?|params|parameters)?[)\]]?"
)
_UNITS = {"tok": "tokens", "exa": "data", "sam": "data", "ste": "step", "par": "params"}
_MARKS = " _-/.:|([)],"
_MEAN_AGREES = 2e-3
"""Share by which a mean of repeats may differ from that of the numbers as they are printed."""


def unfold_repeats(cells: pd.DataFrame) -> Unfolded | None:
    """Give each of several losses of one row, by their headings repeats of a run, a row of its own.

    Headings that count runs or trials, and not seeds, are repeats beside a column of models or parameters alone: else
    they may be the models.

    Returns
    -------
    Unfolded or None
        None if there are none, or another loss is to be read first, or as much as they are but of other repeats.
    """
    measures: dict[str, dict[str, str]] = {}
    words = set()
    for heading in map(str, cells.columns):
        if found := _REPEAT.fullmatch(heading):
            name = " ".join(part.strip(_MARKS) for part in (found["before"], found["after"]) if part.strip(_MARKS))
            measures.setdefault(name or VALUE_HEADING, {})[found["number"]] = heading
            words.add(found["word"].casefold())
    known = {name: _measure(name) for name in measures}
    measured = sorted((one.rank, name) for name, one in known.items() if one is not None)
    if not measured or not (words == {"seed"} or _names_models(cells)):
        return None
    rank, main = measured[0]
    by_number = measures[main]
    together = {name: found for name, found in measures.items() if found.keys() == by_number.keys()}
    rivals = any(found_rank == rank and name not in together for found_rank, name in measured)
    if len(by_number) < 2 or "seed" in cells or rivals:
        return None
    several = list(by_number.values())
    about = _about_them(cells, together, rank)
    dropped = [*(heading for found in together.values() for heading in found.values()), *(about or ())]
    if about is None or set(together) & {*cells.columns} - {*dropped}:
        return None
    count, times = len(cells), len(by_number)
    long = cells.drop(columns=dropped).loc[np.repeat(cells.index, times)].reset_index(drop=True)
    long["seed"] = np.tile(list(by_number), count)
    for name, by_seed in together.items():
        values = cells[[by_seed[number] for number in by_number]].astype(object).to_numpy().ravel()
        long[name] = pd.Series(values, dtype=object)
    note = f"Wide table: each row has {times} repeats, {_listed(several)}; each is a run of its own, told by 'seed'."
    if about:
        note += f" {_listed(about)} {'is' if len(about) == 1 else 'are'} of all of them, and not used."
    return Unfolded(
        cells=long,
        origin=np.repeat(np.arange(count), times),
        loss_headings=np.tile(np.array(several, dtype=object), count),
        made=("seed", *together),
        note=note,
    )


def unfold_sizes_behind(cells: pd.DataFrame) -> Unfolded | None:
    """Give each loss at a size that its heading names, ``loss@10B``, a row of its own.

    What the size is of, a unit behind it says, or else what no other column tells: the data, or the parameters.

    Raises
    ------
    RunsError
        If it may be either: there is neither a unit nor another size, and the heading does not say "at".
    """
    found = {str(heading): match for heading in cells.columns if (match := _sized(str(heading))) is not None}
    names = {match["measure"].strip(_MARKS) for match in found.values()}
    units = {(match["unit"] or "").casefold()[:3] for match in found.values()}
    sizes = {heading: float(read_count(match["size"].strip()) or 0) for heading, match in found.items()}
    if len(found) < 2 or len(names) != 1 or len(units) != 1 or len(set(sizes.values())) < len(sizes):
        return None
    name, others = names.pop(), [heading for heading in cells.columns if heading not in found]
    roles = {known.role for known in map(meaning, map(str, others)) if known is not None}
    counted, named = roles & {"data", "tokens", "steps", "compute"}, roles & {"model", "params", "family"}
    unit = units.pop()
    kind = _UNITS.get(unit) or ("params" if counted and "params" not in roles else "data")
    if "loss" in roles or name in cells or kind in cells or (counted and kind != "params") or not (counted or named):
        return None
    count, headings = len(cells), list(found)
    at = {match["at"].strip(" _") for match in found.values()}
    if not (unit or counted or "params" in roles or at <= {"@", "at"}):
        raise RunsError(
            f"Headings {_listed(headings)} name sizes, and no other column says of what: parameters or data. Add a "
            f"unit to each, such as '{name}@7B params' or '{name}@7B tokens'."
        )
    long = cells[others].loc[np.repeat(cells.index, len(found))].reset_index(drop=True)
    long[kind] = np.tile(list(sizes.values()), count)
    long[name] = pd.Series(cells[headings].astype(object).to_numpy().ravel(), dtype=object)
    return Unfolded(
        cells=long,
        origin=np.repeat(np.arange(count), len(found)),
        loss_headings=np.tile(np.array(headings, dtype=object), count),
        made=(kind, name),
        note=f"Wide table: {len(found)} headings, {_listed(headings)}, are {name!r} at sizes, read as {kind}.",
    )


def _sized(heading: str) -> re.Match[str] | None:
    """A measure at a size: a size with a unit or in thousands or more, or that of a loss with a sign or a word for it.

    ``loss_2`` is none, nor is ``acc@5``, where the right answer is among so many.
    """
    found = _SIZED.fullmatch(heading)
    known = None if found is None else _measure(found["measure"].strip(_MARKS))
    if found is None or known is None or not read_count(found["size"].strip()):
        return None
    is_size = found["unit"] or not found["size"].strip()[-1].isdigit() or "e" in found["size"].lower()
    return found if is_size or (known.role == "loss" and found["at"].strip(" _") in ("@", "at")) else None


def _measure(name: str) -> Meaning | None:
    known = meaning(name)
    return known if known is not None and known.role in ("loss", "accuracy") else None


def _names_models(cells: pd.DataFrame) -> bool:
    return any(known.role in ("model", "params") for known in map(meaning, map(str, cells.columns)) if known)


def _about_them(cells: pd.DataFrame, repeats: Mapping[str, Mapping[str, str]], rank: int) -> tuple[str, ...] | None:
    """Means and errors of repeats in columns beside them; None if one is another loss, to be read before them."""
    roles = {known.role for known in map(_measure, repeats) if known is not None}
    means = [_mean(cells, list(found.values())) for found in repeats.values()]
    about = []
    for heading in map(str, cells.columns):
        known = None if _REPEAT.fullmatch(heading) else meaning(heading)
        if known is None or known.role.removesuffix("_se") not in roles | {"loss"}:
            continue
        own = read_numbers(cells[heading], counts=False).values
        is_mean = any(np.allclose(own, mean, rtol=_MEAN_AGREES, equal_nan=True) for mean in means)
        if known.role.endswith("_se") or is_mean:
            about.append(heading)
        elif known.role == "loss" and known.rank <= rank:
            return None
    return tuple(about)


def _mean(cells: pd.DataFrame, headings: Sequence[str]) -> np.ndarray:
    """The mean of the numbers in each row, NaN where there is none."""
    with np.errstate(invalid="ignore"):
        values = np.column_stack([read_numbers(cells[heading], counts=False).values for heading in headings])
    return np.array([np.mean(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in values])


def _listed(headings: Sequence[str]) -> str:
    shown = ", ".join(map(repr, headings[:3]))
    return f"{shown}, …" if len(headings) > 3 else shown
