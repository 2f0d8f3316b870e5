"""A third kind of model, written here alone: scores of so many questions, a logistic link, higher is better.

Everything that is asked of a fit works with it, and nothing elsewhere knows of it.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from scipy.special import betaln, expit

import bayeslaw as bl
from bayeslaw.answers.value import winsorised
from bayeslaw.kinds.predictor import NEW_FAMILY, Targets
from bayeslaw.kinds.shared.hierarchy import pool
from bayeslaw.kinds.shared.layout import Curve, Layout, largest_of_curves, lay_out, points_of_table
from bayeslaw.kinds.shared.outcome import Outcome
from bayeslaw.kinds.shared.points import complete_point, curve_named
from bayeslaw.kinds.shared.population import (
    coordinates,
    group_index,
    log_population_prior,
    population_draws,
    population_sizes,
    scale,
)
from bayeslaw.kinds.shared.prediction import (
    flat,
    law_of_curve,
    law_shape,
    new_coordinates,
    new_level,
    slopes_and_bends,
)
from bayeslaw.kinds.shared.scales import LogNormal, read_scales
from bayeslaw.laws.base import Coordinate, Covariate, Law, Parameter
from bayeslaw.sampling.nuts import SamplerSettings

SCORE = Outcome("accuracy", "share of questions", higher_is_better=True, link_name="logit")
QUESTIONS = 400
SETTINGS = SamplerSettings(warmup=100, draws=100, enough="REVIEW")


@dataclass(frozen=True)
class ScorePriors:
    """How far the levels of models on a task spread."""

    level_sd: LogNormal = LogNormal(1.0, 0.5)


class Data(NamedTuple):
    steps: jax.Array  # (C, M): covariates relative to the reference
    right: jax.Array  # (C, M): questions answered right
    asked: jax.Array  # (C, M): 0 where padded
    task_of: jax.Array
    groups: dict


@dataclass(frozen=True)
class ScoreDensity:
    law: Law
    pooled: tuple
    scales: ScorePriors
    whitened = False
    per_curve = ("level",)
    standard = ()

    def log_prior(self, position):
        total = log_population_prior(self.pooled, position)
        return total - 0.5 * sum(jnp.sum(position[name] ** 2) for name in ("level", "centre", "level_sd"))

    def log_likelihood(self, data, position):
        logit = self.level(data, position)[:, None] + self.shape(data, position)
        return jnp.sum(data.right * jax.nn.log_sigmoid(logit) + (data.asked - data.right) * jax.nn.log_sigmoid(-logit))

    def level(self, data, position):
        spread = scale(self.scales.level_sd, position["level_sd"])[data.task_of]
        return 1.5 * position["centre"][data.task_of] + spread * position["level"]

    def shape(self, data, position):
        values = coordinates(self.pooled, data.groups, position)
        one = {self.law.axis: jnp.ones(())}
        return self.law.log_shape({k: v[:, None] for k, v in values.items()}, {self.law.axis: data.steps}, one)

    def straighten(self, data, centre, position):
        return position

    def condition(self, data, position):
        return position, jnp.zeros(())


@dataclass(frozen=True, eq=False)
class ScoreDraws:
    coordinates: dict
    level: np.ndarray
    level_sd: np.ndarray
    population: object

    def variables(self):
        of_curves = {name: (values, ("curve",)) for name, values in self.coordinates.items()}
        return {
            **of_curves,
            "level": (self.level, ("curve",)),
            "level_sd": (self.level_sd, ("task",)),
            **self.population.variables(),
        }

    def watched(self):
        return tuple(name for name in self.variables() if not name.startswith("effect_"))


@dataclass(frozen=True, eq=False)
class ScoreModel:
    law: Law
    layout: Layout
    density: ScoreDensity
    data: Data

    def sizes(self):
        tasks = (len(self.layout.tasks),)
        own = {"level": (len(self.layout.curves),), "centre": tasks, "level_sd": tasks}
        return {**population_sizes(self.density.pooled, self.layout), **own}

    def fixed(self):
        return frozenset()

    def as_large_as(self, other):
        return self

    def without_runs(self):
        return replace(self, data=self.data._replace(right=0 * self.data.right, asked=0 * self.data.asked))

    def complete(self, positions, rng):
        def one(position):
            values = coordinates(self.density.pooled, self.data.groups, position)
            return values, self.density.level(self.data, position)

        with jax.enable_x64(True):
            values, level = jax.tree.map(np.asarray, jax.vmap(one)(positions))
        spread = np.asarray(scale(self.density.scales.level_sd, positions["level_sd"]))
        return ScoreDraws(values, level, spread, population_draws(self.density.pooled, positions))


@dataclass(frozen=True, eq=False)
class ScoreTargets(Targets):
    index: np.ndarray
    level: np.ndarray
    values: dict


@dataclass(frozen=True, eq=False)
class ScorePredictor:
    law: Law
    layout: Layout
    draws: object
    scale_priors: ScorePriors
    outcome = SCORE

    def _at(self, covariates, index, labels=None, level=None, values=None):
        curves = [self.layout.curves[i] for i in index]
        sizes = covariates[self.law.axis]
        return ScoreTargets(
            labels=labels or tuple((c.model, c.family, c.task) for c in curves),
            covariates=covariates,
            beyond={self.law.axis: sizes / self.layout.largest[index][:, None]},
            weight=np.ones(sizes.shape),
            joint=True,
            index=index,
            level=flat(self.draws, "level")[:, index] if level is None else level,
            values=values or {c.name: flat(self.draws, c.name)[:, index] for c in self.law.coordinates},
        )

    def targets(self, at, who, rng):
        points = [complete_point(self.layout, self.law, point) for point in at]
        covariates = {c.name: np.stack([p[c.name] for p in points], axis=1) for c in self.law.covariates}
        if who == "seen":
            return self._at(covariates, np.arange(len(self.layout.curves)))
        tasks = self.layout.tasks
        first = np.array([np.flatnonzero(self.layout.task_of == k)[0] for k in range(len(tasks))])
        levels = flat(self.draws, "level")
        level = np.stack([new_level(levels[:, self.layout.task_of == k], t, rng) for k, t in enumerate(tasks)], axis=1)
        values = new_coordinates(self.law, self.layout, self.draws, rng)
        labels = tuple((NEW_FAMILY, NEW_FAMILY, task) for task in tasks)
        return self._at({n: v[first] for n, v in covariates.items()}, first, labels, level, values)

    def runs(self):
        found = self._at(self.layout.covariates, np.arange(len(self.layout.curves)))
        return replace(found, weight=self.layout.weight)

    def rows(self, rows, rng):
        names = [(c.model, c.family, c.task) for c in self.layout.curves]
        labels = zip(rows["model"], rows["family"], rows["task"], strict=True)
        index = np.array([names.index(label) for label in labels])
        return replace(
            self._at({c.name: rows[[c.name]].to_numpy(float) for c in self.law.covariates}, index), joint=False
        )

    def pair(self, names, task, at, sizes):
        index = np.array([curve_named(self.layout, name, task) for name in names])
        return self._at({self.law.axis: np.tile(sizes, (2, 1))}, index)

    def law_of(self, curve):
        return law_of_curve(self.law, self.layout, self.draws, curve)

    def law_alone(self, targets):
        reference = {name: values[targets.index, None] for name, values in self.layout.reference.items()}
        values = {name: value[..., None] for name, value in targets.values.items()}
        return targets.level[..., None] + law_shape(self.law, values, targets.covariates, reference)

    def expected(self, targets, rng=None, *, nearby=True):
        return self.law_alone(targets)

    def measured(self, expected, targets, rng):
        right = rng.binomial(QUESTIONS, expit(expected))
        return SCORE.link((right + 0.5) / (QUESTIONS + 1))

    def log_density(self, expected, targets, y):
        p = expit(y)  # of a share near what was measured: the binomial with its number of questions, continued
        right = np.clip(p * QUESTIONS, 0, QUESTIONS)
        choose = -np.log(QUESTIONS + 1) - betaln(QUESTIONS - right + 1, right + 1)
        log_p, log_q = -np.logaddexp(0, -expected), -np.logaddexp(0, expected)
        return choose + right * log_p + (QUESTIONS - right) * log_q + np.log(QUESTIONS) + np.log(p * (1 - p))

    def replicated(self, rng):
        targets = self.runs()
        return self.measured(self.expected(targets), targets, rng)

    def log_likelihood(self):
        targets = self.runs()
        return np.where(targets.weight > 0, self.log_density(self.expected(targets), targets, self.layout.y), 0.0)

    def deviates(self):
        return {}

    def smoothed(self):
        return False

    def features(self, y):
        return slopes_and_bends(self.layout, y, np.arange(len(self.layout.curves)))

    def scales(self):
        return {"level_sd": flat(self.draws, "level_sd")}

    def scale_tasks(self):
        return {"level_sd": self.layout.tasks}

    def scale_variables(self):
        return {"level_sd": ("level_sd", "logit")}

    def groups(self):
        return tuple((c.family, c.task, np.array([i])) for i, c in enumerate(self.layout.curves))

    def reference(self):
        return {name: float(values[0]) for name, values in self.layout.reference.items()}

    def paths(self):
        return {}, {}


@dataclass(frozen=True)
class ScoreKind:
    name: str = "scores"
    outcome: Outcome = SCORE
    knows: str = "model"
    stored: tuple = (Layout, Curve)

    def prepare(self, runs, law, early_tokens):
        return runs

    def layout(self, runs, law, borrowed=None):
        points = points_of_table(runs, law, SCORE)
        fields = lay_out(
            points,
            law,
            SCORE,
            largest=largest_of_curves(points, law.axis),
            axis_reference=lambda largest, mean: np.full(len(largest), largest.max()),
            family=lambda labels: labels["family"],
            borrowed=borrowed,
        )
        return Layout(**fields)

    def checks(self, layout, law):
        return []

    def prior_checks(self, layout):
        return []

    def pool(self, law, layout, pooling=None):
        return pool(law, layout, pooling)

    def scale_priors(self, law):
        return ScorePriors()

    def read_scale_priors(self, plain):
        return read_scales(ScorePriors, plain)

    def model(self, law, layout, pooled, scales):
        asked = QUESTIONS * (layout.weight > 0)
        steps = layout.covariates[law.axis] / layout.reference[law.axis][:, None]
        data = Data(steps, asked * expit(layout.y), asked, layout.task_of, group_index(layout))
        return ScoreModel(law, layout, ScoreDensity(law, pooled, scales), data)

    def predictor(self, law, layout, draws, scales):
        return ScorePredictor(law, layout, draws, scales)

    def required(self, law):
        return (*(c.name for c in law.coordinates), "level", "level_sd")

    def is_new_model(self, law, point):
        return False

    def condense(self, rows, table, covariates):
        return rows


def score_law(name, curve):
    def log_shape(coordinates, covariates, reference):
        return jnp.exp(coordinates["log_rate"]) * (curve(covariates["data"]) - curve(reference["data"]))

    return Law(
        name=name,
        formula="logit accuracy = level + rate f(D)",
        source="this test",
        covariates=(Covariate("data", "examples"),),
        axis="data",
        coordinates=(Coordinate("log_rate", "log rate", mean=-1.0, sd=0.7, spread=0.2, pooling="task"),),
        parameters=(Parameter("rate", "logit", "how fast the score rises"),),
        log_shape=log_shape,
        natural=lambda coordinates, level, reference: {"rate": jnp.exp(coordinates["log_rate"])},
        kind=ScoreKind(),
        outcome="accuracy",
        discrepancy="none",
    )


LAW = score_law("log_score", jnp.log)
OTHER = score_law("root_score", lambda d: 0.01 * jnp.sqrt(d))
RATE, LEVELS, SIZES = 0.45, {"a": 0.9, "b": 0.2, "c": -0.4}, (100, 200, 400, 800, 1600, 3200)


@pytest.fixture(scope="module")
def runs():
    rng = np.random.default_rng(2)
    rows = []
    for model, level in LEVELS.items():
        for data in SIZES:
            right = rng.binomial(QUESTIONS, expit(level + RATE * np.log(data / SIZES[-1])))
            accuracy = (right + 0.5) / (QUESTIONS + 1)
            rows.append({"model": model, "task": "quiz", "data": data, "accuracy": accuracy, "loss": 1 - accuracy})
    return bl.read_runs(pd.DataFrame(rows))


@pytest.fixture(scope="module")
def fitted(runs):
    return bl.fit(runs, law=LAW, sampler=SETTINGS, seed=1)


@pytest.mark.core
@pytest.mark.fits
def test_the_fit_finds_what_the_scores_were_made_from(fitted):
    """Four posterior standard deviations: false alarms in one of ten thousand seeds."""
    rate = fitted.posterior.draws["rate"].values
    assert abs(rate.mean() - RATE) < 4 * rate.std()
    level = fitted.posterior.draws["level"].values
    np.testing.assert_array_less(abs(level.mean(axis=(0, 1)) - list(LEVELS.values())), 4 * level.std(axis=(0, 1)))
    assert "rate" in set(fitted.parameters().to_frame()["name"])


@pytest.mark.fits
def test_predictions_are_shares_of_questions(fitted):
    found = fitted.predict(data=12_800)
    assert found[["p025", "median", "p975"]].to_numpy().min() > 0
    assert found[["p025", "median", "p975"]].to_numpy().max() < 1
    truth = expit(np.array(list(LEVELS.values())) + RATE * np.log(4))
    assert ((found["p025"] < truth) & (truth < found["p975"])).all()
    curve = fitted.predictions([{"data": 12_800}], kind="curve")
    assert (curve.draws["accuracy"].std(dim=("chain", "draw")).values[:, 0] < found["sd"]).all()
    assert fitted.predict(data=12_800, kind="new-family").loc[0, "model"] == NEW_FAMILY


@pytest.mark.fits
def test_the_highest_score_is_chosen(fitted):
    selection = fitted.select(data=12_800)
    assert selection.recommended == "a"
    assert [c.model for c in selection.candidates] == ["a", "b", "c"]
    assert selection.candidates[0].p_best > 0.9
    assert "in accuracy (share of questions) against" in selection.sentence
    values = winsorised(selection.draws["accuracy"].values.reshape(-1, 3))
    regret = (values.max(axis=-1, keepdims=True) - values).mean(axis=0)
    np.testing.assert_allclose([c.expected_regret for c in selection.candidates], regret)


@pytest.mark.fits
def test_a_crossing_is_of_the_higher_curve(fitted):
    assert fitted.crossing("a", "c").p_a_always > 0.99


@pytest.mark.fits
def test_saved_and_loaded_it_answers_the_same(fitted, tmp_path):
    fitted.save(tmp_path / "fit.nc")
    with pytest.raises(bl.BayeslawError, match="not at hand"):
        bl.load(tmp_path / "fit.nc")
    with pytest.raises(bl.BayeslawError, match="law 'log_score'"):
        bl.load(tmp_path / "fit.nc", law=OTHER)
    again = bl.load(tmp_path / "fit.nc", law=LAW)
    pd.testing.assert_frame_equal(again.predict(data=12_800), fitted.predict(data=12_800))
    assert again.select(data=12_800).sentence == fitted.select(data=12_800).sentence


@pytest.mark.fits
def test_it_lends_a_prior_that_a_new_model_of_the_task_borrows(fitted, runs):
    prior = fitted.as_prior("quiz")
    assert {entry.name for entry in prior.borrowed.entries} >= {"location", "log_rate.task", "level_sd"}


@pytest.mark.slow
def test_laws_of_it_are_compared(runs):
    found = bl.compare(runs, [LAW, OTHER], folds=1, sampler=SETTINGS, seed=0)
    assert found.laws[0].law == "log_score"
    assert set(found.to_frame()["law"]) == {"log_score", "root_score"}
    assert np.isfinite(found.held_out["log_score"]).all()
    assert "accuracy" in found.held_out
    assert found.laws[0].loo is not None


@pytest.mark.fits
def test_arviz_reads_all_of_it(fitted):
    tree = fitted.to_datatree()
    assert set(tree.children) >= {"posterior", "prior", "posterior_predictive", "log_likelihood", "observed_data"}
    shares = tree["posterior_predictive"]["accuracy"].values
    assert shares.min() > 0
    assert shares.max() < 1
    right = np.round(tree["observed_data"]["accuracy"].values * (QUESTIONS + 1) - 0.5)
    assert tree["log_likelihood"]["accuracy"].shape[-1] == len(right) == 18
