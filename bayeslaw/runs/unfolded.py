"""What a wide table is once it is tidy."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

VALUE_HEADING = "value"
"""Heading of the cells of a table that has a column for each model, once they are in one column."""


@dataclass(frozen=True, eq=False)
class Unfolded:
    """A wide table made tidy.

    Attributes
    ----------
    cells : one row a cell of the wide table.
    origin : for each row, the position of the row that it was in.
    loss_headings : for each row, the heading that its cell stood under.
    made : columns that were not in the wide table.
    note : what was understood.
    """

    cells: pd.DataFrame
    origin: NDArray[np.int64]
    loss_headings: NDArray[np.object_]
    made: tuple[str, ...]
    note: str
