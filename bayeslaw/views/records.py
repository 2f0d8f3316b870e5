"""What the command line prints with ``--json``: plain mappings, the same content as the tables people get."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from bayeslaw.answers.crossing import Crossing
from bayeslaw.answers.optimum import Optimum
from bayeslaw.answers.parameters import parameter_records
from bayeslaw.answers.prediction import Prediction
from bayeslaw.answers.prior_summary import coordinate_records, scale_records
from bayeslaw.answers.selection import Selection
from bayeslaw.evidence.comparison import Comparison
from bayeslaw.laws import takes_any_column
from bayeslaw.laws.base import Law
from bayeslaw.posterior import Posterior
from bayeslaw.prior import Prior, plain
from bayeslaw.runs import LeftOut, Runs
from bayeslaw.verdicts import Check, overall

HELD_OUT = ("law", "fold", "row", "task", "model", "data", "loss", "median", "p05", "p95", "log_score")
"""What is recorded of a held-out run; rows of wide tables hold several, of different data."""


def selection_record(posterior: Posterior, selection: Selection, seconds: float) -> dict[str, Any]:
    """Record of a ranked choice; loss quantiles are those of a run prediction."""
    return {
        "target": dict(selection.target),
        "task": selection.task,
        "law": posterior.law.name,
        "prior": posterior.settings["prior"],
        "candidates": selection.records(),
        "recommendation": {
            "model": selection.recommended,
            "sentence": selection.sentence,
            "tie_set": list(selection.tie_set),
        },
        **_verdict(selection.checks),
        **_provenance(posterior, seconds),
    }


def fit_record(posterior: Posterior, seconds: float) -> dict[str, Any]:
    """Record of a fit and its parameters."""
    return {
        "law": posterior.law.name,
        "prior": posterior.settings["prior"],
        "task": ", ".join(posterior.design.tasks),
        "parameters": parameter_records(posterior),
        **_verdict(posterior.checks),
        **_provenance(posterior, seconds),
    }


def prediction_record(posterior: Posterior, prediction: Prediction, seconds: float) -> dict[str, Any]:
    """Record of predictions at points."""
    return {
        "kind": prediction.kind,
        "law": posterior.law.name,
        "predictions": prediction.records(),
        **_verdict(posterior.checks),
        **_provenance(posterior, seconds),
    }


def optimum_record(posterior: Posterior, best: Optimum, seconds: float) -> dict[str, Any]:
    """Record of the best split of a budget; quantiles of the loss are those of a run prediction."""
    return {
        "law": posterior.law.name,
        "prior": posterior.settings["prior"],
        "compute": best.compute,
        "at": best.at,
        "families": best.records(),
        **_verdict(best.checks),
        **_provenance(posterior, seconds),
    }


def crossing_record(posterior: Posterior, found: Crossing, seconds: float) -> dict[str, Any]:
    """Record of where one choice overtakes another."""
    return {
        "law": posterior.law.name,
        **found.record(),
        **_verdict(found.checks),
        **_provenance(posterior, seconds),
    }


def comparison_record(found: Comparison, prediction: Prediction | None, seconds: float) -> dict[str, Any]:
    """Record of laws compared, the best first, and of what their mixture predicts."""
    return {
        "along": found.along,
        "laws": found.records(),
        "held_out": found.held_out[[*HELD_OUT]].astype(object).to_dict("records"),
        "predictions": [] if prediction is None else prediction.records(),
        **_verdict(found.checks),
        "left_out": left_out_records(found.runs.left_out),
        "seconds": {"total": round(seconds, 2)},
    }


def laws_record(laws: Iterable[Law]) -> dict[str, Any]:
    """Record of laws and their parameters."""
    return {
        "laws": [
            {
                "name": law.name,
                "formula": law.formula,
                "source": law.source,
                "columns": [{"name": c.name, "unit": c.unit} for c in law.covariates],
                "takes_any_column": takes_any_column(law.name),
                "parameters": [{"name": p.name, "unit": p.unit, "meaning": p.meaning} for p in law.parameters],
            }
            for law in laws
        ]
    }


def advice_record(runs: Runs, checks: Iterable[Check]) -> dict[str, Any]:
    """Record of the verdicts on a table of runs."""
    checks = list(checks)
    return {"source": runs.source, "runs": len(runs.table), **_verdict(checks)}


def check_record(posterior: Posterior, seconds: float) -> dict[str, Any]:
    """Record of the verdicts on a fit."""
    return {
        "law": posterior.law.name,
        "task": ", ".join(posterior.design.tasks),
        **_verdict(posterior.checks),
        **_provenance(posterior, seconds),
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
        "law": posterior.law.name,
        "prior": None if made is None else {"name": made.name, "sha256": made.sha256},
        "tasks": list(posterior.design.tasks),
        **_verdict(posterior.checks),
        **_provenance(posterior, seconds),
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
    return json.dumps(_finite(record), indent=2, ensure_ascii=False, allow_nan=False)


def _verdict(checks: Iterable[Check]) -> dict[str, Any]:
    checks = tuple(checks)
    return {"checks": [check.as_dict() for check in checks], "status": overall(checks)}


def _provenance(posterior: Posterior, seconds: float) -> dict[str, Any]:
    return {
        "left_out": left_out_records(posterior.runs.left_out),
        "settings": {name: value for name, value in posterior.settings.items() if name != "sampling_seconds"},
        "seconds": {"total": round(seconds, 2), "sampling": posterior.settings["sampling_seconds"]},
    }


def left_out_records(left_out: Iterable[LeftOut]) -> list[dict[str, Any]]:
    """Rows that were left out, each with its reason."""
    return [{"row": out.row, "reason": out.reason} for out in left_out]


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
