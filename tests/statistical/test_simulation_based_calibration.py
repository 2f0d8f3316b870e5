"""Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788) of laws that a few sizes a curve are fitted with.

Tables are drawn from the model by its second, dense writing; each is fitted; the rank of each true value among the
draws of its posterior must be uniform. All of sampling, completion and prediction stands between the two.
"""

from functools import partial

import jax.numpy as jnp
import pytest
from calibration import FALSE_ALARM, assert_uniform, p_values, ranks
from slope_tables import LARGE, draws_of, scales, simulate

from bayeslaw.kinds.curves import density as curve_density
from bayeslaw.kinds.shared.population import coordinates
from bayeslaw.laws import get_law, law_names
from bayeslaw.sampling.nuts import SamplerSettings

pytestmark = pytest.mark.slow

TABLES = {"simulate": partial(simulate, LARGE), "draws_of": partial(draws_of, LARGE), "tables": 200, "seed": 1}


@pytest.mark.parametrize("name", [name for name in law_names() if get_law(name).discrepancy == "slope"])
def test_ranks_are_uniform(name):
    law = get_law(name)
    assert_uniform(ranks(law, **TABLES, scales=scales(law)), bins=20)


def test_a_wrong_jacobian_is_seen(monkeypatch):
    """The same with the determinant left out that integrating the shared walk leaves behind."""
    right = curve_density.log_likelihood

    def wrong(density, data, position):
        values = coordinates(density.pooled, data.groups, position)
        precision = curve_density.rotated_residuals(density, data, position, values).precision
        return right(density, data, position) + 0.5 * jnp.linalg.slogdet(precision)[1].sum()

    monkeypatch.setattr(curve_density, "log_likelihood", wrong)
    # settings of its own, so that the program compiled for the right density is not used again
    sampler = SamplerSettings(warmup=350, draws=250)
    law = get_law("rectified")
    found = ranks(law, **TABLES, scales=scales(law), sampler=sampler)
    assert p_values(found, bins=20)["shared_drift"] < FALSE_ALARM / len(found.columns)
