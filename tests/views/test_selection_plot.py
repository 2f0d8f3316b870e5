import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure

import bayeslaw
import bayeslaw.views
from bayeslaw.errors import OutputError
from bayeslaw.views.names import short_names
from bayeslaw.views.plots.page import spread
from bayeslaw.views.plots.saving import save_figure
from bayeslaw.views.plots.selection import COLOURED
from bayeslaw.views.plots.selection_layout import ROWS
from bayeslaw.views.plots.selection_page import plot_selection

SIGNATURES = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}


@pytest.fixture(scope="module")
def figure(odd_fit, odd_selection):
    return plot_selection(odd_fit.posterior, odd_selection)


def _texts(figure):
    return [text.get_text() for text in figure.texts]


def _tick_labels(axes):
    return [label.get_text() for label in axes.get_xticklabels() + axes.get_yticklabels()]


@pytest.mark.fits
@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg", ".PNG"])
def test_files_are_written(figure, tmp_path, suffix):
    path = tmp_path / f"choice{suffix}"
    save_figure(figure, path)
    assert path.read_bytes().startswith(SIGNATURES[suffix.lower()])
    assert os.listdir(tmp_path) == [path.name]


def test_files_can_be_overwritten(figure, tmp_path):
    path = tmp_path / "choice.png"
    path.write_text("old")
    save_figure(figure, str(path))
    assert path.read_bytes().startswith(SIGNATURES[".png"])


