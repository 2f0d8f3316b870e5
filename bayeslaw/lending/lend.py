"""A prior made from a fit: its posterior of the population and of its tasks, for use with new tables."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from bayeslaw import streams
from bayeslaw.errors import PriorError
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.borrowed import Borrowed, Entry, TaskPath
from bayeslaw.kinds.shared.hierarchy import COMMON, TASK_SPREAD
from bayeslaw.kinds.shared.scales import LogNormal, Normal, sampled_scales
from bayeslaw.laws.base import LEVELS
from bayeslaw.laws.fingerprint import law_fingerprint
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.prior.prior import Prior, as_kept, units_of
from bayeslaw.streams import generator

STATED_WEIGHT = 4.0
"""Number of groups that a fixed spread is worth as prior information, when the effects of groups update it."""

LEAST_TASKS = 5
"""Number of tasks from which on their effects tell a spread between tasks that a fit held fixed; of fewer, the spread
that the law states is lent."""

FIXED = 1e-6
"""Standard deviation of entries that are constant over draws, so that the covariance is positive definite."""


def as_prior(posterior: Posterior, name: str, *, seed: int = 0) -> Prior:
    """Make a prior from a fit.

    Draws of the population, of scales, and of effects and paths of tasks are transformed to the unconstrained scale and
    approximated by a multivariate normal. A single task is treated as one draw from the population of tasks (see
    `bayeslaw.kinds.shared.hierarchy`), and so are five tasks or more of a fit that held the spread between them fixed:
    how far they differ, and about what, is learned from them. Priors of the scales of new tasks are shrunk towards the
    scales found here, and fixed spreads between families or models towards the sd of effects found here.

    Parameters
    ----------
    posterior : Posterior
    name : str
        What the prior is to be called.
    seed : int
        Of the split of tasks into population and task.

    Raises
    ------
    PriorError
        If the fit failed its checks, pools in another way than its law, or has too few draws.
    """
    failed = [check.name for check in posterior.checks if check.status == "FAIL"]
    if failed:
        raise PriorError(f"A fit that failed its checks ({', '.join(failed)}) lends nothing. Mend the fit first.")
    layout, law, predictor = posterior.layout, posterior.law, posterior.predictor
    _require_pooling(posterior)
    scales = _scales(posterior)
    columns, paths = vector_draws(posterior, scales, seed)
    values = np.column_stack(list(columns.values()))
    mean, covariance, approximation = _normal_of(values)
    before = posterior.prior
    known = (before.families, before.models) if before is not None else ((), ())
    families = dict.fromkeys([*known[0], *((c.task, c.family) for c in layout.curves)])
    models = dict.fromkeys([*known[1], *((c.task, c.model) for c in layout.curves)])
    made = Prior(
        name=name,
        law=law,
        units=units_of(posterior.runs, law),
        borrowed=Borrowed(
            reference=predictor.reference(),
            entries=tuple(columns),
            mean=mean,
            covariance=covariance,
            scales=scales,
            paths=paths,
        ),
        families=tuple(families),
        models=tuple(models),
        ranges=_ranges(posterior),
        approximation=approximation,
        origin={
            "runs": len(posterior.runs.table),
            "runs_sha256": posterior.settings["runs_sha256"],
            "law_fingerprint": law_fingerprint(law),
            "stated_priors": dict(posterior.settings["stated_priors"]),
            "before": None if before is None else {"name": before.name, "sha256": before.sha256},
            "checks": {check.name: check.status for check in posterior.checks},
            "draws": len(values),
            "seed": posterior.settings["seed"],
            "versions": posterior.settings["versions"],
        },
    )
    try:
        return as_kept(made)
    except ValueError as error:
        raise PriorError(f"What the fit would lend is no distribution ({error}). Fit with more draws.") from error


def vector_draws(posterior: Posterior, scales: Any, seed: int) -> tuple[dict[Entry, np.ndarray], dict[str, TaskPath]]:
    """Draws of all that is lent, on the unconstrained scale, and the paths of tasks that some of them describe.

    Parameters
    ----------
    posterior : Posterior
    scales : dataclass
        Priors of scales by which those of tasks are standardised.
    seed : int
        Of the split of tasks into population and task.

    Returns
    -------
    columns : dict of ndarray, shape (S,)
        By entry of the vector of a prior.
    paths : dict of TaskPath
        By task.
    """
    predictor = posterior.predictor
    columns: dict[Entry, np.ndarray] = _population(posterior, generator(seed, streams.LENDING))
    drawn, tasks_of = predictor.scales(), predictor.scale_tasks()
    for task in (None, *posterior.layout.tasks):
        for name, prior in sampled_scales(scales).items():
            if task not in tasks_of.get(name, ()):
                continue
            values = drawn[name][:, tasks_of[name].index(task)]
            if np.ptp(values) > 0:
                columns[Entry(name, task)] = prior.standardised(values)
    path_columns, paths = predictor.paths()
    return columns | path_columns, paths


def _normal_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean and covariance of draws (draw, entry), and the largest distance of an entry from its normal distribution.

    Raises
    ------
    PriorError
        If there are no more draws than entries.
    """
    draws, entries = values.shape
    if draws <= entries:
        raise PriorError(
            f"The fit has {draws} draws, which do not tell how the {entries} numbers that it lends go "
            "together. Fit with more draws, such as sampler=SamplerSettings(draws=2000)."
        )
    constant = np.ptp(values, axis=0) == 0
    covariance = np.atleast_2d(np.cov(values.T)) + np.diag(np.where(constant, FIXED**2, 0.0))
    distances = [stats.kstest(stats.zscore(column), "norm").statistic for column in values[:, ~constant].T]
    return values.mean(axis=0), covariance, float(max(distances))


