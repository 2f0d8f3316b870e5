"""The bundled measurements: that they are all there, and make sense."""

from pathlib import Path

import numpy as np
import pytest

import bayeslaw as bl
from bayeslaw.datasets.bundled import BUNDLED
from bayeslaw.errors import DatasetError

FOLDER = Path(bl.__file__).parent / "datasets"
HYPERPARAMETERS = [
    "learning_rate",
    "batch",
    "steps",
    "best_step",
    "most_steps",
    "pretraining_text",
    "pretraining_steps",
]


@pytest.fixture(scope="module")
def runs():
    return bl.load_dataset("small-finetune")


@pytest.mark.parametrize("name", BUNDLED)
def test_each_is_small_and_has_a_card(name):
    table = FOLDER / BUNDLED[name]
    assert table.stat().st_size < 1_000_000
    card = table.with_suffix(".md").read_text(encoding="utf-8")
    for heading in ("How it was measured", "Licences", "Known flaws"):
        assert f"## {heading}" in card


def test_small_finetune_is_complete(runs):
    table = runs.table
    assert len(runs.models) >= 16
    assert len(runs.families) >= 5
    assert len(runs.tasks) >= 2
    sizes = np.unique(table["data"])
    assert len(sizes) >= 10
    np.testing.assert_array_equal(sizes[1:] / sizes[:-1], 2)
    assert sizes[-1] >= 50_000
    seeds = table.groupby(["task", "model", "data"])["seed"].nunique()
    assert len(seeds) == len(runs.tasks) * len(runs.models) * len(sizes)
    assert seeds.min() >= 2
    assert seeds.xs(sizes[-1], level="data").min() >= 4


def test_small_finetune_makes_sense(runs):
    table = runs.table
    assert not runs.left_out
    assert len(runs.tasks) >= 2
    assert not table[["params", "seed", "loss", "loss_se", *HYPERPARAMETERS]].isna().any().any()
    assert table["loss"].between(0.01, np.log(256)).all()
    assert (table["loss"] != table["validation_loss"]).mean() > 0.9  # that of the test split
    assert (table["loss_se"] / table["loss"]).between(1e-4, 0.05).all()
    assert (table["best_step"] <= table["steps"]).all()
    assert (table["steps"] <= table["most_steps"]).all()
    means = table.groupby(["task", "model", "data"])["loss"].mean()
    for _, curve in means.groupby(["task", "model"]):
        assert curve.iloc[-1] < curve.iloc[0]


@pytest.mark.parametrize(
    ("name", "says"),
    [("small_finetune", "small-finetune"), ("", "small-finetune"), ("rectified-finetune", "fetch_dataset")],
)
def test_unknown_names_teach(name, says):
    with pytest.raises(DatasetError, match=says) as error:
        bl.load_dataset(name)
    assert repr(name) in str(error.value)
