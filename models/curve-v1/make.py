"""Make the prior of learning curves from published ones.

``BAYESLAW_DATA=… python models/curve-v1/make.py`` writes prior.json beside this file; some minutes.
"""

import os
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from measuring import fitted, runs_of

from bayeslaw.prior.prior import Prior

HERE = Path(__file__).parent
LAW = "broken"
LENDERS = ("IC", "BB", "NMT")
"""Domains that the prior is made from; language models are kept to be foretold."""


def all_runs(folder: Path) -> pd.DataFrame:
    """Curves of Alabdulmohsin et al. 2022: a task each for image classification, translation, language and BIG-Bench.

    Beside the columns of runs: ``seen``, whether they fitted the point, and ``group``, the network, or of BIG-Bench,
    where there is one, the task.
    """
    table = pd.concat([pd.read_csv(folder / f"{name}.csv") for name in ("vision", "language")]).drop_duplicates()
    curve = table["Task"].astype(str) + " / " + table["Model"].astype(str)
    by_task = table["Task"].str.extract(r"(\w+)", expand=False)
    return pd.DataFrame(
        {
            "task": table["Domain"], "family": curve, "model": curve, "data": table["Seen Examples"],
            "loss": table["Loss"], "seen": table["Training"] == 1,
            "group": table["Model"].astype(str).where(table["Domain"] != "BB", by_task),
        }
    )  # fmt: skip


def made(seed: int = 1) -> Prior:
    """What the curves of three domains, fitted together, lend."""
    table = all_runs(Path(os.environ["BAYESLAW_DATA"]) / "extrapolation")
    fit = fitted(runs_of(table[table["task"].isin(LENDERS)]), LAW, seed=seed)
    print(fit.check().to_string())
    return fit.as_prior(HERE.name)


if __name__ == "__main__":
    made().save(HERE / "prior.json")
