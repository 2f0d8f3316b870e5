"""Priors made from fits, prior-data conflict, and how much of a fit was borrowed from its prior."""
