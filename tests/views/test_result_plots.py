import dataclasses
import functools
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot, rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from bayeslaw.answers.advice import Advice, advise
from bayeslaw.answers.parameters import Parameters, draws_of, fit_checks, parameters
from bayeslaw.answers.replications import replications
from bayeslaw.evidence.comparison.compare import Comparison
from bayeslaw.evidence.comparison.law_scores import LawScore
from bayeslaw.evidence.replay.policies import POLICIES
from bayeslaw.evidence.replay.replay import SCORED, Replay, summarise
from bayeslaw.evidence.reproduction.reproduce import Reproduction, Row
from bayeslaw.fitting.facade import Fit
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.lending.borrowing import Borrowing, Share, borrowing
from bayeslaw.results import PICTURES
from bayeslaw.verdicts import Check
from bayeslaw.views.names import clean, elide, short_names
from bayeslaw.views.numbers import chance, count, decimals, fixed
from bayeslaw.views.plots.checks import plot as plot_checks
from bayeslaw.views.plots.page import missing_glyphs_ignored
from bayeslaw.views.plots.style import (
    COLOURS,
    MARKERS,
    MOST,
    grouped,
    interval,
    plain,
    row_names,
    shortened,
    steady,
    wrapped,
)

ODD = ("$a$_{b}", "$\\frac{", "<b>bold</b>", "snake_case_name", "w" * 200 + "1", "w" * 200 + "2")
"""Names that might be read as mathematics or markup, or do not fit."""

FAMILIES = ("$x$_{y}", "<moe>", "f" * 90)

SIZES, TOKENS = (1e8, 4e8, 1.6e9), (2e9, 1e10, 5e10)


@pytest.fixture(autouse=True)
def _closed():
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def curves(fit_simulated):
    return fit_simulated(ODD, (1000, 2000, 4000))


@pytest.fixture(scope="module")
def surfaces(surface, forge_at_random):
    runs = surface(dict.fromkeys(FAMILIES, (SIZES, TOKENS)))
    return Fit(forge_at_random(runs, law="chinchilla", scale=0.3))


def _score(law, behind, error, weight, status="PASS"):
    return LawScore(law, 1.0 - behind, behind, error, weight, 0.03, 0.04, 0.85, 0.2, None, status)


def _compared(runs, laws):
    scores = [_score(law, 0.3 * i, 0.1 * i, 0.5**i, "FAIL" if i == 1 else "PASS") for i, law in enumerate(laws)]
    held_out = pd.DataFrame({"law": ["x"] * 12}, index=range(12))
    return Comparison(runs=runs, along="data", laws=tuple(scores), held_out=held_out, fits={}, outcome=LOSS, checks=())


def _found_again():
    rows = (
        Row("somebody2024", "alpha", 0.35, 0.02, 0.34, 0.3, 0.38, 0.36, True),
        Row("somebody2024", "tokens a parameter at 5.88e23 FLOP, on a corpus of a long name", 20.0, None, 400.0, 90.0,
            1e4, None, False),
    )  # fmt: skip
    return Reproduction(rows, (("nobody2025", "table.csv"),), {}, ())


def _replayed(goal):
    """Seven policies on two tasks, each better the more it spent."""
    steps = [
        {**dict.fromkeys(SCORED), "task": task, "policy": policy, "seed": 0, "step": i, "share": share, "spent": share,
         "choice": "m", "relative_regret": (0.1 + 0.02 * j) / (i + 1), "rel_acc": 0.9, "r2": 0.5 + 0.03 * j + 0.1 * i,
         "rmsle": 0.1, "coverage_90": 0.9}
        for j, policy in enumerate(POLICIES[goal])
        for task in ODD[:2]
        for i, share in enumerate((0.01, 0.03, 0.09))
    ]  # fmt: skip
    check = Check("failed_replays", "PASS", 0.0, 0.0, "None failed.", "")
    return Replay(goal, tuple(steps), summarise(steps, [0.02, 0.1]), "FLOP", (), 0, (check,), {})


