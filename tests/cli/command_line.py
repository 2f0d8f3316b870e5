"""The command line, run in the process of the tests."""

import re
import sys

from bayeslaw.cli import app


def run(capsys, *arguments):
    """Run the command line in this process: exit status, standard output, standard error."""
    old = sys.argv
    sys.argv = ["bayeslaw", *map(str, arguments)]
    try:
        app.main()
        status = 0
    except SystemExit as stop:
        status = stop.code or 0
    finally:
        sys.argv = old
    out, err = capsys.readouterr()
    return status, out, err


def one_message(err):
    """Get the one line on standard error that does not say what is read, or of what a saved fit is."""
    before = re.compile(r"Reading .*\.|A fit of .*: working out the answer\.")
    lines = [line for line in err.splitlines() if not before.fullmatch(line)]
    assert len(lines) == 1, err
    return lines[0]
