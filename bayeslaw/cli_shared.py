"""What the commands have in common: arguments, points, and how they speak."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayeslaw.errors import TargetError

if TYPE_CHECKING:
    from bayeslaw.verdicts import Status

LawName = Annotated[str, typer.Option("--law", help="Scaling law to fit.")]
Where = Annotated[str | None, typer.Option(help="Rows to use, such as \"data <= 204800 and family != 'T5'\".")]
Seed = Annotated[int, typer.Option(min=0, help="Random seed; equal seeds give equal answers.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else, on standard output.")]
Allow = Annotated[bool, typer.Option("--allow-failed-checks", help="Exit with 0 even if a check failed.")]


def one_point(parts: list[str]) -> dict[str, float]:
    """Read ``name=value`` parts as one point.

    Raises
    ------
    TargetError
        If a part is not of that form, or a name comes twice.
    """
    from bayeslaw.runs.units import read_count

    point: dict[str, float] = {}
    for part in parts:
        name, equals, text = part.partition("=")
        name = name.strip()
        if not equals or not name:
            raise TargetError(f"--at {part!r} is not understood. Expected name=value, such as --at data=1638400.")
        if name in point:
            raise TargetError(f"--at gives {name!r} twice. Choose for one target at a time.")
        value = read_count(text)
        if value is None:
            raise TargetError(f"--at {part!r}: {text!r} is not a number. Expected something like 1638400 or 1.6M.")
        point[name] = value
    return point


def show(*tables: Any) -> None:
    """Print tables on standard output."""
    from rich.console import Console

    console = Console()
    for table in tables:
        console.print(table)


def tell(text: str) -> None:
    """Say something that is not the answer, on standard error."""
    print(text, file=sys.stderr)


def finish(status: "Status", allow_failed_checks: bool) -> None:
    """Let the exit status be 3 if a check failed."""
    if status == "FAIL" and not allow_failed_checks:
        raise typer.Exit(3)
