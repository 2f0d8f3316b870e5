"""The layout of a table as arrays."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import LawError
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.kinds.shared.layout import TYPICAL_NOISE
from bayeslaw.laws import get_law, law_names
from bayeslaw.laws.base import Covariate
from bayeslaw.runs import Runs, read_runs

FRAME = pd.DataFrame(
    {
        "task": ["t", "t", "u", "t", "t", "u"],
        "family": ["F", "F", "F", "G", "F", "F"],
        "model": ["a", "a", "a", "b", "a", "a"],
        "data": [800.0, 200.0, 500.0, 300.0, 400.0, 100.0],
        "loss": [2.0, 4.0, 5.0, 6.0, 3.0, 7.0],
    }
)


def layout_of(runs, law):
    return kind_of(law).layout(runs, law)


def table_without(column):
    table = read_runs(FRAME).table.drop(columns=column)
    return Runs(table, (), (), "mine.csv")


def test_curves_are_in_order_of_appearance_and_points_in_order_of_size():
    layout = layout_of(read_runs(FRAME), get_law("rectified"))
    assert [(c.task, c.family, c.model) for c in layout.curves] == [("t", "F", "a"), ("u", "F", "a"), ("t", "G", "b")]
    assert layout.tasks == ("t", "u")
    assert layout.families == (("t", "F"), ("u", "F"), ("t", "G"))
    assert layout.task_of.tolist() == [0, 1, 0]
    assert layout.family_of.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(layout.covariates["data"], [[200, 400, 800], [100, 500, 500], [300, 300, 300]])
    np.testing.assert_allclose(layout.axis, np.log(layout.covariates["data"] / 800), atol=1e-9)
    np.testing.assert_allclose(layout.y, [np.log([4, 3, 2]), [np.log(7), np.log(5), 0], [np.log(6), 0, 0]])
    np.testing.assert_array_equal(layout.weight, [[1, 1, 1], [1, 1, 0], [1, 0, 0]])
    np.testing.assert_allclose(layout.largest, [800, 500, 300])
    np.testing.assert_allclose(layout.reference["data"], [800, 800, 800])
    assert np.isnan(layout.raw_noise).all()


def test_known_errors_make_runs_count_for_less():
    errors = FRAME.assign(loss_se=[0.0, 0.02, 0.0, 0.06, 0.015, 0.35])
    layout = layout_of(read_runs(errors), get_law("rectified"))
    se = np.array([0.02 / 4, 0.015 / 3, 0.0])
    np.testing.assert_allclose(layout.weight[0], TYPICAL_NOISE**2 / (TYPICAL_NOISE**2 + se**2))
    assert layout.weight[0, 0] == pytest.approx(0.5)  # an error of the size of the noise halves it
    np.testing.assert_allclose(layout.weight[1], [TYPICAL_NOISE**2 / (TYPICAL_NOISE**2 + 0.05**2), 1.0, 0.0])


def test_reference_of_other_covariates_is_their_geometric_mean():
    law = get_law("rectified")
    two = type(law)(**{**vars(law), "covariates": (*law.covariates, Covariate("params", "parameters"))})
    frame = FRAME.assign(params=[1e9, 1e9, 1e9, 1e12, 1e9, 1e9])
    layout = layout_of(read_runs(frame), two)
    np.testing.assert_allclose(layout.reference["params"], 10**9.5)
    np.testing.assert_allclose(layout.covariates["params"][2], 1e12)


def test_what_is_counted_alike_has_one_reference():
    law = get_law("rectified")
    like = Covariate("unique_data", "examples", like="data")
    two = type(law)(**{**vars(law), "covariates": (*law.covariates, like)})
    layout = layout_of(read_runs(FRAME.assign(unique_data=[100.0, 50.0, 50.0, 10.0, 100.0, 50.0])), two)
    np.testing.assert_array_equal(layout.reference["unique_data"], layout.reference["data"])
    np.testing.assert_array_equal(layout.covariates["unique_data"][0], [50, 100, 100])


def test_padding_of_the_model_changes_nothing_seen():
    model = build_model(read_runs(FRAME), get_law("rectified"))
    width = model.data.log_loss.shape[1]
    assert width % 4 == 0
    np.testing.assert_array_equal(model.data.root_weight[:, 3:], 0.0)
    np.testing.assert_array_equal(model.data.covariates["data"][:, 3:], model.data.covariates["data"][:, [2]])
    np.testing.assert_allclose(model.data.covariates["data"][:, :3], model.layout.covariates["data"] / 800)
    assert model.data.rotation.shape[1] == width
    np.testing.assert_array_equal(model.data.real.sum(axis=1) + model.data.noise_directions + 1, [3, 2, 1])


def test_a_missing_covariate_is_named_with_the_laws_that_fit():
    with pytest.raises(LawError, match=r"mine\.csv: the rectified law needs 'data' \(examples\)") as caught:
        layout_of(table_without("data"), get_law("rectified"))
    fitting = [n for n in law_names() if all(c.name in table_without("data").table for c in get_law(n).covariates)]
    for name in fitting:
        assert name in str(caught.value)
    if not fitting:
        assert "No law here" in str(caught.value)


def test_a_law_that_needs_more_than_the_table_has_is_told_which_laws_fit():
    law = get_law("rectified")
    two = type(law)(**{**vars(law), "name": "two", "covariates": (*law.covariates, Covariate("params", "parameters"))})
    with pytest.raises(LawError, match=r"the two law needs 'params' \(parameters\).*rectified"):
        layout_of(read_runs(FRAME), two)
    # a column with a hole is not one that every run has
    holes = read_runs(FRAME).table.assign(params=[1e9, np.nan, 1e9, 1e9, 1e9, 1e9])
    with pytest.raises(LawError, match="'params'"):
        layout_of(Runs(holes, (), (), "mine.csv"), two)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["full", "lora", "full"], r"needs numbers in 'kind', but found 'full' \(row 1\)"),
        ([1.0, 0.0, 2.0], r"needs positive 'kind', but row 2 has 0"),
        ([True, False, True], r"needs numbers in 'kind', but found 'True'"),
    ],
)
def test_a_covariate_must_be_a_size(column, message):
    frame = pd.DataFrame({"model": ["a"] * 3, "data": [1, 2, 3], "loss": [3.0, 2.0, 1.0], "kind": column})
    with pytest.raises(LawError, match=message):
        layout_of(read_runs(frame), get_law("additive(kind)"))
