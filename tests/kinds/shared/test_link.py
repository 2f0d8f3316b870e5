"""Losses that may be negative: the identity link, in a unit of the table, from the reader to the answers."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.errors import LawError, RunsError
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.averaging import condense
from bayeslaw.kinds.shared.outcome import LOSS, outcome_of_law
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs
from bayeslaw.sampling.nuts import SamplerSettings

LAW = "chinchilla(link=identity)"
E, A, B, ALPHA, BETA = -4.0, 0.9, 1.1, 0.4, 0.3
"""Of a law at 1e8 parameters and 1e9 tokens."""


def frame(unit=1.0, zero=0.0):
    rng = np.random.default_rng(0)
    rows = [(n, d) for n in (1e7, 3e7, 1e8, 3e8, 1e9) for d in (1e8, 1e9, 1e10, 1e11)]
    table = pd.DataFrame(rows, columns=["params", "data"]).assign(family="f", task="t")
    table["model"] = table["params"].map("{:g}".format)
    truth = E + A * (table["params"] / 1e8) ** -ALPHA + B * (table["data"] / 1e9) ** -BETA
    return table.assign(loss=unit * (truth + 0.01 * rng.standard_normal(len(table)) + zero))


@pytest.fixture(scope="module")
def fit():
    seen = frame().query("data < 1e11")
    return bl.fit(read_runs(seen), law=LAW, sampler=SamplerSettings(warmup=300, draws=250), seed=0)


def test_a_table_of_negative_losses_is_read_and_said():
    runs = read_runs(frame())
    assert (runs.table["loss"] < 0).any()
    assert any("link=identity" in note for note in runs.notes)
    few = frame().assign(loss=np.r_[-0.1, np.full(19, 2.0)])
    with pytest.raises(RunsError, match=r"row 1, column 'loss': found -0\.1, expected a positive number"):
        read_runs(few)


def test_laws_of_log_losses_refuse_them_and_say_which_do_not():
    for law in ("chinchilla", "rectified"):
        with pytest.raises(LawError, match=r"logarithm of a positive loss, but row \d+ has -.*link=identity"):
            build_model(read_runs(frame()), get_law(law))


@pytest.mark.parametrize("law", [LAW, "rectified(link=identity)"])
def test_neither_unit_nor_zero_of_the_loss_matters(law):
    first, other = (build_model(read_runs(frame(unit=u, zero=z)), get_law(law)) for u, z in ((1.0, 0.0), (30.0, -2.0)))
    np.testing.assert_allclose(first.data.log_loss, other.data.log_loss, atol=1e-8)
    assert np.std(first.layout.y[first.layout.weight > 0]) == pytest.approx(0.2)
    assert other.layout.reference["loss"] == pytest.approx(30 * first.layout.reference["loss"])


def test_standard_errors_are_counted_in_the_unit_of_the_table():
    told = frame().assign(loss_se=0.02)
    layout = build_model(read_runs(told), get_law(LAW)).layout
    se = 0.02 / layout.reference["loss"][0]
    np.testing.assert_allclose(layout.weight[layout.weight > 0], 0.005**2 / (0.005**2 + se**2))


def test_averages_of_losses_that_may_be_negative_are_plain():
    values = pd.DataFrame({"data": [1.0, 1.1, 1.15], "loss": [-1.0, -2.0, 0.0]})
    curve = pd.DataFrame({"model": ["a"] * 3})
    _, means, _ = condense(curve, values, pd.Series(np.ones(3)), "data")
    assert means["loss"].tolist() == [-1.0]
    assert means["data"].tolist() == pytest.approx([np.prod(values["data"]) ** (1 / 3)])


def test_links_are_inverted():
    outcome = dataclasses.replace(outcome_of_law(LOSS, get_law(LAW)), scale=2.5)
    values = np.array([-3.0, 0.0, 4.0])
    np.testing.assert_allclose(outcome.inverse(outcome.link(values)), values)
    assert (outcome.linked_unit, LOSS.linked_unit) == ("2.5 loss", "log loss")
    np.testing.assert_allclose(outcome.linked_error(np.array([5.0]), np.array([-3.0])), [2.0])


@pytest.mark.fits
def test_a_fit_foretells_them_and_says_its_link(fit, tmp_path):
    hidden = frame().query("data == 1e11")
    told = fit.predict(data=1e11)
    assert (fit.status, fit.posterior.provenance()["link"]) != ("FAIL", "log")
    truth = E + A * (hidden["params"].to_numpy() / 1e8) ** -ALPHA + B * 100**-BETA
    assert np.mean((told["p05"].to_numpy() < truth) & (truth < told["p95"].to_numpy())) >= 0.8
    np.testing.assert_allclose(told["median"], truth, atol=0.1)
    fit.save(tmp_path / "fit.nc")
    again = bl.load(tmp_path / "fit.nc")
    assert again.predict(data=1e11).equals(told)
    found = fit.parameters().to_frame().set_index("name")
    assert found.loc["E", "p05"] < E < found.loc["E", "p95"]
    assert found.loc["alpha", "p05"] < ALPHA < found.loc["alpha", "p95"]
    assert found.loc["noise", "unit"].endswith(" loss")


def test_densities_of_two_links_are_not_compared():
    positive = read_runs(frame(zero=10.0))
    with pytest.raises(LawError, match=r"chinchilla\(link=identity\) law is of loss, the chinchilla law of log loss"):
        bl.compare(positive, ["chinchilla", LAW])


def test_losses_far_beyond_all_numbers_are_finite():
    """Noise of a table with gross outliers may have tails so heavy that a draw of a loss has no double."""
    with np.errstate(all="raise"):
        assert np.isfinite(np.std(LOSS.inverse(np.array([1e4, 0.0]))))
