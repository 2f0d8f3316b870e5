"""A fingerprint of what a law says, by which a saved fit knows the law that it was made with."""

import hashlib
import json
from typing import Any

import jax
import numpy as np

from bayeslaw.laws.base import Law
from bayeslaw.numerics import significant

DIGITS = 8


def law_fingerprint(law: Law) -> str:
    """SHA-256 of names, and of values of the law at fixed places; not of priors, which draws do not need."""
    steps = np.array([-1.0, 0.0, 0.5])
    with jax.enable_x64(True):
        coordinates = {c.name: 0.1 * k + 0.3 * steps for k, c in enumerate(law.coordinates)}
        covariates = {c.name: np.exp(2.0 + k + steps) for k, c in enumerate(law.covariates)}
        reference = {c.name: np.full(3, np.exp(1.5 + 0.5 * k)) for k, c in enumerate(law.covariates)}
        shape = law.log_shape(coordinates, covariates, reference)
        natural = law.natural(coordinates, 0.2 * steps, reference)
    values = {"shape": shape, **natural}
    content = {
        "kind": law.kind if isinstance(law.kind, str) else law.kind.name,
        "discrepancy": law.discrepancy,
        "axis": law.axis,
        "covariates": [c.name for c in law.covariates],
        "coordinates": [c.name for c in law.coordinates],
        "values": {k: [significant(float(x), DIGITS) for x in np.ravel(v)] for k, v in values.items()},
    }
    content |= {name: value for name, value in (("link", law.link), ("noise", law.noise)) if value}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def law_record(law: Law) -> dict[str, Any]:
    """What a fit depends on of a law, as plain values: its name, what it says, and the priors of its coordinates."""
    priors = {
        c.name: [c.mean, c.sd, c.spread, c.pooling, *([[list(own) for own in c.of_tasks]] if c.of_tasks else [])]
        for c in law.coordinates
    }
    return {"law": law.name, "law_fingerprint": law_fingerprint(law), "law_priors": priors}
