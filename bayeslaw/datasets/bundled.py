"""Measured tables that come with the package, each with a card of the same name that says how it was measured."""

from collections.abc import Mapping
from importlib.resources import as_file, files
from types import MappingProxyType

from bayeslaw.datasets.public import PUBLIC
from bayeslaw.errors import DatasetError
from bayeslaw.runs import Runs, read_runs

_TEST_LOSS = MappingProxyType({"loss": "loss"})
"""Beside the loss of the test split, tables have that of the validation split."""

BUNDLED: Mapping[str, str] = MappingProxyType({"small-finetune": "small_finetune.csv"})
"""Files of the bundled datasets."""


def load_dataset(name: str) -> Runs:
    """Read a dataset that comes with the package.

    Parameters
    ----------
    name : str
        "small-finetune": small language models fine-tuned on two tasks; see ``bayeslaw/datasets/small_finetune.md``.

    Returns
    -------
    Runs

    Raises
    ------
    DatasetError
        If no bundled dataset has that name.
    """
    if name not in BUNDLED:
        fetched = f"That one is fetched: fetch_dataset({name!r})." if name in PUBLIC else "Give one of these names."
        raise DatasetError(
            f"found the dataset {name!r}, expected one of those bundled: {', '.join(BUNDLED)}. {fetched}"
        )
    with as_file(files("bayeslaw.datasets") / BUNDLED[name]) as path:
        return read_runs(path, roles=_TEST_LOSS)
