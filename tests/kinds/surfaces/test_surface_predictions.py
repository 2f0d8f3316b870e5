"""Predictions on surfaces with everything held at one position: what is drawn beyond it, and how much of it.

Variances of DRAWS draws are held to 8%, more than five standard errors.
"""

from dataclasses import replace

import numpy as np
import pytest

from bayeslaw.answers.prediction import predict
from bayeslaw.errors import TargetError
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.surfaces.frontier import Frontier, directions
from bayeslaw.laws import get_law
from bayeslaw.posterior.file import load_posterior, save_posterior

LAW = get_law("chinchilla")
SIZES, TOKENS = (1e8, 4e8, 1.6e9), (2e9, 8e9, 8.3e9, 8.6e9, 9e9, 9.3e9, 2e10, 5e10)
DRAWS = 8000
MIDDLE = np.exp(np.mean(np.log(TOKENS)))
FIELD_SD, OFFSET_SD, TILT_SD, CURVATURE_SD, NOISE, MISFIT = 0.02, 0.03, 0.01, 0.015, 0.05, 0.03
ENDS = np.log([TOKENS[0] / MIDDLE, TOKENS[-1] / MIDDLE])


def pinned(model, **scales):
    """A position whose scales have these values."""
    position = {name: np.zeros(shape) for name, shape in model.sizes().items()}
    for name, value in scales.items():
        prior = getattr(model.density.scales, name)
        position[name][:] = np.log(value / prior.median) / prior.sd
    return position


@pytest.fixture(scope="module")
def posterior(surface, forge, known_misfit):
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS), "z": (SIZES[:2], TOKENS)})
    model = build_model(runs, LAW)
    scales = {"field_sd": FIELD_SD, "offset_sd": OFFSET_SD, "tilt_sd": TILT_SD, "curvature_sd": CURVATURE_SD}
    position = pinned(model, **scales, noise=NOISE, tail=1000.0)
    position["offset"][:] = np.linspace(-1, 1, len(position["offset"]))
    position["tilt"][:] = np.linspace(2, -2, len(position["tilt"]))
    position["curvature"][:] = np.linspace(-3, 6, len(position["curvature"]))
    position["field"][:] = np.random.default_rng(0).standard_normal(len(position["field"]))
    positions = {name: np.repeat(v[None], DRAWS, axis=0) for name, v in position.items()}
    return forge(runs, positions, law="chinchilla", scales=known_misfit(MISFIT))


def curving(data):
    """A parabola about the middle, of second derivative 1 and mean 0 over the runs; beyond their ends its tangents."""
    along = np.log(data / MIDDLE)
    inside = np.clip(along, *ENDS)
    return (inside**2 - np.mean(np.log(np.array(TOKENS) / MIDDLE) ** 2)) / 2 + inside * (along - inside)


def strayed(data):
    """Variance of what a model does beyond its data, whose slope wanders as curvatures would have changed it there."""
    beyond = np.maximum(np.log(data / MIDDLE) - ENDS[1], 0) + np.maximum(ENDS[0] - np.log(data / MIDDLE), 0)
    return CURVATURE_SD**2 * np.ptp(ENDS) * beyond**3 / 3


def of_models(data):
    """Variance of what a new model has of its own."""
    known = OFFSET_SD**2 + (TILT_SD * np.log(data / MIDDLE)) ** 2 + (CURVATURE_SD * curving(data)) ** 2
    return known + strayed(data)


def missed(logs, field):
    """Mean and variance of the error of the law at points (A, V) beyond the data, in log loss."""
    frontier = edge(field.points)
    return MISFIT * frontier.mean(logs), MISFIT**2 * np.diag(frontier.covariance(logs))


def edge(seen):
    """The frontier of runs, beyond which errors are known, and alike in all directions."""
    return Frontier(seen, np.ones(len(directions(2))), (0, 1))


