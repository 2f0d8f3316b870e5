"""What a backtest found: every cell, and means of them by method."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from bayeslaw.evidence.backtest.scoring import SCORES, SELECTION_SCORES
from bayeslaw.evidence.odds import calibration_error, reliability
from bayeslaw.jobs.run import Record
from bayeslaw.verdicts import Status

OURS = "bayeslaw"
"""The method that is under test; the others are what it is compared with."""


@dataclass(frozen=True, eq=False)
class Backtest:
    """A finished backtest.

    Attributes
    ----------
    kind : {"finetune", "selection", "curves"}
    cells : tuple of mappings
        One a cell and method: ``task``, ``budget``, ``method``, ``models`` (targets scored), ``target``, ``domain``,
        ``scores``, ``note``, ``status`` and ``checks`` of the fit, ``seconds``; of selection also ``collection``, of
        curves ``dataset``; after an answer also ``coverage_levels`` (observed coverage at `backtest_scoring.LEVELS`)
        and ``predictions`` (target by target).
    summary : tuple of mappings
        One a method and domain: ``method``, ``domain``, ``cells`` (those answered), ``scores`` (means over the cells
        that have them). Of selection: see `summarise_selection`.
    settings : mapping
    seconds : float
    reused : int
        Cells that an earlier run had computed.
    notes : tuple of str
        What is left out, and why.
    summary_by_dataset : tuple of mappings, optional
        Of curves: as ``summary``, one a method and data set.
    """

    kind: Literal["finetune", "selection", "curves"]
    cells: tuple[Record, ...]
    summary: tuple[Record, ...]
    settings: Mapping[str, Any]
    seconds: float
    reused: int
    notes: tuple[str, ...]
    summary_by_dataset: tuple[Record, ...] | None = None

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
            **({} if self.summary_by_dataset is None else {"summary_by_dataset": list(self.summary_by_dataset)}),
            "settings": dict(self.settings),
            "notes": list(self.notes),
            "status": self.status,
            "seconds": round(self.seconds, 2),
        }


def summarise(
    cells: Sequence[Record], by: Sequence[str] = ("method", "domain"), names: Sequence[str] = SCORES
) -> tuple[Record, ...]:
    """Means over the cells that agree in the fields ``by``, in order of appearance."""
    return tuple(
        {
            **dict(zip(by, key, strict=True)),
            "cells": sum(answered(cell) for cell in group),
            "scores": {**mean_scores(group, names), **_reliability(group)},
        }
        for key, group in _grouped(cells, by).items()
    )


_TENTHS = tuple(k / 10 for k in range(11))
_SELECTION_ROW = ("method", "collection", "budget")


def summarise_selection(cells: Sequence[Record]) -> tuple[Record, ...]:
    """Means over tasks by method, collection and budget, in order of appearance.

    Beside ``cells`` and ``scores`` each row has ``tasks`` (how many), ``without_score`` (number of cells without each
    score) and ``calibration_p_best``: `bayeslaw.evidence.odds.calibration_error` in bins a tenth of probability wide,
    pooled over all candidates of the row; None without odds.
    """
    groups = _grouped(cells, _SELECTION_ROW).values()
    return tuple(
        {
            **row,
            "tasks": len({cell["task"] for cell in group}),
            "without_score": {n: sum(cell["scores"][n] is None for cell in group) for n in SELECTION_SCORES},
            "calibration_p_best": _calibration(group),
        }
        for row, group in zip(summarise(cells, _SELECTION_ROW, SELECTION_SCORES), groups, strict=True)
    )


def _grouped(cells: Iterable[Record], by: Sequence[str]) -> dict[tuple[Any, ...], list[Record]]:
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for cell in cells:
        groups.setdefault(tuple(cell[name] for name in by), []).append(cell)
    return groups


def answered(cell: Record) -> bool:
    """Whether a method had an answer to score."""
    return any(value is not None for value in cell["scores"].values())


def mean_scores(cells: Iterable[Record], names: Sequence[str] = SCORES) -> dict[str, float | None]:
    """Mean of each score over the cells that have it, None where none has."""
    cells = list(cells)
    found = {name: [cell["scores"][name] for cell in cells if cell["scores"][name] is not None] for name in names}
    return {name: float(np.mean(values)) if values else None for name, values in found.items()}


def _stated(cells: Iterable[Record]) -> tuple[list[list[float]], list[list[float]]]:
    """Odds of being best where they were given, and the losses measured there."""
    told = [cell["predictions"] for cell in cells if cell.get("predictions", {}).get("p_best")]
    return [p["p_best"] for p in told], [p["measured"] for p in told]


def _reliability(cells: Iterable[Record]) -> Record:
    """Stated odds of being best against how often they came true, pooled over cells; for the method under test."""
    odds, measured = _stated(cell for cell in cells if cell["method"] == OURS)
    if not odds:
        return {}
    table = asdict(reliability(odds, measured))
    return {
        "reliability": {
            name: [int(v) if name == "count" else float(v) if np.isfinite(v) else None for v in values]
            for name, values in table.items()
        }
    }


def _calibration(cells: Iterable[Record]) -> float | None:
    odds, measured = _stated(cells)
    return calibration_error(reliability(odds, measured, edges=_TENTHS)) if odds else None