@pytest.mark.parametrize(
    ("name", "says"),
    [("choice.gif", "Use one of .png"), ("choice", "Use one of .png"), ("nowhere/choice.png", "no folder")],
)
def test_bad_paths_teach(figure, tmp_path, name, says):
    with pytest.raises(OutputError, match=says):
        save_figure(figure, tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_a_failure_leaves_the_old_file(tmp_path):
    class Broken(Figure):
        def savefig(self, fname, **kwargs):
            Path(fname).write_bytes(b"half")
            raise OSError("No space left on device")

    path = tmp_path / "choice.png"
    path.write_text("old")
    with pytest.raises(OutputError, match="No space left"):
        save_figure(Broken(), path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["choice.png"]


def test_names_are_drawn_as_they_are(figure, odd_selection):
    texts = _texts(figure)
    for name in short_names([c.model for c in odd_selection.candidates][:COLOURED]).values():
        assert texts.count(name) in (1, 2)
    everything = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    assert not any(text.get_parse_math() or text.get_usetex() for text in everything)


def test_every_candidate_in_colour_is_named_at_its_curve_and_in_its_row(figure, odd_selection):
    names = short_names([c.model for c in odd_selection.candidates])
    texts = _texts(figure)
    for rank, candidate in enumerate(odd_selection.candidates):
        assert texts.count(names[candidate.model]) == (2 if rank < COLOURED else 1)


def test_texts_keep_to_the_page_and_off_each_other(figure):
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.texts]
    page = figure.bbox
    for box, text in zip(boxes, figure.texts, strict=True):
        assert box.x0 >= 0, text
        assert box.x1 <= page.x1, text
    for i, box in enumerate(boxes):
        for j in range(i):
            overlap = min(box.x1, boxes[j].x1) - max(box.x0, boxes[j].x0)
            depth = min(box.y1, boxes[j].y1) - max(box.y0, boxes[j].y0)
            assert overlap <= 0 or depth <= 0.25 * min(box.height, boxes[j].height), (figure.texts[i], figure.texts[j])


def test_title_and_facts(figure, odd_selection):
    texts = _texts(figure)
    assert any(text.startswith("Choose ") and text.endswith("at 16k examples") for text in texts)
    assert any("rectified law" in text and "10 models" in text and "x4 beyond the data" in text for text in texts)
    assert any(text.startswith(odd_selection.status) for text in texts)
    assert "data end at 4k" in texts
    assert "target 16k" in texts
    assert f"grey: the other {10 - COLOURED}, as measured" in texts


@pytest.mark.fits
def test_scores_are_called_what_they_are(forge_at_random):
    runs = bayeslaw.read_runs(
        pd.DataFrame(
            [
                {"model": model, "family": "f", "params": params, "tokens": tokens, "accuracy": score + more}
                for model, params, more in (("s", 1e8, 0.0), ("l", 1e10, 0.2))
                for tokens, score in ((1e9, 0.0), (4e9, 0.3), (1.6e10, 0.5))
            ]
        )
    )
    posterior = forge_at_random(runs, law="trajectory", scale=0.3)
    drawn = plot_selection(posterior, bayeslaw.Fit(posterior).select(data=1e11))
    texts = _texts(drawn)
    assert "accuracy" in texts
    assert "accuracy of a run at the target" in texts
    assert not any("loss" in text for text in texts)
    assert drawn.axes[0].get_yscale() == "linear"  # the lowest score is 0
    assert "0" in _tick_labels(drawn.axes[0])


def test_truth_is_marked_in_the_rows_of_those_measured(figure, odd_fit, odd_selection):
    first, second, *_ = odd_selection.candidates
    truth = {first.model: first.loss_median, second.model: 3 * max(c.loss_p95 for c in odd_selection.candidates)}
    told = plot_selection(odd_fit.posterior, odd_selection, truth)
    strokes = [line for line in told.axes[1].lines if line.get_marker() == "|"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in strokes] == list(
        zip(truth.values(), (0, 1), strict=True)
    )
    assert told.axes[1].get_xlim()[1] > truth[second.model]
    assert any("Upright black stroke" in text for text in _texts(told))
    assert not any(line.get_marker() == "|" for line in figure.axes[1].lines)
    assert not any("stroke" in text for text in _texts(figure))


def test_ticks_are_readable(figure):
    curves, ranking = figure.axes
    labels = _tick_labels(curves)
    assert {"1k", "2k", "5k", "10k"} <= set(labels)
    for label in labels + _tick_labels(ranking):
        assert "mathdefault" not in label
        assert "^" not in label


@pytest.mark.fits
def test_many_candidates_are_limited(fit_simulated):
    fitted = fit_simulated([f"organisation/model-{i}" for i in range(ROWS + 3)], (1000, 2000), highest=2.1)
    figure = plot_selection(fitted.posterior, fitted.select(data=4000))
    texts = _texts(figure)
    assert any(text.startswith("and 3 more; chance that the best is among them") for text in texts)
    assert sum(text.startswith("model-") for text in texts) == ROWS + COLOURED


@pytest.mark.fits
@pytest.mark.parametrize(
    ("names", "sizes", "target", "levels"),
    [
        (["solo"], (1000, 2000, 4000), 16000, (2.0, 2.0)),
        (["a", "b"], (1000, 2000, 4000), 4000, (2.0, 2.5)),
        (["a", "b", "c"], (5000,), 40000, (2.0, 2.5)),
        (["a", "b", "c"], (5000,), 5000, (2.0, 2.5)),
        (["a", "b", "c"], (1000, 4000), 16000, (2.5, 2.50001)),
        (["a", "b", "c"], (1000, 4000), 1e9, (1e-3, 3e3)),
    ],
    ids=["one", "edge", "one size", "one size at edge", "little spread", "much spread"],
)
def test_odd_tables(fit_simulated, tmp_path, names, sizes, target, levels):
    fitted = fit_simulated(names, sizes, *levels)
    figure = plot_selection(fitted.posterior, fitted.select(data=target))
    save_figure(figure, tmp_path / "choice.png")
    for axes in figure.axes:
        low, high = axes.get_xlim()
        assert 0 < low < high
        assert axes.get_xticks().size >= 1
    assert np.isfinite(figure.axes[0].get_ylim()).all()


@pytest.mark.fits
def test_no_global_state(odd_fit, odd_selection, tmp_path):
    before = dict(rcParams)
    save_figure(plot_selection(odd_fit.posterior, odd_selection), tmp_path / "choice.svg")
    assert dict(rcParams) == before
    code = "import sys, bayeslaw.views.plots.selection; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    # of all views one alone knows of pyplot, and asks for it where a new figure is to be shown; files need none
    users = [path.name for path in Path(bayeslaw.views.__file__).parent.rglob("*.py") if "pyplot" in path.read_text()]
    assert users == ["style.py"]


def test_files_do_not_depend_on_the_clock(odd_fit, odd_selection, tmp_path, monkeypatch):
    for name, when in (("first.pdf", "0"), ("second.pdf", "1000000000")):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", when)
        save_figure(plot_selection(odd_fit.posterior, odd_selection), tmp_path / name)
    assert (tmp_path / "first.pdf").read_bytes() == (tmp_path / "second.pdf").read_bytes()


def test_spread_moves_labels_apart_and_keeps_their_order():
    placed = spread(np.array([0.5, 0.51, 0.52, 3.0]), 0.2, 5.0)
    assert np.diff(placed).min() >= 0.2 - 1e-12
    assert placed[3] == 3.0
    np.testing.assert_allclose(placed[:3].mean(), 0.51)
    crowded = spread(np.array([0.0, 0.0, 0.0]), 0.2, 5.0)
    np.testing.assert_allclose(crowded, [0.0, 0.2, 0.4])
    np.testing.assert_allclose(spread(np.array([5.0, 5.0]), 0.2, 5.0), [4.8, 5.0])
