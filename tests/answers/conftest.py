"""Fits that tests of answers share: stored ones, and one that is forged."""

from pathlib import Path

import pytest

import bayeslaw as bl
from bayeslaw.fitting.facade import Fit

FITS = Path(__file__).parents[1] / "posterior" / "fits"


@pytest.fixture(scope="module")
def curves():
    """Models a, b, c, at 100 to 3200 examples."""
    return bl.load(FITS / "format_7_slope.nc")


@pytest.fixture(scope="module")
def surface_fit():
    """Three models of one family, of a joint law."""
    return bl.load(FITS / "format_7_surface.nc")


@pytest.fixture(scope="module")
def close(forge_at_random, simulate):
    """Four models that are hard to tell apart; ``d`` was not run at the two largest sizes."""
    sizes = (200.0, 400.0, 800.0, 1600.0)
    runs = simulate({("t", name): sizes if name != "d" else sizes[:2] for name in "abcd"}, seed=3)
    params = {"a": 1e9, "b": 2e9, "c": 3e9, "d": 4e9}
    table = runs.table.drop(columns="row").assign(params=runs.table["model"].map(params))
    table["seconds"] = table["data"] * 0.5
    return Fit(forge_at_random(bl.read_runs(table), draws=2000, scale=0.4))
