"""Checks of positions and statistics that an external sampler gives."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bayeslaw.errors import SamplingError
from bayeslaw.kinds.base import Model
from bayeslaw.kinds.shared.population import Position
from bayeslaw.laws.base import Array


def free_sizes(model: Model) -> dict[str, tuple[int, ...]]:
    """Shape of each entry of a position of a model by name; fixed and empty entries are left out."""
    fixed = model.fixed()
    return {name: shape for name, shape in model.sizes().items() if name not in fixed and np.prod(shape)}


def read_positions(model: Model, positions: Mapping[str, Array]) -> Position:
    """Check the positions of an external sampler, and add the entries that are fixed at 0.

    Parameters
    ----------
    model : Model
    positions : mapping of str to array, shapes (chain, draw, ...)
        Entries as in `free_sizes`. Fixed entries may be given if they are 0.

    Returns
    -------
    dict of ndarray, shapes (chain, draw, ...)

    Raises
    ------
    SamplingError
        If an entry is missing, unknown, of another shape or not finite, or there are fewer than 4 draws a chain.
    """
    sizes, given = free_sizes(model), {name: _numbers(name, values) for name, values in positions.items()}
    held = {name: given.pop(name) for name in model.sizes() if name not in sizes and name in given}
    lead = next((given[name].shape[:2] for name in sizes if name in given), (0, 0))
    require_entries(given, sizes, lead)
    for name, values in held.items():
        if values.any():
            raise SamplingError(f"positions[{name!r}]: held at 0 in this model, found other values. Leave it out.")
    for name, values in given.items():
        bad = ~np.isfinite(values)
        if bad.any():
            chain, draw = np.argwhere(bad)[0][:2]
            raise SamplingError(
                f"positions[{name!r}]: {bad.sum()} of {bad.size} values are not finite, the first in chain {chain}, "
                f"draw {draw}. Expected finite numbers: leave such draws out, or mend the sampler."
            )
    if lead[0] < 1 or lead[1] < 4:
        raise SamplingError(f"Found {lead[0]} chains of {lead[1]} draws, expected one or more chains of 4 or more.")
    return with_held(model, given, lead)


def read_stats(stats: Mapping[Any, Any], lead: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Check the statistics of an external sampler: each of shape ``lead`` (chain, draw).

    Raises
    ------
    SamplingError
        If one is of another shape, or no numbers.
    """
    found = {str(name): np.asarray(stats[name]) for name in stats}
    for name, values in found.items():
        if values.shape != lead or values.dtype.kind not in "biuf":
            raise SamplingError(
                f"stats[{name!r}]: expected numbers of the shape {lead} (chain, draw), found {values.dtype} of the "
                f"shape {values.shape}."
            )
    return found


def _numbers(name: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError) as error:
        raise SamplingError(f"positions[{name!r}]: expected an array of numbers. {error}") from error


def with_held(model: Model, position: Mapping[str, Array], lead: tuple[int, ...]) -> Position:
    """A position, or many with leading axes ``lead``, with the entries that are fixed at 0 added."""
    return {n: position[n] if n in position else np.zeros((*lead, *shape)) for n, shape in model.sizes().items()}


def require_entries(position: Mapping[str, Array], sizes: Mapping[str, tuple[int, ...]], lead: tuple[int, ...]) -> None:
    """Refuse entries that are missing, unknown or of a shape other than (*lead, *size).

    Raises
    ------
    SamplingError
        It names the entry, the shape expected and the one found.
    """
    missing = [name for name in sizes if name not in position]
    unknown = [repr(name) for name in position if name not in sizes]
    if missing or unknown:
        told = [f"without {', '.join(missing)}"] if missing else []
        told += [f"with {', '.join(unknown)}, which it has not"] if unknown else []
        raise SamplingError(f"A position {' and '.join(told)}; expected the entries {', '.join(sizes)}.")
    for name, size in sizes.items():
        shape = np.shape(position[name])
        if shape != (*lead, *size):
            axes = [f"{axis} {n}" for axis, n in zip(("chain", "draw"), lead, strict=False)]
            wanted = ", ".join([*axes, *map(str, size)])
            raise SamplingError(f"Entry {name!r} of a position: expected the shape ({wanted}), found {shape}.")
