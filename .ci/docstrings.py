"""Check the docstrings of all public names, print what is wrong with each as ``name: what``, and exit with 1 if any is.

Checked is what numpydoc knows of and ``[tool.numpydoc_validation]`` of pyproject.toml names, and besides:

RS01    an error of the package that a function raises itself is in its Raises section
AT01    a field of a dataclass is among the attributes or parameters of the class

A method that stands for one of a parent class need not say again what it takes and returns, if the parent's says so.
"""

import ast
import dataclasses
import functools
import inspect
import sys
import textwrap
import tomllib
from pathlib import Path

from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from public_face import function_of, public_names  # noqa: E402

from bayeslaw import errors  # noqa: E402

CONSTRUCTOR = {"PR01", "PR02", "PR03"}
"""Not of classes: their attributes tell what the constructor takes."""


def violations(thing, checks):
    """What is wrong with the docstring of a class, function, method or property: pairs of code and sentence."""
    if inspect.isclass(thing):
        yield from numpydoc_violations(thing, checks - CONSTRUCTOR)
        yield from fields_left_out(thing)
    elif isinstance(thing, property | functools.cached_property):
        yield from numpydoc_violations(function_of(thing), checks - {"RT01"})  # a property is what it returns
        yield from errors_left_out(function_of(thing))
    else:
        yield from numpydoc_violations(function_of(thing), checks)
        yield from errors_left_out(function_of(thing))


def numpydoc_violations(thing, checks):
    """Those of numpydoc's findings that are asked for."""
    found = validate(get_doc_object(thing))["errors"]
    yield from ((code, told) for code, told in found if code in checks)


def said_by_parent(owner, member):
    """Checks of what a parent class says already of a member."""
    parents = (vars(parent)[member] for parent in owner.__mro__[1:] if member in vars(parent))
    doc = next((get_doc_object(function_of(found)) for found in parents), {})
    return {code for code, section in (("PR01", "Parameters"), ("RT01", "Returns")) if doc.get(section)}


def errors_left_out(function):
    """Errors of the package that a function raises in its own body, and that its Raises section does not name."""
    told = {name.rpartition(".")[2] for entry in get_doc_object(function)["Raises"] for name in entry.type.split(", ")}
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for name in dict.fromkeys(raised(tree.body[0])):
        if issubclass(getattr(errors, name, object), errors.BayeslawError) and name not in told:
            yield "RS01", f"{name} is raised and not in a Raises section"


def raised(tree):
    """Names of what is raised in a function, by functions inside it left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            yield node.exc.func.id
        elif not isinstance(node, ast.FunctionDef | ast.Lambda):
            yield from raised(node)


def fields_left_out(owner):
    """Fields of a dataclass that its docstring does not describe."""
    if not dataclasses.is_dataclass(owner):
        return
    doc = get_doc_object(owner, config={"show_class_members": False})
    told = {name for entry in doc["Attributes"] + doc["Parameters"] for name in entry.name.split(", ")}
    missing = [field.name for field in dataclasses.fields(owner) if field.name not in told]
    if missing:
        yield "AT01", f"fields {missing} are not among the attributes"


def main():
    """Check all public names."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["numpydoc_validation"]
    names = public_names()
    wrong, seen = 0, set()
    for name, thing in names.items():
        if id(thing) in seen:  # inherited: told of once
            continue
        seen.add(id(thing))
        owner, _, member = name.partition(".")
        checks = set(settings["checks"]) - (said_by_parent(names[owner], member) if member else set())
        for code, sentence in violations(thing, checks):
            wrong += 1
            print(f"{name}: {code} {sentence}")
    print(f"{len(seen)} public docstrings, {wrong} violations")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