@pytest.fixture(scope="module")
def results(curves, surfaces, forge_at_random):
    posterior = curves.posterior
    wide = dataclasses.replace(posterior, draws=2.0 * posterior.draws)
    return {
        "advice": advise(surfaces.posterior.runs, {"params": 7e10, "data": 1e13}),
        "borrowing": borrowing(posterior, wide, {"data": 16000.0}),
        "checks": fit_checks(posterior),
        "comparison": _compared(posterior.runs, ("rectified", "vanilla", "multiplicative($x$_long_column_name)")),
        "crossing": curves.crossing(ODD[0], ODD[2]),
        "crossing of laws": surfaces.crossing(*FAMILIES[:2], at={"params": 1e9}, kind="law"),
        "optimum": surfaces.optimum(compute=1e22),
        "next runs": curves.next_runs(data=16000.0, price=1e6),
        "next runs of a joint law": surfaces.next_runs(compute=1e22, task="t"),
        "parameters": curves.parameters(),
        "parameters of a joint law": surfaces.parameters(),
        "prediction at a point": curves.predictions({"data": 16000.0}),
        "prediction along data": curves.predictions([{"data": size} for size in (2000.0, 4000.0, 8000.0, 32000.0)]),
        "prediction of new models": surfaces.predictions(
            [{"params": 1e10, "data": 1e11}, {"params": 2e10, "data": 2e11}]
        ),
        "reproduction": _found_again(),
        "replications": replications(posterior),
        "replay": _replayed("choose"),
        "replay of forecasts": _replayed("foretell"),
        "selection": curves.select(data=16000.0),
        "speedup": curves.speedup(ODD[0], ODD[2], at={"data": 4000.0}),
    }


@pytest.fixture(scope="module")
def picture(results):
    """Pictures on figures of their own, each made once; tests of them change nothing."""

    @functools.cache
    def made(name):
        ax = results[name].plot()
        pyplot.close(ax.figure)
        return ax

    return made


NAMES = ("advice", "borrowing", "checks", "comparison", "crossing", "crossing of laws", "next runs",
         "next runs of a joint law", "optimum", "parameters",
         "parameters of a joint law", "prediction at a point", "prediction along data", "prediction of new models",
         "replay", "replay of forecasts", "replications", "reproduction", "selection", "speedup")  # fmt: skip

each_result = pytest.mark.parametrize("name", NAMES)


def texts(ax):
    """What can be read on axes."""
    return [text.get_text() for text in ax.findobj(Text) if text.get_visible() and text.get_text().strip()]


def row_labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def at_right(ax, rows):
    """Texts of the rows at the right of axes: columns, each from the top."""
    found = [a for a in ax.texts if a.xy[0] == 1 and a.xyann[0] > 0 and a.xycoords[1] == "data"]
    return [[text.get_text() for text in found[i : i + rows]] for i in range(0, len(found), rows)]


def bars(ax):
    """Horizontal lines by row: the ends of each."""
    found = {}
    for line in ax.lines:
        x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
        if len(x) == 2 and y[0] == y[1] and line.get_transform() == ax.transData:
            found.setdefault(float(y[0]), []).append(tuple(x))
    return found


def dots(ax):
    """Places of single markers."""
    return [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if line.get_marker() in MARKERS]


def drawn(figure):
    canvas = FigureCanvasAgg(figure)
    with missing_glyphs_ignored():
        canvas.draw()
    return canvas.get_renderer()


def boxes(figure):
    """Extents of all that can be read, as drawn."""
    renderer = drawn(figure)
    shown = []
    for ax in figure.axes:
        shown += [
            *ax.texts,
            *(child for child in ax.get_children() if isinstance(child, Text) and child not in ax.texts),
        ]
        if ax.axison:
            shown += [ax.xaxis.label, ax.yaxis.label]
            for axis in (ax.xaxis, ax.yaxis):  # the ticks next outside the view have labels that are not drawn
                low, high = sorted(axis.get_view_interval())
                slack = 1e-6 * (high - low)
                ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
                shown += [t.label1 for t in ticks if low - slack <= t.get_loc() <= high + slack]
    return [
        (text, Text.get_window_extent(text, renderer))
        for text in shown
        if text.get_visible() and text.get_text().strip()
    ]


def summaries(frame):
    """Medians and 90% intervals, row by row."""
    return frame[["median", "p05", "p95"]].itertuples(index=False, name=None)


def bare(*subplots, **settings):
    """A figure that pyplot knows nothing of, with its axes."""
    figure = Figure(**settings)
    return figure, figure.subplots(*subplots)


