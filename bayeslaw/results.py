"""What every answer has in common: a frame, plain values, draws, verdicts, a sentence and a picture."""

import html
import importlib
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayeslaw.verdicts import Check, Status, for_people, overall

SHOWN = 6
"""Rows of the frame that a ``repr`` shows."""

PICTURES: Mapping[str, str] = MappingProxyType(
    {
        "Advice": "checks",
        "Borrowing": "borrowing",
        "Campaign": "campaign",
        "ChainPrediction": "chain",
        "Checks": "checks",
        "Comparison": "comparison",
        "Compromise": "compromise",
        "Crossing": "crossing",
        "LastThird": "checks",
        "LawChecks": "checks",
        "ManyFits": "checks",
        "NextRuns": "next_runs",
        "Optimum": "optimum",
        "Parameters": "parameters",
        "Prediction": "prediction",
        "Reproduction": "reproduction",
        "Selection": "selection",
        "Speedup": "speedup",
        "Reliability": "reliability",
        "Replay": "replay",
        "Track": "track",
        "Replications": "residuals",
        "Sensitivity": "checks",
    }
)
"""The module of ``bayeslaw.views.plots`` that draws each result, found when a picture is asked for: views come last in
the line and need matplotlib, which nothing else does."""


class Result:
    """An answer. Subclasses are frozen dataclasses with ``checks`` among their fields.

    Attributes
    ----------
    checks : tuple of Check
    """

    checks: tuple[Check, ...]

    @property
    def status(self) -> Status:
        """The worst verdict."""
        return overall(self.checks)

    @property
    def sentence(self) -> str:
        """The answer in a sentence."""
        raise NotImplementedError

    @property
    def draws(self) -> xr.Dataset:
        """Draws behind the answer, with dimensions ``chain`` and ``draw`` first; empty where there are none."""
        return xr.Dataset()

    def to_frame(self) -> pd.DataFrame:
        """The answer as a table.

        Returns
        -------
        pandas.DataFrame
        """
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain values: what ``--json`` prints.

        Returns
        -------
        dict
        """
        raise NotImplementedError

    def plot(self, ax: Any = None) -> Any:
        """Draw the answer.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
        """
        module = importlib.import_module(f"bayeslaw.views.plots.{PICTURES[type(self).__name__]}")
        return module.plot(self, ax)

    def __repr__(self) -> str:
        frame = self.to_frame()
        more = f"\n… {len(frame)} rows in all: .to_frame()" if len(frame) > SHOWN else ""
        table = frame.head(SHOWN).to_string(index=False, max_colwidth=40, float_format=lambda v: f"{v:.4g}")
        return f"<{type(self).__name__}: {self.status}>\n{self.sentence}\n{table}{more}"

    def _repr_html_(self) -> str:
        table = self.to_frame().head(3 * SHOWN).to_html(index=False, float_format=lambda v: f"{v:.4g}", escape=True)
        return f"<p><b>{html.escape(self.status)}</b> {html.escape(self.sentence)}</p>{table}"


def by_chain(values: np.ndarray, chains: int, dims: Sequence[str], coords: Mapping[str, Any]) -> xr.DataArray:
    """Draws (S, ...), chains one after another, with dimensions (chain, draw, ...).

    Draws that are no multiple of the chains, such as those of a mixture of fits, are one chain.
    """
    chains = chains if len(values) % chains == 0 else 1
    shaped = values.reshape(chains, len(values) // chains, *values.shape[1:])
    return xr.DataArray(shaped, dims=["chain", "draw", *dims], coords=dict(coords))


def verdict(checks: tuple[Check, ...]) -> dict[str, Any]:
    """Checks and their worst verdict as plain values."""
    return {"checks": [check.as_dict() for check in checks], "status": overall(checks)}


def plain_values(value: Any) -> Any:
    """Nested values as JSON has them: numbers that are not finite become None, which every reader of JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): plain_values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_values(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def checks_sentence(checks: tuple[Check, ...]) -> str:
    """How many checks passed, and which did not."""
    bad = [f"{check.name} ({check.status})" for check in for_people(checks) if check.status != "PASS"]
    passed = sum(check.status == "PASS" for check in checks)
    return f"{passed} of {len(checks)} checks pass{'; look at ' if bad else ''}{listed(bad)}."


def listed(names: tuple[str, ...] | list[str], most: int = 3) -> str:
    """Names for a sentence, the first few of many."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def counted(number: int, what: str) -> str:
    """A number of things for a sentence, as in ``1 run`` and ``2 runs``."""
    return f"{number} {what}{'' if number == 1 else 's'}"
