"""Measurements to try things on: bundled ones, and public ones fetched on request."""

from bayeslaw.datasets.bundled import load_dataset
from bayeslaw.datasets.public import fetch_dataset, fetch_files

__all__ = ["fetch_dataset", "fetch_files", "load_dataset"]
