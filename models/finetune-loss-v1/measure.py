"""Measure the prior of fine-tuning losses on tasks and families that it never saw.

``BAYESLAW_DATA=… python models/finetune-loss-v1/measure.py`` prints the tables of the card; an hour on two cores.
"""

import os
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from measuring import fitted, runs_of, score, show, summary, tell

import bayeslaw as bl

DATA = Path(os.environ["BAYESLAW_DATA"]) / "finetune"
TASKS = ("flan", "gigaword")
TARGET = 1_638_400
BUDGETS = (128, 512)
LAST_SIZES = (12_800, 102_400)
POINTS = (2, 3)


def new_task(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """All models of a task at small sizes: alone, with a prior from the other task, and with all of its runs."""
    scores = []
    for task, other in (TASKS, TASKS[::-1]):
        prior = fitted(runs_of(tables[other])).as_prior(other)
        outcomes = tables[task][tables[task]["data"] == TARGET]
        for budget in BUDGETS:
            seen = tables[task][tables[task]["data"] <= TARGET / budget]
            fits = {
                "alone": fitted(runs_of(seen)),
                "prior": fitted(runs_of(seen), prior=prior),
                "both tasks": fitted(runs_of(pd.concat([seen, tables[other]]))),
            }
            for way, fit in fits.items():
                scores.append(score(fit, outcomes).assign(budget=f"1/{budget}", way=way))
            tell(f"new task {task} at 1/{budget}")
    return pd.concat(scores)


def new_family(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A family's models at two or three sizes each: alone, with a prior from other families, and from another task."""
    scores = []
    for task, other in (TASKS, TASKS[::-1]):
        table = tables[task]
        of_task = fitted(runs_of(tables[other])).as_prior(other)
        for family in sorted(table["family"].unique()):
            own = table[table["family"] == family]
            of_families = fitted(runs_of(table[table["family"] != family])).as_prior(f"{task} without {family}")
            for last in LAST_SIZES:
                for points in POINTS:
                    seen = runs_of(own[own["data"].isin([last / 2**k for k in range(points)])])
                    for way, prior in (("default", None), ("families", of_families), ("other task", of_task)):
                        found = score(fitted(seen, prior=prior), own[own["data"] == TARGET])
                        scores.append(found.assign(last=last, points=points, way=way))
            tell(f"new family {family} on {task}")
    return pd.concat(scores)


def main() -> None:
    """Print all tables."""
    tables = {task: bl.read_runs(DATA / f"{task}.csv").table for task in TASKS}
    show("All models of a task that the prior never saw", summary(new_task(tables), ["task", "budget", "way"]))
    scores = new_family(tables)
    show("A family that the prior never saw, by how much is seen", summary(scores, ["last", "points", "way"]))
    show("The same by task", summary(scores, ["task", "way"]))
    show("The same by family", summary(scores, ["task", "family", "way"]))
    show("The same in all", summary(scores, ["way"]))


if __name__ == "__main__":
    main()
