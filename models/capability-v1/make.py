"""Make the prior of scores on benchmarks from published models.

``BAYESLAW_DATA=… python models/capability-v1/make.py`` writes prior.json beside this file; some minutes.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from measuring import fitted, runs_of

from bayeslaw.prior.prior import Prior

HERE = Path(__file__).parent
LAW = "trajectory"
BENCHMARKS = {
    "arc_challenge": (0.25, 1172), "arc_easy": (0.25, 2376), "hellaswag": (0.25, 10_042), "lambada_openai": (0.0, 5153),
    "piqa": (0.5, 1838), "winogrande": (0.5, 1267),
}  # fmt: skip
"""What guessing reaches, and how many questions there are, of benchmarks on which models of these sizes get better."""
OF_GRID = {
    "accuracy:arc_challenge": "arc_challenge", "accuracy:arc_easy": "arc_easy",
    "accuracy:hellaswag_zeroshot": "hellaswag", "accuracy:lambada_openai": "lambada_openai", "accuracy:piqa": "piqa",
    "accuracy:winogrande": "winogrande",
}  # fmt: skip
"""Metrics of the over-training grid, by benchmark: without examples in the prompt where there are both."""
OF_BOARD = {"arc": "arc_challenge", "hellaswag": "hellaswag", "winogrande": "winogrande"}
NOT_LENT = ("gsm8k", "mmlu", "truthfulqa")
"""Columns of the leaderboard by benchmark, and those that are kept to be foretold. Scores on mmlu, from chance to high
within a factor of two in size, scatter so much about the law that, lent, they made forecasts on mmlu worse."""
FAMILIES = (
    "falcon", "gemma", "internlm2", "llama-2", "meta-llama-3", "mpt", "olmo", "open_llama_", "open_llama__v2", "qwen",
    "stablelm-base-alpha", "yi", "yi-1.5",
)  # fmt: skip
"""Families of the leaderboard of two or three models of text, less those tuned from others; larger are foretold."""
LEAST_PARAMS, LEAST_MULTIPLIER = 5e7, 1.0
"""Least parameters, and tokens relative to 20 a parameter, of models: smaller and shorter ones are at chance."""


def over_training(folder: Path) -> pd.DataFrame:
    """Scores of Gadre et al. 2024: models trained on C4 and on RedPajama."""
    table = pd.read_csv(folder / "pretrain" / "overtraining_grid.csv")
    own = table[(table["params"] >= LEAST_PARAMS) & (table["multiplier"] >= LEAST_MULTIPLIER)]
    own = own.assign(task=own["metric"].map(OF_GRID)).dropna(subset=["task"])
    dataset = own["dataset"].replace({"c4_original": "c4", "rpj": "redpajama"})
    size, multiplier = own["params"].map("-{:.3g}-".format), own["multiplier"].map("{:g}x".format)
    return own.assign(family="open_lm on " + dataset, model=dataset + size + multiplier, accuracy=own["value"])


def pythia(folder: Path) -> pd.DataFrame:
    """Scores of Biderman et al. 2023 at the end of training: models on the Pile, and on the Pile without repeats."""
    table = pd.read_csv(folder / "downstream" / "pythia_checkpoints.csv")
    own = table[(table["metric"] == "acc") & table["task"].isin(BENCHMARKS) & (table["step"] == table["step"].max())]
    size = own["model"].str.extract(r"pythia-([\d.]+)([mb])")
    return own.assign(
        params=size[0].astype(float) * size[1].map({"m": 1e6, "b": 1e9}),
        family=np.where(own["model"].str.contains("deduped"), "pythia-deduped", "pythia"),
        accuracy=own["value"],
    )


def leaderboard(folder: Path) -> pd.DataFrame:
    """Scores of finished models of the Open LLM leaderboard, as Maia Polo et al. 2024 collected them."""
    board = pd.read_csv(folder / "downstream" / "leaderboard.csv").rename(columns=OF_BOARD)
    board = board.assign(params=1e9 * board["size"], tokens=1e12 * board["tokens"])
    labels = ["model", "family", "params", "tokens"]
    return board.melt(labels, [*OF_BOARD.values(), *NOT_LENT], "task", "accuracy")


def lending_runs(folder: Path) -> pd.DataFrame:
    """Every score that the prior is made from: of finished models."""
    board = leaderboard(folder)
    parts = [over_training(folder), pythia(folder), board[board["family"].isin(FAMILIES)]]
    columns = ["task", "family", "model", "params", "tokens", "accuracy"]
    known = pd.DataFrame(BENCHMARKS, index=["chance", "questions"]).T
    return pd.concat([part[columns] for part in parts], ignore_index=True).join(known, on="task", how="inner")


def made(seed: int = 1) -> Prior:
    """What all scores, fitted together, lend."""
    runs = runs_of(lending_runs(Path(os.environ["BAYESLAW_DATA"])))
    fit = fitted(runs, LAW, seed=seed)
    print(fit.check().to_string())
    return fit.as_prior(HERE.name)


if __name__ == "__main__":
    made().save(HERE / "prior.json")
