"""The benchmark's parts run, and what it compares with is the same posterior."""

import jax
import numpy as np
import pytest
import sizes
import speed
from numpyro.infer import MCMC, NUTS
from plain import plain_model

from bayeslaw.kinds.registry import build_model
from bayeslaw.laws import get_law
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.sampling.sample import sample


def test_a_gradient_is_timed():
    assert 0 < speed.gradient_seconds(3, chains=2) < 10


def test_simulated_tables_are_read_and_all_alike():
    runs = speed.simulated(4, points=6)
    assert runs.table.groupby("model").size().tolist() == [6] * 4


def test_large_tables_are_of_the_size_that_they_are_called():
    tables = {name: make(np.random.default_rng(0)) for name, (_, make) in sizes.TABLES.items()}
    found = {name: (len(t), t["model"].nunique()) for name, t in tables.items()}
    assert found == {
        "rows": (50_000, 50), "families": (1600, 200), "tasks": (1920, 8), "joint": (2000, 2000),
        "three_hundred": (3600, 300), "three_thousand": (36_000, 3000),
    }  # fmt: skip
    assert tables["families"]["family"].nunique() == 200
    assert tables["three_hundred"]["family"].nunique() == 20
    assert tables["tasks"]["task"].nunique() == 30
    assert all((t["loss"] > 0).all() for t in tables.values())


@pytest.mark.slow
def test_the_plain_model_has_the_same_posterior(two_models, scales):
    """Levels and walks integrated out or sampled: means and sds agree within 4 standard errors (p < .003 in all)."""
    model = build_model(two_models, get_law("rectified"), scales=scales)
    raw = sample(model, SamplerSettings(warmup=500, draws=4000), seed=1).draws
    with jax.enable_x64(True):
        kernel = NUTS(plain_model(model), target_accept_prob=0.99)
        chains = {"num_chains": 4, "chain_method": "vectorized", "progress_bar": False}
        mcmc = MCMC(kernel, num_warmup=1000, num_samples=4000, **chains)
        mcmc.run(jax.random.PRNGKey(2))
        plain = {name: np.asarray(values) for name, values in mcmc.get_samples(group_by_chain=True).items()}
    ours = {
        "noise": np.log(raw.typical_noise[:, 0]),
        "own_drift": np.log(raw.own_drift[:, 0]),
        "shared_drift": np.log(raw.shared_drift[:, 0]),
        "pull": raw.pull[:, 0],
        **{f"level {i}": raw.level[:, i] for i in range(2)},
        **{c.name: raw.coordinates[c.name][:, 0] for c in model.law.coordinates},
        **{f"own walk {i}": raw.own_walk[:, i, 1] / raw.own_drift[:, 0] for i in range(2)},
        "shared walk": raw.shared_walk[:, 0, 1] / raw.shared_drift[:, 0],
    }
    theirs = {
        **{name: np.log(plain[name]) for name in ("noise", "own_drift", "shared_drift")},
        "pull": scales.pull.mean + scales.pull.sd * plain["pull"],
        **{f"level {i}": plain["level"][..., i] for i in range(2)},
        **{c.name: c.mean + c.sd * plain[f"location_{c.name}"] for c in model.law.coordinates},
        **{f"own walk {i}": plain["own"][..., i, 1] for i in range(2)},
        "shared walk": plain["shared"][..., 1],
    }
    for name, values in theirs.items():
        mine = ours[name].reshape(4, -1)
        for statistic in (lambda x: x, lambda x: (x - x.mean()) ** 2):
            a, b = statistic(mine), statistic(values)
            error = np.hypot(*(x.std() / np.sqrt(speed.effective(x)) for x in (a, b)))
            assert abs(a.mean() - b.mean()) < 4 * error, name
