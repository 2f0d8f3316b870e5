"""Pictures of answers: every one can be read, on axes of its own and on those given, whatever names there are."""

import dataclasses
import re

import pytest
from matplotlib import pyplot, rcParams
from matplotlib.text import Text

from bayeslaw.answers.advice import Advice
from bayeslaw.fitting.facade import Fit
from bayeslaw.lending.borrowing import Borrowing, Share
from bayeslaw.results import PICTURES
from bayeslaw.views.names import clean, short_names
from bayeslaw.views.plots.checks import plot as plot_checks
from bayeslaw.views.plots.style import (
    MOST,
    grouped,
    interval,
    plain,
    row_names,
    shortened,
    steady,
    wrapped,
)
from tests.views.pictured import (
    SIZES,
    TOKENS,
    assert_readable,
    bare,
    boxes,
    compared,
    drawn,
    each_result,
    many_candidates,
    many_predicted,
    row_labels,
    texts,
    verdict,
)


@pytest.fixture(autouse=True)
def _closed():
    yield
    pyplot.close("all")


def test_every_kind_of_picture_is_here(results):
    assert {PICTURES[type(result).__name__] for result in results.values()} == set(PICTURES.values())


@pytest.mark.fits
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


@pytest.mark.fits
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


@pytest.mark.fits
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


def test_no_checks_and_many(curves):
    nothing = plot_checks(Advice((), "x", 1))
    assert "0 of 0 checks pass" in nothing.get_title(loc="left")
    drawn(nothing.figure)
    many = Advice(tuple(verdict(f"check_{i}", "FAIL" if i % 9 == 0 else "PASS", i, 3.5) for i in range(MOST)), "x", 1)
    ax = many.plot()
    assert {f"check_{i}" for i in range(MOST)} <= set(texts(ax))
    assert_readable(ax.figure)
    more = dataclasses.replace(many, checks=(*many.checks, verdict("last", "PASS", 1, 2)))
    assert "and 1 more: to_frame() has all" in texts(more.plot())
    _, small = bare(figsize=(4, 3))
    many.plot(small)
    failed = [f"check_{i}" for i in range(MOST) if i % 9 == 0]
    assert set(failed[:5]) <= set(texts(small))
    assert any("more: to_frame() has all" in text for text in texts(small))


@pytest.mark.fits
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
        compared(alone.posterior.runs, ("rectified",)),
    ]
    for result in every:
        assert_readable(result.plot().figure)


@pytest.mark.fits
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
