"""What the user says about columns: ``--as COLUMN=ROLE``, and a file ``bayeslaw.toml`` beside the logs."""

import difflib
import math
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bayeslaw.errors import RunsError, did_you_mean
from bayeslaw.runs.columns import COUNTS, OF_SEVERAL, RATIOS, ROLES, meaning, other_size, plain, usual_place
from bayeslaw.runs.units import MULTIPLES, read_count

FILE = "bayeslaw.toml"
STEPS = "steps"
"""In place of a heading: the column that counts steps of training, whatever it is called."""
LOSS_UNITS = ("nats", "bits", "perplexity", "accuracy")
UNITS = {"loss": LOSS_UNITS, "model_loss": LOSS_UNITS[:3], "accuracy": ("share", "percent", "error")}
"""Units by role. An accuracy in ``error`` is a share of wrong answers, or percent of them."""

_GRAMMAR = (
    "Expected COLUMN=ROLE, such as size=params, size=params:M (millions), step=data:32 (examples a step), "
    "ppl=loss:perplexity, arc=accuracy, method=variant (tells models apart), lr=best (the best over it counts) or "
    "note=ignore"
)


@dataclass(frozen=True)
class Stated:
    """What a column was said to be.

    Attributes
    ----------
    role : one of `bayeslaw.runs.columns.ROLES`.
    scale : what its numbers are to be multiplied by.
    unit : of a loss or an accuracy, one of `UNITS`; else empty.
    origin : who said so, for messages.
    has_unit : whether a unit was named.
    """

    role: str
    scale: float
    unit: str
    origin: str
    has_unit: bool


def parse_role(column: str, text: str, origin: str = "--as") -> Stated:
    """Read a role as it is written: ``params``, ``params:M``, ``data:32``, ``loss:bits``.

    Raises
    ------
    RunsError
        If there is no such role, or it has no such unit.
    """
    said = f"{origin} {column}={text}"
    role, colon, unit = (part.strip() for part in text.partition(":"))
    role = role.casefold()
    if role not in ROLES:
        near = did_you_mean(role, ROLES)
        raise RunsError(
            f"{said}: there is no role {role!r}.{near} Use one of: {', '.join(ROLES)}. What laws need beside these "
            f"is read by its own name: if {role!r} is such a column of a law (bayeslaw laws lists them), rename "
            f"{column!r} to that in the table."
        )
    if not colon:
        return Stated(role, 1.0, "nats" if role in ("loss", "model_loss") else "", origin, False)
    if role in UNITS:
        if unit not in UNITS[role]:
            raise RunsError(f"{said}: {unit!r} is no unit of {role}. Use one of: {', '.join(UNITS[role])}.")
        return Stated(role, 1.0, unit, origin, True)
    scale = MULTIPLES.get(unit.lower()) or read_count(unit)
    if role not in (*COUNTS, *RATIOS) or not scale or not 0 < scale < float("inf"):
        raise RunsError(
            f"{said}: {unit!r} is no unit of {role}. A unit follows {', '.join((*COUNTS, *RATIOS))} and is K, M, B, T "
            "or a number, such as tokens:B or data:32; or follows loss, model_loss or accuracy."
        )
    return Stated(role, scale, "", origin, True)


def role_text(role: str, scale: float = 1.0, unit: str = "") -> str:
    """A role as `parse_role` reads it, with its unit: ``tokens:1e9``; a role alone would say that there is none.

    Parameters
    ----------
    role : one of `bayeslaw.runs.columns.ROLES`.
    scale : what numbers are to be multiplied by.
    unit : of a loss or an accuracy.
    """
    if scale == 1:
        return f"{role}:{unit}" if unit not in ("", "nats") else role
    power = round(math.log10(scale))
    return f"{role}:1e{power}" if scale == 10.0**power else f"{role}:{scale:.12g}".replace("e+", "e")


