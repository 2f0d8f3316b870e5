"""Priors under any change, their hash put right: the package's errors and no others, and no number that is none."""

import copy
import json

import numpy as np
import pytest
from hypothesis import strategies as st

from bayeslaw.errors import PriorError
from bayeslaw.prior.prior import _hash, plain, read_prior
from bayeslaw.prior.released import released_folder, released_names
from tests.properties import QUICKLY_AND_LONG, holds, outcome

WRITTEN = {name: json.loads((released_folder() / name / "prior.json").read_text()) for name in released_names()}
ODD = [float("inf"), float("-inf"), float("nan"), 10**400, 10**30, 1e308, -1, 0, 0.5, "x", "", "\ud800", None, True, [],
       {}, [[]], {"median": "x", "sd": 1}]  # fmt: skip


def rehashed(content):
    content = {key: value for key, value in content.items() if key != "sha256"}
    return json.dumps({**content, "sha256": _hash(content)})


def places(value, before=()):
    """Paths to every entry of nested values; of a long list the first, the last and one in the middle."""
    keys = list(value) if isinstance(value, dict) else []
    if isinstance(value, list) and value:
        keys = sorted({0, len(value) // 2, len(value) - 1})
    for key in keys:
        yield (*before, key)
        yield from places(value[key], (*before, key))


PLACES = {name: list(places({k: v for k, v in written.items() if k != "sha256"})) for name, written in WRITTEN.items()}


def changed(name, place, value):
    content = copy.deepcopy(WRITTEN[name])
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return content


def require_read_or_refused(content):
    prior, refused = outcome(PriorError, read_prior, rehashed(content), "p.json")
    assert "\n" not in refused
    refused.encode()
    if prior is None:
        assert refused.startswith("p.json")
        return
    assert np.isfinite(prior.borrowed.covariance).all()
    json.dumps(plain(prior), ensure_ascii=False, allow_nan=False).encode()


@QUICKLY_AND_LONG
def test_any_change_is_read_or_refused(examples):
    where = st.sampled_from(sorted(WRITTEN)).flatmap(lambda n: st.tuples(st.just(n), st.sampled_from(PLACES[n])))
    holds(lambda at, value: require_read_or_refused(changed(*at, value)), examples, where, st.sampled_from(ODD))


@pytest.mark.parametrize("place", [
    ("mean", 0), ("covariance_lower", 0), ("reference", "data"), ("scales", "noise", "median"), ("scales", "roughness"),
    ("paths", "flan", "anchor"), ("paths", "flan", "knots", 0), ("paths", "flan", "height_sd"),
    ("paths", "flan", "models"), ("ranges", "data", 1), ("approximation",), ("origin", "seed"),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**400], ids=["inf", "nan", "huge"])
def test_no_number_that_is_none_is_let_in(place, value):
    with pytest.raises(PriorError, match=r"no finite number|not JSON"):
        read_prior(rehashed(changed("finetune-loss-v1", place, value)), "p.json")


@pytest.mark.parametrize(("place", "value"), [
    (("name",), 3), (("name",), "\ud800"), (("units", "data"), None), (("reference", "data"), -1.0),
    (("entries", 0, 2), -1), (("entries", 0, 0), None), (("scales", "noise", "median"), "x"),
    (("scales", "noise", "sd"), -0.1), (("scales", "pull"), True), (("families", 0, 0), 3), (("models", 0), ["a"]),
    (("ranges", "data", 1), 0.5), (("paths", "flan", "models"), 0), (("paths", "flan", "height_sd"), -1.0),
    (("paths", "flan", "typical", 0), None), (("approximation",), "x"),
], ids=str)  # fmt: skip
def test_entries_of_another_kind_are_refused(place, value):
    with pytest.raises(PriorError, match=r"missing or damaged|not JSON"):
        read_prior(rehashed(changed("finetune-loss-v1", place, value)), "p.json")
