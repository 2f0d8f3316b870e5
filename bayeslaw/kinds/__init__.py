"""Kinds of models, one package each, that implement the protocols of ``base``."""
