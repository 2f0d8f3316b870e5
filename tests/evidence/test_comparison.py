"""Laws compared on tables whose law is known, and the mixture of them."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.answers.prediction import predict
from bayeslaw.errors import LawError, RunsError, TargetError
from bayeslaw.evidence.comparison import compare, require_alike
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs
from bayeslaw.sampling.nuts import SamplerSettings

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


def test_every_held_out_run_is_scored_by_every_law(found):
    runs, told, seen = found
    assert set(told.held_out["law"]) == {"vanilla", "rectified"}
    assert set(told.held_out["data"]) == {runs.table["data"].max()}
    assert len(told.held_out) == 12
    assert [done for _, done, _ in seen] == [0, 1, 2, 3, 4]
    assert {total for _, _, total in seen} == {4}
    assert seen[0][0] == "vanilla, fold 1"


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
    assert set(told.summary()["law"]) == {"vanilla", "rectified"}


def test_the_mixture_takes_its_draws_from_each_law_by_weight(found):
    _, told, _ = found
    at = [{"data": 1e5}, {"data": 1e6}]
    mixed = told.predict(at, seed=3)
    single = {law: predict(fit.posterior, at, seed=3).log_loss for law, fit in told.fits.items()}
    weight = {score.law: score.weight for score in told.laws}
    draws = {law: set(values[:, 0, 1].tolist()) for law, values in single.items()}
    for law, known in draws.items():
        share = np.mean([value in known for value in mixed.log_loss[:, 0, 1].tolist()])
        assert share == pytest.approx(weight[law], abs=5 * np.sqrt(0.25 / len(mixed.log_loss)))
    joint = {tuple(row) for values in single.values() for row in values.reshape(len(values), -1)}
    assert all(tuple(row) in joint for row in mixed.log_loss.reshape(len(mixed.log_loss), -1))


def test_few_held_out_runs_are_said_to_decide_little(found):
    _, told, _ = found
    check = {c.name: c for c in told.checks}["held_out_runs"]
    assert (check.status, check.value) == ("REVIEW", 6)


def test_errors_teach(found, surface):
    runs, _, _ = found
    with pytest.raises(
        LawError, match=r"two or more different laws, found vanilla\. Laws that <DataFrame> can feed: broken"
    ):
        compare(runs, ["vanilla"])
    with pytest.raises(LawError, match="two or more different laws"):
        compare(runs, ["vanilla", "vanilla"])
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
