"""Measure the prior of learning curves on curves that it never saw, each alone and cut short.

``BAYESLAW_DATA=… python models/curve-v1/measure.py`` prints the tables of the card; an hour on two cores.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from make import LAW, LENDERS, all_runs
from measuring import fitted, runs_of, score, show, summary, tell

from bayeslaw.prior.prior import Prior

CUTS = (1, 4)
"""Curves are seen up to what the source fitted, half of them as a rule, and up to a fourth of that."""
EVERY = {"IC": 2, "BB": 2, "NMT": 1, "LM": 1}
"""Of the groups of a domain, one in so many is left out, and one in so many of its curves is scored."""
OUTCOMES = 5
"""Points beyond what the source fitted that are foretold, evenly spread, of each curve."""


def prior_of(table: pd.DataFrame, name: str) -> Prior:
    """What some curves lend."""
    fit = fitted(runs_of(table), LAW)
    tell(f"prior of {name}: {fit.status}")
    return fit.as_prior(name)


def foretold(curve: pd.DataFrame, priors: dict[str, Prior | None]) -> list[pd.DataFrame]:
    """Scores of one curve at each cut, with each prior."""
    hidden = curve[~curve["seen"]].sort_values("data")
    hidden = hidden.iloc[np.unique(np.linspace(0, len(hidden) - 1, OUTCOMES).astype(int))]
    scores = []
    for cut in CUTS:
        seen = curve[curve["seen"] & (curve["data"] <= curve["data"][curve["seen"]].max() / cut)]
        for way, prior in priors.items():
            scores.append(score(fitted(runs_of(seen), LAW, prior), hidden).assign(cut=cut, way=way))
    return scores


def main() -> None:
    """Print all tables."""
    table = all_runs(Path(os.environ["BAYESLAW_DATA"]) / "extrapolation")
    scores = []
    for task in (*LENDERS[::-1], "LM"):
        own = table[table["task"] == task]
        elsewhere = table["task"].isin(LENDERS) & (table["task"] != task)
        priors: dict[str, Prior | None] = {"default": None, "other domains": prior_of(table[elsewhere], f"not {task}")}
        for group in own["group"].unique()[:: EVERY[task]]:
            left_out = (table["task"] == task) & (table["group"] == group)
            if task in LENDERS:
                lenders = table[table["task"].isin(LENDERS) & ~left_out]
                priors["all others"] = prior_of(lenders, f"all but {task} {group}")
            for name in table["model"][left_out].unique()[:: EVERY[task]]:
                scores += foretold(own[own["model"] == name], priors)
            tell(f"{task} {group}")
        show("So far", summary(pd.concat(scores), ["task", "cut", "way"]))
    show("Over domains", summary(pd.concat(scores), ["cut", "way"]))


if __name__ == "__main__":
    main()
