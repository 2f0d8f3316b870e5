"""What is compiled, when, and where it is kept."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from bayeslaw.kinds.registry import build_model
from bayeslaw.laws import get_law
from bayeslaw.sampling import nuts
from bayeslaw.sampling.compilation_cache import VARIABLE, cache_folder, use_compilation_cache
from bayeslaw.sampling.nuts import SamplerSettings

SIZES = (200.0, 400.0, 800.0, 1600.0)


def only_traced(program):
    """In place of a program: it is traced, as before compiling it, and zeros stand for what it would give."""

    def call(*arguments):
        return jax.tree.map(lambda out: np.zeros(out.shape, out.dtype), program.trace(*arguments).out_info)

    return call


@pytest.mark.core
@pytest.mark.fits
def test_tables_of_one_shape_share_a_program(simulate, monkeypatch):
    traced = []
    for name in ("_start", "_advance"):
        monkeypatch.setattr(nuts, name, only_traced(getattr(nuts, name)))
    right = nuts.potential

    def counting(density, *arguments):
        traced.append(density)
        return right(density, *arguments)

    monkeypatch.setattr(nuts, "potential", counting)
    monkeypatch.setattr(nuts, "value_and_slope", lambda density, data, frame, power, z: (np.zeros(()), z))
    sampler = SamplerSettings(warmup=50, draws=50, max_depth=4)  # nothing else uses these

    def traces(models, sizes, seed):
        before = len(traced)
        runs = simulate({("t", model): sizes for model in models}, seed=seed)
        model = build_model(runs, get_law("rectified"))
        starts = {name: 0.1 * np.ones((4, *shape)) for name, shape in model.sizes().items()}
        chains = nuts.start_chains(model.density, model.data, starts, sampler, seed=seed)
        nuts.advance(chains, 2)
        return len(traced) - before

    assert traces("abc", SIZES, seed=1) > 0
    assert traces("abc", SIZES, seed=2) == 0
    assert traces("xyz", tuple(3 * size for size in SIZES), seed=3) == 0  # other names, other sizes
    assert traces("abc", SIZES[:3], seed=4) == 0  # padded to the same shape
    assert traces("abcd", SIZES, seed=5) > 0  # another number of curves is another program


PROGRAMS = """
import jax, pandas
import bayeslaw
from bayeslaw.kinds.base import log_density
from bayeslaw.kinds.registry import build_model
from bayeslaw.laws import get_law

columns = ["model", "family", "task", "params", "tokens", "loss"]
rows = [(f"m{n}", "f", "t", n * 1e8, d * 1e9, 2 + 1 / n + 1 / d) for n in (1, 2, 4) for d in (2, 4, 8)]
runs = pandas.DataFrame(rows, columns=columns)
scores = runs.assign(accuracy=1 / runs["loss"], questions=500).drop(columns="loss")
sizes = runs.assign(data=runs["tokens"]).drop(columns=["tokens", "params"])
jax.config.update("jax_enable_x64", True)
for table, law in ((sizes, "rectified"), (runs, "chinchilla"), (scores, "trajectory")):
    model = build_model(bayeslaw.read_runs(table), get_law(law))
    position = {name: jax.numpy.zeros(shape) for name, shape in model.sizes().items()}
    slope = jax.jit(jax.grad(log_density, argnums=2), static_argnums=0)
    print(slope.lower(model.density, model.data, position).as_text())
"""


@pytest.mark.core
@pytest.mark.fits
def test_a_program_is_the_same_in_every_process():
    """In any order of sets, which Python draws anew in each process; or what was compiled would not be found again."""

    def programs(seed):
        environment = os.environ | {"PYTHONHASHSEED": str(seed)}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAMS], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    first = programs(0)
    assert first.count("func.func public") == 3
    assert programs(1) == first


@pytest.fixture
def settings_of_jax():
    """Put back what a test changes for the whole process."""
    names = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    names = (*names, "jax_persistent_cache_min_entry_size_bytes")
    before = {name: getattr(jax.config, name) for name in names}
    yield
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.mark.parametrize("off", ["off", "0", "", "No"])
def test_the_cache_can_be_switched_off(monkeypatch, off):
    monkeypatch.setenv(VARIABLE, off)
    assert cache_folder() is None


def test_the_cache_is_in_the_folder_of_the_user(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "bayeslaw" / "compiled"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "bayeslaw" / "compiled"


@pytest.mark.usefixtures("settings_of_jax")
def test_a_place_that_can_not_be_used_is_left_alone(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        monkeypatch.setenv(VARIABLE, str(place))
        before = jax.config.jax_compilation_cache_dir
        use_compilation_cache()
        assert jax.config.jax_compilation_cache_dir == before
    monkeypatch.setenv(VARIABLE, str(tmp_path / "new" / "deep"))
    use_compilation_cache()
    assert Path(jax.config.jax_compilation_cache_dir) == tmp_path / "new" / "deep"
    assert os.path.isdir(tmp_path / "new" / "deep")
