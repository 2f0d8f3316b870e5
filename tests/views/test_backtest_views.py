"""Tables and pictures of backtests, from cells written by hand."""

import json

import matplotlib.image
import numpy as np
import pytest
from rich.console import Console

from bayeslaw.evidence.backtest.result import Backtest, summarise, summarise_selection
from bayeslaw.evidence.backtest.scoring import LEVELS, SCORES, SELECTION_SCORES
from bayeslaw.views.backtest_files import write_backtest
from bayeslaw.views.backtest_text import as_text, backtest_tables, worst_cells
from bayeslaw.views.plots.backtest import plot_coverage, plot_error


def cell(method, task="flan", budget=8, *, domain="finetune", status=None, note="", models=30, **scores):
    levels = list(LEVELS) if "coverage_90" in scores else None
    return {
        "task": task, "budget": budget, "method": method, "models": models, "target": {"data": 1e6}, "domain": domain,
        "scores": {**dict.fromkeys(SCORES), **scores}, "note": note, "status": status, "checks": [], "seconds": 1.0,
        "coverage_levels": levels,
    }  # fmt: skip


def ours(task, budget, crps, *, status="PASS", **more):
    full = {
        "rel_acc": 0.93, "pear_corr": -0.5, "kendall_tau": 0.4, "regret": 0.02, "rmsle": 1.5 * crps, "crps_log": crps,
        "log_score": 1.0, "coverage_50": 0.45, "coverage_80": 0.8, "coverage_90": 0.87, "coverage_95": 0.9,
        "width_90": 0.31, "brier_p_best": 0.6,
    }  # fmt: skip
    return cell("bayeslaw", task, budget, status=status, **{**full, **more})


def backtest(cells, kind="finetune"):
    return Backtest(kind, tuple(cells), summarise(cells), {"seed": 0}, 2.0, 0, ())


@pytest.fixture
def finetune():
    return backtest(
        [
            cell("zero_shot", note="flan: the model 'a' has no loss at zero examples, which the method needs"),
            cell("accept_then_stop", rmsle=0.2, crps_log=0.155, rel_acc=0.9, pear_corr=0.7),
            cell("accept_then_stop", budget=16, rmsle=0.3, crps_log=0.255, rel_acc=0.9, pear_corr=0.7),
            cell("uniform", brier_p_best=0.967),
            *(ours("flan", 2**k, 0.01 * k, status="REVIEW" if k == 6 else "PASS") for k in range(3, 8)),
            ours("[red]odd[/red]\x1b[31m", 8, 0.5, coverage_90=0.1),
        ]
    )


@pytest.fixture
def curves():
    points = {"rmsle": 0.0082, "crps_log": 0.008, "are_median": 0.005}
    none = {"rel_acc": None, "pear_corr": None, "kendall_tau": None, "regret": None, "brier_p_best": None}
    cells = []
    for domain in ("IC", "$LM$"):
        for k in range(3):
            cells.append(cell("m4", f"curve {k}", None, domain=domain, models=5, **points))
            cells.append(ours(f"curve {k}", None, 0.02, domain=domain, models=5, **none))
    return backtest(cells, "curves")


def shown(found, width=80):
    console = Console(width=width, force_terminal=False, color_system=None)
    with console.capture() as captured:
        for table in backtest_tables(found):
            console.print(table)
    text = captured.get()
    assert all(len(line.rstrip()) <= width for line in text.splitlines())
    return text


def row(text, start, which=0):
    return [line.split() for line in text.splitlines() if line.startswith(start)][which]


def test_methods_one_a_line_with_ours_first(finetune):
    text = shown(finetune)
    lines = [line.split()[0] for line in text.splitlines()[4:8]]
    assert lines == ["bayeslaw", "zero_shot", "accept_then_stop", "uniform"]
    assert row(text, "accept_then_stop") == [
        "accept_then_stop",
        "2",
        ".250",
        ".205",
        "-",
        "-",
        "-",
        ".900",
        ".700",
        "-",
    ]
    assert row(text, "bayeslaw")[:2] == ["bayeslaw", "6"]
    assert row(text, "bayeslaw")[-2:] == ["-.500", ".600"]
    assert row(text, "zero_shot")[1] == "0"
    assert "…" not in text


