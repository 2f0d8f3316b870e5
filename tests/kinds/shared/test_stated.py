"""Priors that users state in natural parameters, against draws from the prior."""

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.errors import PriorError
from bayeslaw.fitting.assemble import prior_draws
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.stated import coordinate_priors, with_coordinate_priors
from bayeslaw.laws import get_law

QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95]


def drawn(runs, law, priors, name):
    """Draws from the prior of a natural parameter of the first curve, 2,000 of them."""
    return prior_draws(build_model(runs, get_law(law), priors=priors), 0)[name].values[..., 0].ravel()


def test_an_exponent_stated_as_lognormal_is_that(three_models):
    """Kolmogorov distance of 2,000 draws: beyond 0.05 in one of ten thousand."""
    found = np.log(drawn(three_models, "rectified", {"beta": bl.LogNormal(0.35, 0.2)}, "beta") / 0.35) / 0.2
    from scipy import stats

    assert stats.kstest(found, "norm").statistic < 0.05
    (c,) = (c for c in build(three_models, {"beta": bl.LogNormal(0.35, 0.2)}).law.coordinates if c.name == "log_beta")
    assert c.mean == pytest.approx(np.log(0.35), abs=1e-3)
    assert c.sd == pytest.approx(0.2, rel=0.02)


def build(runs, priors, law="rectified"):
    return build_model(runs, get_law(law), priors=priors)


@pytest.mark.parametrize(
    ("name", "prior", "expected"),
    [
        ("E", bl.Normal(1.7, 0.05), 1.7 + 0.05 * np.array([-1.645, -0.674, 0.0, 0.674, 1.645])),
        ("beta", bl.Normal(0.4, 0.03), 0.4 + 0.03 * np.array([-1.645, -0.674, 0.0, 0.674, 1.645])),
    ],
)
def test_draws_from_the_prior_have_the_quantiles_that_were_stated(name, prior, expected, surface):
    """One family, so that its level is what the runs say: within the error of the normal that stands for it."""
    runs = surface({"x": ((1e8, 2e8, 4e8), (2e9, 8e9, 2e10))})
    model = build(runs, {name: prior}, "chinchilla")
    rng = np.random.default_rng(1)
    values = {c.name: c.mean + c.sd * rng.standard_normal(20_000) for c in model.law.coordinates}
    nearest = np.abs(model.layout.axis[0]).argmin()  # all models are measured at the same sizes
    level = np.full(20_000, np.median(model.layout.y[:, nearest]))
    import jax

    with jax.enable_x64(True):
        reference = {k: float(v[0]) for k, v in model.layout.reference.items()}
        found = np.asarray(model.law.natural(values, level, reference)[name])
    spread = expected[-1] - expected[0]
    np.testing.assert_allclose(np.quantile(found, QUANTILES), expected, atol=0.15 * spread)


def test_several_statements_hold_together(surface):
    """What D_l stands for depends on beta: both are settled together."""
    runs = surface({"x": ((1e8, 2e8, 4e8), (2e9, 8e9, 2e10))})
    stated = {"beta": bl.LogNormal(0.3, 0.02), "D_l": bl.LogNormal(800.0, 0.5), "E": bl.Normal(1.0, 0.1)}
    found = {name: drawn(runs, "rectified", stated, name) for name in stated}
    assert np.median(found["beta"]) == pytest.approx(0.3, rel=0.02)
    assert np.median(found["D_l"]) == pytest.approx(800.0, rel=0.2)
    assert np.median(found["E"]) == pytest.approx(1.0, rel=0.2)


def test_a_scale_and_a_coordinate_take_the_statement_as_it_stands(three_models):
    model = build(three_models, {"noise": bl.LogNormal(0.02, 0.1), "phase": bl.Normal(2.0, 0.3)})
    assert model.density.scales.noise == bl.LogNormal(0.02, 0.1)
    assert [(c.mean, c.sd) for c in model.law.coordinates if c.name == "phase"] == [(2.0, 0.3)]
    untouched = [c for c in model.law.coordinates if c.name != "phase"]
    assert untouched == [c for c in get_law("rectified").coordinates if c.name != "phase"]


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ({"betta": bl.Normal(0.3, 0.1)}, "Did you mean 'beta'"),
        ({"noise": bl.Normal(0.3, 0.1)}, "a scale, whose prior is a LogNormal"),
        (
            {"own_change": bl.LogNormal(0.01, 0.5)},
            "own_change: not sampled under a prior of its own; give fit the scales",
        ),
        ({"roughness": bl.LogNormal(0.7, 0.1)}, "roughness: not sampled"),
        ({"B": bl.Normal(0.3, 0.1)}, "follows from others"),
        ({"D_l": bl.Normal(9, 1), "phase": bl.Normal(0, 1)}, "both settle 'phase'"),
        ({"floor": bl.LogNormal(1, 1)}, "state a Normal"),
        ({"beta": 0.3}, "expected Normal"),
        ({"beta": bl.Normal(0.3, 0.0)}, "positive sd"),
        ({"beta": bl.LogNormal(-0.3, 0.1)}, "positive sd"),
        ({"E": bl.Normal(50.0, 1.0)}, "near the reference point the outcome is"),
        ({"D_l": bl.LogNormal(10.0, 0.5)}, "State the others more narrowly"),
        ({"beta": bl.Normal("1", 0.1)}, "expected finite numbers"),
        ({"betta": bl.Normal(0.3, 0.1), "B": bl.Normal(0.3, 0.1)}, "betta.*B: follows"),
    ],
)
def test_statements_that_cannot_be_used_are_refused_all_at_once(priors, message, three_models):
    with pytest.raises(PriorError, match=message):
        build(three_models, priors)


