"""The main job on the published fine-tuning tables: healthy at every budget, and how well it did.

``pytest -m slow -s tests/statistical/test_published_tables.py`` prints the table that the README quotes from.
"""

import os
from pathlib import Path

import numpy as np
import pytest

import bayeslaw as bl
from bayeslaw.evidence import scores

DATA = os.environ.get("BAYESLAW_DATA")
TARGET = 1_638_400
BUDGETS = [204_800, 102_400, 51_200, 25_600, 12_800, 6_400, 3_200]

pytestmark = pytest.mark.skipif(DATA is None, reason="BAYESLAW_DATA does not name the folder of published tables")


def choose(task, budget):
    """Fit a task up to a budget; the fit, the selection, and the measured losses in the order of the candidates."""
    whole = bl.read_runs(Path(DATA) / "finetune" / f"{task}.csv")
    final = whole.where(f"data == {TARGET}").table.set_index("model")["loss"]
    fit = bl.fit(whole.where(f"data <= {budget}"))
    selection = fit.select(data=TARGET)
    return fit, selection, final[[c.model for c in selection.candidates]].to_numpy()


@pytest.mark.fits
@pytest.mark.parametrize(("task", "budget"), [("flan", 204_800), ("gigaword", 3_200)])
def test_the_first_and_the_smallest_budget(task, budget):
    _, selection, truth = choose(task, budget)
    assert len(selection.candidates) == 30
    assert selection.status == "PASS"
    inside = np.mean([c.loss_p05 <= loss <= c.loss_p95 for c, loss in zip(selection.candidates, truth, strict=True)])
    assert inside >= 0.8


@pytest.mark.slow
def test_every_budget_passes():
    rows = []
    for task in ("flan", "gigaword"):
        for budget in BUDGETS:
            fit, selection, truth = choose(task, budget)
            found = {c.name: c.value for c in selection.checks}
            median = np.array([c.loss_median for c in selection.candidates])
            covered = scores.intervals(selection.values, truth, levels=(0.5, 0.9))
            rows.append(
                {
                    "task": task,
                    "budget": budget,
                    "status": selection.status,
                    "r_hat": found["r_hat"],
                    "ess": min(found["ess_bulk"], found["ess_tail"]),
                    "divergences": found["divergences"],
                    "seconds": fit.posterior.settings["sampling_seconds"],
                    "rel_acc": scores.rel_acc(np.arange(len(truth)), truth),
                    "pear_corr": scores.pear_corr(median, truth),
                    "rmsle": scores.rmsle(median, truth),
                    "crps": float(np.mean(scores.crps(selection.values, truth))),
                    "coverage_50": float(covered.coverage[0]),
                    "coverage_90": float(covered.coverage[1]),
                    "width_90": float(covered.width[1]),
                }
            )
            print({name: round(v, 3) if isinstance(v, float) else v for name, v in rows[-1].items()}, flush=True)
    numeric = [name for name, value in rows[0].items() if isinstance(value, float)]
    print("mean", {name: round(float(np.mean([row[name] for row in rows])), 3) for name in numeric})
    assert {row["status"] for row in rows} == {"PASS"}
