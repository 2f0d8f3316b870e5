"""Readers of users' tables and logs: one a file, found by content; see `bayeslaw.runs.readers.registry`."""