def log_law(posterior, curve, params, data):
    p = {name: posterior.flat(name)[0, curve] for name in ("E", "A", "B", "alpha", "beta")}
    return np.log(p["E"] + p["A"] / params ** p["alpha"] + p["B"] / data ** p["beta"])


def test_a_model_of_the_table_keeps_its_offset_and_what_is_known_of_the_field(posterior):
    layout, field = posterior.layout, posterior.layout.fields[0]
    sizes = (8e9, 3e9, 1e9, 2e11)
    prediction = predict(posterior, [{"data": data} for data in sizes], kind="curve")
    assert prediction.labels == tuple((c.model, c.family, c.task) for c in layout.curves)
    logs = np.log([[SIZES[1], data] for data in sizes])
    logs -= np.log([layout.reference["params"][0], layout.reference["data"][0]])
    first = len(field.patterns[0])
    assert first > 0
    known = field.functions(logs) @ posterior.flat("field")[0, :first]
    mean, variance = missed(logs, field)
    assert (variance > 0).tolist() == [False, False, True, True]
    for a, data in enumerate(sizes):
        draws = prediction.linked[:, 1, a]
        own = posterior.flat("offset")[0, 1] + posterior.flat("tilt")[0, 1] * np.log(data / MIDDLE)
        own += posterior.flat("curvature")[0, 1] * curving(data)
        expected = log_law(posterior, 1, SIZES[1], data) + own + known[a] + mean[a]
        left = FIELD_SD**2 * field.unexplained(logs)[a] + strayed(data) + variance[a]
        assert draws.mean() == pytest.approx(expected, abs=5 * np.sqrt(left / DRAWS) + 1e-9)
        assert draws.var() == pytest.approx(left, rel=0.08)
    np.testing.assert_allclose(prediction.extrapolation[0], np.array(sizes) / 5e10)


def test_models_of_a_surface_share_its_field(posterior):
    """At one place two new draws of the same surface differ by nothing but their offsets."""
    draws = predict(posterior, [{"data": 3e9}], kind="curve").linked[..., 0]
    near = np.exp(-np.log(SIZES[1] / SIZES[0]) / 0.4)
    assert np.corrcoef(draws[:, 0], draws[:, 1])[0, 1] == pytest.approx(near, abs=0.06)
    assert abs(np.corrcoef(draws[:, 0], draws[:, 3])[0, 1]) < 0.06  # another family


def test_a_new_model_has_an_offset_and_a_tilt_of_its_own(posterior):
    point = {"params": 2e8, "data": 8.5e9}
    curve = predict(posterior, [point], kind="curve")
    assert curve.labels == (("<new model>", "x", "t"), ("<new model>", "y", "t"), ("<new model>", "z", "t"))
    logs = np.log([[point[n] / posterior.layout.reference[n][0] for n in ("params", "data")]])
    expected = of_models(8.5e9) + FIELD_SD**2 * posterior.layout.fields[0].unexplained(logs)[0]
    assert curve.linked[:, 0, 0].var() == pytest.approx(expected, rel=0.08)
    run = predict(posterior, [point], kind="run")
    assert run.linked[:, 0, 0].var() == pytest.approx(expected + NOISE**2, rel=0.08)


def test_intervals_widen_beyond_the_data_in_either_covariate(posterior):
    points = [{"params": 1e9, "data": 2e10}, {"params": 1e11, "data": 2e10}, {"params": 1e9, "data": 2e12}]
    prediction = predict(posterior, points, kind="curve")
    variance = prediction.linked[:, 0].var(axis=0)
    logs = np.log([[point[n] / posterior.layout.reference[n][0] for n in ("params", "data")] for point in points])
    _, beyond = missed(logs, posterior.layout.fields[0])
    assert beyond[0] == 0.0
    for k in (1, 2):
        assert beyond[k] > 5 * FIELD_SD**2
        expected = of_models(points[k]["data"]) + FIELD_SD**2 + beyond[k]
        assert variance[k] == pytest.approx(expected, rel=0.08)
    assert variance[0] < 1.1 * (of_models(2e10) + FIELD_SD**2)
    np.testing.assert_allclose(prediction.extrapolation[0], [1e9 / 1.6e9, 1e11 / 1.6e9, 2e12 / 5e10])
    assert prediction.records()[2 * len(prediction.labels)]["beyond"] == pytest.approx(
        {"params": 1e9 / 1.6e9, "data": 2e12 / 5e10, "compute": 1e9 * 2e12 / (1.6e9 * 5e10)}
    )


