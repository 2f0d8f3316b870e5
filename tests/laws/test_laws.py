"""What every law keeps to, found by introspection; a law that is added is tested without a change here."""

import re

import jax
import numpy as np
import pytest

import bayeslaw
from bayeslaw.errors import BayeslawError, LawError
from bayeslaw.laws import get_law, law_names
from bayeslaw.laws.base import LEVELS

CHOSEN_COLUMNS = ("multiplicative(pretraining_tokens)", "additive(LoRA rank)", "precision(bits)", "rectified(compute)")
TIED = ("chinchilla(alpha=beta)", "three_terms(beta=gamma)")
OF_ANY_SIGN = ("chinchilla(link=identity)", "vanilla(shots, link=identity)", "parallel(link=identity)")
NAMES = (*law_names(), *CHOSEN_COLUMNS, *TIED, *OF_ANY_SIGN)
each_law = pytest.mark.parametrize("law", [get_law(name) for name in NAMES], ids=NAMES)


def reference_of(law):
    return {c.name: float(10.0 ** (5 + 2 * i)) for i, c in enumerate(law.covariates)}


def random_curves(law, rng, count, scale=1.5):
    return {c.name: c.mean + scale * c.sd * rng.standard_normal(count) for c in law.coordinates}


def random_points(law, rng, count):
    return {name: value * 10 ** rng.uniform(-3, 3, count) for name, value in reference_of(law).items()}


def log_shape(law, coordinates, points, reference):
    with jax.enable_x64(True):
        return np.asarray(law.log_shape(coordinates, points, reference))


@each_law
def test_says_what_it_is(law):
    assert law.name in NAMES
    assert get_law(law.name) is law
    for text in (law.formula, law.source):
        assert text.strip()
    of_scores = "error = epsilon - k exp" if law.link == "exponential" else "logit score"
    assert (of_scores if law.kind == "scores" else "L(") in law.formula
    unit = {c.name: c.unit for c in law.covariates}
    assert law.axis in unit
    for c in law.covariates:
        assert not c.like or unit[c.like] == c.unit
    if law.kind == "surfaces":
        assert len(law.covariates) > 1
    for group in (law.covariates, law.coordinates, law.parameters):
        names = [item.name for item in group]
        assert names
        assert len(set(names)) == len(names)
    for item in (*law.covariates, *law.parameters):
        assert item.unit.strip()
    for item in (*law.coordinates, *law.parameters):
        assert item.meaning.strip()
    # both are variables of one data set of draws
    assert not {c.name for c in law.coordinates} & {p.name for p in law.parameters}
    for c in law.coordinates:
        assert "." not in c.name
        assert c.pooling in LEVELS
        assert c.sd > 0
        assert c.spread > 0
        assert np.isfinite(c.mean)


@each_law
def test_shape_is_zero_at_the_reference(law):
    rng = np.random.default_rng(1)
    coordinates, reference = random_curves(law, rng, 200, scale=3), reference_of(law)
    points = {name: np.full(200, value) for name, value in reference.items()}
    np.testing.assert_allclose(log_shape(law, coordinates, points, reference), 0.0, atol=1e-12)


@pytest.mark.fits
@each_law
def test_broadcasts_and_is_elementwise(law):
    rng = np.random.default_rng(2)
    curves, points = random_curves(law, rng, 5), random_points(law, rng, 7)
    reference = reference_of(law)
    whole = log_shape(law, {n: v[:, None] for n, v in curves.items()}, points, reference)
    assert whole.shape == (5, 7)
    one = log_shape(law, {n: v[3] for n, v in curves.items()}, {n: v[2] for n, v in points.items()}, reference)
    assert whole[3, 2] == pytest.approx(one, rel=1e-12)


@each_law
def test_units_of_the_covariates_do_not_matter(law):
    rng = np.random.default_rng(3)
    curves, points, reference = random_curves(law, rng, 100), random_points(law, rng, 100), reference_of(law)
    before = log_shape(law, curves, points, reference)
    for factor in (1e-3, 1000.0):
        scaled = [{name: value * factor for name, value in group.items()} for group in (points, reference)]
        np.testing.assert_allclose(log_shape(law, curves, *scaled), before, rtol=1e-10, atol=1e-12)


