"""The option that states a prior of a natural parameter, a coordinate or a scale."""

import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from bayeslaw.errors import PriorError

if TYPE_CHECKING:
    from bayeslaw.kinds.shared.stated import Statement
    from bayeslaw.posterior.posterior import Posterior

PriorOf = Annotated[
    list[str] | None,
    typer.Option(
        "--prior-of",
        help="Belief of your own, in place of the law's prior: E=1.7+-0.1 (normal), or beta=0.35x/1.2 (lognormal: "
        "times or divided by, for one standard deviation); of one task alone as E@c4=1.7+-0.1; repeatable.",
    ),
]

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NORMAL = re.compile(rf"({_NUMBER})\s*(?:\+-|\+/-|±)\s*({_NUMBER})")
_LOGNORMAL = re.compile(rf"({_NUMBER})\s*(?:x/|\*/)\s*({_NUMBER})")


def read_statements(texts: Iterable[str] | None) -> "dict[str, Statement]":
    """Stated priors by name.

    Raises
    ------
    PriorError
        If one is not of that form, or a name comes twice; all that are wrong are named at once.
    """
    import math

    from bayeslaw.kinds.shared.scales import LogNormal, Normal

    found: dict[str, Statement] = {}
    problems = []
    for text in texts or ():
        name, equals, value = (part.strip() for part in text.rpartition("="))  # names of tasks may have one
        normal, lognormal = _NORMAL.fullmatch(value), _LOGNORMAL.fullmatch(value)
        if not (name and equals and (normal or lognormal)):
            problems.append(f"{text!r} is not understood: expected NAME=MEAN+-SD or NAME=MEDIANx/FACTOR.")
        elif name in found:
            problems.append(f"{name!r} is stated twice.")
        elif normal:
            found[name] = Normal(float(normal[1]), float(normal[2]))
        elif lognormal:
            factor = float(lognormal[2])
            if factor <= 1:
                problems.append(f"{text!r}: the factor is {factor:g}, expected more than 1, such as 1.2.")
            else:
                found[name] = LogNormal(float(lognormal[1]), math.log(factor))
    if problems:
        raise PriorError(f"--prior-of: {' '.join(problems)} Such as --prior-of E=1.7+-0.1 --prior-of beta=0.35x/1.2.")
    return found


def say_what_was_stated(posterior: "Posterior") -> None:
    """Say which priors were stated, and what they mean for the coordinates of the law."""
    stated = posterior.settings["stated_priors"]
    if not stated:
        return
    import math

    told = [
        f"{name} = {p['mean']:g} ± {p['sd']:g}"
        if p["type"] == "Normal"
        else f"{name} = {p['median']:g}, times or divided by {math.exp(p['sd']):.3g}"
        for name, p in stated.items()
    ]
    believed = posterior.settings["coordinate_priors"]
    changed = [
        c.name
        for c in posterior.law.coordinates
        if (believed[c.name]["mean"], believed[c.name]["sd"]) != (c.mean, c.sd)
    ]
    follows = [f"{name} {believed[name]['mean']:.3g} ± {believed[name]['sd']:.2g}" for name in changed]
    for name, prior in believed.items():
        of_tasks = prior.get("tasks", {}).items()
        follows += [f"{name} on {task} {own['mean']:.3g} ± {own['sd']:.2g}" for task, own in of_tasks]
    means = f" In coordinates of the law: {', '.join(follows)}." if follows else ""
    print(f"Stated priors, in place of the law's own: {'; '.join(told)}.{means}", file=sys.stderr)
