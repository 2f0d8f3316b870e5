import math

import pytest

from bayeslaw.numerics import count, exact
from bayeslaw.views.names import clean, elide, short_names
from bayeslaw.views.numbers import chance, decimals, factor, fixed, readable_ticks


def test_clean_leaves_nothing_that_a_terminal_obeys():
    assert clean("a\x1b[31mred\x07\n\u202eb\u200b") == "a [31mred b"
    assert clean("half \ud800 pair") == "half \ufffd pair"
    assert clean("モデル") == "モデル"


def test_elide_keeps_both_ends():
    assert elide("short", 10) == "short"
    assert elide("abcdefghijklmnop", 7) == "abc…nop"


def test_short_names_drop_the_organisation_only_where_that_is_unique():
    names = short_names(["a/x", "b/x", "c/y", "z", "deep/er/w"])
    assert list(names.values()) == ["a/x", "b/x", "y", "z", "w"]


@pytest.mark.parametrize(
    "names",
    [
        [f"org/a-model-with-quite-a-long-name-{i:03d}-and-a-long-ending" for i in range(60)],
        ["w" * 200 + str(i) for i in range(30)],
        ["", " ", "\t", "(no name)", "/", "a/"],
        ["x (2)", "a/x", "b/x", "x"],
        ["same\x00", "same\x01", "same"],
        ["a" * 30 + "b" * i + "c" * 30 for i in range(20)],
    ],
)
def test_short_names_are_distinct_and_short(names):
    short = short_names(names, limit=26)
    assert list(short) == names
    assert len(set(short.values())) == len(names)
    assert all(0 < len(name) <= 26 + len(" (99)") for name in short.values())


def test_short_names_show_where_names_differ():
    names = short_names([f"org/a-model-with-quite-a-long-name-{i:03d}-instruct" for i in range(60)])
    assert all(f"{i:03d}" in short for i, short in enumerate(names.values()))


def test_count():
    sizes = (200, 1000, 12800, 999_499, 999_600, 1_638_400, 2.5e9, 3e12, 1e18, 0.5)
    assert [count(size) for size in sizes] == [
        "200", "1k", "12.8k", "999k", "1M", "1.64M", "2.5B", "3T", "1e+18", "0.5"
    ]  # fmt: skip
    assert exact(1638400.0) == "1,638,400"
    assert exact(0.25) == "0.25"


def test_chance_claims_no_more_than_was_seen():
    assert [chance(p) for p in (0.0, 0.004, 0.006, 0.5, 0.994, 0.997, 1.0)] == [
        "<1%", "<1%", "1%", "50%", "99%", ">99%", "100%"
    ]  # fmt: skip
    assert chance(math.nan) == "-"


def test_fixed_and_decimals():
    assert fixed(1.5, decimals(1.5)) == "1.500"
    assert fixed(0.0604, decimals(0.96)) == "0.060"
    assert fixed(0.0512, decimals(0.05)) == "0.0512"
    assert fixed(2281.24, 6) == "2281.2"
    assert fixed(0.0, 3) == "0.000"
    assert fixed(1e-9, 3) == "1e-09"
    assert fixed(math.inf, 3) == "-"
    assert factor(8.0) == "x8"
    assert factor(512.0) == "x512"


@pytest.mark.parametrize(("low", "high"), [(1.4, 4.2), (2.4999, 2.5001), (1e-4, 1e5), (180.0, 1.7e6), (1e-30, 1e30)])
def test_readable_ticks_are_round_and_few(low, high):
    ticks = readable_ticks(low, high)
    assert 2 <= len(ticks) <= 7
    assert all(low <= tick <= high for tick in ticks)
    assert all(len(f"{tick:.10g}".replace(".", "").strip("0")) <= 6 for tick in ticks)


def test_readable_ticks_for_losses():
    assert readable_ticks(1.4, 4.2) == [1.5, 2.0, 2.5, 3.0, 4.0]
