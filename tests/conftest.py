"""Shared by the tests: synthetic tables, and fits that were not sampled."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayeslaw
from bayeslaw.fitting.assemble import assemble
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.scales import Foretold, LogNormal
from bayeslaw.kinds.surfaces.priors import SurfacePriors
from bayeslaw.laws import get_law
from bayeslaw.lending.lend import as_prior
from bayeslaw.runs import read_runs
from bayeslaw.sampling.compilation_cache import VARIABLE, use_compilation_cache
from bayeslaw.sampling.nuts import RawDraws, SamplerSettings
from bayeslaw.sampling.sample import Sampled
from tests.dense import Dense, left, log_rectified, relaxing_kernel, walk_kernel

SIZES = (200.0, 400.0, 800.0, 1600.0, 3200.0)


def _simulate(sizes, *, seed=0, repeats=1, noise=0.006, own=0.008, shared=0.012, loss_se=None, families=None):
    """Draw a table from the model itself; ``sizes`` maps (task, model) to the sizes of its runs."""
    rng = np.random.default_rng(seed)
    rows = []
    reference = max(max(s) for s in sizes.values())
    for task in dict.fromkeys(task for task, _ in sizes):
        common = {"log_beta": rng.normal(-1.5, 0.2), "floor": rng.normal(-1.5, 0.3), "phase": rng.normal(0.0, 1.0)}
        every = np.unique(np.log([x for (k, _), s in sizes.items() if k == task for x in s]))
        s = every - every[0]
        own_root, shared_root = (
            np.linalg.cholesky(kernel(s, s) + 1e-12 * np.eye(len(s))) for kernel in (relaxing_kernel, walk_kernel)
        )
        together = shared * shared_root @ rng.standard_normal(len(every))
        for model in [m for k, m in sizes if k == task]:
            walk = together + own * own_root @ rng.standard_normal(len(every))
            height = 0.1 * rng.standard_normal()
            walk += np.log(3.0) + height * left(s)
            for size in sizes[task, model]:
                mean = log_rectified(common, size, reference) + walk[np.searchsorted(every, np.log(size))]
                for run in range(repeats):
                    family = (families or {}).get(model, model)
                    row = {"task": task, "family": family, "model": model, "data": size, "seed": run}
                    row["loss"] = np.exp(mean + noise * rng.standard_normal())
                    if loss_se is not None:
                        row["loss_se"] = loss_se * rng.uniform(0.3, 1.5)
                    rows.append(row)
    return read_runs(pd.DataFrame(rows))


def _random_position(model, rng, scale=1.0):
    return {name: scale * rng.standard_normal(shape) for name, shape in model.sizes().items()}


@pytest.fixture(scope="session", autouse=True)
def interrupts():
    """Where tests run in the background a shell may have had interrupts ignored, which all that they start inherits."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def simulate():
    return _simulate


@pytest.fixture(scope="session")
def dense():
    return Dense


@pytest.fixture(scope="session")
def random_position():
    return _random_position


@pytest.fixture(scope="session")
def three_models(simulate):
    """Three models of one task at five sizes."""
    return simulate({("task", name): SIZES for name in "abc"}, seed=3)


def _forge(runs, positions, seed=0, pooling=None, law="rectified", prior=None, scales=None):
    """A posterior of a table whose positions, each entry (S, ...), were not sampled but given; cut into four chains."""
    borrowed = None if prior is None else prior.borrowed
    model = build_model(runs, get_law(law), pooling=pooling, borrowed=borrowed, scales=scales)
    draws = len(next(iter(positions.values()))) // 4
    positions = {name: np.asarray(values)[: 4 * draws] for name, values in positions.items()}
    rng = np.random.default_rng([seed, 99])
    shape = (4, draws)
    raw = RawDraws(
        {name: values.reshape(*shape, *values.shape[1:]) for name, values in positions.items()},
        np.zeros(shape, bool), np.full(shape, 7), rng.standard_normal(shape), np.full(shape, 0.9),
        np.zeros(shape),
    )  # fmt: skip
    completed = model.complete(positions, np.random.default_rng(seed))
    sampled = Sampled(completed, raw, (), (), SamplerSettings(), 1.0)
    return assemble(runs, get_law(law), model, sampled, seed, prior=prior)


def _forge_at_random(runs, draws=200, seed=3, scale=0.5, pooling=None, law="rectified", prior=None):
    """A posterior of a table whose positions were drawn about the centre of the prior."""
    borrowed = None if prior is None else prior.borrowed
    model = build_model(runs, get_law(law), pooling=pooling, borrowed=borrowed)
    rng = np.random.default_rng(seed)
    positions = {name: scale * rng.standard_normal((draws, *shape)) for name, shape in model.sizes().items()}
    return _forge(runs, positions, seed, pooling, law, prior)


def _chinchilla(params, data, constants=(1.8, 480.0, 2000.0, 0.35, 0.37)):
    E, A, B, alpha, beta = constants
    return E + A / np.asarray(params) ** alpha + B / np.asarray(data) ** beta


def _surface(families, *, noise=0.004, offset=0.0, bad=(), seed=0, constants=(1.8, 480.0, 2000.0, 0.35, 0.37)):
    """Runs of a Chinchilla law: family -> (sizes of models, tokens each is measured at); factors on bad runs."""
    rng = np.random.default_rng(seed)
    rows = []
    for family, (sizes, tokens) in families.items():
        for params in sizes:
            common = offset * rng.standard_normal()
            for data in tokens:
                log_loss = np.log(_chinchilla(params, data, constants)) + common + noise * rng.standard_normal()
                row = {"model": f"{family}-{params:g}", "family": family, "task": "t", "params": params, "tokens": data}
                rows.append(row | {"loss": np.exp(log_loss)})
    frame = pd.DataFrame(rows)
    for i, factor in bad:
        frame.loc[i, "loss"] *= factor
    return read_runs(frame)


