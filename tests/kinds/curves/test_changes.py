"""Changes of slope beyond the data, told apart from all else by predictions that differ in nothing but them.

False alarms: Kolmogorov-Smirnov tests are held to p = 1e-6, correlations and variances to five standard errors, with
fixed seeds.
"""

import functools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayeslaw.kinds.base import prior_positions
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.kinds.shared.borrowed import PATH, Borrowed, Entry, TaskPath
from bayeslaw.laws import get_law
from bayeslaw.posterior.posterior import label

SIZES = (200.0, 400.0, 800.0, 1600.0, 3200.0)
TABLE = {("t", "a"): SIZES, ("t", "b"): SIZES, ("t", "c"): SIZES[:3], ("u", "d"): SIZES[:4], ("u", "e"): SIZES[:4]}
ENDS = np.array([3200.0, 3200.0, 800.0, 1600.0, 1600.0])
"""Of the models a to e; tasks end at 3200 and 1600."""
OWN, SHARED = 0.03, 0.05
DRAWS = 8000
FALSE_ALARM = 1e-6


@pytest.fixture(scope="module")
def drawn(simulate, forge, random_position, known_changes):
    """A predictor whose slopes change at known rates; every draw is at one position."""
    runs = simulate(TABLE, seed=1)
    position = random_position(build_model(runs, get_law("rectified")), np.random.default_rng(2), scale=0.5)
    positions = {name: np.repeat(value[None], DRAWS, axis=0) for name, value in position.items()}

    @functools.cache
    def predictor(own, shared, df=4.0):
        return forge(runs, positions, scales=known_changes(own, shared, df)).predictor

    return predictor


def predictor_of(model, draws):
    labelled = label(model.law, model.layout, draws, 1, len(draws.level))
    return kind_of(model.law).predictor(model.law, model.layout, labelled, model.density.scales)


def predictor_rows(predictor, which):
    curves = [predictor.layout.curves[i] for i, _ in which]
    return pd.DataFrame(
        {
            "task": [c.task for c in curves],
            "family": [c.family for c in curves],
            "model": [c.model for c in curves],
            "data": [size for _, size in which],
        }
    )


def expected(predictor, sizes, who="seen", seed=5):
    rng = np.random.default_rng(seed)
    return predictor.expected(predictor.targets([{"data": size} for size in sizes], who, rng), rng)


def added(predictor, sizes, who="seen", seed=5):
    """What changes of slope add, shape (S, K, A): all else is drawn before them, and alike."""
    draws = predictor.draws.copy()
    for name in ("own_change", "shared_change"):
        draws[name] = 0.0 * draws[name]
    return expected(predictor, sizes, who, seed) - expected(replace(predictor, draws=draws), sizes, who, seed)


@pytest.mark.fits
def test_nothing_is_added_within_the_data(drawn):
    sizes = np.array([100.0, 200.0, 550.0, 800.0, 1200.0, 1600.0, 3000.0, 3200.0])
    found = added(drawn(OWN, SHARED), sizes)
    within = np.round(np.log(sizes / ENDS[:, None]), 9) <= 0
    np.testing.assert_allclose(found[:, within], 0.0, atol=1e-8)
    assert (np.abs(found[:, ~within]).max(axis=0) > 1e-3).all()


@pytest.mark.fits
def test_what_is_expected_has_no_change(drawn):
    targets = drawn(0.0, 0.0).targets([{"data": 1e6}], "seen", np.random.default_rng(0))
    np.testing.assert_array_equal(drawn(OWN, SHARED).expected(targets), drawn(0.0, 0.0).expected(targets))


