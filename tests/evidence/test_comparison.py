"""Laws compared on tables whose law is known, and the mixture of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayeslaw.answers.prediction import predict
from bayeslaw.errors import LawError, RunsError, TargetError
from bayeslaw.evidence.comparison.asked import compare
from bayeslaw.evidence.comparison.compare import Comparison, _checks, require_alike
from bayeslaw.evidence.comparison.holdouts import rolling_holdouts
from bayeslaw.evidence.comparison.law_scores import LawScore
from bayeslaw.evidence.comparison.plan import usable
from bayeslaw.fitting.facade import Fit
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs
from bayeslaw.sampling.nuts import SamplerSettings

CURVES, SURFACES = kind_of(get_law("vanilla")), kind_of(get_law("chinchilla"))
QUICK = SamplerSettings(chains=2, warmup=150, draws=150)


@pytest.fixture(scope="module")
def found():
    """Curves flat at first and then falling, which one exponent cannot follow."""
    rng, rows = np.random.default_rng(2), []
    for m in range(6):
        for d in 50.0 * 2.0 ** np.arange(9):
            level = 1.0 + 0.03 * rng.standard_normal()
            rows.append((f"m{m}", d, level * 40.0 / (20.0 + d**0.45) * np.exp(0.002 * rng.standard_normal())))
    runs = read_runs(pd.DataFrame(rows, columns=["model", "data", "loss"]))
    seen = []
    told = compare(runs, ["vanilla", "rectified"], folds=1, sampler=QUICK, progress=lambda *step: seen.append(step))
    return runs, told, seen


@pytest.mark.fits
def test_every_held_out_run_is_scored_by_every_law(found):
    runs, told, seen = found
    assert set(told.held_out["law"]) == {"vanilla", "rectified"}
    assert set(told.held_out["data"]) == {runs.table["data"].max()}
    assert len(told.held_out) == 12
    assert [done for _, done, _ in seen] == [0, 1, 2, 3, 4]
    assert {total for _, _, total in seen} == {4}
    assert seen[0][0] == "vanilla, fold 1"


@pytest.mark.fits
def test_scores_are_means_of_those_of_the_runs(found):
    _, told, _ = found
    assert sum(score.weight for score in told.laws) == pytest.approx(1.0)
    best, second = told.laws
    assert (best.behind, best.behind_se) == (0.0, 0.0)
    for score in told.laws:
        rows = told.held_out[told.held_out["law"] == score.law]
        assert score.log_score == pytest.approx(rows["log_score"].mean())
        assert score.coverage_90 == np.mean((rows["p05"] <= rows["loss"]) & (rows["loss"] <= rows["p95"]))
        assert score.are_median == pytest.approx(np.median(np.abs(rows["median"] / rows["loss"] - 1)))
        assert score.loo.runs == len(told.fits[score.law].posterior.runs.table)
    assert second.behind == pytest.approx(best.log_score - second.log_score)
    assert set(told.to_frame()["law"]) == {"vanilla", "rectified"}


@pytest.mark.fits
def test_the_mixture_takes_its_draws_from_each_law_by_weight(found):
    _, told, _ = found
    at = [{"data": 1e5}, {"data": 1e6}]
    mixed = told.predict(at, seed=3)
    single = {law: predict(fit.posterior, at, seed=3).linked for law, fit in told.fits.items()}
    weight = {score.law: score.weight for score in told.laws}
    draws = {law: set(values[:, 0, 1].tolist()) for law, values in single.items()}
    for law, known in draws.items():
        share = np.mean([value in known for value in mixed.linked[:, 0, 1].tolist()])
        assert share == pytest.approx(weight[law], abs=5 * np.sqrt(0.25 / len(mixed.linked)))
    joint = {tuple(row) for values in single.values() for row in values.reshape(len(values), -1)}
    assert all(tuple(row) in joint for row in mixed.linked.reshape(len(mixed.linked), -1))


@pytest.mark.fits
def test_few_held_out_runs_are_said_to_decide_little(found):
    _, told, _ = found
    check = {c.name: c for c in told.checks}["held_out_runs"]
    assert (check.status, check.value) == ("REVIEW", 6)


@pytest.mark.fits
def test_errors_teach(found, surface):
    runs, _, _ = found
    with pytest.raises(
        LawError, match=r"two or more different laws, found vanilla\. Laws that <DataFrame> can feed: broken"
    ):
        compare(runs, ["vanilla"])
    with pytest.raises(LawError, match="two or more different laws"):
        compare(runs, ["vanilla", "vanilla"])
    with pytest.raises(LawError, match=r"two or more different laws, found multiplicative, multiplicative\."):
        compare(runs, ["multiplicative", "multiplicative(params)"])
    with pytest.raises(LawError, match=r"two or more different laws, found vanilla\."):
        compare(runs, "vanilla")
    sizes = surface({"x": ((1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10))})
    with pytest.raises(LawError, match="or compare joint laws only"):
        compare(sizes, ["chinchilla", "rectified"], along="params")
    with pytest.raises(LawError, match="needs 'params'"):
        compare(runs, ["vanilla", "chinchilla"])
    for along in ("depth", "loss", "row", "model"):
        with pytest.raises(RunsError, match=f"found along='{along}', expected one of data, params"):
            compare(sizes, ["chinchilla", "overtraining"], along=along)


def test_laws_that_take_a_point_for_different_things_do_not_mix():
    laws = [get_law("chinchilla"), get_law("data_constrained")]
    require_alike(laws, [{"data": 1e9}, {"params": 1e9, "data": 1e9, "unique_data": 1e8}])
    with pytest.raises(TargetError, match="chinchilla would predict a new model, the other laws those of the table"):
        require_alike(laws, [{"params": 1e9, "data": 1e9}])


def test_runs_of_a_wide_table_are_counted_one_by_one():
    sizes = [str(100 * 2**k) for k in range(5)]
    wide = pd.DataFrame([{"model": m, **dict(zip(sizes, 3.0 - 0.1 * np.arange(5), strict=True))} for m in "abc"])
    runs = read_runs(wide)
    whole = rolling_holdouts(runs, "data", 2)
    kept = [usable(holdout, runs, ["data"], "data", {CURVES}) for holdout in whole]
    count, _ = _checks((), pd.concat([h.hidden.assign(law=law) for h in kept for law in "pq"]), whole)
    assert count.value == 6
    assert "hidden" not in count.sentence


def test_runs_of_models_that_no_law_knows_are_not_scored(surface):
    runs = surface({"x": ((1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10, 8e10)), "y": ((1e8,), (8e10,))})
    (holdout,) = rolling_holdouts(runs, "data", 1)
    assert set(holdout.hidden["family"]) == {"x", "y"}
    for kinds in ({SURFACES}, {CURVES}, {CURVES, SURFACES}):
        kept = usable(holdout, runs, ["data", "params"], "data", kinds)
        assert kept.hidden["model"].tolist() == ["x-1e+08", "x-4e+08", "x-1.6e+09"]
    (holdout,) = rolling_holdouts(runs, "params", 1)
    assert set(usable(holdout, runs, ["data", "params"], "params", {SURFACES}).hidden["model"]) == {"x-1.6e+09"}


def mixed(runs, laws, forge):
    """A comparison in which both laws weigh the same and every draw is alike."""
    fits = {}
    for law in laws:
        positions = {n: np.zeros((400, *s)) for n, s in build_model(runs, get_law(law)).sizes().items()}
        fits[law] = Fit(forge(runs, positions, law=law))
    scores = tuple(LawScore(law, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, None, "PASS") for law in laws)
    return Comparison(runs, "data", scores, pd.DataFrame(), fits, LOSS, ())


@pytest.mark.fits
def test_the_mixture_tells_models_by_name(surface, forge):
    """A joint law lays out models with checkpoints last."""
    runs = surface({"x": ((1e8,), np.geomspace(2e9, 5e10, 30)), "y": ((1e8,), (2e9, 8e9, 2e10))})
    runs.table.loc[runs.table["family"] == "y", "loss"] *= 2.0
    told = mixed(runs, ("vanilla", "chinchilla"), forge)
    orders = [[c.model for c in f.posterior.layout.curves] for f in told.fits.values()]
    assert orders[0] != orders[1]
    at = [{"data": 4e10}]
    single = {law: predict(f.posterior, at, seed=0) for law, f in told.fits.items()}
    found = told.predict(at, seed=0)
    for k, label in enumerate(found.labels):
        of_model = [set(p.linked[:, p.labels.index(label), 0].tolist()) for p in single.values()]
        assert set(found.linked[:, k, 0].tolist()) <= set.union(*of_model)


@pytest.mark.core
@pytest.mark.fits
def test_the_mixture_is_as_far_out_as_its_furthest_law(surface, forge):
    runs = surface({"x": ((1e8, 4e8), (2e9, 8e9, 2e10)), "y": ((1e8, 4e8), (2e9, 8e9, 2e10))})
    runs = replace(runs, table=runs.table.assign(unique_data=1e9))
    told = mixed(runs, ("chinchilla", "data_constrained"), forge)
    point = {"params": 4e8, "data": 4e10, "unique_data": 5e9}
    found = told.predict([point])
    assert [label[:2] for label in found.labels] == [("<new model>", "x"), ("<new model>", "y")]
    np.testing.assert_allclose(found.extrapolation, 5.0)
    with pytest.raises(TargetError, match="no covariate 'depth'"):
        told.predict([{**point, "depth": 3.0}])
