"""Published behaviour, and the tables of Lin et al. 2024 (results/tab1.txt and tab2.txt of the public benchmark)."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from bayeslaw.errors import RunsError, TargetError
from bayeslaw.evidence import scores
from bayeslaw.evidence.baselines import rectified as least_squares
from bayeslaw.evidence.baselines import selection as baselines

TARGET = 1_638_400.0
BUDGETS = (204_800, 102_400, 51_200, 25_600, 12_800, 6_400, 3_200)
TASKS = ("flan", "gigaword")

# PearCorr and RelAcc, both times 100, at the budgets above.
PEARSON = {
    ("ats", "flan"): (90.9, 73.1, 65.5, 61.1, 52.2, 50.5, 45.6),
    ("ats", "gigaword"): (98.9, 97.6, 96.9, 92.0, 91.1, 89.1, 91.0),
    ("rectified", "flan"): (77.9, 67.4, 54.4, 47.6, 54.9, 41.1, 36.8),
    ("rectified", "gigaword"): (97.0, 90.7, 88.3, 83.6, 83.6, 81.5, 78.5),
    ("vanilla", "flan"): (34.7, 58.1, 43.1, 46.7, 41.4, 45.0, 20.7),
    ("vanilla", "gigaword"): (95.1, 92.8, 91.0, 84.3, 47.3, 85.8, 79.3),
    ("subset", "flan"): (60.9, 46.5, 36.4, 29.0, 24.6, 20.9, 16.4),
    ("subset", "gigaword"): (93.2, 89.3, 85.4, 80.9, 76.2, 69.9, 64.8),
    ("zero", "flan"): (-10.7,) * 7,
    ("zero", "gigaword"): (-49.2,) * 7,
    ("size", "flan"): (-20.9,) * 7,
    ("size", "gigaword"): (-24.4,) * 7,
}
REL_ACC = {
    ("ats", "flan"): (93.6, 93.2, 93.2, 93.2, 85.3, 93.2, 93.2),
    ("ats", "gigaword"): (100, 91.4, 94.3, 100, 94.3, 94.3, 91.4),
    ("rectified", "flan"): (100, 100, 100, 100, 85.3, 85.3, 85.3),
    ("rectified", "gigaword"): (100, 100, 100, 94.3, 94.3, 87.2, 91.4),
    ("subset", "flan"): (93.2, 93.2, 93.2, 93.2, 59.6, 59.6, 59.6),
    ("subset", "gigaword"): (87.6, 87.6, 87.6, 71.3, 71.3, 71.3, 71.3),
    ("zero", "flan"): (85.3,) * 7,
    ("zero", "gigaword"): (71.3,) * 7,
    ("size", "flan"): (59.6,) * 7,
    ("size", "gigaword"): (71.3,) * 7,
}


@pytest.fixture(scope="module")
def tables():
    folder = os.environ.get("BAYESLAW_DATA")
    if not folder:
        pytest.skip("BAYESLAW_DATA is not set: the measured fine-tuning runs are not here")
    found = {}
    for task in TASKS:
        with open(Path(folder) / "finetune" / f"{task}.csv") as file:
            rows = list(csv.DictReader(file))
        columns = [name for name in rows[0] if name.isdigit()]
        losses = np.array([[float(row[name]) for name in columns] for row in rows])
        found[task] = {
            "sizes": np.array([float(name) for name in columns[1:]]),
            "zero": losses[:, 0],
            "losses": losses[:, 1:],
            "params": np.array([float(row["size"]) for row in rows]),
            "true": losses[:, -1],
        }
    return found


def feature(method, table, budget, *, rng=None, jitter=None):
    """What a method is scored on; ``jitter`` multiplies the losses it sees."""
    seen = table["sizes"] <= budget
    x, y = table["sizes"][seen], table["losses"][:, seen]
    if jitter is not None:
        y = y * (1 + jitter[:, seen])
    if method == "ats":
        return baselines.accept_then_stop(x, y, target=TARGET)
    if method == "rectified":
        return baselines.rectified_point_fit(x, y, target=TARGET, zero_shot=table["zero"])
    if method == "vanilla":
        return baselines.vanilla_point_fit(x, y, target=TARGET, rng=rng)
    if method == "subset":
        return baselines.largest_subset(x, y)
    return baselines.zero_shot_loss(table["zero"]) if method == "zero" else baselines.model_size(table["params"])


def pearson(method, table, budget, **options):
    return 100 * scores.pear_corr(feature(method, table, budget, **options), table["true"])


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("method", ["ats", "subset", "zero", "size"])
def test_published_tables_are_reproduced(tables, method, task):
    table = tables[task]
    found = [pearson(method, table, budget) for budget in BUDGETS]
    # 0.06: half of the last printed digit, and the rounding to four decimals that came before it.
    np.testing.assert_allclose(found, PEARSON[method, task], atol=0.06)
    sign = -1 if method == "size" else 1  # the largest model is chosen
    chosen = [100 * scores.rel_acc(sign * feature(method, table, budget), table["true"]) for budget in BUDGETS]
    np.testing.assert_allclose(chosen, REL_ACC[method, task], atol=0.06)


def test_accept_then_stop_with_the_best_published_delta_beats_the_default(tables):
    # The published ablation averages three tasks, of which two are here; only its direction can be checked.
    mean = {}
    for delta in (3.0, 5.0):
        cells = []
        for table in tables.values():
            for budget in BUDGETS:
                seen = table["sizes"] <= budget
                x, y = table["sizes"][seen], table["losses"][:, seen]
                predicted = baselines.accept_then_stop(x, y, target=TARGET, delta=delta)
                cells.append(scores.pear_corr(predicted, table["true"]))
        mean[delta] = np.mean(cells)
    assert mean[5.0] == pytest.approx(0.7825, abs=0.001)
    assert mean[3.0] == pytest.approx(0.7978, abs=0.001)


@pytest.mark.fits
@pytest.mark.parametrize(("task", "budget"), [("flan", 204_800), ("gigaword", 51_200)])
def test_rectified_fit_is_near_its_published_score(tables, task, budget):
    # Not to the last digit: where BFGS stops depends on rounding, see the next test.
    published = PEARSON["rectified", task][BUDGETS.index(budget)]
    predicted = feature("rectified", tables[task], budget)
    assert 100 * scores.pear_corr(predicted, tables[task]["true"]) == pytest.approx(published, abs=1.5)
    assert scores.rel_acc(predicted, tables[task]["true"]) == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_rectified_fit_reproduces_its_table_within_its_rounding_noise(tables, task):
    rng = np.random.default_rng(5)
    shape = tables[task]["losses"].shape
    found = np.array(
        [
            [
                pearson("rectified", tables[task], budget, jitter=1e-12 * rng.standard_normal(shape))
                for budget in BUDGETS
            ]
            for _ in range(3)
        ]
    )
    allowed = (1.5, 1.5, 1.5, 2.0, 8.0, 14.0, 12.0) if task == "flan" else (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0)
    assert (np.abs(found - PEARSON["rectified", task]).min(axis=0) <= allowed).all(), found
    if task == "flan":
        # A change of 1e-12 in the losses moves the score: nobody can reproduce this cell to a tenth of a point.
        assert np.ptp(found[:, 4:], axis=0).max() > 1.0


@pytest.mark.fits
def test_vanilla_fit_is_in_the_published_region(tables):
    assert 75 < pearson("vanilla", tables["gigaword"], 102_400, rng=np.random.default_rng(0)) < 97


@pytest.mark.slow
@pytest.mark.parametrize(("task", "budget"), [(task, budget) for task in TASKS for budget in BUDGETS[:4]])
def test_published_vanilla_scores_lie_among_those_of_other_random_starts(tables, task, budget):
    found = [pearson("vanilla", tables[task], budget, rng=np.random.default_rng(seed)) for seed in range(6)]
    published = PEARSON["vanilla", task][BUDGETS.index(budget)]
    # The published starts are one unseeded draw: nothing closer than "among the rest" can be asked of it.
    assert min(found) - 10 < published < max(found) + 3, found


def test_accept_then_stop_extrapolates_a_power_law_and_ignores_what_came_before():
    x = 200.0 * 2 ** np.arange(8)
    y = 5 * x**-0.2
    noisy = y * (1 + 1e-4 * np.array([0, 0, 0, 1, -1, 1, -1, 1]))
    early = noisy.copy()
    early[:3] = 1.0  # a flat start, refused
    predicted = baselines.accept_then_stop(x, np.stack([noisy, early]), target=TARGET)
    np.testing.assert_allclose(predicted, 5 * TARGET**-0.2, rtol=2e-3)


def test_accept_then_stop_drops_the_smallest_size_even_when_nothing_is_refused():
    x = 200.0 * 2 ** np.arange(6)
    wiggle = np.array([0.08, 0.01, -0.01, 0.01, -0.01, 0.01])
    y = np.exp(1 - 0.1 * np.log(x) + wiggle)
    line = np.polyfit(np.log(x[1:]), np.log(y[1:]), 1)
    predicted = baselines.accept_then_stop(x, y[None], target=TARGET, delta=1e9)
    np.testing.assert_allclose(predicted, np.exp(np.polyval(line, np.log(TARGET))))


def test_accept_then_stop_uses_all_of_k_sizes():
    x, y = np.array([200.0, 400.0, 800.0]), np.array([3.0, 2.0, 1.9])
    line = np.polyfit(np.log(x), np.log(y), 1)
    predicted = baselines.accept_then_stop(x, y[None], target=TARGET)
    np.testing.assert_allclose(predicted, np.exp(np.polyval(line, np.log(TARGET))))


def rectified(x, *, e, b, dl, beta):
    return e + b / (dl + x**beta)


def test_rectified_fits_extrapolate_a_rectified_curve():
    x = 200.0 * 2 ** np.arange(12)
    y = rectified(x, e=1.0, b=200.0, dl=50.0, beta=0.5)[None]
    start = rectified(np.zeros(1), e=1.0, b=200.0, dl=50.0, beta=0.5)
    true = rectified(TARGET, e=1.0, b=200.0, dl=50.0, beta=0.5)
    draws = least_squares.rectified_bootstrap(
        x, y, target=TARGET, zero_shot=start, draws=5, rng=np.random.default_rng(0)
    )
    np.testing.assert_allclose(draws, true, rtol=1e-6)
    for start_or_not in (start, None):
        fitted = least_squares.rectified_least_squares(x, y, target=TARGET, zero_shot=start_or_not)
        np.testing.assert_allclose(fitted, true, rtol=1e-6)
    assert baselines.rectified_point_fit(x, y, target=TARGET, zero_shot=None)[0] == pytest.approx(true, rel=0.05)


def test_vanilla_fit_extrapolates_a_power_law():
    x = 200.0 * 2 ** np.arange(12)
    y = (1 / (0.5 * x**0.6) + 0.01) ** 0.4
    true = (1 / (0.5 * TARGET**0.6) + 0.01) ** 0.4
    predicted = baselines.vanilla_point_fit(x, y[None], target=TARGET, rng=np.random.default_rng(0))
    assert predicted[0] == pytest.approx(true, rel=0.1)


def test_vanilla_gradient_matches_finite_differences():
    lx, ly = np.log(200.0 * 2 ** np.arange(5)), np.array([1.2, 1.1, 1.05, 0.9, 0.8])
    p = np.array([0.7, 0.4, 0.3, 0.2])
    numeric = approx_fprime(p, lambda q: baselines._vanilla_objective(q, lx, ly)[0], 1e-7)
    np.testing.assert_allclose(baselines._vanilla_objective(p, lx, ly)[1], numeric, rtol=1e-4, atol=1e-7)


def test_rectified_jacobian_matches_finite_differences_also_at_zero_examples():
    seen = np.array([False, True, True, True])
    lx = np.array([0.0, 5.0, 7.0, 9.0])
    p = np.array([0.5, -0.3, -3.0, -0.8])
    numeric = np.array(
        [approx_fprime(p, lambda q, i=i: least_squares._rectified_log_loss(q, lx, seen)[i], 1e-7) for i in range(4)]
    )
    np.testing.assert_allclose(least_squares._rectified_jacobian(p, lx, seen), numeric, atol=1e-6)


def test_bootstrap_is_wide_as_the_noise_where_data_are():
    rng = np.random.default_rng(3)
    x = 200.0 * 2 ** np.arange(13)
    clean = rectified(x, e=1.0, b=200.0, dl=50.0, beta=0.5)
    y = clean * np.exp(0.02 * rng.normal(size=(8, x.size)))
    draws = least_squares.rectified_bootstrap(x, y, target=x[-1], zero_shot=None, draws=200, rng=rng)
    assert draws.shape == (200, 8)
    assert 0.015 < np.log(draws).std(axis=0).mean() < 0.045
    again = least_squares.rectified_bootstrap(
        x, y[:1], target=x[-1], zero_shot=None, draws=3, rng=np.random.default_rng(9)
    )
    same = least_squares.rectified_bootstrap(
        x, y[:1], target=x[-1], zero_shot=None, draws=3, rng=np.random.default_rng(9)
    )
    np.testing.assert_array_equal(again, same)


def test_bootstrap_of_real_curves_is_finite_and_too_narrow(tables):
    table = tables["flan"]
    seen = table["sizes"] <= 25_600
    draws = least_squares.rectified_bootstrap(
        table["sizes"][seen],
        table["losses"][:, seen],
        target=TARGET,
        zero_shot=table["zero"],
        draws=40,
        rng=np.random.default_rng(0),
    )
    assert np.isfinite(draws).all()
    # The law is only approximately true, and resampling residuals cannot know that.
    assert scores.intervals(draws, table["true"], levels=(0.9,)).coverage[0] < 0.6


@pytest.mark.parametrize("losses", [np.linspace(1, 3, 6), np.full(6, 2.0), np.array([3.0, 1.0, 3.0, 1.0, 3.0, 1.0])])
def test_odd_curves_still_get_a_finite_prediction(losses):
    x, y, rng = 200.0 * 2 ** np.arange(6), losses[None], np.random.default_rng(0)
    for found in (
        baselines.accept_then_stop(x, y, target=1e6),
        baselines.rectified_point_fit(x, y, target=1e6, zero_shot=y[:, 0]),
        baselines.vanilla_point_fit(x, y, target=1e6, rng=rng),
        least_squares.rectified_bootstrap(x, y, target=1e6, zero_shot=y[:, 0], draws=3, rng=rng),
    ):
        assert np.isfinite(found).all()
        assert (found > 0).all()


def test_a_rectified_fit_without_accepted_parameters_gets_the_missing_prediction(monkeypatch):
    class Swapped:
        x = np.array([1.0, 2.0, 0.0, 0.0])  # A below E after either step

    class Retuned:
        x = np.array([1.0, 2.0])

    answers = iter([Swapped(), Retuned()])
    monkeypatch.setattr(baselines, "minimize", lambda *_args, **_options: next(answers))
    x = 200.0 * 2 ** np.arange(4)
    assert baselines.rectified_point_fit(x, np.full((1, 4), 2.0), target=1e6, zero_shot=None)[0] == 4.0


def test_order_of_sizes_does_not_matter():
    x, y = np.array([200.0, 400.0, 800.0, 1600.0]), np.array([[3.0, 2.5, 2.2, 2.0]])
    for call in (
        lambda a, b: baselines.accept_then_stop(a, b, target=TARGET),
        lambda a, b: baselines.largest_subset(a, b),
    ):
        np.testing.assert_array_equal(call(x, y), call(x[::-1], y[:, ::-1]))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x, y: baselines.accept_then_stop(x[:1], y[:, :1], target=1e6), RunsError, "at least 2 sizes"),
        (lambda x, y: baselines.accept_then_stop(x, y, target=-1), TargetError, "target size"),
        (lambda x, y: baselines.accept_then_stop(x, y, target=1e6, k=1), RunsError, "two points"),
        (lambda x, y: baselines.accept_then_stop(x * 0, y, target=1e6), RunsError, "zero_shot"),
        (lambda x, y: baselines.accept_then_stop(x, y.T, target=1e6), RunsError, "losses"),
        (lambda x, y: baselines.largest_subset(x, -y), RunsError, "candidate 0 at size 200"),
        (lambda x, y: baselines.rectified_point_fit(x, y, target=1e6, zero_shot=[1, 2]), RunsError, "zero-shot"),
        (lambda x, y: baselines.model_size([1e6, 0]), RunsError, "parameter count of candidate 1"),
        (
            lambda x, y: least_squares.rectified_bootstrap(
                x, y, target=1e6, zero_shot=None, draws=3, rng=np.random.default_rng()
            ),
            RunsError,
            "at least 5 sizes",
        ),
        (
            lambda x, y: least_squares.rectified_bootstrap(
                x, y, target=1e6, zero_shot=[4.0], draws=0, rng=np.random.default_rng()
            ),
            RunsError,
            "at least one bootstrap",
        ),
    ],
)
def test_errors_say_what_is_wrong(call, error, words):
    with pytest.raises(error, match=words):
        call(np.array([200.0, 400.0, 800.0, 1600.0]), np.array([[3.0, 2.5, 2.2, 2.0]]))
