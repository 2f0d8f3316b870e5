"""The generative form of the model of curves: that of `bayeslaw.kinds.curves.density` with nothing integrated out.

Run j of curve i on task k, at size t_j = log(axis / reference):

    log loss_j = level_i + log_shape(coordinates_i, x_j) + pull_k height_i(t_j) + own_i(t_j) + shared_k(t_j) + noise_j
"""

import jax.numpy as jnp
import numpy as np

from bayeslaw.errors import LawError
from bayeslaw.kinds.curves.layout import CurveLayout
from bayeslaw.kinds.curves.model import CurveModel
from bayeslaw.kinds.shared.generative import Flat, Sites, define_parameters, generate_coordinates
from bayeslaw.kinds.shared.scales import LogNormal, Normal


def generate(model: CurveModel, sites: Sites) -> None:
    """Draw population, scales, walks and levels, then the runs.

    Sites are named, and have the units and shapes, of the variables of a posterior; only ``noise`` differs where curves
    were smoothed: here it is the scatter of the smoothed points. Rates of changes of slope beyond the data, of which no
    run tells, have no site. ``log_loss`` (J,) is observed: runs curve by curve,
    each in order of size, as in the arrays of the density.

    Raises
    ------
    LawError
        If the model has a prior, whose vector is not told in this form.
    """
    if model.density.filling:
        raise LawError("A model with a prior is not written out: build it without one, or use bayeslaw.build.")
    law, layout, data, scales = model.law, model.layout, model.data, model.density.scales
    curves, tasks, task_of = len(layout.curves), len(layout.tasks), layout.task_of

    coordinates = generate_coordinates(model.density.pooled, data.groups, model.fixed(), sites)
    level = sites.sample("level", Flat(model.centre))
    define_parameters(law, coordinates, level, layout.reference, sites)

    typical_noise = sites.sample("typical_noise", scales.noise, (tasks,))
    noise = sites.sample("noise", LogNormal(typical_noise[task_of], scales.roughness))
    pull = sites.sample("pull", scales.pull, (tasks,))
    own_drift = sites.sample("own_drift", scales.own_drift, (tasks,))
    shared_drift = sites.sample("shared_drift", scales.shared_drift, (tasks,))

    own, shared = data.own.shape[-1], data.shared.shape[-1]
    own_walk = sites.sample("own_walk", Normal(0.0, own_drift[task_of, None]), (curves, own))
    shared_walk = sites.sample("shared_walk", Normal(0.0, shared_drift[:, None]), (tasks, shared))

    curve, place = np.nonzero(layout.weight)  # of each run
    task = task_of[curve]
    own_functions, shared_functions = walk_functions(layout, own, shared)
    shape = law.log_shape(
        {name: value[curve] for name, value in coordinates.items()},
        {name: values[curve, place] for name, values in data.covariates.items()},
        data.reference,
    )
    expected = level[curve] + shape + pull[task] * data.height[curve, place]
    expected += jnp.sum(own_functions * own_walk[curve], axis=1)
    expected += jnp.sum(shared_functions * shared_walk[task], axis=1)
    sd = noise[curve] / data.root_weight[curve, place]
    sites.observe("log_loss", Normal(expected, sd), model.centre[curve] + data.log_loss[curve, place])


def walk_functions(layout: CurveLayout, own: int, shared: int) -> tuple[np.ndarray, np.ndarray]:
    """Basis functions of own and shared walks at each run: shapes (J, own) and (J, shared), 0 beyond a task's knots."""
    seen = layout.weight > 0
    task, t = layout.task_of[np.nonzero(seen)[0]], layout.axis[seen]
    found = np.zeros((len(t), own)), np.zeros((len(t), shared))
    for k, walks in enumerate(layout.walks):
        for to, basis in zip(found, (walks.own, walks.shared), strict=True):
            to[task == k, : len(basis.knots)] = basis.functions(t[task == k])
    return found
