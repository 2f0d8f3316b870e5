"""Checks of what a model takes for normal: rare on tables of the model itself, each alone on what it is for."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bayeslaw.kinds import deviate_checks as module
from bayeslaw.kinds.base import prior_positions
from bayeslaw.kinds.deviate_checks import P_MIN, OddTest, deviate_checks, odd_tests, smallest
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.laws import get_law
from bayeslaw.posterior.posterior import label

SIZES = tuple(100.0 * 2.0 ** np.arange(6))
MODELS = {f"{family}{i}": family for family in "xyz" for i in range(3)}
NAMES = {"odd_sizes", "odd_runs", "odd_families", "odd_models", "odd_bends"}


def made_by_the_model(runs, law, count):
    """Tables that the model made, one a draw; that draw is one of the exact posterior of its table.

    Returns layouts with a table a draw, y of shape (S, C, M), a predictor, and the same of each table.
    """
    model = build_model(runs, get_law(law))
    rng, kind = np.random.default_rng(8), kind_of(model.law)
    completed = model.without_runs().complete(prior_positions(model, count, rng), rng)
    draws = label(model.law, model.layout, completed, count, 1)

    def predictor(layout, draws):
        return kind.predictor(model.law, layout, draws, model.density.scales)

    y = np.where(model.layout.weight > 0, predictor(model.layout, draws).replicated(rng), 0.0)
    layouts = [replace(model.layout, y=values) for values in (y, *y[:20])]
    return list(
        zip(layouts, map(predictor, layouts, [draws, *(draws.isel(chain=[s]) for s in range(20))]), strict=True)
    )


@pytest.fixture(scope="module")
def curves(simulate):
    return simulate({("t", name): SIZES for name in MODELS}, families=MODELS, seed=2)


@pytest.fixture(scope="module")
def surfaces(surface):
    return surface(
        dict.fromkeys(
            "xyz", ((100000000.0, 200000000.0, 400000000.0), (2000000000.0, 8000000000.0, 20000000000.0, 40000000000.0))
        ),
        offset=0.01,
    )


@pytest.fixture(scope="module")
def of_curves(curves):
    return made_by_the_model(curves, "rectified", 2000)


@pytest.fixture(scope="module")
def of_surfaces(surfaces):
    return made_by_the_model(surfaces, "chinchilla", 2000)


@pytest.mark.fits
@pytest.mark.parametrize(("made", "law"), [("of_curves", "rectified"), ("of_surfaces", "chinchilla")])
def test_tables_of_the_model_itself_are_rarely_called_odd(made, law, request):
    layout, predictor = request.getfixturevalue(made)[0]
    for name, tests in odd_tests(layout, get_law(law), predictor).items():
        if tests:
            p = smallest(tests)
            assert np.mean(2 * p < P_MIN) <= 0.01, name
            assert 0.05 < np.mean(p < 0.2) < 0.25, name  # a fifth, or less where tests of one check agree


def test_each_test_alone_is_uniform_on_normal_deviates():
    values = np.random.default_rng(1).standard_normal((20_000, 5))
    found = [
        module._mean("", values),
        module._spread("", values),
        module._spread("", values, large_only=True),
        module._largest("", values),
        *(
            module._mean("", values @ along[:, None])
            for _, along in module._shapes(np.array([0.0, 1.0, 2.0, 4.0, 9.0]))
        ),
    ]
    assert len(found) == 6
    for test in found:
        assert stats.kstest(test.p, "uniform").statistic < 0.015


def test_slopes_and_bends_are_of_what_they_are_called():
    axis = np.array([0.0, 1.0, 2.0, 4.0, 9.0])
    shapes = dict(module._shapes(axis))
    assert list(shapes) == ["slope", "bend"]
    matrix = np.stack([np.full(5, 5**-0.5), *shapes.values()])
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert dict(module._shapes(axis[:2])).keys() == {"slope"}
    assert not dict(module._shapes(axis[[1, 1]]))


def test_small_spreads_are_odd_of_runs_and_not_of_models():
    values = np.full((10, 20), 0.01)
    assert (module._spread("", values).p < 1e-6).all()
    assert (module._spread("", values, large_only=True).p > 0.99).all()


def test_deviates_that_are_no_numbers_say_nothing():
    values = np.full((10, 3), np.nan)
    for test in (module._mean("", values), module._spread("", values), module._largest("", values)):
        np.testing.assert_array_equal(test.p, 1.0)


def test_a_check_is_twice_the_median_of_the_smallest():
    tests = [OddTest("one", np.array([0.001, 0.01, 0.02])), OddTest("another", np.array([0.5, 0.4, 0.9]))]
    np.testing.assert_allclose(smallest(tests), [0.002, 0.02, 0.04])
    check = module._check("odd_runs", tests, "look")
    assert check.value == pytest.approx(2 * 0.02)
    assert (check.status, check.threshold) == ("PASS", P_MIN)
    assert "here it is one" in check.sentence
    assert module._check("odd_runs", [OddTest("one", np.full(3, 0.8))], "look").value == 1.0


def test_models_of_few_runs_and_families_of_all_models_have_no_tests(simulate):
    runs = simulate({("t", "a"): SIZES, ("t", "b"): SIZES[:2]}, families={"a": "f", "b": "f"}, seed=2)
    layout, predictor = made_by_the_model(runs, "rectified", 40)[0]
    tests = odd_tests(layout, get_law("rectified"), predictor)
    assert tests["odd_runs"]
    assert all(test.about.endswith(" of a") for test in tests["odd_runs"])
    assert tests["odd_families"] == []  # there is nothing to set it against


class Altered:
    """The predictor of a table in which one thing is not as the model says."""

    def __init__(self, predictor, change):
        self.found = predictor.deviates()
        change({name: d.values for name, d in self.found.items()})

    def deviates(self):
        return self.found


def one_size(d):
    d["residuals"][:, :, 3] += 1.7


def one_run(d):
    d["residuals"][:, 4, 2] += 6.5


def one_family(d):
    d["residuals"][:, 3:6] += np.array([1.3, 1.2, 1.25, 1.3, 1.2, 1.3])


def one_noise(d):
    d["the noise"][:, 3:6] += 3.3


def one_wandering_model(d):
    d["the wandering"][:, 2] *= 6.0


def one_bend(d):
    d["the bends"][:, 0, 4] = 5.0


@pytest.mark.fits
@pytest.mark.parametrize(
    ("change", "name", "says"),
    [
        (one_size, "odd_sizes", "the mean of residuals at data = 800"),
        (one_run, "odd_runs", "the largest of residuals of y1"),
        (one_family, "odd_families", "the mean of residuals of family y"),
        (one_noise, "odd_models", "the noise of family y"),
        (one_wandering_model, "odd_models", "the wandering of x2"),
        (one_bend, "odd_bends", "the largest of the bends of t"),
    ],
)
def test_each_speaks_alone_of_what_it_is_for(of_curves, change, name, says):
    spoke = []
    for layout, predictor in of_curves[1:]:
        checks = {c.name: c for c in deviate_checks(layout, get_law("rectified"), Altered(predictor, change))}
        assert set(checks) == NAMES
        spoke += [n for n, check in checks.items() if check.status != "PASS"]
        if checks[name].status == "REVIEW" and says in checks[name].sentence:
            assert checks[name].remedy
            assert checks[name].value < P_MIN
            continue
        spoke.append("missed")
    assert spoke.count(name) >= 18
    assert len(spoke) - spoke.count(name) - spoke.count("missed") <= 2, {n: spoke.count(n) for n in spoke}


@pytest.mark.parametrize(("law", "names"), [("rectified", NAMES), ("broken", NAMES - {"odd_bends"})])
def test_a_fit_has_them(forge_at_random, curves, law, names):
    checks = [check for check in forge_at_random(curves, draws=40, law=law).checks if check.name in NAMES]
    assert {check.name for check in checks} == names
    assert all(0 < check.value <= 1 for check in checks)
    assert {check.status for check in checks} <= {"PASS", "REVIEW"}
