"""The backtest of selection, from tables to summary."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import RunsError, TargetError
from bayeslaw.evidence.backtest import finetune_methods
from bayeslaw.evidence.backtest.finetune_cells import make_cells, read_tasks
from bayeslaw.evidence.backtest.scoring import SELECTION_SCORES
from bayeslaw.evidence.backtest.selection import backtest_selection
from bayeslaw.evidence.baselines.rules import DEFAULT_TEMPERATURE, best_temperature, softmax_odds
from bayeslaw.sampling.nuts import SamplerSettings

SIZES = np.round(16 * np.sqrt(2) ** np.arange(17)).astype(int)  # to 4096
QUICK = ("largest_size", "point_fit", "accept_then_stop", "softmax_largest", "equal_odds", "rolling_origins")


def candidates(task, *, seed=0, exponents=(0.1, 0.2, 0.3), **more):
    """A tidy table of one task: noisy power laws that cross, the last the best at the end and the worst before."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"task": task, "model": f"m{k}", "data": size, "loss": loss, "loss_se": 0.01, **more}
        for k, b in enumerate(exponents)
        for size, loss in zip(SIZES, 2**k * SIZES**-b * np.exp(0.02 * rng.standard_normal(17)), strict=True)
    )


@pytest.fixture
def tables(monkeypatch):
    monkeypatch.setattr(finetune_methods, "BOOTSTRAP_DRAWS", 20)
    return [candidates("a"), candidates("b", seed=1), candidates("c", seed=2)]


def by_cell(found):
    return {(cell["task"], cell["budget"], cell["method"]): cell for cell in found.cells}


def test_every_method_answers_every_cell_with_the_scores_it_can_have(tables):
    found = backtest_selection([pd.concat(tables[:2])], beyond=(4, 8), methods=(*QUICK, "bootstrap"))
    cells = by_cell(found)
    assert set(cells) == {(task, b, m) for task in "ab" for b in (4, 8) for m in (*QUICK, "bootstrap")}
    choice = {"rel_acc", "pear_corr", "kendall_tau", "regret", "relative_regret"}
    point, odds = {"rmsle", "are_median", "crps_log", "crps"}, {"brier_p_best", "log_score_p_best"}
    expected = {
        "largest_size": choice,
        "softmax_largest": choice | odds,
        "equal_odds": odds,
        "point_fit": choice | point,
        "accept_then_stop": choice | point,
        "rolling_origins": set(SELECTION_SCORES),
        "bootstrap": set(SELECTION_SCORES),
    }
    for (_, _, method), cell in cells.items():
        assert list(cell["scores"]) == list(SELECTION_SCORES)
        assert {name for name, value in cell["scores"].items() if value is not None} == expected[method]
        assert (cell["models"], cell["target"], cell["domain"]) == (3, {"data": 4096.0}, "selection")
        assert (cell["status"], cell["note"]) == (None, "")
    json.dumps(found.record(), allow_nan=False)


def test_scores_of_the_choice_at_the_largest_size_seen(tables):
    found = backtest_selection(tables[:1], beyond=(8,), methods=("largest_size",))
    table = tables[0].set_index(["data", "model"])["loss"]
    choice, measured = table[512].idxmin(), table[4096]
    scores = found.cells[0]["scores"]
    assert measured.idxmin() != choice
    assert scores["regret"] == pytest.approx(measured[choice] - measured.min())
    assert scores["relative_regret"] == pytest.approx(measured[choice] / measured.min() - 1)


def test_a_factor_between_sizes_sees_those_up_to_it(tables):
    (cell,) = make_cells(read_tasks(tables[:1]), [10])
    assert cell.trial.sizes[0].max() == 362  # of 362 and 512, with 409.6 allowed


def test_methods_see_nothing_beyond_the_factor(tables):
    altered = tables[0].copy()
    altered.loc[altered["data"].between(513, 4095), "loss"] *= 1.5
    methods = (*QUICK, "bootstrap")
    plain, other = (backtest_selection([table], beyond=(8,), methods=methods) for table in (tables[0], altered))
    assert [c["predictions"] for c in plain.cells] == [c["predictions"] for c in other.cells]


def test_models_without_a_run_at_the_target_are_no_candidates_and_named(tables):
    table = tables[0][~((tables[0]["model"] == "m2") & (tables[0]["data"] == 4096))]
    found = backtest_selection([table], beyond=(8,), methods=("equal_odds", "rolling_origins"))
    assert found.notes == ("a at 1/8: left out m2: no run at the target 4096.",)
    assert [cell["predictions"]["model"] for cell in found.cells] == [["m0", "m1"]] * 2
    assert found.cells[0]["predictions"]["p_best"] == [0.5, 0.5]


