"""Backtests: what would have been said of runs that were hidden, beside every baseline."""
