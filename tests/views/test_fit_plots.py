"""Pictures of a fit by name: what is drawn, with labels, units and limits."""

import colorsys
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.stats import binom

from bayeslaw.answers.replications import replications
from bayeslaw.errors import TargetError, TaskError
from bayeslaw.fitting import plots
from bayeslaw.fitting.facade import Fit
from bayeslaw.views.figures import figure_of
from bayeslaw.views.names import short_names
from bayeslaw.views.plots.posterior_predictive import BINS
from bayeslaw.views.plots.residuals import FAR
from bayeslaw.views.plots.style import COLOURS, interval
from tests.views import by_hand

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
    "priors": {},
    "residuals": {},
    "posterior_predictive": {},
    "select": {"at": {"data": 16000.0}},
    "predict": {"at": [{"data": 8000.0}, {"data": 16000.0}]},
    "crossing": {"a": "c", "b": "d"},
    "speedup": {"a": "c", "b": "d", "at": {"data": 2000.0}},
    "next_runs": {"at": {"data": 16000.0}},
}


@pytest.mark.fits
@pytest.mark.parametrize("name", ASKED)
def test_each_draws_onto_the_axes_that_it_is_given_and_returns_them(curves, name):
    figure = Figure(figsize=(11, 6), layout="constrained")
    ax = figure.add_subplot()
    assert getattr(curves.plot, name)(ax=ax, **ASKED[name]) is ax
    assert pyplot.get_fignums() == []
    assert ax.get_title(loc="left")


def lightness(colour):
    return colorsys.rgb_to_hls(*to_rgb(colour))[1]


@pytest.mark.fits
@pytest.mark.parametrize("name", ["curves", "select", "crossing", "parameters"])
def test_on_a_dark_figure_what_was_dark_is_light(curves, name):
    shown = {}
    for page in ("white", "#111111"):
        figure = Figure(figsize=(11, 6), layout="constrained", facecolor=page)
        getattr(curves.plot, name)(ax=figure.add_subplot(), **ASKED[name])
        shown[page] = {text.get_text(): lightness(text.get_color()) for text in figure.findobj(Text) if text.get_text()}
    light, dark = shown.values()
    assert light.keys() == dark.keys()
    assert max(light.values()) < 0.55 < min(dark.values())


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


@pytest.mark.core
@pytest.mark.fits
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


def test_families_on_the_page_of_a_budget_have_one_scale_and_one_unit(surfaces):
    figure = figure_of(surfaces.posterior, surfaces.optimum(compute=1e22))
    figure.draw_without_rendering()
    left, right = figure.axes
    assert left.get_ylim() == right.get_ylim()
    for ax in figure.axes:
        low, high = ax.get_ylim()
        for band in ax.collections:
            heights = np.concatenate([path.vertices[:, 1] for path in band.get_paths()])
            assert low <= heights.min() <= heights.max() <= high
    assert (left.get_ylabel(), right.get_ylabel()) == ("loss, in the unit of the table", "")
    assert any(label.label1.get_visible() for label in left.yaxis.get_major_ticks())
    assert not any(label.label1.get_visible() for label in right.yaxis.get_major_ticks())
    assert right.get_window_extent().x1 <= figure.bbox.x1 - 0.1 * figure.dpi


def test_each_asks_for_what_it_is_told(monkeypatch):
    """Every option is passed on: to what is drawn, or to the drawing."""

    def noted(name):
        def asked(*arguments, **how):
            seen.append((name, arguments, how))
            return SimpleNamespace(plot=lambda *arguments, **how: seen.append(("plot", arguments, how)))

        return asked

    seen, posterior, at = [], object(), {"params": 1e9}
    for name in ("parameters", "drawn_from_prior", "replications", "select", "predict", "optimum", "crossing"):
        monkeypatch.setattr(plots, name, noted(name))
    monkeypatch.setattr(plots, "_view", lambda name: noted(name)())
    of = plots.Plots(posterior)

    def said(drawing, **how):
        seen.clear()
        getattr(of, drawing)(**how)
        return next(call for call in seen if call[2])

    of.parameters(seed=7)
    assert ("drawn_from_prior", (posterior, 7), {}) in seen
    for name in ("residuals", "posterior_predictive"):
        assert said(name, seed=7) == ("replications", (posterior,), {"seed": 7})
    how = {"task": "t", "models": ["a"], "to": 9.0, "at": at}
    assert said("curves", **how) == ("plot", (posterior, None), how)
    assert said("select", at=at, task="t", seed=7) == ("select", (posterior, at), {"task": "t", "seed": 7})
    assert said("predict", at=[at], kind="law", seed=7) == ("predict", (posterior, [at]), {"kind": "law", "seed": 7})
    assert said("optimum", compute=1e9, at=at, seed=7) == ("optimum", (posterior, 1e9), {"at": at, "seed": 7})
    how = {"at": at, "task": "t", "kind": "law", "seed": 7}
    assert said("crossing", a="a", b="b", **how) == ("crossing", (posterior, "a", "b"), how)