@each_law
def test_natural_parameters_are_those_reported(law):
    rng = np.random.default_rng(4)
    curves, reference = random_curves(law, rng, 20), reference_of(law)
    with jax.enable_x64(True):
        low = law.natural(curves, np.zeros(20), reference)
        if law.link == "identity":  # the unit of the loss is a part of the reference
            high = law.natural(curves, np.zeros(20), reference | {"loss": 3.7})
        else:
            high = law.natural(curves, np.full(20, np.log(3.7)), reference)
    assert set(low) == {p.name for p in law.parameters}
    for p in law.parameters:
        assert np.isfinite(low[p.name]).all()
        # loss in other units multiplies the parameters that are losses, is added to their logs, and nothing else
        if p.unit == "log loss":
            np.testing.assert_allclose(high[p.name], np.log(3.7) + np.asarray(low[p.name]), rtol=1e-9)
            continue
        factor = 3.7 ** power_of_loss(p.unit, low)
        np.testing.assert_allclose(high[p.name], factor * np.asarray(low[p.name]), rtol=1e-12)


def power_of_loss(unit, natural):
    """The power of the loss in a unit: 1 for ``loss * examples^c``, 1 - a for ``loss^(1 - a)``, and so with 1 / a."""
    spelled = re.match(r"loss\^\(1 ([-/]) (\w+)\)", unit)
    if not spelled:
        return float(unit.startswith("loss"))
    of = np.asarray(natural[spelled[2]])
    return 1 - of if spelled[1] == "-" else 1 / of


@each_law
def test_gradients_are_finite_at_extremes(law):
    rng = np.random.default_rng(5)
    count = 500
    curves = random_curves(law, rng, count, scale=6)
    points = {c.name: 10 ** rng.uniform(0, 14, count) for c in law.covariates}
    with jax.enable_x64(True):
        total = jax.jit(jax.grad(lambda coordinates: law.log_shape(coordinates, points, reference_of(law)).sum()))
        gradient = total({name: np.asarray(value) for name, value in curves.items()})
    for values in gradient.values():
        assert np.isfinite(values).all()


@pytest.mark.fits
@each_law
def test_gradients_are_those_of_finite_differences(law):
    rng = np.random.default_rng(6)
    curves, points, reference = random_curves(law, rng, 60), random_points(law, rng, 60), reference_of(law)
    with jax.enable_x64(True):
        gradient = jax.grad(lambda coordinates: law.log_shape(coordinates, points, reference).sum())(curves)
    step = 1e-5
    for name, values in curves.items():
        low, high = (log_shape(law, curves | {name: values + s}, points, reference) for s in (-step, step))
        np.testing.assert_allclose(gradient[name], (high - low) / (2 * step), rtol=1e-5, atol=1e-8)


def test_an_unknown_law_is_answered_with_those_there_are():
    with pytest.raises(LawError, match="no law 'rectfied'") as caught:
        get_law("rectfied")
    assert isinstance(caught.value, BayeslawError)
    for name in law_names():
        assert name in str(caught.value)


def test_a_law_takes_a_covariate_from_the_column_in_its_name():
    law = get_law("multiplicative(pretraining_tokens)")
    assert law.name == "multiplicative(pretraining_tokens)"
    assert [c.name for c in law.covariates] == ["pretraining_tokens", "data"]
    assert get_law("additive( LoRA rank )") is get_law("additive(LoRA rank)")
    assert get_law("additive(LoRA rank)").covariates[0].name == "LoRA rank"
    assert get_law("multiplicative(params)") is get_law("multiplicative")


@pytest.mark.parametrize(
    "name",
    [
        "multiplicative(", "multiplicative()", "multiplicative( )", "multiplicative(a)b", "multiplicative(a, b)",
        "multiplicative(a))", "multiplicative)", "(a)", "multiplicative (a)", "multiplicative(x=)",
        "multiplicative(x=a=b)",
    ],
)  # fmt: skip
def test_a_name_with_brackets_that_is_not_spelled_right_is_shown_how(name):
    with pytest.raises(LawError, match=r"'multiplicative\(pretraining_tokens\)'") as caught:
        get_law(name)
    assert repr(name) in str(caught.value)


def test_a_column_that_no_law_can_take_is_refused():
    with pytest.raises(LawError, match=r"chinchilla law leaves no choice of a column. Write 'chinchilla'"):
        get_law("chinchilla(compute)")
    for column in ("row", "seed", "loss_se"):
        with pytest.raises(LawError, match=f"'{column}' is no scale"):
            get_law(f"multiplicative({column})")
    for column in ("data", "loss"):
        with pytest.raises(LawError, match=f"has '{column}' already"):
            get_law(f"additive({column})")
    with pytest.raises(LawError, match="has 'params' already"):
        get_law("precision(params)")
    with pytest.raises(LawError, match="has 'loss' already"):
        get_law("vanilla(loss)")
    with pytest.raises(LawError, match=r"no law 'newton\(params\)'"):
        get_law("newton(params)")


