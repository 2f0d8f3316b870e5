"""The model of bayeslaw written the textbook way in NumPyro: everything sampled, everything non-centred."""

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist

from bayeslaw.kinds.curves.model import CurveModel


def plain_model(model: CurveModel):
    """NumPyro model with the density of ``model``, levels and walks not integrated out; for tables of one task."""
    layout, law, scales = model.layout, model.law, model.density.scales
    walks = layout.walks[0]
    own_functions, shared_functions = walks.own.functions(layout.axis), walks.shared.functions(layout.axis)
    height = layout.height[:, None] * layout.spring.change(layout.axis, layout.first)
    curves, knots = len(layout.curves), len(walks.own.knots)
    seen = layout.weight > 0
    reference = {name: values[:, None] for name, values in layout.reference.items()}
    root = np.sqrt(np.where(seen, layout.weight, 1.0))

    def log_normal(name, prior, shape=()):
        standard = numpyro.sample(f"{name}_standard", dist.Normal().expand(shape).to_event(len(shape)))
        return numpyro.deterministic(name, prior.median * jnp.exp(prior.sd * standard))

    def run():
        coordinates = {}
        for pooled in model.density.pooled:
            c = pooled.coordinate
            value = c.mean + c.sd * numpyro.sample(f"location_{c.name}", dist.Normal())
            for level in pooled.levels:
                spread = c.spread * numpyro.sample(f"spread_{c.name}_{level}", dist.HalfNormal())
                size = model.sizes()[pooled.effect(level)]
                effect = numpyro.sample(f"effect_{c.name}_{level}", dist.Normal().expand(size).to_event(1))
                value = value + spread * effect[model.data.groups[level]]
            coordinates[c.name] = jnp.broadcast_to(value, (curves,))[:, None]
        noise = log_normal("noise", scales.noise)
        roughness = numpyro.sample("roughness", dist.Normal().expand((curves,)).to_event(1))
        pull = scales.pull.mean + scales.pull.sd * numpyro.sample("pull", dist.Normal())
        own_drift, shared_drift = (
            log_normal("own_drift", scales.own_drift),
            log_normal("shared_drift", scales.shared_drift),
        )
        level = numpyro.sample("level", dist.ImproperUniform(dist.constraints.real_vector, (), (curves,)))
        own = numpyro.sample("own", dist.Normal().expand((curves, knots)).to_event(2))
        shared = numpyro.sample("shared", dist.Normal().expand((knots,)).to_event(1))
        mean = level[:, None] + law.log_shape(coordinates, layout.covariates, reference) + pull * height
        mean = mean + own_drift * jnp.einsum("cmp,cp->cm", own_functions, own)
        mean = mean + shared_drift * jnp.einsum("cmp,p->cm", shared_functions, shared)
        sd = noise * jnp.exp(scales.roughness * roughness)[:, None] / root
        numpyro.sample("runs", dist.Normal(mean, sd).mask(seen).to_event(2), obs=layout.y)

    return run
