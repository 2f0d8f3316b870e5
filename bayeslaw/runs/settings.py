"""Settings that tell apart runs of one model and size: asked about where losses differ by them, and else told."""

import numpy as np
import pandas as pd

from bayeslaw.runs.columns import CANONICAL, last_part
from bayeslaw.runs.questions import Question, written

APART = 0.03
"""Logarithm of the ratio of two losses of one model and size, beyond which they are further apart than seeds are."""

CONSISTENT, CONSISTENTLY_APART = 6, 0.003
"""If one of two is better in each of so many places, they may be closer than that."""

NAMED = 4
"""Settings that a note names at most."""

_SETTINGS_LIST = (
    "lr, learningrate, maxlr, peaklr, learningratepeak, batchsize, bs, globalbatchsize, weightdecay, wd, "
    "warmup, warmupsteps, rank, lorarank, dropout, epochs, numepochs, optimizerlr, optimizerlearningrate, "
    "temperature, seqlen, sequencelength, numfewshot, nfewshot, fewshot, nshot, nshots, shots"
)
_SETTINGS = frozenset(_SETTINGS_LIST.split(", "))
"""Columns of numbers that tell runs apart; other numbers may be measured."""


def ask_what_tells_apart(table: pd.DataFrame) -> list[Question]:
    """Ask about a column that tells apart runs of one model and size whose losses differ by more than seeds do."""
    table = table[np.isfinite(table["loss"]) & (table["loss"] > 0)]
    keys = _one_model_and_size(table)
    if not table.duplicated(keys).any():
        return []
    for name in sorted(_settings(table), key=lambda name: table[name].nunique()):
        means = np.log(table.groupby([*keys, name], sort=False)["loss"].mean()).unstack(name)
        means = means[means.notna().sum(axis=1) > 1]
        if means.empty:
            continue
        apart = (means.max(axis=1) - means.min(axis=1)).to_numpy(float)
        by_level = np.log(table["loss"]).groupby([table[key] for key in (*keys, name)], sort=False)
        within = (by_level.max() - by_level.min())[by_level.size() > 1]
        if np.median(apart) > max(APART, 2 * (within.median() if len(within) else 0.0)) or _one_always_wins(means):
            return [_tell_apart(name, table, float(np.exp(apart.max())))]
    return []


def repeats_with_other_settings(table: pd.DataFrame) -> tuple[str, ...]:
    """A note on runs of one model and size that count as repeats of each other, though their settings differ."""
    keys = _one_model_and_size(table)
    repeated = table[table.duplicated(keys, keep=False)]
    if repeated.empty:
        return ()
    by_size = repeated.groupby(keys, sort=False, dropna=False)
    differing = [name for name in _settings(table) if (by_size[name].nunique() > 1).any()]
    if not differing:
        return ()
    more = f" and {len(differing) - NAMED} more" if len(differing) > NAMED else ""
    return (
        f"{len(repeated)} of {len(table)} runs count as repeats of {by_size.ngroups} models and sizes, though they "
        f"differ in {', '.join(map(repr, differing[:NAMED]))}{more}: --where keeps some of them, and --as "
        f"{written(f'{differing[0]}=variant')} makes models of their own of them.",
    )


def _one_model_and_size(table: pd.DataFrame) -> list[str]:
    """Columns in which runs of one model and size agree."""
    return [name for name in ("task", "model", "params", "data", "tokens", "unique_data", "metric") if name in table]


def _settings(table: pd.DataFrame) -> list[str]:
    """Columns that may say how runs were made."""
    return [name for name in table.columns if name not in ("row", *CANONICAL) and _is_setting(table, name)]


def _one_always_wins(means: pd.DataFrame) -> bool:
    """Whether one of two is better wherever both were tried, and not by nothing."""
    if means.shape[1] != 2 or len(means) < CONSISTENT:
        return False
    ahead = (means.iloc[:, 0] - means.iloc[:, 1]).to_numpy(float)
    return bool(abs(np.sign(ahead).sum()) == len(ahead) and np.median(np.abs(ahead)) > CONSISTENTLY_APART)


def _is_setting(table: pd.DataFrame, name: str) -> bool:
    """Whether a column may say how runs were made: words that come again, or numbers of a known setting."""
    column = table[name]
    number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if number and last_part(name) not in _SETTINGS:
        return False
    return bool(2 <= column.nunique() <= max(2, len(column) // 2))


def _tell_apart(name: str, table: pd.DataFrame, times: float) -> Question:
    levels = list(map(repr, table[name].drop_duplicates().tolist()))
    shown = ", ".join(levels[:4]) + (", …" if len(levels) > 4 else "")
    return Question(
        name,
        (f"{name}=variant", f"{name}=task", f"{name}=ignore"),
        f"Runs of one model and size differ in column {name!r} ({shown}) and have losses up to {times:.3g} times "
        "apart, more than repeats do: 'variant' makes models of their own of them, 'task' tasks of their own, "
        "'ignore' says that they are repeats.",
    )
