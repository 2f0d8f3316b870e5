"""Priors as files, and those that come with the package."""
