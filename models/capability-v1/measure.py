"""Measure the prior of scores on models that it never saw, of whose family a few smaller ones are known.

``BAYESLAW_DATA=… python models/capability-v1/measure.py`` prints the tables of the card, in a quarter of an hour. With
the name of another prior, or the path of its file, it measures that, with its law; with ``--widen 2`` the prior widened
so.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from make import BENCHMARKS, leaderboard
from measuring import fitted, runs_of, show, summary, tell

from bayeslaw.fitting.build import open_prior
from bayeslaw.fitting.facade import Fit
from bayeslaw.prior.prior import Prior
from bayeslaw.sampling.nuts import SamplerSettings

SAMPLER = SamplerSettings(warmup=200, draws=200, enough="FAIL")
"""Few draws, however badly they mix: a fit takes half a minute."""
QUESTIONS = {**BENCHMARKS, "gsm8k": (0.0, 1319), "mmlu": (0.25, 14_042), "truthfulqa": (0.31, 817)}
"""What guessing reaches, and how many questions there are, of the benchmarks of the leaderboard."""
FAMILIES = ("bloom", "gpt-j-neo-neox", "llama", "opt", "qwen1.5", "qwen2", "rwkv-4-pile", "xglm")
"""Families of four and more models of text, less those tuned from others, and Pythia, of which the prior was made."""
SMALL, LARGE = 1.3e8, 4e8
"""Gemstones of up to so many parameters may be known, those from the other number on are foretold."""
SHAPES = 3
"""Gemstones that are known, evenly spread over the small ones by size."""


def gemstones(folder: Path) -> pd.DataFrame:
    """Scores of McLeish et al. 2025 at the end of training, of 1,000 questions."""
    table = pd.read_csv(folder / "downstream" / "gemstones.csv").replace({"task": {"arc:easy": "arc_easy"}})
    table = table[table["tokens"] == table.groupby("model")["tokens"].transform("max")]
    return table.assign(family="gemstones", questions=1000.0)


def cases(folder: Path) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Name, scores that are known, and those to be foretold: of larger models of the family.

    Of a family of the leaderboard, the middle model by size is known.
    """
    board = leaderboard(folder).join(pd.DataFrame(QUESTIONS, index=["chance", "questions"]).T, on="task")
    for family, own in board[board["family"].isin(FAMILIES)].groupby("family", sort=False):
        models = own.drop_duplicates("model").sort_values(["params", "tokens"])["model"].tolist()
        known = models[(len(models) - 1) // 2]
        larger = own["params"] > own.loc[own["model"] == known, "params"].iloc[0]
        yield f"leaderboard: {family}", own[own["model"] == known], own[larger]
    stones = gemstones(folder)
    small = stones[stones["params"] <= SMALL].drop_duplicates("model").sort_values("params")["model"].to_numpy()
    seen = stones["model"].isin(small[np.linspace(0, len(small) - 1, SHAPES).round().astype(int)])
    large = stones["params"] >= LARGE
    yield "gemstones", stones[seen], stones[large]
    renamed = stones.assign(task="gemstones " + stones["task"])
    yield "gemstones by another name", renamed[seen], renamed[large]


def score(fit: Fit, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Error, interval and its width, in points, of each score of a new model of the one family of a fit."""
    rows = []
    for (params, tokens), here in outcomes.groupby(["params", "tokens"]):
        told = fit.predict(at={"params": float(params), "data": float(tokens)}).set_index("task")
        for run in here.itertuples():
            p = told.loc[run.task]
            inside = p["p05"] <= run.accuracy <= p["p95"]
            width = 100 * (p["p95"] - p["p05"])
            rows.append((run.task, run.model, 100 * (p["median"] - run.accuracy), width, inside, fit.status))
    return pd.DataFrame(rows, columns=["task", "model", "error", "width", "inside", "status"])


def as_the_largest(seen: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """The same of the scores of the largest known model, which have no interval."""
    own = seen.sort_values("params").groupby("task")["accuracy"].last()
    error = 100 * (outcomes["task"].map(own) - outcomes["accuracy"])
    return outcomes[["task", "model"]].assign(error=error)


def measured(prior: Prior) -> pd.DataFrame:
    """Scores of all cases with and without a prior, one row each."""
    parts = []
    for name, seen, outcomes in cases(Path(os.environ["BAYESLAW_DATA"])):
        runs, board = runs_of(seen), name.partition(":")[0]
        for way, lender in (("default", None), ("prior", prior)):
            found = score(fitted(runs, prior.law.name, lender, sampler=SAMPLER), outcomes)
            parts.append(found.assign(collection=name, board=board, way=way))
            tell(f"{name}, {way}: {outcomes['model'].nunique()} models, {found['status'].iloc[0]}")
        parts.append(as_the_largest(seen, outcomes).assign(collection=name, board=board, way="largest known"))
        show("So far", summary(with_numbers(parts), ["collection", "way"]))
    return with_numbers(parts)


def with_numbers(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Scores in one table; what has no interval has neither width nor cover."""
    found = pd.concat(parts, ignore_index=True)
    found[["inside", "width"]] = found[["inside", "width"]].astype(float)
    known = found["task"].isin(BENCHMARKS).map({True: "known to the prior", False: "new"})
    return found.assign(benchmark=known)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prior", nargs="?", default=Path(__file__).parent.name)
    parser.add_argument("--widen", type=float, default=1.0)
    asked = parser.parse_args()
    found = measured(open_prior(asked.prior).widened(asked.widen))
    show("Over collections, in points", summary(found, ["board", "benchmark", "way"]))
    show("Benchmarks", summary(found, ["board", "task", "way"]))


if __name__ == "__main__":
    main()