@pytest.fixture(scope="module")
def two_sets(surface):
    """The same models on two evaluation sets, one of which is harder by a nat."""
    one = surface({"x": ((1e8, 2e8, 4e8), (2e9, 8e9, 2e10))}).table.assign(task="c4")
    both = [one, one.assign(task="wiki", loss=one["loss"] + 1.0)]
    return bl.read_runs(pd.concat(both)[["task", "family", "model", "params", "data", "loss"]])


@pytest.mark.fits
def test_an_irreducible_loss_is_stated_of_one_evaluation_set(two_sets):
    """Of the other, and of what tasks have in common, the prior stays."""
    law, stated = get_law("chinchilla"), {"E@wiki": bl.Normal(2.8, 0.02)}
    with_it, without = (build(two_sets, priors, "chinchilla") for priors in (stated, None))
    draws, before = prior_draws(with_it, 0), prior_draws(without, 0)
    tasks = [c.task for c in with_it.layout.curves]
    c4, wiki = tasks.index("c4"), tasks.index("wiki")
    one = coordinate_priors(with_it.law)["floor"]
    assert one["tasks"]["wiki"]["sd"] < 0.05
    assert (one["mean"], one["sd"]) == (law.coordinates[0].mean, law.coordinates[0].sd)
    floor = draws["floor"].values[0]
    np.testing.assert_array_equal(floor[:, c4], before["floor"].values[0][:, c4])
    assert floor[:, wiki].mean() == pytest.approx(one["tasks"]["wiki"]["mean"], abs=0.01)
    assert floor[:, wiki].std() == pytest.approx(one["tasks"]["wiki"]["sd"], rel=0.1)
    effect, location = draws["effect_floor_task"].values[0], draws["location_floor"].values[0]
    np.testing.assert_allclose(location[:, None] + effect, floor[:, [c4, wiki]], rtol=1e-10)
    assert with_coordinate_priors(law, coordinate_priors(with_it.law)) == with_it.law


def test_each_set_has_the_loss_stated_of_it(two_sets):
    """Through the levels of its own runs: E is a share of these."""
    stated = {"E@c4": bl.Normal(1.8, 0.02), "E@wiki": bl.Normal(2.8, 0.02), "beta": bl.LogNormal(0.35, 0.1)}
    model = build(two_sets, stated, "chinchilla")
    priors = coordinate_priors(model.law)["floor"]["tasks"]
    nearest = np.abs(model.layout.axis).argmin(axis=1)
    for task, wanted in (("c4", 1.8), ("wiki", 2.8)):
        (k,) = (k for k, name in enumerate(model.layout.tasks) if name == task)
        level = np.median(model.layout.y[np.arange(len(nearest)), nearest][model.layout.task_of == k])
        assert np.exp(level) / (1 + np.exp(-priors[task]["mean"])) == pytest.approx(wanted, abs=0.005)


def test_of_one_task_a_statement_with_its_name_is_one_without(surface):
    runs = surface({"x": ((1e8, 2e8, 4e8), (2e9, 8e9, 2e10))})
    named, plain = (build(runs, {name: bl.Normal(1.7, 0.05)}, "chinchilla").law for name in ("E@t", "E"))
    assert named.coordinates == plain.coordinates


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ({"E@wikii": bl.Normal(2.8, 0.1), "E@d": bl.Normal(1, 1)}, "Did you mean E@wiki.*no task 'd'"),
        ({"noise@wiki": bl.LogNormal(0.01, 0.5)}, "a scale, whose prior all tasks share"),
        ({"E@wiki": bl.Normal(1.8, 0.02), "floor@wiki": bl.Normal(1, 1)}, "both settle 'floor'"),
        ({"E@wiki": bl.Normal(9.0, 0.1)}, "near the reference point the outcome is"),
        ({"A@wiki": bl.Normal(9.0, 0.1)}, "follows from others"),
    ],
)
def test_statements_of_a_task_are_refused_as_others_are(priors, message, two_sets):
    with pytest.raises(PriorError, match=message):
        build(two_sets, priors, "chinchilla")


def test_beside_a_borrowed_prior_statements_are_refused(prior, three_models):
    with pytest.raises(PriorError, match="Leave out stated priors"):
        build_model(three_models, get_law("rectified"), priors={"beta": bl.Normal(0.3, 0.1)}, borrowed=prior.borrowed)


def test_a_law_without_statements_is_itself():
    assert with_coordinate_priors(get_law("rectified"), {}) is get_law("rectified")


@pytest.mark.fits
def test_a_fit_believes_what_was_stated_and_says_so(two_models, settings, tmp_path):
    """Two models with three runs each say little of the floor: a tight statement decides."""
    fit = bl.fit(two_models, priors={"floor": bl.Normal(0.5, 0.01)}, sampler=settings, seed=1)
    found = fit.posterior.draws["floor"].values
    assert found.mean() == pytest.approx(0.5, abs=0.02)
    assert fit.posterior.settings["stated_priors"] == {"floor": {"type": "Normal", "mean": 0.5, "sd": 0.01}}
    fit.save(tmp_path / "fit.nc")
    again = bl.load(tmp_path / "fit.nc")
    assert again.to_datatree()["prior"]["floor"].values.std() == pytest.approx(0.01, rel=0.1)
