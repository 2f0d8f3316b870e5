"""Whether the later checkpoints of a run are what a fit to its first ones, and to other runs, foretold.

From joint draws of what the checkpoints would measure, normal with their moments, follow three things without another
fit: what the next checkpoint was foretold to be once those before were seen; what the end is foretold to be, by
shifting each draw of it (Matheron's rule); and the evidence that the run has stood still since one of them. The
evidence is a likelihood ratio, averaged over the checkpoint since which it may stand still: what was foretold to be
gained from there on is not gained. How large it must be for a warning is found from the draws themselves, which are
runs that go as foretold: of so many of them a warning is raised at one of the checkpoints.

Shapes: S draws, J checkpoints in their order, T outcomes, P measurements in the order of checkpoints, E ends.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg, special

FALSE_ALARMS = 0.05
"""Share of the runs that go as foretold of which a warning is raised at some checkpoint."""

JITTER = 1e-9
"""Share of the variance of a measurement that is added to it, lest draws without noise have no inverse."""


@dataclass(frozen=True, eq=False)
class Foretold:
    """Joint draws of a run, on a scale on which more is better.

    Attributes
    ----------
    start : ndarray, shape (S, T)
        Expected outcomes at the last checkpoint that the fit knew.
    expected, measured : ndarray, shape (S, P)
        At later checkpoints, without and with the noise of a measurement.
    end : ndarray, shape (S, E)
        What is wanted in the end.
    look, outcome : ndarray of int, shape (P,)
        The checkpoint of each measurement, from 0 on, and its outcome.
    """

    start: np.ndarray
    expected: np.ndarray
    measured: np.ndarray
    end: np.ndarray
    look: np.ndarray
    outcome: np.ndarray

    @property
    def looks(self) -> int:
        """Number of checkpoints."""
        return int(self.look.max()) + 1

    def those(self, draws: np.ndarray) -> "Foretold":
        """Some of the draws."""
        return replace(
            self,
            start=self.start[draws],
            expected=self.expected[draws],
            measured=self.measured[draws],
            end=self.end[draws],
        )


@dataclass(frozen=True, eq=False)
class Watched:
    """What later checkpoints say.

    Attributes
    ----------
    next_mean, next_sd : ndarray, shape (P,)
        Of each measurement, once the checkpoints before were seen.
    ends : ndarray, shape (J + 1, S, E)
        Draws of the end: before any of the checkpoints, and after each.
    evidence : ndarray, shape (J,)
        Log of the likelihood ratio for standing still since some checkpoint, after each.
    since : ndarray of int, shape (J,)
        The likeliest checkpoint since which it stands still, if it does: -1 is the last that the fit knew.
    threshold : float
        Evidence above which a warning is raised. What cannot tell, as where nothing was foretold to be gained, raises
        none: then all evidence is 0, and so is the threshold.
    chance : float
        Share of runs that go as foretold whose largest evidence, over as many checkpoints, is as large as this one's.
    """

    next_mean: np.ndarray
    next_sd: np.ndarray
    ends: np.ndarray
    evidence: np.ndarray
    since: np.ndarray
    threshold: float
    chance: float

    @property
    def alarm(self) -> int | None:
        """The first checkpoint at which a warning is raised, if there is one."""
        raised = np.flatnonzero(self.evidence > self.threshold)
        return int(raised[0]) if len(raised) else None


@dataclass(frozen=True, eq=False)
class _Moments:
    """Moments of draws, with the lower Cholesky factor of the covariance of measurements.

    ``of_latent`` and ``of_end`` are covariances, of expected outcomes (P, P) and of ends (E, P), with whitened
    measurements.
    """

    start: np.ndarray
    mean: np.ndarray
    root: np.ndarray
    of_latent: np.ndarray
    of_end: np.ndarray

    def whitened(self, measured: np.ndarray) -> np.ndarray:
        """Measurements (N, P) as independent standard normal deviates, each of what those before leave open."""
        return np.asarray(linalg.solve_triangular(self.root, (measured - self.mean).T, lower=True).T)


def watch(foretold: Foretold, measured: np.ndarray, false_alarms: float = FALSE_ALARMS) -> Watched:
    """Compare the checkpoints of a run with what was foretold of them.

    Parameters
    ----------
    foretold : Foretold
    measured : ndarray, shape (P,)
        What was measured, on the same scale.
    false_alarms : float
        Share of runs that go as foretold of which a warning may be raised.

    Returns
    -------
    Watched
    """
    moments = _moments(foretold)
    z = moments.whitened(measured[None])[0]
    shifts = moments.of_end[:, None, :] * (z - moments.whitened(foretold.measured))  # (E, S, P)
    after = [foretold.look < j for j in range(foretold.looks + 1)]
    ends = np.stack([foretold.end + shifts[:, :, seen].sum(axis=2).T for seen in after])
    earlier = foretold.look[None] < foretold.look[:, None]
    next_mean = moments.mean + np.sum(np.where(earlier, moments.root, 0.0) * z, axis=1)
    next_sd = np.sqrt(np.sum(np.where(earlier, 0.0, moments.root) ** 2, axis=1))
    evidence, since = _evidence(foretold, moments, measured[None])
    largest = _of_runs_that_go_as_foretold(foretold)
    return Watched(
        next_mean=next_mean,
        next_sd=next_sd,
        ends=ends,
        evidence=evidence[0],
        since=since[0],
        threshold=float(np.quantile(largest, 1 - false_alarms)),
        chance=float((largest >= evidence[0].max()).mean()),
    )


def _moments(foretold: Foretold) -> _Moments:
    expected = foretold.expected - foretold.expected.mean(axis=0)
    noise = (foretold.measured - foretold.expected).var(axis=0)
    latent = expected.T @ expected / len(expected)
    total = latent + np.diag(noise + JITTER * (noise + np.diag(latent)))
    root = linalg.cholesky(total, lower=True)
    end = foretold.end - foretold.end.mean(axis=0)

    def with_whitened(covariance: np.ndarray) -> np.ndarray:
        return np.asarray(linalg.solve_triangular(root, covariance.T, lower=True).T)

    return _Moments(
        start=foretold.start.mean(axis=0),
        mean=foretold.expected.mean(axis=0),
        root=root,
        of_latent=with_whitened(latent),
        of_end=with_whitened(end.T @ expected / len(expected)),
    )


def _evidence(foretold: Foretold, moments: _Moments, runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log likelihood ratios (N, J) of runs (N, P), and the checkpoint since which each most likely stands still."""
    look, outcome = foretold.look, foretold.outcome
    z = moments.whitened(runs)
    ratios = np.zeros((len(runs), foretold.looks, foretold.looks))  # of standing still since c - 1, after j
    for c in range(foretold.looks):  # the first checkpoint that gains nothing
        seen, later = look < c, look >= c
        foreseen = moments.mean[later] + z[:, seen] @ moments.root[np.ix_(later, seen)].T
        held = np.repeat(moments.start[None, outcome[later]], len(runs), axis=0)
        for t in np.unique(outcome[seen]):
            last = np.flatnonzero(seen & (outcome == t))[-1]
            level = moments.mean[last] + z[:, seen] @ moments.of_latent[last, seen]
            held[:, outcome[later] == t] = level[:, None]
        lost = np.minimum(held - foreseen, 0.0)  # what was foretold to be gained
        shift = linalg.solve_triangular(moments.root[np.ix_(later, later)], lost.T, lower=True).T
        of_each = shift * z[:, later] - 0.5 * shift**2
        for j in range(c, foretold.looks):
            ratios[:, j, c] = of_each[:, look[later] <= j].sum(axis=1)
    # checkpoints still to come are as likely beginnings, and say nothing yet: their ratio is 1
    evidence = special.logsumexp(ratios, axis=2) - np.log(foretold.looks)
    begun = np.tri(foretold.looks, dtype=bool)
    return evidence, np.where(begun, ratios, -np.inf).argmax(axis=2) - 1


def _of_runs_that_go_as_foretold(foretold: Foretold) -> np.ndarray:
    """The largest evidence at any checkpoint, of each draw; by moments of the draws of the other half."""
    halves = np.arange(len(foretold.end)) % 2 == 0
    found = np.empty(len(halves))
    for half in (halves, ~halves):
        others = foretold.those(~half)
        found[half] = _evidence(others, _moments(others), foretold.measured[half])[0].max(axis=1)
    return found
