"""Scores lent and borrowed: the vector against draws that are known, the density beside that without a prior."""

import jax
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import bayeslaw as bl
from bayeslaw.errors import PriorError
from bayeslaw.evidence.sensitivity import log_prior
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.scores.density import OF_ALL_TASKS
from bayeslaw.kinds.shared.borrowed import VECTOR, Entry, unfold
from bayeslaw.laws import get_law
from bayeslaw.lending.lend import as_prior
from bayeslaw.prior.summary import scale_records
from bayeslaw.sampling.nuts import SamplerSettings

LAW = get_law("trajectory")
TOKENS = np.array([2e10, 4e10, 8e10, 1.6e11, 3e11])
LEVEL = {"easy": 0.5, "hard": -0.5, "other": 0.0, "fourth": 0.2, "fifth": -0.2}
SAMPLER = SamplerSettings(warmup=200, draws=150)


def scores(sizes, tasks=("easy", "hard"), families=("f",), seed=3, tokens=TOKENS):
    """Scores by the law whose exponents are .6 in size and .8 in tokens, guessing reaching .25."""
    rng = np.random.default_rng(seed)
    rows = []
    for task in tasks:
        for family in families:
            for params in sizes:
                rest = 0.5 * (params / 1e9) ** -0.6 + 0.5 * (tokens / 1e11) ** -0.8
                right = rng.binomial(4000, 0.25 + 0.72 * expit(LEVEL[task] - np.log(rest)))
                rows += [
                    (task, f"{family}-{params:g}", family, params, d, r) for d, r in zip(tokens, right, strict=True)
                ]
    table = pd.DataFrame(rows, columns=["task", "model", "family", "params", "tokens", "accuracy"])
    return bl.read_runs(table.assign(accuracy=table["accuracy"] / 4000, chance=0.25, questions=4000))


@pytest.fixture(scope="module")
def runs():
    return scores((1e8, 4e8, 1.6e9))


@pytest.fixture(scope="module")
def prior(runs, forge_at_random):
    return as_prior(forge_at_random(runs, law="trajectory", draws=400), "known")


@pytest.fixture(scope="module")
def others():
    """Models of two families on a task that the prior knows, and one that it does not; at other sizes and tokens."""
    return scores((6e8, 2.4e9), ("other", "hard"), ("g", "h"), seed=4, tokens=3 * TOKENS)


def moments(prior, entry):
    i = prior.borrowed.entries.index(entry)
    return prior.borrowed.mean[i], prior.borrowed.covariance[i, i] ** 0.5


def test_the_vector_holds_ceilings_and_noise_of_tasks_and_scales_of_all(runs, forge_at_random, prior):
    """What positions say of a scale, in units of the prior that a new task has of it."""
    model, rng = build_model(runs, LAW), np.random.default_rng(3)
    positions = {name: 0.5 * rng.standard_normal((400, *shape)) for name, shape in model.sizes().items()}
    before, after = model.density.scales, prior.borrowed.scales
    for name, task, column in (
        ("noise", "easy", 0),
        ("noise", "hard", 1),
        ("model_sd", None, 0),
        ("own_rate", None, 0),
    ):
        old, new = getattr(before, name), getattr(after, name)
        log = np.log(old.median / new.median) + old.sd * positions[name][:, column]
        log = log / new.sd
        np.testing.assert_allclose(moments(prior, Entry(name, task)), [log.mean(), log.std(ddof=1)], 1e-6)
    logit = before.ceiling.mean + before.ceiling.sd * positions["ceiling"][:, 1]
    standard = (logit - after.ceiling.mean) / after.ceiling.sd
    np.testing.assert_allclose(moments(prior, Entry("ceiling", "hard")), [standard.mean(), standard.std(ddof=1)], 1e-6)


def test_scales_of_what_a_table_lacks_are_not_lent(prior):
    """Families, of which there is one; and levels and chance of tasks never are."""
    lent = {entry.name for entry in prior.borrowed.entries}
    assert set(OF_ALL_TASKS) - lent == {"family_sd", "family_offset_sd"}
    assert not lent & {"level", "chance", "near_chance", "walks", "own"}
    assert prior.tasks == ("easy", "hard")


