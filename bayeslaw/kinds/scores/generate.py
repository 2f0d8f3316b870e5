"""The generative form of the model of scores: that of `bayeslaw.kinds.scores.density` in natural units."""

import jax
import jax.numpy as jnp

from bayeslaw.kinds.scores.conditional import heights
from bayeslaw.kinds.scores.density import (
    LEVEL_SD,
    OWN,
    SCALES,
    WALKS,
    bases_of,
    ceiling_above,
    coefficients_of,
    prior_of_chance,
    score,
    score_variance,
)
from bayeslaw.kinds.scores.model import ScoreModel
from bayeslaw.kinds.shared.generative import Sites, define_parameters, generate_coordinates
from bayeslaw.kinds.shared.scales import Normal
from bayeslaw.laws.base import Array


def generate(model: ScoreModel, sites: Sites) -> None:
    """Draw population, levels, scales, walks and effects of models, then the scores.

    Sites have the names and units of the variables of a posterior; effects and walks are standard normal there.
    ``accuracy`` (J,) is observed: scores curve by curve, each in order of the axis.
    """
    law, layout, data, priors = model.law, model.layout, model.data, model.density.scales
    fixed, sizes, tasks, k = model.fixed(), model.sizes(), (len(layout.tasks),), data.task_of

    def standard(name: str) -> jax.Array:
        sd = 0.0 if name in fixed else 1.0
        return sites.sample(f"{name}_z", Normal(0.0, sd), sizes[name])

    coordinates = generate_coordinates(model.density.pooled, data.groups, fixed, sites)
    mean, width = prior_of_chance(priors, layout.chance)
    scales = {name: jnp.broadcast_to(sites.sample(name, getattr(priors, name), sizes[name]), tasks) for name in SCALES}
    chance = sites.define("chance", jax.nn.sigmoid(mean + width * sites.sample("chance_z", Normal(0.0, 1.0), tasks)))
    ceiling = sites.define("ceiling", ceiling_above(chance, sites.sample("ceiling_logit", priors.ceiling, tasks)))

    task_level = sites.sample("task_level", Normal(0.0, LEVEL_SD), tasks)
    found = coefficients_of(
        {
            "level": task_level / LEVEL_SD,
            **{name: standard(name) for name in ("model_factor", "family_factor", "family_offset", WALKS, OWN)},
        }
    )
    bases = bases_of(data, scales)
    of_curves = heights(bases, found)
    level = of_curves[:, 0] + scales["offset_sd"][k] * found.own[:, 0]
    define_parameters(law, coordinates, sites.define("level", level), layout.reference, sites)
    shape = law.log_shape(
        {name: value[:, None] for name, value in coordinates.items()},
        data.covariates,
        dict.fromkeys(data.covariates, 1.0),
    )
    skill = shape + jnp.einsum("cmr,cr->cm", bases.shared, of_curves)
    skill += jnp.einsum("cmb,cb->cm", bases.own, found.own)
    p = score(law, skill, chance[k, None], ceiling[k, None])
    seen = layout.weight > 0
    sd: Array = jnp.sqrt(score_variance(p, jnp.maximum(data.asked, 1.0), scales["noise"][k, None]))
    sites.observe("accuracy", Normal(p[seen], sd[seen]), layout.y[seen])
