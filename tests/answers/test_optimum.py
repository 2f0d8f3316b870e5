"""The best split of a budget: against the closed form of the Chinchilla law, and what it costs to miss it."""

from dataclasses import replace

import numpy as np
import pytest

from bayeslaw.answers.optimum import along_budget, best_log_params, optimum, require_budget, require_tokens
from bayeslaw.answers.prediction import predict
from bayeslaw.answers.quantiles import QUANTILES
from bayeslaw.errors import LawError, RunsError, TargetError
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.prediction import ErrorAlong
from bayeslaw.kinds.shared.scales import Foretold
from bayeslaw.kinds.surfaces.priors import SurfacePriors
from bayeslaw.laws import get_law, law_names
from bayeslaw.runs import read_runs

COMPUTE = 5.88e23
GRID = {"x": (np.geomspace(5e7, 5e9, 5), np.geomspace(1e9, 1e11, 5)), "y": ((1e8, 1e9), (2e9, 2e10))}


def spread(runs, law, forge, sd=0.2, draws=400):
    """A posterior whose coordinates scatter about the centre of the prior."""
    model, rng = build_model(runs, get_law(law)), np.random.default_rng(1)
    positions = {n: sd * rng.standard_normal((draws, *shape)) for n, shape in model.sizes().items()}
    return forge(runs, positions, law=law, scales=missing(0.0))


def missing(scale):
    """Priors of scales under which the law is missed by so much beyond the data."""
    return SurfacePriors(misfit=Foretold(scale, exponent=0.0, sd=0.0, typical=1.0, spread=0.0))


@pytest.fixture(scope="module")
def posterior(surface, forge):
    return spread(surface(GRID), "chinchilla", forge)


UNIQUE = 1e11


@pytest.fixture(scope="module")
def repeated(surface, forge):
    table = surface(GRID).table[["model", "family", "task", "params", "data", "loss"]]
    return spread(read_runs(table.assign(unique_data=table["data"].clip(upper=2e10))), "data_constrained", forge)


def repeated_loss(posterior, params, compute, unique):
    """The data-constrained law of the first curve, draw by draw, in plain numpy; ``params`` (S,)."""
    names = ("E", "A", "B", "alpha", "beta", "R_D_star", "R_N_star")
    E, A, B, alpha, beta, R_D, R_N = (posterior.flat(name)[:, 0] for name in names)
    data = compute / 6 / params
    U_D = np.minimum(data, unique)
    D = U_D * (1 - R_D * np.expm1(-(data / U_D - 1) / R_D))
    U_N = np.minimum(params, (alpha * A / (beta * B)) ** (1 / alpha) * U_D ** (beta / alpha))
    N = U_N * (1 - R_N * np.expm1(-(params / U_N - 1) / R_N))
    return E + A / N**alpha + B / D**beta


