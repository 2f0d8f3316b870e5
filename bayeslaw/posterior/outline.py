"""What a saved fit is of, read in a fraction of a second, for it needs neither JAX nor the draws."""

import os

import h5netcdf


def read_outline(path: str | os.PathLike[str]) -> tuple[int, int, str] | None:
    """How many models and runs a saved fit is of, and the name of its law.

    The hash of the file is not looked at: this is to be said while `load_posterior` is under way, which does.

    Returns
    -------
    tuple of int, int and str, or None
        Nothing, if the file is no fit that can be read; `load_posterior` says why.
    """
    try:
        with h5netcdf.File(path, "r") as file:
            columns = file.groups["runs"].variables.values()
            models = next(column[:] for column in columns if column.attrs["name"] == "model")
            return len(set(models)), len(models), str(file.attrs["law"])
    except (OSError, KeyError, AttributeError, TypeError, ValueError, RuntimeError, StopIteration):
        return None
