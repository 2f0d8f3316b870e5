"""``track``: fits of a run's checkpoints beside those of other runs, and what they say of its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayeslaw.answers.thresholds import Threshold
from bayeslaw.answers.track import Evidence, require_thresholds, tasks_of_run
from bayeslaw.answers.track import track as answer
from bayeslaw.answers.track_result import Track
from bayeslaw.errors import LawError, RunsError, TargetError
from bayeslaw.fitting.fit import fit
from bayeslaw.kinds.registry import kind_of, read_for
from bayeslaw.kinds.shared.outcome import outcome_as_given
from bayeslaw.kinds.shared.points import complete_point, unknown_name
from bayeslaw.laws import get_law
from bayeslaw.laws.base import Law
from bayeslaw.laws.suited import suited_law
from bayeslaw.progress import Progress
from bayeslaw.runs import Runs, counts_tokens, read_runs
from bayeslaw.runs.joining import require_like_units, unit_of_all
from bayeslaw.runs.reading import Table
from bayeslaw.sampling.nuts import SamplerSettings

HEAD = 2
"""Checkpoints of a run that the fit knows which foretells the others."""

MOST = 24
"""Checkpoints of a model that are used: of more, so many, the last among them, at equal distances in their order."""


@dataclass(frozen=True, eq=False)
class Tracked:
    """The runs of one kind of outcome, and the law that is fitted to them.

    Attributes
    ----------
    runs : Runs
        Of the run and of others.
    law : Law
    """

    runs: Runs
    law: Law


def track_parts(
    parts: "Sequence[Tracked]",
    name: str,
    at: Mapping[str, float],
    asked: Sequence[Threshold],
    *,
    sampler: SamplerSettings | None = None,
    seed: int = 0,
    progress: Progress | bool | None = None,
) -> Track:
    """As `bayeslaw.fitting.tracking.track`, of tables that were read and told apart.

    Raises
    ------
    RunsError, TargetError, SamplingError
        As `track`.
    """
    require_trackable(parts, name, at, asked)
    evidence = []
    for part in parts:
        early, later = split(part, name)
        fits = [
            None
            if half is None
            else fit(half, law=part.law, early_tokens=0, sampler=sampler, seed=seed, progress=progress)
            for half in (part.runs, early)
        ]
        assert fits[0] is not None
        evidence.append(Evidence(fits[0].posterior, None if fits[1] is None else fits[1].posterior, later))
    return answer(evidence, name, at, asked, seed)


def read_tracked(run: Table, siblings: Table | None, model: str | None) -> tuple[Runs, str]:
    """The table of a run and of others, and the name of the run's model.

    Raises
    ------
    TargetError
        If the run is one of several models, and none or an unknown one is named.
    RunsError
        If the tables are of other outcomes or units, or siblings are runs of the same model alone.
    """
    own = run if isinstance(run, Runs) else read_runs(run)
    names = list(own.models)
    if model is None and len(names) > 1:
        raise TargetError(
            f"{own.source} has {len(names)} models: {', '.join(names[:8])}. Say which of them is the run with model=… "
            "(--model); the others are its siblings."
        )
    if model is not None and model not in names:
        raise unknown_name("model", model, names)
    name = names[0] if model is None else model
    if siblings is None:
        return own, name
    others = siblings if isinstance(siblings, Runs) else read_runs(siblings)
    if ("accuracy" in own.table) != ("accuracy" in others.table):
        sort = ["scores" if "accuracy" in runs.table else "losses" for runs in (own, others)]
        raise RunsError(
            f"{own.source} is read as a table of {sort[0]} and {others.source} as one of {sort[1]}: expected the same "
            "outcomes. Say which columns are scores with --scores, or with --as COLUMN=accuracy."
        )
    require_like_units(others, own)
    kept = others.where_rows((others.table["model"] != name).to_numpy(bool), f"of {name!r}, which is the run itself")
    if kept.table.empty:
        raise RunsError(
            f"All runs of {others.source} are of the model {name!r}, which is the run itself. Name models apart in a "
            "column model, or leave the siblings out."
        )
    whole = pd.concat([own.table, kept.table], ignore_index=True).drop(columns="row")
    of_both = replace(
        read_runs(whole),
        source=f"{own.source} + {others.source}",
        left_out=(*own.left_out, *kept.left_out),
        spelling=tuple(name for name in own.spelling if name in others.spelling),
        scales=tuple(scale for scale in own.scales if scale in others.scales),
        loss_given=unit_of_all([own.loss_given, others.loss_given]),
    )
    return of_both, name


def tracked(runs: Runs, law: str | Law | None, early_tokens: float) -> list[Tracked]:
    """The kinds of outcome of a table, scores first, each with its runs and its law.

    Raises
    ------
    LawError
        If the law is of none of them.
    """
    tables = [runs]
    if "accuracy" in runs.table and "model_loss" in runs.table and runs.table["model_loss"].notna().any():
        tables.append(_losses_beside(runs.table))
    given = get_law(law) if isinstance(law, str) else law
    if given is not None and any(c.falls for c in given.covariates if c.name == given.axis):
        raise LawError(
            f"The {given.name} law is of {given.axis}, which falls as a run goes on: expected a law along tokens or "
            "data, such as trajectory for scores."
        )
    parts, used = [], given is None
    for table in tables:
        own = _default_law(table)
        if given is not None and kind_of(given).outcome.name == kind_of(own).outcome.name:
            own, used = given, True
        prepared, own = read_for(table, own, early_tokens)
        parts.append(Tracked(_thinned(prepared, own.axis), own))
    if not used:
        assert given is not None
        raise LawError(f"The {given.name} law is of {kind_of(given).outcome.name}, which the run does not have.")
    return parts


def _default_law(runs: Runs) -> Law:
    """The law of a table of checkpoints: joint in size and tokens where models have several sizes."""
    table = runs.table
    sizes = table["params"].nunique() if "params" in table else 0
    if "accuracy" not in table and sizes > 1 and counts_tokens(runs):
        return get_law("chinchilla")
    return get_law("trajectory" if "accuracy" in table else suited_law(runs)[0])


def _thinned(runs: Runs, axis: str) -> Runs:
    """A table without most of the checkpoints of models that have very many."""
    table = runs.table
    place = table.groupby(["task", "model"], sort=False)[axis].rank(method="dense").to_numpy(float) - 1
    last = table.assign(place=place).groupby(["task", "model"], sort=False)["place"].transform("max").to_numpy(float)
    step = np.maximum(last / (MOST - 1), 1.0)  # the checkpoint next to each of so many places, the last among them
    kept = np.abs(place - np.round(np.round(place / step) * step)) < 0.5
    return runs if kept.all() else runs.where_rows(kept, f"between the {MOST} checkpoints of a model that are used")


def _losses_beside(table: pd.DataFrame) -> Runs:
    """The losses that stand beside scores, as a table of their own."""
    names = [name for name in ("model", "family", "params", "data", "tokens", "seed") if name in table]
    own = table[[*names, "model_loss"]].dropna(subset=["model_loss"]).drop_duplicates(names)
    return read_runs(own.rename(columns={"model_loss": "loss"}).assign(task="text"))


def split(part: Tracked, model: str) -> tuple[Runs | None, pd.DataFrame]:
    """Of a table the part that an early fit knows, and the run's later checkpoints; None if there are none.

    Where a checkpoint was measured several times, later ones are means. Tasks on which the early part has nothing of
    the run are not foretold, and left out of the later ones.
    """
    table, axis = part.runs.table, part.law.axis
    outcome = kind_of(part.law).outcome.name
    own = (table["model"] == model).to_numpy(bool)
    places = np.unique(table.loc[own, axis].to_numpy(float))
    late = own & (table[axis] > places[min(HEAD, len(places)) - 1]).to_numpy(bool)
    foretold = late & table["task"].isin(table.loc[own & ~late, "task"]).to_numpy(bool)
    later = table[foretold].groupby(["task", axis], as_index=False, sort=False)[outcome].mean()
    if later.empty:
        return None, later
    return part.runs.where_rows(~late, "later checkpoints of the run, which are compared with what is foretold"), later


def require_trackable(
    parts: Sequence[Tracked], model: str, at: Mapping[str, float], asked: Sequence[Threshold]
) -> None:
    """Refuse what cannot be tracked before anything is sampled.

    Raises
    ------
    TargetError
        If the end is no point, or lies below the last checkpoint; or a threshold is of no outcome.
    RunsError
        If no checkpoint of the run is left.
    """
    known = []
    for part in parts:
        kind = kind_of(part.law)
        layout = kind.layout(part.runs, part.law, None)
        own = [i for i, curve in enumerate(layout.curves) if curve.model == model]
        if not own:
            raise RunsError(
                f"No checkpoint of {model!r} is left of those in {part.runs.source}: early ones are left out of long "
                "runs. Give later ones, or keep all with --early-tokens 0."
            )
        complete_point(layout, part.law, at)
        if kind.is_new_model(part.law, at):
            raise TargetError(f"The run keeps the size that it has: give {part.law.axis}=… alone.")
        last = float(layout.largest[own].max())
        if at[part.law.axis] < last * (1 - 1e-9):
            raise TargetError(
                f"The end, {part.law.axis}={at[part.law.axis]:g}, lies below the last checkpoint, {last:g}. Give the "
                "tokens that the run will end at."
            )
        known.append((outcome_as_given(kind.outcome, part.runs.loss_given), tasks_of_run(layout.curves, model)))
    require_thresholds(asked, known)
