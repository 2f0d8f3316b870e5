"""Our policy: buy what is worth most for its cost by the posterior, which is updated after each purchase.

A fit gives joint draws of all runs that could be bought and of the target. After a purchase its draws are carried over
to the table with the new runs by importance weights; where these cannot be relied on, the law is fitted anew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from bayeslaw import streams
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
from bayeslaw.sampling.reweigh import reweigh
from bayeslaw.sampling.sample import Sampled, sample

SAMPLER = SamplerSettings(warmup=300, draws=300, enough="REVIEW")
"""Of each fit of a replay."""

DRAWS = 3000
"""Joint draws of all rows wanted of a fit; fewer than a single answer has, as a replay takes many steps."""

AHEAD, SLOTS = 8, 12
"""Sizes ahead of each model at which runs are considered, and runs bought in a step at most."""

STEP = 0.3
"""Share of what was spent that the runs of a step may cost."""


@dataclass(frozen=True, eq=False)
class Believed:
    """Joint draws of the rows of a study.

    Attributes
    ----------
    measured : ndarray, shape (S, rows)
        Run predictions on the scale of the link.
    outcome : Outcome
    """

    measured: np.ndarray
    outcome: Outcome


@dataclass(frozen=True, eq=False)
class Updated:
    """The posterior of what was bought so far, and how it came about.

    Attributes
    ----------
    posterior : Posterior
    model, sampled : Model, Sampled
        Of the last fit, the draws of which are weighed.
    update : {"fit", "weights"}
        Whether the law was fitted anew, or draws of the last fit were weighed.
    pareto_k : float or None
        Of the weights that were tried, whether or not they could be relied on; None where there were none.
    """

    posterior: Posterior
    model: Model
    sampled: Sampled
    update: Literal["fit", "weights"]
    pareto_k: float | None


def measure(study: Study, settings: ReplaySettings) -> Iterator[Bought]:
    """Buy runs by their value until the limit is reached."""
    use_compilation_cache()
    purse = Purse(study, settings)
    rng = streams.generator(settings.seed, streams.REWEIGHING)
    whole = build(study.bought([*purse.rows, *purse.open]), settings.law).model
    new, last, fits = list(purse.rows), None, 0
    while True:
        last = _updated(purse, settings, whole, last, rng)
        fits += last.update == "fit"
        believed = draw_rows(last.posterior, purse, settings.seed)
        said = _said(purse, believed)
        batch = next_batch(purse, believed)
        gain = sum(gain for _, gain in batch)
        details = {"update": last.update, "pareto_k": last.pareto_k, "fits": fits, "promised_gain": gain}
        yield Bought(new, said.predicted, said.promised_regret, said.interval, details)
        if not batch:
            return
        new = [row for row, _ in batch]
        purse.rows += new


def _updated(
    purse: Purse, settings: ReplaySettings, whole: Model, last: Updated | None, rng: np.random.Generator
) -> Updated:
    """The posterior of what was bought, by weights on the last fit or else by the program of the model of all runs."""
    built = build(purse.study.bought(purse.rows), settings.law)
    model = built.model.as_large_as(whole)
    found, k = (None, None) if last is None else reweigh(last.sampled, last.model, model, rng)
    if last is not None and found is not None:
        posterior = assemble(built.runs, built.law, model, found, settings.seed)
        return Updated(posterior, last.model, last.sampled, "weights", k)
    sampled = sample(model, settings.sampler or SAMPLER, seed=settings.seed)
    return Updated(assemble(built.runs, built.law, model, sampled, settings.seed), model, sampled, "fit", k)


def _said(purse: Purse, believed: Believed) -> Bought:
    """What is predicted at the target."""
    values = believed.outcome.inverse(believed.measured[:, purse.targets])
    if purse.study.goal == "foretell":
        low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], axis=0)
        return Bought([], middle, None, (low, high))
    losses = winsorised(values)
    means = losses.mean(axis=0)
    regret = float(np.mean(losses[:, means.argmin()] - losses.min(axis=1)))
    low, high = np.quantile(values, [0.05, 0.95], axis=0)
    return Bought([], means, regret, (low, high))


def next_batch(purse: Purse, believed: Believed) -> list[tuple[int, float]]:
    """Rows to be bought next, with what each adds to those before.

    Of the runs that a share of what was spent pays for, the set that gains most together: alone, a run may be worth
    nothing that is worth much with others (Frazier, Powell 2010, Decision Analysis 7(4)).
    """
    could = _considered(purse)
    if not len(could):
        return []
    budget = min(max(STEP * purse.spent, float(purse.study.cost[could].min())), purse.limit - purse.spent)
    could = could[purse.study.cost[could] <= budget * (1 + 1e-9)]
    values = believed.outcome.inverse(believed.measured[:, purse.targets])
    scores = normal_scores(believed.measured[:, could].T)
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
    measured = [found[:, rows, columns] for *_, found in board.draws(seed, streams.NEXT_RUN, DRAWS)]
    return Believed(all_draws(measured), posterior.predictor.outcome)


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
