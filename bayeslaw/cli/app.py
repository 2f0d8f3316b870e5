"""The command line: parse, call, print.

Exit status: 0 fine, 2 unusable input or arguments, 3 a check failed (the answer is still printed).
"""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from bayeslaw.cli.advise import advise
from bayeslaw.cli.backtest import backtest
from bayeslaw.cli.campaign import campaign
from bayeslaw.cli.check import check
from bayeslaw.cli.compare import compare
from bayeslaw.cli.crossing import crossing
from bayeslaw.cli.fit import fit
from bayeslaw.cli.fit_many import fit_many
from bayeslaw.cli.laws import laws
from bayeslaw.cli.next import next_
from bayeslaw.cli.optimum import optimum
from bayeslaw.cli.predict import predict
from bayeslaw.cli.priors import priors
from bayeslaw.cli.read import read
from bayeslaw.cli.replay import replay
from bayeslaw.cli.report import report as write_report
from bayeslaw.cli.reproduce import reproduce
from bayeslaw.cli.select import demo, select
from bayeslaw.cli.shared import (
    forget_output,
    interruptible,
    tell,
)
from bayeslaw.cli.speedup import speedup
from bayeslaw.cli.track import track
from bayeslaw.errors import BayeslawError


class Teaching(TyperCommand):
    """A command whose message about an argument that is missing says what is expected there."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; see click."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = error.message or getattr(error.param, "help", None) or ""
            raise


app = typer.Typer(
    help="Turn cheap training runs into decisions about expensive ones, with honest odds.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command(cls=Teaching)(demo)
app.command(cls=Teaching)(read)
app.command(cls=Teaching)(select)
app.command("next", cls=Teaching)(next_)
app.command(cls=Teaching)(fit)
app.command("fit-many", cls=Teaching)(fit_many)
app.command(cls=Teaching)(predict)
app.command(cls=Teaching)(check)
app.command("report", cls=Teaching)(write_report)
app.command(cls=Teaching)(track)
app.command(cls=Teaching)(optimum)
app.command(cls=Teaching)(crossing)
app.command(cls=Teaching)(speedup)
app.command(cls=Teaching)(advise)
app.command(cls=Teaching)(compare)
app.command(cls=Teaching)(laws)
app.command(cls=Teaching)(reproduce)
app.command(cls=Teaching)(replay)
app.add_typer(backtest, name="backtest")
app.add_typer(campaign, name="campaign")
app.add_typer(priors, name="priors")


@app.callback(invoke_without_command=True)
def everywhere(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Turn cheap training runs into decisions about expensive ones, with honest odds."""
    if version:
        from importlib.metadata import version as installed

        print(installed("bayeslaw"))
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    run: Callable[[], Any] = app
    try:
        with interruptible("interrupted."):
            try:
                run()
            finally:
                sys.stdout.flush()
    except BayeslawError as error:
        tell(f"bayeslaw: {error}")
        sys.exit(2)
    except BrokenPipeError:
        forget_output()
        sys.exit(0)
    except OSError as error:
        if error.filename is not None:  # of another file than standard output
            raise
        forget_output()
        tell(
            f"bayeslaw: standard output: what is to be printed cannot be written ({error.strerror or error}). Give "
            "another place for it."
        )
        sys.exit(2)


if __name__ == "__main__":
    main()