def test_cells_of_ours_beside_the_reference(finetune):
    text = shown(finetune)
    assert row(text, "flan") == [
        "flan", "1/8", ".045", ".030", ".155", "45%", "87%", ".310", ".930", "-.500", "PASS",
    ]  # fmt: skip
    assert row(text, "flan", 2)[4] == "-"  # the reference was not run there
    assert row(text, "flan", 3)[-1] == "REVIEW"
    assert "\x1b" not in text
    assert "[red]odd[/red] [31m" in shown(finetune, 110)


def test_the_worst_cells_are_named_with_what_went_wrong(finetune):
    lines = worst_cells(finetune).splitlines()
    assert lines[1].startswith("  [red]odd[/red] [31m at 1/8: CRPS .500")
    assert "10% of 30 inside the 90% interval" in lines[1]
    assert lines[2].startswith("  flan at 1/128: CRPS .070")
    assert lines[3].endswith("checks REVIEW")
    assert lines[4].startswith("zero_shot has no answer in 1 cell; flan at 1/8: flan: the model 'a' has no loss")
    assert len(lines) == 5


def test_without_ours_there_is_one_table():
    found = backtest([cell("uniform", brier_p_best=0.5)])
    assert len(backtest_tables(found)) == 1
    assert worst_cells(found) == ""


def test_curves_have_a_table_by_domain(curves):
    text = shown(curves)
    assert row(text, "m4") == ["m4", "6", ".0082", ".0080", "-", "-", "-"]
    assert row(text, "m4", 1) == ["m4", ".0082", ".0082"]
    assert row(text, "curve")[2:6] == ["5", ".030", ".020", ".0080"]
    assert "$LM$" in text


