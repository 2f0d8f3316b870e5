"""The backtest of extrapolated curves, from tables to summary."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import bayeslaw.fitting.fit
from bayeslaw.errors import LawError, RunsError
from bayeslaw.evidence import scores
from bayeslaw.evidence.backtest import curve_methods
from bayeslaw.evidence.backtest.curve_cells import read_curves
from bayeslaw.evidence.backtest.curve_methods import BASELINES, answer_jointly, curve_bootstrap
from bayeslaw.evidence.backtest.curves import METHODS, backtest_curves
from bayeslaw.evidence.backtest.scoring import SCORES
from bayeslaw.evidence.backtest.settings import MethodSettings
from bayeslaw.evidence.baselines.curves import CURVE_LAWS, fit_curve
from bayeslaw.sampling.nuts import SamplerSettings

CHOICE = {"rel_acc", "pear_corr", "kendall_tau", "regret", "brier_p_best"}
POINT = {"rmsle", "are_median", "crps_log"}


@pytest.fixture(scope="module")
def baselines(curves):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curve_methods, "BOOTSTRAP_DRAWS", 20)
        return backtest_curves([curves()], methods=tuple(BASELINES))


@pytest.mark.fits
def test_every_curve_is_a_cell_of_every_method(baselines):
    assert {(c["domain"], c["task"], c["method"]) for c in baselines.cells} == {
        (f"D{k}", f"t{k}: {model}", method) for k in (1, 2) for model in "pq" for method in BASELINES
    }
    for cell in baselines.cells:
        has = {name for name, value in cell["scores"].items() if value is not None}
        assert has == (set(SCORES) - CHOICE if "bootstrap" in cell["method"] else POINT), cell["note"]
        assert (cell["budget"], cell["models"], cell["seen"]) == (None, 10, 10)
        assert cell["target"] == {"data": pytest.approx(1e6)}
    json.dumps(baselines.record(), allow_nan=False)


def test_summary_is_by_domain(baselines):
    rows = {(row["method"], row["domain"]): row for row in baselines.summary}
    assert set(rows) == {(method, domain) for method in BASELINES for domain in ("D1", "D2")}
    own = [c["scores"]["rmsle"] for c in baselines.cells if (c["method"], c["domain"]) == ("m2", "D2")]
    assert rows["m2", "D2"]["scores"]["rmsle"] == pytest.approx(np.mean(own))
    assert rows["m2", "D2"]["cells"] == 2


def test_means_by_data_set_pool_the_shots_of_all_tables(curves):
    table = curves().assign(Domain="IC", Task=lambda t: t["Task"].map({"t1": "bird_5", "t2": "bird_10"}))
    more = curves(models=("r",)).assign(Domain="IC", Task=lambda t: t["Task"].map({"t1": "cal_5", "t2": "bird_25"}))
    found = backtest_curves([table, more], methods=("m1", "m2"))
    rows = {(row["method"], row["dataset"]): row for row in found.summary_by_dataset}
    assert set(rows) == {(method, dataset) for method in ("m1", "m2") for dataset in ("bird", "cal")}
    assert [(row["cells"], row["domain"]) for row in rows.values()] == [(5, "IC"), (1, "IC")] * 2
    own = [c["scores"]["rmsle"] for c in found.cells if (c["method"], c["dataset"]) == ("m2", "bird")]
    assert rows["m2", "bird"]["scores"]["rmsle"] == pytest.approx(np.mean(own))
    assert [(row["method"], row["domain"], row["cells"]) for row in found.summary] == [("m1", "IC", 6), ("m2", "IC", 6)]
    assert found.record()["summary_by_dataset"] == list(found.summary_by_dataset)


def test_the_right_law_is_right_and_a_wrong_one_is_not(baselines):
    means = {row["method"]: row["scores"]["rmsle"] for row in baselines.summary if row["domain"] == "D1"}
    assert means["m2"] < 0.01
    assert means["m1"] > 5 * means["m2"]


def test_scores_are_of_the_hidden_points(curves, baselines):
    table = curves()
    own = table[(table["Task"] == "t1") & (table["Model"] == "p")]
    seen, ahead = own[own["Training"] == 1], own[own["Training"] == 0]
    expected = fit_curve(seen["Seen Examples"], seen["Loss"], law="m3").predict(ahead["Seen Examples"])
    cell = next(c for c in baselines.cells if (c["task"], c["method"]) == ("t1: p", "m3"))
    assert cell["scores"]["rmsle"] == pytest.approx(scores.rmsle(expected, ahead["Loss"].to_numpy()))
    np.testing.assert_allclose(cell["predictions"]["predicted"], expected, rtol=1e-5)
    np.testing.assert_allclose(cell["predictions"]["measured"], ahead["Loss"], rtol=1e-5)


def test_a_curve_too_short_for_a_law_says_so(curves):
    found = backtest_curves([curves(sizes=6, seen=4)], methods=("m2", "m4", "m4_bootstrap"))
    notes = {cell["method"]: cell["note"] for cell in found.cells}
    assert notes["m2"] == ""
    assert "has 5 parameters, found 4" in notes["m4"]
    assert "leaves no residuals" in notes["m4_bootstrap"]


def test_unknown_law(curves):
    with pytest.raises(LawError, match="newton"):
        backtest_curves([curves()], law="newton", methods=("bayeslaw",))


@pytest.mark.fits
def test_stored_cells_are_found_again_and_depend_on_what_they_must(curves, tmp_path, monkeypatch):
    monkeypatch.setattr(curve_methods, "BOOTSTRAP_DRAWS", 5)

    def run(table, **options):
        return backtest_curves([table], **{"methods": ("m1", "m4_bootstrap"), "folder": tmp_path, **options})

    table = curves()
    first = run(table)
    assert first.reused == 0
    again = run(table)
    assert again.reused == 8
    assert again.cells == first.cells
    assert run(table, law="other").reused == 8
    assert run(table[table["Model"] == "p"]).reused == 4
    assert run(table, seed=1, methods=("m4_bootstrap",)).reused == 0
    table.loc[19, "Loss"] *= 1.001  # the last point of one curve, which is hidden
    assert run(table).reused == 6


# ----------------------------------------------------------------------------------------------------------- bootstrap


@pytest.mark.parametrize(("law", "tolerance"), [("m2", 1e-6), ("m3", 1e-6), ("m4", 0.05)])
def test_a_refit_from_a_fit_finds_what_a_search_finds(law, tolerance):
    rng = np.random.default_rng(0)
    x = np.geomspace(1e3, 1e6, 30)
    y = 0.3 + 20 * x**-0.5
    near = fit_curve(x, y * np.exp(0.01 * rng.standard_normal(30)), law=law)
    noisy = y * np.exp(0.01 * rng.standard_normal(30))
    again, searched = fit_curve(x, noisy, law=law, near=near), fit_curve(x, noisy, law=law)
    assert again.rmsle == pytest.approx(searched.rmsle, rel=tolerance)
    assert again.params != near.params


@pytest.mark.parametrize("law", CURVE_LAWS)
def test_a_refit_sets_out_from_the_fit_alone(law):
    x = np.geomspace(1e3, 1e6, 30)
    y = (0.3 + 20 * x**-0.5) * np.exp(0.01 * np.random.default_rng(0).standard_normal(30))
    near = fit_curve(x, y, law=law)
    assert fit_curve(x, y, law=law, near=near).params == pytest.approx(near.params, rel=1e-3)


def test_bootstrap_intervals_hold_run_noise():
    """Of many new runs of a curve that the law describes, the 90% interval holds about nine in ten."""
    rng = np.random.default_rng(2)
    x, ahead = np.geomspace(1e3, 1e5, 40), np.geomspace(1.2e5, 2e5, 200)
    truth = lambda x: 0.3 + 20 * x**-0.5  # noqa: E731
    y = truth(x) * np.exp(0.02 * rng.standard_normal(40))
    new = truth(ahead) * np.exp(0.02 * rng.standard_normal(200))
    point, draws = curve_bootstrap(x, y, ahead, law="m2", draws=100, rng=rng)
    covered = scores.intervals(draws, new, levels=(0.9,))
    assert 0.8 <= covered.coverage[0] <= 0.98
    far = curve_bootstrap(x[:20], y[:20], np.array([1e9]), law="m2", draws=100, rng=rng)[1]
    assert np.ptp(np.quantile(np.log(far), (0.05, 0.95))) > 2 * covered.width[0]  # parameters are uncertain too
    assert 2 * 1.64 * 0.02 * 0.8 < covered.width[0] < 2 * 1.64 * 0.02 * 1.5
    np.testing.assert_array_equal(point, fit_curve(x, y, law="m2").predict(ahead))
    with pytest.raises(RunsError, match="no residuals"):
        curve_bootstrap(x[:3], y[:3], ahead, law="m2", draws=10, rng=rng)


# ------------------------------------------------------------------------------------------------------------ bayeslaw

SHORT = SamplerSettings(chains=2, warmup=150, draws=50, target_accept=0.95, enough="FAIL")


@pytest.fixture(scope="module")
def ours(curves):
    """One domain, briefly sampled, predicted three sizes at a time; the sizes to predict differ between curves."""
    table = curves(sizes=12, seen=6)
    table = table[(table["Task"] == "t1") & ~((table["Model"] == "q") & (table["Seen Examples"].between(1.5e5, 1.6e5)))]
    fits = []

    def recorded(*arguments, **options):
        fits.append(real(*arguments, **options))
        return fits[-1]

    real = bayeslaw.fitting.fit.fit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bayeslaw.fitting.fit, "fit", recorded)
        patch.setattr(curve_methods, "_AT_ONCE", 3 * 2 * 2 * 200)
        found = backtest_curves([table], methods=("bayeslaw", "m2"), sampler=SHORT, seed=3)
    return found, fits, read_curves([table]).domains[0]


@pytest.mark.fits
def test_one_fit_answers_all_curves_of_a_domain(ours):
    found, fits, domain = ours
    cells = [cell for cell in found.cells if cell["method"] == "bayeslaw"]
    assert len(fits) == 1
    assert set(fits[0].posterior.runs.models) == {"p", "q"}
    assert [(cell["task"], cell["models"]) for cell in cells] == [("t1: p", 6), ("t1: q", 5)]
    for cell, curve in zip(cells, domain.curves, strict=True):
        assert None not in {n: v for n, v in cell["scores"].items() if n not in CHOICE}.values()
        assert cell["status"] == fits[0].status
        wanted = fits[0].predict(data=list(curve.trial.ahead), seed=8)
        wanted = wanted[(wanted["task"] == curve.task) & (wanted["model"] == curve.model)]
        # other draws of the same posterior: the noise beyond the data is drawn anew
        width = np.log(wanted["p95"] / wanted["p05"]).to_numpy()
        np.testing.assert_array_less(np.abs(np.log(cell["predictions"]["predicted"] / wanted["median"])), 0.25 * width)
        np.testing.assert_array_equal(cell["predictions"]["data"], curve.trial.ahead)


@pytest.mark.fits
def test_draws_belong_to_their_points(ours, monkeypatch):
    """Each curve gets its own draws at its own sizes, in the order of its points, however sizes are chunked."""
    _, fits, domain = ours
    monkeypatch.setattr(bayeslaw.fitting.fit, "fit", lambda *a, **k: fits[0])
    p, q = answer_jointly(domain, MethodSettings())
    assert p.draws.shape[1] == 6
    assert q.draws.shape[1] == 5
    assert len(p.draws) == fits[0].posterior.flat("level").shape[0]
    sizes = domain.curves[0].trial.ahead
    whole = fits[0].predictions([{"data": float(x)} for x in sizes]).linked
    for answer, k in ((p, 0), (q, 1)):
        own = whole[:, k, np.isin(sizes, domain.curves[k].trial.ahead)]
        assert np.all(np.abs(np.log(answer.predicted) - np.median(own, axis=0)) < 0.3 * own.std(axis=0))
    monkeypatch.setattr(curve_methods, "DRAWS_KEPT", 50)
    assert 40 <= len(answer_jointly(domain, MethodSettings())[0].draws) <= 50


DATA = os.environ.get("BAYESLAW_DATA")


@pytest.mark.skipif(DATA is None, reason="BAYESLAW_DATA does not name the folder of published tables")
def test_published_curves():
    found = backtest_curves([Path(DATA) / "extrapolation" / "language.csv"], methods=("m1", "m2", "m3"))
    means = {(row["method"], row["domain"]): row for row in found.summary}
    assert {key: row["cells"] for key, row in means.items() if key[0] == "m1"} == {
        ("m1", "NMT"): 5,
        ("m1", "LM"): 5,
        ("m1", "BB"): 10,
    }
    assert means["m1", "NMT"]["scores"]["rmsle"] == pytest.approx(0.2217, abs=2e-4)
    assert means["m2", "NMT"]["scores"]["rmsle"] == pytest.approx(0.0482, abs=2e-4)
    assert means["m3", "BB"]["scores"]["rmsle"] == pytest.approx(0.0105, abs=2e-4)
    assert METHODS[0] == "bayeslaw"
