"""How far beyond the data an answer may lie."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.kinds.reach import (
    COMPUTE,
    CURVES,
    JOINT,
    budget_check,
    distance_check,
    reach_check,
    reach_of,
    target_check,
)
from bayeslaw.kinds.registry import kind_of
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs
from tests.runs.tables import falling


@pytest.mark.parametrize("reach", [CURVES, JOINT, COMPUTE])
def test_each_distance_says_what_was_measured_there(reach):
    for times, told in reach.measured:
        assert told[1:] in reach_check(times, "", reach).sentence
    beyond = reach_check(reach.furthest * 1.01, "", reach)
    assert beyond.status == "REVIEW"
    assert f"{reach.furthest:,.4g} times" in beyond.sentence
    assert reach_check(reach.passing, "", reach).status == "PASS"
    assert reach_check(reach.passing * 1.01, "", reach).status == "REVIEW"
    assert reach_check(reach.failing, "", reach).status == "REVIEW"
    assert reach_check(reach.failing * 1.01, "", reach).status == "FAIL"
    assert reach.failing == reach.furthest**2
    assert list(reach.measured) == sorted(reach.measured)


def test_within_the_data_nothing_is_said_of_distance():
    assert reach_check(0.7, "Here.", CURVES).sentence == "Here."


def test_millions_of_times_beyond_is_no_answer():
    check = reach_check(4e7, "", CURVES)
    assert check.status == "FAIL"
    assert "512 times" in check.sentence


def test_a_law_of_the_data_alone_is_one_of_curves():
    assert {name: reach_of(get_law(name), "data") is CURVES for name in ("rectified", "broken", "chinchilla")} == {
        "rectified": True,
        "broken": True,
        "chinchilla": False,
    }


def test_compute_has_limits_of_its_own():
    assert reach_of(get_law("chinchilla"), "compute") is COMPUTE
    assert reach_of(get_law("vanilla(compute)"), "compute") is CURVES
    check = distance_check({"params": 3.0, "data": 5.0, "compute": 15.0}, {}, get_law("chinchilla"), new=True)
    assert (check.status, check.value) == ("REVIEW", 15.0)
    assert "15 times beyond the largest compute seen" in check.sentence
    near = distance_check({"params": 3.0, "data": 5.0, "compute": 9.0}, {}, get_law("chinchilla"), new=True)
    assert near.status == "PASS"


def layout_of(runs, law):
    return kind_of(law).layout(runs, law, None)


def test_candidates_are_as_far_as_the_least_measured():
    law, frame = get_law("rectified"), falling()
    runs = read_runs(frame[(frame["model"] != "m1") | (frame["data"] < 2000)])
    check = target_check(layout_of(runs, law), law, {"data": 128_000.0}, None)
    assert check.value == pytest.approx(80)
    assert "80 times beyond the data of the least measured model" in check.sentence


def test_a_new_model_is_as_far_as_its_furthest_covariate(surface):
    law = get_law("chinchilla")
    layout = layout_of(surface({"x": ((1e8, 2e8, 4e8), (1e9, 4e9, 8e9)), "y": ((1e8, 2e8, 8e8), (1e9, 2e9, 4e9))}), law)
    near = target_check(layout, law, {"params": 1.6e9, "data": 4e9}, None)
    assert (near.value, near.status) == (pytest.approx(4), "PASS")
    assert "the largest params seen" in near.sentence
    far = target_check(layout, law, {"params": 2e8, "data": 4e11}, None)
    assert (far.value, far.status) == (pytest.approx(100), "REVIEW")
    assert "the largest data seen" in far.sentence
    both = target_check(layout, law, {"params": 1.6e9, "data": 4e11}, None)
    assert both.value == pytest.approx(200)
    assert "the largest compute seen" in both.sentence
    # models of the table keep their size: those of y have 4e9 tokens
    assert target_check(layout, law, {"data": 4e10}, None).value == pytest.approx(10)
    np.testing.assert_allclose(budget_check(layout, 6 * 8e8 * 8e9).value, 2)


def test_below_the_data_is_told_as_beyond_it_is(surface):
    law = get_law("chinchilla")
    layout = layout_of(surface({"x": ((1e8, 2e8, 4e8), (1e9, 4e9, 8e9)), "y": ((2e8, 4e8, 8e8), (1e9, 2e9, 4e9))}), law)
    near = target_check(layout, law, {"params": 5e7, "data": 1e9}, None)
    assert (near.value, near.status) == (pytest.approx(4), "PASS")  # of the family of which it is furthest
    assert "4 times below the smallest params seen" in near.sentence
    far = target_check(layout, law, {"params": 4e8, "data": 5e7}, None)
    assert (far.value, far.status) == (pytest.approx(20), "REVIEW")
    assert "20 times below the smallest data seen" in far.sentence
    slip = target_check(layout, law, {"params": 200, "data": 1e9}, None)
    assert (slip.value, slip.status) == (pytest.approx(1e6), "FAIL")
    assert "1e+06 times below" in slip.sentence
    both = target_check(layout, law, {"params": 5e7, "data": 4e11}, None)
    assert "beyond the largest data seen" in both.sentence
    assert "within the data" in target_check(layout, law, {"params": 2e8, "data": 1e9}, None).sentence
    least = 6 * 1e8 * 1e9
    assert "20 times below the smallest compute seen" in budget_check(layout, least / 20).sentence
    assert budget_check(layout, least / 20).status == "REVIEW"
    assert "largest compute seen" in budget_check(layout, least).sentence


def test_of_a_covariate_that_falls_beyond_the_data_below_is_above():
    law = get_law("loss_to_score")
    scores = {"model_loss": [4, 3, 2.5, 2], "accuracy": [0.3, 0.4, 0.5, 0.7], "questions": 500}
    layout = layout_of(read_runs(pd.DataFrame({"model": list("abcd"), **scores})), law)
    check = target_check(layout, law, {"model_loss": 48.0}, None)
    assert (check.status, check.value) == ("REVIEW", pytest.approx(12))
    assert "12 times above the largest model_loss seen" in check.sentence
