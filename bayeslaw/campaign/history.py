"""The history of a campaign: what was believed at each step, against what had been spent."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bayeslaw.campaign.journal import Record, read_journal
from bayeslaw.campaign.study import asked_in
from bayeslaw.campaign.table import read_table
from bayeslaw.results import Result, verdict
from bayeslaw.verdicts import Check, read_check

IN_FRAME = ("time", "rows", "spent", "recommendation", "p_best", "expected_regret")


@dataclass(frozen=True, eq=False, repr=False)
class Campaign(Result):
    """A campaign as it stands.

    Attributes
    ----------
    folder : str
    asked : mapping
        Question, terms, law and seed.
    additions : tuple of mappings
        Runs as they came in: ``number``, ``time``, ``source``, ``rows``, ``said`` and what was left out.
    steps : tuple of mappings
        What was believed and advised at each step: ``time``, ``rows``, ``spent``, ``odds`` of each candidate,
        ``expected_regret``, ``recommendation``, ``next`` runs, ``stop``, ``fit``, versions and the hash of the runs.
    rows : int
        Runs now.
    is_answered : bool
        Whether the last step is of these runs.
    checks : tuple of Check
        Those of the last step that did not pass.
    """

    folder: str
    asked: Mapping[str, Any]
    additions: tuple[Record, ...]
    steps: tuple[Record, ...]
    rows: int
    is_answered: bool
    checks: tuple[Check, ...]

    @property
    def sentence(self) -> str:
        """What is believed now, and how it changed; and whether runs came in since."""
        ask = f"bayeslaw campaign next {self.folder}"
        if not self.steps:
            return f"{self.rows} runs, and no step yet: {ask}"
        first, last = self.steps[0], self.steps[-1]
        since = "" if self.is_answered else f" Runs were added since: {ask}"
        what = "Width of the 90% interval" if last["recommendation"] is None else "Expected regret"
        before = f", {first['expected_regret']:.3g} at first" if len(self.steps) > 1 else ""
        expected = f"{what}: {last['expected_regret']:.3g}{before}."
        odds = "" if last["p_best"] is None else f", the best with probability {last['p_best']:.2f}"
        chosen = "" if last["recommendation"] is None else f"Now {last['recommendation']}{odds}. "
        return f"{chosen}{expected} {last['stop']['sentence']}{since}"

    def to_frame(self) -> pd.DataFrame:
        """One row a step; the odds of each candidate in columns of their own, ``p_best NAME``."""
        rows = [
            {
                "step": number,
                **{name: step[name] for name in IN_FRAME},
                "stop": step["stop"]["status"],
                "status": step["status"],
                **{f"p_best {one['model']}": one["p_best"] for one in step["odds"]},
            }
            for number, step in enumerate(self.steps, start=1)
        ]
        return pd.DataFrame(rows, columns=None if rows else ["step", *IN_FRAME, "stop", "status"])

    def to_dict(self) -> dict[str, Any]:
        """Everything in the journal, as plain values."""
        return {
            "folder": self.folder,
            "asked": dict(self.asked),
            "additions": list(self.additions),
            "steps": list(self.steps),
            "rows": self.rows,
            "is_answered": self.is_answered,
            **verdict(self.checks),
        }


def history(folder: Path) -> Campaign:
    """Read a campaign.

    Raises
    ------
    CampaignError
        If there is none, or a part of it is missing or was altered.
    """
    journal = read_journal(folder)
    runs, steps = read_table(journal), journal.of_kind("step")
    asked_in(journal)  # refuses a law that is not at hand
    return Campaign(
        folder=str(folder),
        asked={name: journal.records[0][name] for name in ("time", "question", "terms", "law", "seed")},
        additions=tuple(journal.of_kind("added")),
        steps=tuple(steps),
        rows=len(runs.table),
        is_answered=bool(steps) and steps[-1]["runs_sha256"] == runs.content_hash,
        checks=tuple(read_check(check) for check in steps[-1]["checks"]) if steps else (),
    )
