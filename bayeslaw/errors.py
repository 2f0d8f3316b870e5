"""Errors that teach, and warnings that can be filtered.

Every message says what was expected, what was found (file, row, value) and what to do about it.
"""


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
