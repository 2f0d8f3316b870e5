"""Our policy: buy what is worth most for its cost by the posterior, which is updated after each purchase.

A fit gives joint draws of all runs that could be bought and of the target. What purchases found weighs each draw by its
likelihood, and the weights are smoothed. Where their tail is too heavy to be relied on (Pareto k above .7), or few
draws carry them, the law is fitted anew: to move the draws by linear regression instead costs intervals and choices.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw import streams
from bayeslaw._arviz import K_MAX, smoothed_weights
from bayeslaw.answers.board import Board, Held, all_draws, sizes_of
from bayeslaw.answers.proposals import NewModel
from bayeslaw.answers.ranking import ranked
from bayeslaw.answers.value import Belief, ChoiceBelief, ForecastBelief, normal_scores, winsorised
from bayeslaw.evidence.replay.purse import Bought, Purse, ReplaySettings
from bayeslaw.evidence.replay.studies import Study
from bayeslaw.fitting.assemble import assemble
from bayeslaw.fitting.build import build
from bayeslaw.kinds.base import Model
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.runs.table import families_of
from bayeslaw.sampling.compilation_cache import use_compilation_cache
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.sampling.sample import sample

SHARE_MIN = 0.25
"""Least effective share of draws at which draws are reweighted."""

SAMPLER = SamplerSettings(warmup=300, draws=300, enough="REVIEW")
"""Of each fit of a replay."""

DRAWS = 3000
"""Joint draws of all rows wanted of a fit; fewer than a single answer has, as a replay takes many steps."""

AHEAD, SLOTS = 8, 4
"""Sizes ahead of each model at which runs are considered, and runs bought in a step at most."""

STEP = 0.3
"""Share of what was spent that the runs of a step may cost."""


@dataclass(frozen=True, eq=False)
class Believed:
    """Joint draws of the rows of a study, of one fit.

    Attributes
    ----------
    measured : ndarray, shape (S, rows)
        Run predictions on the scale of the link.
    log_density : ndarray, shape (S, rows)
        Of the losses of the study at each draw, of which only those bought may be used.
    outcome : Outcome
    """

    measured: np.ndarray
    log_density: np.ndarray
    outcome: Outcome


def measure(study: Study, settings: ReplaySettings) -> Iterator[Bought]:
    """Buy runs by their value until the limit is reached."""
    purse = Purse(study, settings)
    rng = np.random.default_rng([settings.seed, streams.NEXT_RUN])
    new, since = list(purse.rows), list[int]()
    whole = build(study.bought([*purse.rows, *purse.open]), settings.law).model
    believed, fits = _fit(purse, settings, whole), 1
    while True:
        kept, k = reweighted(believed.log_density[:, since].sum(axis=1), rng) if since else (None, None)
        if not since:
            draws, update = believed.measured, "fit"
        elif kept is not None:
            draws, update = believed.measured[kept], "weights"
        else:
            believed, since, fits = _fit(purse, settings, whole), [], fits + 1
            draws, update = believed.measured, "fit"
        said = _said(purse, believed.outcome, draws)
        batch = next_batch(purse, believed.outcome, draws)
        details = {"update": update, "pareto_k": k, "fits": fits, "promised_gain": sum(gain for _, gain in batch)}
        yield Bought(new, said.predicted, said.promised_regret, said.interval, details)
        if not batch:
            return
        new = [row for row, _ in batch]
        purse.rows += new
        since += new


def _said(purse: Purse, outcome: Outcome, draws: np.ndarray) -> Bought:
    """What is predicted at the target."""
    values = outcome.inverse(draws[:, purse.targets])
    if purse.study.goal == "foretell":
        low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], axis=0)
        return Bought([], middle, None, (low, high))
    losses = winsorised(values)
    means = losses.mean(axis=0)
    regret = float(np.mean(losses[:, means.argmin()] - losses.min(axis=1)))
    low, high = np.quantile(values, [0.05, 0.95], axis=0)
    return Bought([], means, regret, (low, high))


def next_batch(purse: Purse, outcome: Outcome, draws: np.ndarray) -> list[tuple[int, float]]:
    """Rows to be bought next, with what each adds to those before.

    Of the runs that a share of what was spent pays for, the set that gains most together: alone, a run may be worth
    nothing that is worth much with others (Frazier, Powell 2010, Decision Analysis 7(4)).
    """
    could = _considered(purse)
    if not len(could):
        return []
    budget = min(max(STEP * purse.spent, float(purse.study.cost[could].min())), purse.limit - purse.spent)
    could = could[purse.study.cost[could] <= budget * (1 + 1e-9)]
    values = outcome.inverse(draws[:, purse.targets])
    scores = normal_scores(draws[:, could].T)
    belief: Belief
    if purse.study.goal == "foretell":
        belief = ForecastBelief.from_draws(values, scores)
        most = float(belief.width.mean())
    else:
        losses = winsorised(values)
        belief = ChoiceBelief.from_draws(losses[:, None], scores)
        most = float(losses.mean(axis=0).min() - losses.min(axis=1).mean())
    _, batch = ranked(
        belief, belief.gains(), purse.study.cost[could], slots=SLOTS, budget=budget, price=None, most=most
    )
    return [(int(could[chosen.run]), chosen.gain) for chosen in batch]


def _considered(purse: Purse) -> np.ndarray:
    """Rows that can be bought: of each model the next sizes, spread over those there are."""
    kept: list[int] = []
    rows = purse.open
    for model in dict.fromkeys(purse.models[rows]):
        own = rows[purse.models[rows] == model]
        own = own[np.argsort(purse.sizes[own], kind="stable")]
        spread = np.unique(np.geomspace(1, len(own), AHEAD).round().astype(int) - 1)
        kept.extend(own[spread].tolist())
    return np.array(kept, int)


def reweighted(log_weight: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray | None, float]:
    """Indices of draws resampled by log weights (S,), and Pareto's k; None where the weights cannot be relied on."""
    draws = len(log_weight)
    smoothed, k = smoothed_weights(log_weight[None])
    weight = np.exp(smoothed[0] - smoothed[0].max())
    weight /= weight.sum()
    if not k[0] <= K_MAX or 1.0 / np.sum(weight**2) < SHARE_MIN * draws:
        return None, float(k[0])
    places = (np.arange(draws) + rng.uniform()) / draws  # systematic resampling
    return np.searchsorted(np.cumsum(weight), places).clip(max=draws - 1), float(k[0])