def test_a_run_may_lie_beyond_in_compute_alone(surface, forge):
    """Each budget was run with a small model or few tokens, and both are large in none of the runs."""
    runs = surface({"x": ((1e8,), TOKENS), "y": ((1.6e9,), TOKENS[:2])})
    positions = {name: np.zeros((8, *shape)) for name, shape in build_model(runs, LAW).sizes().items()}
    found = predict(forge(runs, positions, law="chinchilla"), [{"params": 1.6e9, "data": 5e10}])
    assert found.records()[0]["beyond"] == pytest.approx({"params": 1.0, "data": 1.0, "compute": 5e10 / 8e9})
    assert found.extrapolation[0, 0] == pytest.approx(5e10 / 8e9)


def test_a_model_with_one_run_wanders_as_a_typical_one_does(surface, forge):
    """Of a family of its own, which tells nothing of how long models are measured."""
    runs = surface({"x": (SIZES, TOKENS), "y": ((2e8,), TOKENS[:1])})
    position = pinned(build_model(runs, LAW))
    posterior = forge(runs, {name: np.repeat(v[None], 8000, axis=0) for name, v in position.items()}, law="chinchilla")
    layout, span, rng = posterior.layout, np.log(TOKENS[-1] / TOKENS[0]), np.random.default_rng(0)
    t = np.full((4, 1), np.log(TOKENS[-1] / layout.reference["data"][0]))
    predictor = posterior.predictor
    strays = predictor._departures(predictor.targets([{"data": TOKENS[-1]}], "seen", rng), t, rng)
    variance = dict(zip([curve.family for curve in layout.curves], strays.var(axis=0)[:, 0], strict=True))
    usual = 0.75 * span  # of four models, one has no length
    assert variance["x"] == 0.0
    assert variance["y"] == pytest.approx(posterior.flat("curvature_sd")[0, 0] ** 2 * usual * span**3 / 3, rel=0.08)


def test_models_are_tilted_about_the_middle_of_those_they_are_like(surface, forge):
    later = (2e10, 5e10, 5e11)
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES[1:], later)})
    position = pinned(build_model(runs, LAW))
    posterior = forge(runs, {name: np.repeat(v[None], 8, axis=0) for name, v in position.items()}, law="chinchilla")
    at, rng = [{"params": 4e8, "data": 1e12}], np.random.default_rng(0)
    reference = posterior.layout.reference["data"][0]
    model, family = (posterior.predictor.targets(at, who, rng) for who in ("seen", "new-family"))
    middle = np.exp(np.mean(np.log(later)))
    np.testing.assert_allclose(reference * np.exp(model.measured.middle), [MIDDLE, middle])
    np.testing.assert_allclose(
        reference * np.exp(family.measured.middle), [(MIDDLE**3 * middle**2) ** (1 / 5)]
    )  # five models
    ends = np.exp(model.measured.middle + np.array([model.measured.low, model.measured.high]))
    np.testing.assert_allclose(reference * ends, [[TOKENS[0], later[0]], [TOKENS[-1], later[-1]]])
    np.testing.assert_allclose(1e12 / model.extrapolation[:, 0], [5e10, 5e11])
    np.testing.assert_allclose(1e12 / family.extrapolation[:, 0], [5e11])


