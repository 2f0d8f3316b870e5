"""Serialise nested frozen dataclasses of arrays as a dataset and a JSON outline; no code is stored or run."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr


def pack(value: Any) -> tuple[xr.Dataset, Any]:
    """Take a value apart into arrays and a JSON outline that says where each belongs.

    Parameters
    ----------
    value : dataclass, tuple, dict with text as keys, array, number, text, bool or None
        Or any nesting of these.
    """
    arrays: dict[str, xr.DataArray] = {}

    def outline(part: Any) -> Any:
        if isinstance(part, np.generic):
            return part.item()
        if part is None or isinstance(part, (bool, int, float, str)):
            return part
        if isinstance(part, np.ndarray):
            if not part.size:  # netCDF has no place for dimensions of length 0
                return {"empty": list(part.shape), "dtype": part.dtype.str}
            name = f"array_{len(arrays)}"
            arrays[name] = xr.DataArray(part, dims=[f"{name}_{k}" for k in range(part.ndim)])
            return {"array": name}
        if isinstance(part, (tuple, list)):
            return {"tuple": [outline(item) for item in part]}
        if isinstance(part, Mapping):
            return {"dict": {key: outline(item) for key, item in part.items()}}
        fields = {field.name: outline(getattr(part, field.name)) for field in dataclasses.fields(part)}
        return {"type": type(part).__name__, "fields": fields}

    found = outline(value)
    return xr.Dataset(arrays), found


def unpack(arrays: xr.Dataset, outline: Any, types: Iterable[type]) -> Any:
    """Put together what `pack` took apart.

    Parameters
    ----------
    arrays : xarray.Dataset
    outline : JSON value
    types : iterable of type
        The dataclasses that may occur, found by their names.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the outline is not one of such a value.
    """
    known = {cls.__name__: cls for cls in types}

    def value(part: Any) -> Any:
        if not isinstance(part, dict):
            return part
        if "array" in part:
            return arrays[part["array"]].values
        if "empty" in part:
            return np.empty(part["empty"], np.dtype(part["dtype"]))
        if "tuple" in part:
            return tuple(value(item) for item in part["tuple"])
        if "dict" in part:
            return {key: value(item) for key, item in part["dict"].items()}
        return known[part["type"]](**{name: value(item) for name, item in part["fields"].items()})

    return value(outline)
