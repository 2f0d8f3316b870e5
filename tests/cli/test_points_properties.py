"""``--at`` under any text: finite sizes or the package's error, in no time."""

import time

import pytest
from hypothesis import strategies as st

from bayeslaw.cli.points import LARGEST, one_point, several_points
from bayeslaw.errors import TargetError
from tests.properties import QUICKLY_AND_LONG, holds, outcome

PIECES = [
    "data",
    "params",
    "=",
    ",",
    "1",
    "6M",
    "1e300",
    "1e999",
    "nan",
    "inf",
    "-",
    "+",
    "_",
    ".",
    "3_5",
    "1,638,400",
    " ",
    "k",
    "B",
    "\x00",
    "\ud800",
    "é",
    "9" * 70,
]

EVER_FAILED = [
    "data=1e300",
    "data=1e999",
    "data=inf",
    "data=nan",
    "data=3_5",
    "data=" + "1" * 30_000,
    "data=" + "1," * 15_000,
    "data=" + "1" * 30_000 + "x",
    "," * 30_000,
    "a," * 15_000 + "=",
    "=",
    "",
    "data=\x00",
]


def require_sizes_or_refusal(text):
    for read in (one_point, several_points):
        found, refused = outcome(TargetError, read, [text])
        assert len(refused) < 1_000
        for point in [found] if isinstance(found, dict) else found or []:
            assert all(name and value <= LARGEST and value == value for name, value in point.items())


@pytest.mark.parametrize("text", EVER_FAILED, ids=lambda text: text[:20])
def test_what_once_failed_is_refused_in_no_time(text):
    began = time.process_time()
    with pytest.raises(TargetError):
        one_point([text])
    assert time.process_time() - began < 1


@QUICKLY_AND_LONG
def test_any_point_is_read_or_refused(examples):
    written = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)
    holds(require_sizes_or_refusal, examples, st.one_of(written, st.text(max_size=60)))


@QUICKLY_AND_LONG
def test_sizes_are_read_as_they_are_written(examples):
    def check(size):
        for text in (f"{size}", f"{size:,}", f"{size:_}", f"{float(size)!r}"):
            assert one_point([f"data={text},params=7B"]) == {"data": size, "params": 7e9}

    holds(check, examples, st.integers(1, 10**15))