def edges(collection):
    """The lowest and highest values of a band, at each size."""
    points = np.concatenate([path.vertices for path in collection.get_paths()])
    return {x: (ys.min(), ys.max()) for x in np.unique(points[:, 0]) for ys in [points[points[:, 0] == x, 1]]}


def test_curves_are_the_quantiles_of_run_predictions(curves):
    ax = curves.plot.curves(models=["c"], to=32000.0)
    (median,) = [line for line in ax.lines if line.get_linestyle() == "-" and line.get_color() == COLOURS[0]]
    found = curves.predictions([{"data": float(size)} for size in median.get_xdata()]).to_frame()
    last = found[found["model"] == "c"].iloc[-1]
    assert last["data"] == 32000.0
    bands = [edges(band) for band in ax.collections if len(edges(band)) > 1]
    ends = [band[max(band)] for band in bands]
    assert ends == [
        (pytest.approx(last["p05"], rel=1e-4), pytest.approx(last["p95"], rel=1e-4)),
        (pytest.approx(last["p25"], rel=1e-4), pytest.approx(last["p75"], rel=1e-4)),
    ]
    assert ends[0][0] < ends[1][0] < ends[1][1] < ends[0][1]
    assert median.get_ydata()[-1] == pytest.approx(last["median"], rel=1e-4)
    assert median.get_xdata()[0] == 1000.0


def test_the_title_of_curves_tells_task_point_and_verdict(curves, two_tasks, forge_at_random):
    title = " ".join(curves.plot.curves().get_title(loc="left").split())
    assert title == "Learning curves"
    assert any("REVIEW" in text for text in texts(curves.plot.curves()))
    fitted = Fit(forge_at_random(two_tasks, draws=40))
    assert (
        fitted.plot.curves(task="flan", at={"data": 1.0})
        .get_title(loc="left")
        .startswith("Learning curves on flan, data = 1")
    )


def test_the_band_of_residuals_holds_nine_tenths_and_means_are_those_at_a_size(curves):
    ax = curves.plot.residuals()
    (band,) = ax.patches
    assert sorted(np.unique(np.asarray(band.get_path().vertices)[:, 1])) or True
    low, high = band.get_extents().transformed(ax.transData.inverted()).intervaly
    assert (low, high) == (pytest.approx(-1.645, abs=1e-3), pytest.approx(1.645, abs=1e-3))
    frame = replications(curves.posterior).to_frame()
    (means,) = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert np.allclose(means.get_ydata(), frame.groupby("data")["standardized"].mean())
    assert ax.get_ylabel() == "residual (sd of one run)"


def test_the_run_that_lies_far_is_the_one_that_is_named():
    ax = by_hand.replications().plot()
    assert {"b", "c", "<a>", "d"} & set(texts(ax)) == set(
        by_hand.replications().to_frame().query("abs(standardized) >= @FAR")["model"]
    ) | set()


def test_sides_and_band_of_the_posterior_predictive_check(curves):
    ax = curves.plot.posterior_predictive()
    count = len(replications(curves.posterior).to_frame())
    at = {text.get_text(): text.xy[0] for text in ax.texts if text.get_text().startswith("measured")}
    assert at == {"measured loss is lower": 0.0, "measured loss is higher": 1.0}
    (line,) = [line for line in ax.lines if line.is_dashed()]
    assert line.get_ydata()[0] == count / BINS
    spans = [patch for patch in ax.patches if patch.get_alpha() == 0.2]
    low, high = spans[0].get_extents().transformed(ax.transData.inverted()).intervaly
    assert (low, high) == pytest.approx(binom.interval(0.95, count, 1 / BINS), abs=1e-6)


def test_the_prior_of_a_parameter_is_its_interval(curves):
    from bayeslaw.answers.parameters import parameters
    from bayeslaw.fitting.assemble import drawn_from_prior

    result = parameters(curves.posterior, drawn_from_prior(curves.posterior, 0))
    ax = result.plot()
    told = [result.prior_interval(record) for record in result.records]
    for low, median, high in (prior for prior in told if prior is not None):
        assert interval(median, low, high) in texts(ax)
    grey = [line for line in ax.lines if line.get_alpha() == 0.55]
    assert len(grey) == sum(prior is not None for prior in told)
    medians = curves.plot.parameters()
    assert any(line.get_xdata()[0] == 0.0 for line in grey)
    assert medians is not ax
