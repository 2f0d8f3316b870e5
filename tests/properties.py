"""Properties that hold for whatever hypothesis draws: few examples in the quick suite, thousands in the slow one."""

import pytest
from hypothesis import HealthCheck, given, settings

QUICKLY_AND_LONG = pytest.mark.parametrize("examples", [25, pytest.param(10_000, marks=pytest.mark.slow)])


def outcome(refusal, function, *arguments):
    """What a function returns and no text, or nothing and the text of the package's own error."""
    try:
        return function(*arguments), ""
    except refusal as error:
        return None, str(error)


def holds(check, examples, *strategies):
    """Call ``check`` with so many draws of the strategies."""
    often = settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    often(given(*strategies)(check))()
