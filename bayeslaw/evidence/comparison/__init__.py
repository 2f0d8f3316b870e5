"""Comparison of laws on a table."""
