"""Fits, priors, comparisons and backtests with laws of one's own, and the example of one."""

import dataclasses
import importlib.metadata
import json
import runpy
from importlib.metadata import EntryPoint
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import bayeslaw as bl
from bayeslaw.errors import LawError, PosteriorFileError, PriorError
from bayeslaw.evidence.backtest.settings import MethodSettings, checked_law
from bayeslaw.evidence.comparison import judging
from bayeslaw.fitting.build import open_prior
from bayeslaw.fitting.facade import Fit
from bayeslaw.laws import get_law, registry
from bayeslaw.lending.lend import as_prior
from bayeslaw.prior.prior import load_prior
from bayeslaw.sampling.nuts import SamplerSettings

EXAMPLE = Path(bl.__file__).parents[1] / "examples" / "own_law.py"


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """The registry of a test, empty at first."""
    names = {}
    monkeypatch.setattr(registry, "_REGISTERED", names)
    return names


@pytest.fixture(scope="module")
def law():
    return bl.load_law(EXAMPLE)


def another(law, **changes):
    return dataclasses.replace(law, **changes)


def steeper(law):
    """A law of the same name whose values are others."""
    return another(law, log_shape=lambda c, x, ref: 1.01 * law.log_shape(c, x, ref))


@pytest.fixture
def forged(law, registered, forge_at_random, two_tasks):
    """A fit of the law that costs no sampling; the law is not registered when a test begins."""
    bl.register_law(law)
    fit = Fit(forge_at_random(two_tasks, law="shifted_power"))
    registered.clear()
    return fit


@pytest.mark.fits
def test_a_saved_fit_is_loaded_where_its_law_is_at_hand(law, forged, tmp_path):
    path = tmp_path / "fit.nc"
    forged.save(path)
    says = r"law 'shifted_power', which is not at hand\. .*--law FILE\.py.*load\(path, law=\.\.\.\) or register_law"
    with pytest.raises(PosteriorFileError, match=says):
        bl.load(path)
    loaded = bl.load(path, law=law)
    assert loaded.posterior.law is law
    at = [{"data": 12_800.0}]
    np.testing.assert_array_equal(loaded.predictions(at).linked, forged.predictions(at).linked)
    for changed in (steeper(law), another(law, coordinates=law.coordinates[::-1])):
        with pytest.raises(PosteriorFileError, match=r"another form of the law 'shifted_power' than the one at hand"):
            bl.load(path, law=changed)
    with pytest.raises(PosteriorFileError, match=r"of the law 'shifted_power', found law='vanilla'"):
        bl.load(path, law=get_law("vanilla"))
    bl.register_law(law)
    assert bl.load(path).posterior.law is law


def test_a_fit_of_an_installed_law_that_is_broken_says_so(forged, tmp_path, monkeypatch):
    forged.save(tmp_path / "fit.nc")
    points = [EntryPoint("shifted_power", "nothing_of_the_kind:LAW", "bayeslaw.laws")]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)
    with pytest.raises(PosteriorFileError, match=r"fit of the law 'shifted_power'\. The package .*ModuleNotFoundError"):
        bl.load(tmp_path / "fit.nc")


def test_a_prior_is_read_where_its_law_is_at_hand(law, forged, tmp_path):
    path = tmp_path / "prior.json"
    made = as_prior(forged.posterior, "own")
    made.save(path)
    says = (
        r"a prior of the law 'shifted_power', which is not at hand\. .*--law FILE\.py.*load_prior\(path, law=\.\.\.\)"
    )
    for read in (load_prior, open_prior):
        with pytest.raises(PriorError, match=says):
            read(path)
    with pytest.raises(PriorError, match="not at hand"):  # the law of another name does not help
        load_prior(path, law=get_law("vanilla"))
    assert load_prior(path, law=law).sha256 == open_prior(path, law).sha256 == made.sha256
    with pytest.raises(PriorError, match="another form of the law 'shifted_power'"):
        load_prior(path, law=steeper(law))
    bl.register_law(law)
    assert load_prior(path).law is law


