"""Our policy against an exhaustive search one step ahead, on simulated tables whose truth is what is believed.

Log losses are jointly normal, so that beliefs after each purchase, and what any set of runs is worth, are exact.
"""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import special

from bayeslaw.evidence.replay.ours import STEP, Believed, next_batch
from bayeslaw.evidence.replay.purse import Purse, ReplaySettings
from bayeslaw.evidence.replay.studies import Study
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs

MODELS, SIZES, NOISE, DRAWS, LARGEST = 4, 100.0 * 2.0 ** np.arange(8), 0.004, 2400, 4
SHARES = np.geomspace(0.04, 0.5, 12)
"""Of the cost of everything, at which regrets are compared."""


def believed_at_first():
    """Mean (rows,) and covariance of log losses: levels, slopes with a part in common, and a walk of each model."""
    x = np.log(SIZES / SIZES[0])
    shared = np.multiply.outer(x, x) * 0.03**2
    walk = 0.012**2 * np.minimum.outer(x, x) ** 2 * (np.maximum.outer(x, x) - np.minimum.outer(x, x) / 3) / 2
    own = 0.05**2 + np.multiply.outer(x, x) * 0.02**2 + walk
    covariance = np.kron(np.ones((MODELS, MODELS)), shared) + np.kron(np.eye(MODELS), own)
    return np.tile(0.7 - 0.1 * x, MODELS), covariance + NOISE**2 * np.eye(MODELS * len(SIZES))


def given(mean, covariance, rows, values):
    """Mean and covariance once rows were measured."""
    gain = np.linalg.solve(covariance[np.ix_(rows, rows)], covariance[rows]).T
    return mean + gain @ (values - mean[rows]), covariance - gain @ covariance[rows]


def simulated(rng):
    """A study whose runs were drawn from what is believed at first."""
    mean, covariance = believed_at_first()
    y = rng.multivariate_normal(mean, covariance)
    names = np.repeat([f"m{i}" for i in range(MODELS)], len(SIZES))
    runs = read_runs(pd.DataFrame({"model": names, "data": np.tile(SIZES, MODELS), "loss": np.exp(y)}))
    data = runs.table["data"].to_numpy(float)
    target = data == SIZES[-1]
    return Study("t", "choose", runs, ~target, target, data <= SIZES[1], data, "examples")


def expected_losses(mean, covariance, targets):
    return np.exp(mean[targets] + np.diag(covariance)[targets] / 2)


def exact_gain(mean, covariance, targets, rows, nodes):
    """What runs are worth together: least expected loss now, less its mean once they are made."""
    root = np.linalg.cholesky(covariance[np.ix_(rows, rows)])
    slopes = np.linalg.solve(root, covariance[np.ix_(rows, targets)])
    left = np.diag(covariance)[targets] - np.sum(slopes**2, axis=0)
    after = np.exp(mean[targets] + nodes[:, : len(rows)] @ slopes + left / 2)
    return after.mean(axis=0).min() - after.min(axis=1).mean()


def exhaustive(purse, mean, covariance, nodes):
    """Of all sets of up to four runs that our policy may buy in a step, the one that is worth most."""
    cost = purse.study.cost
    budget = min(max(STEP * purse.spent, float(cost[purse.open].min())), purse.limit - purse.spent)
    sets = [s for n in range(1, LARGEST + 1) for s in combinations(purse.open.tolist(), n)]
    sets = [list(s) for s in sets if cost[list(s)].sum() <= budget * (1 + 1e-9)]
    return max(sets, key=lambda s: exact_gain(mean, covariance, purse.targets, s, nodes))


def ours(purse, mean, covariance, rng):
    steady = covariance + 1e-10 * np.eye(len(mean))  # what was measured is known
    draws = rng.multivariate_normal(mean, steady, size=DRAWS, method="cholesky")
    return [row for row, _ in next_batch(purse, Believed(draws, LOSS))]


def replayed(study, policy):
    """Expected regret after each step, at shares of the cost; and how good each purchase was by its exact gain."""
    rng = np.random.default_rng(1)
    nodes = special.ndtri((np.arange(512)[:, None] * np.sqrt([2.0, 3.0, 5.0, 7.0]) + 0.5) % 1.0)
    noise = np.random.default_rng(2).standard_normal((4000, len(study.table)))
    purse = Purse(study, ReplaySettings(get_law("rectified"), 0, float(SHARES[-1])))
    y, targets = np.log(purse.loss), purse.targets
    mean, covariance = given(*believed_at_first(), purse.rows, y[purse.rows])
    spent, regret, worth = [], [], []
    while True:
        root = np.linalg.cholesky(covariance[np.ix_(targets, targets)] + 1e-12 * np.eye(len(targets)))
        losses = np.exp(mean[targets] + noise[:, : len(targets)] @ root.T)
        chosen = expected_losses(mean, covariance, targets).argmin()
        spent.append(purse.spent / study.whole_cost)
        regret.append(np.mean(losses[:, chosen] - losses.min(axis=1)))
        if not len(purse.open):
            break
        best = exhaustive(purse, mean, covariance, nodes)
        rows = best if policy == "exhaustive" else ours(purse, mean, covariance, rng)
        if not rows:
            break
        worth.append([exact_gain(mean, covariance, targets, found, nodes) for found in (rows, best)])
        mean, covariance = given(mean, covariance, rows, y[rows])
        purse.rows += rows
    last = np.searchsorted(spent, SHARES * (1 + 1e-9), side="right") - 1
    return np.array(regret)[last.clip(min=0)], np.sum(worth, axis=0)


@pytest.mark.fits
def test_our_policy_is_near_an_exhaustive_search_one_step_ahead():
    rng = np.random.default_rng(0)
    found = [[replayed(study, policy) for policy in ("ours", "exhaustive")] for study in map(simulated, [rng] * 12)]
    ours, best = (np.mean([pair[k][0] for pair in found], axis=0) for k in (0, 1))
    gained, most = np.sum([pair[0][1] for pair in found], axis=0)
    assert best[-1] < 0.5 * best[0]
    assert ours.mean() <= 1.1 * best.mean()
    assert gained >= 0.9 * most
