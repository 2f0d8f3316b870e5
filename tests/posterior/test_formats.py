"""Fits that were saved by earlier versions are read, and answer what they answered then."""

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from make_fixture import FOLDER, told

import bayeslaw as bl
from bayeslaw.posterior.file import FORMAT

FILES = sorted(FOLDER.glob("*.nc"))


def test_there_is_a_file_of_today_for_every_kind():
    assert {path.stem for path in FILES} >= {f"format_{FORMAT}_{name}" for name in ("slope", "level", "surface")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_saved_fit_answers_what_it_did(path):
    found, then = told(bl.load(path)), json.loads(path.with_suffix(".json").read_text())
    assert set(found) == set(then)
    for name, values in then.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-7, err_msg=name)


@pytest.mark.fits
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_of_it_follows_from_constants_of_today(path, monkeypatch):
    """Knots, springs, reach, departures and changes of slope are read, not computed anew."""
    from bayeslaw.kinds.curves import origins, priors, spring, walks
    from bayeslaw.kinds.surfaces import field

    fit = bl.load(path)
    at = [{name: 3.0 * float(values.max()) for name, values in fit.posterior.layout.covariates.items()}]
    before, ahead = told(fit), fit.predictions(at).values
    monkeypatch.setattr(walks, "MIN_GAP", 1.0)
    monkeypatch.setattr(walks, "MAX_KNOTS", 2)
    monkeypatch.setattr(walks, "MAX_LEVEL_KNOTS", 2)
    monkeypatch.setattr(field, "REACH", 3.0)
    monkeypatch.setattr(origins, "LAST_SIZES", (3, 2))
    monkeypatch.setattr(priors.ScalePriors.__init__, "__defaults__", (None,) * len(fields(priors.ScalePriors)))
    monkeypatch.setattr(spring.Spring.__init__, "__defaults__", (0.2, 0.3, 1.0))
    after = bl.load(path)
    assert told(after) == before
    assert np.isfinite(ahead).all()
    np.testing.assert_array_equal(after.predictions(at).values, ahead)


def test_the_files_are_small():
    assert max(path.stat().st_size for path in Path(FOLDER).iterdir()) < 150_000
