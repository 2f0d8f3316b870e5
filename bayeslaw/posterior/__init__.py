"""Labelled posterior draws, and the file of a fit."""