def assert_readable(figure):
    """Nothing is cut off, and no two texts lie on each other."""
    found = boxes(figure)
    for text, box in found:
        assert box.x0 >= -2, text
        assert box.y0 >= -2, text
        assert box.x1 <= figure.bbox.x1 + 2, text
        assert box.y1 <= figure.bbox.y1 + 2, text
    for i, (text, box) in enumerate(found):
        for other, its in found[:i]:
            overlap = min(box.x1, its.x1) - max(box.x0, its.x0)
            depth = min(box.y1, its.y1) - max(box.y0, its.y0)
            assert overlap <= 1 or depth <= 0.3 * min(box.height, its.height), (text, other)


def test_every_kind_of_picture_is_here(results):
    assert {PICTURES[type(result).__name__] for result in results.values()} == set(PICTURES.values())


@each_result
def test_it_draws_onto_axes_that_are_given(results, name):
    figure, (left, right) = bare(1, 2, figsize=(14, 9), layout="constrained")
    assert results[name].plot(right) is right
    assert right.get_title(loc="left")
    assert not left.has_data()
    assert not texts(left) or not left.get_title()
    assert figure.axes == [left, right]
    assert pyplot.get_fignums() == []
    drawn(figure)


@each_result
def test_it_makes_a_figure_of_its_own(results, name):
    before = dict(rcParams)
    ax = results[name].plot()
    assert pyplot.get_fignums() == [ax.figure.number]
    assert ax.figure.axes == [ax]
    assert dict(rcParams) == before


@each_result
def test_it_can_be_read(picture, name):
    assert_readable(picture(name).figure)


@each_result
def test_nothing_is_cut_off_on_plain_axes(results, name):
    figure, ax = bare(figsize=(9, 6))
    results[name].plot(ax)
    for text, box in boxes(figure):
        assert box.x0 >= -2, text
        assert box.x1 <= figure.bbox.x1 + 2, text
        assert box.y0 >= -2, text
        assert box.y1 <= figure.bbox.y1 + 2, text


@each_result
def test_nothing_is_read_as_mathematics(picture, name):
    ax = picture(name)
    odd = [text for text in ax.findobj(Text) if re.search(r"[$\\_]", text.get_text()) and text.get_visible()]
    assert not any(text.get_parse_math() or text.get_usetex() for text in odd if "mathdefault" not in text.get_text())


@each_result
def test_a_status_that_is_not_pass_is_told(results, picture, name):
    result = results[name]
    ax = picture(name)
    said = " ".join(texts(ax)).replace("\N{NO-BREAK SPACE}", " ")
    assert (result.status == "PASS") or result.status in said


@pytest.mark.parametrize("name", ["selection", "crossing", "borrowing"])
def test_the_status_is_the_last_to_go_for_want_of_room(results, name):
    _, ax = bare(figsize=(4, 4))
    results[name].plot(ax)
    assert any(text.endswith(f"checks:\N{NO-BREAK SPACE}{results[name].status}") for text in texts(ax))


@pytest.mark.parametrize("name", ["prediction at a point", "selection", "parameters", "borrowing"])
def test_every_model_is_named(picture, name):
    assert set(short_names(list(ODD)).values()) <= set(row_labels(picture(name)))


def test_every_family_is_named(picture):
    names = set(short_names(list(FAMILIES)).values())
    for name in ("optimum", "parameters of a joint law"):
        assert names <= set(row_labels(picture(name)))
    new = row_labels(picture("prediction of new models"))
    assert {label.partition(",")[0] for label in new} == {
        f"<new model> · {n}" for n in row_names([(f,) for f in FAMILIES], 16)
    }
    crossing = " ".join(texts(picture("crossing of laws")))
    assert f"{short_names(FAMILIES[:2])[FAMILIES[0]]} better" in crossing
    assert f"{short_names(FAMILIES[:2])[FAMILIES[1]]} better" in crossing


def test_predictions_at_a_point_are_those_of_the_frame(results, picture):
    result = results["prediction at a point"]
    ax = picture("prediction at a point")
    frame = result.to_frame().sort_values("median").reset_index(drop=True)
    names = short_names(list(ODD))
    assert row_labels(ax) == [names[model] for model in frame["model"]]
    found = bars(ax)
    for y, row in frame.iterrows():
        assert found[y][0] == pytest.approx((row["p05"], row["p95"]))
        assert found[y][1] == pytest.approx((row["p25"], row["p75"]))
        assert (pytest.approx(row["median"]), y) in dots(ax)
    numbers, beyond = at_right(ax, len(frame))
    digits = decimals(frame["median"].median())
    assert numbers == [
        interval(r["median"], r["p05"], r["p95"], lambda v: fixed(v, digits)) for _, r in frame.iterrows()
    ]
    assert beyond == ["x4"] * len(frame)
    assert ax.get_xlabel().startswith("loss\n")


