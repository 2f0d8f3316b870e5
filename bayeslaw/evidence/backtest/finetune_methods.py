"""Ways to choose among candidates, all asked the same: what each will measure at the target, and which is best."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bayeslaw.errors import RunsError
from bayeslaw.evidence.backtest.finetune_cells import Trial, joined
from bayeslaw.evidence.backtest.scoring import Answer
from bayeslaw.evidence.backtest.settings import MethodSettings
from bayeslaw.evidence.baselines import selection as baselines
from bayeslaw.evidence.baselines.rectified import rectified_bootstrap
from bayeslaw.evidence.odds import expected_regret, p_best

Array = NDArray[np.float64]

BOOTSTRAP_DRAWS = 200


@dataclass(frozen=True)
class Method:
    """A way to choose.

    Attributes
    ----------
    answer : callable
        Raises a BayeslawError if the trial lacks what the method needs.
    weight : float
        Rough duration relative to others.
    tuned : bool
        Its trials come with the other tasks at the same budget, and what was measured there.
    """

    answer: Callable[[Trial, MethodSettings], Answer]
    weight: float = 1.0
    tuned: bool = False


def _bayeslaw(trial: Trial, settings: MethodSettings) -> Answer:
    """Fit the candidates jointly and choose by expected regret; predictions are medians of the run prediction."""
    from bayeslaw.fitting.fit import fit
    from bayeslaw.sampling.compilation_cache import use_compilation_cache

    use_compilation_cache()
    fitted = fit(
        joined(trial.runs, trial.borrowed),
        law=settings.law,
        scales=settings.scales(),
        sampler=settings.sampler,
        seed=settings.seed,
    )
    selection = fitted.select(data=trial.target, task=trial.task, seed=settings.seed)
    position = {candidate.model: i for i, candidate in enumerate(selection.candidates)}
    order = [position[model] for model in trial.models]
    draws = selection.values[:, order]
    if len(order) == len(selection.candidates):
        expected = np.array([selection.candidates[i].expected_regret for i in order])
        odds = np.array([selection.candidates[i].p_best for i in order])
    else:  # models that are not scored are no candidates either
        expected, odds = expected_regret(draws), p_best(draws)
    told = fitted.posterior.settings
    return Answer(
        predicted=np.median(draws, axis=0),
        draws=draws,
        preference=expected,
        odds=odds,
        status=selection.status,
        checks=tuple({"name": c.name, "status": c.status, "value": c.value} for c in selection.checks),
        details={"sampling_seconds": told["sampling_seconds"], "repairs": list(told["repairs"])},
    )


def _accept_then_stop(trial: Trial, settings: MethodSettings) -> Answer:
    return Answer(each_candidate(trial, lambda x, y, zero: baselines.accept_then_stop(x, y, target=trial.target)))


def _accept_then_stop_3(trial: Trial, settings: MethodSettings) -> Answer:
    return Answer(
        each_candidate(trial, lambda x, y, zero: baselines.accept_then_stop(x, y, target=trial.target, delta=3.0))
    )


def _rectified_point_fit(trial: Trial, settings: MethodSettings) -> Answer:
    """As published with the zero-shot loss, where the table has it for every candidate."""
    return Answer(
        each_candidate(
            trial, lambda x, y, zero: baselines.rectified_point_fit(x, y, target=trial.target, zero_shot=zero)
        )
    )


def _vanilla_point_fit(trial: Trial, settings: MethodSettings) -> Answer:
    rng = trial_generator(trial, settings)
    return Answer(
        each_candidate(trial, lambda x, y, zero: baselines.vanilla_point_fit(x, y, target=trial.target, rng=rng))
    )


def _rectified_bootstrap(trial: Trial, settings: MethodSettings) -> Answer:
    """Choose by expected regret too, with each candidate's draws independent of the others'."""
    rng = trial_generator(trial, settings)
    draws = each_candidate(
        trial,
        lambda x, y, zero: rectified_bootstrap(
            x, y, target=trial.target, zero_shot=zero, draws=BOOTSTRAP_DRAWS, rng=rng
        )[:, 0],
    )
    return Answer(
        predicted=np.median(draws, axis=1), draws=draws.T, preference=expected_regret(draws.T), odds=p_best(draws.T)
    )


def _largest_subset(trial: Trial, settings: MethodSettings) -> Answer:
    return Answer(feature=each_candidate(trial, lambda x, y, zero: baselines.largest_subset(x, y)))


def _zero_shot(trial: Trial, settings: MethodSettings) -> Answer:
    return Answer(feature=baselines.zero_shot_loss(_known(trial, trial.zero_shot, "loss at zero examples")))


def _model_size(trial: Trial, settings: MethodSettings) -> Answer:
    """As published: correlated as it stands, so that a rule that works scores below zero, and the largest is chosen."""
    feature = baselines.model_size(_known(trial, trial.params, "parameter count (column 'params')"))
    return Answer(feature=feature, preference=-feature)


def _uniform(trial: Trial, settings: MethodSettings) -> Answer:
    """Equal odds for all: what knowing nothing scores."""
    return Answer(odds=np.full(len(trial.models), 1 / len(trial.models)))


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "bayeslaw": Method(_bayeslaw, 60.0),
        "accept_then_stop": Method(_accept_then_stop, 0.1),
        "accept_then_stop_3": Method(_accept_then_stop_3, 0.1),
        "rectified_point_fit": Method(_rectified_point_fit, 5.0),
        "vanilla_point_fit": Method(_vanilla_point_fit, 10.0),
        "largest_subset": Method(_largest_subset, 0.1),
        "zero_shot": Method(_zero_shot, 0.1),
        "model_size": Method(_model_size, 0.1),
        "rectified_bootstrap": Method(_rectified_bootstrap, 15.0),
        "uniform": Method(_uniform, 0.1),
    }
)
"""The methods by name, in the order in which they are listed."""


def each_candidate(trial: Trial, method: Callable[[Array, Array, Array | None], Array]) -> Array:
    """Ask a method for each candidate by itself, for each may have been measured at sizes of its own."""
    zero_shot_everywhere = bool(np.isfinite(trial.zero_shot).all())
    answers = []
    for model, x, y, zero in zip(trial.models, trial.sizes, trial.losses, trial.zero_shot, strict=True):
        try:
            answers.append(method(x, y[None], np.array([zero]) if zero_shot_everywhere else None))
        except RunsError as error:
            raise RunsError(f"{trial.task}, model {model!r}: {error}") from error
    stacked = np.array(answers)
    return stacked[:, 0] if stacked.shape[1] == 1 else stacked


def _known(trial: Trial, values: Array, what: str) -> Array:
    missing = np.flatnonzero(~np.isfinite(values))
    if missing.size:
        raise RunsError(f"{trial.task}: the model {trial.models[missing[0]]!r} has no {what}, which the method needs")
    return values


def trial_generator(trial: Trial, settings: MethodSettings) -> np.random.Generator:
    """Random numbers that depend on the trial but not on the order in which trials are run."""
    text = f"{trial.task} {trial.runs.content_hash}".encode("utf-8", "surrogatepass")
    return np.random.default_rng([settings.seed, int.from_bytes(hashlib.sha256(text).digest()[:8], "big")])