def with_datasets(found, names):
    """The same curves, of data sets by turns."""
    cells = [{**cell, "dataset": names[i // 2 % len(names)]} for i, cell in enumerate(found.cells)]
    summary = summarise(cells, ("method", "domain", "dataset"))
    return Backtest("curves", tuple(cells), summarise(cells), {}, 2.0, 0, (), summary_by_dataset=summary)


def test_curves_have_a_second_table_by_data_set(curves):
    tables = backtest_tables(with_datasets(curves, ["bird", "cal[3]"]))
    assert [table.title.plain for table in tables] == [
        "Means over cells (RMSLE, CRPS and width in log loss)",
        "Mean RMSLE by data set",
        "Mean RMSLE by domain",
        "bayeslaw, cell by cell",
    ]
    text = shown(with_datasets(curves, ["bird", "cal[3]"]))
    assert row(text, "bird") == ["bird", ".030", ".0082"]
    assert row(text, "cal[3]") == ["cal[3]", ".030", ".0082"]
    assert len(backtest_tables(with_datasets(curves, ["bird"]))) == 3


def choice(method, task, budget, regret, *, collection="lcdb", status=None, note="", **scores):
    found = {**dict.fromkeys(SELECTION_SCORES), "regret": regret, "relative_regret": regret, **scores}
    return {
        **cell(method, task, budget, domain="selection", status=status, note=note), "scores": found,
        "collection": collection, "predictions": {"p_best": None, "measured": []},
    }  # fmt: skip


@pytest.fixture
def selection():
    full = {"rmsle": 0.2, "crps_log": 0.113, "coverage_50": 0.5, "coverage_90": 0.88, "width_90": 0.61}
    odds = {"brier_p_best": 0.65, "log_score_p_best": -1.39}
    cells = [
        *(choice("largest_size", f"t{k}", 8, 0.054) for k in range(5)),
        *(choice("bayeslaw", f"t{k}", 8, 0.01 * k, status="PASS", **full, **odds) for k in range(5)),
        *(choice("rolling_origins", f"t{k}", 8, 0.071, **full, **(odds if k < 3 else {})) for k in range(5)),
        choice("equal_odds", "t0", 8, None, brier_p_best=0.943, log_score_p_best=-2.876),
        choice("point_fit", "t0", 8, None, note="expected at least 4 sizes, found 3"),
        choice("largest_size", "t0", 64, 0.4),
        choice("largest_size", "u", 8, 0.2, collection="[red]odd\x1b[31m"),
    ]
    return Backtest("selection", tuple(cells), summarise_selection(cells), {}, 2.0, 0, ())


def test_selection_has_a_table_a_collection_and_factor_with_the_lowest_regret_first(selection):
    assert [table.title.plain for table in backtest_tables(selection)] == [
        "lcdb, seen to 1/8: means over tasks",
        "lcdb, seen to 1/64: means over tasks",
        "[red]odd [31m, seen to 1/8: means over tasks",
    ]
    text = shown(selection)
    assert "…" not in text
    lines = [line.split() for line in text.splitlines()[4:9]]
    assert [line[0] for line in lines] == ["bayeslaw", "largest_size", "rolling_origins", "equal_odds", "point_fit"]
    assert lines[0] == ["bayeslaw", "5", ".020", ".650", "-1.390", ".200", "88%", ".610"]
    assert lines[1] == ["largest_size", "5", ".054", *["-"] * 5]
    assert "rolling_origins has odds in 3 of 5 tasks" in text
    assert "largest_size has odds" not in text


def test_the_worst_cells_of_selection_are_those_of_the_largest_regret(selection):
    lines = worst_cells(selection).splitlines()
    assert lines[0] == "Where bayeslaw was worst, by relative regret:"
    assert lines[1].startswith("  t4 at 1/8: CRPS .113, RMSLE .200")
    assert lines[1].endswith("choice .040 above the best loss (4%)")
    assert lines[4] == "point_fit has no answer in 1 cell; t0 at 1/8: expected at least 4 sizes, found 3"
    assert len(lines) == 5


def test_text_for_a_file_has_no_trailing_blanks(finetune):
    text = as_text(backtest_tables(finetune))
    assert all(line == line.rstrip() for line in text.splitlines())


def test_everything_is_written(finetune, selection, curves, tmp_path):
    write_backtest(selection, tmp_path)
    assert "rolling_origins" in (tmp_path / "summary.txt").read_text()
    assert (tmp_path / "error.png").exists()
    for found in (finetune, curves):
        write_backtest(found, tmp_path)
        record = json.loads((tmp_path / "backtest.json").read_text())
        assert len(record["cells"]) == len(found.cells)
        assert "bayeslaw" in (tmp_path / "summary.txt").read_text()
        for name in ("coverage.png", "error.png"):
            assert np.ptp(matplotlib.image.imread(tmp_path / name)) > 0.5
    write_backtest(backtest([cell("uniform", brier_p_best=0.5)]), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backtest.json", "summary.txt"]


def lines_of(axes):
    return {line.get_label(): line for line in axes.get_lines() if not line.get_label().startswith("_")}


def test_the_picture_of_coverage_shows_means_over_cells(finetune):
    cells = [dict(c) for c in finetune.cells]
    cells[-1]["coverage_levels"] = [0.0] * 19
    axes = plot_coverage(backtest(cells)).axes[0]
    (line,) = lines_of(axes).values()
    assert line.get_label() == "bayeslaw (6 cells)"
    x, y = line.get_data()
    np.testing.assert_allclose(x, [0, *LEVELS])
    np.testing.assert_allclose(y, [0, *(np.array(LEVELS) * 5 / 6)])
    assert plot_coverage(backtest([cell("uniform", brier_p_best=0.5)])) is None


def test_the_picture_of_error_has_a_line_a_method(finetune):
    axes = plot_error(finetune).axes[0]
    lines = lines_of(axes)
    assert list(lines) == ["bayeslaw", "accept_then_stop"]
    np.testing.assert_array_equal(lines["accept_then_stop"].get_xdata(), [8, 16])
    np.testing.assert_allclose(lines["accept_then_stop"].get_ydata(), [0.2, 0.3])
    assert lines["bayeslaw"].get_ydata()[0] == pytest.approx((0.045 + 0.75) / 2)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1/8", "1/16", "1/32", "1/64", "1/128"]
    assert plot_error(backtest([cell("uniform", brier_p_best=0.5)])) is None


def test_the_picture_of_error_of_curves_is_by_domain(curves):
    axes = plot_error(curves).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["IC", "$LM$"]
    marks = {c.get_label(): c.get_offsets() for c in axes.collections if not c.get_label().startswith("_")}
    assert list(marks) == ["bayeslaw", "m4"]
    np.testing.assert_allclose(marks["m4"][:, 1], 0.0082)
    assert np.all(marks["m4"][:, 0] > marks["bayeslaw"][:, 0])
