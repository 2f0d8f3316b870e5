"""Shapes and types of the arrays of each density are those that its fields state, on tables where dimensions differ."""

from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd
import pytest
from jaxtyping import Float, Int, jaxtyped

from bayeslaw.kinds.curves.density import rotated_residuals
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.population import coordinates
from bayeslaw.laws import get_law
from bayeslaw.prior.released import released_prior
from bayeslaw.runs import read_runs

SIZES = (200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0, 12800.0)
TABLE = {("t", "a"): SIZES, ("t", "b"): SIZES[2:], ("t", "c"): (300.0,), ("u", "a"): (100.0, 700.0)}


def require_stated_shapes(arrays: Any) -> None:
    """Compare a tuple of arrays with the hints of its fields; a dimension has one length throughout."""
    for name, hint in get_type_hints(type(arrays)).items():
        value = getattr(arrays, name)
        if value is None:
            continue
        if get_origin(hint) is dict:
            hint = get_args(hint)[1]
            assert value, f"{name} is empty"
        for array in value.values() if isinstance(value, dict) else [value]:
            if hasattr(array, "_fields"):
                require_stated_shapes(array)
            else:
                assert isinstance(np.asarray(array), hint), f"{name}: {np.shape(array)} is not {hint}"


@pytest.mark.fits
@pytest.mark.parametrize("law", ["rectified", "vanilla", "broken"])
def test_arrays_of_curves_have_their_stated_shapes(simulate, law):
    model = build_model(simulate(TABLE, seed=1), get_law(law))
    position = {name: np.zeros(size) for name, size in model.sizes().items()}
    values = coordinates(model.density.pooled, model.data.groups, position)
    with jaxtyped("context"):
        require_stated_shapes(model.data)
        require_stated_shapes(rotated_residuals(model.density, model.data, position, values))


def test_arrays_of_a_prior_have_their_stated_shapes(simulate):
    prior = released_prior("finetune-loss-v1")
    task = next(iter(prior.borrowed.paths))
    model = build_model(simulate({(task, name): SIZES for name in "abc"}, seed=1), prior.law, borrowed=prior.borrowed)
    assert model.data.borrowed.paths is not None
    with jaxtyped("context"):
        require_stated_shapes(model.data)


def test_arrays_of_surfaces_have_their_stated_shapes(surface):
    runs = surface({"x": ((1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10, 5e10)), "y": ((1e8, 4e8), (2e9, 8e9, 2e10))})
    with jaxtyped("context"):
        require_stated_shapes(build_model(runs, get_law("chinchilla")).data)


@pytest.mark.parametrize("wrong", [np.zeros((3, 2)), np.zeros(3), np.zeros((2, 3), int)])
def test_a_wrong_shape_is_seen(wrong):
    with jaxtyped("context"):
        assert isinstance(np.zeros((2, 3)), Float[Any, "C M"])
        assert isinstance(np.zeros(2, int), Int[Any, " C"])
        assert not isinstance(wrong, Float[Any, "C M"])


def test_arrays_of_scores_have_their_stated_shapes():
    sizes, tokens = (1e8, 4e8, 1.6e9), np.geomspace(2e10, 3e11, 7)
    rows = [
        {"task": task, "model": f"m{n:g}", "family": "f", "params": n, "tokens": t, "accuracy": 0.5, "chance": 0.25}
        for task in "ab" for n in sizes for t in tokens[: 7 if n < 1e9 else 5]
    ]  # fmt: skip
    runs = read_runs(pd.DataFrame(rows).assign(questions=1000, accuracy=np.linspace(0.3, 0.7, len(rows))))
    with jaxtyped("context"):
        require_stated_shapes(build_model(runs, get_law("trajectory")).data)
