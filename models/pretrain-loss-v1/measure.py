"""Measure the prior of pretraining losses on families that it never saw, of which two or three runs are known.

``BAYESLAW_DATA=… python models/pretrain-loss-v1/measure.py`` prints the tables of the card; half an hour on two cores.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from make import LAW, all_runs
from measuring import Clock, fitted, runs_of, show, summary

POINTS = (2, 3)
CHEAP, DEAR = 0.02, 0.2
"""Shares of the largest compute of a family: up to the one a run may be known, from the other on it is foretold."""


def known_runs(own: pd.DataFrame, points: int) -> pd.DataFrame:
    """The dearest of a family's cheap runs, one of each model where there are as many models."""
    cheap = own[own["compute"] <= CHEAP * own["compute"].max()].sort_values("compute")
    last = cheap.groupby("model").tail(1)
    return (
        last.tail(points)
        if len(last) >= points
        else cheap.iloc[np.linspace(0, len(cheap) - 1, points + 1)[1:].astype(int)]
    )


def score(fit, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Error, interval and its width in log loss of runs of new models of the one family of a fit."""
    at = [{"params": float(run.params), "data": float(run.tokens)} for run in outcomes.itertuples()]
    told = fit.predict(at=at)
    error = np.log(told["median"].to_numpy() / outcomes["loss"].to_numpy())
    inside = (told["p05"].to_numpy() <= outcomes["loss"]) & (outcomes["loss"] <= told["p95"].to_numpy())
    width = np.log(told["p95"] / told["p05"]).to_numpy()
    return pd.DataFrame({"error": error, "width": width, "inside": inside.to_numpy(), "status": fit.status})


def main() -> None:
    """Print all tables."""
    clock, scores = Clock(), []
    table = all_runs(Path(os.environ["BAYESLAW_DATA"]) / "pretrain")
    table["compute"] = 6 * table["params"] * table["tokens"]
    for family, own in table.groupby("family", sort=False):
        others = table[table["family"] != family]
        elsewhere = others[others["task"] != own["task"].iloc[0]]
        priors = {"default": None, "families": fitted(runs_of(others), LAW).as_prior("other families")}
        if len(elsewhere) < len(others):
            priors["other tasks"] = fitted(runs_of(elsewhere), LAW).as_prior("other tasks")
        clock.tell(f"priors without {family}")
        ends = own.sort_values("tokens").groupby(["model", "params"]).tail(1) if len(own) > 500 else own
        outcomes = ends[ends["compute"] >= DEAR * own["compute"].max()]
        for points in POINTS:
            seen = runs_of(known_runs(own, points))
            for way, prior in priors.items():
                scores.append(score(fitted(seen, LAW, prior), outcomes).assign(family=family, points=points, way=way))
        clock.tell(f"{family}: {len(outcomes)} runs")
    found = pd.concat(scores)
    show("A family that the prior never saw", summary(found, ["family", "points", "way"]))
    show("Over families", summary(found, ["points", "way"]))


if __name__ == "__main__":
    main()
