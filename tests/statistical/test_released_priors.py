"""Released priors, made again from the published runs: the same within Monte Carlo error.

``pytest -m slow tests/statistical/test_released_priors.py``; half an hour. Chains of another seed with 200
effective draws put a mean within .3 standard deviations (three standard errors of a difference) and a standard
deviation within a quarter. Of a hundred numbers one may lie further off by chance.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bayeslaw as bl
from bayeslaw.prior.prior import Prior
from bayeslaw.prior.released import released_folder, released_names, released_prior
from bayeslaw.runs import join_runs

DATA = os.environ.get("BAYESLAW_DATA")
FAR = 0.01
"""Share of the numbers that may lie further off, at the most."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(DATA is None, reason="BAYESLAW_DATA does not name the folder of published tables"),
]


def made_again(name: str, folder: Path) -> Prior:
    """A prior from the same runs, with another seed."""
    script = released_folder() / name / "make.py"
    if not script.is_file():  # by the command in its card
        tables = [bl.read_runs(Path(DATA) / "finetune" / f"{task}.csv") for task in ("flan", "gigaword")]
        return bl.fit(join_runs(tables), law=released_prior(name).law.name, seed=7).as_prior(name)
    code = f"import make; make.made(seed=7).save({str(folder / 'prior.json')!r})"
    subprocess.run([sys.executable, "-c", code], cwd=script.parent, check=True)
    return bl.load_prior(folder / "prior.json")


@pytest.mark.parametrize("name", released_names())
def test_it_is_made_again_within_monte_carlo_error(name, tmp_path):
    released, again = released_prior(name).borrowed, made_again(name, tmp_path).borrowed
    assert again.entries == released.entries
    sd, other = np.sqrt(np.diag(released.covariance)), np.sqrt(np.diag(again.covariance))
    moving = sd > 1e-3  # the rest is lent as it is
    shift = np.abs(again.mean - released.mean)[moving] / sd[moving]
    ratio = np.abs(np.log(other / sd))[moving]
    print(f"{name}: {moving.sum()} numbers, shift at most {shift.max():.2f} sd, log ratio of sds {ratio.max():.2f}")
    assert np.mean(shift > 0.3) <= FAR
    assert np.mean(ratio > 0.25) <= FAR
    assert shift.max() < 0.6
    assert ratio.max() < 0.5
