"""What one step of training is worth, by the settings that trackers keep beside the losses."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayeslaw.runs.columns import last_part, plain
from bayeslaw.runs.units import read_numbers

BATCH_OF_TOKENS = 2**16
"""A batch from which on it is counted in tokens; those of sequences are smaller."""

_TOKENS_OF_A_STEP = (
    "tokens per step, tokens per batch, tokens per iteration, tokens per iter, tokens per update, batch size tokens, "
    "batch size in tokens, global batch size tokens, batch tokens"
)
_OF_A_STEP = (
    "global batch size, total batch size, effective batch size, global train batch size, total train batch size, "
    "train global batch size"
)
_OF_A_DEVICE = (
    "per device train batch size, per device batch size, train batch size, device train microbatch size, "
    "micro batch size, batch size"
)
_ACCUMULATED = (
    "gradient accumulation steps, grad accumulation steps, accumulate grad batches, grad accum steps, grad accum"
)
_DEVICES = "n gpu, n gpus, num gpus, world size, num devices, n devices, num processes, data parallel size"
_MULTIPLIED = {"more devices": _DEVICES, "gradients that are accumulated": _ACCUMULATED}
_LENGTH = "seq length, seq len, sequence length, sequence len, block size, context length, max seq len"
_WANTED = {
    plain(name)
    for names in (_TOKENS_OF_A_STEP, _OF_A_STEP, _OF_A_DEVICE, _ACCUMULATED, _DEVICES, _LENGTH)
    for name in names.split(", ")
}

_Setting = tuple[str, list[float]]
"""The heading of a setting, and the values that it has."""


def tells_a_batch(heading: str) -> bool:
    """Whether a heading is of a setting that tells what a step is worth, such as ``data.seq_len``."""
    return last_part(heading) in _WANTED


def batches_likely(cells: pd.DataFrame) -> tuple[tuple[str, ...], str]:
    """Roles that a column of steps is likely to have, by settings that are the same in all rows.

    Parameters
    ----------
    cells : the table, under its own headings.

    Returns
    -------
    tuple of str
        Such as ``("data:32", "tokens:65536")``, the number of examples in a step and that of tokens; empty if the
        settings do not tell, or differ between rows.
    str
        Words on what they follow from; on settings that differ; else empty.
    """
    settings = _settings(cells)
    of_tokens = _first(_TOKENS_OF_A_STEP, settings)
    of_step = of_tokens or _first(_OF_A_STEP, settings)
    batch = of_step or _first(_OF_A_DEVICE, settings)
    if batch is None:
        return (), ""
    multiplied = {} if of_step else {told: _first(names, settings) for told, names in _MULTIPLIED.items()}
    factors = [batch, *(one for one in multiplied.values() if one is not None)]
    differing = next((heading for heading, values in factors if len(values) > 1), None)
    if differing is not None:
        return (), f" A step is not worth the same in all rows: {differing!r} differs."
    examples = math.prod(values[0] for _, values in factors)
    told = f" By the settings beside it, {' times '.join(f'{heading!r} ({v[0]:.12g})' for heading, v in factors)}"
    missing = [told for told, one in multiplied.items() if one is None]
    more = f"; {', or '.join(missing)}{',' * (len(missing) > 1)} multiply that" if missing else ""
    if of_tokens is not None or examples >= BATCH_OF_TOKENS:
        return (f"tokens:{examples:.12g}",), f"{told}, it is {examples:.12g} tokens{more}."
    length = _first(_LENGTH, settings)
    if length is None or len(length[1]) > 1:
        return (f"data:{examples:.12g}",), f"{told}, it is {examples:.12g} examples{more}."
    roles = (f"data:{examples:.12g}", f"tokens:{examples * length[1][0]:.12g}")
    return roles, f"{told}, it is {examples:.12g} examples of {length[1][0]:.12g} tokens ({length[0]!r}){more}."


def _settings(cells: pd.DataFrame) -> Mapping[str, _Setting]:
    """Settings that are whole numbers above zero, by the plain name of the last part of the heading."""
    found: dict[str, _Setting] = {}
    for heading in cells.columns:
        name = last_part(str(heading))
        if name not in _WANTED or name in found:
            continue
        numbers = read_numbers(cells[heading], counts=True)
        values = np.unique(numbers.values[~numbers.blank])
        if len(values) and (np.isfinite(values) & (values >= 1) & (values == np.round(values))).all():
            found[name] = (str(heading), values.tolist())
    return found


def _first(names: str, settings: Mapping[str, _Setting]) -> _Setting | None:
    return next((settings[plain(name)] for name in names.split(", ") if plain(name) in settings), None)
