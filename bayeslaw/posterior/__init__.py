"""Labelled draws, and the file they are kept in."""
