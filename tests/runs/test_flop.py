"""Numbers of FLOP with a unit, as people write them, and columns of them."""

import pandas as pd
import pytest

from bayeslaw.runs import read_runs
from bayeslaw.runs.flop import read_flop


@pytest.mark.parametrize(
    ("text", "flop"),
    [
        ("6e21FLOP", 6e21),
        ("6e21 FLOPs", 6e21),
        ("6 ZFLOP", 6e21),
        ("5 PFLOP-days", 4.32e20),
        ("5PF-days", 4.32e20),
        ("1 petaflop/s-day", 8.64e19),
        ("-3e20 FLOP", -3e20),
    ],
)
def test_numbers_of_flop(text, flop):
    assert read_flop(text) == pytest.approx(flop)


@pytest.mark.parametrize(
    "text", ["lots", "2e20", "5 PFLOPs", "5 FLOP/s", "5 PFLOP/s", "5 C", "5 budget", "5 GPU hours", ""]
)
def test_what_is_no_number_of_flop(text):
    assert read_flop(text) is None


@pytest.mark.parametrize("heading", ["pflop_days", "PFLOP/s-days", "petaflop-days", "PF-days"])
def test_a_column_of_days_of_a_petaflop(heading):
    runs = read_runs(pd.DataFrame({"model": "a", heading: [1.0, 2.0, 4.0], "loss": [3.0, 2.9, 2.8]}))
    assert runs.table["compute"].tolist() == pytest.approx([8.64e19, 1.728e20, 3.456e20])
