"""Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788) of every law of whole learning curves.

Tables of `curve_tables` are fitted, and the rank of each true value among the draws of its posterior must be uniform.
"""

from functools import partial

import pytest
from calibration import assert_uniform, ranks
from curve_tables import LARGE, draws_of, scales, simulate

from bayeslaw.laws import get_law, law_names

pytestmark = pytest.mark.slow

CURVES = [name for name in law_names() if get_law(name).discrepancy == "level"]


@pytest.mark.parametrize("name", CURVES)
def test_ranks_are_uniform(name):
    law, simulated, found = get_law(name), partial(simulate, LARGE), partial(draws_of, LARGE)
    assert_uniform(ranks(law, simulated, found, tables=100, seed=2, scales=scales(law)), bins=10)
