"""Which column of a table is what: decided by names and by what stands in the cells, and asked where that is thin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayeslaw.runs.batches import batches_likely
from bayeslaw.runs.brackets import behind, letter_of
from bayeslaw.runs.columns import (
    CANONICAL,
    COUNTS,
    MEASURES,
    NAMES,
    OF_SEVERAL,
    PLAIN,
    RATIOS,
    TRAINING,
    Meaning,
    meaning,
    plain,
    usual_place,
)
from bayeslaw.runs.counted_params import ask_about_active_params
from bayeslaw.runs.error_columns import errors_beside
from bayeslaw.runs.fractions import ask_about_fractions
from bayeslaw.runs.naming import SAME_SIZE
from bayeslaw.runs.questions import Question
from bayeslaw.runs.score_tables import tell_scores_from_losses
from bayeslaw.runs.stated import Stated, role_text
from bayeslaw.runs.units import read_numbers

FLOP_OF_A_BUDGET = 1e12
"""A column ``budget`` is compute in FLOP if its numbers are as large as this, and money or something else if not."""

_OF_LETTERS = {
    "n": ("params", "data", "ignore"), "d": ("data", "tokens", "ignore"), "c": ("compute", "ignore")
}  # fmt: skip
"""What columns called by one small letter may be; the first is what the capital is in papers."""

MOSTLY = 0.5
"""Share of cells that are numbers, below which a column does not hold numbers."""


@dataclass(frozen=True)
class Column:
    """A column that was recognised.

    Attributes
    ----------
    heading : what it is called in the source.
    scale : what its numbers are to be multiplied by.
    unit : of a loss: nats, bits, perplexity or accuracy; of an accuracy: share, percent or error, empty if the numbers
        tell; empty for others.
    why : what decided.
    said : whether the user said so.
    in_unit : whether the user said the unit, too.
    """

    heading: str
    scale: float = 1.0
    unit: str = ""
    why: str = "by its name"
    said: bool = False
    in_unit: bool = False


@dataclass(frozen=True, eq=False)
class Roles:
    """What the columns of a table are.

    Attributes
    ----------
    columns : from role to the column that has it; ``steps`` is among them if nothing else counts the data.
    training : columns of training losses, beside the loss that was taken.
    several : for each role of `bayeslaw.runs.columns.OF_SEVERAL`, the columns that the user said have it.
    repeated : columns that say nothing of their own: losses that are 1 - accuracy.
    questions : what is open.
    notes : what was understood, in sentences.
    """

    columns: dict[str, Column]
    training: tuple[str, ...] = ()
    several: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict.fromkeys(OF_SEVERAL, ()))
    repeated: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def measured(self) -> Column:
        """The column of what was measured: accuracies in a table of scores, else losses."""
        return self.columns["accuracy" if "accuracy" in self.columns else "loss"]


def decide(cells: pd.DataFrame, stated: Mapping[str, Stated]) -> Roles:
    """Decide which column is what.

    Parameters
    ----------
    cells : the table, under its own headings.
    stated : what the user said, by heading.
    """
    said = {
        one.role: Column(heading, one.scale, one.unit, f"{one.origin} says so", True, one.has_unit)
        for heading, one in stated.items()
        if one.role not in OF_SEVERAL
    }
    candidates = _candidates(cells, [heading for heading in cells.columns if heading not in stated])
    notes: list[str] = []
    _texts_in_counts(cells, candidates, said, notes)
    _loss_called_l(cells, candidates, said)
    _tokens_called_d(candidates, said)
    repeated = tell_scores_from_losses(cells, candidates, said, notes)
    questions: list[Question] = []
    columns: dict[str, Column] = {}
    for role in (*CANONICAL, "steps", *RATIOS):
        measured = columns.get(role.removesuffix("_se"))
        if role in said:
            columns[role] = said[role]
            continue
        if role.endswith("_se") and measured is not None:
            candidates[role] = errors_beside(measured.heading, cells, candidates.get(role, []), role, stated)
        if candidates.get(role):
            columns[role] = _choose(role, candidates[role], cells, questions)
    losses = candidates.get("loss", [])
    training = tuple(h for h, m in losses if m.rank == TRAINING and h != columns["loss"].heading)
    training += _loss_of_training(columns, losses)
    if "loss" in columns:
        _about_the_loss(columns["loss"], training, losses, notes)
    _ask_about_a_letter(columns, questions)
    questions += ask_about_active_params(cells, columns["params"].heading if "params" in columns else None, stated)
    _count_steps(cells, columns, questions)
    _count_fractions(cells, columns, questions)
    _without_idle_ratios(columns, notes)
    return Roles(
        columns,
        training,
        {role: tuple(heading for heading, one in stated.items() if one.role == role) for role in OF_SEVERAL},
        repeated,
        tuple(questions),
        tuple(notes),
    )


_Candidates = dict[str, list[tuple[str, Meaning]]]


def _candidates(cells: pd.DataFrame, headings: Sequence[str]) -> _Candidates:
    """Columns by what their headings mean; one without any content only if it is needed and nothing else is there."""
    found: _Candidates = {}
    hollow: _Candidates = {}
    for heading in headings:
        known = meaning(heading)
        if known is None:
            continue
        if known.role in (*COUNTS, *MEASURES, "steps", *RATIOS):
            numbers = read_numbers(cells[heading], counts=known.role not in MEASURES or known.role == "questions")
            if numbers.blank.all():
                if known.role in ("loss", "accuracy", "data"):
                    hollow.setdefault(known.role, []).append((heading, known))
                continue
            if plain(heading).endswith("budget") and not np.nanmax(numbers.values, initial=0) >= FLOP_OF_A_BUDGET:
                continue
        found.setdefault(known.role, []).append((heading, known))
    if {"loss", "accuracy"} & set(found):
        hollow = {role: several for role, several in hollow.items() if role != "accuracy"}
    return hollow | found


def _texts_in_counts(cells: pd.DataFrame, found: _Candidates, said: Mapping[str, Column], notes: list[str]) -> None:
    """Take columns of words for no counts: ``data`` beside ``tokens`` may name a corpus, and ``size`` be 'small'."""
    for role in ("data", "params"):
        instead = [r for r in ("tokens", "data", "params") if r in found or r in said]
        for heading, known in list(found.get(role, [])):
            numbers = read_numbers(cells[heading], counts=True)
            if np.isfinite(numbers.values).sum() >= MOSTLY * (~numbers.blank).sum():
                continue
            if role == "data" and "tokens" not in instead:
                continue  # nothing else counts the data, so these cells are wrong, and checks say where
            found[role].remove((heading, known))
            if role == "data" and "task" not in found and "task" not in said:
                found["task"] = [(heading, Meaning("task", why="names of a corpus, beside tokens"))]
                notes.append(f"Column {heading!r} holds names, beside tokens: it is the corpus, and read as task.")
            elif role == "params" and not {"model"} & {*found, *said}:
                found["model"] = [(heading, Meaning("model", why="names of sizes"))]
                notes.append(f"Column {heading!r} holds names and no numbers: it is read as model.")
            else:
                notes.append(f"Column {heading!r} holds names and no numbers, it is not read as {role}.")


def _tokens_called_d(found: _Candidates, said: Mapping[str, Column]) -> None:
    """Beside N, C or L the letter D is the number of tokens, as in the papers, unless it is said to be of examples."""
    letters = {letter for several in found.values() for h, _ in several if (letter := letter_of(h)) in ("N", "C", "L")}
    data = [(heading, known) for heading, known in found.get("data", []) if letter_of(heading) == "D"]
    data = [one for one in data if (unit := behind(one[0])) is None or unit.role != "data"]
    if letters and data and len(found["data"]) == 1 and "tokens" not in found and not {"tokens", "data"} & set(said):
        heading, known = data[0]
        why = f"D beside {' and '.join(sorted(letters))} counts tokens"
        found["tokens"] = [(heading, replace(known, role="tokens", why=why))]
        del found["data"]


def _loss_called_l(cells: pd.DataFrame, found: _Candidates, said: Mapping[str, Column]) -> None:
    """Beside N, D or C the letter L is the loss, as in the papers; numbers of layers are whole."""
    letters = {letter_of(heading) for heading in cells.columns} & {"N", "D", "C"}
    if not letters or {"loss", "accuracy"} & {*found, *said}:
        return
    for heading in cells.columns:
        if letter_of(heading) == "L":
            values = read_numbers(cells[heading], counts=False).values
            values = values[np.isfinite(values)]
            if len(values) and not np.array_equal(values, np.round(values)):
                why = f"L beside {' and '.join(sorted(letters))} is a loss"
                found["loss"] = [(heading, Meaning("loss", unit="nats", rank=PLAIN, why=why))]


def _choose(role: str, several: list[tuple[str, Meaning]], cells: pd.DataFrame, questions: list[Question]) -> Column:
    """Choose one of the columns that mean the same, and ask if none is better than the others.

    Counts that agree are one; of those that do not, such as ``tokens`` and ``total_tokens``, no name is better.
    """
    best = min(known.rank for _, known in several)
    left = [(heading, known) for heading, known in several if known.rank == best]
    exact = [(h, m) for h, m in left if h == role] or [(h, m) for h, m in left if plain(h) == plain(role)] or left
    if role in COUNTS and len(left) > 1:
        agree = _agree([read_numbers(cells[h], counts=True).values * m.scale for h, m in left])
        exact = exact[:1] if agree else [*exact, *(one for one in left if one not in exact)]
    if len(exact) > 1 and role in (*NAMES, "steps", "metric", "seed"):
        exact = [min(exact, key=lambda one: usual_place(role, one[0]))]
    heading, known = exact[0]
    if len(exact) > 1:
        named = " and ".join(repr(h) for h, _ in exact)
        questions.append(
            Question(
                role if role != "loss" else heading,
                tuple(f"{h}={role_text(role, m.scale, m.unit)}" for h, m in exact),
                f"The columns {named} all mean {role}, expected one.",
            )
        )
    return Column(heading, known.scale, known.unit, known.why or "by its name")


def _agree(several: Sequence[NDArray[np.float64]]) -> bool:
    """Whether columns of counts hold the same numbers, where they hold any, up to a way of counting."""
    first = several[0]
    with np.errstate(invalid="ignore"):
        return all(np.allclose(other, first, rtol=SAME_SIZE, atol=0, equal_nan=True) for other in several[1:])


def _loss_of_training(columns: Mapping[str, Column], losses: list[tuple[str, Meaning]]) -> tuple[str, ...]:
    """A plain ``loss`` beside the loss of an evaluation is that of training."""
    taken = dict(losses).get(columns["loss"].heading) if "loss" in columns else None
    if taken is None or taken.rank >= PLAIN:
        return ()
    return tuple(heading for heading, known in losses if known.rank == PLAIN and plain(heading) == "loss")


def _about_the_loss(
    loss: Column,
    training: Sequence[str],
    losses: list[tuple[str, Meaning]],
    notes: list[str],
) -> None:
    rank = dict(losses)[loss.heading].rank if loss.heading in dict(losses) else None
    if rank == TRAINING:
        notes.append(f"Column {loss.heading!r} is a loss of training: there is none of an evaluation.")
    elif training and not loss.said:
        evaluation = "the loss of an evaluation and is " if rank is not None and rank < PLAIN else ""
        named = ", ".join(map(repr, training))
        notes.append(f"Column {loss.heading!r} is {evaluation}taken; {named} is of training.")


def _ask_about_a_letter(columns: Mapping[str, Column], questions: list[Question]) -> None:
    """Ask about a lone small letter: n is as often the number of examples, and d a width; capitals are as in papers."""
    asked = [column.heading for column in columns.values() if column.heading in _OF_LETTERS and not column.said]
    if len(asked) == 1:
        letter = asked[0]
        read = next(role for role, column in columns.items() if column.heading == letter)
        questions.append(
            Question(
                letter,
                tuple(f"{letter}={role}" for role in _OF_LETTERS[letter]),
                f"Column {letter!r} is read as {read} by this letter alone, which may stand for something else.",
            )
        )


def _without_idle_ratios(columns: dict[str, Column], notes: list[str]) -> None:
    """Let a ratio be no size where something else counts the data: another count, or a ratio before it."""
    told = next((columns[role].heading for role in ("data", "tokens", "compute") if role in columns), None)
    for ratio, of in RATIOS.items():
        if told is None:
            told = columns[ratio].heading if {ratio, of} <= set(columns) else None
        elif (idle := columns.pop(ratio, None)) is not None and idle.said:
            notes.append(f"Column {idle.heading!r}, said to be {ratio}, is not used: {told!r} tells the data.")


def _count_fractions(cells: pd.DataFrame, columns: dict[str, Column], questions: list[Question]) -> None:
    """Count data in parts of a set of data if nothing else counts them, and ask how much the whole is."""
    by_ratio = any({ratio, of} <= set(columns) for ratio, of in RATIOS.items())
    if by_ratio or {"data", "tokens", "compute"} & set(columns):
        return
    question = ask_about_fractions(cells)
    if question is not None:
        why = "parts of a set of data, for nothing else counts the data"
        columns["data"] = Column(question.about, why=why, in_unit=True)  # which the question asks for
        questions.append(question)


def _count_steps(cells: pd.DataFrame, columns: dict[str, Column], questions: list[Question]) -> None:
    """Count data in steps if nothing else counts them, and ask what a step is."""
    steps = columns.pop("steps", None)
    if steps is None or "data" in columns or "tokens" in columns or {"compute", "params"} <= set(columns):
        return
    columns["data"] = Column(steps.heading, why="steps, for nothing else counts the data")
    likely, told = batches_likely(cells)
    general = ("data", "data:EXAMPLES_A_STEP", "tokens:TOKENS_A_STEP")
    questions.append(
        Question(
            steps.heading,
            tuple(f"{steps.heading}={role}" for role in (*likely, *general)),
            f"Column {steps.heading!r} counts steps, and nothing says{' for certain' if likely else ''} how many "
            "examples or tokens a step is: 'data' counts in steps, 'data:32' in examples of which a step has 32, "
            f"'tokens:524288' in tokens (as --tokens-per-step 524288 does).{told}",
        )
    )
