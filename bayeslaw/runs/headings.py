"""Headings of a table: each there once, and near ones offered for those that are missing."""

import difflib
import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import ALIASES, EVALUATION_WORDS, OTHER_LOSSES, meaning, plain, words_in
from bayeslaw.runs.units import read_numbers

_NAMED_BY = {
    "loss": {
        "loss": "loss, losses, nll, xent, verlust, validierungsverlust, testverlust, perte, perdida",
        "loss:perplexity": "perplexity, ppl",
        "loss:bits": "bpb, bits",
    },
    "data": {
        "data": "example, examples, sample, samples, sequence, sequences, image, images, beispiele, exemples, ejemplos",
        "tokens": "token, tokens, toks, jetons",
        "compute": "flop, flops, flos",
        "tokens_per_param:20": "chinchilla",
        "steps": "step, steps, iteration, iterations, schritt, schritte, etape, etapes, paso, pasos",
    },
    "params": {"params": "param, params, parameter, parameters, parametres, parametros, grosse, modellgrosse"},
}
"""Words of headings that speak for a missing column, by the answer to ``--as`` that they suggest, without accents."""

_OF_SETTINGS = (
    "per, s, sec, second, seconds, rate, speed, throughput, time, runtime, warmup, logging, save, accumulation, max, "
    "vocab"
)
_OF_STATISTICS = "norm, grad, grads, gradient, mean, std, rms, max, min, update, updates, ratio, per, lr, scale, log"
_OTHERWISE = {
    "loss": OTHER_LOSSES | {"log", "std", "stdev", "sd", "var", "variance", "norm", "lr", "rate", "time", "seconds"},
    "data": EVALUATION_WORDS | {*_OF_SETTINGS.split(", ")},
    "params": frozenset(_OF_STATISTICS.split(", ")),
}
"""Words of headings that speak against it: rates and settings count no data that a run was trained on, norms of
parameters no parameters, and logarithms may have been taken to any base."""

LOSS_MAX, DATA_MIN = 30, 100
"""No loss is larger than the first, and no run trained on less than the second, where headings tell nothing."""

OFFERED = 3
"""Columns that a refusal offers at most."""


def with_good_headings(cells: pd.DataFrame, source: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """A table with headings of text, each of them once.

    Returns
    -------
    The table, without a row index that stands in it and without empty columns that have no name; and notes.

    Raises
    ------
    RunsError
        If headings have levels, repeat, are missing, or hold half of a character.
    """
    if cells.columns.nlevels > 1:
        raise RunsError(
            f"{source}: the headings have {cells.columns.nlevels} levels, expected one. Flatten them first."
        )
    cells = with_index_as_columns(cells)
    cells = cells.set_axis(pd.Index([str(name).strip() for name in cells.columns], dtype=object), axis=1)
    cells = cells.reset_index(drop=True)
    _require_characters(list(cells.columns), source)
    cells, notes = _without_unnamed(cells, source)
    if not len(cells.columns):
        raise RunsError(f"{source}: found no columns, expected a header and one row a run.")
    repeated = cells.columns[cells.columns.duplicated()]
    if len(repeated):
        raise RunsError(
            f"{source}: the column {repeated[0]!r} comes {list(cells.columns).count(repeated[0])} times, expected each "
            "heading once. Rename or drop the others."
        )
    if "row" in cells.columns:
        cells = cells.drop(columns="row")
        notes = (*notes, "Column 'row' is not used: `row` counts the rows of the source.")
    return cells, notes


def with_index_as_columns(cells: pd.DataFrame) -> pd.DataFrame:
    """A table with its index as columns where that has names: it holds data then, and else only counts rows."""
    names = [name for name in cells.index.names if name is not None]
    return cells.reset_index(level=names) if names and not set(names) & set(cells.columns) else cells


def nearest(role: str, headings: Sequence[str]) -> str:
    """Words that offer the heading nearest to a name of a role; empty if none is near."""
    names = [plain(alias) for alias in ALIASES[role].split(", ") if len(plain(alias)) > 2]
    # Without digits, so that column_1 to column_9999 are one look.
    short = {_letters(heading): heading for heading in reversed(headings) if 2 < len(heading) <= 40}
    for name in names:
        close = difflib.get_close_matches(name, list(short), 1, cutoff=0.75)
        if close:
            return f" (is it {short[close[0]]!r}?)"
    return ""


def likely_answers(role: str, cells: pd.DataFrame) -> tuple[str, ...]:
    """Answers to ``--as`` by columns of numbers without a meaning of their own whose headings hold a word of a role.

    Where none does, as of headings in another language, losses and data may be columns that have such numbers.

    Parameters
    ----------
    role : the column that is missing, ``loss``, ``data`` or ``params``.
    cells : the table, under its own headings.

    Returns
    -------
    tuple of str
        Such as ``Pretraining Tokens=tokens``; at most `OFFERED`.
    """
    suggested = {word: answer for answer, words in _NAMED_BY[role].items() for word in words.split(", ")}
    named, by_numbers = [], []
    for heading in cells.columns:
        words = words_in(without_accents(heading))
        if meaning(heading) is not None or not _OTHERWISE[role].isdisjoint(words):
            continue
        numbers = read_numbers(cells[heading], counts=role != "loss")
        if not numbers.are_finite:
            continue
        answer = next((suggested[word] for word in words if word in suggested), None)
        if answer is not None:
            named.append(f"{heading}={answer}")
        elif _may_be(role, numbers.values[~numbers.blank]):
            by_numbers.append(f"{heading}={role}")
    return tuple((named or by_numbers)[:OFFERED])


def without_accents(text: str) -> str:
    """A text without accents: ``Grosse`` of ``Größe``."""
    apart = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(character for character in apart if not unicodedata.combining(character))


def _may_be(role: str, values: NDArray[np.float64]) -> bool:
    """Whether numbers may be losses, or counts of data."""
    whole = np.array_equal(values, np.round(values))
    if role == "loss":
        return not whole and bool((values > 0).all() and (values <= LOSS_MAX).all())
    return role == "data" and whole and bool((values >= DATA_MIN).all())


def _letters(heading: str) -> str:
    return "".join(character for character in plain(heading) if not character.isdigit())


def _require_characters(headings: Sequence[str], source: str) -> None:
    try:
        "\n".join(headings).encode()
    except UnicodeEncodeError as error:
        raise RunsError(
            f"{source}: a heading holds half of a character ({error.object[error.start : error.end]!r}, a lone "
            "surrogate), expected text. Write the table again in UTF-8."
        ) from error


def _without_unnamed(cells: pd.DataFrame, source: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Drop the row index that pandas writes as a first column without a name, and columns that are wholly empty."""
    notes = []
    named = np.ones(len(cells.columns), dtype=bool)
    for position, heading in enumerate(cells.columns):
        if heading and not (position == 0 and heading == "Unnamed: 0"):
            continue
        numbers = read_numbers(cells.iloc[:, position], counts=False)
        if numbers.blank.all():
            notes.append(f"Column {position + 1} has no name and no content, it is not used.")
        elif position == 0 and np.all(numbers.values == np.round(numbers.values)):
            notes.append("The first column has no name and holds whole numbers: a row index, it is not used.")
        else:
            raise RunsError(
                f"{source}: column {position + 1} has no name, expected one. Give it a heading, or drop it."
            )
        named[position] = False
    return cells.loc[:, named], tuple(notes)
