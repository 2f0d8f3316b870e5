"""What the small fine-tuning benchmark is checked for, on made-up tables and draws."""

import importlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl

FOLDER = Path(__file__).parents[2] / "examples" / "small_finetune"


@pytest.fixture
def check(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("check")


def table(families=(("", 0), ("docs", 10), ("docs", 100), ("code", 10)), width=32, noise=0.0):
    """Two seeds of each model at two sizes; the second seed's loss is ``noise`` above the first's in logs."""
    rows = [
        {
            "model": f"t-{text}-{steps}-{width}", "family": f"t-{text}-{steps}", "task": "python", "data": size,
            "seed": seed, "loss": 3.0 * size**-0.1 * np.exp(noise * seed), "best_step": step, "most_steps": 64,
            "architecture": "t", "width": width, "pretraining_text": text, "pretraining_steps": steps,
        }
        for text, steps in families
        for size, step in ((50, 16), (51_200, 64))
        for seed in (0, 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_table_is_described(check):
    (row,) = check.describe(bl.read_runs(table(noise=0.02))).itertuples(index=False)
    assert tuple(row) == (16, 4, 8, 2, pytest.approx(0.02 / np.sqrt(2), abs=1e-4), 0.5, 1.0)


def test_trios_are_of_one_architecture_width_and_text(check):
    runs = pd.concat([table(), table(width=64, families=[("docs", 10), ("docs", 100)])])
    assert check.trios(runs) == [("t--0-32", "t-docs-10-32", "t-docs-100-32")]


def test_probability_of_the_order_is_counted_over_draws(check, monkeypatch):
    columns = {
        "t--0-32": [1, 2, 9, 1],
        "t-docs-10-32": [3, 3, 3, 5],
        "t-docs-100-32": [7, 7, 7, 4],
        "t-code-10-32": [0] * 4,
    }

    def learned(losses, sizes, of_model):
        assert sorted(set(sizes)) == [50.0, 51_200.0]
        assert len(losses) == len(of_model) == 16
        return np.array(list(columns.values()), float).T, 1.0

    monkeypatch.setattr(check, "learned", learned)
    (row,) = check.order(bl.read_runs(table())).to_dict("records")
    assert row["P(scratch < short < long)"] == 0.5
    assert row["medians (sequences)"] == "2  3  7"


@pytest.mark.fits
def test_pre_learned_data_of_known_curves_comes_back(check):
    """Within four posterior sds; a chance below 1e-3 for all three."""
    rng, truth = np.random.default_rng(0), np.array([300.0, 3000.0, 20_000.0])
    sizes = np.tile(50.0 * 2 ** np.arange(11), 3)
    of_model = np.repeat(np.arange(3), 11)
    losses = 1.5 + 60.0 / (truth[of_model] ** 0.4 + sizes**0.4)
    draws, r_hat = check.learned(losses * np.exp(0.005 * rng.standard_normal(33)), sizes, of_model)
    logs = np.log(draws)
    assert r_hat < 1.03
    assert np.all(np.abs(logs.mean(axis=0) - np.log(truth)) < 4 * logs.std(axis=0))
    assert np.mean((draws[:, 0] < draws[:, 1]) & (draws[:, 1] < draws[:, 2])) > 0.99
    assert logs.std(axis=0).max() < 0.5


def test_beyond_reports_what_came_out(check, monkeypatch):
    frame = pd.concat([table().assign(data=size, loss=3.0 * size**-0.1) for size in (100, 200, 400, 800, 1600, 12_800)])
    runs = bl.read_runs(frame.drop_duplicates(["model", "data", "seed"]))
    measured = 3.0 * 12_800**-0.1

    def candidate(model, i):
        low = measured + (0.05 if i == 1 else -0.05)
        return SimpleNamespace(
            model=model, loss_median=measured * np.exp(0.1), loss_p05=low, loss_p95=measured + 1, expected_regret=i
        )

    def fit(seen):
        assert seen.table["data"].max() == 800
        candidates = [candidate(model, i) for i, model in enumerate(seen.models)]
        select = SimpleNamespace(candidates=candidates, checks=())
        return SimpleNamespace(select=lambda data: select)

    monkeypatch.setattr(bl, "fit", fit)
    (row,) = check.beyond(runs).to_dict("records")
    assert row["inside 90%"] == "3 of 4"
    assert (row["RMSLE"], row["of accept-then-stop"]) == (0.1, 0.0)


def test_a_part_that_is_none_is_refused(check, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["check.py", "--only", "table,ordre"])
    with pytest.raises(SystemExit):
        check.main()
    assert "--only table,ordre: expected some of table,order,beyond" in capsys.readouterr().err