def _require_pooling(posterior: Posterior) -> None:
    """Require the pooling of the law: a fit with a prior pools as its law does and has no spreads at other levels."""
    kind = kind_of(posterior.law)
    own = {p.coordinate.name: p.coordinate.pooling for p in kind.pool(posterior.law, posterior.layout, None)}
    found = posterior.settings["pooling"]
    other = [name for name, level in own.items() if found[name] != level]
    if other:
        raise PriorError(
            f"The fit pools {other[0]!r} by {found[other[0]]}, and the {posterior.law.name} law by {own[other[0]]}: "
            "fits that borrow pool as the law does. Fit without pooling=…, then make the prior."
        )


def _ranges(posterior: Posterior) -> dict[str, tuple[float, float]]:
    found = {}
    for covariate in posterior.law.covariates:
        values = posterior.runs.table[covariate.name].to_numpy(float)
        ends = [float(values.min()), float(values.max())]
        if posterior.prior is not None:
            ends += posterior.prior.ranges[covariate.name]
        found[covariate.name] = (min(ends), max(ends))
    return found


def _population(posterior: Posterior, rng: np.random.Generator) -> dict[Entry, np.ndarray]:
    """Locations, spreads and effects of tasks, standardised as in a table of several tasks."""
    columns: dict[Entry, np.ndarray] = {}
    effects: dict[Entry, np.ndarray] = {}
    for k, c in enumerate(posterior.law.coordinates):
        location = (posterior.flat(f"location_{c.name}") - c.mean) / c.sd
        if f"effect_{c.name}_task" in posterior.draws:
            spread = posterior.flat(f"spread_{c.name}_task") / c.sd
            effect = posterior.flat(f"effect_{c.name}_task") / c.sd / spread[:, None]
            if np.ptp(spread) == 0 and effect.shape[1] >= LEAST_TASKS and not c.of_tasks:
                location, spread, effect = _split(location[:, None] + spread[:, None] * effect, rng)
        else:
            location, spread, effect = _split(location[:, None], rng)
        columns[Entry("location", index=k)] = location / COMMON**0.5
        columns[Entry(f"spread.{c.name}.task")] = np.log(spread / (1 - COMMON) ** 0.5)
        for j, task in enumerate(posterior.layout.tasks):
            effects[Entry(f"{c.name}.task", task)] = effect[:, j]
        for level in LEVELS[1:]:
            if f"spread_{c.name}_{level}" in posterior.draws:
                columns[Entry(f"spread.{c.name}.{level}")] = _spread(posterior, c.name, level, c.spread)
    return columns | effects


