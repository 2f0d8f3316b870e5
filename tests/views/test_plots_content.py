"""Pictures of answers: the numbers, names and verdicts of what they draw."""

import dataclasses
import re

import numpy as np
import pytest
from matplotlib import pyplot

from bayeslaw.answers.advice import Advice
from bayeslaw.answers.parameters import Parameters, draws_of, parameters
from bayeslaw.numerics import count
from bayeslaw.views.names import elide, short_names
from bayeslaw.views.numbers import chance, decimals, fixed
from bayeslaw.views.plots.checks import plot as plot_checks
from bayeslaw.views.plots.style import (
    COLOURS,
    interval,
    plain,
    row_names,
    steady,
)
from tests.views import by_hand
from tests.views.pictured import (
    FAMILIES,
    ODD,
    assert_readable,
    at_right,
    bare,
    bars,
    compared,
    dots,
    drawn,
    each_result,
    many_predicted,
    row_labels,
    score,
    summaries,
    texts,
    verdict,
)


@pytest.fixture(autouse=True)
def _closed():
    yield
    pyplot.close("all")


@pytest.mark.fits
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
        compared(curves.posterior.runs, ("a", "b")), laws=(score("a", 0.0, 0.0, 0.9), score("b", 0.4, np.nan, 0.1))
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


@pytest.mark.parametrize("sign", [1, -1])
def test_the_words_on_a_crossing_stand_where_the_line_of_medians_does_not(sign):
    differences = np.full((4, 5), sign * 0.01) + 0.2 * np.array([[-1.0], [0.0], [0.0], [1.0]])
    ax = dataclasses.replace(by_hand.crossing(), difference=differences).plot()
    ax.figure.canvas.draw()
    (words,) = [text for text in ax.texts if text.get_text().startswith("crossing")]
    box = words.get_window_extent().transformed(ax.transData.inverted())
    assert box.y1 < 0 if sign > 0 else box.y0 > 0


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
    assert widths[len(frame) : 2 * len(frame)] == list(frame["borrowed"])  # what can be pointed at comes after
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


@pytest.mark.parametrize(
    ("check", "shown"),
    [
        (verdict("a", "PASS", 1.0, 2.0), "≤ 2"),
        (verdict("a", "FAIL", 3.0, 2.0), "≤ 2"),
        (verdict("a", "PASS", 3.0, 2.0), "≥ 2"),
        (verdict("a", "REVIEW", 1.0, 2.0), "≥ 2"),
        (verdict("a", "PASS", 2.0, 2.0), "2"),
        (verdict("a", "FAIL", float("nan"), 2.0), "2"),
    ],
)
def test_the_side_of_a_threshold_that_passes_is_told_where_it_is_known(check, shown):
    assert shown in texts(plot_checks(Advice((check,), "x", 1)))


@pytest.mark.parametrize(("price", "shown"), [(1e7, True), (1e9, True), (1.0, False), (1e14, False)])
def test_what_pays_for_a_run_is_seen_unless_it_is_far_off(price, shown):
    # runs cost 7e6 to 2.1e7 and gain .01 to .03
    ax = by_hand.next_runs(price=price).plot()
    low, high = ax.get_ylim()
    assert (low < 7e6 / price < high or low < 2.1e7 / price < high) == shown
    assert ("above: pays for itself" in texts(ax)) == shown
    assert high / low < 1e6
