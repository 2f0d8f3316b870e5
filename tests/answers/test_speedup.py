"""How many times as much one choice needs, with everything held at known curves."""

from dataclasses import replace

import numpy as np
import pytest

from bayeslaw.answers import speedup as module
from bayeslaw.answers.speedup import _first_reached, _lowest, speedup
from bayeslaw.errors import TargetError
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.kinds.shared.scales import Foretold
from bayeslaw.kinds.surfaces.priors import SurfacePriors
from bayeslaw.laws import get_law

SIZES, TOKENS = (1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10, 5e10)
DRAWS = 200
STEADY = SurfacePriors(misfit=Foretold(0.0, exponent=0.0, sd=0.0, typical=1.0, spread=0.0))
"""Scales under which laws hold beyond the data."""


@pytest.fixture(scope="module")
def posterior(surface, forge):
    """Two families of the Chinchilla law that hold exactly: y has a lower level than x, and a share of its own."""
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    law, rng = get_law("chinchilla"), np.random.default_rng(2)
    model = build_model(runs, law)
    positions = {name: np.zeros((DRAWS, *shape)) for name, shape in model.sizes().items()}
    for name in ("field_sd", "curvature_sd"):
        positions[name][:] = -60.0
    positions["level"][:, 1] = positions["level"][:, 0] - 0.03 + 0.005 * rng.standard_normal(DRAWS)
    positions["spread.split.family"][:] = 0.0
    positions["split.family"][:, 1] = 0.3 + 0.05 * rng.standard_normal(DRAWS)
    return forge(runs, positions, law="chinchilla", scales=STEADY)


def constants(posterior):
    """E, A, B, alpha and beta of x and of y: arrays (S,)."""
    return [[posterior.flat(name)[:, curve] for name in ("E", "A", "B", "alpha", "beta")] for curve in (0, len(SIZES))]


def check(found, factors):
    np.testing.assert_allclose(found.factors, factors, rtol=2e-3)
    assert found.factor["median"] == pytest.approx(np.median(factors), rel=5e-3)
    assert found.p_saves == np.mean(factors > 1)


@pytest.mark.parametrize("data", [1e9, 3e11])
def test_data_saved_at_a_size_of_the_model(posterior, data):
    (E, A, B, alpha, beta), y = constants(posterior)
    params = 4e8
    loss = y[0] + y[1] / params ** y[3] + y[2] / data ** y[4]
    needed = (B / (loss - E - A / params**alpha)) ** (1 / beta)
    found = speedup(posterior, "x", "y", at={"params": params, "data": data})
    check(found, needed / data)
    np.testing.assert_allclose(found.losses, loss)
    assert found.of == "data"
    assert f"{found.factor['median']:.3g} times the data of y" in found.sentence


def test_data_saved_at_a_loss(posterior):
    params, loss = 1.6e9, float(np.exp(posterior.predictor.layout.y.mean()))
    needed = [(B / (loss - E - A / params**alpha)) ** (1 / beta) for E, A, B, alpha, beta in constants(posterior)]
    check(speedup(posterior, "x", "y", at={"params": params, "loss": loss}), needed[0] / needed[1])


def along_frontier(E, A, B, alpha, beta):
    """Of L = E + K (C / 6)^-s: K and s."""
    s = alpha * beta / (alpha + beta)
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    return A * G**-alpha + B * G**beta, s


def test_compute_saved_along_the_frontiers(posterior):
    compute, (x, y) = 1e21, constants(posterior)
    (Kx, sx), (Ky, sy) = along_frontier(*x), along_frontier(*y)
    loss = y[0] + Ky * (compute / 6) ** -sy
    needed = 6 * (Kx / (loss - x[0])) ** (1 / sx)
    found = speedup(posterior, "x", "y", at={"compute": compute})
    assert found.of == "compute"
    # the size that is the best of the median draw stands for that of each
    np.testing.assert_allclose(found.factors, needed / compute, rtol=0.02)
    assert found.factor["median"] == pytest.approx(np.median(needed / compute), rel=5e-3)


def test_the_other_way_round_is_one_over_it(posterior):
    there, back = (speedup(posterior, *names, at={"params": 4e8, "loss": 3.0}) for names in (("x", "y"), ("y", "x")))
    np.testing.assert_allclose(there.factors * back.factors, 1.0, rtol=1e-6)
    assert there.p_saves == 1 - back.p_saves


def test_a_loss_that_one_never_reaches(posterior):
    (E, A, _, alpha, _), y = constants(posterior)
    floors = [E + A / 4e8**alpha, y[0] + y[1] / 4e8 ** y[3]]
    loss = float(np.median(floors[0]))
    found = speedup(posterior, "x", "y", at={"params": 4e8, "loss": loss - 0.01})
    assert found.p_never_a == 1.0
    assert found.p_never_b == pytest.approx(np.mean(floors[1] > loss - 0.01), abs=0.2)
    assert found.p_never_a > found.p_never_b
    assert np.isinf(found.factor["median"])
    assert "x never gets there with probability 1.00" in found.sentence
    nothing = speedup(posterior, "x", "y", at={"params": 4e8, "loss": 0.01})
    assert nothing.factor == {}
    assert nothing.sentence == "Neither x nor y reaches loss 0.01."