def test_predictions_at_several_points_are_told_apart(results, picture):
    result = results["prediction of new models"]
    ax = picture("prediction of new models")
    frame = result.to_frame()
    assert len(row_labels(ax)) == len(frame)
    assert {label.partition(", ")[2] for label in row_labels(ax)} == {
        "params = 10B, data = 100B",
        "params = 20B, data = 200B",
    }
    expected = frame.sort_values(["data", "median"], kind="stable")
    assert [dot[0] for dot in dots(ax)] == pytest.approx(list(expected["median"]))


def test_bands_are_those_of_the_frame(results, picture):
    result = results["prediction along data"]
    ax = picture("prediction along data")
    frame = result.to_frame()
    names = short_names(list(ODD))
    labels = {a.get_text(): a for a in ax.texts}
    for model, rows in frame.groupby("model"):
        curve = [
            line for line in ax.lines if line.get_marker() == "o" and np.allclose(line.get_ydata(), rows["median"])
        ]
        assert len(curve) == 1
        assert list(curve[0].get_xdata()) == list(rows["data"])
        colour = curve[0].get_color()
        assert colour in COLOURS
        filled = [c for c in ax.collections if c.get_facecolor()[0][:3] == pytest.approx(_rgb(colour))]
        ends = [np.concatenate([path.vertices[:, 1] for path in c.get_paths()]) for c in filled]
        assert [(e.min(), e.max()) for e in ends] == [
            pytest.approx((rows["p05"].min(), rows["p95"].max())), pytest.approx((rows["p25"].min(), rows["p75"].max()))
        ]  # fmt: skip
        assert names[model] in labels
    assert ax.get_xlabel().startswith("data (examples)")
    assert ax.get_ylabel() == "loss"
    dashed = [line for line in ax.lines if line.is_dashed()]
    assert {tuple(line.get_xdata()) for line in dashed} == {(4000.0, 8000.0, 32000.0)}


def _rgb(colour):
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


def test_more_curves_than_colours_are_grey(results):
    ax = many_predicted(results["prediction along data"], 9).plot()
    assert "grey: medians of the other 3" in ax.get_xlabel()
    assert sum(re.fullmatch(r"m\d", text) is not None for text in texts(ax)) == len(COLOURS)
    assert_readable(ax.figure)


def many_predicted(result, models):
    """A prediction with so many models, called m0, m1 and so on."""
    picked = np.arange(models) % len(result.labels)
    labels = tuple((f"m{i}", f"m{i}", "task") for i in range(models))
    beyond = {name: factor[picked] for name, factor in result.beyond.items()}
    return dataclasses.replace(result, labels=labels, linked=result.linked[:, picked], beyond=beyond)


def many_candidates(result, models):
    """A selection among so many models, called m0, m1 and so on."""
    picked = [result.candidates[i % len(result.candidates)] for i in range(models)]
    named = tuple(dataclasses.replace(c, model=f"m{i}") for i, c in enumerate(picked))
    return dataclasses.replace(result, candidates=named, tie_set=())


def test_the_ranking_is_that_of_the_frame(results, picture):
    result = results["selection"]
    ax = picture("selection")
    frame, names = result.to_frame(), short_names(list(ODD))
    assert row_labels(ax) == [names[model] for model in frame["model"]]
    found = bars(ax)
    for y, row in frame.iterrows():
        assert found[y] == [(row["loss_p05"], row["loss_p95"]), (row["loss_p25"], row["loss_p75"])]
        assert (row["loss_median"], y) in dots(ax)
    digits = decimals(frame["loss_median"][0])
    assert at_right(ax, len(frame)) == [
        [fixed(value, digits) for value in frame["loss_median"]],
        [chance(value) for value in frame["p_best"]],
        [fixed(value, digits) for value in frame["expected_regret"]],
    ]
    assert ax.get_title(loc="left").replace("\n", " ").startswith(f"Choose {names[result.recommended]}")


