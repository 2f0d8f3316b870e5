"""The option that names a law, or a file of code that defines one."""

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law

LawName = Annotated[str, typer.Option("--law", help="Scaling law to fit: a name, or a file that defines one (.py).")]
LawOfPrior = Annotated[
    str | None,
    typer.Option("--law", help="Scaling law, a name or a file (.py); if not given, the prior's, else by the table."),
]
LawOfFit = Annotated[
    str | None, typer.Option("--law", help="File of the law that it was made with (.py), if it is one of your own.")
]


def asked_law(text: str | None) -> "Law | None":
    """The law that ``--law`` names, if it was given; see `read_law`."""
    return None if text is None else read_law(text)


def read_law(text: str, *, working: bool = True) -> "Law":
    """The law of that name, or of that file (.py), which is run, and that is said.

    Raises
    ------
    LawError
        If there is none of that name, or the file defines none, or, if it is to be ``working``, none that can be
        evaluated.
    """
    if not is_law_file(text):
        from bayeslaw.laws import get_law

        return get_law(text)
    from bayeslaw.laws.files import load_law, require_working

    print(f"Running the code in {text}, for the law that it defines.", file=sys.stderr)
    with redirect_stdout(sys.stderr):  # standard output is for the answer
        law = load_law(text)
        if working:
            require_working(law, text, f"bayeslaw laws --check {text}")
    return law


def is_law_file(text: str) -> bool:
    """Whether what names a law is a file, not a name."""
    return text.lower().endswith(".py")