def _fit(purse: Purse, settings: ReplaySettings, whole: Model) -> Believed:
    """Fit what was bought by the program of the model of all that can be, and draw all rows of the study jointly."""
    use_compilation_cache()
    built = build(purse.study.bought(purse.rows), settings.law)
    model = built.model.as_large_as(whole)
    sampled = sample(model, settings.sampler or SAMPLER, seed=settings.seed)
    return draw_rows(assemble(built.runs, built.law, model, sampled, settings.seed), purse, settings.seed)


def draw_rows(posterior: Posterior, purse: Purse, seed: int) -> Believed:
    """Draw every row of a study jointly from a posterior of some of its runs."""
    models = _models(purse.study.table, posterior)
    distinct = list(dict.fromkeys(models))
    board = Board(
        posterior=posterior,
        task=posterior.layout.tasks[0],
        curves=tuple(m for m in distinct if isinstance(m, int)),
        new=tuple(m for m in distinct if isinstance(m, NewModel)),
        pair=None,
        sizes=sizes_of(purse.sizes),
        at={},
        held=tuple(m for m in distinct if isinstance(m, Held)),
        own_sizes=_own_sizes(models, purse.sizes),
    )
    rows = np.array([board.row(model) for model in models])
    columns = np.array([board.column(size, model) for size, model in zip(purse.sizes, models, strict=True)])
    y = np.ones((len(distinct), board.width))
    outcome = posterior.predictor.outcome
    pool = purse.study.pool  # losses at the target are never seen
    y[rows[pool], columns[pool]] = outcome.link(purse.loss[pool])
    measured, density = [], []
    for targets, expected, found in board.draws(seed, streams.NEXT_RUN, DRAWS):
        measured.append(found[:, rows, columns])
        density.append(posterior.predictor.log_density(expected, targets, y)[:, rows, columns])
    return Believed(all_draws(measured), all_draws(density), outcome)


def _models(table: pd.DataFrame, posterior: Posterior) -> list[int | Held | NewModel]:
    """The model of each row of a table: a curve that was fitted, at what varies among its runs, or else a new model."""
    law = posterior.law
    curves = {(c.model, c.family): i for i, c in enumerate(posterior.layout.curves)}
    others = [c.name for c in law.covariates if c.name != law.axis]
    varied = [name for name in others if (table.groupby(["model", "family"])[name].nunique() > 1).any()]
    families = families_of(table, {task for task, family in posterior.layout.families if family == task})
    models: list[int | Held | NewModel] = []
    for row, family in zip(table[["model", "family", *others]].to_dict("records"), families, strict=True):
        curve = curves.get((str(row["model"]), str(row["family"])))
        if curve is None:
            covariates = tuple((name, float(row[name])) for name in others)
            models.append(NewModel(str(row["model"]), str(family), covariates))
        elif others:
            models.append(Held(curve, tuple((name, float(row[name])) for name in varied)))
        else:
            models.append(curve)
    return models


def _own_sizes(models: Sequence[int | Held | NewModel], sizes: np.ndarray) -> dict[Held | NewModel, np.ndarray]:
    """The sizes at which each model of a joint law has rows, equally many by repeating the largest; none of curves.

    All models at all sizes would be thousands of points, which are drawn jointly; a table has some hundreds.
    """
    held = [(model, size) for model, size in zip(models, sizes, strict=True) if not isinstance(model, int)]
    if len(held) < len(models):
        return {}
    own = {model: np.unique([size for other, size in held if other == model]) for model, _ in held}
    longest = max(map(len, own.values()))
    return {model: np.pad(found, (0, longest - len(found)), mode="edge") for model, found in own.items()}