def test_the_comparison_is_that_of_the_frame(results, picture):
    result = results["comparison"]
    ax = picture("comparison")
    frame = result.to_frame()
    assert row_labels(ax) == [elide(law, 34) for law in frame["law"]]
    assert {x for x, _ in dots(ax)} == set(frame["behind"])
    log_score, behind, weight, _, status = at_right(ax, len(frame))
    assert log_score == [f"{value:.2f}" for value in frame["log_score"]]
    assert behind == [
        f"{mean:.2f} ± {error:.2f}" for mean, error in zip(frame["behind"], frame["behind_se"], strict=True)
    ]
    assert weight == [chance(value) for value in frame["weight"]]
    assert status == list(frame["status"])
    segments = [c.get_segments()[0] for c in ax.collections]
    for row, segment in zip(frame.itertuples(), segments, strict=True):
        np.testing.assert_allclose(segment[:, 0], [row.behind - row.behind_se, row.behind + row.behind_se])


def test_an_error_that_is_not_known_is_not_drawn(curves):
    result = dataclasses.replace(
        _compared(curves.posterior.runs, ("a", "b")), laws=(_score("a", 0.0, 0.0, 0.9), _score("b", 0.4, np.nan, 0.1))
    )
    ax = result.plot()
    assert "0.40" in texts(ax)
    assert len(ax.collections) == 1


def test_the_crossing_is_that_of_the_frame(results, picture):
    for name in ("crossing", "crossing of laws"):
        result = results[name]
        ax = picture(name)
        (median,) = [line for line in ax.lines if len(line.get_xdata()) == len(result.sizes)]
        np.testing.assert_allclose(median.get_ydata(), np.median(result.difference, axis=0))
        said = " ".join(texts(ax)).replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")
        short = short_names([result.a, result.b])
        for _, row in result.to_frame().iterrows():
            what = row["what"].replace(result.a, short[result.a]).replace(result.b, short[result.b])
            assert re.search(re.escape(what) + ":? " + re.escape(chance(row["probability"])), said), what
        marks = bars(ax).get(0.0, [])
        if result.size:
            size = result.size
            assert [(size["p05"], size["p95"]), (size["p25"], size["p75"])] == [
                tuple(map(float, m)) for m in marks[-2:]
            ]
            assert interval(size["median"], size["p05"], size["p95"], count) in said
        assert ax.get_xlim() == (result.low, result.high)
        low, high = ax.get_ylim()
        assert low < 0 < high


def test_where_nothing_crosses_nothing_is_marked(results):
    result = dataclasses.replace(results["crossing"], size={})
    assert not any("crossing" in text for text in texts(result.plot()))


def test_the_optimum_is_that_of_the_frame(results, picture):
    result = results["optimum"]
    ax = picture("optimum")
    frame = result.to_frame().set_index(["family", "quantity"])
    families = [f.family for f in result.families]
    diamonds = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "D"]
    assert diamonds == [f.recommended_params for f in result.families]
    found = bars(ax)
    for y, family in enumerate(families):
        row = frame.loc[(family, "params")]
        assert found[y] == [(row["p05"], row["p95"]), (row["p25"], row["p75"])]
    params, recommended, tokens, loss = at_right(ax, len(families))
    for i, family in enumerate(families):
        row = frame.loc[(family, "params")]
        assert params[i] == interval(row["median"], row["p05"], row["p95"], count)
        row = frame.loc[(family, "loss")]
        assert loss[i] == interval(row["median"], row["p05"], row["p95"])
    assert recommended == [count(f.recommended_params) for f in result.families]
    assert tokens == [count(f.recommended_data) for f in result.families]
    assert "1e22 FLOP" in ax.get_title(loc="left")


def test_what_was_borrowed_is_that_of_the_frame(results, picture):
    result = results["borrowing"]
    ax = picture("borrowing")
    frame = result.to_frame()
    widths = [bar.get_width() for bar in ax.patches]
    assert widths[len(frame) :] == list(frame["borrowed"])
    borrowed, prior, posterior = at_right(ax, len(frame))
    assert borrowed == [chance(value) for value in frame["borrowed"]]
    assert prior == [steady(value) for value in frame["prior_sd"]]
    assert posterior == [steady(value) for value in frame["posterior_sd"]]
    assert set(frame["quantity"]) <= set(texts(ax))


