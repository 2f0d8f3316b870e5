"""Make the prior of pretraining losses from published runs.

``BAYESLAW_DATA=… python models/pretrain-loss-v1/make.py`` writes prior.json beside this file; some minutes.
"""

import os
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from measuring import fitted, runs_of

from bayeslaw.prior.prior import Prior
from bayeslaw.runs.early import EARLY_TOKENS
from bayeslaw.sampling.nuts import SamplerSettings

HERE = Path(__file__).parent
LAW = "chinchilla"
OUTLIERS = 5
"""Highest losses of the Chinchilla points that are left out, as in their refit (Besiroglu et al. 2024)."""


def chinchilla(folder: Path) -> pd.DataFrame:
    """240 runs of Hoffmann et al. 2022, read off a plot by Besiroglu et al. 2024; tokens are FLOP / 6 N."""
    points = pd.read_csv(folder / "chinchilla_points.csv").sort_values("loss").iloc[:-OUTLIERS]
    params = points["Model Size"]
    return pd.DataFrame(
        {
            "task": "massivetext", "family": "chinchilla", "params": params,
            "model": params.map("chinchilla-{:.12g}".format),
            "tokens": points["Training FLOP"] / 6 / params, "loss": points["loss"],
        }
    )  # fmt: skip


def over_training(folder: Path) -> pd.DataFrame:
    """Final losses of Gadre et al. 2024: trained on C4 and on RedPajama, measured on C4 and on Paloma's RedPajama."""
    table = pd.read_csv(folder / "overtraining_grid.csv")
    parts = []
    for dataset, metric, task in (("c4_original", "loss:c4_val", "c4"), ("rpj", "loss:paloma_redpajama", "redpajama")):
        own = table[(table["dataset"] == dataset) & (table["metric"] == metric)]
        parts.append(
            pd.DataFrame(
                {
                    "task": task, "family": f"open_lm on {task}", "params": own["params"].astype(float),
                    "model": own["params"].map(f"open_lm-{{:.3g}}-{task}".format),
                    "tokens": own["tokens"].astype(float), "loss": own["value"],
                }
            )
        )  # fmt: skip
    return pd.concat(parts)


def gpt2(folder: Path) -> pd.DataFrame:
    """Checkpoints of the runs of Muennighoff et al. 2023 on C4 that repeat no data.

    A task of their own: it is the loss of training, by another tokenizer than that of the runs above.
    """
    table = pd.read_csv(folder / "training_curves.csv").drop_duplicates()
    own = table[table["curve"].str.fullmatch(r"GPT2-[\d.]+B-c4-1\.0") & (table["tokens"] >= EARLY_TOKENS)]
    params = own["curve"].str.extract(r"GPT2-([\d.]+)B", expand=False).astype(float) * 1e9
    labels = {"task": "c4 in training", "family": "gpt2 on c4", "params": params, "model": own["curve"]}
    return own.assign(**labels).drop(columns="curve")


def lending_runs(folder: Path) -> pd.DataFrame:
    """Every run that the prior is made from: final losses.

    Checkpoints tie a law down along ridges so thin that fits together with them end with trees cut off.
    """
    return pd.concat([chinchilla(folder), over_training(folder)], ignore_index=True)


def made(seed: int = 1) -> Prior:
    """What all runs, fitted together, lend."""
    runs = runs_of(lending_runs(Path(os.environ["BAYESLAW_DATA"]) / "pretrain"))
    fit = fitted(runs, LAW, seed=seed, sampler=SamplerSettings(draws=1000))
    print(fit.check().to_string())
    return fit.as_prior(HERE.name)


if __name__ == "__main__":
    made().save(HERE / "prior.json")
