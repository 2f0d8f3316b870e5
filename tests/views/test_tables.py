"""Tables of answers put together by hand: every number in its column, and which rows are not shown."""

from dataclasses import replace

import pytest

from bayeslaw.answers.parameters import Checks
from bayeslaw.evidence.comparison.advantage import Advantage
from bayeslaw.evidence.sensitivity import SENSITIVE
from bayeslaw.views import figures
from bayeslaw.views.evidence_text import advantages_table, reproduction_table
from bayeslaw.views.grids import grid_of, markdown
from bayeslaw.views.next_text import next_runs_lines, next_runs_table, now_sentence
from bayeslaw.views.sensitivity_text import sensitivity_tables
from bayeslaw.views.tables import tables_of
from tests.views import by_hand


def shown(table):
    """Headings, rows and caption."""
    grid = grid_of(table)
    return grid.headings, list(grid.rows), grid.caption


def test_runs_that_could_be_made():
    found = by_hand.next_runs()
    headings, rows, caption = shown(next_runs_table(found, limit=2))
    assert headings == ("model", "at", "cost", "gain", "gain per cost", "choice changes")
    assert rows == [
        ("m0 [1]", "data=1k", "7M", "0.031 ±0.004", "4e-09", "43%"),
        ("m1 [2]", "data=2k", "14M", "0.015 ±0.004", "2e-09", "33%"),
    ]
    together = "[1], [2], …: to be made at once, each with what it adds to those before. "
    assert caption == f"and 1 more. {together}Cost in FLOP; gain in loss, ± its standard error"
    assert [row.style for row in next_runs_table(found, limit=3).rows] == ["bold", "bold", ""]
    assert grid_of(next_runs_table(found, limit=2)).title == "Runs that would help to choose (flan), by gain per cost"


def test_runs_made_one_at_a_time_have_no_places_and_forecasts_change_no_choice():
    headings, rows, caption = shown(next_runs_table(by_hand.next_runs("foretell", slots=1), limit=3))
    assert headings[-1] == "gain per cost"
    assert [row[0] for row in rows] == ["m0", "m1", "m2"]
    noise = "0 where it is not 3 times that, and cannot be told from none"
    assert caption == f"Cost in FLOP; gain in loss, ± its standard error; {noise}"
    assert rows[2][3:5] == ("0 ±0.004", "0")


def test_with_a_price_runs_are_ranked_by_what_they_earn_and_that_is_shown():
    table = grid_of(next_runs_table(by_hand.next_runs(price=1e9), limit=3))
    assert table.title == "Runs that would help to choose (flan), by what they earn net of their cost"
    assert table.headings[4] == "earned net of cost"
    assert [row[4] for row in table.rows] == ["2.4e+07", "1.5e+06", "-2.1e+07"]  # the last gains nothing for sure
    by_gain = replace(by_hand.next_runs(), ranked_by="gain")
    assert grid_of(next_runs_table(by_gain, limit=3)).title.endswith("(flan), by gain")


@pytest.mark.parametrize(("goal", "of"), [
    ("choose", "choose"), ("foretell", "foretell"), ("split", "split the budget"), ("crossing", "find the crossing")
])  # fmt: skip
def test_what_runs_would_help_to_do_is_in_the_title(goal, of):
    assert (
        grid_of(next_runs_table(by_hand.next_runs(goal), limit=3)).title
        == f"Runs that would help to {of} (flan), by gain per cost"
    )


def test_what_is_believed_now():
    now = "Now: m1; expected regret 0.0567 in loss."
    assert now_sentence(by_hand.next_runs()) == f"{now} It is the best with probability 0.61."
    unsure = replace(by_hand.next_runs().now, p_best=float("nan"))
    assert now_sentence(replace(by_hand.next_runs(), now=unsure)) == now
    assert now_sentence(by_hand.next_runs("foretell")) == "The 90% interval is 0.0567 wide now."
    first, *_, last = next_runs_lines(by_hand.next_runs())
    assert first.plain.startswith(now)
    assert last.plain == by_hand.next_runs().sentence