@pytest.mark.parametrize("name", ["parameters", "parameters of a joint law"])
def test_the_parameters_are_those_of_the_frame(results, picture, name):
    result = results[name]
    ax = picture(name)
    frame = result.to_frame()
    (numbers,) = at_right(ax, len(frame))
    assert numbers == [interval(*row) for row in summaries(frame)]
    found = bars(ax)
    assert len(found) == len(frame)
    for outer, inner in found.values():
        assert 0 <= outer[0] <= inner[0] <= inner[1] <= outer[1] <= 1
    for record in result.records:
        low, middle, high = np.quantile(draws_of(result.posterior, record), [0.05, 0.5, 0.95])
        assert (low, middle, high) == pytest.approx((record["p05"], record["median"], record["p95"]))


def test_parameters_of_two_tasks_are_told_apart(two_tasks, forge_at_random):
    ax = parameters(forge_at_random(two_tasks)).plot()
    assert {"flan", "gigaword"} <= set(row_labels(ax)) or {"flan · flan", "gigaword · gigaword"} <= set(row_labels(ax))
    assert_readable(ax.figure)


def test_parameters_that_nothing_tells_do_not_break_the_picture(results, picture):
    result = results["parameters"]
    endless = [{**record, "p95": np.inf} if record["name"] == "D_l" else record for record in result.records]
    ax = Parameters(tuple(endless), result.posterior).plot()
    assert any("to inf" in text for text in texts(ax))
    drawn(ax.figure)


@pytest.mark.parametrize("name", ["checks", "advice"])
def test_the_checks_are_those_of_the_frame(results, picture, name):
    result = results[name]
    said = texts(picture(name))
    for row in result.to_frame().itertuples():
        assert row.name in said
        assert f"{row.value:.4g}" in said or plain(row.value, 4) in said
        assert any(re.fullmatch(r"([≤≥] )?" + re.escape(plain(row.threshold, 4)), text) for text in said)
        assert row.status in said
    whole = " ".join(said)
    for row in result.to_frame().itertuples():
        assert all(word in whole for word in row.remedy.split())


def _check(name, status, value, threshold):
    return Check(name, status, value, threshold, f"The sentence of {name}.", "" if status == "PASS" else "Do it.")


@pytest.mark.parametrize(
    ("check", "shown"),
    [
        (_check("a", "PASS", 1.0, 2.0), "≤ 2"),
        (_check("a", "FAIL", 3.0, 2.0), "≤ 2"),
        (_check("a", "PASS", 3.0, 2.0), "≥ 2"),
        (_check("a", "REVIEW", 1.0, 2.0), "≥ 2"),
        (_check("a", "PASS", 2.0, 2.0), "2"),
        (_check("a", "FAIL", float("nan"), 2.0), "2"),
    ],
)
def test_the_side_of_a_threshold_that_passes_is_told_where_it_is_known(check, shown):
    assert shown in texts(plot_checks(Advice((check,), "x", 1)))


def test_no_checks_and_many(curves):
    nothing = plot_checks(Advice((), "x", 1))
    assert "0 of 0 checks pass" in nothing.get_title(loc="left")
    drawn(nothing.figure)
    many = Advice(tuple(_check(f"check_{i}", "FAIL" if i % 9 == 0 else "PASS", i, 3.5) for i in range(MOST)), "x", 1)
    ax = many.plot()
    assert {f"check_{i}" for i in range(MOST)} <= set(texts(ax))
    assert_readable(ax.figure)
    more = dataclasses.replace(many, checks=(*many.checks, _check("last", "PASS", 1, 2)))
    assert "and 1 more: to_frame() has all" in texts(more.plot())
    _, small = bare(figsize=(4, 3))
    many.plot(small)
    failed = [f"check_{i}" for i in range(MOST) if i % 9 == 0]
    assert set(failed[:5]) <= set(texts(small))
    assert any("more: to_frame() has all" in text for text in texts(small))


def test_one_model_alone(fit_simulated, surface, forge_at_random):
    alone = fit_simulated(["$solo$_x"], (1000, 2000, 4000))
    joint = Fit(forge_at_random(surface({"only": (SIZES, TOKENS)}), law="chinchilla", scale=0.3))
    every = [
        alone.select(data=16000.0),
        alone.predictions({"data": 16000.0}),
        alone.predictions([{"data": size} for size in (2000.0, 16000.0)]),
        alone.parameters(),
        alone.checks,
        joint.optimum(compute=1e22),
        joint.parameters(),
        _compared(alone.posterior.runs, ("rectified",)),
    ]
    for result in every:
        assert_readable(result.plot().figure)


