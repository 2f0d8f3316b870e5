"""Wide tables made tidy: a column for each data size, or a column for each model beside one of steps or sizes."""

import re
from collections import Counter

import numpy as np
import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import COUNTS, meaning, plain, sizes_in_headings
from bayeslaw.runs.unfolded import VALUE_HEADING, Unfolded
from bayeslaw.runs.units import read_count, read_numbers
from bayeslaw.runs.wide_headings import unfold_repeats, unfold_sizes_behind

_OF_A_CHART = re.compile(r"(.{1,200}) - (.{1,200})")
_SIZE = re.compile(r"\d{1,4}(?:\.\d{1,4})?\s?[MBmb]")
_SETTING = re.compile(r"(?:^|[,;\s])([A-Za-z][\w./-]{0,60})\s?:\s?([^\s,;:]{1,40})")
_BAND = ("__MIN", "__MAX")
_NO_MODELS_LIST = (
    "epoch, lr, learningrate, runtime, timestamp, time, walltime, relativetimeprocess, gradnorm, norm, grad, "
    "memory, mfu, throughput, seed, batchsize, weightdecay, momentum, speed, created, state, notes, tags, "
    "user"
)
_NO_MODELS = frozenset(_NO_MODELS_LIST.split(", "))


def unfold(cells: pd.DataFrame, source: str) -> Unfolded | None:
    """Make a wide table tidy; None if it is tidy.

    Raises
    ------
    RunsError
        If sizes are both in headings and in a column, or one size is in two headings.
    """
    chart = _of_chart(list(cells.columns))
    if chart is not None:
        headings, metric = chart
        return _unfold_models(cells, headings, metric)
    made = unfold_repeats(cells)
    made = unfold_sizes_behind(cells) if made is None else made
    if made is not None:
        return made
    meant = {heading: meaning(heading) for heading in cells.columns}
    if any(known is not None and known.role == "loss" for known in meant.values()):
        return None
    unknown = [heading for heading, known in meant.items() if known is None]
    first = meant[cells.columns[0]]
    if first is not None and first.role in (*COUNTS, "steps") and first.role != "params":
        models = {heading: heading for heading in unknown if plain(heading) not in _NO_MODELS}
        several = len(models) == len(unknown) >= 2 and not _sizes_only(models)
        if several and all(read_numbers(cells[h], counts=False).are_finite for h in models):
            return _unfold_models(cells, models, VALUE_HEADING)
    sizes = sizes_in_headings(unknown)
    if len(sizes) >= 2:
        return _unfold_sizes(cells, sizes, source)
    return None


def _of_chart(headings: list[str]) -> tuple[dict[str, str], str] | None:
    """Columns of a chart that W&B exports, by the name of the run: ``run - metric``, with bands beside it."""
    found = {h: m for h in headings if (m := _OF_A_CHART.fullmatch(h)) and not h.endswith(_BAND)}
    banded = any(heading.endswith(_BAND) for heading in headings)
    metrics = Counter(match[2] for match in found.values() if plain(match[2]) != "step")
    if not metrics:
        return None
    metric, count = metrics.most_common(1)[0]
    if len(metrics) > 1 or not (banded or count >= 2):
        return None
    return {h: match[1].strip().removeprefix("Group: ") for h, match in found.items() if match[2] == metric}, metric


def _sizes_only(models: dict[str, str]) -> bool:
    """Whether all headings are bare numbers, which are sizes and no models."""
    return all(heading.replace("_", "").replace(".", "").isdigit() for heading in models)


