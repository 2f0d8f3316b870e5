"""Imports run one way along the line, and `import bayeslaw` is light."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bayeslaw

ROOT = Path(bayeslaw.__file__).parent
LINE = [
    {"errors", "verdicts", "_arviz", "files"},
    {"runs"},
    {"laws"},
    {"model"},
    {"sampling"},
    {"prior"},
    {"posterior", "released"},
    {"answers"},
    {"fitting"},
    {"evidence"},
    {"datasets"},
    {"views"},
    {"cli_shared"},
    {"cli_backtest", "cli_laws", "cli_priors"},
    {"cli"},
]
"""A module may import from its own folder and from what stands earlier; the package's own face may name anything."""

PLACE = {name: i for i, names in enumerate(LINE) for name in names}
FILES = sorted(ROOT.rglob("*.py"))
MODULES = [path for path in FILES if path not in (ROOT / "__init__.py", ROOT / "__main__.py")]


def part(path):
    """The folder or module directly under the package to which a file belongs."""
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imported(tree):
    """Dotted names imported anywhere in a file, in functions and under TYPE_CHECKING too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path):
    return str(path.relative_to(ROOT))


each_module = pytest.mark.parametrize("path", MODULES, ids=named)


def wrong_arrows(own, names):
    """Imports of the package that point forward, or sideways, from a part."""
    for name in names:
        root, *rest = name.split(".")
        if root == "bayeslaw" and (not rest or (rest[0] != own and PLACE.get(rest[0], len(LINE)) >= PLACE[own])):
            yield name


@each_module
def test_every_part_has_its_place(path):
    assert part(path) in PLACE


@each_module
def test_imports_point_backwards(path):
    base = PLACE[part(path)] == 0
    names = imported(parsed(path))
    if base:  # what all may import leans on nothing but the errors
        wrong = [n for n in names if n.startswith("bayeslaw") and not n.startswith("bayeslaw.errors.")]
    else:
        wrong = list(wrong_arrows(part(path), names))
    assert not wrong


def test_arrows_the_wrong_way_are_seen():
    inner = "def f():\n    from bayeslaw.fitting import fit\n"
    outer = "import bayeslaw.model.density\nfrom bayeslaw import runs\nimport bayeslaw"
    names = list(imported(ast.parse(inner + outer)))
    assert set(wrong_arrows("model", names)) == {"bayeslaw.fitting.fit", "bayeslaw"}
    assert list(wrong_arrows("posterior", ["bayeslaw.released.x"])) == ["bayeslaw.released.x"]
    assert list(wrong_arrows("cli", names)) == ["bayeslaw"]


@pytest.mark.parametrize(
    ("package", "owner"), [("numpyro", "sampling"), ("matplotlib", "views"), ("arviz", "_arviz"), ("pickle", None)]
)
def test_one_part_alone_imports(package, owner):
    users = {part(path) for path in FILES for name in imported(parsed(path)) if re.split(r"[._]", name)[0] == package}
    assert users <= {owner}
    if owner in ("sampling", "_arviz"):
        assert users


def public_functions(tree):
    """Functions and methods that are neither private nor inside another function."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def test_no_public_function_takes_whatever_it_is_given():
    functions = [(named(path), f) for path in FILES for f in public_functions(parsed(path))]
    assert len(functions) > 50
    assert not [(file, f.name) for file, f in functions if f.args.kwarg]


@pytest.mark.parametrize("name", bayeslaw.__all__)
def test_every_public_name_is_there(name):
    assert getattr(bayeslaw, name) is not None
    assert name in dir(bayeslaw)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        bayeslaw.nonsense  # noqa: B018


def test_the_type_checker_sees_the_names_that_are_loaded_late():
    tree = parsed(ROOT / "__init__.py")
    late = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert set(bayeslaw._HOME.items()) <= {(alias.asname, node.module) for node in late for alias in node.names}


def test_importing_is_light():
    script = (
        "import time; began = time.perf_counter(); import bayeslaw; took = time.perf_counter() - began\n"
        "import sys; print(took, *(m for m in ('jax', 'numpyro', 'matplotlib', 'pandas', 'numpy') if m in sys.modules))"
    )
    best = float("inf")
    for _ in range(3):
        out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
        assert out[1:] == []
        best = min(best, float(out[0]))
    assert best < 0.5


def test_a_law_is_read_without_the_sampler():
    script = "import sys, bayeslaw.model.density, bayeslaw.posterior; print('numpyro' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False"
