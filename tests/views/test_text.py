import re
from dataclasses import replace

import pytest
from rich.console import Console

from bayeslaw.answers.parameters import parameter_records
from bayeslaw.evidence.hindsight import Outcome
from bayeslaw.runs import LeftOut
from bayeslaw.verdicts import at_most
from bayeslaw.views.names import short_names
from bayeslaw.views.runs_text import left_out_summary
from bayeslaw.views.text import (
    checks_table,
    outcome_summary,
    parameters_table,
    predictions_table,
    selection_table,
    truth_table,
)

RECORD = {
    "name": "beta", "level": "task", "group": "[red]t[/red]", "task": "t", "median": 0.21, "mean": 0.2, "sd": 0.01,
    "p05": 0.1, "p95": 0.3, "rhat": 1.001, "ess_bulk": 812.0, "ess_tail": 700.0, "unit": "1",
}  # fmt: skip


def _show(table, width=100):
    console = Console(width=width, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(table)
    text = captured.get()
    assert all(len(line.rstrip()) <= width for line in text.splitlines())
    return text


@pytest.mark.parametrize("width", [80, 100])
def test_selection_table(odd_selection, width):
    text = _show(selection_table(odd_selection), width)
    for name in ("$a$_{b}", "bold]", ":smile:", "org1/same", "tab here"):
        assert name in text
    assert "16,000" in text
    assert "…" in text  # names of 200 characters


def test_selection_table_shows_numbers_whole(odd_selection):
    text = _show(selection_table(odd_selection), 80)
    best = odd_selection.candidates[0]
    assert f"{best.loss_p05:.3f}-{best.loss_p95:.3f}" in text
    assert f"{best.expected_regret:.3f}" in text
    assert f"{best.cvar_regret_90:.3f}" in text


def test_selection_table_limit(odd_selection):
    shown = short_names([c.model for c in odd_selection.candidates])
    text = _show(selection_table(odd_selection, limit=2))
    assert "and 8 more; chance that the best is among them" in text
    assert ":smile:" not in text or shown[odd_selection.candidates[0].model] == ":smile:"
    assert "more" not in _show(selection_table(odd_selection, limit=10))


def test_truth_table(odd_selection):
    truth = {c.model: c.loss_median for c in odd_selection.candidates}
    text = _show(truth_table(odd_selection, truth), 80)
    assert "10 of 10 measured losses lie inside" in text
    assert "0 of 10" in _show(truth_table(odd_selection, dict.fromkeys(truth, 100.0)))
    assert "0 of 0" in _show(truth_table(odd_selection, {}))


def test_outcome_summary():
    text = outcome_summary(Outcome(3, 4, 0.0214, 0.0568, 0.0, 0.0123, "odd\tname"))
    assert "log loss: 0.021; of accept-then-stop: 0.057" in text
    assert "choice: 0.000; of accept-then-stop's, odd name: 0.012" in text


def test_checks_table():
    checks = [
        at_most("fine", 1.0, 2.0, 3.0, "All is well with [i]this[/i].", "Do nothing."),
        at_most("bad", 9.0, 2.0, 3.0, "Too much in \x1b[31mmodel.", "Measure once more."),
    ]
    text = " ".join(_show(checks_table(checks), 80).split())
    assert "[i]this[/i]" in text
    assert "-> Measure once more." in text
    assert "Do nothing" not in text
    assert "\x1b" not in text


def test_parameters_table(odd_fit):
    records = parameter_records(odd_fit.posterior)
    text = _show(parameters_table(records), 80)
    assert "own_drift" in text
    assert "Units:" in text
    assert "[red]t[/red]" in _show(parameters_table([RECORD]))
    assert "Units:" not in _show(parameters_table([RECORD]))


def test_predictions_table(odd_fit):
    found = odd_fit.predictions([{"data": 8000.0}, {"data": 16000.0}])
    text = _show(predictions_table(found), 80)
    assert "data=8k" in text
    assert "x4" in text
    assert "$a$_{b}" in text
    of_two_tasks = [(model, family, task) for (model, family, _), task in zip(found.labels, "abab", strict=False)]
    assert "task" in _show(predictions_table(replace(found, labels=tuple(of_two_tasks))))


def test_left_out_summary():
    assert left_out_summary([]) == "No run was left out."
    assert left_out_summary([LeftOut(1, "loss is empty")]) == "1 run left out: loss is empty."
    several = [LeftOut(i, reason) for i, reason in enumerate(["a"] * 3 + ["b" * 500] * 2 + list("cdefgh"))]
    text = left_out_summary(several)
    assert text.startswith("11 runs left out:\n  3: a\n  2: bbb")
    assert text.endswith("3: for 3 other reasons")
    assert max(map(len, text.splitlines())) < 120
    assert sum(int(n) for n in re.findall(r"^  (\d+): ", text, flags=re.MULTILINE)) == 11
