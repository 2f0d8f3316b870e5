"""A law of one's own: L(D) = E + B (D + D_0)^-beta, as if pretraining had been worth D_0 examples of the task.

In a shell: bayeslaw laws --check examples/own_law.py
            bayeslaw select runs.csv --law examples/own_law.py --at data=51200
"""

import jax.numpy as jnp

import bayeslaw as bl
from bayeslaw.laws.base import above_floor, irreducible, log_reducible


def log_shape(coordinates, covariates, reference):
    """Log of L(D) / L(D_ref); D_0 is stated relative to D_ref, so that units do not matter."""
    beta, shift = jnp.exp(coordinates["log_beta"]), coordinates["shift"]
    t = jnp.log(covariates["data"] / reference["data"])
    return above_floor(coordinates["floor"], -beta * (jnp.logaddexp(t, shift) - jnp.logaddexp(0.0, shift)))


def natural(coordinates, level, reference):
    """Parameters as they are reported; ``level`` is log L(D_ref)."""
    beta, shift, floor = jnp.exp(coordinates["log_beta"]), coordinates["shift"], coordinates["floor"]
    log_b = log_reducible(level, floor) + beta * (jnp.log(reference["data"]) + jnp.logaddexp(0.0, shift))
    d_0 = reference["data"] * jnp.exp(shift)
    return {"E": irreducible(level, floor), "B": jnp.exp(log_b), "beta": beta, "D_0": d_0}


LAW = bl.Law(
    name="shifted_power",
    formula="L(D) = E + B (D + D_0)^-beta",
    source="this example",
    covariates=(bl.Covariate("data", "examples"),),
    axis="data",
    coordinates=(
        bl.Coordinate("log_beta", "log beta", mean=-1.3, sd=0.6, spread=0.3, pooling="task"),
        bl.Coordinate("floor", "logit of E / L(D_ref)", mean=-2.5, sd=1.0, spread=0.5, pooling="task"),
        bl.Coordinate("shift", "log of D_0 / D_ref", mean=-2.0, sd=1.5, spread=0.5, pooling="task"),
    ),
    parameters=(
        bl.Parameter("E", "loss", "irreducible loss: what remains with unlimited data"),
        bl.Parameter("B", "loss * examples^beta", "scale of the reducible loss"),
        bl.Parameter("beta", "1", "data exponent"),
        bl.Parameter("D_0", "examples", "what pretraining is worth"),
    ),
    log_shape=log_shape,
    natural=natural,
)


def choose(sampler=None):
    """Check the law, fit it by its name to small language models, and choose one to fine-tune on 51,200 sequences."""
    bl.register_law(LAW)
    print(bl.check_law(LAW, simulate=False).sentence)
    runs = bl.load_dataset("small-finetune").for_task("python").where("data <= 3200")
    fit = bl.fit(runs, law="shifted_power", sampler=sampler, seed=0)
    print(fit.checks.sentence)
    choice = fit.select(data=51_200)
    print(choice.sentence)
    return choice


if __name__ == "__main__":
    choose()
