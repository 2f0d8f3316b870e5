"""Measure the prior of pretraining losses on families that it never saw, of which two to five runs are known.

``BAYESLAW_DATA=… python models/pretrain-loss-v1/measure.py`` prints the tables of the card, in a quarter of an hour.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from make import LAW, gpt2, lending_runs
from measuring import fitted, runs_of, show, summary, tell

from bayeslaw.fitting.facade import Fit

POINTS = (2, 3, 5)
CHEAP, DEAR = 0.03, 0.15
"""Shares of the largest compute of a family: up to the one a run may be known, from the other on it is foretold."""
APART = 1.2
"""Factor in tokens by which known runs of one size are apart."""


def known_runs(own: pd.DataFrame, points: int) -> pd.DataFrame:
    """The dearest cheap run of each size, sizes with the dearest first; where these are too few, those before them."""
    cheap = own[own["compute"] <= CHEAP * own["compute"].max()].sort_values("compute", ascending=False)
    size = cheap["params"].map("{:.1e}".format)
    step = np.log(cheap.groupby(size)["tokens"].transform("max") / cheap["tokens"]) // np.log(APART)
    cheap = cheap.assign(size=size, step=step).drop_duplicates(["size", "step"])
    return cheap.sort_values(["step", "compute"], ascending=[True, False]).head(points)


def score(fit: Fit, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Error, interval and its width in log loss of each run of a new model of the one family of a fit."""
    at = [{"params": float(run.params), "data": float(run.tokens)} for run in outcomes.itertuples()]
    told = fit.predict(at=at)
    told = told[told["family"].isin([outcomes["family"].iloc[0], outcomes["task"].iloc[0]])]
    loss = outcomes["loss"].to_numpy()
    return pd.DataFrame(
        {
            "error": np.log(told["median"].to_numpy() / loss),
            "width": np.log(told["p95"] / told["p05"]).to_numpy(),
            "inside": (told["p05"].to_numpy() <= loss) & (loss <= told["p95"].to_numpy()),
            "status": fit.status,
        }
    )


def main() -> None:
    """Print all tables."""
    scores = []
    folder = Path(os.environ["BAYESLAW_DATA"]) / "pretrain"
    lenders = lending_runs(folder)
    table = pd.concat([lenders, gpt2(folder)], ignore_index=True)
    table["compute"] = 6 * table["params"] * table["tokens"]
    for family, own in table.groupby("family", sort=False):
        others = runs_of(lenders[lenders["family"] != family])
        prior = fitted(others, LAW).as_prior("other families")
        tell(f"prior without {family}")
        ends = own.sort_values("tokens").groupby("model").tail(1) if family.startswith("gpt2") else own
        outcomes = ends[ends["compute"] >= DEAR * own["compute"].max()]
        for points in POINTS:
            seen = runs_of(known_runs(own, points))
            for way, lender in (("default", None), ("prior", prior)):
                scores.append(score(fitted(seen, LAW, lender), outcomes).assign(family=family, points=points, way=way))
        tell(f"{family}: {len(outcomes)} runs")
        show("So far", summary(pd.concat(scores), ["family", "points", "way"]))
    found = pd.concat(scores)
    show("A family that the prior never saw", summary(found, ["family", "points", "way"]))
    show("Over families", summary(found, ["points", "way"]))


if __name__ == "__main__":
    main()
