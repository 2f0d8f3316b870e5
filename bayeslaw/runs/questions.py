"""What a table leaves open, and has to be said before anything is made of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bayeslaw.errors import RunsError


@dataclass(frozen=True)
class Question:
    """One thing that a table leaves open.

    Attributes
    ----------
    about : the column, or the name in it, that is in question.
    options : answers, as they are given to ``--as``; those in capitals are to be filled in.
    sentence : what was found, and what is asked.
    """

    about: str
    options: tuple[str, ...]
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """The question as plain values."""
        return {**asdict(self), "options": list(self.options)}


class OpenQuestionsError(RunsError):
    """A table cannot be used before questions about it are answered.

    Attributes
    ----------
    questions : tuple of Question
    """

    def __init__(self, source: str, questions: Sequence[Question]) -> None:
        self.questions = tuple(questions)
        told = " ".join(f"{_counted(i, questions)}{one.sentence} {_answers(one)}" for i, one in enumerate(questions))
        super().__init__(f"{source}: {told}")


def _counted(position: int, questions: Sequence[Question]) -> str:
    return f"({position + 1}) " if len(questions) > 1 else ""


def _answers(question: Question) -> str:
    return f"Answer with {' or '.join(f'--as {written(option)}' for option in question.options)}."


def written(option: str) -> str:
    """An answer as it is typed in a shell."""
    safe = all(character.isalnum() or character in "=:._/-+,@%" for character in option)
    return option if safe else "'" + option.replace("'", "'\\''") + "'"