def test_a_prior_lends_to_fits_of_its_own_form_alone(law, forged, two_tasks, simulate):
    made = as_prior(forged.posterior, "own")
    others = simulate({("flan", name): (200.0, 800.0) for name in "xy"}, seed=9)
    made.require_fits(others, law)
    made.require_fits(others, another(law))  # equal to it in all that it says
    with pytest.raises(PriorError, match="one of another form of the shifted_power law than the fit"):
        made.require_fits(others, steeper(law))


@pytest.mark.fits
def test_a_fit_with_a_prior_of_ones_own_law_comes_back(law, forged, registered, forge_at_random, simulate, tmp_path):
    prior = as_prior(forged.posterior, "own")
    others = simulate({("flan", name): (200.0, 800.0, 3200.0) for name in "xyz"}, seed=9)
    bl.register_law(law)
    Fit(forge_at_random(others, law="shifted_power", prior=prior)).save(tmp_path / "fit.nc")
    registered.clear()
    assert bl.load(tmp_path / "fit.nc", law=law).posterior.prior.sha256 == prior.sha256
    assert open_prior(tmp_path / "fit.nc", law).law is law  # a prior of the saved fit


@pytest.mark.fits
def test_laws_of_ones_own_are_compared_with_others(law, two_tasks, registered, forge_at_random, monkeypatch):
    asked = []

    def forging(runs, *, law, **_):
        asked.append(law)
        registered[law.name] = law
        return Fit(forge_at_random(runs, law=law.name))

    monkeypatch.setattr(judging, "fit", forging)
    found = bl.compare(two_tasks, [law, "vanilla"], folds=1)
    assert {score.law for score in found.laws} == set(found.fits) == {"shifted_power", "vanilla"}
    assert asked.count(law) == asked.count(get_law("vanilla")) == 2
    for laws in ([law], law, [law, another(law, source="x")], ["vanilla", law, get_law("vanilla")]):
        with pytest.raises(LawError, match=r"two or more different laws, found (shifted_power|vanilla)"):
            bl.compare(two_tasks, laws)
    with pytest.raises(LawError, match="no law 'newton'"):
        bl.compare(two_tasks, [law, "newton"])


def test_backtests_of_ones_own_law_depend_on_all_that_it_says(law):
    assert checked_law("vanilla") == "vanilla"
    assert checked_law("multiplicative(params)") == "multiplicative(params)"
    bl.register_law(law)
    assert checked_law("shifted_power") is checked_law(law) is law
    with pytest.raises(LawError, match="newton"):
        checked_law("newton")
    wider = tuple(dataclasses.replace(c, sd=2 * c.sd) for c in law.coordinates)
    changed = (steeper(law), another(law, coordinates=wider))
    told = [json.dumps(MethodSettings(one).as_dict("bayeslaw")) for one in (law, *changed)]
    assert len(set(told)) == 3
    assert told[0] == json.dumps(MethodSettings(another(law, source="x")).as_dict("bayeslaw"))


def test_the_example_is_the_law_that_it_says(law):
    E, B, beta, d_0, ref = 1.5, 20.0, 0.4, 700.0, 51_200.0
    data = np.array([200.0, 3200.0, 51_200.0, 1e6])
    loss = E + B * (data + d_0) ** -beta
    at_ref = E + B * (ref + d_0) ** -beta
    coordinates = {"log_beta": np.log(beta), "floor": np.log(E / (at_ref - E)), "shift": np.log(d_0 / ref)}
    found = law.log_shape(coordinates, {"data": data}, {"data": ref})
    np.testing.assert_allclose(np.asarray(found), np.log(loss / at_ref), rtol=1e-5)
    reported = law.natural(coordinates, jnp.log(at_ref), {"data": ref})
    assert {n: float(v) for n, v in reported.items()} == pytest.approx(
        {"E": E, "B": B, "beta": beta, "D_0": d_0}, rel=1e-4
    )


@pytest.mark.fits
def test_the_example_runs(capsys):
    choice = runpy.run_path(str(EXAMPLE))["choose"](SamplerSettings(chains=2, warmup=100, draws=50))
    told = capsys.readouterr().out
    assert "13 of 13 checks pass" in told
    assert choice.sentence in told
    assert choice.sentence.startswith("At data = 51,200 choose ")
