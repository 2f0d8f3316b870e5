"""What users may name, found by walking the package: for snapshots of it, and for the check of its docstrings."""

import ast
import functools
import importlib
import inspect
import pkgutil
import re
import sys

import bayeslaw
from bayeslaw.results import Result

MEMBERS = (property, functools.cached_property, classmethod, staticmethod)


def public_names():
    """Every public name with its object: those of the package, and the answers, whose classes methods return.

    Returns
    -------
    dict
        Functions and classes by name, members of classes as ``Class.member``, those inherited within the package too.
    """
    top = {name: getattr(bayeslaw, name) for name in bayeslaw.__all__ if name != "__version__"}
    top |= {answer.__name__: answer for answer in answers()}
    found = {}
    for name, thing in sorted(top.items()):
        found[name] = thing
        if inspect.isclass(thing):
            found |= {f"{name}.{member}": value for member, value in sorted(members(thing).items())}
    return found


def answers():
    """Every class of answer in the package."""
    for module in pkgutil.walk_packages(bayeslaw.__path__, "bayeslaw."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return [found for found in descendants(Result) if found.__module__.startswith("bayeslaw.")]


def descendants(parent):
    """A class and all that derive from it."""
    return [parent, *(found for child in parent.__subclasses__() for found in descendants(child))]


def members(owner):
    """Public methods and properties of a class by name, as they stand in the class that defines them."""
    found = {}
    for base in reversed(owner.__mro__):
        if base.__module__.startswith("bayeslaw."):
            kept = {name: value for name, value in vars(base).items() if not name.startswith("_")}
            found |= {n: v for n, v in kept.items() if inspect.isfunction(v) or isinstance(v, MEMBERS)}
    return found


def function_of(thing):
    """The function behind a method or property."""
    for name in ("fget", "func", "__func__"):
        thing = getattr(thing, name, None) or thing
    return inspect.unwrap(thing)


def read_signature(function):
    """The signature of a function, with what annotations in quotation marks stand for."""
    return inspect.signature(function, eval_str=True, globals=function.__globals__ | late_names(function.__module__))


@functools.cache
def late_names(module):
    """What a module imports for type checkers alone, by name."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    lines = [line for block in blocks for line in block.body if isinstance(line, ast.ImportFrom)]
    return {
        alias.asname or alias.name: getattr(importlib.import_module(line.module), alias.name)
        for line in lines
        for alias in line.names
    }


def signature_of(name, thing):
    """One line: how a name is called, less what changes with versions of dependencies, as where they keep classes."""
    if inspect.isclass(thing) and issubclass(thing, Exception | Warning):
        text = f"({', '.join(base.__name__ for base in thing.__bases__)})"
    elif isinstance(thing, property | functools.cached_property):
        text = f": {inspect.formatannotation(read_signature(function_of(thing)).return_annotation)}"
    else:
        text = str(inspect.signature(thing) if inspect.isclass(thing) else read_signature(function_of(thing)))
    text = re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z_])", "", text)
    return name + re.sub(r"\bndarray\[.*?dtype\[(\w+)\]\]", r"NDArray[\1]", text)
