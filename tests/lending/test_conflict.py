"""Whether a prior of another kind is flagged; `drawn_from_prior` needs no sampler, only draws from the prior."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayeslaw.errors import PriorError
from bayeslaw.fitting.assemble import drawn_from_prior
from bayeslaw.fitting.facade import Fit
from bayeslaw.kinds.base import prior_positions
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.kinds.shared.borrowed import PATH, Borrowed, Entry, TaskPath
from bayeslaw.kinds.shared.scales import LogNormal
from bayeslaw.kinds.surfaces.priors import SurfacePriors
from bayeslaw.laws import get_law
from bayeslaw.lending.borrowing import borrowing
from bayeslaw.lending.conflict import conflict_checks
from bayeslaw.prior.prior import Prior
from bayeslaw.runs import read_runs

LAW = get_law("rectified")
SIZES = np.array([200.0, 400.0, 800.0, 1600.0])
KNOTS = np.log(SIZES[1:] / 1600)
SLOPE = -0.05
HEIGHT_SD, MODELS = 0.1, 9


def lender(task="t"):
    """A prior that knows a task whose losses fall along a straight line, within a twentieth of its slope."""
    entries = [Entry("location", index=k) for k in range(3)]
    entries += [Entry(name, task) for name in ("noise", "pull", "own_drift", "shared_drift")]
    entries += [Entry(PATH, task, q) for q in range(3)]
    path = SLOPE * (KNOTS - np.log(200 / 1600))
    mean = np.concatenate([np.zeros(3), [0.0, 0.0, -2.0, -2.0], path])
    covariance = np.diag(np.concatenate([np.ones(3), 0.01 * np.ones(4), (0.05 * path) ** 2]))
    typical = np.concatenate([[1.0], 1.0 + path])
    paths = {task: TaskPath(float(np.log(200 / 1600)), KNOTS, typical, HEIGHT_SD, MODELS)}
    borrowed = Borrowed({"data": 1600.0}, tuple(entries), mean, covariance, ScalePriors(), paths)
    return Prior("made", LAW, {"data": "examples"}, borrowed, (), (), {"data": (200.0, 1600.0)}, 0.0, {})


def table(slope, *, start=1.0, task="t", models=2, sizes=SIZES, noise=0.002, seed=0):
    rng = np.random.default_rng(seed)
    rows = [(task, f"m{i}", size) for i in range(models) for size in sizes]
    frame = pd.DataFrame(rows, columns=["task", "model", "data"]).assign(family=[row[1] for row in rows])
    log_loss = start + slope * np.log(frame["data"] / 200) + noise * rng.standard_normal(len(rows))
    return read_runs(frame.assign(loss=np.exp(log_loss)))


def checks_of(forge, runs, seed=0):
    prior = lender()
    model = build_model(runs, LAW, borrowed=prior.borrowed)
    positions = prior_positions(model, 400, np.random.default_rng(seed))
    posterior = forge(runs, positions, prior=prior)
    return {check.name: check for check in conflict_checks(drawn_from_prior(posterior, seed), seed)}


@pytest.mark.core
@pytest.mark.fits
def test_runs_as_expected_pass(forge):
    found = checks_of(forge, table(SLOPE))
    assert found["prior_conflict"].status == "PASS"
    assert found["prior_level"].status == "PASS"


@pytest.mark.fits
def test_another_slope_is_flagged_with_the_numbers(forge):
    check = checks_of(forge, table(2 * SLOPE))["prior_conflict"]
    assert check.status == "REVIEW"
    assert "log-log slope along data on t is -0.099, where the prior expects -0.0" in check.sentence
    assert "widen" in check.remedy


def test_a_bend_is_flagged(forge):
    runs = table(SLOPE)
    bent = runs.table.assign(loss=runs.table["loss"] * np.exp(-0.05 * np.log(runs.table["data"] / 600) ** 2))
    check = checks_of(forge, read_runs(bent))["prior_conflict"]
    assert check.status == "REVIEW"
    assert "bend of log loss along data on t" in check.sentence


def test_a_model_far_from_those_of_its_task_is_flagged(forge):
    """Of the t distribution of one more of nine models; two are looked at, so that the smaller share counts twice."""
    check = checks_of(forge, table(SLOPE, start=1.0 - 0.5))["prior_level"]
    assert check.status == "REVIEW"
    p = 2 * stats.t.sf(0.5 / HEIGHT_SD / np.sqrt(1 + 1 / MODELS), MODELS - 1)
    assert check.value == pytest.approx(1 - (1 - p) ** 2, rel=0.2)


def test_a_task_that_the_prior_does_not_know_is_not_held_to_its_level(forge):
    found = checks_of(forge, table(SLOPE, start=9.0, task="another"))
    assert "prior_level" not in found
    assert found["prior_conflict"].status == "PASS"


@pytest.mark.fits
def test_false_alarms_are_as_rare_as_stated(forge):
    """Tables drawn from the prior: shares are uniform, whose mean over 100 is off by a tenth with a chance of .0005."""
    prior, runs = lender(), table(SLOPE)
    model = build_model(runs, LAW, borrowed=prior.borrowed)
    posterior = forge(runs, prior_positions(model, 8, np.random.default_rng(0)), prior=prior)
    from_prior = drawn_from_prior(posterior, 0)
    drawn = drawn_from_prior(posterior, 1).predictor.replicated(np.random.default_rng(1))
    shares = []
    for log_loss in drawn[:100]:
        loss = np.exp(log_loss - log_loss[:, :1] + 1.0).ravel()
        layout = kind_of(LAW).layout(read_runs(runs.table.assign(loss=loss)), LAW, prior.borrowed)
        check, _ = conflict_checks(replace(from_prior, layout=layout))
        assert (check.status == "PASS") == (check.value >= 0.05)
        shares.append(check.value)
    assert np.mean(shares) == pytest.approx(0.5, abs=0.1)


@pytest.mark.fits
def test_runs_that_say_nothing_leave_all_borrowed_and_others_less(forge):
    """The posterior of a forged fit is given: as wide as the prior, then half as wide."""
    prior, runs = lender(), table(SLOPE)
    model = build_model(runs, LAW, borrowed=prior.borrowed)
    positions = prior_positions(model, 4000, np.random.default_rng(3))
    from_prior = drawn_from_prior(forge(runs, positions, prior=prior), 0)
    same = borrowing(forge(runs, positions, prior=prior), from_prior).shares
    assert [share.quantity for share in same] == [c.meaning for c in LAW.coordinates]
    assert all(share.borrowed == pytest.approx(1.0, abs=0.1) for share in same)
    half = forge(runs, {name: 0.5 * values for name, values in positions.items()}, prior=prior)
    for share in borrowing(half, from_prior, {"data": 3200.0}).shares[:3]:
        assert share.borrowed == pytest.approx(0.25, abs=0.05)
        assert share.posterior_sd == pytest.approx(share.prior_sd / 2, rel=0.1)


def test_the_share_of_a_prediction_is_of_the_change_from_the_largest_run(forge):
    prior, runs = lender(), table(SLOPE)
    model = build_model(runs, LAW, borrowed=prior.borrowed)
    posterior = forge(runs, prior_positions(model, 400, np.random.default_rng(3)), prior=prior)
    shares = borrowing(posterior, drawn_from_prior(posterior, 0), {"data": 1600.0}).shares[3:]
    assert [share.group for share in shares] == ["m0", "m1"]
    assert all(share.prior_sd == 0 == share.posterior_sd for share in shares)  # it is the largest run


def test_a_fit_without_a_prior_borrowed_nothing(forge):
    runs = table(SLOPE)
    posterior = forge(runs, prior_positions(build_model(runs, LAW), 8, np.random.default_rng(3)))
    with pytest.raises(PriorError, match="borrowed nothing"):
        Fit(posterior).borrowing()


@pytest.mark.fits
def test_a_joint_law_that_falls_otherwise_is_flagged(forge, surface):
    """The prior is sure of the constants of the first table, and that slopes of models hardly differ beyond the law."""
    law, (n, d) = get_law("chinchilla"), (2e8, 4e9)
    E, A, B, alpha, beta = 1.8, 480.0, 2000.0, 0.35, 0.37
    of_params, of_data = A / n**alpha, B / d**beta
    known = [np.log(E / (of_params + of_data)), np.log(of_params / of_data), np.log(alpha), np.log(beta)]
    mean = np.array([(value - c.mean) / c.sd for value, c in zip(known, law.coordinates, strict=True)])
    entries = tuple(Entry("location", index=k) for k in range(4))
    scales = SurfacePriors(tilt_sd=LogNormal(0.004, 0.3))
    borrowed = Borrowed({"params": n, "data": d}, entries, mean, 1e-4 * np.eye(4), scales, {})
    prior = Prior("made", law, {"params": "parameters", "data": "tokens"}, borrowed, (), (), {}, 0.0, {})
    sizes = {"x": ((1e8, 2e8, 4e8), (1e9, 4e9, 1.6e10, 6.4e10))}
    for constants, status in (((E, A, B, alpha, beta), "PASS"), ((E, A, 60.0, alpha, 0.2), "REVIEW")):
        runs = surface(sizes, constants=constants)
        model = build_model(runs, law, borrowed=borrowed)
        positions = prior_positions(model, 8, np.random.default_rng(0))
        posterior = forge(runs, positions, law="chinchilla", prior=prior)
        (check,) = conflict_checks(drawn_from_prior(posterior, 0))
        assert check.status == status
        assert "log-log slope along" in check.sentence
