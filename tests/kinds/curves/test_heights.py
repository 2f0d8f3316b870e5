"""How high curves start, and what is left of it."""

import numpy as np
import pytest

from bayeslaw.kinds.curves.heights import first_sizes, starting_heights
from bayeslaw.kinds.curves.spring import Spring
from bayeslaw.kinds.registry import kind_of
from bayeslaw.laws import get_law


def layout_of(frame_of, curves):
    """Runs without noise: ``curves`` maps names to (height, sizes); the shape they share is a parabola."""
    rows = [
        {"task": task, "model": model, "data": size, "loss": np.exp(1.0 + height - 0.3 * t + 0.02 * t**2)}
        for (task, model), (height, sizes) in curves.items()
        for size, t in zip(sizes, np.log(sizes), strict=True)
    ]
    law = get_law("rectified")
    return kind_of(law).layout(frame_of(rows), law)


@pytest.fixture
def frame_of():
    import pandas as pd

    from bayeslaw.runs import read_runs

    return lambda rows: read_runs(pd.DataFrame(rows))


def test_heights_are_those_of_curves_of_equal_shape_wherever_they_were_run(frame_of):
    curves = {
        ("t", "a"): (0.3, (200.0, 400.0, 800.0, 1600.0)),
        ("t", "b"): (-0.1, (1000.0, 3000.0)),
        ("t", "c"): (0.1, (300.0, 500.0, 90_000.0, 1e6)),
        ("u", "a"): (5.0, (100.0, 1000.0, 5000.0)),
    }
    heights = starting_heights(layout_of(frame_of, curves))
    np.testing.assert_allclose(heights, [0.2, -0.2, 0.0, 0.0], atol=1e-8)


def test_only_the_first_three_sizes_count(frame_of):
    sizes = (200.0, 400.0, 800.0, 1600.0, 3200.0)
    layout = layout_of(frame_of, {("t", name): (h, sizes) for name, h in (("a", 0.1), ("b", -0.1))})
    before = starting_heights(layout)
    layout.y[0, 3:] -= 0.05
    layout.y[1, 3:] += 0.05
    np.testing.assert_allclose(starting_heights(layout), before, atol=1e-8)
    layout.y[0, 2] -= 0.06
    np.testing.assert_allclose(starting_heights(layout)[0] - before[0], -0.01, atol=1e-8)


def test_a_single_curve_has_no_height(frame_of):
    layout = layout_of(frame_of, {("t", "a"): (0.4, (200.0, 400.0))})
    np.testing.assert_array_equal(starting_heights(layout), [0.0])


def test_what_is_left_is_counted_from_the_reference(frame_of):
    layout = layout_of(frame_of, {("t", "a"): (0.1, (200.0, 3200.0)), ("t", "b"): (0.0, (800.0,))})
    first = first_sizes(layout)
    np.testing.assert_allclose(np.exp(first) * 3200, [200.0, 800.0])
    at = np.array([[first[0], 0.0, 2.0], [first[0], 0.0, 2.0]])
    spring = Spring()
    left = spring.change(at, first)
    np.testing.assert_allclose(left[:, 1], 0.0, atol=1e-12)
    np.testing.assert_allclose(left[0, 2], spring.response(2.0 - first[0]) - spring.response(-first[0]))
    np.testing.assert_allclose(left[1, 0], 1.0 - spring.response(-first[1]))  # before its own start nothing has faded
