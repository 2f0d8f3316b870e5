"""Answers of each kind with names that are hard to draw, and what can be read off their pictures."""

import dataclasses
import functools

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from bayeslaw.answers.advice import advise
from bayeslaw.answers.parameters import fit_checks
from bayeslaw.answers.replications import replications
from bayeslaw.campaign.history import Campaign
from bayeslaw.evidence.comparison.compare import Comparison
from bayeslaw.evidence.comparison.law_scores import LawScore
from bayeslaw.evidence.replay.policies import POLICIES
from bayeslaw.evidence.replay.replay import SCORED, Replay, summarise
from bayeslaw.evidence.reproduction.reproduce import Reproduction, Row
from bayeslaw.fitting.facade import Fit
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.lending.borrowing import borrowing
from bayeslaw.verdicts import Check
from bayeslaw.views.plots.page import missing_glyphs_ignored
from bayeslaw.views.plots.style import MARKERS
from tests.views import by_hand

ODD = ("$a$_{b}", "$\\frac{", "<b>bold</b>", "snake_case_name", "w" * 200 + "1", "w" * 200 + "2")
"""Names that might be read as mathematics or markup, or do not fit."""

FAMILIES = ("$x$_{y}", "<moe>", "f" * 90)

SIZES, TOKENS = (1e8, 4e8, 1.6e9), (2e9, 1e10, 5e10)


@pytest.fixture(scope="session")
def curves(fit_simulated):
    return fit_simulated(ODD, (1000, 2000, 4000))


@pytest.fixture(scope="session")
def surfaces(surface, forge_at_random):
    runs = surface(dict.fromkeys(FAMILIES, (SIZES, TOKENS)))
    return Fit(forge_at_random(runs, law="chinchilla", scale=0.3))


def score(law, behind, error, weight, status="PASS"):
    return LawScore(law, 1.0 - behind, behind, error, weight, 0.03, 0.04, 0.85, 0.2, None, status)


def compared(runs, laws):
    scores = [score(law, 0.3 * i, 0.1 * i, 0.5**i, "FAIL" if i == 1 else "PASS") for i, law in enumerate(laws)]
    held_out = pd.DataFrame({"law": ["x"] * 12}, index=range(12))
    return Comparison(runs=runs, along="data", laws=tuple(scores), held_out=held_out, fits={}, outcome=LOSS, checks=())


def found_again():
    rows = (
        Row("somebody2024", "alpha", 0.35, 0.02, 0.34, 0.3, 0.38, 0.36, True),
        Row("somebody2024", "tokens a parameter at 5.88e23 FLOP, on a corpus of a long name", 20.0, None, 400.0, 90.0,
            1e4, None, False),
    )  # fmt: skip
    return Reproduction(rows, (("nobody2025", "table.csv"),), {}, ())


def replayed(goal):
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


def campaign():
    """Three steps in which the odds move from one candidate of a long name to another."""
    stop = {"status": "go on", "value": 0.1, "threshold": 0.01, "sentence": "Go on: the expected regret is 0.1."}
    shared = {"time": "2025-01-01", "rows": 12, "cost_unit": "FLOP", "unit": "loss", "stop": stop, "status": "REVIEW"}
    steps = [
        {**shared, "spent": spent, "recommendation": ODD[0], "p_best": p, "expected_regret": 0.1 / spent,
         "odds": [{"model": model, "p_best": of} for model, of in zip(ODD[:3], (p, 0.9 - p, 0.1), strict=True)]}
        for spent, p in ((1e20, 0.5), (2e20, 0.3), (5e20, 0.7))
    ]  # fmt: skip
    check = Check("near", "REVIEW", 3.0, 4.0, "It is close.", "Look at it.")
    return Campaign("study", {}, (), tuple(steps), 12, True, (check,))


@pytest.fixture(scope="session")
def results(curves, surfaces, forge_at_random):
    posterior = curves.posterior
    wide = dataclasses.replace(posterior, draws=2.0 * posterior.draws)
    return {
        "advice": advise(surfaces.posterior.runs, {"params": 7e10, "data": 1e13}),
        "campaign": campaign(),
        "borrowing": borrowing(posterior, wide, {"data": 16000.0}),
        "chain": by_hand.chained(ODD[:2]),
        "checks": fit_checks(posterior),
        "comparison": compared(posterior.runs, ("rectified", "vanilla", "multiplicative($x$_long_column_name)")),
        "compromise": by_hand.compromise(ODD, ("easy", "$hard$_x")),
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
        "reliability": by_hand.reliability(ODD[:2]),
        "reproduction": found_again(),
        "replications": replications(posterior),
        "replay": replayed("choose"),
        "replay of forecasts": replayed("foretell"),
        "selection": curves.select(data=16000.0),
        "speedup": curves.speedup(ODD[0], ODD[2], at={"data": 4000.0}),
        "track": by_hand.tracked(ODD[0], ODD[:2]),
    }


@pytest.fixture(scope="session")
def picture(results):
    """Pictures on figures of their own, each made once; tests of them change nothing."""

    @functools.cache
    def made(name):
        ax = results[name].plot()
        pyplot.close(ax.figure)
        return ax

    return made


NAMES = ("advice", "borrowing", "campaign", "chain", "checks", "comparison", "compromise", "crossing",
         "crossing of laws", "next runs",
         "next runs of a joint law", "optimum", "parameters",
         "parameters of a joint law", "prediction at a point", "prediction along data", "prediction of new models",
         "replay", "replay of forecasts", "reliability", "replications", "reproduction",
         "selection", "speedup", "track")  # fmt: skip

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


def verdict(name, status, value, threshold):
    return Check(name, status, value, threshold, f"The sentence of {name}.", "" if status == "PASS" else "Do it.")
