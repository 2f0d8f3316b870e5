"""The public face does not change unnoticed: names, signatures, and what each command says of itself.

They are compared with the text files in ``snapshots``. After a change that is wanted, write them again:

    python -m pytest tests/test_public_face.py --update-snapshots
"""

import difflib
from pathlib import Path

import pytest
import typer
from public_face import public_names, signature_of
from typer.testing import CliRunner

import bayeslaw
from bayeslaw.cli.app import app

SNAPSHOTS = Path(__file__).parent / "snapshots"
PLAIN = {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "100"}
LAYOUT = f"as typer {'.'.join(typer.__version__.split('.')[:2])} lays it out"
"""Another version may lay the same help out in another way."""


def names():
    return sorted(bayeslaw.__all__)


def signatures():
    found = [signature_of(name, thing) for name, thing in public_names().items()]
    assert not [line for line in found if " at 0x" in line], "an address differs from run to run"
    return found


def commands(command, path=()):
    """Every command and group of commands, as the words after ``bayeslaw``."""
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


def help_texts():
    lines = [LAYOUT, ""]
    for path in commands(typer.main.get_command(app)):
        told = CliRunner().invoke(app, [*path, "--help"], prog_name="bayeslaw", env=PLAIN)
        assert told.exit_code == 0, told.output
        lines += [f"$ {' '.join(('bayeslaw', *path))} --help", *told.output.rstrip().splitlines(), ""]
    return [line.rstrip() for line in lines]


@pytest.mark.parametrize(
    ("file", "look"), [("names.txt", names), ("signatures.txt", signatures), ("command_line.txt", help_texts)]
)
def test_the_public_face_is_that_of_the_snapshot(file, look, request):
    kept, found = SNAPSHOTS / file, "\n".join(look()).rstrip() + "\n"
    if request.config.getoption("--update-snapshots"):
        kept.write_text(found, encoding="utf-8")
    before = kept.read_text(encoding="utf-8").splitlines()
    if look is help_texts and before[0] != LAYOUT:
        pytest.skip(f"{kept.name} shows help {before[0]}; here it is {LAYOUT}")
    change = "\n".join(difflib.unified_diff(before, found.splitlines(), "snapshot", "package", lineterm="", n=1))
    assert not change, (
        f"The public face is not that of tests/snapshots/{file}:\n{change}\nIf this is wanted, say so in CHANGELOG.md "
        "and write the snapshots again: python -m pytest tests/test_public_face.py --update-snapshots"
    )


def test_the_walk_finds_what_users_call():
    found = public_names()
    assert {"fit", "Fit.predict", "Fit.status", "Selection.to_frame", "Crossing", "Crossing.plot"} <= set(found)
    assert not [name for name in found if name.split(".")[-1].startswith("_")]
    assert {("backtest", "finetune"), ("priors", "make"), ("select",)} <= set(commands(typer.main.get_command(app)))