def test_what_few_draws_reach_is_no_factor(posterior):
    (E, A, _, alpha, _), y = constants(posterior)
    lowest = np.minimum(E + A / 4e8**alpha, y[0] + y[1] / 4e8 ** y[3])
    hardly = speedup(posterior, "x", "y", at={"params": 4e8, "loss": float(np.quantile(lowest, 0.05))}, kind="law")
    assert 0.9 < hardly.p_neither < 1
    assert hardly.factor == {}
    assert hardly.sentence.startswith("Neither x nor y reaches loss ")
    assert hardly.sentence.endswith(f" in {hardly.p_neither:.1%} of draws; there is no factor to tell.")
    assert hardly.record()["p_neither"] == hardly.p_neither
    some = speedup(posterior, "x", "y", at={"params": 4e8, "loss": float(np.quantile(lowest, 0.5))}, kind="law")
    assert some.factor
    assert f"neither does with probability {some.p_neither:.2f}, and the factor is of the other draws." in some.sentence


def test_models_are_compared_at_their_own_size(posterior):
    by_family = speedup(posterior, "x", "y", at={"params": 4e8, "data": 1e10})
    by_model = speedup(posterior, "x-4e+08", "y-4e+08", at={"data": 1e10})
    np.testing.assert_allclose(by_model.factors, by_family.factors)


def test_laws_alone_have_no_departures(three_models, forge_at_random):
    posterior = forge_at_random(three_models)
    law, curve = (speedup(posterior, "a", "b", at={"data": 1600.0}, kind=kind) for kind in ("law", "curve"))
    targets = posterior.predictor.pair(("a", "b"), None, {}, np.array([1600.0]))
    np.testing.assert_allclose(law.losses, np.exp(posterior.predictor.law_alone(targets)[:, 1, 0]))
    assert not np.allclose(law.losses, curve.losses)
    assert (law.kind, curve.kind) == ("law", "curve")


def test_of_scores_more_is_better(posterior, monkeypatch):
    """With the sign of everything turned, as many times the data are needed."""
    at = {"params": 4e8, "data": 1e10}
    losses, lines = speedup(posterior, "x", "y", at=at), module._lines

    class Scores(type(posterior.predictor)):
        @property
        def outcome(self):
            found = super().outcome
            return type(found)("score", "", higher_is_better=True, link_name="identity")

    predictor = posterior.predictor
    own = type(predictor)
    object.__setattr__(predictor, "__class__", Scores)
    monkeypatch.setattr(module, "_lines", lambda *args: -lines(*args))
    monkeypatch.setattr(module, "kind_of", lambda law: replace(kind_of(law), outcome=predictor.outcome))
    try:
        scores = speedup(posterior, "x", "y", at=at)
        by_score = speedup(posterior, "x", "y", at={"params": 4e8, "score": -float(np.log(2.9))})
    finally:
        object.__setattr__(predictor, "__class__", own)
    np.testing.assert_allclose(scores.factors, losses.factors)
    np.testing.assert_allclose(scores.losses, -np.log(losses.losses))
    monkeypatch.undo()
    by_loss = speedup(posterior, "x", "y", at={"params": 4e8, "loss": 2.9})
    np.testing.assert_allclose(by_score.factors, by_loss.factors)


def test_lowest_points_lie_between_the_places_of_a_grid():
    grid, lowest = np.linspace(-2.0, 2.0, 9), np.array([0.1, -0.37, 0.6])
    np.testing.assert_allclose(_lowest((grid - lowest[:, None]) ** 2, grid), lowest)


def test_far_off_it_is_said(posterior):
    near, far = (speedup(posterior, "x", "y", at={"params": 4e8, "data": data}) for data in (1e10, 1e13))
    status = [{c.name: c.status for c in found.checks}["extrapolation"] for found in (near, far)]
    assert status[0] == "PASS"
    assert status[1] != "PASS"


def test_curves_of_one_covariate(three_models, forge_at_random):
    posterior = forge_at_random(three_models)
    found = speedup(posterior, "a", "b", at={"data": 1600.0})
    assert found.of == "data"
    assert set(found.draws) == {"factor", "loss"}
    assert found.to_dict()["factor"] == found.factor
    assert found.to_frame()["what"].tolist() == ["data of a over that of b", "loss"]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ({"params": 1e9}, "at one data of the second choice or at one loss of both, found neither"),
        ({"params": 1e9, "data": 1e9, "loss": 3.0}, "found loss and data"),
        ({"params": 1e9, "data": -1.0}, "cannot be found at data=-1"),
        ({"data": 1e9}, "no covariate|found neither|params"),
        ({"params": 1e9, "rank": 4.0, "data": 1e9}, "no covariate 'rank'"),
    ],
)
def test_points_that_are_none(posterior, at, told):
    with pytest.raises(TargetError, match=told):
        speedup(posterior, "x", "y", at=at)


def test_two_choices_are_needed(posterior):
    with pytest.raises(TargetError, match="Both choices are 'x'"):
        speedup(posterior, "x", "x", at={"compute": 1e21})
    with pytest.raises(TargetError, match="no model or family 'z'"):
        speedup(posterior, "x", "z", at={"compute": 1e21})
    with pytest.raises(TargetError, match="none of what can be compared"):
        speedup(posterior, "x", "y", at={"compute": 1e21}, kind="run")


def test_the_first_size_at_which_a_line_comes_down():
    logs = np.array([0.0, 1.0, 2.0, 3.0])
    lines = np.array([[4.0, 3.0, 1.0, 2.0], [4.0, 3.0, 2.5, 2.2], [1.0, 0.5, 0.2, 0.1]])
    np.testing.assert_allclose(_first_reached(lines, np.array([2.0, 2.0, 2.0]), logs), [1.5, np.inf, 0.0])


def test_an_outcome_that_both_have_passed_is_refused(posterior):
    with pytest.raises(TargetError, match="would have passed that loss at the smallest size looked at"):
        speedup(posterior, "x", "y", at={"params": 1.6e9, "loss": 1e6})
