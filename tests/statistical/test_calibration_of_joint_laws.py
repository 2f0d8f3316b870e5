"""Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788) of every joint law, on tables with fields.

Tables of `joint_tables` are fitted, and the rank of each true value among the draws of its posterior must be uniform.
"""

from functools import partial

import numpy as np
import pytest
from calibration import assert_uniform, ranks, read
from joint_tables import LARGE, draws_of, scales, simulate

from bayeslaw.kinds.registry import build_model
from bayeslaw.laws import get_law, law_names

pytestmark = pytest.mark.slow

JOINT = [name for name in law_names() if get_law(name).kind == "surfaces" and not get_law(name).link]


def test_fields_of_the_layout_have_patterns():
    law = get_law(JOINT[0])
    model = build_model(read(LARGE.grid(law)[: LARGE.runs].assign(loss=np.linspace(1.0, 1.1, LARGE.runs))), law)
    assert model.sizes()["field"][0] >= 2 * len(LARGE.families)


@pytest.mark.parametrize("name", JOINT)
def test_ranks_are_uniform(name):
    law, simulated, found = get_law(name), partial(simulate, LARGE), partial(draws_of, LARGE)
    assert_uniform(ranks(law, simulated, found, tables=100, seed=2, scales=scales(law)), bins=10)
