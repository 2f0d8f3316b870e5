"""Ways in which commands give answers: tables in several formats, pictures and reports, alike for all."""

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import typer
from command_line import run
from rich.table import Table

import bayeslaw as bl
from bayeslaw.answers.parameters import Parameters
from bayeslaw.answers.prediction import Prediction
from bayeslaw.answers.selection import Selection
from bayeslaw.cli.fitting import say_what_went_in
from bayeslaw.cli.giving import give, this_command, ways
from bayeslaw.cli.report import answer_at
from bayeslaw.cli.shared import show
from bayeslaw.errors import OutputError
from bayeslaw.fitting.facade import Fit
from bayeslaw.verdicts import Check
from bayeslaw.views.grids import Grid, grid_of, markdown
from tests.views import by_hand

SIZES, TOKENS = (1e8, 4e8, 1.6e9), (2e9, 1e10, 5e10)
AT = ("--at", "data=32000")


@pytest.fixture(scope="module")
def saved(three_models, surface, forge_at_random, tmp_path_factory):
    """Files of fits that were not sampled: of curves, and of a joint law."""
    folder = tmp_path_factory.mktemp("fits")
    Fit(forge_at_random(three_models, draws=80)).save(folder / "curves.nc")
    runs = surface({"dense": (SIZES, TOKENS), "moe": (SIZES, TOKENS)})
    Fit(forge_at_random(runs, law="chinchilla", scale=0.3, draws=80)).save(folder / "joint.nc")
    three_models.table.drop(columns="row").to_csv(folder / "runs.csv", index=False)
    return folder


COMMANDS = {
    "select": ("select", "curves.nc", *AT),
    "predict": ("predict", "curves.nc", *AT),
    "check": ("check", "curves.nc"),
    "crossing": ("crossing", "curves.nc", "a", "b"),
    "optimum": ("optimum", "joint.nc", "--compute", "1e22"),
    "advise": ("advise", "runs.csv", *AT),
}
FIRST = {
    "select": "model",
    "predict": "model",
    "check": "name",
    "crossing": "what",
    "optimum": "family",
    "advise": "name",
}
"""The first column of the table of each answer."""


def ask(capsys, saved, name, *more):
    command, file, *arguments = COMMANDS[name]
    return run(capsys, command, saved / file, *arguments, *more, "--allow-failed-checks")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_answer_can_be_had_as_csv_markdown_and_picture(capsys, saved, tmp_path, name):
    table, text, picture = files = [tmp_path / f"answer{suffix}" for suffix in (".csv", ".md", ".png")]
    status, out, err = ask(capsys, saved, name, "--csv", "-o", table, "-o", text, "--plot", picture)
    assert status == 0
    frame = pd.read_csv(io.StringIO(out))
    assert frame.columns[0] == FIRST[name]
    pd.testing.assert_frame_equal(frame, pd.read_csv(table))
    assert re.fullmatch(r"(Checks: \d+ of \d+ checks pass; look at .*\n)?", err)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert not [path for path in tmp_path.iterdir() if path not in files]


@pytest.mark.fits
def test_a_report_has_the_command_that_makes_it_again(capsys, saved, tmp_path):
    page = tmp_path / "page.html"
    status, out, _ = ask(capsys, saved, "crossing", "--report", page, "--json")
    assert status == 0
    assert json.loads(out)["a"] == "a"
    assert f"bayeslaw crossing {saved / 'curves.nc'} a b --report {page}" in page.read_text(encoding="utf-8")


def test_markdown_is_a_table_of_what_people_see(capsys, saved, tmp_path):
    status, out, _ = ask(capsys, saved, "select", "--markdown", "-o", tmp_path / "answer.md")
    assert status == 0
    assert (tmp_path / "answer.md").read_text(encoding="utf-8") == out
    rows = [line for line in out.splitlines() if line.startswith("|")]
    assert len({row.replace("\\|", "").count("|") for row in rows if rows}) == 1
    assert "---:" in out


def test_a_failing_check_is_said_beside_a_csv(capsys, saved):
    status, out, err = run(capsys, "predict", saved / "curves.nc", "--at", "data=1e12", "--csv")
    assert status == 3
    assert len(out.splitlines()) == 4
    assert "extrapolation (FAIL)" in err


NOTHING = ways(False, False, False, None, None, None, False)


def test_a_failed_check_is_said_beside_markdown_and_is_the_exit_status(capsys):
    with pytest.raises(typer.Exit) as stop:
        give(by_hand.reproduction(), replace(NOTHING, markdown=True), lambda: None)
    assert stop.value.exit_code == 3
    out, err = capsys.readouterr()
    assert out.startswith("**Published numbers, found again**")
    assert "bad (FAIL)" in err
    give(by_hand.reproduction(), replace(NOTHING, allow_failed_checks=True), lambda: print("for people"))
    assert capsys.readouterr() == ("for people\n", "")


