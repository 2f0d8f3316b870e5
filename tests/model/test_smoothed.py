"""Condensing of smoothed curves, and the noise of the runs behind them."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import isotonic_regression

from bayeslaw.model.smoothed import BIN, condense, raw_noise


def flat(t, y, model="a"):
    values = pd.DataFrame({"data": np.exp(t), "loss": np.exp(y)})
    return pd.DataFrame({"model": [model] * len(values)}), values


def test_points_of_a_bin_are_averaged_in_logs():
    t = np.array([0.0, -0.1, -0.26, -0.3, -0.49, -3.0]) + 5.0
    y = np.array([1.0, 2.0, 3.0, 5.0, 7.0, 11.0])
    curve, values, weight = condense(*flat(t, y), pd.Series(np.arange(1.0, 7.0)), "data")
    np.testing.assert_allclose(np.log(values["data"]), [4.95, 4.65, 2.0])
    np.testing.assert_allclose(np.log(values["loss"]), [1.5, 5.0, 11.0])
    np.testing.assert_allclose(weight, np.array([3.0, 12.0, 6.0]) / 12.0)
    assert curve["model"].tolist() == ["a"] * 3


def test_bins_are_counted_from_the_last_point_of_each_curve():
    parts = [flat(np.array([0.0, 0.2, 0.3]) + shift, np.zeros(3), name) for shift, name in ((0.0, "b"), (7.1, "a"))]
    curve, values = (pd.concat(part, ignore_index=True) for part in zip(*parts, strict=True))
    order = [3, 0, 4, 1, 5, 2]
    curve, values, weight = condense(curve.loc[order], values.loc[order], pd.Series(1.0, order), "data")
    assert curve["model"].tolist() == ["a", "b", "a", "b"]
    np.testing.assert_allclose(np.log(values["data"]), [7.1, 0.0, 7.35, 0.25])
    np.testing.assert_allclose(weight, [0.5, 0.5, 1.0, 1.0])


def test_points_further_apart_than_a_bin_are_kept():
    t = 4.0 - 1.01 * BIN * np.arange(9)
    _, values, weight = condense(*flat(t, np.sin(t)), pd.Series(np.ones(9)), "data")
    np.testing.assert_allclose(values["loss"], np.exp(np.sin(t)))
    np.testing.assert_array_equal(weight, 1.0)


def training_curve(sigma, rng, evaluations=600):
    """A monotone fit to evaluations at even steps of training, and a log grid of it."""
    step = 1000.0 * np.arange(1, evaluations + 1)
    truth = np.log(0.3 + 40 * step**-0.5)
    fitted = -isotonic_regression(-(truth + sigma * rng.standard_normal(evaluations))).x
    kept = np.unique(np.round(np.exp(np.linspace(0, np.log(evaluations), 160))).astype(int)) - 1
    return pd.DataFrame({"data": step[kept], "loss": np.exp(fitted[kept])})


@pytest.mark.parametrize("sigma", [0.01, 0.03])
def test_noise_of_runs_is_seen_through_a_monotone_fit(sigma):
    rng = np.random.default_rng(1)
    found = [raw_noise(training_curve(sigma, rng), "data") for _ in range(40)]
    log_ratio = np.log(np.array(found) / sigma)
    assert abs(log_ratio.mean()) < 0.35  # the scatter of the fit itself is out by more than a factor of 2
    assert log_ratio.std() < 0.45


def test_units_and_order_do_not_matter():
    curve = training_curve(0.02, np.random.default_rng(2))
    changed = pd.DataFrame({"tokens": 1e4 * curve["data"], "loss": curve["loss"] / 3}).sample(frac=1, random_state=1)
    assert raw_noise(changed, "tokens") == pytest.approx(raw_noise(curve, "data"), rel=1e-6)


def test_sizes_that_repeat_are_one_size():
    curve = training_curve(0.02, np.random.default_rng(2))
    rounded = curve.assign(data=np.maximum(np.round(curve["data"] / 4000), 1) * 4000)
    assert rounded["data"].duplicated().sum() > 5
    assert 0.3 < raw_noise(rounded, "data") / raw_noise(curve, "data") < 1.5


def test_raw_and_short_curves_speak_for_themselves():
    rng = np.random.default_rng(3)
    curve = training_curve(0.02, rng)
    assert raw_noise(curve.tail(7), "data") is None
    assert raw_noise(curve.assign(loss=curve["loss"] * np.exp(0.01 * rng.standard_normal(len(curve)))), "data") is None