def test_a_law_of_one_covariate_is_taken_along_any_column(trial):
    law, own = get_law("vanilla(compute)"), get_law("vanilla")
    assert (law.name, law.axis, law.covariates[0].unit) == ("vanilla(compute)", "compute", "FLOP")
    assert get_law("vanilla( compute )") is law
    assert get_law("vanilla(data)") is own
    assert [p.unit for p in law.parameters] == ["loss", "loss * FLOP^beta", "1"]
    assert law.parameters[0].meaning == "irreducible loss: what remains with unlimited compute"
    one, other = trial("vanilla(compute)", compute=1e20), trial("vanilla", data=1e20)
    coordinates, sizes = one.coordinates(20), one.points(20)["compute"]
    np.testing.assert_array_equal(one.loss(coordinates, {"compute": sizes}), other.loss(coordinates, {"data": sizes}))


def test_tied_exponents_are_one(trial):
    law, free = trial("chinchilla(alpha=beta)", params=1e9, data=1e10), trial("chinchilla", params=1e9, data=1e10)
    assert get_law("chinchilla( alpha = beta )") is law.law
    assert [c.name for c in law.law.coordinates] == ["floor", "split", "log_alpha"]
    assert {p.name: p.coordinate for p in law.law.parameters}["beta"] == ""
    coordinates, points = law.coordinates(20), law.points(20)
    whole = coordinates | {"log_beta": coordinates["log_alpha"]}
    np.testing.assert_array_equal(law.loss(coordinates, points), free.loss(whole, points))
    found = law.natural(coordinates)
    np.testing.assert_array_equal(found["alpha"], found["beta"])
    np.testing.assert_allclose(found["a"], 0.5)
    # the slopes along both add up
    both = free.law.slopes(whole)
    expected = np.logaddexp(both["log_alpha"], both["log_beta"])
    np.testing.assert_allclose(law.law.slopes(coordinates)["log_alpha"], expected, rtol=1e-6)


def test_losses_of_any_sign_follow_the_same_law_on_top_of_any_number(trial):
    law, free = trial("chinchilla(link=identity)", params=1e9, data=1e10), trial("chinchilla", params=1e9, data=1e10)
    assert law.law.link == "identity"
    assert get_law("chinchilla(alpha=beta, link=identity)").name == "chinchilla(alpha=beta, link=identity)"
    coordinates, points, level = law.coordinates(200), law.points(200), np.random.default_rng(3).normal(-4.0, 1.0, 200)
    unit = 0.7
    with jax.enable_x64(True):
        found = unit * (level + np.asarray(law.law.log_shape(coordinates, points, law.reference)))
        natural = law.law.natural(coordinates, level, law.reference | {"loss": unit})
    p = {name: np.asarray(value) for name, value in natural.items()}
    expected = p["E"] + p["A"] / points["params"] ** p["alpha"] + p["B"] / points["data"] ** p["beta"]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    assert (p["E"] < unit * level).all()
    # where losses are positive it is the law itself, with a unit of log loss turned into one of loss
    same = {name: coordinates[name] for name in ("split", "log_alpha", "log_beta")} | {"floor": np.full(200, 0.4)}
    share = 1 / (1 + np.exp(0.4))
    with jax.enable_x64(True):
        shape = np.asarray(
            law.law.log_shape(same | {"log_reducible": np.full(200, np.log(share))}, points, law.reference)
        )
    np.testing.assert_allclose(1 + shape, free.loss(same, points), rtol=1e-9)


@pytest.mark.parametrize("name", ["moe", "in_context", "m4", "annealing", "error_landscape", "kaplan"])
def test_a_law_that_is_no_floor_and_one_part_has_no_identity_link(name):
    with pytest.raises(LawError, match=r"irreducible loss E plus one part that falls") as caught:
        get_law(f"{name}(link=identity)")
    assert name in str(caught.value)
    with pytest.raises(LawError, match="the one link that a law can be given is link=identity"):
        get_law("chinchilla(link=logit)")


@pytest.mark.parametrize("tie", ["alpha=E", "alpha=alpha", "alpha=gamma", "E=A"])
def test_what_cannot_be_tied_is_refused_with_what_can(tie):
    with pytest.raises(LawError, match=r"can be tied. It has alpha, beta\.") as caught:
        get_law(f"chinchilla({tie})")
    assert tie in str(caught.value)
    with pytest.raises(LawError, match="has no two that are"):
        get_law("vanilla(beta=E)")


def test_names_are_sorted_and_leave_out_the_base():
    assert list(law_names()) == sorted(law_names())
    assert "rectified" in law_names()
    assert "base" not in law_names()
    assert bayeslaw.get_law("rectified") is get_law("rectified")
    with pytest.raises(LawError):
        get_law("base")