def test_json_holds_what_a_command_adds(capsys):
    how = replace(NOTHING, json=True, allow_failed_checks=True)
    give(by_hand.reproduction(), how, lambda: pytest.fail("shown to people"), more=lambda: {"predictions": [1]})
    assert json.loads(capsys.readouterr().out)["predictions"] == [1]


def test_what_is_read_by_programs_is_given_quietly():
    assert [replace(NOTHING, **{name: True}).quiet for name in ("json", "csv", "markdown")] == [True] * 3
    assert not NOTHING.quiet


def test_only_an_answer_with_a_fit_has_one_to_save(tmp_path):
    path, saved = tmp_path / "fit.nc", []
    with pytest.raises(OutputError, match=r"'\.nc' is not known"):
        ways(False, False, False, [path], None, None, False, fit=False)
    how = ways(False, False, False, [path], None, None, True)
    assert how.fits == (path,)
    give(by_hand.reproduction(), how, lambda: None, fit=SimpleNamespace(save=saved.append))
    assert saved == [path]


def test_a_table_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    def half(path, text, **_):
        path.write_bytes(text[:9].encode())
        raise OSError(28, "No space left on device")

    path = tmp_path / "answer.md"
    path.write_text("older")
    how = ways(False, False, False, [path], None, None, True)
    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OutputError, match="No space left"):
        give(by_hand.reproduction(), how, lambda: None)
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_can_be_typed_again(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bayeslaw", "select", "my runs.csv", "--where", "model != 'a'"])
    assert this_command() == """bayeslaw select 'my runs.csv' --where 'model != '"'"'a'"'"''"""


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--csv", "--json"), "--json and --csv are given together"),
        (("-o", "fit.nc"), "--output is for a fit that is yet to be made"),
        (("--report", "page.pdf"), "'.pdf' is not known. Use one of .html"),
        (("--plot", "picture.html"), "'.html' is not known"),
        (("--report", "nowhere/page.html"), "there is no folder"),
    ],
)
def test_ways_that_there_are_not_are_refused_at_once(capsys, saved, tmp_path, monkeypatch, more, says):
    monkeypatch.chdir(tmp_path)
    status, out, err = ask(capsys, saved, "predict", *more)
    assert (status, out) == (2, "")
    assert says in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fits
def test_a_report_is_about_what_its_point_asks(capsys, saved, tmp_path):
    page = tmp_path / "page.html"
    status, out, err = run(capsys, "report", saved / "curves.nc", *AT, "-o", page, "--allow-failed-checks")
    assert (status, out) == (0, "")
    assert "<title>Which model to choose for task at data = 32k?</title>" in page.read_text(encoding="utf-8")
    assert f"The report is in {page}." in err
    status, _, err = run(capsys, "report", saved / "curves.nc", *AT, "-o", tmp_path / "page.txt")
    assert status == 2
    assert ".html" in err


@pytest.mark.parametrize(
    ("file", "point", "answer"),
    [
        ("curves.nc", {}, Parameters),
        ("curves.nc", {"data": 32000.0}, Selection),
        ("joint.nc", {"params": 7e9, "data": 1e12}, Prediction),
    ],
)
def test_a_point_asks_for_a_choice_where_there_is_one(saved, file, point, answer):
    assert type(answer_at(bl.load(saved / file), point, None, 0)) is answer


def test_names_are_never_broken_in_a_pipe(capsys):
    name, table = "organisation/model-" + 90 * "x", Table()
    table.add_column("model", overflow="fold", min_width=8)
    table.add_column("says", overflow="fold", ratio=1, min_width=20)
    table.add_row(name, "word " * 60)
    show(table)
    out = capsys.readouterr().out
    assert name in out
    assert out.count("word") == 60
    assert max(map(len, out.splitlines())) < len(name) + 80


def test_cells_of_markdown_are_text():
    table = Table(title="A *title*")
    table.add_column("a|b")
    table.add_column("number\nof", justify="right")
    table.add_row("[x](y) <b> `c` _d_", "<1%")
    grid = grid_of(table)
    assert grid == Grid("A *title*", "", ("a|b", "number of"), (False, True), (("[x](y) <b> `c` _d_", "<1%"),))
    assert markdown([grid]) == (
        "**A \\*title\\***\n\n| a\\|b | number of |\n| --- | ---: |\n| \\[x\\](y) \\<b\\> \\`c\\` \\_d\\_ | \\<1% |"
    )


@pytest.mark.parametrize("module", ["bayeslaw", "bayeslaw.cli"])
def test_the_version_is_told(module):
    done = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, timeout=60)
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", done.stdout)
    assert done.returncode == 0


def test_what_comes_from_the_prior_is_said_with_an_answer(capsys, forge_at_random, three_models):
    posterior = forge_at_random(three_models, draws=40)
    for left in (0.9, 0.5):
        check = Check("left_to_prior", "PASS", left, 0.7, "The asymptote comes from the prior.", "")
        say_what_went_in(replace(posterior, checks=(check,)))
        assert ("asymptote" in capsys.readouterr().err) == (left > 0.7)