@pytest.mark.fits
@pytest.mark.parametrize("compute", [1e21, 1e22, 1e24])
def test_tokens_that_repeat_move_the_best_split(compute, repeated):
    found = best_log_params(repeated.predictor.law_of(0), compute, {"unique_data": UNIQUE})
    at_best = repeated_loss(repeated, np.exp(found), compute, UNIQUE)
    steps = np.linspace(-3, 3, 601)
    around = [repeated_loss(repeated, np.exp(found + step), compute, UNIQUE) for step in steps]
    assert (at_best <= np.min(around, axis=0) * (1 + 1e-12)).all()
    freely = best_log_params(repeated.predictor.law_of(0), compute, {"unique_data": 1e30})
    A, B, alpha, beta = (repeated.flat(name)[:, 0] for name in ("A", "B", "alpha", "beta"))
    closed = (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (compute / 6) ** (beta / (alpha + beta))
    np.testing.assert_allclose(np.exp(freely), closed, rtol=1e-6)
    repeats = compute / 6 / closed > UNIQUE
    assert repeats.mean() > 0.99 if compute == 1e24 else repeats.mean() < 1
    np.testing.assert_allclose(found[~repeats], freely[~repeats], rtol=1e-9)
    assert np.abs(found - freely)[repeats].min() > 0


@pytest.mark.fits
def test_what_is_held_is_told_and_predicted_at(repeated):
    best = optimum(repeated, 1e24, at={"unique_data": UNIQUE}, seed=2)
    assert best.at == {"unique_data": UNIQUE}
    f = best.families[0]
    point = {"params": f.recommended_params, "data": f.recommended_data, "unique_data": UNIQUE}
    draws = predict(repeated, [point], seed=2).values[:, 0, 0]
    assert f.loss["median"] == pytest.approx(np.median(draws))
    scarce = optimum(repeated, 1e24, at={"unique_data": UNIQUE / 100}, seed=2).families[0]
    assert scarce.loss["median"] > f.loss["median"]


@pytest.mark.fits
def test_more_passes_over_the_data_than_any_run_made_are_told(repeated):
    seen = repeated.runs.table["data"].max() / 2e10
    spent = 6 * (repeated.runs.table["params"] * repeated.runs.table["data"]).max()
    for unique, compute, said in (
        (1e8, spent, "times as much data as unique_data"),
        (1e13, 100 * spent, "budget is 100"),
    ):
        best = optimum(repeated, compute, at={"unique_data": unique}, seed=2)
        (check,) = (check for check in best.checks if check.name == "extrapolation")
        assert said in check.sentence
        passes = max(f.recommended_data for f in best.families) / unique
        assert check.value == pytest.approx(passes / seen if unique == 1e8 else 100)


@pytest.mark.parametrize(
    ("law", "at", "message"),
    [
        ("data_constrained", {}, "depends on 'unique_data'. Add at unique_data=…"),
        ("data_constrained", {"unique_data": 1e11, "params": 1e9}, "gives 'params', which the budget is split over"),
        ("data_constrained", {"unique_data": -1.0}, "must be a positive number"),
        ("chinchilla", {"unique_data": 1e11}, "no covariate 'unique_data'; .* Laws that have it, .*: data_constrained"),
    ],
)
def test_what_is_held_is_what_the_law_needs(law, at, message):
    with pytest.raises(TargetError, match=message):
        require_budget(get_law(law), COMPUTE, at)


@pytest.mark.parametrize("compute", [1e19, COMPUTE, 1e27])
def test_it_is_the_closed_form(compute, posterior):
    for curve in (0, len(posterior.layout.curves) - 1):
        A, B, alpha, beta = (posterior.flat(name)[:, curve] for name in ("A", "B", "alpha", "beta"))
        best = (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (compute / 6) ** (beta / (alpha + beta))
        law = posterior.predictor.law_of(curve)
        np.testing.assert_allclose(np.exp(best_log_params(law, compute, {})), best, rtol=1e-6)


def test_errors_beyond_the_data_move_the_best_split(posterior):
    """By the slope of the error over the curvature of the loss, to first order; within the data by nothing."""
    compute, law = 1e23, posterior.predictor.law_of(0)
    plain = best_log_params(law, compute, {})
    slope = 1e-4 * np.random.default_rng(0).standard_normal(len(plain))
    tilted = best_log_params(law, compute, {}, ErrorAlong(slope, 1.5, float(np.median(plain))))
    step = 1e-3
    around = [
        law.at({k: v[:, None] for k, v in along_budget(np.exp(plain + d), compute, {}).items()})[:, 0]
        for d in (-step, 0.0, step)
    ]
    curvature = (around[0] - 2 * around[1] + around[2]) / step**2
    near = np.abs(plain - np.median(plain)) < 0.2
    np.testing.assert_allclose((tilted - plain)[near], (-slope / curvature)[near], rtol=0.1, atol=1e-4)
    missed = replace(posterior, draws=posterior.draws.assign(misfit=0.02 + 0.0 * posterior.draws["misfit"]))

    def width(fit, compute):
        params = optimum(fit, compute).families[0].params
        return np.log(params["p95"] / params["p05"])

    assert width(missed, 1e19) == pytest.approx(width(posterior, 1e19))
    assert width(missed, 1e23) > 1.2 * width(posterior, 1e23)


def test_params_and_data_spend_the_budget(posterior):
    best = optimum(posterior, COMPUTE)
    assert [(f.family, f.task) for f in best.families] == [("x", "t"), ("y", "t")]
    for f in best.families:
        assert 6 * f.recommended_params * f.recommended_data == pytest.approx(COMPUTE)
        assert 6 * f.params["p05"] * f.data["p95"] == pytest.approx(COMPUTE, rel=1e-3)
        assert f.tokens_per_param["median"] == pytest.approx(f.data["median"] / f.params["median"], rel=0.05)
        assert list(f.params.values()) == sorted(f.params.values())


def test_the_recommended_point_has_the_least_expected_loss(posterior):
    f = optimum(posterior, COMPUTE).families[0]

    def expected(params):
        E, A, B, alpha, beta = (posterior.flat(name)[:, 0] for name in ("E", "A", "B", "alpha", "beta"))
        return np.mean(E + A / params**alpha + B / (COMPUTE / 6 / params) ** beta)

    nearby = f.recommended_params * np.geomspace(0.3, 3, 61)
    best = min(expected(params) for params in nearby)
    assert expected(f.recommended_params) == pytest.approx(best, rel=1e-5)
    ideal = np.exp(best_log_params(posterior.predictor.law_of(0), COMPUTE, {}))
    E, A, B, alpha, beta = (posterior.flat(name)[:, 0] for name in ("E", "A", "B", "alpha", "beta"))
    least = np.mean(E + A / ideal**alpha + B / (COMPUTE / 6 / ideal) ** beta)
    assert f.expected_regret == pytest.approx(expected(f.recommended_params) - least, rel=1e-6)
    assert f.expected_regret > 0


def test_the_loss_is_that_of_a_run_of_the_family_at_the_recommended_point(surface, forge):
    runs = surface(GRID)
    runs.table.loc[runs.table["family"] == "y", "loss"] *= 1.5
    posterior = spread(runs, "chinchilla", forge)
    for k, f in enumerate(optimum(posterior, COMPUTE, seed=4).families):
        point = {"params": f.recommended_params, "data": f.recommended_data}
        draws = predict(posterior, [point], seed=4).values[:, k, 0]
        assert f.loss == pytest.approx({name: np.quantile(draws, q) for name, q in QUANTILES.items()})


def test_one_exponent_puts_all_budgets_at_the_same_ratio(surface, forge):
    posterior = spread(surface(GRID), "overtraining", forge)
    small, large = (optimum(posterior, compute).families[0].tokens_per_param for compute in (1e20, 1e24))
    for name in small:
        assert small[name] == pytest.approx(large[name], rel=1e-6)


def test_distance_is_judged(posterior):
    spent = 6 * (posterior.layout.covariates["params"] * posterior.layout.covariates["data"]).max()
    near, far = ({c.name: c for c in optimum(posterior, k * spent).checks}["extrapolation"] for k in (9.9, 10.1))
    assert (near.status, far.status) == ("PASS", "REVIEW")
    assert far.value == pytest.approx(10.1)


def test_a_law_without_a_best_split_says_so(surface, forge):
    posterior = spread(surface(GRID), "multiplicative", forge)
    with pytest.raises(LawError, match="goes on falling towards one end"):
        optimum(posterior, COMPUTE)


def test_a_law_of_data_alone_says_so(simulate, forge, random_position):
    runs = simulate({("t", "a"): (200.0, 800.0), ("t", "b"): (200.0, 800.0)}, seed=1)
    position = random_position(build_model(runs, get_law("rectified")), np.random.default_rng(0))
    posterior = forge(runs, {name: np.repeat(v[None], 8, axis=0) for name, v in position.items()})
    with pytest.raises(LawError, match="has no best split"):
        optimum(posterior, COMPUTE)


SPLITS = (
    "chinchilla", "overtraining", "additive", "data_constrained", "error_landscape", "granular_moe", "kaplan",
    "overfitting", "precision", "sparsity", "step_law", "vocabulary",
)  # fmt: skip
"""Not farseer, in which data are ever less use to larger models, nor transfer, in which these need no data at all."""


@pytest.mark.parametrize("law", law_names())
def test_which_laws_split_a_budget_is_known_beforehand(law):
    at = {c.name: 1.0 for c in get_law(law).covariates if c.name not in ("params", "data")}
    if law in SPLITS:
        require_budget(get_law(law), COMPUTE, at)
    else:
        with pytest.raises(LawError, match=r"has no best split|of accuracy"):
            require_budget(get_law(law), COMPUTE, at)


@pytest.mark.parametrize("compute", [0.0, -1.0, np.inf, np.nan])
def test_a_budget_is_a_positive_number(compute, posterior):
    with pytest.raises(TargetError, match="must be a positive number of FLOP"):
        optimum(posterior, compute)


def test_examples_are_not_taken_for_tokens(surface, forge):
    table = surface(GRID).table[["model", "family", "params", "data", "loss"]]
    for tokens, refused in ((500 * table["data"], True), (table["data"], False)):
        found = spread(read_runs(table.assign(tokens=tokens)), "chinchilla", forge, draws=20)
        if refused:
            with pytest.raises(RunsError, match="has data beside tokens"):
                optimum(found, COMPUTE)
        else:
            assert len(optimum(found, COMPUTE).families) == 2


def test_data_that_no_column_says_to_be_tokens_are_a_matter_of_review(surface, forge):
    table = surface(GRID).table[["model", "family", "params", "data", "loss"]]
    named = {}
    for heading in ("data", "tokens"):
        found = optimum(
            spread(read_runs(table.rename(columns={"data": heading})), "chinchilla", forge, draws=20), COMPUTE
        )
        named[heading] = {check.name: check.status for check in found.checks}
    assert named["data"]["data_are_tokens"] == "REVIEW"
    assert "data_are_tokens" not in named["tokens"]


@pytest.mark.parametrize("heading", ["examples", "Seen samples"])
def test_a_column_of_examples_counts_no_tokens(surface, heading):
    table = surface(GRID).table[["model", "family", "params", "data", "loss"]]
    with pytest.raises(RunsError, match=f"the column '{heading}' counts no tokens"):
        require_tokens(read_runs(table.rename(columns={"data": heading})))
    require_tokens(read_runs(table.rename(columns={"data": "D"})))


def test_a_budget_in_words_is_refused(posterior):
    with pytest.raises(TargetError, match="'5e23': a budget must be a positive number"):
        optimum(posterior, "5e23")


def test_the_frame_is_one_row_a_quantity(posterior):
    table = optimum(posterior, COMPUTE).to_frame()
    assert (
        table.groupby("family")["quantity"].agg(list).tolist() == [["params", "data", "tokens_per_param", "loss"]] * 2
    )
