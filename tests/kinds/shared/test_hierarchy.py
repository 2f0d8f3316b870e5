"""Which effects a table has."""

import pytest

from bayeslaw.errors import LawError
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.kinds.shared.hierarchy import pool
from bayeslaw.laws import get_law

SIZES = (200.0, 400.0, 800.0)


PHASE = {"phase": "model"}


def levels(runs, pooling=None):
    law = get_law("rectified")
    return {p.coordinate.name: p.levels for p in pool(law, kind_of(law).layout(runs, law), pooling)}


def table(simulate, *curves):
    """A table of curves named ``task:family:model``."""
    parts = [curve.split(":") for curve in curves]
    families = {model: family for _, family, model in parts}
    return simulate({(task, model): SIZES for task, _, model in parts}, families=families)


def test_one_task_and_families_of_one(simulate):
    runs = table(simulate, "t:a:a", "t:b:b", "t:c:c")
    assert levels(runs) == {"log_beta": (), "floor": (), "phase": ()}
    assert levels(runs, PHASE) == {"log_beta": (), "floor": (), "phase": ("model",)}


def test_one_model_has_nothing_to_tell_apart(simulate):
    assert levels(table(simulate, "t:a:a"), PHASE) == {"log_beta": (), "floor": (), "phase": ()}


def test_a_family_of_several(simulate):
    runs = table(simulate, "t:X:a", "t:X:b", "t:Y:c")
    assert levels(runs, PHASE) == {"log_beta": (), "floor": (), "phase": ("family", "model")}


def test_one_family_is_no_level(simulate):
    assert levels(table(simulate, "t:X:a", "t:X:b", "t:X:c"), PHASE)["phase"] == ("model",)


def test_several_tasks(simulate):
    runs = table(simulate, "t:X:a", "t:X:b", "t:Y:c", "u:X:a", "u:X:b", "u:Y:c")
    assert levels(runs) == {"log_beta": ("task",), "floor": ("task",), "phase": ("task",)}
    assert levels(runs, PHASE)["phase"] == ("task", "family", "model")


def test_tasks_with_one_model_each(simulate):
    assert set(levels(table(simulate, "t:a:a", "u:a:a"), PHASE).values()) == {("task",)}


def test_pooling_can_be_overridden(simulate):
    runs = table(simulate, "t:X:a", "t:X:b", "t:Y:c")
    found = levels(runs, {"log_beta": "model", "phase": "family"})
    assert found == {"log_beta": ("family", "model"), "floor": (), "phase": ("family",)}
    assert levels(runs, {"phase": "task"})["phase"] == ()


def test_families_of_one_still_count_where_the_family_is_the_finest_level(simulate):
    assert levels(table(simulate, "t:a:a", "t:b:b"), {"phase": "family"})["phase"] == ("family",)


def test_positions_have_an_entry_for_each_effect(simulate):
    runs = table(simulate, "t:X:a", "t:X:b", "t:Y:c", "u:X:a", "u:X:b", "u:Y:c")
    sizes = build_model(runs, get_law("rectified"), pooling={"phase": "model"}).sizes()
    assert sizes["log_beta.task"] == (2,)
    assert sizes["phase.family"] == (4,)
    assert sizes["phase.model"] == (6,)
    assert sizes["noise"] == sizes["pull"] == (2,)
    assert sizes["roughness"] == (6,)
    spreads = {name for name in sizes if name.startswith("spread.")}
    assert spreads == {f"spread.{name}" for name in sizes if "." in name and name not in spreads}
    assert "log_beta.model" not in sizes


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ({"gamma": "task"}, r"no coordinate 'gamma' to pool; it has log_beta, floor, phase"),
        ({"phase": "seed"}, r"Pooling of 'phase' is 'seed'; it must be one of task, family, model"),
    ],
)
def test_wrong_pooling_is_explained(pooling, expected, three_models):
    with pytest.raises(LawError, match=expected):
        build_model(three_models, get_law("rectified"), pooling=pooling)
