"""Whether a law can be fitted: a table is simulated from it, fitted, and extrapolated to a size that was hidden."""

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import numpy as np
import pandas as pd

from bayeslaw import streams
from bayeslaw.fitting.facade import Fit
from bayeslaw.fitting.fit import fit
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.outcome import outcome_of_law
from bayeslaw.kinds.table_checks import table_checks
from bayeslaw.laws.base import Law
from bayeslaw.progress import Progress
from bayeslaw.runs import Runs, read_runs
from bayeslaw.runs.columns import CANONICAL
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.streams import generator
from bayeslaw.verdicts import Check, at_least, overall

MODELS = 6
FAMILIES = 2
SIZES = 8
"""Sizes along the axis of each model, each twice the one before."""

BEYOND = 4
"""The hidden size is so many times the largest one in sight."""

NOISE = 0.005
"""Standard deviation of a run about the law, on the scale of the link."""

SPREAD = 0.5
"""Coordinates are drawn with so much of their prior standard deviations and spreads."""

INSIDE_MIN = 0.6
"""Share of models whose truth must lie inside the 90% interval; they share parameters, so that they err together."""

SETTINGS = SamplerSettings(warmup=300, draws=300)


@dataclass(frozen=True, eq=False)
class Simulated:
    """A table from a law, and what the law says at the hidden size.

    Attributes
    ----------
    runs : Runs
    truth : mapping of str to float
        What the law says of each model at the hidden size, in the unit of the outcome.
    hidden : float
        That size.
    """

    runs: Runs
    truth: Mapping[str, float]
    hidden: float


def simulation_checks(law: Law, seed: int, progress: Progress | None) -> list[Check]:
    """Simulate, fit, and check the sampler and what is predicted."""
    simulated = simulate(law, seed)
    fitted = fit(simulated.runs, law=law, early_tokens=0, sampler=SETTINGS, seed=seed, progress=progress)
    return [_of_sampler(fitted), _of_prediction(fitted, simulated, seed)]


def simulate(law: Law, seed: int) -> Simulated:
    """Runs that follow a law, with coordinates about their prior means and noise as of real runs."""
    kind, rng = kind_of(law), generator(seed, streams.LAW_SIMULATION)
    design = _design(law, rng)
    outcome = outcome_of_law(kind.outcome, law)
    bare = design.assign(**{outcome.name: outcome.inverse(np.linspace(1.1, 1.0, len(design)))})
    layout = kind.layout(kind.prepare(_read(bare), law, 0.0), law, None)
    place = {curve.model: k for k, curve in enumerate(layout.curves)}
    reference = {name: values[[place[m] for m in design["model"]]] for name, values in layout.reference.items()}
    coordinates, level = _drawn(law, design, rng)

    def linked(points: pd.DataFrame) -> np.ndarray:
        values = {c.name: points[c.name].to_numpy(float) for c in law.covariates}
        with jax.enable_x64(True):
            return level + np.asarray(law.log_shape(coordinates, values, reference))

    noisy = linked(design) + NOISE * rng.standard_normal(len(design))
    hidden = BEYOND * float(design[law.axis].max())
    there = outcome.inverse(linked(design.assign(**{law.axis: hidden})))
    truth = dict(zip(design["model"], there.tolist(), strict=True))
    return Simulated(_read(design.assign(**{outcome.name: outcome.inverse(noisy)})), truth, hidden)


def _read(table: pd.DataFrame) -> Runs:
    """Read a table that is what its columns say, whatever the numbers look like."""
    return read_runs(table, roles={name: name for name in table if name in CANONICAL})


def _design(law: Law, rng: np.random.Generator) -> pd.DataFrame:
    """Models in families, each at several sizes, of every other covariate with a value of its own."""
    others = [c for c in law.covariates if c.name != law.axis]
    start = 1e4
    rows = []
    values = {c.name: np.geomspace(start, 100 * start, MODELS)[rng.permutation(MODELS)] for c in others}
    for k in range(MODELS):
        labels = {"model": f"m{k}", "family": f"f{k % FAMILIES}", "task": "simulated"}
        own = {name: value[k] for name, value in values.items()}
        for size in start * 2.0 ** np.arange(SIZES):
            rows.append({**labels, "data": size, **own, law.axis: size})
    return pd.DataFrame(rows)


def _drawn(law: Law, design: pd.DataFrame, rng: np.random.Generator) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Coordinates and levels of every row, varying at the levels at which the law lets them."""
    groups = {"family": design["family"]}
    if kind_of(law).knows == "model":
        groups["model"] = design["model"]
    code = {name: pd.factorize(labels)[0] for name, labels in groups.items()}
    varies = {"task": (), "family": ("family",), "model": ("family", "model")}
    coordinates = {}
    for c in law.coordinates:
        value = np.full(len(design), c.mean + SPREAD * c.sd * rng.standard_normal())
        for name in varies[c.pooling]:
            if name in code:
                value += SPREAD * c.spread * rng.standard_normal(code[name].max() + 1)[code[name]]
        coordinates[c.name] = value
    finest = code.get("model", code["family"])
    return coordinates, np.log(3.0) + 0.1 * rng.standard_normal(finest.max() + 1)[finest]


def _of_sampler(fitted: Fit) -> Check:
    """The verdicts on the sampler, as one."""
    posterior = fitted.posterior
    of_table = {check.name for check in table_checks(posterior.runs, posterior.law, posterior.layout)}
    found = [check for check in posterior.checks if check.name not in of_table]
    bad = [check for check in found if check.status != "PASS"]
    said = f"; not so: {', '.join(f'{check.name} ({check.value:.3g})' for check in bad)}" if bad else ""
    return Check(
        "simulated_sampling", overall(found), float(len(bad)), 0.0,
        f"A fit to {len(posterior.runs.table)} runs simulated from the law passes {len(found) - len(bad)} of "
        f"{len(found)} checks of the sampler{said}.",
        "Look for coordinates that these runs cannot tell apart: write the law in what data pin down, such as levels "
        "and slopes at the reference, and give the others priors that say something." * bool(bad),
    )  # fmt: skip


def _of_prediction(fitted: Fit, simulated: Simulated, seed: int) -> Check:
    """How many of the hidden truths lie inside their intervals."""
    axis = fitted.posterior.law.axis
    prediction = fitted.predictions([{axis: simulated.hidden}], kind="curve", seed=seed)
    low, high = np.quantile(prediction.values[:, :, 0], [0.05, 0.95], axis=0)
    truth = np.array([simulated.truth[model] for model, _, _ in prediction.labels])
    inside = (low <= truth) & (truth <= high)
    return at_least(
        "simulated_prediction", inside.mean(), INSIDE_MIN, 0.3,
        f"At {BEYOND} times the largest {axis} in sight, {inside.sum()} of {len(inside)} expected values lie inside "
        "their 90% intervals.",
        "See whether another seed says the same; if so, the priors of coordinates may be far from what the law needs, "
        "or runs of these sizes cannot carry it.",
    )  # fmt: skip
