"""``track``: from tables or logs of a run and of others to what it will reach.

What is slow to import, the sampler above all, is imported inside, after it was said what was read.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bayeslaw.progress import Progress, runs_in_words, tell_of
from bayeslaw.runs import Runs, read_runs
from bayeslaw.runs.early import EARLY_TOKENS
from bayeslaw.runs.reading import Table

if TYPE_CHECKING:
    from bayeslaw.answers.track_result import Track
    from bayeslaw.laws.base import Law
    from bayeslaw.sampling.nuts import SamplerSettings


def track(
    run: Table,
    siblings: Table | None = None,
    *,
    at: Mapping[str, float],
    model: str | None = None,
    thresholds: Sequence[str] = (),
    law: "str | Law | None" = None,
    early_tokens: float = EARLY_TOKENS,
    sampler: "SamplerSettings | None" = None,
    seed: int = 0,
    progress: Progress | bool | None = None,
) -> "Track":
    """Say what a run will reach from its checkpoints so far and from other runs, and whether it is on track.

    Parameters
    ----------
    run : Runs, DataFrame or path
        Checkpoints of the run: losses, scores, or scores with losses beside them.
    siblings : Runs, DataFrame or path, optional
        Whole runs of other models, such as smaller ones of the family.
    at : mapping
        The end, such as ``{"data": 3e11}``.
    model : str, optional
        Which model of ``run`` it is, if that has several; the others are siblings.
    thresholds : sequence of str
        Such as ``"accuracy:arc_easy>=.6"`` or ``"loss<=2.5"``.
    law : str or Law, optional
        Of the outcome that it describes; what suits the table, unless given.
    early_tokens : float
        As for `bayeslaw.fit`.
    sampler : SamplerSettings, optional
        Two fits are made of each kind of outcome.
    seed : int
    progress : bool or callable, optional
        As for `bayeslaw.fit`.

    Returns
    -------
    Track

    Raises
    ------
    RunsError
        If the tables cannot be read together, or no checkpoint of the run is left.
    TargetError
        If the model, the end or a threshold cannot be used.
    LawError, SamplingError
        As `bayeslaw.fit`.
    """
    own = run if isinstance(run, Runs) else read_runs(run)
    others = siblings if siblings is None or isinstance(siblings, Runs) else read_runs(siblings)
    for runs in (own,) if others is None else (own, others):
        tell_of(progress, f"{runs.source}: {runs_in_words(len(runs.models), len(runs.table))}.")

    from bayeslaw.answers.thresholds import read_threshold
    from bayeslaw.fitting.track import read_tracked, track_parts, tracked

    table, name = read_tracked(own, others, model)
    asked = [read_threshold(text) for text in thresholds]
    parts = tracked(table, law, early_tokens)
    return track_parts(parts, name, at, asked, sampler=sampler, seed=seed, progress=progress)
