"""Small tables for backtests and replays, with everything they may hold."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.evidence.replay.studies import read_studies
from bayeslaw.laws import get_law

SIZES = (100, 200, 400, 800, 1600, 3200, 6400)


def _wide(seed=0, models="abcd", zero_shot=True, params=True):
    """A wide table of noisy power laws."""
    rng = np.random.default_rng(seed)
    rows = []
    for k, model in enumerate(models):
        curve = (3.0 + 0.2 * k) * np.array(SIZES, float) ** -(0.10 + 0.02 * k) * np.exp(0.003 * rng.standard_normal(7))
        start = {"0": round(4.0 + 0.1 * k, 3)} if zero_shot else {}
        size = {"params": 1e8 * (k + 1)} if params else {}
        rows.append({"model": f"m-{model}", **start, **dict(zip(map(str, SIZES), curve, strict=True)), **size})
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def wide():
    return _wide


@pytest.fixture(scope="session")
def finetune_files(tmp_path_factory):
    """Two tables of fine-tuning runs in files."""
    folder = tmp_path_factory.mktemp("finetune")
    paths = [folder / "one.csv", folder / "two.csv"]
    for seed, path in enumerate(paths):
        _wide(seed).to_csv(path, index=False)
    return paths


def _curves(models=("p", "q"), sizes=20, seen=10, noise=0.002, domain=True, training=True):
    """Curves with a floor, the last part of each held out."""
    rng = np.random.default_rng(1)
    x = np.geomspace(1e3, 1e6, sizes)
    rows = []
    for task in ("t1", "t2"):
        for k, model in enumerate(models):
            y = (0.3 + 0.1 * k + 20 * x**-0.5) * np.exp(noise * rng.standard_normal(sizes))
            for i in range(sizes):
                rows.append(
                    {
                        **({"Domain": f"D{task[1]}"} if domain else {}),
                        "Task": task, "Model": model, "Seen Examples": x[i], "Loss": y[i],
                        **({"Training": int(i < seen)} if training else {}),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def curves():
    return _curves


TOY_SIZES = 100 * 2.0 ** np.arange(8)


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """Six models; ``late`` is the worst at first and the best at the largest size."""
    rng = np.random.default_rng(0)
    rows = []
    for i, model in enumerate(["a", "b", "c", "d", "e", "late"]):
        level, slope = (2.6, 0.12) if model == "late" else (2.0 + 0.1 * i, 0.03)
        losses = level * (TOY_SIZES / 100) ** -slope * np.exp(0.002 * rng.standard_normal(len(TOY_SIZES)))
        for size, loss in zip(TOY_SIZES, losses, strict=True):
            rows.append({"model": model, "data": size, "params": (i + 1) * 1e6, "loss": loss})
    path = tmp_path_factory.mktemp("replay") / "toy.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def study(toy):
    """A replay of choosing among the models of ``toy``."""
    return read_studies([toy], get_law("rectified"), start="data <= 200")[0]
