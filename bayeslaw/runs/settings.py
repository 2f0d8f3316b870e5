"""Settings that tell apart runs of one model and size: asked about where losses differ by them, and else told."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.runs.columns import CANONICAL, OTHER_SIZES, last_part, shares_among
from bayeslaw.runs.questions import Question, written

APART = 0.03
"""Logarithm of the ratio of two losses of one model and size, beyond which they are further apart than seeds are."""

CONSISTENT, CONSISTENTLY_APART = 6, 0.003
"""If one of two is better in each of so many places, they may be closer than that."""

MANY = 12
"""Values of a setting beyond which pairs of them are not looked at."""

NAMED = 4
"""Settings that a note names at most."""

_TUNED_LIST = (
    "lr, learningrate, maxlr, peaklr, learningratepeak, optimizerlr, optimizerlearningrate, batchsize, bs, "
    "globalbatchsize, weightdecay, wd, warmup, warmupsteps, dropout"
)
_TUNED = frozenset(_TUNED_LIST.split(", "))
"""Columns of numbers that are swept for the best of them."""

_OTHERS_LIST = (
    "rank, lorarank, epochs, numepochs, temperature, seqlen, sequencelength, numfewshot, nfewshot, fewshot, nshot, "
    "nshots, shots"
)
_SETTINGS = _TUNED | frozenset(_OTHERS_LIST.split(", "))
"""Columns of numbers that tell runs apart; other numbers may be measured."""


def is_known_setting(heading: str) -> bool:
    """Whether a heading is of a setting of training that the field knows by name, such as ``optim.lr``."""
    return last_part(heading) in _SETTINGS


def ask_what_tells_apart(
    table: pd.DataFrame, covariates: Sequence[str] = (), best: Sequence[str] = ()
) -> list[Question]:
    """Ask about columns that tell apart runs of one model and size whose losses differ by more than seeds do.

    Parameters
    ----------
    table : under canonical names.
    covariates : columns that a law is said to depend on: runs that differ in them are no repeats.
    best : settings of which the best was taken, and of which nothing is left to ask.

    Returns
    -------
    list of Question
        One for each column that tells apart runs in which those before it agree.
    """
    table = table[np.isfinite(table["loss"]) & (table["loss"] > 0)]
    keys = _one_model_and_size(table, covariates)
    found: list[Question] = []
    if not table.duplicated(keys).any():
        return found
    candidates = set(settings_among(table)) - {*keys, *best}
    for name in sorted(candidates, key=lambda name: (table[name].nunique(), name)):
        if not table.duplicated(keys).any():
            break
        apart = _apart(table, keys, name)
        if apart is not None:
            found.append(_tell_apart(name, table, float(np.exp(apart.max()))))
            keys.append(name)
    return found


def _apart(table: pd.DataFrame, keys: Sequence[str], name: str) -> NDArray[np.float64] | None:
    """How far losses of one model and size lie apart by a setting, in logs; None if no further than seeds may."""
    means = np.log(table.groupby([*keys, name], sort=False)["loss"].mean())
    means = means[means.groupby(level=keys, sort=False).transform("size") > 1]
    if means.empty:
        return None
    by_place = means.groupby(level=keys, sort=False)
    apart: NDArray[np.float64] = (by_place.max() - by_place.min()).to_numpy(float)
    by_level = np.log(table["loss"]).groupby([table[key] for key in (*keys, name)], sort=False)
    within = (by_level.max() - by_level.min())[by_level.size() > 1]
    far = np.median(apart) > max(APART, 2 * (within.median() if len(within) else 0.0))
    few = means.index.get_level_values(name).nunique() <= MANY
    return apart if far or (few and _one_always_wins(means.unstack(name))) else None


def best_settings(
    table: pd.DataFrame, names: Sequence[str], covariates: Sequence[str] = ()
) -> tuple[NDArray[np.bool_], str]:
    """Find the runs at the best of settings, of each model and size: the lowest mean over their repeats.

    A setting at which a run has no finite loss, as one that diverged, is worse than all others. Runs that differ in
    what laws depend on, such as experts, are of different sizes.

    Parameters
    ----------
    table : under canonical names.
    names : columns of settings, of which the best combination is looked for.
    covariates : columns that a law is said to depend on.

    Returns
    -------
    array of bool, shape (rows,)
        Runs at the best; where one combination alone was tried, these are all.
    str
        A note on how many they are, and on bests at the end of what was tried.
    """
    losses = table["loss"].where(np.isfinite(table["loss"]), np.inf)
    texts = [table[name].map(repr) for name in names]
    combination = pd.Series(list(zip(*texts, strict=True)), index=table.index, dtype=object)
    sizes = [name for name in (*OTHER_SIZES, *shares_among(table.columns), *covariates) if name not in names]
    place = table.groupby(_one_model_and_size(table, sizes), sort=False, dropna=False).ngroup()
    mean = losses.groupby([place, combination], sort=False).transform("mean")
    lowest = mean.groupby(place, sort=False).transform("min")
    chosen = mean == lowest
    first = combination.where(chosen).groupby(place, sort=False).transform("first")
    mask = (chosen & (combination == first)).to_numpy(bool)
    over = " and ".join(map(repr, names))
    note = (
        f"Of each model and size the best over {over} counts: {mask.sum()} of {len(table)} runs. The lowest of several "
        f"losses is low by luck, too.{_without_a_loss(losses)}{_at_the_end(table, names, place, mask)}"
    )
    return mask, note


def _without_a_loss(losses: pd.Series) -> str:
    """Words on runs without a finite loss."""
    count = int(np.isinf(losses).sum())
    if not count:
        return ""
    return f" Settings at which a run has no finite loss, as {count} here, count as worse than all others."


def _at_the_end(table: pd.DataFrame, names: Sequence[str], place: pd.Series, mask: NDArray[np.bool_]) -> str:
    """Words on bests at the smallest or largest value that was tried there: a better one may lie beyond."""
    told = []
    for name in names:
        column = pd.to_numeric(table[name], errors="coerce")
        low, high = (column.groupby(place, sort=False).transform(end) for end in ("min", "max"))
        tried = (column.groupby(place, sort=False).transform("nunique") > 2).to_numpy(bool)
        at_end = (((column == low) | (column == high)).to_numpy(bool)) & tried & mask
        places, ends = place[tried].nunique(), place[at_end].nunique()
        if ends:
            told.append(f" At {ends} of {places} it is the smallest or the largest {name!r} tried.")
    return "".join(told)


def repeats_with_other_settings(table: pd.DataFrame, covariates: Sequence[str] = ()) -> tuple[str, ...]:
    """A note on runs of one model and size that count as repeats of each other, though their settings differ.

    Parameters
    ----------
    table : under canonical names.
    covariates : columns that a law is said to depend on: runs that differ in them are no repeats.
    """
    keys = _one_model_and_size(table, covariates)
    repeated = table[table.duplicated(keys, keep=False)]
    if repeated.empty:
        return ()
    by_size = repeated.groupby(keys, sort=False, dropna=False)
    differing = [name for name in settings_among(table) if (by_size[name].nunique() > 1).any()]
    if not differing:
        return ()
    more = f" and {len(differing) - NAMED} more" if len(differing) > NAMED else ""
    return (
        f"{len(repeated)} of {len(table)} runs count as repeats of {by_size.ngroups} models and sizes, though they "
        f"differ in {', '.join(map(repr, differing[:NAMED]))}{more}: --where keeps some of them, --as "
        f"{written(f'{differing[0]}=best')} the best at each model and size, and --as "
        f"{written(f'{differing[0]}=variant')} makes models of their own of them.",
    )


def _one_model_and_size(table: pd.DataFrame, others: Sequence[str] = ()) -> list[str]:
    """Columns in which runs of one model and size agree, others that the table has among them."""
    names = dict.fromkeys(("task", "model", "params", "data", "tokens", "unique_data", "metric", *others))
    return [name for name in names if name in table]


def settings_among(table: pd.DataFrame) -> list[str]:
    """Columns that may say how runs were made."""
    return [name for name in table.columns if name not in ("row", *CANONICAL) and _is_setting(table, name)]


def _one_always_wins(means: pd.DataFrame) -> bool:
    """Whether one of two values is better wherever both were tried, and not by nothing.

    Each further pair of values may be so by chance, and so twice as many pairs have to agree in one place more.
    """
    pairs = list(combinations(range(means.shape[1]), 2))
    needed = CONSISTENT + np.log2(max(len(pairs), 1))
    for one, other in pairs:
        ahead = (means.iloc[:, one] - means.iloc[:, other]).dropna().to_numpy(float)
        always = len(ahead) >= needed and abs(np.sign(ahead).sum()) == len(ahead)
        if always and np.median(np.abs(ahead)) > CONSISTENTLY_APART:
            return True
    return False


def _is_setting(table: pd.DataFrame, name: str) -> bool:
    """Whether a column may say how runs were made: words that come again, or numbers of a known setting.

    Numbers of a known setting may all be different, as those of a random search are.
    """
    column = table[name]
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return is_known_setting(name) and bool(column.nunique() > 1)
    return bool(2 <= column.nunique() <= max(2, len(column) // 2))


def _tell_apart(name: str, table: pd.DataFrame, times: float) -> Question:
    levels = list(map(repr, table[name].drop_duplicates().tolist()))
    shown = ", ".join(levels[:4]) + (", …" if len(levels) > 4 else "")
    roles = {
        "variant": "makes models of their own of them",
        "task": "tasks of their own",
        "best": "keeps the best of them at each model and size, as of a sweep",
        "ignore": "says that they are repeats",
    }
    if name in OTHER_SIZES:
        roles["covariate"] = "leaves it to a law that depends on it"
    order = sorted(roles, key="best".__ne__) if last_part(name) in _TUNED else list(roles)
    return Question(
        name,
        tuple(f"{name}={role}" for role in order),
        f"Runs of one model and size differ in column {name!r} ({shown}) and have losses up to {times:.3g} times "
        f"apart, more than repeats do: {', '.join(f'{role!r} {roles[role]}' for role in order)}.",
    )
