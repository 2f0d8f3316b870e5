"""Verdicts on a table before anything is sampled."""

import numpy as np
import pandas as pd

from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.table_checks import table_checks
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs
from bayeslaw.verdicts import at_least, at_most, overall

LAW = get_law("rectified")


def judged(runs, law):
    return table_checks(runs, law, kind_of(law).layout(runs, law, None))


def found(rows):
    frame = pd.DataFrame(rows, columns=["model", "data", "loss"])
    return {check.name: check for check in judged(read_runs(frame), LAW)}


def falling(model, sizes):
    return [(model, size, 3.0 * size**-0.1) for size in sizes]


def test_a_table_that_can_carry_the_model():
    checks = found(falling("a", [100, 200, 400]) + falling("b", [100, 200, 400]))
    assert {check.status for check in checks.values()} == {"PASS"}
    assert checks["sizes_per_model"].value == 3


def test_repeated_runs_at_a_size_are_one_size():
    checks = found([("a", 100, 3.0), ("a", 100, 3.1), ("a", 200, 2.9), *falling("b", [100, 200, 400])])
    assert checks["sizes_per_model"].status == "REVIEW"
    assert checks["sizes_per_model"].value == 2
    assert "fewest: a" in checks["sizes_per_model"].sentence


def test_one_model_is_for_review():
    assert found(falling("a", [100, 200, 400]))["models_per_task"].status == "REVIEW"


def test_losses_that_rise_are_for_review():
    rising = [("b", 100, 2.0), ("b", 200, 2.2), ("b", 400, 2.35), ("b", 800, 2.6)]
    check = found(falling("a", [100, 200, 400]) + rising)["rising_loss"]
    assert (check.status, check.value) == ("REVIEW", 0.5)
    assert "1 of 2 models" in check.sentence
    assert "b ends" in check.sentence
    within_noise = [("b", 100, 2.0), ("b", 200, 2.01), ("b", 400, 1.99)]
    assert found(falling("a", [100, 200, 400]) + within_noise)["rising_loss"].status == "PASS"


def test_losses_and_sizes_are_judged_for_every_law(surface):
    names = {"outlying_loss", "rising_loss", "units_of_sizes", "last_size"}
    assert names <= set(found(falling("a", [100, 200, 400])))
    table = surface({"x": ((1e8, 2e8, 4e8, 8e8), (1e9, 4e9))})
    assert names <= {check.name for check in judged(table, get_law("chinchilla"))}


def test_thresholds_belong_to_the_better_side_and_not_a_number_fails():
    statuses = [at_most("x", value, 1.0, 2.0, "s", "r").status for value in (1.0, 1.1, 2.0, 2.1, np.nan)]
    assert statuses == ["PASS", "REVIEW", "REVIEW", "FAIL", "FAIL"]
    statuses = [at_least("x", value, 2.0, 1.0, "s", "r").status for value in (2.0, 1.9, 1.0, 0.9, np.nan)]
    assert statuses == ["PASS", "REVIEW", "REVIEW", "FAIL", "FAIL"]
    assert at_most("x", 0.5, 1.0, 2.0, "s", "r").remedy == ""
    assert at_most("x", 1.5, 1.0, 2.0, "s", "r").remedy == "r"
    assert overall([]) == "PASS"
    assert overall([at_most("x", value, 1.0, 2.0, "s", "r") for value in (0.5, 1.5)]) == "REVIEW"


def test_families_too_thin_for_a_law_are_counted_and_named(surface):
    """A family of two models beside models without one makes a family of each of these."""
    sizes, tokens = (1e8, 2e8, 4e8, 8e8), (1e9, 4e9)
    table = surface({"x": (sizes, tokens), "y": (sizes, (1e9, 2e9, 4e9, 8e9))}).table
    alone = table["family"].eq("x") & table["params"].gt(1.5e8)
    law = get_law("chinchilla")

    def sentence(frame):
        checks = judged(read_runs(frame.drop(columns="row")), law)
        return next(c.sentence for c in checks if c.name == "spare_runs")

    assert "(x on t) has 8, for 5 numbers of the law." in sentence(table)
    thin = sentence(table.assign(family=table["family"].mask(alone, table["model"])))
    assert "has 2, for 5 numbers of the law; so have 4 of 5 families fewer runs than numbers." in thin
    assert "(t) has 8" in sentence(table[table["family"] == "x"].assign(family=table["model"]))
