"""Kinds of models: each owns all that is particular to it, behind the protocols of ``base``."""