def _unfold_models(cells: pd.DataFrame, models: dict[str, str], metric: str) -> Unfolded:
    """Give each model of a table a row for each of its values; cells without a value are no rows."""
    bands = [heading for heading in cells.columns if heading.endswith(_BAND)]
    dropped = [h for h in cells.columns if h in bands or (" - " in h and h not in models)]
    kept = cells.drop(columns=[*models, *dropped])
    parts, origin, headings = [], [], []
    for heading, model in models.items():
        there = np.flatnonzero(~read_numbers(cells[heading], counts=False).blank)
        part = kept.iloc[there].drop(columns=[h for h in ("model", metric) if h in kept])
        part["model"], part[metric] = model, cells[heading].iloc[there].astype(object)
        parts.append(part)
        origin.append(there)
        headings.append(np.full(len(there), heading, dtype=object))
    note = (
        f"Wide table: {len(models)} models are headings, the cells below them are "
        f"{'values' if metric == VALUE_HEADING else repr(metric)}."
    )
    if any(_differ(cells, band) for band in bands):
        note += " They are of groups of runs, the lowest and the highest of which (__MIN, __MAX) are not used."
    long = pd.concat(parts, ignore_index=True)
    made: tuple[str, ...] = ("model", metric)
    sizes = _params_in_names(list(models.values()))
    if all(map(_SIZE.fullmatch, models.values())) and not any(_is_params(str(heading)) for heading in long):
        long["params"], made = long["model"], (*made, "params")
        note += " The headings are sizes of models, which are read as params."
    elif sizes is not None and sizes[0] not in long and not any(_is_params(str(heading)) for heading in long):
        key, by_name = sizes
        long[key], made = long["model"].map(by_name), (*made, key)
        note += f" The headings say {key!r} of each model, which is read as its params."
    return Unfolded(long, np.concatenate(origin), np.concatenate(headings), made, note)


def _differ(cells: pd.DataFrame, band: str) -> bool:
    """Whether the end of a band is another number than what it is of: several runs are in one column."""
    middle = next((band.removesuffix(end) for end in _BAND if band.endswith(end)), band)
    if middle not in cells:
        return False
    one, other = (read_numbers(cells[heading], counts=False).values for heading in (middle, band))
    return not np.allclose(one, other, equal_nan=True)


def _params_in_names(names: list[str]) -> tuple[str, dict[str, str]] | None:
    """The setting ``n_params: 10000000`` in names of groups of runs, and its value in each; None unless all have it."""
    found = {name: [pair for pair in _SETTING.findall(name) if _is_params(pair[0])] for name in names}
    keys = {key for pairs in found.values() for key, _ in pairs}
    if len(keys) != 1 or any(len(pairs) != 1 or read_count(pairs[0][1]) is None for pairs in found.values()):
        return None
    return keys.pop(), {name: pairs[0][1] for name, pairs in found.items()}


def _is_params(heading: str) -> bool:
    known = meaning(heading)
    return known is not None and known.role == "params"


def _unfold_sizes(cells: pd.DataFrame, sizes: dict[str, float], source: str) -> Unfolded:
    """Give each loss of a wide table a row of its own."""
    counted = next((h for h in cells.columns if (known := meaning(h)) and known.role == "data"), None)
    if counted is not None:
        raise RunsError(
            f"{source}: found data sizes both in the column {counted!r} and as the headings "
            f"{', '.join(sizes)}; expected one of the two. Name the column of losses 'loss', or drop a column."
        )
    seen: dict[float, str] = {}
    for heading, size in sizes.items():
        if size in seen:
            raise RunsError(
                f"{source}: the headings {seen[size]!r} and {heading!r} are the same data size, expected each once. "
                "Drop one of the columns."
            )
        seen[size] = heading
    count, headings = len(cells), list(sizes)
    long = cells.drop(columns=headings).loc[np.repeat(np.arange(count), len(sizes))].reset_index(drop=True)
    long["data"] = np.tile(list(sizes.values()), count)
    long["loss"] = pd.Series(cells[headings].astype(object).to_numpy().ravel(), dtype=object)
    return Unfolded(
        cells=long,
        origin=np.repeat(np.arange(count), len(sizes)),
        loss_headings=np.tile(np.array(headings, dtype=object), count),
        made=("data", "loss"),
        note=f"Wide table: {len(sizes)} data sizes from {min(sizes.values()):.12g} to {max(sizes.values()):.12g} "
        "are headings, the cells below them are losses.",
    )
