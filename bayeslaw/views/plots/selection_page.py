"""The page of a choice: curves of the candidates out to the target, and their ranking there, side by side.

Names are drawn as they are: no text is read as mathematics or TeX. No global state of matplotlib is touched, so the
functions can be used from any program, with or without a display.
"""

from collections.abc import Mapping

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bayeslaw.answers.selection import Selection
from bayeslaw.numerics import count
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.views.names import short_names
from bayeslaw.views.numbers import chance, decimals, factor, fixed
from bayeslaw.views.plots.hover import tell_of_row
from bayeslaw.views.plots.page import GREY, INK, MEDIUM, darker, missing_glyphs_ignored, padded, tick
from bayeslaw.views.plots.selection import COLOURED, draw_row, odds_of, title_of, told_of
from bayeslaw.views.plots.selection_curves import draw_curves
from bayeslaw.views.plots.selection_layout import PAGE_HEIGHT, PAGE_WIDTH, ROWS, Page
from bayeslaw.views.plots.style import COLOURS, OTHERS, STATUS_COLOURS, covariate_unit


def plot_selection(posterior: Posterior, selection: Selection, truth: Mapping[str, float] | None = None) -> Figure:
    """Draw the curves of the candidates of a selection and their ranking at the target.

    Left: measured losses of all candidates, and for the leading ones the median, 50% and 90% intervals of a run
    prediction out to the target. Right: the ranking by expected regret, with the same intervals at the target.

    Parameters
    ----------
    posterior : Posterior
    selection : Selection
        Made from this posterior.
    truth : mapping, optional
        Loss by model that was measured at the target, for tables whose outcome is known.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(PAGE_WIDTH, PAGE_HEIGHT), dpi=160, facecolor="white")
    FigureCanvasAgg(figure)
    names = short_names([c.model for c in selection.candidates])
    with missing_glyphs_ignored():
        page = Page(figure, selection, names)
        draw_curves(page, posterior, selection, names)
        draw_ranking(page, selection, names, truth or {})
        _write_title(page, posterior, selection, names)
        _write_legend(page, selection.outcome.name, told=bool(truth))
    return figure


def draw_ranking(page: Page, selection: Selection, names: Mapping[str, str], truth: Mapping[str, float]) -> None:
    """Draw the panel at the right: candidates by expected regret, and what was measured where that is known."""
    shown, hidden = selection.candidates[:ROWS], selection.candidates[ROWS:]
    bottom = page.top - page.ranking_height
    axes = page.axes(page.ranking_left, bottom, page.ranking_width, page.ranking_height)
    axes.set_xscale("log")
    outcomes = [truth[c.model] for c in shown if c.model in truth]
    low, high = min([*outcomes, *(c.loss_p05 for c in shown)]), max([*outcomes, *(c.loss_p95 for c in shown)])
    axes.set_xlim(*padded(low, high, 0.04, 0.002))
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_yticks([])
    tick(axes, "x", None, most=6)
    axes.grid(axis="x", color="#EEEEEE", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.axvline(shown[0].loss_median, color=COLOURS[0], linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    places = decimals(shown[0].loss_median)
    best_at, regret_at = page.columns
    page.write(best_at, page.top + 0.12, "P(best)", ha="right", color=GREY)
    page.write(regret_at, page.top + 0.12, "exp. regret", ha="right", color=GREY)
    middle = page.ranking_left + page.ranking_width / 2
    page.write(middle, page.top + 0.12, f"{selection.outcome.name} of a run at the target", ha="center", color=GREY)
    for row, candidate in enumerate(shown):
        colour = COLOURS[row] if row < COLOURED else OTHERS
        draw_row(axes, row, candidate)
        if candidate.model in truth:
            axes.plot(
                [truth[candidate.model]], [row], marker="|", markersize=20, markeredgewidth=2.0, color=INK, zorder=4
            )
        tell_of_row(axes, row, told_of(candidate, names[candidate.model]))
        y = page.top - page.ranking_height * (row + 0.5) / len(shown)
        ink = darker(colour) if row < COLOURED else GREY
        weight = "bold" if row == 0 else "normal"
        page.write(page.rows_right, y, names[candidate.model], width=page.row_width, ha="right", va="center",
                   color=ink, fontweight=weight)  # fmt: skip
        for x, text in ((best_at, chance(candidate.p_best)), (regret_at, fixed(candidate.expected_regret, places))):
            page.write(x, y, text, width=0.8, ha="right", va="center", fontweight=weight,
                       color=INK if row < COLOURED else GREY)  # fmt: skip
    if hidden:
        together = chance(sum(c.p_best for c in hidden))
        text = f"and {len(hidden)} more; chance that the best is among them: {together}"
        page.write(page.rows_right, bottom - 0.52, text, ha="left", color=GREY)


def _write_title(page: Page, posterior: Posterior, selection: Selection, names: Mapping[str, str]) -> None:
    law = posterior.law
    unit = covariate_unit(law.axis, law, selection.provenance)
    point = ", ".join(
        f"{count(value)} {unit}" if name == law.axis and unit else f"{name} = {count(value)}"
        for name, value in selection.target.items()
    )
    width = PAGE_WIDTH - 0.4
    page.write(0.15, PAGE_HEIGHT - 0.42, title_of(selection, names, point), width=width, fontsize=18, fontweight="bold")
    models, odds = len(selection.candidates), odds_of(selection, names)
    page.write(0.15, PAGE_HEIGHT - 0.76, odds, width=width, fontsize=12)
    facts = f"{law.name} law · {models} model{'s' if models > 1 else ''} · {_beyond(posterior, selection)} · checks"
    page.write(0.15, PAGE_HEIGHT - 1.08, facts, fontsize=MEDIUM, color=GREY)
    failing = [c.name for c in selection.checks if c.status == selection.status] if selection.status != "PASS" else []
    named = f" ({', '.join(failing[:4])}{', …' if len(failing) > 4 else ''})" if failing else ""
    after = 0.15 + page.text_width(facts, MEDIUM) + 0.1
    page.write(after, PAGE_HEIGHT - 1.08, selection.status + named, width=PAGE_WIDTH - 0.25 - after, fontsize=MEDIUM,
               fontweight="bold", color=STATUS_COLOURS[selection.status])  # fmt: skip


def _write_legend(page: Page, named: str, *, told: bool) -> None:
    measured = " Upright black stroke: what was measured there." if told else ""
    page.write(
        0.15, 0.14,
        f"Bands and bars: 50% and 90% intervals of the {named} that one new run would measure; line and marker: "
        f"median. Exp. regret: what the choice gives up against the best candidate, on average.{measured}",
        width=PAGE_WIDTH - 0.4, fontsize=9, color=GREY,
    )  # fmt: skip


def _beyond(posterior: Posterior, selection: Selection) -> str:
    """How far the target lies beyond the data of the candidates."""
    layout = posterior.layout
    largest = layout.largest[layout.task_of == layout.tasks.index(selection.task)]
    near, far = (
        selection.target[posterior.law.axis] / largest.max(),
        selection.target[posterior.law.axis] / largest.min(),
    )
    if far <= 1 + 1e-6:
        return "target at the edge of the data"
    if far <= near * (1 + 1e-6):
        return f"{factor(far)} beyond the data"
    return f"up to {factor(far)} beyond the data of a candidate"
