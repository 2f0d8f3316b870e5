"""The backtest of the choice among candidates, from tables to summary."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import bayeslaw.fitting.fit
from bayeslaw.errors import LawError, TargetError
from bayeslaw.evidence import scores
from bayeslaw.evidence.backtest.finetune import backtest_finetune
from bayeslaw.evidence.backtest.finetune_cells import make_cells, read_tasks
from bayeslaw.evidence.backtest.finetune_methods import METHODS
from bayeslaw.evidence.backtest.scoring import SCORES
from bayeslaw.evidence.backtest.settings import MethodSettings, choose_methods
from bayeslaw.sampling.nuts import SamplerSettings

BASELINES = tuple(name for name in METHODS if name != "bayeslaw")
QUICK = tuple(name for name in BASELINES if name not in ("rectified_bootstrap", "vanilla_point_fit"))


def by_cell(found):
    return {(cell["task"], cell["budget"], cell["method"]): cell for cell in found.cells}


@pytest.fixture(scope="module")
def baselines(finetune_files):
    return backtest_finetune(finetune_files, budgets=(4, 8.5), methods=BASELINES)


@pytest.mark.fits
def test_every_method_answers_every_cell(baselines):
    cells = by_cell(baselines)
    assert set(cells) == {(task, budget, m) for task in ("one", "two") for budget in (4, 8.5) for m in BASELINES}
    for (task, budget, method), cell in cells.items():
        assert list(cell["scores"]) == list(SCORES)
        assert cell["models"] == 4
        assert cell["target"] == {"data": 6400.0}
        assert cell["domain"] == "finetune"
        assert cell["status"] is None
        if (method, budget) != ("rectified_bootstrap", 8.5):
            assert cell["note"] == "", (task, budget, method)
            assert any(value is not None for value in cell["scores"].values())
    assert [type(cell["budget"]) for cell in baselines.cells[:2]] == [int, float]


@pytest.mark.fits
def test_methods_see_only_the_budget(finetune_files, wide, tmp_path):
    """Losses that are hidden may be anything without a change in what is predicted."""
    altered = wide(0)
    altered["1600"] *= 2
    altered.to_csv(tmp_path / "one.csv", index=False)
    methods = (*QUICK, "rectified_bootstrap")
    plain = by_cell(backtest_finetune(finetune_files[:1], budgets=(8,), methods=methods))
    other = by_cell(backtest_finetune([tmp_path / "one.csv"], budgets=(8,), methods=methods))
    for key, cell in plain.items():
        assert other[key]["predictions"] == cell["predictions"]
        assert other[key]["scores"] == cell["scores"]


def test_which_methods_have_which_scores(baselines):
    found = {row["method"]: {n for n, v in row["scores"].items() if v is not None} for row in baselines.summary}
    choice, point = {"rel_acc", "pear_corr", "kendall_tau", "regret"}, {"rmsle", "are_median", "crps_log"}
    assert found["uniform"] == {"brier_p_best"}
    for method in ("largest_subset", "zero_shot", "model_size"):
        assert found[method] == choice
    for method in ("accept_then_stop", "accept_then_stop_3", "rectified_point_fit", "vanilla_point_fit"):
        assert found[method] == choice | point
    assert found["rectified_bootstrap"] == set(SCORES)


def test_the_record_is_json_without_nan(baselines):
    text = json.dumps(baselines.record(), allow_nan=False)
    record = json.loads(text)
    assert set(record) == {"cells", "summary", "settings", "notes", "status", "seconds"}
    assert record["settings"]["budgets"] == [4, 8.5]
    assert record["settings"]["tasks"][0]["task"] == "one"


def test_summary_is_the_mean_over_cells(baselines):
    row = next(row for row in baselines.summary if row["method"] == "accept_then_stop")
    own = [cell["scores"]["rmsle"] for cell in baselines.cells if cell["method"] == "accept_then_stop"]
    assert (row["cells"], row["domain"]) == (4, "finetune")
    assert row["scores"]["rmsle"] == pytest.approx(np.mean(own))


@pytest.mark.fits
def test_equal_seeds_give_equal_answers_whatever_else_is_run(finetune_files, baselines):
    methods = ("rectified_bootstrap", "vanilla_point_fit")
    for tables in (finetune_files[::-1], finetune_files[1:]):
        again = by_cell(backtest_finetune(tables, budgets=(4,), methods=methods))
        for key, cell in again.items():
            assert cell["scores"] == by_cell(baselines)[key]["scores"]
    other = by_cell(backtest_finetune(finetune_files[:1], budgets=(4,), methods=methods, seed=1))
    assert all(cell["scores"] != by_cell(baselines)[key]["scores"] for key, cell in other.items())


def test_what_a_table_lacks_is_said_and_the_rest_goes_on(wide):
    table = wide(0, zero_shot=False, params=False)
    cells = by_cell(backtest_finetune([table.assign(task="t")], budgets=(4, 32, 64, 128), methods=QUICK))
    assert "'m-a' has no loss at zero examples" in cells["t", 4, "zero_shot"]["note"]
    assert "params" in cells["t", 4, "model_size"]["note"]
    assert "expected at least 2 sizes, found 1" in cells["t", 64, "accept_then_stop"]["note"]
    assert "model 'm-a'" in cells["t", 64, "accept_then_stop"]["note"]
    assert "no run up to 50" in cells["t", 128, "uniform"]["note"]
    assert cells["t", 128, "uniform"]["models"] == 0
    assert cells["t", 4, "rectified_point_fit"]["scores"]["rmsle"] is not None  # does without
    assert all(value is None for value in cells["t", 4, "zero_shot"]["scores"].values())
    assert {cell["status"] for cell in cells.values()} == {None}


def test_candidates_measured_at_different_sizes(wide):
    table = wide(0)
    whole = by_cell(backtest_finetune([table], budgets=(4,), methods=QUICK))
    table.loc[1, "400"] = np.nan
    ragged = by_cell(backtest_finetune([table], budgets=(4,), methods=QUICK))
    for method in ("accept_then_stop", "rectified_point_fit"):
        before, after = (c["task", 4, method]["predictions"]["predicted"] for c in (whole, ragged))
        assert [a == b for a, b in zip(after, before, strict=True)] == [True, False, True, True]


def test_left_out_models_are_in_the_notes(wide):
    table = wide(0)
    table.loc[0, "6400"] = np.nan
    found = backtest_finetune([table], budgets=(4,), methods=("uniform",))
    assert found.notes == ("task at 1/4: left out m-a: no run at the target 6400.",)
    assert found.cells[0]["models"] == 3


@pytest.mark.parametrize(
    ("options", "kind", "fragment"),
    [
        ({"borrow": True}, TargetError, "none to borrow from"),
        ({"budgets": (100, 1000)}, TargetError, "Budgets up to 64"),
        ({"law": "newton", "methods": ("bayeslaw",)}, LawError, "newton"),
        ({"target": 500.0}, TargetError, "no run"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_run(finetune_files, options, kind, fragment):
    with pytest.raises(kind, match=fragment):
        backtest_finetune(finetune_files[:1], **options)


def test_names_of_methods():
    assert choose_methods(None, METHODS) == tuple(METHODS)
    assert choose_methods("uniform, bayeslaw,uniform", METHODS) == ("uniform", "bayeslaw")
    for text in ("newton", "", ",", "uniform,,Bayeslaw"):
        with pytest.raises(LawError, match="--methods"):
            choose_methods(text, METHODS)


@pytest.mark.fits
def test_stored_cells_are_found_again_and_depend_on_what_they_must(finetune_files, tmp_path, wide):
    def run(tables=finetune_files, **options):
        settings = {"budgets": (4, 8), "methods": ("accept_then_stop", "uniform"), "folder": tmp_path, **options}
        return backtest_finetune(tables, **settings)

    first = run()
    assert (first.reused, run().reused) == (0, 8)
    assert run().cells == first.cells
    assert run(finetune_files[:1]).reused == 4
    assert run(budgets=(8, 16)).reused == 4
    assert run(seed=1).reused == 0
    assert run(law="other").reused == 8  # a baseline has no law
    assert run(borrow=True).reused == 8  # and does not borrow
    assert run(target=3200.0).reused == 0
    changed = wide(0)
    changed.loc[2, "6400"] += 0.001
    changed.to_csv(tmp_path / "one.csv", index=False)
    assert run([tmp_path / "one.csv", finetune_files[1]]).reused == 4


# ------------------------------------------------------------------------------------------------------------ bayeslaw


SHORT = SamplerSettings(chains=2, warmup=150, draws=50, target_accept=0.95, enough="FAIL")


@pytest.fixture(scope="module")
def ours(wide):
    """Two cells, briefly sampled, with the fits behind them; in the second, one model was not run at the target."""
    tables = [wide(k, models="abc").assign(task=name) for k, name in enumerate(("whole", "partly"))]
    tables[1].loc[2, "6400"] = np.nan  # the model that would be best
    fits = []

    def recorded(*arguments, **options):
        fits.append(real(*arguments, **options))
        return fits[-1]

    real = bayeslaw.fitting.fit.fit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bayeslaw.fitting.fit, "fit", recorded)
        found = backtest_finetune(tables, budgets=(8,), methods=("bayeslaw",), sampler=SHORT, seed=3)
    return found, fits


@pytest.mark.core
@pytest.mark.fits
def test_bayeslaw_predicts_runs_and_chooses_by_expected_regret(ours, wide):
    found, fits = ours
    cell = by_cell(found)["whole", 8, "bayeslaw"]
    assert set(fits[0].posterior.runs.table["data"]) == {100, 200, 400, 800}
    selection = fits[0].select(data=6400, seed=3)
    models = [candidate.model for candidate in selection.candidates]
    truth = wide(0, models="abc").set_index("model")["6400"][models].to_numpy()
    told = cell["predictions"]
    place = [told["model"].index(model) for model in models]
    np.testing.assert_allclose(np.array(told["predicted"])[place], np.median(selection.values, axis=0))
    np.testing.assert_allclose(np.array(told["p_best"])[place], [c.p_best for c in selection.candidates])
    assert cell["scores"]["rel_acc"] == scores.rel_acc(np.arange(3), truth)
    assert cell["scores"]["crps_log"] == pytest.approx(np.mean(scores.crps(selection.values, truth)))
    assert cell["status"] == selection.status
    assert {check["name"] for check in cell["checks"]} == {check.name for check in selection.checks}
    assert list(cell["scores"]) == list(SCORES)
    assert None not in cell["scores"].values()


@pytest.mark.fits
def test_models_that_are_not_scored_are_no_candidates(ours):
    found, fits = ours
    cell = by_cell(found)["partly", 8, "bayeslaw"]
    assert set(fits[1].posterior.runs.models) == {"m-a", "m-b", "m-c"}
    assert cell["predictions"]["model"] == ["m-a", "m-b"]
    assert cell["models"] == 2
    selection = fits[1].select(data=6400, seed=3)
    order = [candidate.model for candidate in selection.candidates]
    a, b = (selection.values[:, order.index(model)] for model in ("m-a", "m-b"))
    np.testing.assert_allclose(cell["predictions"]["p_best"], [np.mean(a < b), np.mean(b < a)])
    assert selection.recommended == "m-c"


@pytest.mark.fits
def test_the_preference_is_the_expected_regret_among_those_scored(ours, wide, monkeypatch):
    _, fits = ours
    monkeypatch.setattr(bayeslaw.fitting.fit, "fit", lambda *arguments, **options: fits[0])
    table = wide(0, models="abc").assign(task="whole")
    (trial,) = (cell.trial for cell in make_cells(read_tasks([table]), [8]))
    selection = fits[0].select(data=6400)
    regret = {candidate.model: candidate.expected_regret for candidate in selection.candidates}
    preference = METHODS["bayeslaw"].answer(trial, MethodSettings()).preference
    assert list(preference) == [regret[model] for model in ("m-a", "m-b", "m-c")]
    table.loc[2, "6400"] = np.nan
    (trial,) = (cell.trial for cell in make_cells(read_tasks([table]), [8]))
    preference = METHODS["bayeslaw"].answer(trial, MethodSettings()).preference
    order = [candidate.model for candidate in selection.candidates]
    a, b = (selection.values[:, order.index(model)] for model in ("m-a", "m-b"))
    np.testing.assert_allclose(preference, [np.mean(np.maximum(a - b, 0)), np.mean(np.maximum(b - a, 0))])


@pytest.mark.fits
def test_bayeslaw_has_a_reliability_table(ours):
    (row,) = ours[0].summary
    assert sum(row["scores"]["reliability"]["count"]) == 5
    assert row["cells"] == 2


def test_bayeslaw_borrows_the_full_tables_of_the_others(finetune_files, monkeypatch):
    seen = []

    def recorded(runs, **options):
        seen.append((runs.table.groupby("task")["data"].max().to_dict(), options["law"], options["seed"]))
        raise LawError("enough")

    monkeypatch.setattr(bayeslaw.fitting.fit, "fit", recorded)
    for borrow in (True, False):
        found = backtest_finetune(finetune_files, budgets=(8,), methods=("bayeslaw",), borrow=borrow, seed=5)
        assert [cell["note"] for cell in found.cells] == ["enough", "enough"]
    assert seen == [
        ({"one": 800, "two": 6400}, "rectified", 5),
        ({"one": 6400, "two": 800}, "rectified", 5),
        ({"one": 800}, "rectified", 5),
        ({"two": 800}, "rectified", 5),
    ]


# ------------------------------------------------------------------------------------------------- published numbers

DATA = os.environ.get("BAYESLAW_DATA")
PUBLISHED = {  # PearCorr and RelAcc, both times 100, at 1/8 … 1/512
    ("accept_then_stop", "flan"): (
        (90.9, 73.1, 65.5, 61.1, 52.2, 50.5, 45.6),
        (93.6, 93.2, 93.2, 93.2, 85.3, 93.2, 93.2),
    ),
    ("accept_then_stop", "gigaword"): (
        (98.9, 97.6, 96.9, 92.0, 91.1, 89.1, 91.0),
        (100, 91.4, 94.3, 100, 94.3, 94.3, 91.4),
    ),
    ("largest_subset", "flan"): (
        (60.9, 46.5, 36.4, 29.0, 24.6, 20.9, 16.4),
        (93.2, 93.2, 93.2, 93.2, 59.6, 59.6, 59.6),
    ),
    ("zero_shot", "gigaword"): ((-49.2,) * 7, (71.3,) * 7),
    ("model_size", "flan"): ((-20.9,) * 7, (59.6,) * 7),
}


@pytest.mark.skipif(DATA is None, reason="BAYESLAW_DATA does not name the folder of published tables")
def test_published_numbers_come_out():
    tables = [Path(DATA) / "finetune" / f"{task}.csv" for task in ("flan", "gigaword")]
    methods = ("accept_then_stop", "accept_then_stop_3", "largest_subset", "zero_shot", "model_size", "uniform")
    found = backtest_finetune(tables, methods=methods)
    cells = by_cell(found)
    for (method, task), (pearson, chosen) in PUBLISHED.items():
        own = [cells[task, budget, method]["scores"] for budget in (8, 16, 32, 64, 128, 256, 512)]
        np.testing.assert_allclose([100 * s["pear_corr"] for s in own], pearson, atol=0.06)
        np.testing.assert_allclose([100 * s["rel_acc"] for s in own], chosen, atol=0.06)
    means = {row["method"]: row["scores"] for row in found.summary}
    assert means["accept_then_stop"]["pear_corr"] == pytest.approx(0.7825, abs=0.001)
    assert means["accept_then_stop_3"]["pear_corr"] == pytest.approx(0.7978, abs=0.001)
    assert means["uniform"]["brier_p_best"] == pytest.approx(1 - 1 / 30)
    assert {cell["models"] for cell in found.cells} == {30}
