"""Scores: walks and conditional draws against algebra, the density beside its generative form, and one fit."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from jax.flatten_util import ravel_pytree
from numpyro.infer.util import log_density as numpyro_log_density
from scipy.special import expit, logit

import bayeslaw as bl
from bayeslaw.errors import LawError, TargetError
from bayeslaw.evidence.comparison.candidates import all_laws
from bayeslaw.evidence.sensitivity import log_prior
from bayeslaw.kinds.base import log_density
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.kinds.scores.conditional import Bases, Coefficients, given_rest, heights
from bayeslaw.kinds.scores.density import LEVEL_SD, OWN, SCALES, ceiling_above, levels_of, prior_of_chance
from bayeslaw.kinds.scores.layout import SIZE_EXPONENT, levelling_size
from bayeslaw.kinds.scores.priors import ScorePriors
from bayeslaw.kinds.scores.walks import Walk, brownian, walk_over
from bayeslaw.kinds.shared.scales import LogNormal
from bayeslaw.laws import get_law
from bayeslaw.laws.suited import suited_law
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.sampling.twin import NumpyroSites

SIZES = {"s": 1e8, "m": 4e8, "l": 1.6e9, "xl": 6.4e9}
TOKENS = np.array([2e10, 4e10, 8e10, 1.2e11, 1.6e11, 2e11, 2.6e11, 3e11])
CHANCE, QUESTIONS = {"easy": 0.25, "hard": 0.5}, {"easy": 4000, "hard": 1000}
LEVEL = {"easy": 0.3, "hard": -0.5}


def truth(task, params, tokens):
    """Score of a model by the law, without departures; its ceiling is .97 of the way."""
    n, t = np.log(params / 1e9), np.log(tokens / 1e11)
    skill = LEVEL[task] - np.log(0.5 * np.exp(-0.6 * n) + 0.5 * np.exp(-0.8 * t))
    return CHANCE[task] + 0.97 * (1 - CHANCE[task]) * expit(skill)


def score_table(seen=None, known=True):
    rng = np.random.default_rng(3)
    rows = []
    for task in CHANCE:
        for model, params in SIZES.items():
            for tokens in TOKENS:
                right = rng.binomial(QUESTIONS[task], truth(task, params, tokens))
                rows.append((task, model, "f", params, tokens, right / QUESTIONS[task], CHANCE[task], QUESTIONS[task]))
    names = ["task", "model", "family", "params", "tokens", "accuracy", "chance", "questions"]
    table = pd.DataFrame(rows, columns=names)
    table = table if seen is None else table[seen(table)]
    return table if known else table.drop(columns=["chance", "questions"])


@pytest.fixture(scope="module")
def runs():
    return bl.read_runs(score_table(lambda table: (table["model"] != "xl") | (table["tokens"] <= 8e10)))


@pytest.fixture(scope="module")
def model(runs):
    return build_model(runs, get_law("trajectory"))


@pytest.fixture(scope="module")
def fitted(runs):
    return bl.fit(
        runs, law="trajectory", seed=1, early_tokens=0, sampler=SamplerSettings(warmup=150, draws=100, enough="REVIEW")
    )


@pytest.mark.parametrize(
    ("chance", "said", "remedy"),
    [
        (0.9, "standard errors below chance, 0.9.", "whether the column chance is that of this task"),
        (0.0, "standard errors above chance, 0.", ""),
    ],
)
def test_scores_below_chance_ask_whether_chance_is_right(chance, said, remedy):
    runs = bl.read_runs(score_table().assign(chance=chance))
    law = get_law("trajectory")
    kind = kind_of(law)
    (check,) = (one for one in kind.checks(kind.layout(runs, law, None), law) if one.name == "above_chance")
    assert (check.status == "REVIEW") == (chance > 0)
    assert said in check.sentence
    assert remedy in check.remedy


def test_walks_have_the_covariance_of_a_brownian_motion_at_their_knots():
    walk = Walk(-1.0, np.array([-0.5, 0.2, 1.0]))
    at = np.array([-2.0, -1.0, -0.5, 0.2, 1.0, 3.0])
    elapsed = np.clip(at, -1.0, 1.0) + 1.0
    found = walk.functions(at)
    np.testing.assert_allclose(found @ found.T, np.minimum(elapsed[:, None], elapsed), atol=1e-12)
    np.testing.assert_allclose(walk.ahead(at), [0, 0, 0, 0, 0, 2.0])
    middle = walk.functions(np.array([0.6]))[0]
    np.testing.assert_allclose(middle, (walk.functions(np.array([0.2]))[0] + walk.functions(np.array([1.0]))[0]) / 2)


def test_walks_have_no_more_knots_than_fit_their_range():
    assert len(walk_over(np.array([0.0, 0.5]), 0.7, 4).knots) == 0
    np.testing.assert_allclose(walk_over(np.array([0.0, 1.5]), 0.7, 4).knots, [0.75, 1.5])
    assert len(walk_over(np.array([0.0, 100.0]), 0.7, 4).knots) == 4
    assert walk_over(np.array([0.0, 0.5]), 0.7, 4).functions(np.zeros((2, 3))).shape == (2, 3, 0)


def test_brownian_motions_have_independent_increments():
    """Each entry of the covariance of 20,000 draws within five standard errors: false alarms of one in a million."""
    ahead = np.array([[0.5, 2.0], [2.0, 0.0]])
    found = brownian(ahead, np.random.default_rng(0), 20_000).reshape(20_000, 4)
    wanted = np.minimum(ahead.ravel()[:, None], ahead.ravel())
    error = np.sqrt((wanted**2 + np.outer(np.diag(wanted), np.diag(wanted))) / 20_000)
    assert (abs(found.T @ found / 20_000 - wanted) <= 5 * error + 1e-12).all()
    np.testing.assert_array_equal(found[:, 1], found[:, 2])


def regression(rng, group_of=(0, 0, 1, 2, 3), effects=True, walks=2):
    """Five curves of three models of two families on two tasks, with two basis functions of their own.

    Returns bases, coefficients from a flat array, mean, root and volume by ``given_rest``, and mean and information by
    normal equations.
    """
    shared = np.concatenate([np.ones((5, 6, 1)), rng.standard_normal((5, 6, walks))], axis=2)
    scales = [effects * np.exp(rng.standard_normal(2)) for _ in range(3)]
    bases = Bases(
        own=rng.standard_normal((5, 6, 2)),
        shared=shared,
        size=rng.standard_normal(5),
        sd=np.exp(rng.standard_normal((2, 1 + 2 * walks))),
        model_sd=scales[0],
        family_sd=scales[1],
        group_sd=scales[2],
        task_of=np.array([0, 0, 0, 1, 1]),
        model_of=np.array([0, 1, 2, 0, 2]),
        group_of=np.array(group_of),
        family_of_model=np.array([0, 0, 1]),
        family_of_group=np.array([0, 1, 0, 1])[: max(group_of) + 1],
        task_of_group=np.array([0, 0, 1, 1])[: max(group_of) + 1],
    )
    precision, response = np.exp(rng.standard_normal((5, 6))), rng.standard_normal((5, 6))
    precision[1, 4:] = 0.0
    sizes = Coefficients((5, 2), (3,), (2,), (max(group_of) + 1,), bases.sd.shape)
    apart = ravel_pytree(Coefficients(*map(np.zeros, sizes)))[1]

    @jax.jit
    def found(z):
        coefficients, volume = given_rest(bases, precision, response, apart(z))
        return ravel_pytree(coefficients)[0], volume

    @jax.jit
    @jax.vmap
    def skill(z):
        of_curves = jnp.einsum("cmr,cr->cm", bases.shared, heights(bases, apart(z)))
        return of_curves + jnp.einsum("cmb,cb->cm", bases.own, apart(z).own)

    with jax.enable_x64(True):
        zeros = np.zeros(sum(int(np.prod(size)) for size in sizes))
        mean, volume = found(zeros)
        root = np.asarray(jax.jacfwd(lambda z: found(z)[0])(zeros))
        design = np.asarray(skill(np.eye(len(zeros)))).reshape(len(zeros), 30).T
    information = np.eye(len(mean)) + (design.T * precision.ravel()) @ design
    expected = np.linalg.solve(information, design.T @ (precision * response).ravel())
    return apart, np.asarray(mean), root, float(volume), expected, information


@pytest.mark.core
@pytest.mark.fits
def test_mean_covariance_and_volume_are_those_of_a_normal_regression():
    """Of curves and tasks, with two walks that are shared, and no effects."""
    _, mean, root, volume, expected, information = regression(np.random.default_rng(4), effects=False)
    np.testing.assert_allclose(mean, expected, atol=1e-10)
    np.testing.assert_allclose(root @ root.T, np.linalg.inv(information), atol=1e-10)
    assert volume == pytest.approx(np.linalg.slogdet(root)[1])


@pytest.mark.fits
def test_effects_have_the_mean_of_a_normal_regression_and_its_covariance_given_levels_of_tasks():
    apart, mean, root, volume, expected, information = regression(np.random.default_rng(4), walks=0)
    np.testing.assert_allclose(mean, expected, atol=1e-10)
    assert volume == pytest.approx(np.linalg.slogdet(root)[1])
    places = apart(np.arange(len(mean), dtype=float))
    effects = np.concatenate([places.model, places.family, places.group]).astype(int)
    inner = np.concatenate([places.own.ravel(), effects]).astype(int)
    given_levels = np.linalg.inv(information[np.ix_(inner, inner)])[places.own.size :, places.own.size :]
    np.testing.assert_allclose((root @ root.T)[np.ix_(effects, effects)], given_levels, atol=1e-10)


@pytest.mark.fits
@pytest.mark.parametrize("group_of", [(0, 0, 1, 2, 3), (0, 0, 1, 2, 2)])
def test_volumes_are_as_said_with_walks_and_where_a_group_holds_several_families(group_of):
    _, _, root, volume, *_ = regression(np.random.default_rng(5), group_of)
    assert volume == pytest.approx(np.linalg.slogdet(root)[1])


@pytest.mark.fits
def test_positions_move_in_levels_and_walks_alone_and_volumes_are_as_said(model):
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        position = {name: 0.5 * rng.standard_normal(shape) for name, shape in model.sizes().items()}
        found, volume = model.density.condition(model.data, position)
        linear = {name: position[name] for name in model.density.standard}
        for name in set(position) - set(linear):
            np.testing.assert_array_equal(found[name], position[name])
        flat, apart = ravel_pytree(linear)

        @jax.jit
        def conditioned(z):
            moved = model.density.condition(model.data, position | apart(z))[0]
            return ravel_pytree({name: moved[name] for name in linear})[0]

        jacobian = np.asarray(jax.jacfwd(conditioned)(flat))
    assert float(volume) == pytest.approx(np.linalg.slogdet(jacobian)[1])


@pytest.mark.fits
@pytest.mark.parametrize(("known", "link"), [(True, ""), (False, ""), (True, "exponential")])
def test_the_generative_form_has_the_same_density(known, link):
    """In the same coordinates the two may differ by a constant alone."""
    law = replace(get_law("trajectory"), link=link)
    model = build_model(bl.read_runs(score_table(known=known)), law)
    scales, kind = model.density.scales, kind_of(model.law)
    assert "chance" not in model.fixed()

    def twin():
        kind.generate(model, NumpyroSites())

    def sites(position):
        found = {}
        for k, p in enumerate(model.density.pooled):
            found[f"location_{p.coordinate.name}"] = p.coordinate.mean + p.location_sd * position["location"][k]
            for level in p.levels:
                spread = p.spread_scale(level) * jnp.exp(position[f"spread.{p.effect(level)}"])
                found[f"effect_{p.coordinate.name}_{level}"] = spread * position[p.effect(level)]
        for name in SCALES:
            prior = getattr(scales, name)
            found[name] = prior.median * jnp.exp(prior.sd * position[name])
        found["ceiling_logit"] = scales.ceiling.mean + scales.ceiling.sd * position["ceiling"]
        found["chance_z"] = position["chance"]
        found["task_level"] = LEVEL_SD * position["level"]
        for name in ("family_factor", "family_offset", "model_factor", "walks", "own"):
            found[f"{name}_z"] = position[name]
        return found

    rng = np.random.default_rng(1)
    differences = []
    with jax.enable_x64(True):
        for _ in range(4):
            position = {name: 0.5 * rng.standard_normal(shape) for name, shape in model.sizes().items()}
            position |= {name: np.zeros_like(position[name]) for name in model.fixed()}
            flat, unravel = ravel_pytree({n: v for n, v in position.items() if n not in model.fixed()})
            held = {n: jnp.zeros(model.sizes()[n]) for n in model.fixed()}
            jacobian = jax.jacfwd(lambda z, of=unravel, held=held: ravel_pytree(sites(of(z) | held))[0])(flat)
            volume = np.linalg.slogdet(np.asarray(jacobian).T @ np.asarray(jacobian))[1] / 2
            told = numpyro_log_density(twin, (), {}, sites(position))[0]
            differences.append(float(log_density(model.density, model.data, position) - told - volume))
    np.testing.assert_allclose(differences, differences[0], atol=1e-6)


def test_ceilings_lie_between_the_least_and_one():
    found = np.asarray(ceiling_above(0.25, np.array([-50.0, 0.0, 50.0])))
    np.testing.assert_allclose(found, [0.25 + 0.75 * 0.8, 0.25 + 0.75 * 0.9, 1.0], atol=1e-9)


def test_a_table_of_losses_is_refused_by_laws_of_scores():
    table = score_table().rename(columns={"accuracy": "loss"}).drop(columns=["chance", "questions"])
    with pytest.raises(LawError, match="of scores, and the table has none"):
        bl.fit(table, law="trajectory")


@pytest.mark.core
@pytest.mark.fits
def test_predictions_hold_the_truth_and_are_shares(fitted):
    """Of the largest model, seen to a quarter of its tokens, at the end: within 4 posterior standard deviations."""
    found = fitted.predict(data=3e11, kind="curve").set_index(["task", "model"])
    for task in CHANCE:
        row = found.loc[(task, "xl")]
        assert abs(row["median"] - truth(task, SIZES["xl"], 3e11)) < 4 * row["sd"]
        assert row["sd"] < 0.05
    assert found["p025"].min() > 0.2
    assert found["p975"].max() < 1
    runs = fitted.predict(data=3e11).set_index(["task", "model"])
    assert (runs["sd"] > found["sd"]).all()


@pytest.mark.fits
def test_what_is_predicted_is_said(fitted):
    found = fitted.predictions([{"data": 3e11}]).to_dict()["outcome"]
    assert found == {"name": "accuracy", "unit": "share of questions", "higher_is_better": True}


@pytest.mark.fits
def test_the_highest_score_is_chosen(fitted):
    assert fitted.select(data=3e11, task="easy").recommended == "xl"


@pytest.mark.fits
def test_a_new_model_has_the_size_it_is_asked_at(fitted):
    found = fitted.predictions([{"params": 6.4e9, "data": 3e11}], kind="curve").to_frame()
    assert set(found["model"]) == {"<new model>"}
    own = fitted.predict(data=3e11, kind="curve").set_index(["task", "model"])
    for row in found.itertuples():
        assert abs(row.median - own.loc[(row.task, "xl"), "median"]) < 4 * row.sd
        assert row.sd > own.loc[(row.task, "xl"), "sd"]


@pytest.mark.fits
def test_a_new_family_needs_others_to_differ_from(fitted):
    with pytest.raises(TargetError, match="cannot be predicted from one, 'f'"):
        fitted.predictions([{"params": 6.4e9, "data": 3e11}], kind="new-family")


@pytest.mark.core
@pytest.mark.fits
def test_a_new_family_lies_about_a_middle_that_is_not_known(forge_at_random):
    """Of two families: variance 1 + 1/2 times that of families; 6,000 draws know it to 2%."""
    whole = score_table(lambda table: table["tokens"] <= 8e10)
    two = pd.concat([whole, whole.assign(family="g", model="g" + whole["model"])])
    posterior = forge_at_random(bl.read_runs(two), law="trajectory", scale=0.1)
    predictor, rng = posterior.predictor, np.random.default_rng(0)
    points = [{"params": 3.2e9, "data": 3e11}]
    level = np.stack([predictor.targets(points, "new-family", rng).level for _ in range(15)])
    sd = {name: posterior.flat(name) for name in ("family_sd", "family_offset_sd", "model_sd", "offset_sd")}
    families = 1.5 * (sd["family_sd"] ** 2 + sd["family_offset_sd"] ** 2)
    wanted = np.sqrt(families + sd["model_sd"] ** 2 + sd["offset_sd"] ** 2)[:, None]
    middle = posterior.flat("family_level").reshape(-1, 2, 2).mean(axis=1)  # tasks within families
    assert [task for task, _ in posterior.layout.families] == ["easy", "hard", "easy", "hard"]
    assert np.var((level - middle) / wanted) == pytest.approx(1, abs=0.1)


def test_scales_that_are_known_are_kept_and_those_of_nothing_are_0(runs):
    """A scale whose prior has no width is its median; that of families, of which there is one, has no effect."""
    known = ScorePriors(noise=LogNormal(0.05, 0.0), own_rate=LogNormal(0.03, 0.0))
    model = build_model(runs, get_law("trajectory"), scales=known)
    assert {"noise", "own_rate", "family_factor", "family_offset"} <= model.fixed()
    rng = np.random.default_rng(0)
    positions = {name: rng.standard_normal((3, *shape)) for name, shape in model.sizes().items()}
    positions |= {name: np.zeros_like(positions[name]) for name in model.fixed()}
    draws = model.complete(positions, rng)
    np.testing.assert_allclose(draws.noise, 0.05)
    np.testing.assert_allclose(draws.own_walk, 0.03 * positions[OWN][:, :, 1:])
    assert not draws.scales["family_sd"].any()


@pytest.mark.fits
def test_departures_level_off_with_size_at_the_runs_and_at_targets_alike(fitted):
    """Like log size at the reference; bounded by 1 / .34 above, which the logarithm is not."""
    near = np.array([0.999, 1.001])
    np.testing.assert_allclose(levelling_size(near), np.log(near), rtol=1e-3)
    assert levelling_size(np.array([1e30]))[0] == pytest.approx(1 / SIZE_EXPONENT)
    layout, predictor = fitted.posterior.layout, fitted.posterior.predictor
    relative = layout.covariates["params"][:, 0] / layout.reference["params"]
    np.testing.assert_allclose(layout.size, (1 - relative**-0.34) / 0.34, atol=1e-9)
    np.testing.assert_allclose(predictor._sizes(predictor.runs())[:, 0], layout.size, atol=1e-9)


def test_scores_without_skill_are_0_near_chance_or_unknown():
    """Where guessing reaches 0, known, or not known: a deviate of 1 is one prior standard deviation of the logit."""
    model = build_model(bl.read_runs(score_table()), get_law("trajectory"))
    priors = model.density.scales
    for known, expected in (
        (0.0, -np.inf),
        (0.25, logit(0.25) + priors.near_chance.sd),
        (np.nan, priors.chance.mean + priors.chance.sd),
    ):
        mean, sd = prior_of_chance(priors, np.array([known]))
        assert float(mean[0] + sd[0]) == pytest.approx(expected)
    with jax.enable_x64(True):
        position = {name: np.ones(shape) for name, shape in model.sizes().items()}
        data = model.data._replace(known_chance=np.zeros_like(model.data.known_chance))
        np.testing.assert_array_equal(levels_of(model.density, data, position)[0], 0.0)


@pytest.mark.fits
def test_the_prior_that_is_raised_to_powers_counts_scales_of_all_tasks_once(fitted, model):
    """Of population and scales, what is not drawn, and effects, left out."""
    predictor, draws = fitted.posterior.predictor, fitted.posterior.draws
    standardised = []
    for name, prior in vars(model.density.scales).items():
        if name not in model.fixed():
            standardised.append(prior.standardised(predictor.scales()[name]))
    expected = -0.5 * np.sum(np.concatenate(standardised, axis=1) ** 2, axis=1)
    for p in model.density.pooled:  # their spreads over two tasks are not drawn
        location = draws[f"location_{p.coordinate.name}"].values.ravel()
        expected -= 0.5 * ((location - p.coordinate.mean) / p.location_sd) ** 2
    found = log_prior(fitted.posterior)
    np.testing.assert_allclose(found - found[0], expected - expected[0], atol=1e-8)


def test_advice_is_for_the_law_that_suits_scores(runs):
    assert bl.advise(runs).law == "trajectory"
    finished = score_table(lambda table: table["tokens"] == TOKENS[-1])
    assert suited_law(bl.read_runs(finished)) == ("trajectory", "the table has scores of models of several sizes")
    of_one_size = finished.assign(params=1e9, c4_loss=np.linspace(3.0, 2.5, len(finished)))
    assert suited_law(bl.read_runs(of_one_size, roles={"c4_loss": "model_loss"}))[0] == "loss_to_score"


@pytest.mark.fits
def test_a_table_of_scores_is_compared_by_laws_of_scores():
    laws, left_out = all_laws(bl.read_runs(score_table()))
    assert {law.name for law in laws} == {"trajectory", "capability", "emergence"}
    assert any("it is of log loss" in reason for reason in left_out)


@pytest.mark.fits
def test_saved_and_loaded_it_answers_the_same(fitted, tmp_path):
    fitted.save(tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(bl.load(tmp_path / "fit.nc").predict(data=3e11), fitted.predict(data=3e11))


@pytest.mark.fits
def test_replications_and_likelihoods_agree_with_the_runs(fitted):
    """Mean squared residual over its variance: 1 within .3 on 54 runs with effects of their own."""
    predictor, layout = fitted.posterior.predictor, fitted.posterior.layout
    seen = layout.weight > 0
    ratio = predictor.deviates()["residuals"].values
    assert 0.5 < np.mean(ratio[:, seen] ** 2) < 1.3
    assert predictor.replicated(np.random.default_rng(0)).shape == ratio.shape
    assert np.isfinite(predictor.log_likelihood()).all()
    assert (predictor.log_likelihood()[:, ~seen] == 0).all()


def test_extrapolation_of_a_loss_is_towards_smaller_ones():
    rng = np.random.default_rng(0)
    rows = [
        ("t", f"m{i}", loss, 0.25 + 0.7 * expit(6 * (2.6 - loss)) + 0.005 * rng.standard_normal(), 0.25, 2000)
        for i, loss in enumerate(np.linspace(2.3, 3.2, 12))
    ]
    table = pd.DataFrame(rows, columns=["task", "model", "model_loss", "accuracy", "chance", "questions"])
    built = build_model(bl.read_runs(table), get_law("loss_to_score"))
    draws = built.complete({n: np.zeros((2, *s)) for n, s in built.sizes().items()}, rng)
    assert logit(draws.ceiling[0, 0]) > 0
    kind = kind_of(built.law)
    dataset = xr.Dataset(
        {n: (["chain", "draw", *[f"{n}_{d}" for d in dims]], v[None]) for n, (v, dims) in draws.variables().items()}
    )
    predictor = kind.predictor(built.law, built.layout, dataset, built.density.scales)
    targets = predictor.targets([{"model_loss": 1.15}], "seen", rng)
    np.testing.assert_allclose(targets.beyond["model_loss"], built.layout.covariates["model_loss"][:, :1] * 0 + 2.0)
