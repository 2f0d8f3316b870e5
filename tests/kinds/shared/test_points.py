"""Names that are not there, with the nearest that is."""

import pytest

from bayeslaw.errors import TargetError
from bayeslaw.kinds.shared.points import require_covariates, unknown_name
from bayeslaw.laws import get_law


def test_the_nearest_model_is_offered_as_it_is_written_in_the_table():
    names = ["facebook/opt-1.3b", "facebook/opt-6.7b", "t5-base"]
    assert "Did you mean 'facebook/opt-1.3b'?" in str(unknown_name("model", "opt-1.3b", names))
    assert "Did you mean 't5-base'?" in str(unknown_name("model", "t5base", names))
    assert "Did you mean" not in str(unknown_name("model", "zzz", names))


def test_the_nearest_covariate_is_offered():
    with pytest.raises(TargetError, match=r"no covariate 'dta'; it has data. Did you mean 'data'\?"):
        require_covariates(get_law("rectified"), {"dta": 1.0})
