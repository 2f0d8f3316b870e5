"""Condensing of smoothed curves."""

import numpy as np
import pandas as pd

from bayeslaw.kinds.shared.averaging import BIN, condense


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
