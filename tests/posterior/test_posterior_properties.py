"""The file of a fit under any change: its hash covers all of it, and with the hash put right it is read or refused."""

import json
import tempfile
from pathlib import Path

import h5py
import pytest
import xarray as xr
from hypothesis import strategies as st
from make_fixture import FOLDER

import bayeslaw as bl
from bayeslaw.errors import BayeslawError, PosteriorFileError
from bayeslaw.posterior.file import FORMAT, _fingerprint
from tests.properties import holds, outcome

CONTENT = (FOLDER / f"format_{FORMAT}_slope.nc").read_bytes()
ODD = [float("inf"), float("nan"), 10**400, -1, 0, 1.5, "", "x", "\ud800", None, True, [], {}, [None], "MAYBE", "PASS"]


def hashed(path):
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        return _fingerprint(tree.load())


def other(values):
    """Values of which the last is another one."""
    values = values.copy()
    last = values[(-1,) * values.ndim] if values.ndim else values[()]
    if values.dtype.kind in "OUT":
        new = f"{last}x"
    elif values.dtype == bool:
        new = not last
    else:
        new = last + 1 if abs(last) < 1e9 else 0.25
    values[(-1,) * values.ndim if values.ndim else ()] = new
    return values


def every_change(tree):
    """All that a file holds, part by part: its name, and the tree in which that part is another one."""
    for name, value in tree.attrs.items():
        if name != "sha256":
            changed = tree.copy()
            changed.attrs = {**tree.attrs, name: f"{value} "}
            yield name, changed
    for group in tree.children:
        dataset = tree[group].to_dataset()
        for name, value in dataset.attrs.items():
            changed = tree.copy()
            changed[group] = xr.DataTree(dataset.assign_attrs({name: f"{value} "}))
            yield f"{group} {name}", changed
        for name, variable in dataset.variables.items():
            values = variable.values if variable.dtype.kind != "U" else variable.values.astype(object)
            for what, new in (
                ("values", (variable.dims, other(values), variable.attrs)),
                ("attribute", (variable.dims, variable.values, {**variable.attrs, "name": "x"})),
            ):
                changed = tree.copy()
                changed[group] = xr.DataTree(dataset.assign({name: new}))
                yield f"{group}/{name} {what}", changed


def test_the_hash_covers_all_that_is_stored(tmp_path):
    (tmp_path / "fit.nc").write_bytes(CONTENT)
    with xr.open_datatree(tmp_path / "fit.nc", engine="h5netcdf") as tree:
        tree.load()
    before, altered = _fingerprint(tree), {name: _fingerprint(changed) for name, changed in every_change(tree)}
    assert before == tree.attrs["sha256"]
    assert {
        "checks",
        "runs notes",
        "posterior/model values",
        "sample_stats/energy values",
        "runs/column_1 attribute",
    } <= set(altered)
    assert [name for name, digest in altered.items() if digest == before] == []


def altered_attributes(path, changes):
    path.write_bytes(CONTENT)
    with h5py.File(path, "r+") as file:
        for name, text in changes.items():
            file.attrs[name] = text
    digest = hashed(path)
    with h5py.File(path, "r+") as file:
        file.attrs["sha256"] = digest


def require_an_answer_or_refusal(path):
    def answers():
        fit = bl.load(path)
        return [fit.checks.to_dict()["status"], fit.predictions([{"data": 1e4}]).to_dict()["status"]]

    said, refused = outcome(BayeslawError, answers)
    assert "\n" not in refused
    assert refused or set(said) <= {"PASS", "REVIEW", "FAIL"}


@pytest.mark.parametrize(("checks", "says"), [
    ([{"name": "r_hat", "status": "MAYBE", "value": 1.0, "threshold": 1.0, "sentence": "", "remedy": ""}], "MAYBE"),
    ([{"name": "r_hat", "status": "PASS", "value": "1", "threshold": 1.0, "sentence": "", "remedy": ""}], "value"),
    ([{"name": 3, "status": "PASS", "value": 1.0, "threshold": 1.0, "sentence": "", "remedy": ""}], "name"),
    ([3], ""),
])  # fmt: skip
def test_checks_that_are_none_are_refused(tmp_path, checks, says):
    altered_attributes(tmp_path / "fit.nc", {"checks": json.dumps(checks)})
    with pytest.raises(PosteriorFileError, match="missing or damaged") as caught:
        bl.load(tmp_path / "fit.nc")
    assert says in str(caught.value.__cause__)


def places(value, before=()):
    keys = (
        list(value) if isinstance(value, dict) else list(range(min(len(value), 3))) if isinstance(value, list) else []
    )
    for key in keys:
        yield (*before, key)
        yield from places(value[key], (*before, key))


with h5py.File(FOLDER / f"format_{FORMAT}_slope.nc") as _file:
    WRITTEN = {name: json.loads(_file.attrs[name]) for name in ("checks", "settings")}
PLACES = [(name, place) for name, written in WRITTEN.items() for place in [(), *places(written)]]


def changed(name, place, value):
    content = {"": json.loads(json.dumps(WRITTEN[name]))}
    inner, rest = content, ("", *place)
    for key in rest[:-1]:
        inner = inner[key]
    inner[rest[-1]] = value
    return json.dumps(content[""])


@pytest.mark.core
@pytest.mark.fits
@pytest.mark.parametrize("examples", [8, pytest.param(3_000, marks=pytest.mark.slow)])
def test_any_change_is_answered_or_refused(examples):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "fit.nc")

        def check(at, value):
            altered_attributes(path, {at[0]: changed(*at, value)})
            require_an_answer_or_refusal(path)

        holds(check, examples, st.sampled_from(PLACES), st.sampled_from(ODD))