def test_how_far_parameters_depend_on_the_prior():
    first, choice = sensitivity_tables(by_hand.sensitivity(), limit=2)
    headings, rows, caption = shown(first)
    assert headings == ("parameter", "of", "prior", "runs", "what it says")
    assert rows == [
        ("noise", "g1", "0.310", "0.220", "prior and runs disagree"),
        ("pull", "", "0.120", "0.410", "prior and runs disagree"),
    ]
    assert caption == f"From {SENSITIVE} on a parameter depends on it; and 1 more that depend on it less"
    assert shown(choice)[1] == [
        ("as it is", "a", "61%", "0.020", ""),
        ("x0.5 as strongly", "b", "42%", "0.027", "0.73"),
        ("x2 as strongly", "a", "31%", "0.013", "2.23"),
    ]
    assert shown(choice)[0] == ("prior held", "choice", "P(best)", "exp. regret", "Pareto k")
    (alone,) = sensitivity_tables(by_hand.sensitivity(chosen=False))
    assert "more" not in shown(alone)[2]


def test_published_numbers():
    table = reproduction_table(by_hand.reproduction())
    headings, rows, _ = shown(table)
    assert headings == ("paper", "number", "published", "median", "90% interval", "least squares", "agrees")
    assert rows == [
        ("first2024", "alpha", "0.35 ± 0.02", "0.34", "0.3-0.38", "0.36", "yes"),
        ("", "beta", "0.45", "0.65", "0.6-0.7", "-", "no"),
        ("second2025", "gamma", "0.55", "0.54", "0.5-0.58", "0.56", "yes"),
    ]
    assert [row.style for row in table.rows] == ["", "yellow", ""]


def test_what_other_laws_expect():
    found = [
        Advantage(law, model, "dense", "t", {"data": 1e3}, 2.0, 0.25, -0.125, 0.5, 0.83)
        for law, model in (("vanilla", "m"), ("power", "<new model>"), ("third", "m"))
    ]
    headings, rows, caption = shown(advantages_table(found, "rectified", limit=2))
    assert headings == ("law", "model", "difference", "90% interval", "of what rectified does", "chance of more")
    numbers = ("0.250", "-0.125 to 0.500", "2.000", "83%")
    assert rows == [("vanilla", "m", *numbers), ("power", "dense", *numbers)]
    assert caption == "and 1 more"
    assert shown(advantages_table(found, "rectified"))[2] == ""


def test_every_row_of_an_answer_is_in_its_table_and_of_one_without_its_checks():
    assert len(grid_of(tables_of(by_hand.selection("abcdefghijklmnop"))[0]).rows) == 16
    assert len(grid_of(tables_of(by_hand.next_runs(runs=25))[0]).rows) == 25
    (checks,) = tables_of(Checks(by_hand.CHECKS, "t", {}))
    assert [row[0] for row in grid_of(checks).rows] == [check.name for check in by_hand.CHECKS]
    sizes = [len(tables_of(made())) for made in (by_hand.sensitivity, by_hand.reproduction, by_hand.speedup)]
    assert sizes == [2, 1, 1]
    assert grid_of(tables_of(by_hand.reproduction())[0]).title == "Published numbers, found again"


def test_captions_of_markdown_are_text():
    caption = "Cost in a\\|b\\_c; gain in loss, ± its standard error"
    table = next_runs_table(replace(by_hand.next_runs(slots=0, runs=2), cost_unit="a|b_c"), limit=3)
    assert markdown([grid_of(table)]).endswith(f"|\n\n{caption}")


def test_a_picture_has_curves_behind_it_where_the_fit_is_known(monkeypatch):
    """Choices and splits have pages of their own; whatever else draws itself."""
    for name in ("plot_selection", "plot_optimum"):
        monkeypatch.setattr(figures, name, lambda posterior, result, name=name: (name, posterior))
    monkeypatch.setattr(figures, "alone", lambda result: "alone")
    choice, split, other = by_hand.selection(), by_hand.optimum(), by_hand.crossing()
    fit = object()
    assert [figures.figure_of(None, result) for result in (choice, split, other)] == ["alone"] * 3
    assert [figures.figure_of(fit, result) for result in (choice, split, other)] == [
        ("plot_selection", fit), ("plot_optimum", fit), "alone"
    ]  # fmt: skip
