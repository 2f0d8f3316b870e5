"""What a saved fit is of, told before what answers from it is imported."""

import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from bayeslaw.posterior.file import load_posterior
from bayeslaw.posterior.outline import read_outline

FITS = sorted(Path(__file__).with_name("fits").glob("*.nc"))


@pytest.mark.parametrize("path", FITS, ids=lambda path: path.stem)
def test_the_outline_of_a_saved_fit(path):
    whole = load_posterior(path)
    assert read_outline(path) == (len(whole.runs.models), len(whole.runs.table), whole.law.name)


def test_what_is_no_fit_has_no_outline(tmp_path):
    text, other, bare = tmp_path / "a.nc", tmp_path / "b.nc", tmp_path / "c.nc"
    text.write_text("model,data,loss\n")
    with h5py.File(other, "w") as file:
        file["x"] = [1.0]
    with h5py.File(bare, "w") as file:
        file.create_group("runs")["column_0"] = [1.0]
    assert [read_outline(path) for path in (text, other, bare, tmp_path / "none.nc", tmp_path)] == [None] * 5


def test_the_outline_needs_no_jax():
    script = f"import sys; from bayeslaw.posterior.outline import read_outline; read_outline({str(FITS[0])!r})"
    out = subprocess.run(
        [sys.executable, "-c", f"{script}; print(sorted({{'jax', 'scipy', 'xarray'}} & set(sys.modules)))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert out.stdout.strip() == "[]"
