"""What is left to the prior is said, of draws of which it is known."""

import re

import numpy as np
import pytest
import xarray as xr

from bayeslaw.kinds.left_to_prior import LEFT, left_to_prior_check
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.stated import with_coordinate_priors
from bayeslaw.laws import get_law

LAW = get_law("rectified")


@pytest.fixture(scope="module")
def layout(two_tasks):
    return build_model(two_tasks, LAW).layout


def judged(layout, **share):
    """A verdict on draws whose means over the curves of each task keep so much of the sds of priors."""
    rng, curves = np.random.default_rng(0), len(layout.curves)
    draws = {}
    for c in LAW.coordinates:
        common = c.mean + c.sd * share[c.name] * rng.standard_normal((4, 500, len(layout.tasks)))
        own = 0.3 * rng.standard_normal((4, 500, curves))
        own -= np.stack([own[..., layout.task_of == k].mean(axis=-1) for k in layout.task_of], axis=-1)
        draws[c.name] = (("chain", "draw", "curve"), common[..., layout.task_of] + own)
    return left_to_prior_check(layout, LAW, xr.Dataset(draws))


def test_an_asymptote_that_the_runs_do_not_tell_is_the_priors(layout):
    check = judged(layout, log_beta=0.3, floor=0.93, phase=0.5)
    assert check.value == pytest.approx(0.93, abs=0.03)
    assert check.sentence.startswith(
        "The asymptote comes from the prior: the runs narrow the sd of the prior of floor (logit of E / L(D_ref)) by "
    )
    assert 0.04 <= float(re.search(r"by (\d+)%", check.sentence)[1]) / 100 <= 0.1
    assert "log_beta" not in check.sentence
    assert check.status == "PASS"


def test_so_is_another_coordinate(layout):
    check = judged(layout, log_beta=1.0, floor=0.3, phase=0.97)
    assert check.sentence.startswith(
        "The prior tells more than the runs: the runs narrow the sd of the prior of log_beta "
    )
    assert "phase" in check.sentence
    assert "floor" not in check.sentence


def test_nothing_is_said_where_the_runs_tell(layout):
    check = judged(layout, log_beta=0.3, floor=0.62, phase=0.5)
    assert check.value < LEFT
    assert check.sentence.startswith("The runs narrow the prior of every coordinate of the rectified law")


def test_a_prior_stated_of_one_task_is_what_is_left_there(layout):
    """Narrow beside that of all tasks: the posterior is as narrow, and yet all the prior's."""
    own = with_coordinate_priors(LAW, {"floor": {"tasks": {layout.tasks[1]: {"mean": 0.0, "sd": 0.05}}}})
    rng = np.random.default_rng(2)
    draws = {}
    for c in LAW.coordinates:
        sd = np.where(layout.task_of == 1, 0.05 if c.name == "floor" else 0.1, 0.1)
        draws[c.name] = (("chain", "draw", "curve"), sd * rng.standard_normal((4, 500, 1)))
    check = left_to_prior_check(layout, own, xr.Dataset(draws))
    assert check.value == pytest.approx(1.0, abs=0.05)
    assert check.sentence.startswith("The asymptote comes from the prior: the runs narrow the sd of the prior of floor")


def test_one_task_that_says_nothing_is_enough(layout):
    rng = np.random.default_rng(1)
    sd = np.where(layout.task_of == 1, 1.0, 0.1)  # task by task
    draws = {
        c.name: (("chain", "draw", "curve"), c.sd * sd * np.repeat(rng.standard_normal((4, 500, 1)), len(sd), axis=2))
        for c in LAW.coordinates
    }
    assert left_to_prior_check(layout, LAW, xr.Dataset(draws)).value == pytest.approx(1.0, abs=0.05)
