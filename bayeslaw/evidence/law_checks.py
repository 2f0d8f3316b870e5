"""Whether a law of one's own can be relied on: what it declares, how its functions behave, whether it can be fitted.

These are the checks that every law of the package passes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.errors import LawError
from bayeslaw.evidence import law_behaviour as behaviour
from bayeslaw.evidence.law_simulation import simulation_checks
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.laws.base import LEVELS, Law, wrong_link
from bayeslaw.laws.files import describe
from bayeslaw.progress import Progress
from bayeslaw.results import Result, checks_sentence, verdict
from bayeslaw.runs.columns import CANONICAL, meaning
from bayeslaw.verdicts import Check, overall

LABELS = ("chain", "draw", "curve", "model", "family", "task", "curve_task", "task_family")
"""Names that draws have for other things than variables."""

PREFIXES = ("location_", "spread_", "effect_")
"""Beginnings of the names of the population's variables."""

NO_COVARIATES = ("model", "family", "task", "loss", "loss_se", "row", "seed", "metric")
"""Columns of a table that no law can be of."""


@dataclass(frozen=True, eq=False, repr=False)
class LawChecks(Result):
    """Verdicts on a law.

    Attributes
    ----------
    checks : tuple of Check
    law : str
        Name of the law.
    simulated : bool
        Whether it was fitted to runs simulated from it.
    """

    checks: tuple[Check, ...]
    law: str
    simulated: bool

    @property
    def sentence(self) -> str:
        """How many checks passed, which did not, and whether the law was fitted."""
        fitted = "" if self.simulated else " It was not fitted to simulated runs."
        return f"{self.law} law: {checks_sentence(self.checks)}{fitted}"

    def to_frame(self) -> pd.DataFrame:
        """One row a check."""
        return pd.DataFrame([check.as_dict() for check in self.checks])

    def to_dict(self) -> dict[str, Any]:
        """The verdicts as plain values."""
        return {"law": self.law, "simulated": self.simulated, **verdict(self.checks)}


def check_law(law: Law, *, simulate: bool = True, seed: int = 0, progress: Progress | None = None) -> LawChecks:
    """Check a law of one's own before anything is concluded from it.

    What it declares, and how its functions behave at random places within three prior standard deviations and at
    covariates from 1 to 1e15; takes seconds.

    Parameters
    ----------
    law : Law
    simulate : bool
        Whether to simulate a table from the law, too, fit it, and see whether a size that was hidden is predicted;
        takes about a minute, and is left out where another check fails, and of laws of other outcomes than the loss.
    seed : int
        Of the places, and of the simulation.
    progress : callable, optional
        As for ``fit``.

    Returns
    -------
    LawChecks

    Raises
    ------
    LawError
        If it is no law.
    """
    if not isinstance(law, Law):
        raise LawError(
            f"check_law: expected a bayeslaw.Law, found a {type(law).__name__}. Of a name, give get_law(name)."
        )
    declared = _guarded("kind", _kind_check, law, seed)
    if overall(declared) != "FAIL":
        declared += _guarded("names", _name_check, law, seed)
    declared += _guarded("words", _word_check, law, seed)
    checks = [*declared]
    if overall(declared) != "FAIL":  # what they try takes names for granted
        for name, trial in _trials(law).items():
            checks += _guarded(name, trial, law, seed)
    able = simulate and overall(checks) != "FAIL" and _of_loss(law)
    if able:
        try:
            checks += simulation_checks(law, seed, progress)
        except Exception as error:  # whatever code of a user may raise
            checks.append(_raised("simulated_sampling", law, error))
    return LawChecks(tuple(checks), str(law.name), able)


Trial = Callable[[Law, np.random.Generator], Check]


def _trials(law: Law) -> dict[str, Trial]:
    """Trials of functions by the names of their checks."""
    return {
        "shapes": behaviour.shape_check,
        "reference": behaviour.reference_check,
        "finite": behaviour.finite_check,
        "gradients": behaviour.gradient_check,
        "derivatives": behaviour.derivative_check,
        "limits": behaviour.limit_check,
        "units": behaviour.unit_check,
        "more_is_better": behaviour.fall_check,
        "natural": behaviour.natural_check,
        **({"loss_units": behaviour.loss_unit_check} if _of_loss(law) and not law.link else {}),
        **({} if law.slopes is None else {"slopes": behaviour.slope_check}),
    }


def _of_loss(law: Law) -> bool:
    """Whether it is a law of the loss: tables of other outcomes may need what only their kind of model knows."""
    return law.outcome == LOSS.name


def _guarded(name: str, trial: Trial, law: Law, seed: int) -> list[Check]:
    """A check, or that the law raised an error in it."""
    try:
        with np.errstate(all="ignore"):
            return [trial(law, np.random.default_rng(seed))]
    except Exception as error:  # whatever code of a user may raise
        return [_raised(name, law, error)]


