"""What the site has besides the guide: public names, commands, cards of priors and data, code, and the changelog.

Pages that lie elsewhere in the repository keep their links: each is followed from where the page lies, and leads to the
page of the site that was made of the file there. A link to anything else is an error of ``mkdocs build --strict``.
"""

import posixpath
import re
from pathlib import Path

import bayeslaw

ROOT = Path(__file__).resolve().parents[2]
GUIDE = "examples/guide"
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "bayeslaw/datasets/small_finetune.md": "data/small_finetune.md",
    "examples/own_law.py": "examples/own_law.md",
    **{f"examples/gallery/{path.name}": f"gallery/{path.stem}.md" for path in ROOT.glob("examples/gallery/*.py")},
    "models/README.md": "models/index.md",
    **{path.relative_to(ROOT).as_posix(): f"models/{path.parent.name}.md" for path in ROOT.glob("models/*/card.md")},
    "models/slope-changes-v1/tasks.json": "models/tasks.json",
}
"""From files of the repository to pages of the site."""

LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)#\s]+)(?=[)#])")
ENTRY = re.compile(r"^\| \[([^]]+)\]\(([^)]+)\)", re.MULTILINE)


def on_config(config):
    """Order pages as the table of the guide does, and what is looked up behind them."""
    guide = ENTRY.findall((ROOT / GUIDE / "README.md").read_text(encoding="utf-8"))
    reference = {"Public names": "api.md", "Commands": "commands.md"}
    reference |= {"A law of one's own, in code": "examples/own_law.md", "Changelog": "changelog.md"}
    cards = sorted(to for to in ELSEWHERE.values() if to.startswith(("models/", "data/")) and to.endswith(".md"))
    config.nav = [
        {"Guide": "README.md"},
        *({title: page} for title, page in guide),
        {"Priors and data": cards},
        {"Reference": [{title: page} for title, page in reference.items()]},
    ]
    return config


def on_files(files, config):
    """Add the pages that are no part of the guide."""
    from mkdocs.structure.files import File

    for source, place in ELSEWHERE.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        if source.endswith(".py"):
            text = f"# {Path(source).name}\n\n```python\n{text}```\n"
        files.append(File.generated(config, place, content=text))
    files.append(File.generated(config, "api.md", content=api()))
    files.append(File.generated(config, "commands.md", content=commands()))
    return files


def on_page_markdown(markdown, page, config, files):
    """Follow links from where a page lies in the repository."""
    places = {to: source for source, to in ELSEWHERE.items()}
    here = page.file.src_uri
    source = places.get(here, f"{GUIDE}/{here}")

    def followed(found):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), found[1]))
        place = ELSEWHERE.get(target, target.removeprefix(f"{GUIDE}/"))
        return posixpath.relpath(place, posixpath.dirname(here) or ".")

    return LINK.sub(followed, markdown)


def api():
    """Page of the public names, from their docstrings."""
    names = [name for name in bayeslaw.__all__ if not name.startswith("_")]
    functions = [name for name in names if name[0].islower()]
    parts = ["# Public names", "All that `import bayeslaw` gives, as its docstrings say it."]
    for title, group in (("Functions", functions), ("Classes", sorted(set(names) - set(functions)))):
        parts += [f"## {title}", *(f"::: bayeslaw.{name}" for name in group)]
    return "\n\n".join(parts) + "\n"


def commands():
    """Page of what each command says of itself."""
    import typer
    from typer.testing import CliRunner

    from bayeslaw.cli.app import app

    parts = ["# Commands", "As `bayeslaw COMMAND --help` has them."]
    for path in _paths(typer.main.get_command(app)):
        told = CliRunner().invoke(app, [*path, "--help"], prog_name="bayeslaw", env={"COLUMNS": "100", "TERM": "dumb"})
        parts += [f"## {' '.join(('bayeslaw', *path))}", f"```text\n{told.output.strip()}\n```"]
    return "\n\n".join(parts) + "\n"


def _paths(command, path=()):
    """Every command and group of commands, as the words after ``bayeslaw``."""
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from _paths(inner, (*path, name))