@pytest.mark.parametrize(("tasks", "learned"), [(4, False), (5, True)])
def test_how_far_tasks_differ_is_learned_from_five(forge, tasks, learned):
    """Effects are half as large as the law states; of four tasks its statement is lent, whatever they are like."""
    runs = scores((1e8, 1.6e9), tuple(LEVEL)[:tasks], tokens=TOKENS[:2])
    model, rng = build_model(runs, LAW), np.random.default_rng(3)
    positions = {name: 0.5 * rng.standard_normal((400, *shape)) for name, shape in model.sizes().items()}
    positions |= {name: np.zeros_like(positions[name]) for name in model.fixed()}
    prior = as_prior(forge(runs, positions, law="trajectory"), "p")
    for c in LAW.coordinates:
        mean, sd = moments(prior, Entry(f"spread.{c.name}.task"))
        if learned:
            assert -0.5 < mean < -0.15
            assert 0.15 < sd < 0.3
        else:
            assert mean == 0
            assert sd < 1e-5


def test_a_scale_that_all_tasks_have_is_known_on_a_new_one(prior):
    records = {(record["name"], record["task"]): record for record in scale_records(prior)}
    scale, (mean, sd) = prior.borrowed.scales.model_sd, moments(prior, Entry("model_sd"))
    assert records["model_sd", None]["median"] == pytest.approx(scale.median * np.exp(scale.sd * mean))
    assert records["model_sd", None]["p95"] == pytest.approx(scale.median * np.exp(scale.sd * (mean + 1.6448536 * sd)))
    assert ("model_sd", "hard") not in records
    assert ("ceiling", "hard") in records


@pytest.mark.fits
def test_a_borrowed_position_has_the_density_of_the_whole_one(prior, others):
    """Likelihood, conditional draws and volume; its prior is that of standard normal entries."""
    model = build_model(others, LAW, borrowed=prior.borrowed)
    plain = build_model(others, LAW, scales=prior.borrowed.scales)
    assert {name: float(values[0]) for name, values in model.layout.reference.items()} == prior.borrowed.reference
    at = model.data._replace(borrowed=None)  # of the reference of the prior
    rng = np.random.default_rng(0)
    position = {name: 0.5 * rng.standard_normal(shape) for name, shape in model.sizes().items()}
    vector = prior.borrowed.for_tasks(["other", "hard"])
    assert position[VECTOR].shape == vector.mean.shape
    with jax.enable_x64(True):
        whole = unfold(model.density.filling, model.data.borrowed, position)
        assert {name: np.shape(values) for name, values in whole.items()} == plain.sizes()
        lent = vector.mean + vector.root() @ position[VECTOR]
        entries = vector.entries
        assert float(whole["noise"][1]) == pytest.approx(lent[entries.index(Entry("noise", "hard"))])
        assert float(whole["noise"][0]) == position["noise"][0]
        assert float(whole["own_rate"][0]) == pytest.approx(lent[entries.index(Entry("own_rate"))])
        assert float(whole["family_sd"][0]) == position["family_sd"][0]
        found = model.density.log_likelihood(model.data, position)
        assert float(found) == pytest.approx(float(plain.density.log_likelihood(at, whole)), rel=1e-10)
        drawn, volume = model.density.condition(model.data, position)
        expected, other = plain.density.condition(at, whole)
        assert float(volume) == pytest.approx(float(other), rel=1e-10)
        for name in model.density.standard:
            np.testing.assert_allclose(drawn[name], expected[name], atol=1e-10)
        squares = sum(np.sum(values**2) for values in position.values())
        assert float(model.density.log_prior(position)) == pytest.approx(-0.5 * squares)


