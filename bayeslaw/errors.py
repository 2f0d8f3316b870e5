"""Errors that teach, and warnings that can be filtered.

Every message says what was expected, what was found (file, row, value) and what to do about it.
"""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Words that offer the nearest of known names, with a blank before them; empty if none is near.

    Parameters
    ----------
    name : str
        What was found.
    known : iterable of str
    cutoff : float
        How alike a name must be to be near, from 0 to 1.

    Returns
    -------
    str
    """
    near = difflib.get_close_matches(name, list(known), 1, cutoff)
    return f" Did you mean {near[0]!r}?" if near else ""


class BayeslawError(Exception):
    """Base of every error that bayeslaw raises on purpose."""


class RunsError(BayeslawError, ValueError):
    """The table of runs cannot be used as it stands."""


class SelectionError(BayeslawError, ValueError):
    """A ``where`` expression cannot be understood, or selects nothing."""


class LawError(BayeslawError, ValueError):
    """The law is unknown, or needs what the table does not have."""


class TargetError(BayeslawError, ValueError):
    """The point to predict at cannot be used."""


class TaskError(RunsError, TargetError):
    """The task asked for is unknown, or not named where there are several."""


class SamplingError(BayeslawError, RuntimeError):
    """No posterior could be drawn."""


class PosteriorFileError(BayeslawError, ValueError):
    """A saved fit cannot be read or written."""


class PriorError(BayeslawError, ValueError):
    """A prior cannot be read, or not be used for this table."""


class DatasetError(BayeslawError, ValueError):
    """A dataset is unknown, or its files cannot be had as they were published."""


class CampaignError(BayeslawError, ValueError):
    """The folder of a campaign cannot be used as it stands."""


class OutputError(BayeslawError, OSError):
    """A file cannot be written."""


class BayeslawWarning(UserWarning):
    """Base of every warning that bayeslaw gives."""
