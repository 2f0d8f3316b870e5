"""Predictions against dense Gaussian conditioning, with everything else held at one position.

False alarms: statistical checks with chi-squares and Kolmogorov-Smirnov tests are held to p = 1e-6, with fixed seeds.
"""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from bayeslaw.answers.prediction import predict
from bayeslaw.errors import TargetError
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.prediction import new_level
from bayeslaw.laws import get_law

SIZES = (200.0, 400.0, 800.0, 1600.0, 3200.0)
TARGETS = (100.0, 550.0, 3200.0, 12_800.0, 1e6)
FALSE_ALARM = 1e-6
DRAWS = 8000
CHANGES = {"own_change": 0.012, "shared_change": 0.02}
"""Rates at which slopes change beyond the data; where they are known, changes are normal."""


def balanced(simulate):
    return simulate({("t", name): SIZES for name in "abc"}, seed=1)


def ragged(simulate):
    table = {("t", "a"): SIZES, ("t", "b"): (300.0, 900.0), ("u", "a"): (250.0, 5000.0, 9000.0), ("u", "b"): (5000.0,)}
    return simulate(table, seed=2, repeats=2, loss_se=0.02)


def close(simulate):
    return simulate({("t", "a"): (200.0, 205.0, 400.0, 410.0, 430.0), ("t", "b"): (210.0, 405.0, 2000.0)}, seed=11)


@pytest.fixture(scope="module", params=[balanced, ragged, close], ids=lambda f: f.__name__)
def fixed(request, simulate, random_position, forge, pooling, known_changes):
    """A table, a position, and a posterior in which every draw is at that position."""
    runs = request.param(simulate)
    model = build_model(runs, get_law("rectified"), pooling=pooling)
    position = random_position(model, np.random.default_rng(3), scale=0.7)
    position["own_drift"] += 1.0
    position["pull"] += 1.0
    positions = {name: np.repeat(v[None], DRAWS, axis=0) for name, v in position.items()}
    return runs, position, forge(runs, positions, pooling=pooling, scales=known_changes(*CHANGES.values()))


@pytest.fixture(scope="module")
def steady(simulate, random_position, forge, pooling, known_changes):
    """Three models; every draw at the same position, with little drift."""
    runs = balanced(simulate)
    model = build_model(runs, get_law("rectified"), pooling=pooling)
    position = random_position(model, np.random.default_rng(4), scale=0.3)
    positions = {name: np.repeat(v[None], 2000, axis=0) for name, v in position.items()}
    return forge(runs, positions, pooling=pooling, scales=known_changes(*CHANGES.values()))


def at(*sizes):
    return [{"data": size} for size in sizes]


def rectified(coordinates, data, reference):
    """Log of L(D) / L(D_ref)."""
    beta, phase = np.exp(coordinates["log_beta"]), coordinates["phase"]
    floor = 1 / (1 + np.exp(-coordinates["floor"]))
    pre_learned = reference**beta * np.exp(-phase)
    return np.log(floor + (1 - floor) * (pre_learned + reference**beta) / (pre_learned + data**beta))


def still(posterior, *names):
    """The posterior without walks, changes of slope, noise and whatever else is named."""
    draws = posterior.draws.copy()
    walks = ("own_walk", "shared_walk", "own_drift", "shared_drift")
    for name in (*walks, *CHANGES, "noise", "typical_noise", *names):
        draws[name] = 0.0 * draws[name]
    return dataclasses.replace(posterior, draws=draws)


def expected_curves(d, task, position):
    """Mean and covariance of log loss on the curves of a task at the targets, (K A,) and (K A, K A)."""
    mean, covariance = d.conditional(task, position, at=np.log(TARGETS))
    g = d.gaussian(task, position)
    curves, targets = len(g.members), len(TARGETS)
    own = np.eye(curves * targets)
    level = np.kron(np.eye(curves), np.ones((targets, 1)))
    shared = np.kron(np.ones((curves, 1)), np.eye(targets))
    linear = np.concatenate([level, own, shared], axis=1)
    values = {name: v[:, None] for name, v in g.values.items()}
    law = rectified(values, np.array(TARGETS)[None], d.reference)
    law = law + d.pulled(task, position, np.arange(curves)[:, None], np.array(TARGETS)[None])
    return linear @ mean + law.ravel(), linear @ covariance @ linear.T + d.changes(task, np.log(TARGETS)), g


