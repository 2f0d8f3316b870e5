"""Imports run one way along the line, and `import bayeslaw` is light."""

import ast
import functools
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bayeslaw

ROOT = Path(bayeslaw.__file__).parent
LINE = [
    {"errors", "verdicts", "_arviz", "files", "numerics", "progress", "streams"},
    {"results"},
    {"jobs"},
    {"runs"},
    {"laws"},
    {"kinds"},
    {"prior"},
    {"sampling"},
    {"posterior"},
    {"answers"},
    {"lending"},
    {"fitting"},
    {"campaign"},
    {"evidence"},
    {"datasets"},
    {"views"},
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


@functools.cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imports_of(path):
    return tuple(imported(parsed(path)))


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
    names = imports_of(path)
    if base:  # what all may import leans on nothing but the errors
        wrong = [n for n in names if n.startswith("bayeslaw") and not n.startswith("bayeslaw.errors.")]
    else:
        wrong = list(wrong_arrows(part(path), names))
    assert not wrong


def test_arrows_the_wrong_way_are_seen():
    inner = "def f():\n    from bayeslaw.fitting.fit import fit\n"
    outer = "import bayeslaw.kinds.curves.density\nfrom bayeslaw import runs\nimport bayeslaw"
    names = list(imported(ast.parse(inner + outer)))
    assert set(wrong_arrows("kinds", names)) == {"bayeslaw.fitting.fit.fit", "bayeslaw"}
    assert list(wrong_arrows("answers", ["bayeslaw.lending.lend.x"])) == ["bayeslaw.lending.lend.x"]
    assert list(wrong_arrows("cli", names)) == ["bayeslaw"]


def module_of(path):
    """Dotted name of a file of the package."""
    parts = ("bayeslaw", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def links(files):
    """From each module to those of the package that it imports, wherever in the file that is written.

    Parameters
    ----------
    files : dict
        Parsed files by dotted names.
    """
    found = {}
    for module, tree in files.items():
        found[module] = set()
        for name in imported(tree):
            while name not in files and "." in name:  # a name in a module leads to the module
                name = name.rpartition(".")[0]
            if name in files and name != module:
                found[module].add(name)
    return found


def circle(files):
    """A circle of imports, as a list of modules; none if there is none."""
    try:
        graphlib.TopologicalSorter(links(files)).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_no_circle_of_imports():
    files = {module_of(path): parsed(path) for path in MODULES}
    assert sum(map(len, links(files).values())) > 200
    assert circle(files) == []


def test_circles_are_seen():
    sources = {
        "p.a": "def f():\n    from p.b import x\n",
        "p.b": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.c\n",
        "p.c": "from p import a\n",
    }
    files = {name: ast.parse(text) for name, text in sources.items()}
    assert set(circle(files)) == {"p.a", "p.b", "p.c"}
    assert circle({name: tree for name, tree in files.items() if name != "p.c"}) == []


ABOVE_KINDS = ("answers", "evidence", "sampling", "views", "cli", "lending", "posterior", "prior", "fitting")
"""Rooms that may know of a kind of model only what `bayeslaw.kinds.base` says."""

KINDS = sorted({path.parent.name for path in ROOT.glob("kinds/*/__init__.py")} - {"shared"})
OF_ONE_KIND = re.compile(rf"bayeslaw\.kinds\.({'|'.join(KINDS)})\b")


def told_apart(tree):
    """Where a file asks for the kind of a law or its discrepancy, as it must to tell kinds of model apart."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            of_law = re.search(r"(^|\.)(law|get_law\(.*\))$", ast.unparse(node.value))
            if node.attr in ("discrepancy", "strays") or (node.attr == "kind" and of_law):
                yield ast.unparse(node)


each_above = pytest.mark.parametrize("path", [path for path in MODULES if part(path) in ABOVE_KINDS], ids=named)


@each_above
def test_nothing_above_the_kinds_imports_from_one(path):
    assert [name for name in imports_of(path) if OF_ONE_KIND.match(name)] == []


@each_above
def test_nothing_above_the_kinds_tells_them_apart(path):
    assert list(told_apart(parsed(path))) == []


def test_telling_kinds_apart_is_seen():
    assert KINDS == ["curves", "scores", "surfaces"]
    code = "if posterior.law.kind == 'x' or get_law(name).kind: x = law.discrepancy; y = it.strays; z = found.kind"
    found = ["posterior.law.kind", "get_law(name).kind", "law.discrepancy", "it.strays"]
    assert sorted(told_apart(ast.parse(code))) == sorted(found)
    for name in ("bayeslaw.kinds.curves.walks.rotate", "bayeslaw.kinds.surfaces"):
        assert OF_ONE_KIND.match(name)
    for name in ("bayeslaw.kinds.base.Kind", "bayeslaw.kinds.registry.kind_of", "bayeslaw.kinds.shared.walks.draw"):
        assert not OF_ONE_KIND.match(name)


@pytest.mark.parametrize(
    ("package", "owner"), [("numpyro", "sampling"), ("matplotlib", "views"), ("arviz", "_arviz"), ("pickle", None)]
)
def test_one_part_alone_imports(package, owner):
    users = {part(path) for path in FILES for name in imports_of(path) if re.split(r"[._]", name)[0] == package}
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


@pytest.mark.parametrize(("module", "seconds"), [("bayeslaw", 0.5), ("bayeslaw.cli.app", 1.0)])
def test_importing_is_light(module, seconds):
    script = (
        f"import time; began = time.perf_counter(); import {module}; took = time.perf_counter() - began\n"
        "heavy = ('jax', 'numpyro', 'scipy', 'xarray', 'matplotlib', 'pandas', 'numpy')\n"
        "import sys; print(took, *(m for m in heavy if m in sys.modules))"
    )
    best = float("inf")
    for _ in range(3):
        out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
        assert out[1:] == []
        best = min(best, float(out[0]))
    assert best < seconds


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("fit({}, progress=True)", ""),
        ("compare({}, ['vanilla', 'rectified'], progress=True)", ", 2 laws to compare"),
        ("track({}, model='a', at={{'data': 1e6}}, progress=True)", ""),
    ],
)
def test_what_was_read_is_told_before_the_sampler_is_imported(tmp_path, call, said):
    table = tmp_path / "runs.csv"
    table.write_text("model,data,loss\n" + "".join(f"{m},{n}e3,{3 - n / 9}\n" for m in "ab" for n in (1, 2, 4)))
    script = (
        "import sys, bayeslaw\n"
        "class FirstLine:\n"
        "    def write(self, text):\n"
        "        print(text.strip(), *(m for m in ('jax', 'numpyro', 'scipy', 'xarray') if m in sys.modules))\n"
        "        sys.stderr = sys.__stderr__\n"
        "        raise SystemExit\n"
        "sys.stderr = FirstLine()\n"
        f"bayeslaw.{call.format(repr(str(table)))}"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out == f"runs.csv: 2 models, 6 runs{said}.\n"


def test_a_law_is_read_without_the_sampler():
    script = "import sys, bayeslaw.kinds.curves.density, bayeslaw.posterior.posterior; print('numpyro' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False"


def test_how_files_are_understood_is_shown_without_the_sampler(tmp_path):
    (tmp_path / "runs.csv").write_text("model,data,loss\na,100,4.0\na,200,3.5\n")
    script = (
        "import sys\nfrom bayeslaw.cli.app import main\n"
        "try:\n    main()\nfinally:\n    print(*(m for m in ('jax', 'numpyro', 'scipy', 'xarray') if m in sys.modules))"
    )
    asked = [sys.executable, "-c", script, "read", str(tmp_path / "runs.csv")]
    out = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert "2 rows used" in out
    assert out.splitlines()[-1] == ""
