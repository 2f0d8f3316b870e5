"""How far joint laws miss dear runs, beside what rolling origins inside each table foretell, collection by collection.

``pytest -m slow -s tests/statistical/test_published_errors_beyond.py``: point fits only, two minutes. Each collection
is scored with the two constants (ratio of errors found to errors foretold, and how far it varies) of the *others*. That
errors go by direction was itself seen on these ten, so that this says how constants carry over, not the method.
"""

import os
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.kinds.shared.points import resources
from bayeslaw.kinds.surfaces.frontier import Frontier, product_of
from bayeslaw.kinds.surfaces.origins import _LEAST_NOISE, _NOISE, _fitter, _typical, misfit_errors
from bayeslaw.kinds.surfaces.priors import MISFIT
from bayeslaw.laws import get_law

DATA = Path(os.environ.get("BAYESLAW_DATA", ""))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "BAYESLAW_DATA" not in os.environ, reason="BAYESLAW_DATA does not name the folder of published tables"
    ),
]
LEAST_SIZE = 0.1
"""Runs where errors have hardly set in say nothing of them."""


def isoflops():
    runs = pd.read_csv(DATA / "pretrain" / "isoflops.csv")
    for name, study in runs[~runs["outlier"].astype(bool)].rename(columns={"tokens": "data"}).groupby("dataset"):
        budgets = np.sort(study["budget"].unique())
        for hidden in (1, 2):
            yield name, "chinchilla", study, study["budget"] >= budgets[-hidden]
        if name != "fineweb_c4":
            far = study[(study["budget"] < 5e19) | (study["budget"] >= 1e20)]
            yield name, "chinchilla", far, far["budget"] >= 1e20


def chinchilla():
    runs = pd.read_csv(DATA / "pretrain" / "chinchilla_points.csv").dropna()
    runs = runs.rename(columns={"Model Size": "params", "Training FLOP": "compute"}).query("loss < 4")
    runs["data"] = runs["compute"] / (6 * runs["params"])
    for limit in (1e21, 3e20):
        yield "hoffmann", "chinchilla", runs, runs["compute"] >= limit


def overtraining():
    runs = pd.read_csv(DATA / "pretrain" / "overtraining_grid.csv").query("metric == 'loss:c4_val'")
    for _, grid in runs.rename(columns={"tokens": "data", "value": "loss"}).groupby("dataset"):
        yield "over-training", "chinchilla", grid, grid["params"] > 5e8


def pools():
    vocabulary = {"non_vocab_parameters": "params", "num_characters": "data"}
    for name, law, roles in [
        ("parallel", "parallel", {}), ("data_constrained", "data_constrained", {}), ("vocab", "vocabulary", vocabulary)
    ]:  # fmt: skip
        table = bl.read_runs(DATA / "pools" / f"{name}.csv", roles=roles).table
        for _, group in table.groupby("family"):
            yield name, law, group, group["split"] == "target"


def finetuning():
    for name in ("flan", "gigaword"):
        table = bl.read_runs(DATA / "finetune" / f"{name}.csv").table
        for _, family in table.groupby("family"):
            if len(family) >= 30 and family["params"].nunique() >= 3:
                for law in ("rectified_joint", "multiplicative(params)"):
                    yield "fine-tuning", law, family, family["data"] > family["data"].max() / 3.9
                    yield "fine-tuning", law, family, family["params"] == family["params"].max()


def missed(law, runs, hidden):
    """Errors of the hidden runs, over those foretold: their means by the law beyond the data taken off."""
    points = np.log(runs[[c.name for c in law.covariates]].to_numpy(float))
    points = points - points[~hidden].mean(axis=0)
    y = runs["loss"].to_numpy(float)
    y = np.log(y) if not law.link else y
    errors = misfit_errors(law, [(points[~hidden], y[~hidden])])
    size = errors.overall()
    if np.isnan(size):
        return np.array([])
    spent = tuple(v for v, c in enumerate(law.covariates) if c.name in resources(law))
    fall = errors.relative_fall(product_of(len(law.covariates), spent))
    frontier = Frontier(points[~hidden], errors.relative(), spent, fall)
    with jax.enable_x64(True):
        fit = _fitter(law, len(points))
        scatter = _typical((y - fit(points, y, ~hidden, _NOISE))[~hidden])
        residual = (y - fit(points, y, ~hidden, max(scatter, _LEAST_NOISE)))[hidden]
    relative, mean = frontier.size(points[hidden]), frontier.mean(points[hidden])
    far = relative > LEAST_SIZE
    return ((residual / size - mean) / relative)[far]


def test_errors_beyond_the_data_are_as_rolling_origins_foretell():
    found = [
        {"collection": collection, "z": z, "ratio": np.sqrt(np.mean(np.clip(z, -3, 3) ** 2))}
        for studies in (isoflops(), chinchilla(), overtraining(), pools(), finetuning())
        for collection, law, runs, hidden in studies
        if (z := missed(get_law(law), runs, hidden.to_numpy())).size
    ]
    table = pd.DataFrame(found).assign(log_ratio=lambda t: np.log(t["ratio"]))
    means, draws = (
        table.groupby("collection")["log_ratio"].mean(),
        np.random.default_rng(0).standard_normal((2, 40_000)),
    )
    rows = []
    for name, own in table.groupby("collection"):
        others = means.drop(name)
        within = (table["log_ratio"] - table["collection"].map(means)).std()
        ratio, sd = np.exp(others.median()), np.hypot(others.std(), within)
        half = np.quantile(np.abs(ratio * np.exp(sd * draws[0]) * draws[1]), (0.5, 0.9))
        z = np.abs(np.concatenate(list(own["z"])))
        rows.append(
            {"left out": name, "studies": len(own), "runs": len(z), "found over foretold": np.exp(means[name]),
             "ratio of others": ratio, "sd": sd, "in 50%": np.mean(z < half[0]), "in 90%": np.mean(z < half[1])}
        )  # fmt: skip
    scores = pd.DataFrame(rows)
    print("\n" + scores.to_string(index=False, float_format="{:.2f}".format))
    print(f"median of collections {np.exp(means.median()):.2f}, sd between {means.std():.2f}, within {within:.2f}")
    assert scores["in 90%"].mean() == pytest.approx(0.9, abs=0.08)
    assert scores["in 90%"].min() >= 0.7
    assert MISFIT.median / MISFIT.typical == pytest.approx(np.exp(means.median()), rel=0.15)
    assert pytest.approx(np.hypot(means.std(), within), abs=0.15) == MISFIT.sd