def _split(total: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw location, spread and effects given location plus effect of T tasks; all in units of the prior sd.

    Shapes (S,), (S,) and (S, T), given (S, T).
    """
    tasks, mean = total.shape[1], total.mean(axis=1)
    steps = np.linspace(-3, 3, 61)
    grid = (1 - COMMON) ** 0.5 * np.exp(TASK_SPREAD * steps)
    variance = COMMON + grid**2 / tasks  # of the mean of the tasks
    squares = total.var(axis=1, keepdims=True) * tasks
    log_weight = stats.norm.logpdf(steps) - 0.5 * (np.log(variance) + mean[:, None] ** 2 / variance)
    log_weight = log_weight - (tasks - 1) * np.log(grid) - 0.5 * squares / grid**2
    weight = np.cumsum(np.exp(log_weight - log_weight.max(axis=1, keepdims=True)), axis=1)
    spread = grid[(rng.uniform(size=(len(total), 1)) * weight[:, -1:] > weight).sum(axis=1)]
    share = COMMON / (COMMON + spread**2 / tasks)
    location = share * mean + np.sqrt(share / tasks) * spread * rng.standard_normal(len(total))
    return location, spread, (total - location[:, None]) / spread[:, None]


def _spread(posterior: Posterior, name: str, level: str, stated: float) -> np.ndarray:
    """Log of a spread over its prior scale, shape (S,); a fixed one is shrunk towards the mean square of effects."""
    spread = posterior.flat(f"spread_{name}_{level}")
    if np.ptp(spread) > 0:
        return np.log(spread / stated)
    effects = posterior.flat(f"effect_{name}_{level}")
    squares = (effects**2).mean(axis=0)
    found = (STATED_WEIGHT * stated**2 + squares.sum()) / (STATED_WEIGHT + len(squares))
    return np.full(len(spread), 0.5 * np.log(found / stated**2))


def _scales(posterior: Posterior) -> Any:
    """Priors of the scales of a new task: those of the fit, shrunk towards the scales of its tasks.

    The share of variance that tasks have in common is that of coordinates (`COMMON`): with a share of one half,
    intervals on a fine-tuning task covered less often with a prior from another task than without.
    """
    stated, of_tasks = posterior.scale_priors, posterior.predictor.scales()
    found: dict[str, Any] = {}
    for name, prior in sampled_scales(stated).items():
        values = of_tasks[name]
        values = values[:, np.ptp(values, axis=0) > 0]  # constant on tasks whose models have no effects
        if not values.size or posterior.prior is not None:
            continue
        standardised = prior.standardised(values)
        mean, variance = standardised.mean(axis=0), np.minimum(standardised.var(axis=0), 0.999)
        # the likelihood of a task: its posterior without its prior
        said, error = mean / (1 - variance), variance / (1 - variance)
        precision = 1 / (1 - COMMON + error)
        common = 1 / (1 / COMMON + precision.sum())
        centre = common * (precision * said).sum()
        sd = float(np.sqrt(1 - COMMON + common))
        found[name] = (
            Normal(float(prior.mean + prior.sd * centre), sd * prior.sd)
            if isinstance(prior, Normal)
            else LogNormal(float(prior.median * np.exp(prior.sd * centre)), sd * prior.sd)
        )
    return replace(stated, **found)