def parse_answers(texts: Sequence[str]) -> dict[str, str]:
    """Read answers such as ``["size=params:M"]`` from the command line.

    Raises
    ------
    RunsError
        If one is not of that form, or a column comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        column, equals, role = text.rpartition("=")
        column = column.strip()
        if not equals or not column or not role.strip():
            raise RunsError(f"--as {text!r} is not understood. {_GRAMMAR}.")
        if column in found and found[column] != role:
            raise RunsError(f"--as names the column {column!r} twice, as {found[column]} and as {role}. Choose one.")
        found[column] = role
    return found


def scores_as_roles(columns: Sequence[str]) -> dict[str, str]:
    """Roles that say of each of several columns that it holds accuracies, as ``--scores arc,hellaswag`` does.

    Parameters
    ----------
    columns : names of columns; a text has commas between them.

    Raises
    ------
    RunsError
        If it has commas or blanks alone.
    """
    several = columns.split(",") if isinstance(columns, str) else columns
    named = {column.strip(): "accuracy" for column in several if column.strip()}
    if len(several) and not named:
        raise RunsError(
            f"--scores: found no name of a column in {columns!r}. Expected names with commas between them, such as "
            "--scores arc,hellaswag."
        )
    return named


def read_answers(folder: Path) -> dict[str, str]:
    """Read the table ``[columns]`` of ``bayeslaw.toml`` in a folder; empty if there is no such file.

    Raises
    ------
    RunsError
        If it is no TOML, or holds anything else.
    """
    path = folder / FILE
    try:
        if not os.path.isfile(path):  # unlike Path.is_file, no error of a name that is too long
            return {}
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunsError(f"{path}: the file cannot be read ({error}). Expected TOML, UTF-8.") from error
    columns = found.pop("columns", {})
    if found or not isinstance(columns, dict) or not all(isinstance(role, str) for role in columns.values()):
        raise RunsError(
            f'{path}: expected one table [columns] of roles in quotes, such as size = "params:M"; found '
            f"{', '.join(map(repr, found)) or 'columns of another form'}. Remove the rest."
        )
    return dict(columns)


def stated_roles(
    headings: Sequence[str], answers: Mapping[str, str], beside: Mapping[str, str], source: str
) -> tuple[dict[str, Stated], tuple[str, ...]]:
    """Match what was said with the columns of a table.

    Parameters
    ----------
    headings : columns of the table.
    answers : roles by column, as the user gave them; they come before those of the file.
    beside : roles by column from the file beside the logs, where columns that this table lacks are allowed.
    source : name of the table.

    Returns
    -------
    dict
        What was said, by heading.
    tuple of str
        Notes.

    Raises
    ------
    RunsError
        If an answer names a column that there is not, a role that there is not, or two columns get one role.
    """
    found: dict[str, Stated] = {}
    notes: list[str] = []
    for column, text in beside.items():
        heading = matching_heading(column, headings)
        if heading is None:
            notes.append(f"{FILE} names a column {column!r} that is not in this table.")
        else:
            found[heading] = parse_role(column, text, FILE)
    problems: list[str] = []
    answered: dict[str, str] = {}
    for column, text in answers.items():
        heading = matching_heading(column, headings)
        if heading is None and column == STEPS:
            problems.append(
                f"there is no column of steps (step, global_step, iteration, …); say which it is, as in "
                f"--as COLUMN={text}"
            )
        elif heading is None:
            close = difflib.get_close_matches(column, headings, 1, cutoff=0.4)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            problems.append(f"there is no column {column!r}{hint}")
        elif answered.get(heading, text) != text:
            problems.append(f"the column {heading!r} is said to be {answered[heading]} and to be {text}, expected one")
        else:
            answered[heading] = text
            found[heading] = parse_role(column, text)
    if problems:
        listed = ", ".join(map(repr, headings[:30]))
        raise RunsError(f"{source}: --as: {'; '.join(problems)}. The columns are: {listed}.")
    by_role: dict[str, list[str]] = {}
    for heading, said in found.items():
        if said.role not in OF_SEVERAL:
            by_role.setdefault(said.role, []).append(heading)
    for role, several in by_role.items():
        if len(several) > 1:
            named = " and ".join(map(repr, several))
            raise RunsError(f"{source}: {named} are all said to be {role}, expected one. Say 'ignore' of the others.")
    return found, tuple(notes)


def says(role: str, text: str) -> bool:
    """Whether what is said of a column is this role, in whatever unit."""
    return text.partition(":")[0].strip().casefold() == role


def matching_heading(column: str, headings: Sequence[str]) -> str | None:
    """The heading that a name of a column means: the same, or the only one alike but for case and punctuation.

    Sizes that laws depend on have several names; see `other_size`.
    """
    if column in headings:
        return column
    alike = [heading for heading in headings if plain(heading) == plain(column)]
    if not alike and (size := other_size(column)) is not None:  # as tables of runs call it
        alike = [heading for heading in headings if other_size(heading) == size]
    if len(alike) == 1 or column != STEPS:
        return alike[0] if len(alike) == 1 else None
    known = [(found.rank, usual_place(STEPS, h), h) for h in headings if (found := meaning(h)) and found.role == STEPS]
    return min(known)[2] if known else None