@pytest.mark.fits
@pytest.mark.parametrize("df", [3.0, 9.0])
def test_curves_change_at_their_own_end_and_tasks_at_theirs(drawn, df):
    """Own changes are what is added where tasks do not change, and are those of a Student-t distribution."""
    near, far = 1600.0, 51_200.0
    own = added(drawn(OWN, 0.0, df), (near, far))
    shared = added(drawn(OWN, SHARED, df), (near, far)) - own
    # c ends at 800: at 1600, within its task, there is but its own change; on the rest there is nothing yet
    np.testing.assert_allclose(own[:, [0, 1, 3, 4], 0], 0.0, atol=1e-8)
    np.testing.assert_allclose(shared[..., 0], 0.0, atol=1e-8)
    np.testing.assert_allclose(shared[:, 1:3, 1], np.repeat(shared[:, :1, 1], 2, axis=1), atol=1e-8)
    own_a, own_b = (own[:, i, 1] / np.log(far / 3200) for i in (0, 1))
    own_c, of_t = own[:, 2, 0] / np.log(near / 800), shared[:, 0, 1] / np.log(far / 3200)
    of_d = (own + shared)[:, 3, 1] / np.log(far / 1600)  # its own and that of its task, together
    for changed in (own_a, own_b, own_c):
        assert stats.kstest(changed / OWN, stats.t(df).cdf).pvalue > FALSE_ALARM
    assert stats.kstest(of_t / SHARED, "norm").pvalue > FALSE_ALARM
    separate = np.array([own_a, own_b, own_c, of_t, of_d])
    ranks = stats.spearmanr(separate.T).statistic
    assert np.abs(ranks - np.eye(5)).max() < 5 / np.sqrt(DRAWS)


def test_the_variance_added_is_the_closed_form(drawn):
    df, sizes = 12.0, np.array([6400.0, 51_200.0, 1e6])
    found = added(drawn(OWN, SHARED, df), sizes)
    own = OWN**2 * df / (df - 2) * np.log(sizes / ENDS[:, None]) ** 2
    shared = SHARED**2 * np.log(sizes / np.array([3200.0, 3200.0, 3200.0, 1600.0, 1600.0])[:, None]) ** 2
    # the excess kurtosis of a Student-t with 12 degrees of freedom is .75, that of a sum of it and a normal less
    assert (np.abs(found.var(axis=0) / (own + shared) - 1) < 5 * np.sqrt(2.75 / DRAWS)).all()
    assert (np.abs(found.mean(axis=0)) < 5 * np.sqrt((own + shared) / DRAWS)).all()


@pytest.mark.fits
def test_what_a_run_tells_leaves_what_would_be_unknown_had_measuring_begun_there(drawn):
    """The sd of the departure at b given that at a is that of a change over the distance from a to b."""
    sizes = np.array([6400.0, 12_800.0, 102_400.0])
    for found, rate, end in (
        (added(drawn(0.0, SHARED), sizes)[:, 0], SHARED, 3200.0),
        (added(drawn(OWN, 0.0, df=1e9), sizes)[:, 2], OWN, 800.0),
    ):
        distance = np.log(sizes / end)
        covariance = np.cov(found.T)
        for a, b in ((0, 1), (0, 2), (1, 2)):
            left = covariance[b, b] - covariance[a, b] ** 2 / covariance[a, a]
            assert np.sqrt(left) == pytest.approx(rate * (distance[b] - distance[a]), rel=5 / np.sqrt(2 * DRAWS))
            assert covariance[a, b] > 0


def test_a_curve_that_bends_sharply_does_so_throughout(drawn):
    """The Student-t scale is one a curve: what comes later is the larger, either way, the larger what came before."""

    def together(df):
        near, far = added(drawn(OWN, 0.0, df), (6400.0, 102_400.0))[:, 0].T
        later = far - near * (np.quantile(far, 0.8) / np.quantile(near, 0.8)) * stats.spearmanr(near, far).statistic
        return stats.spearmanr(np.abs(near), np.abs(later)).statistic

    assert together(3.0) > 0.1 > together(1e9)


def test_the_models_of_a_task_share_its_change_and_no_other(drawn):
    together = added(drawn(0.0, SHARED), (51_200.0,))[..., 0]
    np.testing.assert_allclose(together[:, 1:3], np.repeat(together[:, :1], 2, axis=1), atol=1e-8)
    np.testing.assert_allclose(together[:, 3], together[:, 4], atol=1e-8)
    assert abs(np.corrcoef(together[:, 0], together[:, 3])[0, 1]) < 5 / np.sqrt(DRAWS)
    both = added(drawn(OWN, SHARED, df=1e9), (51_200.0,))[..., 0]
    a, c, d = np.log(16.0), np.log(64.0), np.log(32.0)  # beyond the ends of a and t, of c, and of d and u
    rho = SHARED**2 / (SHARED**2 + OWN**2)
    rho_c = SHARED**2 * a / np.sqrt((SHARED**2 + OWN**2) * (SHARED**2 * a**2 + OWN**2 * c**2))
    correlation = np.corrcoef(both.T)
    for (i, j), value in {(0, 1): rho, (0, 2): rho_c, (3, 4): rho, (0, 3): 0.0, (2, 4): 0.0}.items():
        error = 1 / np.sqrt(DRAWS - 3)
        assert abs(np.arctanh(correlation[i, j]) - np.arctanh(value)) < 5 * error
    np.testing.assert_allclose(both[:, 3:].std(axis=0), np.hypot(OWN, SHARED) * d, rtol=5 / np.sqrt(2 * DRAWS))