def assert_gaussian(x, mean, covariance):
    """Draws (S, d) have this mean and covariance: two chi-squares of the whitened draws."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > 1e-12 * values.max()
    white = (x - mean) @ vectors[:, kept] / np.sqrt(values[kept])
    np.testing.assert_allclose((x - mean) @ vectors[:, ~kept], 0.0, atol=1e-4)
    draws, d = white.shape
    assert stats.chi2.sf(draws * np.sum(white.mean(axis=0) ** 2), d) > FALSE_ALARM
    excess = np.sqrt(draws) * (white.T @ white / draws - np.eye(d))
    statistic = np.sum(np.triu(excess, 1) ** 2) + np.sum(np.diag(excess) ** 2) / 2
    assert stats.chi2.sf(statistic, d * (d + 1) // 2) > FALSE_ALARM


@pytest.mark.fits
def test_curves_are_the_conditional_gaussian_of_levels_walks_and_changes_of_slope(fixed, dense):
    runs, position, posterior = fixed
    found = predict(posterior, at(*TARGETS), kind="curve", seed=1).linked
    d = dense(runs.table, **CHANGES)
    for task in d.tasks:
        mean, covariance, g = expected_curves(d, task, position)
        assert_gaussian(found[:, g.members].reshape(DRAWS, -1), mean, covariance)


def test_runs_add_independent_noise_to_curves(fixed, dense):
    runs, position, posterior = fixed
    found = predict(posterior, at(*TARGETS), kind="run", seed=1).linked
    d = dense(runs.table, **CHANGES)
    for task in d.tasks:
        mean, covariance, g = expected_curves(d, task, position)
        assert_gaussian(
            found[:, g.members].reshape(DRAWS, -1), mean, covariance + np.diag(np.repeat(g.noise**2, len(TARGETS)))
        )


def test_run_variance_is_curve_variance_plus_noise(fitted):
    posterior = fitted.posterior
    curve, run = (predict(posterior, at(800, 51_200), kind=kind, seed=3).linked for kind in ("curve", "run"))
    # both use the same draws of the curve, so the difference is the noise of each draw
    noise = posterior.flat("noise")
    white = ((run - curve) / noise[..., None]).reshape(len(noise), -1)
    # the curve is drawn first and alike, so these are standard normal: 2 models, 2 points
    assert stats.kstest(white.ravel(), "norm").pvalue > FALSE_ALARM
    assert np.abs(np.corrcoef(white.T) - np.eye(4)).max() < 5 / np.sqrt(len(noise))


def test_a_new_family_is_less_certain_than_a_run_and_a_run_than_a_curve(fitted, steady):
    for posterior in (fitted.posterior, steady):
        spread = {}
        for kind in ("curve", "run", "new-family"):
            low, high = np.quantile(predict(posterior, at(3200, 51_200), kind=kind).linked, [0.05, 0.95], axis=0)
            spread[kind] = high - low
        assert (spread["curve"] < spread["run"])[:, 0].all()  # far out, the noise of a run is nothing
        assert (spread["new-family"] > 1.1 * spread["run"]).all()


def test_level_of_a_new_family_is_student_t():
    levels = np.array([1.0, 1.2, 1.7, 1.1])
    found = new_level(np.repeat(levels[None], 20_000, axis=0), "t", np.random.default_rng(5))
    scale = levels.std(ddof=1) * np.sqrt(1 + 1 / 4)
    assert stats.kstest(found, stats.t(df=3, loc=levels.mean(), scale=scale).cdf).pvalue > FALSE_ALARM


def test_coordinates_of_a_new_family_come_from_the_population(steady):
    """Without pull, walks and noise, what is left of a curve beyond its start is the law at a new phase."""
    found = predict(still(steady, "pull"), at(200.0, 3200.0), kind="new-family", seed=2)
    change = found.linked[:, 0, 0] - found.linked[:, 0, 1]
    assert found.labels == (("<new family>", "<new family>", "t"),)
    first = {name: steady.flat(f"location_{name}")[0] for name in ("log_beta", "floor", "phase")}
    spread = steady.flat("spread_phase_model")[0]
    phase = first["phase"] + spread * stats.norm.ppf(np.linspace(0.01, 0.99, 99))
    expected = rectified({**first, "phase": phase}, 200.0, 3200.0)
    quantiles = np.quantile(change, np.linspace(0.01, 0.99, 99))
    if np.corrcoef(expected, quantiles)[0, 1] < 0:
        expected = expected[::-1]
    # 2000 draws: the standard error of a middle probability is .011, five of them .056
    ranks = (change[:, None] <= expected[None]).mean(axis=0)
    np.testing.assert_allclose(ranks, np.linspace(0.01, 0.99, 99), atol=0.056)


def test_a_new_family_starts_like_the_others_and_its_height_pulls_on_it(steady, dense):
    """Without walks, noise and differences of phase, a curve follows from its start."""
    posterior = still(steady, "spread_phase_model")
    found = predict(posterior, at(200.0, 12_800.0), kind="new-family", seed=2).linked[:, 0]
    seen = predict(posterior, at(200.0), kind="curve").linked[..., 0]
    middle, scale = seen.mean(axis=1), seen.std(axis=1, ddof=1) * np.sqrt(1 + 1 / 3)
    assert stats.kstest((found[:, 0] - middle) / scale, stats.t(df=2).cdf).pvalue > FALSE_ALARM
    location = {name: posterior.flat(f"location_{name}") for name in ("log_beta", "floor", "phase")}
    law = rectified(location, 12_800.0, 3200.0) - rectified(location, 200.0, 3200.0)
    d = dense(posterior.runs.table)
    unit = d.pulled("t", {"pull": np.array([0.0])}, 0, np.array([200.0, 12_800.0])) / d.heights("t")[0][0]
    expected = law + posterior.flat("pull")[:, 0] * (found[:, 0] - middle) * (unit[1] - unit[0])
    np.testing.assert_allclose(found[:, 1] - found[:, 0], expected, atol=1e-9)


def test_models_of_a_task_share_what_lies_beyond(steady):
    """The difference of two models is less uncertain than if they were independent."""
    log_loss = predict(steady, at(1e6), kind="curve").linked[..., 0]
    difference = np.var(log_loss[:, 0] - log_loss[:, 1])
    assert difference < 0.8 * (np.var(log_loss[:, 0]) + np.var(log_loss[:, 1]))
    draws = steady.draws.copy()
    for name in ("own_drift", "own_walk", "own_change", "level"):
        draws[name] = 0 * draws[name]
    log_loss = predict(dataclasses.replace(steady, draws=draws), at(1e6), kind="curve").linked[..., 0]
    law = log_loss - log_loss.mean(axis=0)
    np.testing.assert_allclose(law[:, 0], law[:, 1], atol=1e-9)  # all that is left is shared


def test_points_are_joint(steady):
    """Curves are smooth: two points near each other far out nearly agree, and asking for more changes no law."""
    log_loss = predict(steady, at(1e6, 1.01e6), kind="curve").linked
    assert np.std(log_loss[:, 0, 0] - log_loss[:, 0, 1]) < 0.05 * np.std(log_loss[:, 0, 0])


def test_a_point_given_twice_has_one_curve(steady):
    found = predict(steady, at(1e5, 1e5), kind="curve").linked
    np.testing.assert_allclose(found[..., 0], found[..., 1], atol=1e-6)


def test_uncertainty_grows_with_distance(fitted):
    log_loss = predict(fitted.posterior, at(3200, 6400, 25_600, 102_400, 1_638_400), kind="curve").linked
    assert (np.diff(log_loss.std(axis=0), axis=1) > 0).all()


def test_records_are_quantiles_of_the_loss(steady):
    found = predict(steady, at(3200, 51_200), kind="run", seed=4)
    assert found.linked.shape == (2000, 3, 2)
    records = found.records()
    assert [(r["at"]["data"], r["model"]) for r in records] == [(s, m) for s in (3200, 51_200) for m in "abc"]
    loss = np.exp(found.linked)
    np.testing.assert_array_equal(found.values, loss)
    second = records[4]
    assert second["median"] == np.median(loss[:, 1, 1])
    assert second["p05"] == np.quantile(loss[:, 1, 1], 0.05)
    assert second["p975"] == np.quantile(loss[:, 1, 1], 0.975)
    assert second["mean"] == pytest.approx(loss[:, 1, 1].mean())
    assert second["sd"] == pytest.approx(loss[:, 1, 1].std(ddof=1))
    assert second["extrapolation"] == pytest.approx(16)
    order = ["p025", "p05", "p25", "median", "p75", "p95", "p975"]
    for record in records:
        assert sorted(record[name] for name in order) == [record[name] for name in order]
    summary = found.to_frame()
    assert summary["data"].tolist() == [3200] * 3 + [51_200] * 3
    assert summary["median"].tolist() == [r["median"] for r in records]


def test_extrapolation_is_counted_from_the_largest_size_of_each_model(simulate, random_position, forge):
    runs = simulate({("t", "a"): SIZES, ("t", "b"): (300.0, 800.0)}, seed=5)
    position = random_position(build_model(runs, get_law("rectified")), np.random.default_rng(4), scale=0.3)
    posterior = forge(runs, {name: np.repeat(v[None], 8, axis=0) for name, v in position.items()})
    np.testing.assert_allclose(predict(posterior, at(6400)).extrapolation, [[2.0], [8.0]])
    np.testing.assert_allclose(predict(posterior, at(6400), kind="new-family").extrapolation, [[2.0]])


def test_equal_seeds_give_equal_predictions(steady):
    one, two, other = (predict(steady, at(1e6), seed=seed).linked for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert (one != other).all()


@pytest.mark.parametrize(
    ("points", "kind", "expected"),
    [
        ([], "run", r"No point to predict at. Give one, such as data="),
        ([{"tokens": 1e6}], "run", r"no covariate 'tokens'; it has data"),
        ([{}], "run", r"lacks 'data'.*Add data="),
        ([{"data": -1.0}], "run", r"data=-1 cannot be predicted at"),
        ([{"data": 0.0}], "run", r"data=0 cannot be predicted at"),
        ([{"data": float("nan")}], "run", r"data=nan cannot be predicted at"),
        ([{"data": float("inf")}], "run", r"data=inf cannot be predicted at"),
        ([{"data": 1e6}, {"data": 1e6, "params": 7e9}], "run", r"no covariate 'params'"),
        ([{"data": 1e6}], "mean", r"'mean'; it must be one of run, curve, new-family"),
    ],
)
def test_points_that_cannot_be_used_are_explained(points, kind, expected, steady):
    with pytest.raises(TargetError, match=expected):
        predict(steady, points, kind=kind)


def test_one_model_does_not_tell_of_new_families(simulate, random_position, forge):
    runs = simulate({("t", "a"): SIZES, ("t", "b"): SIZES, ("u", "a"): SIZES}, seed=5)
    position = random_position(build_model(runs, get_law("rectified")), np.random.default_rng(4), scale=0.3)
    posterior = forge(runs, {name: np.repeat(v[None], 8, axis=0) for name, v in position.items()})
    with pytest.raises(TargetError, match="new family on 'u' cannot be predicted from one model"):
        predict(posterior, at(1e5), kind="new-family")


def test_no_mean_is_reported_of_a_new_family(simulate, random_position, forge):
    """The mean of the exponential of a Student-t does not exist."""
    runs = simulate({("t", "a"): SIZES, ("t", "b"): SIZES}, seed=1)
    position = random_position(build_model(runs, get_law("rectified")), np.random.default_rng(4), scale=0.3)
    posterior = forge(runs, {name: np.repeat(v[None], 4000, axis=0) for name, v in position.items()})
    with np.errstate(over="ignore"):
        (record,) = predict(posterior, at(1e5), kind="new-family").records()
    assert np.isnan(record["mean"])
    assert np.isnan(record["sd"])
    assert record["p025"] < record["median"] < record["p975"]


def test_a_size_that_is_text_is_explained(steady):
    with pytest.raises(TargetError):
        predict(steady, [{"data": "1.6M"}])


@pytest.mark.fits
@pytest.mark.parametrize("law", ["rectified", "broken"])
def test_some_of_the_curves_go_where_they_go_among_all(simulate, forge_at_random, law):
    runs = simulate({("t", "a"): SIZES, ("t", "b"): SIZES[1:], ("u", "c"): (250.0, 900.0, 3200.0)}, seed=4)
    predictor, sizes = forge_at_random(runs, law=law).predictor, np.array([300.0, 3000.0, 1e5])
    targets = predictor.targets(at(*sizes), "seen", np.random.default_rng(0))
    whole = predictor.expected(targets)
    for members in ([2, 0], [1], [1, 2]):
        some = dataclasses.replace(
            targets,
            labels=tuple(targets.labels[i] for i in members),
            covariates={name: values[members] for name, values in targets.covariates.items()},
            beyond={name: factor[members] for name, factor in targets.beyond.items()},
            weight=targets.weight[members],
            index=targets.index[members],
        )
        np.testing.assert_allclose(predictor.expected(some), whole[:, members], rtol=1e-9)


@pytest.mark.parametrize("law", ["rectified", "broken"])
def test_rows_of_models_go_where_their_curves_go(simulate, forge_at_random, law):
    runs = simulate({("t", "a"): SIZES, ("t", "b"): SIZES[1:], ("u", "c"): (250.0, 900.0, 3200.0)}, seed=4)
    predictor, rng = forge_at_random(runs, law=law).predictor, np.random.default_rng(0)
    whole = predictor.expected(predictor.targets(at(300.0), "seen", rng))[..., 0]
    rows = runs.table.drop_duplicates(["task", "model"]).iloc[[2, 0]].assign(data=300.0)
    np.testing.assert_allclose(predictor.expected(predictor.rows(rows, rng))[..., 0], whole[:, [2, 0]], rtol=1e-9)


def test_of_a_family_of_curves_nothing_is_known_of_another_model(forge_at_random, three_models):
    predictor = forge_at_random(three_models, draws=20).predictor
    with pytest.raises(TargetError, match="curves of their own in the rectified law"):
        predictor.targets([{"data": 6400.0}], "new-model", np.random.default_rng(0))