def test_without_earlier_origins_the_rule_says_that_it_has_no_odds(tables):
    (cell,) = backtest_selection(tables[:1], beyond=(64,), methods=("rolling_origins",)).cells
    assert cell["note"].startswith("no odds, for want of earlier errors")
    assert cell["scores"]["brier_p_best"] is None
    assert cell["scores"]["relative_regret"] is not None


def test_a_method_that_lacks_sizes_says_so_and_has_the_same_scores_as_others(tables):
    found = backtest_selection(tables[:1], beyond=(128, 512), methods=("point_fit", "largest_size"))
    cells = by_cell(found)
    assert "expected at least 4 sizes, found 3" in cells["a", 128, "point_fit"]["note"]
    assert "no run up to 8" in cells["a", 512, "largest_size"]["note"]
    for cell in found.cells:
        assert list(cell["scores"]) == list(SELECTION_SCORES)
    assert found.summary[0]["without_score"]["rmsle"] == 1


# ------------------------------------------------------------------------------------------------ collections and tasks


def test_a_collection_is_the_file_or_the_column(tables, tmp_path):
    pd.concat(tables[:2]).to_csv(tmp_path / "pool.v1.csv", index=False)
    named = pd.concat([tables[2], candidates("d")]).assign(Collection=lambda t: t["task"].map({"c": "x", "d": "y"}))
    found = backtest_selection([tmp_path / "pool.v1.csv", named], beyond=(8,), methods=("equal_odds",))
    told = {"a": "pool.v1", "b": "pool.v1", "c": "x", "d": "y"}
    assert {cell["task"]: cell["collection"] for cell in found.cells} == told
    assert {task["task"]: task["collection"] for task in found.settings["tasks"]} == told
    assert [(row["collection"], row["tasks"]) for row in found.summary] == [("pool.v1", 2), ("x", 1), ("y", 1)]


def test_a_task_of_two_collections_is_refused(tables):
    tables[0]["collection"] = np.where(tables[0]["model"] == "m0", "x", "y")
    with pytest.raises(RunsError, match=r"'x', 'y'.*'collection'.*'a'"):
        backtest_selection(tables[:1], beyond=(8,), methods=("equal_odds",))


def test_the_first_tasks_of_each_table(tables):
    two = [pd.concat(tables), pd.concat([candidates("d"), candidates("e")])]
    found = backtest_selection(two, beyond=(8,), first=2, methods=("equal_odds",))
    assert [cell["task"] for cell in found.cells] == ["a", "b", "d", "e"]
    assert found.settings["first_tasks"] == 2
    with pytest.raises(TargetError, match="--tasks 0"):
        backtest_selection(two, first=0)


def test_nothing_to_see_is_refused(tables):
    with pytest.raises(TargetError, match=r"No factor leaves a run to fit.*Factors up to 256"):
        backtest_selection(tables[:1], beyond=(1000,), methods=("equal_odds",))


# -------------------------------------------------------------------------------------------------------------- softmax


def test_the_temperature_is_the_best_of_the_other_tasks_at_the_same_factor(tables):
    tables += [candidates(task, seed=9, exponents=b) for task, b in (("d", (0.3, 0.2, 0.1)), ("e", (0.1, 0.3, 0.2)))]
    found = by_cell(backtest_selection(tables, beyond=(4, 8), methods=("softmax_largest",)))
    for factor, last in ((4, 1024), (8, 512)):
        known = {}
        for table in tables:
            loss = table.set_index(["data", "model"])["loss"]
            known[table["task"].iloc[0]] = loss[last].to_numpy(), loss[4096].to_numpy()
        for task, (now, _) in known.items():
            temperature = best_temperature([pair for other, pair in known.items() if other != task])
            cell = found[task, factor, "softmax_largest"]
            assert cell["temperature"] == temperature
            np.testing.assert_allclose(cell["predictions"]["p_best"], softmax_odds(now, temperature))
    assert len({cell["temperature"] for cell in found.values()}) > 4
    (alone,) = backtest_selection(tables[:1], beyond=(8,), methods=("softmax_largest",)).cells
    assert alone["temperature"] == DEFAULT_TEMPERATURE


# --------------------------------------------------------------------------------------------------------- stored cells


