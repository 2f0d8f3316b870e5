"""What a backtest found: every cell, and means of them by method."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from bayeslaw.evidence.backtest.jobs import Record
from bayeslaw.evidence.backtest.scoring import SCORES
from bayeslaw.evidence.scores import reliability
from bayeslaw.verdicts import Status

OURS = "bayeslaw"
"""The method that is under test; the others are what it is compared with."""


@dataclass(frozen=True, eq=False)
class Backtest:
    """A finished backtest.

    Attributes
    ----------
    kind : {"finetune", "curves"}
    cells : tuple of mappings
        One a cell and method: ``task``, ``budget``, ``method``, ``models`` (targets scored), ``target``, ``domain``,
        ``scores``, ``note``, ``status`` and ``checks`` of the fit, ``seconds``; after an answer also
        ``coverage_levels`` (observed coverage at `backtest_scoring.LEVELS`) and ``predictions`` (target by target).
    summary : tuple of mappings
        One a method and domain: ``method``, ``domain``, ``cells`` (those answered), ``scores`` (means over the cells
        that have them).
    settings : mapping
    seconds : float
    reused : int
        Cells that an earlier run had computed.
    notes : tuple of str
        What is left out, and why.
    """

    kind: Literal["finetune", "curves"]
    cells: tuple[Record, ...]
    summary: tuple[Record, ...]
    settings: Mapping[str, Any]
    seconds: float
    reused: int
    notes: tuple[str, ...]

    @property
    def status(self) -> Status:
        """FAIL if a fit failed its checks or a method broke down, which is not the same as having no answer."""
        found = {cell["status"] for cell in self.cells}
        return "FAIL" if "FAIL" in found else "REVIEW" if "REVIEW" in found else "PASS"

    def record(self, *, whole: bool = True) -> Record:
        """Plain values for JSON; without the predictions target by target unless ``whole``."""
        cells: Iterable[Record] = self.cells
        if not whole:
            cells = ({name: value for name, value in cell.items() if name != "predictions"} for cell in cells)
        return {
            "cells": list(cells),
            "summary": list(self.summary),
            "settings": dict(self.settings),
            "notes": list(self.notes),
            "status": self.status,
            "seconds": round(self.seconds, 2),
        }


def summarise(cells: Sequence[Record]) -> tuple[Record, ...]:
    """Means by method and domain, in order of appearance."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for cell in cells:
        groups.setdefault((cell["method"], cell["domain"]), []).append(cell)
    return tuple(
        {
            "method": method,
            "domain": domain,
            "cells": sum(answered(cell) for cell in group),
            "scores": {**mean_scores(group), **_reliability(group)},
        }
        for (method, domain), group in groups.items()
    )


def answered(cell: Record) -> bool:
    """Whether a method had an answer to score."""
    return any(value is not None for value in cell["scores"].values())


def mean_scores(cells: Iterable[Record]) -> dict[str, float | None]:
    """Mean of each score over the cells that have it, None where none has."""
    cells = list(cells)
    found = {name: [cell["scores"][name] for cell in cells if cell["scores"][name] is not None] for name in SCORES}
    return {name: float(np.mean(values)) if values else None for name, values in found.items()}


def _reliability(cells: Iterable[Record]) -> Record:
    """Stated odds of being best against how often they came true, pooled over cells; for the method under test."""
    told = [c["predictions"] for c in cells if c["method"] == OURS and c.get("predictions", {}).get("p_best")]
    if not told:
        return {}
    table = asdict(reliability([p["p_best"] for p in told], [p["measured"] for p in told]))
    return {
        "reliability": {
            name: [int(v) if name == "count" else float(v) if np.isfinite(v) else None for v in values]
            for name, values in table.items()
        }
    }
