"""Numbers computed from columns: what is understood, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import SelectionError
from bayeslaw.runs.arithmetic import computed

TABLE = pd.DataFrame(
    {"params": [1e9, 2e9], "data": [100, 200], "gpu hours": [1.5, 3.0], "family": ["a", "b"], "hours": ["1.5", "3h"]}
)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("6 * params * data", [6e11, 2.4e12]),
        ("-(data - 300) / 2 ** 2", [50, 25]),
        ("log2(params / 1e9) + sqrt(data * 0 + 9)", [3, 4]),
        ("`gpu hours` * 2", [3, 6]),
        ("N", [1e9, 2e9]),
        ("7", [7, 7]),
        ("exp(log(DATA))", [100, 200]),
    ],
)
def test_what_is_understood(expression, found):
    np.testing.assert_allclose(computed(TABLE, expression, {"N": "params"}, "--cost"), found)


def test_what_has_no_answer_is_not_finite():
    assert not np.isfinite(computed(TABLE, "log(data - 100) / (data - 200)", {}, "--cost")).any()


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("prams", r"no column 'prams'\. Did you mean 'params'\? .*params, data"),
        ("family * 2", "holds 'a', not numbers alone"),
        ("hours * 2", r"holds '3h', not numbers alone"),
        ("params *", "not an expression"),
        ("params and data", "not understood"),
        ("open('x')", "not understood"),
        ("params.__class__", "not understood"),
        ("sin(data)", "not understood"),
        ("True", "not understood"),
        ("(" * 500 + "1" + ")" * 500, "nested too deeply|not an expression"),
        ("1+" * 6000 + "1", "at most 10,000"),
    ],
)
def test_what_is_refused(expression, told):
    with pytest.raises(SelectionError, match=told) as caught:
        computed(TABLE, expression, {}, "--cost")
    assert str(caught.value).startswith("--cost")
