"""The noise of the runs behind smoothed curves."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import isotonic_regression

from bayeslaw.kinds.curves.raw_noise import raw_noise


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
