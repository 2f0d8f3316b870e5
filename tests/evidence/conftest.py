"""Small tables for backtests, with everything they may hold."""

import numpy as np
import pandas as pd
import pytest

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
