"""Runs: the table of finished training runs that everything else in bayeslaw starts from."""

from bayeslaw.runs.reading import read_runs, read_zero_shot
from bayeslaw.runs.table import LeftOut, Runs

__all__ = ["LeftOut", "Runs", "read_runs", "read_zero_shot"]