def test_each_draw_has_its_own_rate(drawn):
    """Rates of draws, which are uncertain, not their mean: draws with a rate of 0 do not change."""
    predictor = drawn(OWN, SHARED)
    draws = predictor.draws.copy()
    for name in ("own_change", "shared_change"):
        values = draws[name].values.copy()
        values[0, :, 0] = 0.0  # of the first chain, on the first task
        draws[name] = (draws[name].dims, values)
    found = added(replace(predictor, draws=draws), (51_200.0,))[..., 0]
    chain = DRAWS // 4
    np.testing.assert_array_equal(found[:chain, :3], 0.0)
    assert (found[chain:, :3] != 0).all()
    assert (found[:, 3:] != 0).all()


def test_a_new_family_changes_beyond_its_task(drawn):
    sizes = np.array([1600.0, 3200.0, 51_200.0])
    found = added(drawn(OWN, SHARED, df=12.0), sizes, who="new-family")
    beyond = np.log(np.maximum(sizes / np.array([[3200.0], [1600.0]]), 1.0))
    np.testing.assert_allclose(found[:, beyond == 0], 0.0, atol=1e-8)
    variance = (OWN**2 * 1.2 + SHARED**2) * beyond[beyond > 0] ** 2
    assert (np.abs(found[:, beyond > 0].var(axis=0) / variance - 1) < 5 * np.sqrt(2.75 / DRAWS)).all()


def test_rows_of_a_table_change_as_their_curves_do(drawn):
    predictor = drawn(0.0, SHARED)
    rows = predictor_rows(predictor, [(2, 1600.0), (0, 51_200.0), (2, 102_400.0), (4, 51_200.0)])
    rng = np.random.default_rng(5)
    found = predictor.expected(predictor.rows(rows, rng), rng)[..., 0]
    rng = np.random.default_rng(5)
    plain = drawn(0.0, 0.0)
    found = found - plain.expected(plain.rows(rows, rng), rng)[..., 0]
    np.testing.assert_allclose(found[:, 0], 0.0, atol=1e-8)
    np.testing.assert_allclose(found[:, 1] / np.log(16), found[:, 2] / np.log(32), atol=1e-8)
    assert found[:, 3].std() == pytest.approx(SHARED * np.log(32), rel=5 / np.sqrt(2 * DRAWS))


@pytest.mark.fits
def test_where_a_prior_knows_the_path_the_shared_change_sets_out_from_its_end(simulate, known_changes):
    """The table ends at 800, but how a typical model of the task goes on is known up to 3200."""
    law = get_law("rectified")
    knots, anchor = np.log(np.array(SIZES[1:]) / 3200), float(np.log(200 / 3200))
    entries = [Entry("location", index=k) for k in range(3)]
    entries += [Entry(name, "t") for name in ("noise", "pull", "own_drift", "shared_drift")]
    entries += [Entry(PATH, "t", q) for q in range(4)]
    mean = np.concatenate([np.zeros(7), -0.1 * np.arange(1, 5)])
    path = TaskPath(anchor, knots, 1.0 - 0.1 * np.arange(5), 0.1, 8)
    runs = simulate({("t", m): SIZES[:3] for m in "ab"}, seed=4)

    def found(own, shared):
        scales = known_changes(own, shared)
        borrowed = Borrowed({"data": 3200.0}, tuple(entries), mean, 0.01 * np.eye(11), scales, {"t": path})
        model = build_model(runs, law, borrowed=borrowed)
        positions = prior_positions(model, 400, np.random.default_rng(1))
        draws = model.complete(positions, np.random.default_rng(2))
        return predictor_of(model, draws)

    sizes = (800.0, 1600.0, 3000.0, 3200.0, 12_800.0)
    shared = added(found(0.0, SHARED), sizes)
    np.testing.assert_allclose(shared[..., :4], 0.0, atol=1e-8)
    assert shared[:, 0, 4].std() == pytest.approx(SHARED * np.log(4), rel=5 / np.sqrt(800))
    own = added(found(OWN, 0.0), sizes)
    np.testing.assert_allclose(own[..., 0], 0.0, atol=1e-8)
    assert own[:, 0, 3].std() == pytest.approx(OWN * np.log(4), rel=5 / np.sqrt(800))


