"""Pictures of a fit by name: what is drawn, with labels, units and limits."""

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.text import Text

from bayeslaw.answers.replications import replications
from bayeslaw.errors import TargetError, TaskError
from bayeslaw.fitting.facade import Fit
from bayeslaw.views.figures import figure_of
from bayeslaw.views.names import short_names
from bayeslaw.views.plots.posterior_predictive import BINS
from bayeslaw.views.plots.residuals import FAR
from bayeslaw.views.plots.style import COLOURS

SIZES, TOKENS = (1e8, 4e8, 1.6e9), (2e9, 1e10, 5e10)
NAMES = ("$a$_{b}", "<b>bold</b>", "c", "d", "e", "f", "g", "h")


@pytest.fixture(autouse=True)
def _closed():
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def curves(fit_simulated):
    return fit_simulated(NAMES, (1000, 2000, 4000))


@pytest.fixture(scope="module")
def surfaces(surface, forge_at_random):
    runs = surface({"dense": (SIZES, TOKENS), "<moe>": (SIZES, TOKENS)})
    return Fit(forge_at_random(runs, law="chinchilla", scale=0.3, draws=80))


def texts(where):
    return [text.get_text() for text in where.findobj(Text) if text.get_visible() and text.get_text().strip()]


ASKED = {
    "parameters": {},
    "checks": {},
    "curves": {},
    "residuals": {},
    "posterior_predictive": {},
    "select": {"at": {"data": 16000.0}},
    "predict": {"at": [{"data": 8000.0}, {"data": 16000.0}]},
    "crossing": {"a": "c", "b": "d"},
}


@pytest.mark.parametrize("name", ASKED)
def test_each_draws_onto_the_axes_that_it_is_given_and_returns_them(curves, name):
    figure = Figure(figsize=(11, 6), layout="constrained")
    ax = figure.add_subplot()
    assert getattr(curves.plot, name)(ax=ax, **ASKED[name]) is ax
    assert pyplot.get_fignums() == []
    assert ax.get_title(loc="left")


def test_a_call_draws_the_parameters(curves):
    assert curves.plot().get_title(loc="left") == "Parameters of the rectified law"


def test_learning_curves_go_to_the_size_asked_for_with_units_and_names_at_their_ends(curves):
    ax = curves.plot.curves(to=32000.0)
    assert ax.get_xlim()[1] == 32000.0
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel().startswith("data (examples)")
    assert "grey: the other 2, as measured" in ax.get_xlabel()
    assert ax.get_ylabel() == "loss"
    assert "data end at 4k" in texts(ax)
    medians = curves.predictions({"data": 32000.0}).to_frame().sort_values("median")["model"]
    shown = short_names(NAMES)
    assert {shown[name] for name in medians[: len(COLOURS)]} <= set(texts(ax))
    low, high = ax.get_ylim()
    losses = curves.posterior.runs.table["loss"]
    assert low < losses.min() < losses.max() < high


def test_the_models_named_are_in_colour(curves):
    ax = curves.plot.curves(models=["h"])
    assert "h" in texts(ax)
    assert "c" not in texts(ax)
    drawn = [line for line in ax.lines if line.get_color() == COLOURS[0] and line.get_marker() == "o"]
    runs = curves.posterior.runs.table.query("model == 'h'")
    assert np.allclose(drawn[0].get_xydata(), runs[["data", "loss"]])


def test_curves_of_what_is_not_there_are_refused(curves):
    with pytest.raises(TargetError, match="no model 'z'"):
        curves.plot.curves(models=["z"])
    with pytest.raises(TaskError):
        curves.plot.curves(task="other")


def test_residuals_are_those_of_the_runs_and_far_ones_are_named(curves):
    again = replications(curves.posterior)
    ax = curves.plot.residuals()
    points = next(line for line in ax.lines if line.get_marker() == "o").get_xydata()
    frame = again.to_frame()
    assert np.allclose(points, frame[["data", "standardized"]])
    linked = np.log(frame["measured"]) - again.linked.mean(axis=0)
    assert np.allclose(frame["residual"], linked)
    assert "c" not in texts(ax)
    moved = again.runs.assign(measured=np.where(again.runs["model"] == "c", 9.0, again.runs["measured"]))
    far = type(again)(moved, again.linked, again.axis, again.outcome, again.chains, again.checks, again.provenance)
    ax = far.plot()
    assert "c" in texts(ax)
    assert ax.get_ylim()[1] >= far.to_frame()["standardized"].max() >= FAR
    assert far.sentence.startswith(f"{len(moved) - 3} of {len(moved)}") or not again.to_frame()["inside"].all()


def test_bars_of_the_posterior_predictive_check_count_all_runs(curves):
    ax = curves.plot.posterior_predictive()
    bars = [patch for patch in ax.patches if np.isclose(patch.get_width(), 1 / BINS)]
    ranks = replications(curves.posterior).to_frame()["rank"]
    assert sum(bar.get_height() for bar in bars) == len(ranks)
    assert bars[5].get_height() == ((ranks >= 0.5) & (ranks < 0.6)).sum()
    assert ax.get_xlim() == (0, 1)
    assert {"measured loss is lower", "measured loss is higher"} <= set(texts(ax))


def test_replications_are_joint_draws_in_the_unit_of_the_outcome(curves):
    again = replications(curves.posterior)
    assert again.draws["loss"].dims == ("chain", "draw", "run")
    assert again.draws["loss"].shape[-1] == len(again.runs) == len(curves.posterior.runs.table)
    assert np.allclose(np.log(again.draws["loss"].values.reshape(again.linked.shape)), again.linked)
    record = again.to_dict()
    assert record["runs"][0]["model"] == NAMES[0]
    assert np.array_equal(replications(curves.posterior, seed=0).linked, again.linked)
    assert not np.array_equal(replications(curves.posterior, seed=1).linked, again.linked)


def test_the_prior_stands_beside_the_posterior(curves, surfaces):
    ax = curves.plot.parameters()
    assert "prior" in texts(ax)
    assert "grey: 90% interval of the prior" in ax.get_xlabel()
    assert "prior" not in texts(curves.plot())
    assert "flat" in texts(surfaces.plot.parameters())


def test_the_table_of_parameters_has_the_prior_that_was_drawn(curves):
    from bayeslaw.answers.parameters import parameters
    from bayeslaw.fitting.assemble import drawn_from_prior

    drawn = drawn_from_prior(curves.posterior, 0)
    frame = parameters(curves.posterior, drawn).to_frame().set_index("name")
    assert frame.loc["location_floor", "prior_median"] == pytest.approx(np.median(drawn.draws["location_floor"]))
    assert "prior_median" not in parameters(curves.posterior).to_frame()


def test_the_page_of_a_budget_names_the_optimum_and_its_tokens(surfaces):
    best = surfaces.optimum(compute=1e22)
    figure = figure_of(surfaces.posterior, best)
    assert len(figure.axes) == 2
    for ax, family in zip(figure.axes, best.families, strict=True):
        assert ax.get_title(loc="left").startswith(f"{family.family}: how to spend 1e22 FLOP")
        assert any("parameters on" in text and "tokens" in text for text in texts(ax))
        assert {"1e22 FLOP", "1e20 FLOP"} <= set(texts(ax))
        assert ax.get_xlabel().startswith("parameters; below, tokens")
        (diamond,) = [line for line in ax.lines if line.get_marker() == "D"]
        assert diamond.get_xdata()[0] == family.recommended_params
        params, tokens = next(label.get_text() for label in ax.get_xticklabels() if label.get_text()).split("\n")
        assert params[-1] in "MB"
        assert tokens[-1] in "BT"
