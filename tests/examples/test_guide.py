"""The guide: every block of code on its pages runs, every message on them is printed, every link leads somewhere."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
from matplotlib import pyplot

from tests.cli.command_line import run

GUIDE = Path(__file__).parents[2] / "examples" / "guide"
PAGES = sorted(path.name for path in GUIDE.glob("*.md"))
SLOW = "<!-- run: slow -->"
BLOCK = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@dataclass(frozen=True)
class Block:
    """A block of code: its language, what else its first line says, and its lines."""

    language: str
    rest: str
    text: str


def blocks(page):
    text = (GUIDE / page).read_text(encoding="utf-8")
    return [Block(*(*found["info"].split(" ", 1), "")[:2], found["text"]) for found in BLOCK.finditer(text)]


def shell(capsys, block):
    """Run commands of a page in this process; what they print."""
    said = ""
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        if words:
            assert words[0] == "bayeslaw", line
            status, out, err = run(capsys, *words[1:])
            said += out + err
            assert status == (2 if block.rest == "fails" else 0), f"{line}\n{said}"
    return said


def marked(page):
    slow = SLOW in (GUIDE / page).read_text(encoding="utf-8")
    return pytest.param(page, marks=[pytest.mark.slow] if slow else [])


@pytest.mark.core
@pytest.mark.fits
@pytest.mark.parametrize("page", [marked(page) for page in PAGES])
def test_every_block_of_code_runs(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names, said = {"__name__": page}, ""
    for block in blocks(page):
        if block.rest.endswith((".csv", ".py")):
            Path(block.rest).write_text(block.text, encoding="utf-8")
        elif block.language == "sh" and block.rest != "long":
            said = shell(capsys, block)
        elif block.language == "python":
            exec(compile(block.text, page, "exec"), names)
        elif block.language == "text":
            assert all(" ".join(line.split()) in " ".join(said.split()) for line in block.text.splitlines()), said
    pyplot.close("all")


@pytest.mark.parametrize("page", [*PAGES, "../../README.md"])
def test_every_link_leads_to_a_file(page):
    path = GUIDE / page
    text = BLOCK.sub("", path.read_text(encoding="utf-8"))
    assert not [link for link in LINK.findall(text) if not (path.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES)
def test_blocks_are_of_a_kind_that_is_run_or_checked(page):
    known = {("sh", ""), ("sh", "fails"), ("sh", "long"), ("python", ""), ("text", "")}
    for block in blocks(page):
        assert (block.language, block.rest) in known or block.rest.endswith((".csv", ".py"))
        assert block.rest != "long" or page in ("evidence.md", "published-numbers.md")


def test_every_page_is_in_the_table_of_contents():
    listed = set(LINK.findall((GUIDE / "README.md").read_text(encoding="utf-8")))
    assert set(PAGES) - {"README.md"} == listed