def lasting(predictor, share):
    """The same predictor, where this share of differences between slopes persists."""
    layout = replace(predictor.layout, persistence=(share,) * len(predictor.layout.tasks))
    return replace(predictor, layout=layout)


def known(predictor, sizes, who="seen"):
    """What is expected at sizes, median over draws: shape (K, A)."""
    targets = predictor.targets([{"data": size} for size in sizes], who, np.random.default_rng(0))
    return np.median(predictor.expected(targets), axis=0)


def test_differences_between_slopes_go_back_to_their_mean_in_the_share_that_does_not_last(drawn):
    """At the same distance beyond the data, slopes keep their mean and lose a share of their differences."""
    sizes = (3200.0, 25_600.0)
    rise = {share: np.subtract(*known(lasting(drawn(0.0, 0.0), share), sizes).T[::-1]) for share in (1.0, 0.4, 0.0)}
    a, b = (rise[1.0][i] for i in (0, 1))
    # c ends at 800, so that its mean slope is over a longer stretch
    c = known(lasting(drawn(0.0, 0.0), 1.0), (800.0, 25_600.0))[2] @ (-1, 1)
    mean = (a / np.log(8) + b / np.log(8) + c / np.log(32)) / 3
    assert abs(a - b) > 1e-3
    for share in (0.4, 0.0):
        for i, whole in ((0, a), (1, b)):
            back = (1 - share) * (whole - mean * np.log(8))
            assert abs(back) > 0.009
            assert rise[share][i] == pytest.approx(whole - back, abs=0.003)  # the mean is of some draws alone


def test_nothing_goes_back_within_the_data_and_spread_stays(drawn):
    sizes = (200.0, 800.0, 1600.0, 3200.0)
    whole, half = (lasting(drawn(OWN, SHARED), share) for share in (1.0, 0.5))
    within = np.array([s <= e for e in ENDS for s in sizes]).reshape(len(ENDS), -1)
    np.testing.assert_allclose(known(half, sizes)[within], known(whole, sizes)[within], atol=1e-9)
    one, other = (expected(p, (51_200.0,))[..., 0] for p in (whole, half))
    np.testing.assert_allclose(one.std(axis=0), other.std(axis=0), rtol=1e-9)
    assert np.abs(one.mean(axis=0) - other.mean(axis=0)).max() > 1e-3


def test_the_answer_for_one_model_does_not_depend_on_which_are_asked_for(drawn):
    predictor = lasting(drawn(0.0, 0.0), 0.3)
    rows = predictor_rows(predictor, [(1, 51_200.0), (1, 6400.0)])
    alone = np.median(predictor.expected(predictor.rows(rows, np.random.default_rng(0))), axis=0)[:, 0]
    np.testing.assert_allclose(alone, known(predictor, (51_200.0, 6400.0))[1], atol=1e-9)


def test_a_walk_ends_with_its_curve_and_not_with_its_task(drawn, simulate, forge, known_changes):
    """The walk of c, which ends at 800, goes on as its conditional mean; what its knots beyond hold has no effect."""
    predictor = drawn(0.0, 0.0)
    draws = predictor.draws.copy()
    values = draws["own_walk"].values.copy()
    knots = predictor.layout.walks[0].own.knots
    later = knots > np.log(800.0 / 3200.0) + 1e-9
    assert later.sum() == 2
    values[..., 2, : len(knots)] += np.where(later, 5.0, 0.0)
    draws["own_walk"] = (draws["own_walk"].dims, values)
    sizes = (400.0, 800.0, 1600.0, 51_200.0)
    np.testing.assert_allclose(expected(replace(predictor, draws=draws), sizes)[:, 2], expected(predictor, sizes)[:, 2])
    values[..., 0, : len(knots)] += np.where(later, 5.0, 0.0)  # a is measured there
    draws["own_walk"] = (draws["own_walk"].dims, values)
    apart = expected(replace(predictor, draws=draws), sizes)[:, 0] - expected(predictor, sizes)[:, 0]
    assert np.abs(apart[:, 2:]).min() > 1e-3
