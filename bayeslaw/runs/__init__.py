"""Runs: the table of finished training runs that everything else in bayeslaw starts from."""

from bayeslaw.runs.joining import counts_tokens, join_runs
from bayeslaw.runs.reading import read_runs, read_zero_shot
from bayeslaw.runs.table import LeftOut, Runs

__all__ = ["LeftOut", "Runs", "counts_tokens", "join_runs", "read_runs", "read_zero_shot"]
