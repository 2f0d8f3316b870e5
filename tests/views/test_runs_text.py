"""The sheet of what was understood, on screens of several widths."""

import pandas as pd
import pytest
from rich.console import Console

from bayeslaw.runs.reading import understand
from bayeslaw.views.runs_text import understood_tables

MODELS = [f"transformer-{where}-with-a-warm-up-of-2000-steps params=60000000" for where in ("east", "west", "north")]


@pytest.fixture
def found():
    return understand(pd.DataFrame({"model": MODELS, "params": 6e7, "data": [1e9, 2e9, 4e9], "loss": [3.0, 2.9, 2.8]}))


def first_rows(found, width):
    """The lines of the first rows."""
    head = understood_tables(found, width)[1]
    console = Console(width=width or 1000, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(head)
    return captured.get().splitlines()


@pytest.mark.parametrize("width", [80, 110, 111, 112, 113, 150, None])
def test_names_that_differ_in_the_middle_stay_distinct(found, width):
    lines = first_rows(found, width)
    assert max(map(len, lines)) <= (width or 1000)
    rows = [line for line in lines if "…" in line]
    assert len(rows) == 3
    for name in ("east", "west", "north"):
        assert sum(name in row for row in rows) == 1


def test_the_width_there_is_is_used(found):
    whole = first_rows(found, 250)
    assert all(sum(model in line for line in whole) == 1 for model in MODELS)
    assert not any("…" in line for line in whole)
    narrow, wide = (max(map(len, first_rows(found, width))) for width in (120, 170))
    assert narrow <= 120 < wide <= 170
