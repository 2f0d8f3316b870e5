"""Answers computed from posterior draws: predictions, selection, optimum, crossing and parameters."""
