"""How much a posterior, and a choice made from it, would change if its prior or its runs counted for more or less.

The prior density is raised to a power, by importance weights on the draws at hand (Kallioinen et al. 2023,
arXiv 2107.14054): a normal prior to the power 2 has its standard deviation divided by the root of 2. Only priors that
nobody drew from anything else are raised, of population locations, of spreads and of scales, or the vector of a prior
that was borrowed; what they imply for tasks and models follows.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw._arviz import K_MAX, smoothed_weights
from bayeslaw.answers.parameters import groups_of
from bayeslaw.answers.selection import Selection, select
from bayeslaw.answers.value import winsorised
from bayeslaw.fitting.facade import Fit
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.hierarchy import TASK_SPREAD, PooledCoordinate
from bayeslaw.kinds.shared.scales import sampled_scales
from bayeslaw.kinds.shared.stated import with_coordinate_priors
from bayeslaw.lending.lend import vector_draws
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.results import Result, verdict
from bayeslaw.verdicts import Check, at_least, at_most

STEP = 1.01
"""Power by which sensitivities, which are derivatives, are measured."""

POWERS = (0.5, 2.0)
"""A prior held half as strongly, and twice as strongly."""

SENSITIVE = 0.075
"""Distance per doubling from which a parameter counts as sensitive: a shift by a quarter of its standard deviation, as
.05 is in Kallioinen et al. 2023, section 3.3, for distances that are not of ranks."""


@dataclass(frozen=True)
class Sensitive:
    """How a parameter reacts to a doubling of the power of the prior and of the likelihood.

    ``prior`` and ``likelihood`` are distances of distributions, 0 for none and 1 for disjoint ones, per doubling.
    """

    name: str
    group: str
    task: str
    prior: float
    likelihood: float

    @property
    def diagnosis(self) -> str:
        """What that means."""
        if self.prior < SENSITIVE:
            return "of the runs" if self.likelihood >= SENSITIVE else "of neither, alone"
        return "prior and runs disagree" if self.likelihood >= SENSITIVE else "of the prior"


@dataclass(frozen=True)
class Held:
    """The choice if the prior were held with a power: its odds, and how far the weights of the draws can be relied on.

    ``p_best`` and ``expected_regret`` are by model.
    """

    power: float
    k: float
    effective_draws: float
    recommended: str
    p_best: Mapping[str, float] = field(hash=False)
    expected_regret: Mapping[str, float] = field(hash=False)


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity(Result):
    """Sensitivities of parameters, and of a choice.

    Attributes
    ----------
    parameters : tuple of Sensitive
        With what the candidates reach at the target, if there is one; the most sensitive to the prior first.
    selection : Selection or None
        The choice as it is; None if none was asked for.
    held : tuple of Held
        The choice with the prior held otherwise.
    checks : tuple of Check
    """

    parameters: tuple[Sensitive, ...]
    selection: Selection | None
    held: tuple[Held, ...]
    checks: tuple[Check, ...]

    @property
    def sentence(self) -> str:
        """What depends on the prior."""
        known = [p for p in self.parameters if p.prior >= SENSITIVE]
        said = f"{len(known)} of {len(self.parameters)} parameters depend on the prior"
        if self.selection is None:
            return f"{said}."
        chosen = self.selection.recommended
        others = list(dict.fromkeys(h.recommended for h in self.held if h.recommended != chosen))
        return (
            f"{said}; the choice is {chosen}"
            + (f", or {' or '.join(others)}" if others else "")
            + (" if the prior is held half or twice as strongly.")
        )

    def to_frame(self) -> pd.DataFrame:
        """The parameters, one a row."""
        return pd.DataFrame([{**asdict(p), "diagnosis": p.diagnosis} for p in self.parameters])

    def to_dict(self) -> dict[str, Any]:
        """Parameters, choices and verdicts as plain values."""
        as_it_is = None if self.selection is None else self.selection.to_dict()["recommendation"]
        return {
            "parameters": [{**asdict(p), "diagnosis": p.diagnosis} for p in self.parameters],
            "recommendation": as_it_is,
            "held": [asdict(held) for held in self.held],
            "sentence": self.sentence,
            **verdict(self.checks),
        }


def sensitivity(
    fit: Fit, at: Mapping[str, float] | None = None, *, task: str | None = None, seed: int = 0
) -> Sensitivity:
    """Measure how parameters, and a choice if a target is given, depend on the prior and on the runs.

    Parameters
    ----------
    fit : Fit
    at : mapping, optional
        Target of a choice: covariate names to values in the units of the table.
    task : str, optional
        Of the choice; needed if the posterior has several.
    seed : int
        Of the draws beyond the data.

    Returns
    -------
    Sensitivity

    Raises
    ------
    TargetError, TaskError
        As `bayeslaw.answers.selection.select`.
    """
    posterior = fit.posterior
    prior, likelihood = log_prior(posterior, seed), posterior.predictor.log_likelihood().sum(axis=(1, 2))
    selection = None if at is None else select(posterior, at, task=task, seed=seed)
    found = [
        Sensitive(name, group, of, power_sensitivity(values, prior), power_sensitivity(values, likelihood))
        for name, group, of, values in (*_parameters(posterior), *_predictions(selection))
    ]
    found.sort(key=lambda p: -p.prior)
    held = () if selection is None else tuple(_held(selection, prior, power) for power in POWERS)
    checks = (*_checks_of(found), *_checks_of_choice(selection, held, found))
    return Sensitivity(tuple(found), selection, held, checks)


def log_prior(posterior: Posterior, seed: int = 0) -> np.ndarray:
    """Log density of each draw under the priors that are raised to powers, up to a constant: shape (S,).

    Lognormal priors count as normal ones of logarithms, so that a power leaves their medians where they are.
    """
    if posterior.layout.borrowed is not None:
        columns, _ = vector_draws(posterior, posterior.scale_priors, seed)
        borrowed = posterior.layout.borrowed
        kept = [i for i, entry in enumerate(borrowed.entries) if entry in columns]  # not scales of what the table lacks
        off = np.column_stack([columns[borrowed.entries[i]] for i in kept]) - borrowed.mean[kept]
        root = np.linalg.cholesky(borrowed.covariance[np.ix_(kept, kept)])
        return np.asarray(-0.5 * np.sum(np.linalg.solve(root, off.T) ** 2, axis=0))
    kind, layout, settings = kind_of(posterior.law), posterior.layout, posterior.settings
    law = with_coordinate_priors(posterior.law, settings["coordinate_priors"])
    total = np.zeros(posterior.chains * posterior.draws.sizes["draw"])
    for pooled in kind.pool(law, layout, settings["pooling"]):
        total += _of_coordinate(posterior, pooled)
    of_tasks = posterior.predictor.scales()
    for name, scale in sampled_scales(posterior.scale_priors).items():
        values = of_tasks[name]
        drawn = np.ptp(values, axis=0) > 0  # others are constants, such as scales of what the table does not have
        total += -0.5 * np.sum(scale.standardised(values[:, drawn]) ** 2, axis=1)
    return total


def power_sensitivity(values: np.ndarray, log_density: np.ndarray) -> float:
    """Distance between the distribution of draws (S,) and that with a density to a power, per doubling of the power.

    The mean of the rates for a power slightly above and slightly below 1; distances are those of `distance`.
    """
    step = math.log2(STEP)
    weights = (_weights(power * log_density) for power in (STEP - 1.0, 1.0 / STEP - 1.0))
    return float(np.mean([distance(values, w) / step for w in weights]))


def distance(values: np.ndarray, weights: np.ndarray) -> float:
    """Root of the cumulative Jensen-Shannon divergence of the ranks of draws (S,) with and without weights.

    Between 0 and 1: divided by its upper bound, and the larger one of that from below and that from above (Nguyen and
    Vreeken 2015, doi 10.1007/978-3-319-23525-7_11). Of ranks, so that a parameter and its logarithm move alike, and
    tails over many decades do not count for more than the middle. Weights sum to 1.
    """
    if np.ptp(values) == 0:
        return 0.0
    p = np.arange(1, len(values) + 1) / len(values)
    q = np.cumsum(weights[np.argsort(values, kind="stable")])
    return max(_divergence(p[:-1], q[:-1]), _divergence(1 - p[:-1], 1 - q[:-1]))


def _divergence(p: np.ndarray, q: np.ndarray) -> float:
    p, q = np.clip(p, 1e-300, 1.0), np.clip(q, 1e-300, 1.0)
    middle = 0.5 * (p + q)
    both = np.sum(p * np.log2(p / middle) + q * np.log2(q / middle))
    return float(np.sqrt(max(both, 0.0) / np.sum(p + q)))


def _weights(log_weights: np.ndarray) -> np.ndarray:
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())


def _of_coordinate(posterior: Posterior, pooled: PooledCoordinate) -> np.ndarray:
    """Log prior of the location of a coordinate, the sds of its effects, and tasks with priors of their own: (S,)."""
    c = pooled.coordinate
    total = -0.5 * ((posterior.flat(f"location_{c.name}") - c.mean) / pooled.location_sd) ** 2
    for level in pooled.levels:
        spread = posterior.flat(f"spread_{c.name}_{level}") / pooled.spread_scale(level)
        total += -0.5 * ((np.log(spread) / TASK_SPREAD) ** 2 if level == "task" else spread**2)
    for task, mean, sd in pooled.of_tasks if "task" in pooled.levels else ():
        value = posterior.flat(f"location_{c.name}") + posterior.flat(f"effect_{c.name}_task")[:, task]
        total += -0.5 * ((value - mean) / sd) ** 2
    return np.asarray(total)


def _parameters(posterior: Posterior) -> list[tuple[str, str, str, np.ndarray]]:
    """Natural parameters of the law, each at the coarsest level at which it does not vary: name, group, task, draws."""
    found = []
    for parameter in posterior.law.parameters:
        values = posterior.draws[parameter.name]
        for _, group, task, curve in groups_of(posterior, values.values):
            flat = values.isel(curve=curve).values.ravel()
            if np.ptp(flat) > 0 and np.isfinite(flat).all():
                found.append((parameter.name, group, task, flat))
    return found


def _predictions(selection: Selection | None) -> list[tuple[str, str, str, np.ndarray]]:
    """Losses of the candidates at the target, named as parameters are: name, group, task, draws."""
    if selection is None:
        return []
    name = _at_target(selection)
    return [(name, c.model, selection.task, selection.values[:, j]) for j, c in enumerate(selection.candidates)]


def _at_target(selection: Selection) -> str:
    return f"{selection.outcome.name} at the target"


def _held(selection: Selection, prior: np.ndarray, power: float) -> Held:
    """The choice with the prior to a power."""
    log_weights, k = smoothed_weights((power - 1.0) * prior[None])
    weights = _weights(log_weights[0])
    losses, names = selection.values, [c.model for c in selection.candidates]
    regret, averaged = (
        selection.outcome.shortfall(values, selection.outcome.best(values, axis=1))
        for values in (losses, winsorised(losses))
    )
    expected = weights @ averaged
    best = np.bincount(regret.argmin(axis=1), weights, len(names))
    return Held(
        power=power,
        k=float(k[0]),
        effective_draws=float(1 / np.sum(weights**2)),
        recommended=names[int(np.argmin(expected))],
        p_best=dict(zip(names, map(float, best), strict=True)),
        expected_regret=dict(zip(names, map(float, expected), strict=True)),
    )


def _checks_of(found: list[Sensitive]) -> list[Check]:
    if not found:
        return []
    worst = max(found, key=lambda p: min(p.prior, p.likelihood))
    value = min(worst.prior, worst.likelihood)
    return [
        at_most(
            "prior_against_runs", value, SENSITIVE, math.inf,
            f"Where prior and runs pull apart most ({worst.name} of {worst.group}), a doubling of either moves the "
            f"posterior by {value:.2g} or more (0: not at all, 1: elsewhere).",
            "Prior and runs disagree there: see whether the law suits the table, or state another prior (--prior-of).",
        )
    ]  # fmt: skip


def _checks_of_choice(selection: Selection | None, held: tuple[Held, ...], found: list[Sensitive]) -> list[Check]:
    if selection is None:
        return []
    there = max((p for p in found if p.name == _at_target(selection)), key=lambda p: p.prior)
    chosen = selection.candidates[0]
    odds = [chosen.p_best, *(h.p_best[chosen.model] for h in held)]
    same = sum(h.recommended == chosen.model for h in held)
    worst = max(h.k for h in held)
    return [
        at_least(
            "choice_and_prior", same, len(held), 0,
            f"{chosen.model} is chosen in {same} of {len(held)} cases with the prior held half or twice as strongly, "
            f"with odds from {min(odds):.2f} to {max(odds):.2f}.",
            "The choice hangs on the prior: measure the candidates that change places at a larger size.",
        ),
        at_most(
            "prior_at_target", there.prior, SENSITIVE, math.inf,
            f"Doubling the strength of the prior moves what {there.group} reaches at the target by {there.prior:.2g} "
            f"(0: not at all, 1: elsewhere); from {SENSITIVE} on the answer is the prior's.",
            "State what is known of floors and exponents (--prior-of), borrow them (--prior), or measure further out.",
        ),
        at_most(
            "prior_weights", worst, K_MAX, math.inf,
            f"The weights that stand for another prior have a Pareto shape of {worst:.2f}: up to {K_MAX} they can be "
            "relied on.",
            "Fit again with the prior widened (--widen 1.41) and compare.",
        ),
    ]  # fmt: skip