def _raised(name: str, law: Law, error: Exception) -> Check:
    code = getattr(law.log_shape, "__code__", None)
    told = describe(error, None if code is None else code.co_filename)
    remedy = "Mend what raises; use functions of jax.numpy on values that a sampler traces, and no Python conditions."
    return Check(name, "FAIL", math.nan, 0.0, f"It raised {told}.", remedy)


def _kind_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether there is a kind of model that can fit it."""
    wrong = []
    try:
        kind = kind_of(law)
        kind.scale_priors(law)
        kind.required(law)
        if law.outcome != kind.outcome.name:
            wrong.append(f"it has outcome={law.outcome!r}, and models of kind {kind.name} are of {kind.outcome.name!r}")
        if wrong_link(law):
            wrong.append(wrong_link(law))
        if kind.is_new_model(law, {law.axis: 1.0}):
            wrong.append(f"models of kind {kind.name} are told apart by a second covariate, and it has one")
    except LawError as error:
        wrong.append(str(error).rstrip("."))
    return behaviour.problems(
        "kind", wrong, "There is a kind of model that fits it, and a discrepancy that this knows.",
        "Use kind='curves' with discrepancy='slope' for a law of data alone, kind='surfaces' with discrepancy='field' "
        "for one of several covariates.",
    )  # fmt: skip


def _name_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether names are unique, free, and refer to what there is, and priors are distributions."""
    names = {
        "covariate": [c.name for c in law.covariates],
        "coordinate": [c.name for c in law.coordinates],
        "parameter": [p.name for p in law.parameters],
    }
    wrong = [f"there is no {what}" for what, found in names.items() if not found]
    for what, found in names.items():
        wrong += [f"there are two of the {what} {name!r}" for name in dict.fromkeys(found) if found.count(name) > 1]
    taken = {*LABELS, *kind_of(law).required(law)} - {*names["coordinate"]}
    own = [*names["coordinate"], *names["parameter"]]
    both = {*names["coordinate"]} & {*names["parameter"]}
    wrong += [f"{name!r} names a coordinate and a parameter" for name in sorted(both)]
    wrong += [f"{name!r} is taken by the model" for name in own if name in taken or name.startswith(PREFIXES)]
    wrong += [f"{name!r} is no plain identifier" for name in own if not name.isidentifier()]
    wrong += _wrong_covariates(law, names["covariate"])
    for c in law.coordinates:
        if not (math.isfinite(c.mean) and 0 < c.sd < math.inf and 0 < c.spread < math.inf):
            wrong.append(f"{c.name} has mean={c.mean:g}, sd={c.sd:g}, spread={c.spread:g}; the latter two are positive")
        if c.pooling not in LEVELS:
            wrong.append(f"{c.name} has pooling={c.pooling!r}, which is none of {', '.join(LEVELS)}")
    for p in law.parameters:
        if p.coordinate and p.coordinate not in names["coordinate"]:
            wrong.append(f"the parameter {p.name} goes with a coordinate {p.coordinate!r} that there is not")
    return behaviour.problems(
        "names", wrong, "Names of covariates, coordinates and parameters are unique, free, and refer to what there is.",
        "Give each a name of its own; coordinates are named after what they are, such as log_beta.",
    )  # fmt: skip


def _wrong_covariates(law: Law, names: list[str]) -> list[str]:
    unit = {c.name: c.unit for c in law.covariates}
    wrong = [] if law.axis in names else [f"axis={law.axis!r} is none of the covariates {', '.join(names)}"]
    wrong += [f"no law can be of the column {name!r}" for name in names if name in NO_COVARIATES]
    for name in names:
        known = meaning(name)
        meant = name if known is None or known.role == "steps" or name in CANONICAL else known.role
        wrong += [f"tables have {name!r} under the name {meant!r}: call it so"] * (meant != name)
    for c in law.covariates:
        if c.like and unit.get(c.like) != c.unit:
            wrong.append(f"{c.name} is like {c.like!r}, which is no covariate of the unit {c.unit!r}")
    return wrong


def _word_check(law: Law, rng: np.random.Generator) -> Check:
    """Whether reports can say what things are."""
    told = {"formula": law.formula, "source": law.source}
    told |= {f"unit of {c.name}": c.unit for c in law.covariates} | {
        f"unit of {p.name}": p.unit for p in law.parameters
    }
    told |= {f"meaning of {c.name}": c.meaning for c in law.coordinates}
    told |= {f"meaning of {p.name}": p.meaning for p in law.parameters}
    wrong = [f"no {what}" for what, text in told.items() if not (isinstance(text, str) and text.strip())]
    return behaviour.problems(
        "words", wrong, "It says what it is: formula, source, units and meanings.",
        "Answers and reports print them; a source may be 'this study'.", review=True,
    )  # fmt: skip
