"""Tables of scores for simulation-based calibration, drawn from the description of the model in plain numpy.

Two tasks of known chance, models of two families with checkpoints; levels, efficiencies, walks, ceilings and noise.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayeslaw.kinds.registry import kind_of

CHANCE, QUESTIONS = (0.25, 0.5), (1000, 400)
LEVEL_SD, LEAST_CEILING = 2.0, 0.8
COMMON_KNOTS, OWN_KNOTS = (0.35, 8), (0.7, 4)
"""Least spacing of knots in e-folds, and how many there are at most."""
SIZE_EXPONENT = 0.34
ACROSS_TASKS = 0.1
"""Share of the prior variance of a coordinate that tasks have in common."""
OF_ALL_TASKS = ("model_sd", "offset_sd", "family_sd", "family_offset_sd", "common_rate", "size_rate", "own_rate")
WITHIN = 0.005, 0.995
"""Tables are drawn until all scores lie here: ranks are uniform given anything that the table shows."""


@dataclass(frozen=True)
class Layout:
    """Sizes of the models of each family, and the checkpoints that each has: tokens, or losses."""

    families: tuple[tuple[float, ...], ...]
    tokens: tuple[float, ...]
    losses: tuple[float, ...]

    @property
    def models(self):
        """Family and size of each model."""
        return [(kin, size) for kin, sizes in enumerate(self.families) for size in sizes]

    def axis(self, law):
        """Values of the axis, in the order of training."""
        return np.array(self.losses if law.axis == "model_loss" else self.tokens)


SMALL = Layout(
    families=((1e8, 8e8), (2e8, 1.6e9)),
    tokens=(1e9, 3e9, 1e10, 3e10, 1e11),
    losses=(5.0, 4.0, 3.3, 2.8, 2.4),
)
LATER = {"data": 8.0, "model_loss": 0.9}
"""Times the last value of the axis."""


def scales(law):
    """Default priors."""
    return kind_of(law).scale_priors(law)


def simulate(layout, law, rng):
    """Draw a table from the prior, and the truth behind it."""
    while True:
        frame, truth = once(layout, law, rng)
        if frame["accuracy"].between(*WITHIN).all():
            return frame, truth


def once(layout, law, rng):
    """Draw a table from the prior, whatever its scores."""
    priors, normal = scales(law), rng.standard_normal
    models, axis = layout.models, layout.axis(law)
    points = np.append(axis, axis[-1] * LATER[law.axis])
    references = {law.axis: np.exp(np.log(axis).mean()), "params": np.exp(np.mean([np.log(n) for _, n in models]))}
    references = {c.name: references[c.name] for c in law.covariates}
    t = np.log(points / references[law.axis]) * (-1 if law.axis == "model_loss" else 1)

    def drawn(prior):
        return prior.median * np.exp(prior.sd * normal())

    sd = {name: drawn(getattr(priors, name)) for name in OF_ALL_TASKS}
    centre = {c.name: c.mean + ACROSS_TASKS**0.5 * c.sd * normal() for c in law.coordinates}
    families, of_model = normal(len(layout.families)), normal(len(models))
    truth = {f"log {name}": np.log(value) for name, value in sd.items()}
    truth |= {f"location of {name}": value for name, value in centre.items()}
    if "params" not in references:
        del truth["log size_rate"]
    rows = []
    for task in range(len(CHANCE)):
        own = {c.name: centre[c.name] + (1 - ACROSS_TASKS) ** 0.5 * c.sd * normal() for c in law.coordinates}
        logit = np.log(CHANCE[task] / (1 - CHANCE[task])) + priors.near_chance.mean + priors.near_chance.sd * normal()
        chance = logistic(logit)
        ceiling = 1 - (1 - chance) * (1 - LEAST_CEILING) * logistic(-priors.ceiling.mean - priors.ceiling.sd * normal())
        noise, level, of_family = drawn(priors.noise), LEVEL_SD * normal(), normal(len(layout.families))
        common, tilt = walk(t, COMMON_KNOTS, sd["common_rate"], rng), walk(t, COMMON_KNOTS, sd["size_rate"], rng)
        for i, (kin, size) in enumerate(models):
            values = {law.axis: points, "params": np.full(len(points), size)}
            height = level + sd["family_sd"] * families[kin] + sd["family_offset_sd"] * of_family[kin]
            height += sd["model_sd"] * of_model[i] + sd["offset_sd"] * normal()
            shape = law.log_shape(own, {name: values[name] for name in references}, references)
            skill = height + np.asarray(shape) + common + walk(t, OWN_KNOTS, sd["own_rate"], rng)
            if "params" in references:
                skill += (1 - (size / references["params"]) ** -SIZE_EXPONENT) / SIZE_EXPONENT * tilt
            share = logistic(4 * skill) ** 0.25 if law.link == "exponential" else logistic(skill)
            p = chance + (ceiling - chance) * share
            drawn_in = (p * QUESTIONS[task] + 1) / (QUESTIONS[task] + 2)
            scatter = np.sqrt(drawn_in * (1 - drawn_in) * (1 / QUESTIONS[task] + noise**2))
            measured = p + scatter * normal(len(p))
            told = {"task": f"task {task}", "family": f"family {kin}", "model": f"model {i}", "params": size}
            told |= {"chance": CHANCE[task], "questions": QUESTIONS[task]}
            rows += [told | {law.axis: x, "accuracy": y} for x, y in zip(axis, measured[:-1], strict=True)]
            if (task, i) == (0, 0):
                truth |= {f"{name} of a task": value for name, value in own.items()}
                truth |= {"level": height, "chance": chance, "ceiling": ceiling, "log noise": np.log(noise)}
                truth |= {"curve later": p[-1], "run later": np.clip(measured[-1], 0, 1)}
    return pd.DataFrame(rows), truth


def walk(t, knots, rate, rng):
    """A random walk with increments from knot to knot of the times of the table, all but the last, and beyond them."""
    spacing, most = knots
    length = t[-2] - t[0]
    count = min(most, int(length / spacing))
    places = t[0] + length * np.arange(count + 1) / count
    heights = np.concatenate([[0.0], np.cumsum(np.sqrt(length / count) * rng.standard_normal(count))])
    beyond = np.sqrt(t[-1] - t[-2]) * rng.standard_normal()
    return rate * np.append(np.interp(t[:-1], places, heights), heights[-1] + beyond)


def logistic(x):
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


def draws_of(layout, fit):
    """Draws of what ``simulate`` knows the truth of, by name."""
    flat, law = fit.posterior.flat, fit.posterior.law
    later = layout.axis(law)[-1] * LATER[law.axis]
    curve, run = (fit.predictions([{law.axis: later}], kind=kind, seed=s) for s, kind in enumerate(("curve", "run")))
    own = {name for name in OF_ALL_TASKS if name != "size_rate" or "params" in (c.name for c in law.covariates)}
    return {
        **{f"log {name}": np.log(flat(name)) for name in own},
        **{f"location of {c.name}": flat(f"location_{c.name}") for c in law.coordinates},
        **{f"{c.name} of a task": flat(c.name)[:, 0] for c in law.coordinates},
        "level": flat("level")[:, 0],
        "chance": flat("chance")[:, 0],
        "ceiling": flat("ceiling")[:, 0],
        "log noise": np.log(flat("noise")[:, 0]),
        "curve later": curve.linked[:, 0, 0],
        "run later": run.linked[:, 0, 0],
    }
