"""How slopes change beyond the data, learned from tasks whose large runs were hidden.

False alarms: fits to simulated tasks are held to five standard deviations of fits to 20 such sets, with a fixed seed.
"""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy import stats

from bayeslaw.errors import LawError, TargetError
from bayeslaw.evidence.backtest.finetune import backtest_finetune
from bayeslaw.evidence.backtest.settings import MethodSettings
from bayeslaw.evidence.slope_changes import (
    LOG_RATES,
    TYPICAL,
    HiddenTask,
    fit_slope_changes,
    hidden_tasks_text,
    log_likelihood_of_rates,
    read_hidden_tasks,
    released_tasks_path,
    scales_without,
)
from bayeslaw.kinds.curves.priors import OWN_CHANGE, SHARED_CHANGE
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.scales import LEAST_RATIO, Foretold
from bayeslaw.laws import get_law

OWN = Foretold(0.02, exponent=0.8, sd=0.4, typical=TYPICAL, spread=1.0)
SHARED = Foretold(0.04, exponent=0.4, sd=0.3, typical=TYPICAL, spread=1.0)
DF = 4.0


def simulated(tasks=60, models=8, seed=0, collection="x", own=OWN, shared=SHARED):
    """Records of tasks whose slopes change as told, with a log sd of 1 of the error of slopes between them."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(tasks):
        error, distance = TYPICAL * np.exp(rng.standard_normal()), rng.uniform(1.5, 4.0)
        rates = [prior.draw(np.array([error]), 1, rng)[0, 0] for prior in (own, shared)]
        slopes = rates[0] * rng.standard_t(DF, models) + rates[1] * rng.standard_normal()
        errors = distance * slopes + 0.004 * rng.standard_normal(models) + 0.003 * rng.standard_normal()
        found.append(HiddenTask(collection, f"t{i}", "slope", distance, error, tuple(errors.tolist()), 0.004, 0.003))
    return found


@pytest.fixture(scope="module")
def tasks():
    return simulated()


def test_the_distributions_that_tasks_were_drawn_from_are_recovered(tasks):
    own, shared = fit_slope_changes(tasks, df=DF)
    # sds over 20 sets: of own and shared, log medians .06 and .12, exponents .06 and .14, log sds .12 and .23
    for found, true, sds in ((own, OWN, (0.06, 0.06, 0.12)), (shared, SHARED, (0.12, 0.14, 0.23))):
        assert abs(np.log(found.median / true.median)) < 5 * sds[0]
        assert abs(found.exponent - true.exponent) < 5 * sds[1]
        assert abs(np.log(found.sd / true.sd)) < 5 * sds[2]
        assert found.typical == TYPICAL
        errors = [task.slope_error for task in tasks]
        assert found.spread == pytest.approx(np.std(np.log(errors)))


@pytest.mark.core
@pytest.mark.fits
def test_other_rates_are_told_apart(tasks):
    """Other rates with the same random numbers: half the own ones, twice the shared ones, and the two exchanged."""
    own, shared = fit_slope_changes(tasks, df=DF)
    half, same = fit_slope_changes(simulated(own=replace(OWN, median=0.01)), df=DF)
    assert half.median == pytest.approx(own.median / 2, rel=0.1)
    assert same.median == pytest.approx(shared.median, rel=0.1)
    same, twice = fit_slope_changes(simulated(shared=replace(SHARED, median=0.08)), df=DF)
    assert same.median == pytest.approx(own.median, rel=0.1)
    assert twice.median == pytest.approx(2 * shared.median, rel=0.1)
    own, shared = fit_slope_changes(simulated(own=SHARED, shared=OWN), df=DF)
    assert own.median > 1.5 * shared.median
    assert own.exponent < shared.exponent - 0.2


@pytest.mark.parametrize("errors", [(0.03,), (0.03, -0.02), (0.1, 0.11, 0.09, 0.1), (0.01, 0.05, -0.03, 0.3, 0.02)])
@pytest.mark.parametrize(("own_sd", "shared_sd"), [(0.004, 0.003), (0.03, 1e-5)])
def test_the_likelihood_of_rates_is_the_integral_over_what_models_share(errors, own_sd, shared_sd):
    task = HiddenTask("c", "t", "slope", 3.0, 0.05, errors, own_sd, shared_sd)
    found = log_likelihood_of_rates(task, DF)
    assert found.shape == (97, 97)
    compared = 0
    for i in (0, 30, 52, 66, 80, 96):
        for j in (0, 25, 47, 61, 75, 96):
            scale, sd = (np.hypot(known, 3.0 * np.exp(LOG_RATES[k])) for known, k in ((own_sd, i), (shared_sd, j)))
            near_0 = 9 * sd * np.linspace(-1, 1, 4001)
            near_errors = np.concatenate([e + 12 * scale * np.linspace(-1, 1, 4001) for e in errors])
            x = np.unique(np.concatenate([near_0, near_errors, np.linspace(-1, 1, 4001)]))
            each = stats.t.logpdf((np.array(errors) - x[:, None]) / scale, DF) - np.log(scale)
            log_joint = each.sum(axis=1) + stats.norm.logpdf(x, 0, sd)
            expected = np.log(np.trapezoid(np.exp(log_joint - log_joint.max()), x)) + log_joint.max()
            if expected > found.max() - 12:
                assert found[i, j] == pytest.approx(expected, abs=0.02), (i, j)
                compared += 1
    assert compared > 8


def test_a_collection_that_is_left_out_is_not_used(tasks):
    others = simulated(20, seed=1, collection="y", own=replace(OWN, median=0.2))
    with_others = [task for pair in zip(others, tasks, strict=False) for task in pair]
    without = [task for task in with_others if task.collection != "y"]
    assert fit_slope_changes(with_others, df=DF, leave_out=["y"]) == fit_slope_changes(without, df=DF)
    assert fit_slope_changes(with_others, df=DF)[0].median > 1.5 * fit_slope_changes(without, df=DF)[0].median


def test_without_tasks_the_fit_is_what_was_believed_before():
    for found in fit_slope_changes(simulated(5), df=DF, leave_out=["x"]):
        assert found.median == pytest.approx(np.exp(-4.0), rel=0.01)
        assert found.exponent == pytest.approx(0.7, abs=0.01)
        assert found.sd == pytest.approx(np.exp(-0.7), rel=0.01)
        assert found.spread == 1.0


def test_a_task_without_an_error_of_slopes_is_one_of_any(tasks):
    """Its rates are spread as the error is between tasks, and so they tell less of the sd given the error."""
    without = [replace(task, slope_error=np.nan) if i % 2 else task for i, task in enumerate(tasks)]
    own, _ = fit_slope_changes(without, df=DF)
    taken_as_typical, _ = fit_slope_changes(
        [replace(t, slope_error=TYPICAL) if np.isnan(t.slope_error) else t for t in without], df=DF
    )
    assert np.isfinite(list(asdict(own).values())).all()
    assert own.spread == pytest.approx(np.std(np.log([t.slope_error for t in without if np.isfinite(t.slope_error)])))
    # the truth is .4; half of the tasks, so that sds are half as large again
    assert abs(np.log(own.sd / 0.4)) < 5 * 0.12 * np.sqrt(2)
    assert taken_as_typical.sd > 1.2 * own.sd


@pytest.mark.fits
def test_errors_of_slopes_that_are_rounding_are_floored(tasks):
    rounded, floored = (
        fit_slope_changes([replace(task, slope_error=tiny) if i < 5 else task for i, task in enumerate(tasks)], df=DF)
        for tiny in (0.0, TYPICAL * LEAST_RATIO)
    )
    assert rounded == floored


# --------------------------------------------------------------------------------------------------------------- files


def test_records_are_read_as_they_were_written(tmp_path, tasks):
    exact = replace(tasks[0], distance=2.5, slope_error=0.03125, errors=(0.5, -0.25), own_sd=0.125, shared_sd=1e-5)
    unknown = replace(exact, task="ü: other", slope_error=np.nan, errors=(0.5,))
    text = hidden_tasks_text([exact, unknown])
    json.loads(text, parse_constant=pytest.fail)  # NaN is no JSON
    assert len(text.splitlines()) == 4
    path = tmp_path / "tasks.json"
    path.write_text(text, encoding="utf-8")
    one, two = read_hidden_tasks(path)
    assert asdict(one) == asdict(exact)
    assert np.isnan(two.slope_error)
    assert asdict(replace(two, slope_error=0.0)) == asdict(replace(unknown, slope_error=0.0))
    assert isinstance(two.errors, tuple)
    assert hidden_tasks_text([one, two]) == text


def test_records_are_rounded_to_five_digits(tmp_path, tasks):
    path = tmp_path / "tasks.json"
    path.write_text(hidden_tasks_text(tasks), encoding="utf-8")
    for found, task in zip(read_hidden_tasks(path), tasks, strict=True):
        np.testing.assert_allclose(found.errors, task.errors, rtol=5.1e-5)
        assert found.errors != task.errors
        assert found.slope_error == float(f"{task.slope_error:.5g}")
        assert (found.collection, found.task, found.discrepancy) == (task.collection, task.task, task.discrepancy)


# ----------------------------------------------------------------------------------------------------- what is released


@pytest.mark.fits
def test_scales_without_a_collection_are_fitted_to_the_others():
    tasks, law = read_hidden_tasks(released_tasks_path()), get_law("rectified")
    found = scales_without(law, ["language", "bird"])
    own, shared = fit_slope_changes([t for t in tasks if t.collection not in ("language", "bird")], df=found.change_df)
    assert (found.own_change, found.shared_change) == (own, shared)
    assert own != OWN_CHANGE
    plain = scales_without(get_law("broken"), ["lcdb"])
    assert replace(plain, own_change=OWN_CHANGE, shared_change=SHARED_CHANGE) == scales_of("broken")


def scales_of(name):
    return kind_of(get_law(name)).scale_priors(get_law(name))


def test_collections_that_are_not_known_are_refused():
    with pytest.raises(TargetError, match=r"'lcbd'.*Did you mean 'lcdb'\?.*language"):
        scales_without(get_law("rectified"), ["language", "lcbd"])
    with pytest.raises(LawError, match="Nothing of the chinchilla law"):
        scales_without(get_law("chinchilla"), ["lcdb"])


@pytest.mark.fits
def test_backtests_can_leave_collections_out(finetune_files):
    settings = MethodSettings(leave_out=("language",))
    assert settings.scales() == scales_without(get_law("rectified"), ["language"])
    assert MethodSettings().scales() is None
    # finished answers are used again only with equal scales, which have no part in other methods
    answer = settings.as_dict("bayeslaw")
    assert answer["leave_out"] == ["language"]
    assert answer["scales"]["own_change"] == asdict(settings.scales().own_change)
    assert "leave_out" not in MethodSettings().as_dict("bayeslaw")
    assert settings.as_dict("accept_then_stop") == MethodSettings().as_dict("accept_then_stop")
    with pytest.raises(TargetError, match=r"'languages'.*Did you mean 'language'"):
        backtest_finetune(finetune_files, budgets=(8,), methods=("accept_then_stop",), leave_out=["languages"])