@pytest.mark.fits
def test_stored_cells_are_found_again_and_depend_on_what_they_must(tables, tmp_path):
    def run(given=tables, **options):
        settings = {"beyond": (4, 8), "methods": ("rolling_origins", "softmax_largest"), "folder": tmp_path, **options}
        return backtest_selection(given, **settings)

    first = run()
    again = run()
    assert (first.reused, again.reused) == (0, 12)
    assert again.cells == first.cells
    assert again.summary == first.summary
    assert run(beyond=(8, 16)).reused == 6
    assert run(seed=1).reused == 0
    assert run(law="other").reused == 12  # no method here has a law
    assert run(target=2896.0).reused == 0
    assert run(tables[:2]).reused == 4  # softmax is tuned on the other tasks, the rule is not
    assert run([table.assign(collection="x") for table in tables]).reused == 0
    changed = candidates("c", seed=3)
    assert run([*tables[:2], changed]).reused == 4


def test_equal_seeds_give_equal_draws_whatever_else_is_run(tables):
    whole = by_cell(backtest_selection(tables, beyond=(4, 8), methods=QUICK))
    (alone,) = backtest_selection(tables[1:2], beyond=(8,), methods=("rolling_origins",)).cells
    assert alone["scores"] == whole["b", 8, "rolling_origins"]["scores"]
    other = backtest_selection(tables[1:2], beyond=(8,), methods=("rolling_origins",), seed=1).cells[0]
    assert other["scores"] != alone["scores"]


# -------------------------------------------------------------------------------------------------------------- summary


def test_summary_is_the_mean_over_tasks_and_counts_cells_without_a_score(tables):
    shorter = tables[2][tables[2]["data"] >= 91]  # six sizes at 1/8, four at 1/16
    found = backtest_selection([pd.concat([*tables[:2], shorter])], beyond=(8,), methods=("rolling_origins",))
    (row,) = found.summary
    scores = [cell["scores"] for cell in found.cells]
    assert set(row) == {
        "method", "collection", "budget", "cells", "scores", "tasks", "without_score", "calibration_p_best",
    }  # fmt: skip
    assert (row["budget"], row["tasks"], row["cells"]) == (8, 3, 3)
    assert row["without_score"]["brier_p_best"] == 0
    assert row["scores"]["relative_regret"] == pytest.approx(np.mean([s["relative_regret"] for s in scores]))
    found = backtest_selection([pd.concat([*tables[:2], shorter])], beyond=(16,), methods=("rolling_origins",))
    (row,) = found.summary
    scores = [cell["scores"] for cell in found.cells]
    assert (row["tasks"], row["cells"], row["without_score"]["brier_p_best"]) == (3, 3, 1)
    assert row["without_score"]["relative_regret"] == 0
    assert row["scores"]["brier_p_best"] == pytest.approx(np.mean([s["brier_p_best"] for s in scores[:2]]))


# ------------------------------------------------------------------------------------------------------------- bayeslaw


@pytest.mark.fits
def test_bayeslaw_promises_a_regret_and_gives_odds(tables):
    found = backtest_selection(
        tables[:1],
        beyond=(8,),
        methods=("bayeslaw",),
        sampler=SamplerSettings(chains=2, warmup=150, draws=50, target_accept=0.95),
        where="data >= 64",
    )
    (cell,) = found.cells
    assert None not in cell["scores"].values(), cell["note"]
    assert sum(cell["predictions"]["p_best"]) == pytest.approx(1)
    assert 0 <= cell["scores"]["expected_regret"] < 0.5
    assert found.summary[0]["calibration_p_best"] is not None


DATA = os.environ.get("BAYESLAW_DATA")


@pytest.mark.fits
@pytest.mark.skipif(DATA is None, reason="BAYESLAW_DATA does not name the folder of published tables")
def test_known_figures_of_the_learning_curve_database():
    table = Path(DATA) / "selection" / "lcdb.csv"
    found = backtest_selection([table], beyond=(8, 64), methods=("largest_size", "rolling_origins"))
    rows = {(row["method"], row["budget"]): row for row in found.summary}
    assert {row["tasks"] for row in rows.values()} == {37}
    regret = {key: row["scores"]["relative_regret"] for key, row in rows.items()}
    assert regret["largest_size", 8] == pytest.approx(0.054, abs=5e-4)
    assert regret["largest_size", 64] == pytest.approx(0.479, abs=5e-4)
    assert regret["rolling_origins", 64] == pytest.approx(0.370, abs=5e-4)
    assert rows["rolling_origins", 8]["scores"]["brier_p_best"] == pytest.approx(0.65, abs=0.01)
    assert rows["rolling_origins", 8]["scores"]["log_score_p_best"] == pytest.approx(-1.39, abs=0.03)
