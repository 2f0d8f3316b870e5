"""The generative form of the model of joint laws: that of `bayeslaw.kinds.surfaces.density` in natural units.

Run j of model i on surface g and task k:

    log loss_j = level_g + log_shape(coordinates_i, x_j)
                 + offset_i + tilt_i (t_j - t_i) + curvature_i q_i(t_j) + field_g(x_j) + noise_j
"""

import jax.numpy as jnp
import numpy as np

from bayeslaw.errors import LawError
from bayeslaw.kinds.shared.generative import Sites, define_parameters, generate_coordinates
from bayeslaw.kinds.shared.scales import Normal
from bayeslaw.kinds.surfaces.density import LEVEL_SD, OF_MODELS
from bayeslaw.kinds.surfaces.model import SurfaceModel
from bayeslaw.kinds.surfaces.noise import noise_of
from bayeslaw.laws.base import Array


def generate(model: SurfaceModel, sites: Sites) -> None:
    """Draw population, levels, scales, effects of models, and fields, then the runs.

    Sites are named, and have the units, of the variables of a posterior. There is also ``surface_level`` (G,), of each
    surface, and ``offset``, ``tilt`` and ``curvature`` are of the models that have them, shapes (C',). ``log_loss``
    (J,) is observed: runs model by model, each in order of the axis.

    Raises
    ------
    LawError
        If the model has a prior, whose vector is not told in this form.
    """
    if model.density.filling:
        raise LawError("A model with a prior is not written out: build it without one, or use bayeslaw.build.")
    law, layout, data, scales = model.law, model.layout, model.data, model.density.scales
    tasks, family_of = (len(layout.tasks),), layout.family_of

    coordinates = generate_coordinates(model.density.pooled, data.groups, model.fixed(), sites)
    first_of = np.unique(family_of, return_index=True)[1]
    centre: Array = model.centre[first_of]
    surface_level = sites.sample("surface_level", Normal(centre, LEVEL_SD))
    level = sites.define("level", surface_level[family_of])
    define_parameters(law, coordinates, level, layout.reference, sites)

    noise = sites.sample("noise", scales.noise, tasks)
    form = noise_of(law)
    second = sites.sample(form.second, getattr(scales, form.second), tasks)
    field_sd = sites.sample("field_sd", scales.field_sd, tasks)

    shape = law.log_shape(
        {name: value[data.curve_of] for name, value in coordinates.items()},
        data.covariates,
        dict.fromkeys(data.covariates, 1.0),
    )
    expected = surface_level[data.surface_of] + shape
    if len(data.task_of_coefficient):
        field = sites.sample("field", Normal(0.0, field_sd[data.task_of_coefficient]))
        expected += data.functions @ field
    if len(data.task_of_own):
        for name, function in zip(OF_MODELS, (1.0, data.along, data.curving), strict=True):
            sd = sites.sample(f"{name}_sd", getattr(scales, f"{name}_sd"), tasks)
            own = sites.sample(name, Normal(0.0, sd[data.task_of_own]))
            expected += jnp.append(own, 0.0)[data.own_of] * function  # models without effects get 0
    task = data.task_of
    scale = jnp.sqrt(noise[task] ** 2 / data.weight + field_sd[task] ** 2 * data.unexplained)
    sites.observe("log_loss", form.belief(expected, scale, second[task]), layout.y[layout.weight > 0])