@pytest.fixture(scope="session")
def chinchilla():
    """The law of ``surface`` in plain numpy."""
    return _chinchilla


@pytest.fixture(scope="session")
def surface():
    return _surface


@pytest.fixture(scope="session")
def forge():
    return _forge


@pytest.fixture(scope="session")
def forge_at_random():
    return _forge_at_random


@pytest.fixture(scope="session")
def two_tasks(simulate):
    """Two tasks of three models each, at five sizes."""
    return simulate({(task, name): SIZES for task in ("flan", "gigaword") for name in "abc"}, seed=4)


@pytest.fixture(scope="session")
def prior(forge_at_random, two_tasks):
    """A prior that costs no sampling, which knows the tasks of ``two_tasks``."""
    return as_prior(forge_at_random(two_tasks), "known")


@pytest.fixture(scope="session")
def two_models(simulate):
    """Two models with three runs each: few dimensions, and data that say something of most of them."""
    return simulate({("t", "a"): (200.0, 800.0, 3200.0), ("t", "b"): (200.0, 800.0, 3200.0)}, seed=12)


@pytest.fixture(scope="session")
def settings():
    """One sampler for all tests that sample ``two_models``: compiling it takes longer than anything it does."""
    return SamplerSettings(chains=4, warmup=300, draws=100, target_accept=0.95)


@pytest.fixture(scope="session")
def scales():
    """Priors of the scales that stay when the defaults are tuned."""
    return ScalePriors(
        noise=LogNormal(0.006, 0.7), own_drift=LogNormal(0.016, 0.7), shared_drift=LogNormal(0.02, 0.5),
        own_change=Foretold(0.015, 0.5, 0.6, 0.03, 1.0), shared_change=Foretold(0.007, 0.3, 0.5, 0.03, 1.0),
    )  # fmt: skip


def _known_changes(own, shared, df=1e9, scales=None):
    """Priors of scales by which slopes change at these rates whatever the table: normal, but for other ``df``."""
    own, shared = (Foretold(rate, exponent=0.0, sd=0.0, typical=0.03, spread=1.0) for rate in (own, shared))
    return replace(scales or ScalePriors(), own_change=own, shared_change=shared, change_df=df)


@pytest.fixture(scope="session")
def known_changes():
    return _known_changes


def _known_misfit(scale):
    """Priors of scales of joint laws whose errors beyond the data have this scale whatever the table."""
    return SurfacePriors(misfit=Foretold(scale, exponent=0.0, sd=0.0, typical=0.01, spread=1.0))


@pytest.fixture(scope="session")
def known_misfit():
    return _known_misfit


@pytest.fixture(scope="session")
def pooling():
    """A pooling with effects at a level of each kind that ``two_models`` has."""
    return {"phase": "model"}


@pytest.fixture(scope="session")
def fitted(two_models, settings, scales, pooling):
    return bayeslaw.fit(two_models, scales=scales, pooling=pooling, sampler=settings, seed=5)


SLOW_LIMIT = 4 * 3600
"""Seconds that one test of the long suites may take."""


def pytest_addoption(parser):
    parser.addoption("--update-snapshots", action="store_true", help="Write the files in tests/snapshots again.")


LIGHTER = "--xla_cpu_use_fusion_emitters=false --xla_backend_optimization_level=1"
"""Fewer optimisations: compiling, which takes most of the time of tests, takes half as long, and a step of NUTS a tenth
more. The slow suites, and whoever sets XLA_FLAGS, be it to nothing, compile otherwise."""


def pytest_configure(config):
    """Compile with fewer optimisations, keep compiled programs, and keep workers out of each other's way.

    Programs are kept for the other worker, for processes that tests start, and for the next time; by their content, so
    that a change of the code never meets a program of what it was before. Threads of linear algebra of one worker would
    wait for the processor while the other works; workers take them as they are set here.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if "XLA_FLAGS" not in os.environ and config.option.markexpr != "slow" and is_known(LIGHTER):
        os.environ["XLA_FLAGS"] = LIGHTER
    if VARIABLE not in os.environ and hasattr(config, "cache"):
        os.environ[VARIABLE] = str(config.cache.mkdir("compiled"))
    use_compilation_cache()


def is_known(flags):
    """Whether XLA knows flags; it ends the process where it does not."""
    asked = [sys.executable, "-c", "import jax; jax.devices()"]
    return subprocess.run(asked, env={**os.environ, "XLA_FLAGS": flags}, capture_output=True).returncode == 0


@pytest.hookimpl(tryfirst=True)  # before marks are selected by
def pytest_collection_modifyitems(items):
    for item in items:
        slow = item.get_closest_marker("slow")
        if slow and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_LIMIT))
        if not slow and not item.get_closest_marker("fits"):
            item.add_marker(pytest.mark.quick)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport():
    """In CI with the published measurements, a test that is skipped for want of them has failed."""
    report = yield
    reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    if "BAYESLAW_DATA" in reason and os.environ.get("CI") and os.environ.get("BAYESLAW_DATA"):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: not run, although CI has the folder. {reason}"
    return report
