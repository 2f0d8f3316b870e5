"""Small tables of benchmark scores, and where published ones lie."""

import os
from pathlib import Path

import pandas as pd
import pytest

FOLDER = os.environ.get("BAYESLAW_DATA")
published = pytest.mark.skipif(not FOLDER, reason="set BAYESLAW_DATA to the folder of the real tables to read them")
BASE = pd.DataFrame({"model": ["a", "a", "b", "b"], "tokens": [1e9, 2e9, 1e9, 2e9], "task": "exam"})
WIDE = pd.DataFrame({"model": ["a", "b"], "tokens": [1e9, 2e9]})


def scores(values=(0.3, 0.4, 0.5, 0.6), name="accuracy", **more):
    return BASE.assign(**{name: list(values)}, **more)


def downstream(name):
    return Path(FOLDER or "") / "downstream" / name
