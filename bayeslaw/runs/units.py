"""Numbers as people write them: ``7B``, ``350 million``, ``1_638_400``, ``1,638,400``, ``1 638 400``, ``1.6×10^6``."""

import math
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FLOP_PER_TOKEN = 6.0
"""FLOP of training, per parameter and token (Kaplan et al. 2020, arXiv 2001.08361)."""

CONVERTED = MappingProxyType({"bits": "nats", "perplexity": "nats", "accuracy": "error rate"})
"""Units in which losses may be given, and what they become."""

MULTIPLES = {"k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}

MAX_DIGITS = 64
"""Characters of a written count beyond which it is none."""

_GROUPED = re.compile(r"[+-]?\d{1,3}([,_ '\u2019\u00a0\u2009\u202f])\d{3}(?:\1\d{3})*(?:\.\d*)?")
_SEPARATORS = frozenset(",_ '\u2019\u00a0\u2009\u202f")
_NOUN_BEHIND = re.compile(r"(?<=[\w.}])\s+(?:tokens?|params?|parameters|examples|samples|flops?)$", re.IGNORECASE)
_LETTER_OF = {
    "thousand": "k", "million": "m", "billion": "b", "trillion": "t", "mn": "m", "mln": "m", "mio": "m", "bn": "b",
    "mrd": "b", "tn": "t",
}  # fmt: skip
MULTIPLE = rf"(?:{'|'.join(_LETTER_OF)})s?|[{''.join(MULTIPLES)}]"
"""A pattern of letters and words for multiples, in any case; for what they stand see `multiple_of`."""

_ABOUT = re.compile(r"^[~\u2248\u223c\u2243]\s*(?=\d)")
"""What stands before a count that is rounded."""

_WORD_BEHIND = re.compile(rf"(?<=[\d.])\s*({'|'.join(_LETTER_OF)})s?$", re.IGNORECASE)
_TIMES_TEN = re.compile(
    r"(?:([+-]?\d+(?:\.\d*)?)\s*[x×·*⋅]\s*)?"  # noqa: RUF001
    r"10\s?(?:(?:\^|\*\*)\s?\{?\+?(\d{1,2})\}?|([⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}))"
)
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
"""From raised digits to digits, for `str.translate`."""

_POINTED = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})*")
_BLANK_WORDS = frozenset(
    {"", "-", "--", "---", "–", "—", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "none", "null"}  # noqa: RUF001
)
_MORE_DIGITS_THAN_A_FLOAT = re.compile(r"^[+-]?\d{16,}$", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of cells read as numbers.

    Attributes
    ----------
    values : float array, one entry a cell; NaN where the cell is blank or is no number.
    blank : bool array, true where the cell holds nothing.
    suffixed : bool array, true where the number was written with a suffix such as ``M`` or ``B``, or ``%``.
    """

    values: NDArray[np.float64]
    blank: NDArray[np.bool_]
    suffixed: NDArray[np.bool_]

    @property
    def are_finite(self) -> bool:
        """Whether all cells that hold something are finite numbers, and one at least does."""
        return bool((np.isfinite(self.values) | self.blank).all() and not self.blank.all())


def read_numbers(cells: pd.Series, *, counts: bool) -> Numbers:
    """Read a column of cells as numbers.

    Parameters
    ----------
    cells : cells of any type: text, numbers, or a mixture.
    counts : whether the column counts things, so that ``7B`` and ``1,638,400`` are numbers in it. In a column of
        losses they are not, because there ``3,500`` is more likely to be three and a half.
    """
    if _holds_numbers(cells):
        values = cells.to_numpy(dtype=np.float64, na_value=np.nan)
        return Numbers(values, np.isnan(values), np.zeros(len(values), dtype=bool))
    objects = cells_of(cells)
    try:
        values = np.array(_bare_numbers(objects), dtype=np.float64)
        suffixed = np.zeros(len(values), dtype=bool)
    except (TypeError, ValueError, OverflowError):
        # Parameter counts come again and again, so each spelling is read once.
        spelled = {cell: _read_number(cell, counts) for cell in {cell for cell in objects if isinstance(cell, str)}}
        read = [spelled[cell] if isinstance(cell, str) else _read_number(cell, counts) for cell in objects]
        values = np.array([value for value, _ in read], dtype=np.float64)
        suffixed = np.array([suffixed for _, suffixed in read], dtype=bool)
    blank = np.isnan(values)
    blank[blank] = [is_blank(objects[position]) for position in np.flatnonzero(blank)]
    return Numbers(values, blank, suffixed)


def read_shares(cells: pd.Series, *, percent: bool | None = None) -> Numbers:
    """Read a column of shares, or of percent; numbers without a sign stay as they are.

    Parameters
    ----------
    cells : cells of any type.
    percent : whether numbers without a sign are in percent; None if they themselves tell, see `in_percent`.

    Returns
    -------
    Numbers, all in the unit of those without a sign: ``61.3%`` is 61.3 beside numbers in percent, else 0.613.
    """
    objects = cells_of(cells)
    bare = [_without_sign(cell) for cell in objects]
    signed = np.array([one is not cell for one, cell in zip(bare, objects, strict=True)], dtype=bool)
    numbers = read_numbers(pd.Series(bare, dtype=object), counts=False)
    by_sign = 1.0 if (in_percent(numbers.values[~signed]) if percent is None else percent) else 0.01
    return Numbers(np.where(signed, numbers.values * by_sign, numbers.values), numbers.blank, signed)


def in_percent(values: NDArray[np.float64]) -> bool:
    """Whether shares are written in percent: most of the numbers that are not zero are above 1."""
    there = values[np.isfinite(values) & (values != 0)]
    return bool(len(there) and np.median(there) > 1)


def read_count(text: str) -> float | None:
    """Read one count such as ``1.5k``; None if the text is no number."""
    value, _ = _read_number(text, counts=True)
    return None if math.isnan(value) else value


def in_nats(losses: NDArray[np.float64], unit: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Losses in nats, or as near to that as their unit allows.

    Parameters
    ----------
    losses : in their own unit, shape (cells,).
    unit : ``bits`` (per byte or per token, which stays), ``perplexity``, ``accuracy`` (which becomes an error rate), or
        any other, which is left as it is.

    Returns
    -------
    tuple of two arrays of shape (cells,)
        The losses, and what small differences are to be multiplied by.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if unit == "perplexity":
            return np.log(losses), 1 / losses
        if unit == "bits":
            return losses * np.log(2), np.full(len(losses), np.log(2))
        return (1 - losses if unit == "accuracy" else losses), np.ones(len(losses))


def as_given(losses: NDArray[np.float64], unit: str) -> NDArray[np.float64]:
    """Losses in the unit that they were converted from: the inverse of `in_nats`.

    Parameters
    ----------
    losses : as `in_nats` gives them.
    unit : that in which they were given.
    """
    with np.errstate(over="ignore"):
        if unit == "perplexity":
            return np.exp(losses)
        return losses / np.log(2) if unit == "bits" else 1 - losses if unit == "accuracy" else losses


def pointed_thousands(cells: pd.Series) -> str | None:
    """A cell of the form ``1.600``, which is 1600 where decimals have a comma, if all cells may be of that kind."""
    written = [cell.strip() for cell in cells.astype(object) if isinstance(cell, str) and cell.strip()]
    if not all(len(cell) <= MAX_DIGITS and _POINTED.fullmatch(cell) for cell in written):
        return None
    return next((cell for cell in written if "." in cell), None)


def multiple_of(word: str) -> float:
    """What a letter or a word stands for: 1e6 of ``M``, ``mn`` and ``millions``; it is one that `MULTIPLE` matches."""
    word = word.casefold()
    return MULTIPLES[word if word in MULTIPLES else _LETTER_OF[word.removesuffix("s")]]


def is_blank(cell: Any) -> bool:
    """Say whether a cell that should hold a number holds nothing."""
    if isinstance(cell, str):
        return cell.strip().lower() in _BLANK_WORDS
    return _is_missing(cell)


def not_a_number(cells: pd.Series) -> NDArray[np.bool_]:
    """Which cells of a column say that they are no number: NaN, which in a column of floats may be an empty cell."""
    if cells.dtype != object:
        return np.zeros(len(cells), dtype=bool)
    return np.array(
        [cell.strip().lower() == "nan" if isinstance(cell, str) else isinstance(cell, float) and math.isnan(cell)
         for cell in cells],
        dtype=bool,
    )  # fmt: skip


def read_texts(cells: pd.Series) -> list[str]:
    """Read a column of cells as text without surrounding blanks; an empty cell becomes ``""``."""
    return [_text(cell) for cell in cells_of(cells)]


def cells_of(column: pd.Series) -> list[Any]:
    """The cells of a column as Python objects."""
    return list(column.tolist() if column.dtype == object else column.astype(object).tolist())


def holds_nothing(column: pd.Series) -> bool:
    """Whether all cells of a column are blank."""
    return all(map(is_blank, cells_of(column)))


def read_plain(cells: pd.Series) -> pd.Series:
    """Read a column of unknown meaning: as truth values or numbers if every cell allows it, as text otherwise."""
    if pd.api.types.is_float_dtype(cells):
        return _whole_if_possible(cells.to_numpy(dtype=np.float64, na_value=np.nan))
    texts = read_texts(cells)
    if all(text.lower() in ("true", "false") for text in texts):
        return pd.Series([text.lower() == "true" for text in texts])
    # Names such as 1_2, and identifiers too long for a float, would lose what tells them apart.
    written = "\n".join(texts)
    if "_" in written or _MORE_DIGITS_THAN_A_FLOAT.search(written):
        return pd.Series(texts)
    numbers = read_numbers(cells, counts=False)
    if numbers.blank.all() or np.isnan(numbers.values[~numbers.blank]).any():
        return pd.Series(texts)
    return _whole_if_possible(numbers.values)


def _without_sign(cell: Any) -> Any:
    """The number of a cell such as ``61.3%``; any other cell as it is."""
    if not (isinstance(cell, str) and cell.strip().endswith("%")):
        return cell
    value, _ = _read_number(cell.strip()[:-1].rstrip(), counts=False)
    return cell if math.isnan(value) else value


def _bare_numbers(cells: list[Any]) -> list[float]:
    """Read cells that are all written as bare numbers, which is the usual case and worth being fast."""
    if not set(map(type, cells)) <= {str, int, float}:
        raise TypeError("cells of other types need a closer look")
    if any("_" in cell for cell in cells if isinstance(cell, str)):
        raise ValueError("cells with underscores need a closer look")
    return list(map(float, cells))


def _read_number(cell: Any, counts: bool) -> tuple[float, bool]:
    """Read one cell as (value, whether it had a suffix); the value is NaN if it is no number."""
    if isinstance(cell, bool | np.bool_):
        return math.nan, False
    if isinstance(cell, str) and "_" in cell:  # 3_5 is 35 to Python and to nobody else
        return _read_written_count(cell.strip()) if counts else (math.nan, False)
    try:
        return float(cell), False
    except OverflowError:
        return math.inf, False
    except (TypeError, ValueError):
        return _read_written_count(cell.strip()) if counts and isinstance(cell, str) else (math.nan, False)


def _read_written_count(text: str) -> tuple[float, bool]:
    """Read a count that may have a suffix or a word behind it, and separators between groups of three digits."""
    if not 0 < len(text) <= MAX_DIGITS:
        return math.nan, False
    text = _NOUN_BEHIND.sub("", _ABOUT.sub("", text))
    if word := _WORD_BEHIND.search(text):
        text = text[: word.start()] + _LETTER_OF[word[1].lower()]
    powered = _TIMES_TEN.fullmatch(text)
    if powered:
        power = powered[2] or powered[3].translate(RAISED)
        return float(f"{powered[1] or 1}e{power}"), True
    by = MULTIPLES.get(text[-1].lower())
    digits = text[:-1].rstrip() if by else text
    if not (digits[-1:].isdigit() or (digits[-1:] == "." and not by)):  # infinity, 1e, and words
        return math.nan, False
    if not _SEPARATORS.isdisjoint(digits):
        if not _GROUPED.fullmatch(digits):
            return math.nan, False
        digits = "".join(character for character in digits if character not in _SEPARATORS)
    try:
        value = float(digits)
    except ValueError:
        return math.nan, False
    return (value * by, True) if by else (value, False)


def _holds_numbers(cells: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(cells) and not (
        pd.api.types.is_bool_dtype(cells) or pd.api.types.is_complex_dtype(cells)
    )


def _is_missing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell))


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if _is_missing(cell):
        return ""
    # pandas turns whole numbers into floats as soon as one cell is empty: 7.0 was 7.
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _whole_if_possible(values: NDArray[np.float64]) -> pd.Series:
    with np.errstate(invalid="ignore"):
        whole = np.all(np.isfinite(values) & (values == np.round(values)) & (np.abs(values) < 2**53))
    return pd.Series(values.astype(np.int64) if whole else values)