@pytest.mark.fits
def test_draws_of_a_borrowed_vector_are_in_natural_units(prior, others, forge_at_random):
    posterior = forge_at_random(others, law="trajectory", draws=40, prior=prior)
    model, rng = build_model(others, LAW, borrowed=prior.borrowed), np.random.default_rng(3)
    positions = {name: 0.5 * rng.standard_normal((40, *shape)) for name, shape in model.sizes().items()}
    vector = prior.borrowed.for_tasks(["other", "hard"])
    lent = vector.mean + positions[VECTOR] @ vector.root().T
    scale, column = prior.borrowed.scales.own_rate, vector.entries.index(Entry("own_rate"))
    np.testing.assert_allclose(posterior.flat("own_rate"), scale.median * np.exp(scale.sd * lent[:, column]))
    location = LAW.coordinates[0].mean + 0.1**0.5 * LAW.coordinates[0].sd * lent[:, 0]
    np.testing.assert_allclose(posterior.flat(f"location_{LAW.coordinates[0].name}"), location)


@pytest.mark.fits
def test_what_the_table_lacks_is_no_part_of_the_prior_raised_to_powers(prior, forge_at_random):
    """One task and one model: nothing tells how much better a model is on all tasks, whose scale was lent."""
    alone = scores((6e8,), ("hard",), seed=5)
    posterior = forge_at_random(alone, law="trajectory", draws=40, prior=prior)
    rng = np.random.default_rng(3)
    shapes = build_model(alone, LAW, borrowed=prior.borrowed).sizes()
    vector = prior.borrowed.for_tasks(["hard"])
    z = {name: 0.5 * rng.standard_normal((40, *shape)) for name, shape in shapes.items()}[VECTOR]
    kept = [i for i, entry in enumerate(vector.entries) if entry.name != "model_sd"]
    assert len(kept) == len(vector.entries) - 1
    off = (z @ vector.root().T)[:, kept]
    expected = -0.5 * np.sum(off * np.linalg.solve(vector.covariance[np.ix_(kept, kept)], off.T).T, axis=1)
    found = log_prior(posterior)
    np.testing.assert_allclose(found - found[0], expected - expected[0], atol=1e-4)


def test_a_prior_of_scores_is_refused_by_other_laws_and_kinds(prior, others, two_tasks):
    with pytest.raises(PriorError, match="known is one of the trajectory law, and the fit is of the capability law"):
        bl.build(others, law="capability", prior=prior)
    with pytest.raises(PriorError, match="known is one of the trajectory law, and the fit is of the rectified law"):
        bl.build(two_tasks, law="rectified", prior=prior)


def test_models_that_the_prior_was_made_from_are_refused(prior, runs):
    with pytest.raises(PriorError, match="was made from runs of 6 of these models"):
        bl.build(runs, law="trajectory", prior=prior)


@pytest.mark.slow  # three fits, minutes
def test_a_fit_lends_to_new_models_of_its_tasks(runs, tmp_path):
    """Two models at two checkpoints each; the end of the larger one is foretold, from the file of a prior."""
    lender = bl.fit(runs, law="trajectory", seed=1, sampler=SAMPLER)
    lender.as_prior("scores").save(tmp_path / "scores.json")
    few = scores((6e8, 2.4e9), seed=6, tokens=TOKENS[:2])
    alone, lent = (
        bl.fit(few, law="trajectory", prior=prior, seed=1, sampler=SAMPLER)
        for prior in (None, tmp_path / "scores.json")
    )
    assert lent.posterior.prior.name == "scores"
    assert lent.status != "FAIL"
    widths, truth = [], scores((2.4e9,), seed=7, tokens=TOKENS).table
    truth = truth[truth["data"] == TOKENS[-1]].set_index("task")["accuracy"]
    for fit in (alone, lent):
        told = fit.predict(data=TOKENS[-1]).query("model == 'f-2.4e+09'").set_index("task")
        widths.append((told["p95"] - told["p05"]).mean())
    assert widths[1] < 0.8 * widths[0]
    assert ((told["p025"] < truth) & (truth < told["p975"])).all()
    again = bl.load(_saved(lent, tmp_path / "lent.nc"))
    pd.testing.assert_frame_equal(again.predict(data=TOKENS[-1]), lent.predict(data=TOKENS[-1]))
    shares = lent.borrowing(at={"data": TOKENS[-1]}).to_frame()
    assert shares["borrowed"].between(0, 1).all()
    assert lent.as_prior("round 2").origin["before"]["name"] == "scores"


def _saved(fit, path):
    fit.save(path)
    return path
