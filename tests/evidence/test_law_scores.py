"""Weights and standard errors of laws scored on the same runs."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.evidence.comparison.law_scores import _clustered_error, stacking_weights


def test_weights_are_those_of_the_mixture_that_made_the_runs():
    rng = np.random.default_rng(0)
    means = np.array([0.0, 3.0, 8.0])
    y = rng.normal(means[rng.choice(3, 20_000, p=[0.7, 0.3, 0.0])], 1.0)
    weights = stacking_weights(-0.5 * (y[:, None] - means) ** 2)
    np.testing.assert_allclose(weights, [0.7, 0.3, 0.0], atol=0.015)


def test_the_better_of_two_equal_shapes_has_all_the_weight():
    scores = np.random.default_rng(1).normal(size=(50, 1))
    for gap in (1.0, 0.0005):
        np.testing.assert_allclose(stacking_weights(np.hstack([scores, scores - gap])), [1.0, 0.0], atol=1e-6)


def test_errors_of_the_gap_count_models_and_not_runs():
    rng = np.random.default_rng(3)
    labels = pd.DataFrame({"task": "t", "family": "f", "model": np.repeat(np.arange(400), 5)})
    of_model = rng.standard_normal(400)
    assert _clustered_error(np.repeat(of_model, 5), labels) == pytest.approx(of_model.std(ddof=1) / 20, rel=1e-3)
    alone = rng.standard_normal(2000)
    assert _clustered_error(alone, labels) == pytest.approx(alone.std() / np.sqrt(2000), rel=0.1)
    assert np.isnan(_clustered_error(alone[:5], labels[:5]))
