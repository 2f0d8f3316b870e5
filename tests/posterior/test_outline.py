"""What a saved fit is of, told before what answers from it is imported."""

import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from bayeslaw.cli.fitting import open_fit
from bayeslaw.errors import PosteriorFileError
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


def test_a_name_that_commands_the_terminal_is_told_without_its_commands(tmp_path, capsys):
    path = tmp_path / "fit.nc"
    shutil.copy(FITS[0], path)
    path.chmod(0o644)
    with h5py.File(path, "r+") as file:
        file.attrs["law"] = "evil\x1b[31m"
    with pytest.raises(PosteriorFileError, match="altered"):
        open_fit(path, None, quiet=False)
    told = capsys.readouterr().err
    assert "evil [31m law: working out" in told
    assert "\x1b" not in told


def test_the_outline_needs_no_jax():
    script = f"import sys; from bayeslaw.posterior.outline import read_outline; read_outline({str(FITS[0])!r})"
    out = subprocess.run(
        [sys.executable, "-c", f"{script}; print(sorted({{'jax', 'scipy', 'xarray'}} & set(sys.modules)))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert out.stdout.strip() == "[]"