def test_a_new_family_is_wider_than_a_new_model_and_needs_two_families(posterior, surface, forge):
    point = {"params": 4e8, "data": 8e9}
    family = predict(posterior, [point], kind="new-family")
    assert family.labels == (("<new family>", "<new family>", "t"),)
    model = predict(posterior, [point], kind="run")
    assert np.subtract(*np.quantile(family.linked[:, 0, 0], [0.75, 0.25])) > 1.1 * np.subtract(
        *np.quantile(model.linked[:, 0, 0], [0.75, 0.25])
    )
    runs = surface({"x": (SIZES, TOKENS)})
    position = pinned(build_model(runs, LAW))
    alone = forge(runs, {name: np.repeat(v[None], 8, axis=0) for name, v in position.items()}, law="chinchilla")
    with pytest.raises(TargetError, match="cannot be predicted from one"):
        predict(alone, [point], kind="new-family")


def test_a_new_family_departs_beyond_the_data_and_strays_alike_at_points_near_each_other(posterior):
    """What two points differ in, where levels and offsets cancel; laws of families differ in nothing here."""
    at = [{"params": 4e8, "data": data} for data in (8e9, 8.1e9, 5e10, 5e13)]
    rng, predictor = np.random.default_rng(0), posterior.predictor
    targets = predictor.targets(at, "new-family", rng)
    law = {c.name: np.repeat(targets.coordinates[c.name].mean(axis=0)[None], DRAWS, axis=0) for c in LAW.coordinates}
    targets = replace(targets, coordinates=law, tilt=np.zeros_like(targets.tilt))
    drawn = predictor.expected(targets, rng)[:, 0] - predictor.expected(targets)[:, 0]
    near = 1 - np.exp(-np.log(8.1 / 8.0) / 0.4)
    assert (drawn[:, 1] - drawn[:, 0]).var() == pytest.approx(2 * FIELD_SD**2 * near, rel=0.08)
    assert drawn[:, 2].var() == pytest.approx(FIELD_SD**2, rel=0.08)
    layout = posterior.layout
    seen = np.concatenate([field.points for field in layout.fields])
    last = np.log([[at[3][name] / layout.reference[name][0] for name in ("params", "data")]])
    departed = MISFIT**2 * edge(seen).covariance(last)[0, 0]
    assert departed > 5 * FIELD_SD**2
    assert drawn[:, 3].var() == pytest.approx(FIELD_SD**2 + departed + strayed(5e13), rel=0.08)


def test_points_of_two_kinds_are_refused(posterior):
    with pytest.raises(TargetError, match="one kind of points at a time"):
        predict(posterior, [{"data": 8e9}, {"data": 8e9, "params": 1e9}])
    with pytest.raises(TargetError, match="whole point: give params, data"):
        predict(posterior, [{"data": 8e9}], kind="new-family")
    with pytest.raises(TargetError, match="give a list of points"):
        predict(posterior, {"data": 8e9, "params": 1e9})
    with pytest.raises(TargetError, match="has no covariate 'tokens'"):
        predict(posterior, [{"tokens": 8e9, "params": 1e9}])


def test_a_saved_fit_answers_alike(posterior, tmp_path):
    save_posterior(posterior, tmp_path / "fit.nc")
    again = load_posterior(tmp_path / "fit.nc")
    point = [{"params": 3e9, "data": 1e11}]
    np.testing.assert_array_equal(predict(again, point).linked, predict(posterior, point).linked)


def test_models_with_checkpoints_keep_the_size_they_have(surface, forge):
    """Averages of what does not vary are what it is, to the last bit, so that a target in data alone is enough."""
    sizes = (1.1e8, 3.7e8, 1.237e9)
    runs = surface({"x": (sizes, np.geomspace(2e9, 5e10, 40))})
    posterior = forge(runs, {n: np.zeros((8, *s)) for n, s in build_model(runs, LAW).sizes().items()}, law="chinchilla")
    assert posterior.layout.y.shape[1] < 40
    assert set(posterior.layout.covariates["params"].ravel()) == set(sizes)
    assert predict(posterior, [{"data": 1e12}]).linked.shape == (8, 3, 1)
