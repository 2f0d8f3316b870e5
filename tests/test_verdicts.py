"""Which checks are listed beside an answer."""

import pytest

from bayeslaw.cli.shared import show_failing
from bayeslaw.results import checks_sentence
from bayeslaw.sampling.diagnostics import quick_checks
from bayeslaw.sampling.nuts import QUICK
from bayeslaw.verdicts import Check, at_least, at_most, for_people

TABLE = at_most("outliers", 3, 0, 10, "Three rows lie far off.", "Look at them.")


def of_draws(r_hat, effective, prefix=""):
    return [
        at_most(f"{prefix}r_hat", r_hat, 1.01, 1.05, "R-hat.", "Sample longer."),
        at_least(f"{prefix}ess_bulk", effective, 400, 100, "Effective draws.", "Sample longer."),
        at_least(f"{prefix}ess_tail", 2 * effective, 400, 100, "Effective draws.", "Sample longer."),
    ]


def test_few_draws_of_a_quick_fit_are_one_line(capsys):
    (quick,) = quick_checks(800, QUICK)
    checks = (*of_draws(1.02, 144), quick, *of_draws(1.03, 225, "prediction_"), TABLE)
    line, table = [check for check in for_people(checks) if check.status != "PASS"]
    assert (line.name, line.value, line.remedy) == ("quick", 800, quick.remedy)
    assert line.sentence.startswith(quick.sentence)
    assert "5 checks of them ask for more (R-hat up to 1.030, at least 144 effective draws)" in line.sentence
    assert "odds are good to 8 percentage points or so, and medians to 0.2 standard deviations" in line.sentence
    assert table is TABLE
    assert checks_sentence(checks) == "1 of 8 checks pass; look at quick (REVIEW), outliers (REVIEW)."
    show_failing(checks)
    told = capsys.readouterr().out
    assert "outliers" in told
    assert "ess_bulk" not in told


def test_a_sampler_that_failed_is_told_of_a_quick_fit_too():
    checks = (*of_draws(1.3, 20), *quick_checks(800, QUICK))
    assert [check.name for check in for_people(checks)] == ["r_hat", "ess_bulk", "ess_tail", "quick"]
    one = (*of_draws(1.3, 150), *quick_checks(800, QUICK))
    assert [(check.name, check.status) for check in for_people(one)] == [("r_hat", "FAIL"), ("quick", "REVIEW")]


@pytest.mark.parametrize("checks", [(*of_draws(1.02, 144), TABLE), tuple(quick_checks(800, QUICK)), ()])
def test_all_else_is_listed_as_it_is(checks):
    assert for_people(checks) == list(checks)


def test_each_of_two_quick_fits_has_its_line():
    (quick,) = quick_checks(800, QUICK)
    both = [Check(f"{of}_quick", *list(quick.as_dict().values())[1:]) for of in ("loss", "score")]
    told = for_people((*of_draws(1.02, 144, "loss_"), both[0], *of_draws(1.0, 500, "score_"), both[1]))
    assert [check.name for check in told if check.status != "PASS"] == ["loss_quick", "score_quick"]
    assert "at least 144" in told[0].sentence
    assert told[-1].sentence == quick.sentence
