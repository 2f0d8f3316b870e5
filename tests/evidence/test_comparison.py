"""Laws compared on tables whose law is known, and the mixture of them."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.answers.prediction import predict
from bayeslaw.errors import LawError
from bayeslaw.evidence.comparison import compare, stacking_weights
from bayeslaw.runs import read_runs
from bayeslaw.sampling.nuts import SamplerSettings

QUICK = SamplerSettings(chains=2, warmup=150, draws=150)


def test_weights_are_those_of_the_mixture_that_made_the_runs():
    rng = np.random.default_rng(0)
    means = np.array([0.0, 3.0, 8.0])
    y = rng.normal(means[rng.choice(3, 20_000, p=[0.7, 0.3, 0.0])], 1.0)
    weights = stacking_weights(-0.5 * (y[:, None] - means) ** 2)
    np.testing.assert_allclose(weights, [0.7, 0.3, 0.0], atol=0.015)


def test_the_better_of_two_equal_shapes_has_all_the_weight():
    scores = np.random.default_rng(1).normal(size=(50, 1))
    np.testing.assert_allclose(stacking_weights(np.hstack([scores, scores - 1.0])), [1.0, 0.0], atol=1e-6)


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
    with pytest.raises(LawError, match="predicts only those that were"):
        compare(sizes, ["chinchilla", "rectified"], along="params")