def test_sixty_models(fit_simulated):
    names = [f"organisation/model-$x$_{i}" for i in range(60)]
    fitted = fit_simulated(names, (1000, 2000, 4000))
    shown = set(short_names(names).values())
    for result in (fitted.select(data=16000.0), fitted.predictions({"data": 16000.0})):
        ax = result.plot()
        assert set(row_labels(ax)) == shown
        assert "more" not in ax.get_xlabel()
        assert_readable(ax.figure)
    ax = fitted.parameters().plot()
    assert "more: to_frame() has all" in ax.get_xlabel()
    assert any(re.match(r"\(first \d+ of 60\)", text) for text in texts(ax))
    for name in ("beta", "B (loss * examples^beta)", "noise (log loss)"):
        assert name in texts(ax)
    assert_readable(ax.figure)


def test_more_rows_than_are_shown_are_counted(results):
    choice = many_candidates(results["selection"], MOST + 3).plot()
    more = "and 3 more: to_frame() has all"
    assert f"{more}; chance that the best is among them" in choice.get_xlabel().replace("\n", " ")
    assert row_labels(choice) == [f"m{i}" for i in range(MOST)]
    predicted = many_predicted(results["prediction at a point"], MOST + 3).plot()
    assert more in predicted.get_xlabel()
    assert len(row_labels(predicted)) == MOST
    assert_readable(predicted.figure)


def test_small_axes_have_as_many_rows_as_can_be_read(results):
    _, ax = bare(figsize=(5, 2.4), layout="constrained")
    many_candidates(results["selection"], 40).plot(ax)
    assert 3 <= len(row_labels(ax)) < 40
    assert re.search(r"and \d+ more", ax.get_xlabel())


def test_shares_of_many_quantities(curves):
    shares = tuple(
        Share(f"quantity ${k}_{{a}}$", f"model {i}", "t", 1.0, 0.1, 0.01) for k in range(3) for i in range(40)
    )
    result = Borrowing(shares, (), {})
    ax = result.plot()
    assert {f"quantity ${k}_{{a}}$" for k in range(3)} <= set(texts(ax))
    assert len(row_labels(ax)) == MOST
    assert "and 60 more" in ax.get_xlabel()
    assert_readable(ax.figure)


def test_groups_share_the_room():
    keys = ["a"] * 10 + ["b"] + ["c"] * 10
    whole = grouped(keys)
    assert [(g.key, g.place, len(g.members), g.size) for g in whole] == [
        ("a", 0, 10, 10),
        ("b", 11, 1, 1),
        ("c", 13, 10, 10),
    ]
    assert [len(g.members) for g in grouped(keys, most=11)] == [5, 1, 5]
    cut = grouped(keys, room=12)
    assert [len(g.members) for g in cut] == [4, 1, 4]
    assert cut[-1].places[-1] == 11
    assert cut[0].members == (0, 1, 2, 3)
    assert [g.key for g in grouped(keys, room=5)] == ["a", "b"]
    assert grouped([]) == []


def test_names_of_rows_are_distinct_and_short():
    assert row_names([("a", "f", "t"), ("b", "f", "t")]) == ["a", "b"]
    assert row_names([("a", "a", "t"), ("a", "a", "u")]) == ["a · t", "a · u"]
    assert row_names([("new", "f", "t"), ("new", "g", "t")]) == ["new · f", "new · g"]
    long = row_names([("w" * 300 + "1", "t"), ("w" * 300 + "2", "t")])
    assert len(set(long)) == 2
    assert max(map(len, long)) <= 26


def test_numbers():
    written = {
        0: "0",
        0.5: "0.5",
        12.345: "12.3",
        9374: "9374",
        11470: "11.5k",
        -25000: "-25k",
        2e9: "2B",
        1e20: "1e+20",
    }
    assert {value: plain(value) for value in written} == written
    assert [steady(value) for value in (0.13, 875, 0.1, -2.0)] == ["0.130", "875", "0.100", "-2.00"]
    assert interval(1, 0.5, 2) == "1.00 (0.500 to 2.00)"


def test_lines_are_broken_and_cut():
    lines = wrapped("some words that do not fit on one line  ·  and more", 90, 10)
    assert len(lines) == 3
    assert not any(line.startswith("·") for line in lines)
    assert lines[-1].endswith("…")
    assert wrapped(clean("x" * 300), 90, 10)[0] == shortened("x" * 300, 90, 10)
    assert "…" in shortened("x" * 300, 90, 10)
