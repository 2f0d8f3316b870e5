"""What the command line prints with ``--json``: plain mappings, the same content as the tables people get."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bayeslaw.answers.parameters import fit_checks
from bayeslaw.laws import takes_any_column
from bayeslaw.laws.base import Law
from bayeslaw.posterior.posterior import Posterior
from bayeslaw.prior.prior import Prior, plain
from bayeslaw.prior.summary import coordinate_records, scale_records
from bayeslaw.results import Result, plain_values


def timed(result: Result, seconds: float) -> dict[str, Any]:
    """A result as plain values, with how long it took in all."""
    record = result.to_dict()
    return {**record, "seconds": {"total": round(seconds, 2), **record.get("seconds", {})}}


def laws_record(laws: Iterable[Law]) -> dict[str, Any]:
    """Record of laws and their parameters."""
    return {
        "laws": [
            {
                "name": law.name,
                "formula": law.formula,
                "source": law.source,
                "covariates": [{"name": c.name, "unit": c.unit} for c in law.covariates],
                "columns": [{"name": c.name, "unit": c.unit} for c in law.covariates],  # older name of the same
                "takes_any_column": takes_any_column(law.name),
                "parameters": [{"name": p.name, "unit": p.unit, "meaning": p.meaning} for p in law.parameters],
            }
            for law in laws
        ]
    }


def priors_record(priors: Mapping[str, Prior]) -> dict[str, Any]:
    """Record of the released priors, by the name to ask for."""
    return {
        "priors": [
            {
                "name": name,
                "law": prior.law.name,
                "tasks": list(prior.tasks),
                "families": len({family for _, family in prior.families}),
                "models": len({model for _, model in prior.models}),
                "ranges": {covariate: list(ends) for covariate, ends in prior.ranges.items()},
                "sha256": prior.sha256,
            }
            for name, prior in priors.items()
        ]
    }


def made_prior_record(posterior: Posterior, made: Prior | None, seconds: float) -> dict[str, Any]:
    """Record of a prior that was made of a fit; None if the fit failed its checks."""
    return {
        **timed(fit_checks(posterior), seconds),
        "prior": None if made is None else {"name": made.name, "sha256": made.sha256},
        "tasks": list(posterior.layout.tasks),
    }


def prior_record(prior: Prior, card: str | None) -> dict[str, Any]:
    """Record of all that a prior says, of what follows from it for a new task, and of where its card is."""
    return {
        **plain(prior),
        "new_task": coordinate_records(prior),
        "scales_by_task": scale_records(prior),
        "card": card,
    }


def to_json(record: Mapping[str, Any]) -> str:
    """JSON text; numbers that are not finite become null, which every reader of JSON knows."""
    return json.dumps(plain_values(record), indent=2, ensure_ascii=False, allow_nan=False)
