"""Runs that are watched: conditional normal distributions against algebra, and warnings by their rates."""

import numpy as np
import pytest

from bayeslaw.answers.watch import Foretold, _evidence, _moments, watch

LOOKS, TASKS, NOISE = 10, 2, 0.02
GAIN = np.linspace(0.03, 0.012, LOOKS)
"""What is foretold to be gained from checkpoint to checkpoint."""


def process(draws, rng, gain=GAIN):
    """Two outcomes of a run: gains of an uncertain factor and a walk; its end is a checkpoint later."""
    factor = 1 + 0.15 * rng.standard_normal((draws, 1, 1))
    steps = gain[:, None] * factor + 0.004 * rng.standard_normal((draws, LOOKS, TASKS))
    level = 0.4 + 0.02 * rng.standard_normal((draws, 1, TASKS))
    path = level + np.cumsum(steps, axis=1)
    end = path[:, -1] + 0.01 * factor[:, 0] + 0.004 * rng.standard_normal((draws, TASKS))
    return level[:, 0], path, end


def measured(path, rng):
    return (path + NOISE * rng.standard_normal(path.shape)).reshape(len(path), -1)


@pytest.fixture(scope="module")
def foretold():
    rng = np.random.default_rng(0)
    start, path, end = process(1500, rng)
    look, outcome = (index.ravel() for index in np.indices((LOOKS, TASKS)))
    return Foretold(start, path.reshape(1500, -1), measured(path, rng), end, look, outcome)


@pytest.fixture(scope="module")
def healthy():
    """Runs of the process that the draws know nothing of."""
    rng = np.random.default_rng(1)
    return measured(process(300, rng)[1], rng)


def exact(foretold, y, seen):
    """Mean and covariance of the end given the measurements of the first checkpoints, from moments of draws."""
    known = foretold.look < seen
    c = foretold.expected - foretold.expected.mean(axis=0)
    e = foretold.end - foretold.end.mean(axis=0)
    total = c.T @ c / len(c) + np.diag((foretold.measured - foretold.expected).var(axis=0))
    cross = (e.T @ c / len(c))[:, known]
    weight = cross @ np.linalg.inv(total[np.ix_(known, known)])
    mean = foretold.end.mean(axis=0) + weight @ (y - foretold.expected.mean(axis=0))[known]
    return mean, e.T @ e / len(e) - weight @ cross.T


def test_the_end_is_that_of_a_conditional_normal_distribution(foretold, healthy):
    """Moments of 1,500 shifted draws: within five standard errors of a mean, and a tenth of a variance."""
    found = watch(foretold, healthy[0])
    np.testing.assert_array_equal(found.ends[0], foretold.end)
    for seen in (1, 4, LOOKS):
        mean, covariance = exact(foretold, healthy[0], seen)
        sd = np.sqrt(np.diag(covariance))
        assert (abs(found.ends[seen].mean(axis=0) - mean) < 5 * sd / np.sqrt(1500) + 1e-3).all()
        np.testing.assert_allclose(np.cov(found.ends[seen].T), covariance, atol=0.1 * sd.max() ** 2)
    assert found.ends[LOOKS].std() < found.ends[1].std() < found.ends[0].std()


def test_the_next_checkpoint_is_foretold_from_those_before(foretold, healthy):
    y = healthy[1]
    found = watch(foretold, y)
    c = foretold.expected - foretold.expected.mean(axis=0)
    total = c.T @ c / len(c) + np.diag((foretold.measured - foretold.expected).var(axis=0))
    for p in (0, 7, 2 * LOOKS - 1):
        known = foretold.look < foretold.look[p]
        weight = total[p, known] @ np.linalg.inv(total[np.ix_(known, known)]) if known.any() else np.zeros(0)
        mean = foretold.expected.mean(axis=0)
        assert found.next_mean[p] == pytest.approx(mean[p] + weight @ (y - mean)[known])
        assert found.next_sd[p] == pytest.approx(np.sqrt(total[p, p] - weight @ total[known, p]))


def test_of_runs_that_go_as_foretold_one_in_twenty_raises_a_warning(foretold, healthy):
    """Of 300 runs: 15 expected, and between 4 and 30 with probability .999."""
    one = watch(foretold, healthy[0])
    largest = _evidence(foretold, _moments(foretold), healthy)[0].max(axis=1)
    assert largest[0] == pytest.approx(one.evidence.max())
    assert 4 <= (largest >= one.threshold).sum() <= 30
    assert (one.chance <= 0.05) == (one.alarm is not None)
    assert one.chance == pytest.approx((largest >= largest[0]).mean(), abs=0.12)


def test_runs_that_stand_still_are_found_and_since_when(foretold):
    """From the third checkpoint on nothing is gained: nine in ten are found, the beginning within three checkpoints."""
    rng = np.random.default_rng(2)
    gain = np.where(np.arange(LOOKS) > 2, 0.0, GAIN)
    runs = measured(process(100, rng, gain)[1], rng)
    one = watch(foretold, runs[0])
    evidence, since = _evidence(foretold, _moments(foretold), runs)
    assert (evidence.max(axis=1) >= one.threshold).sum() >= 90
    assert np.median(abs(since[:, -1] - 2)) <= 2
    assert one.alarm is not None
    assert one.ends[-1].mean() < one.ends[0].mean() - 0.05


def test_nothing_to_gain_is_no_stall(foretold):
    """Where no gain was foretold all evidence is 0, and so is the threshold: no warning."""
    none = np.zeros_like(foretold.expected)
    noise = foretold.measured - foretold.expected
    level = foretold.start[:, foretold.outcome]
    flat = Foretold(foretold.start, level + none, level + noise, foretold.end, foretold.look, foretold.outcome)
    falling = Foretold(
        foretold.start, level - 0.1 * (1 + foretold.look), level - 0.1 * (1 + foretold.look) + noise, foretold.end,
        foretold.look, foretold.outcome,
    )  # fmt: skip
    assert watch(falling, falling.measured[0]).alarm is None
    assert watch(falling, falling.measured[0]).chance == 1
    assert abs(watch(flat, flat.measured[0]).evidence).max() < 1e-6


def test_a_stall_began_at_a_checkpoint_that_was_seen(foretold, healthy):
    since = _evidence(foretold, _moments(foretold), healthy)[1]
    assert (since < np.arange(LOOKS)).all()


def test_runs_that_do_better_raise_no_warning(foretold):
    rng = np.random.default_rng(3)
    runs = measured(process(50, rng, 1.5 * GAIN)[1], rng)
    largest = _evidence(foretold, _moments(foretold), runs)[0].max(axis=1)
    assert (largest < watch(foretold, runs[0]).threshold).all()
