"""What is shown of work that goes on: a line at its start, and now and then one, where there is no terminal."""

import pytest

from bayeslaw import progress
from bayeslaw.progress import fit_in_words, progress_of


@pytest.mark.parametrize(("between", "lines"), [(10.0, 1), (0.0, 3)])
def test_lines_tell_how_far_it_is(capsys, monkeypatch, between, lines):
    monkeypatch.setattr(progress, "BETWEEN_LINES", between)
    with progress_of(True, fit_in_words(2, 1, "rectified")) as report:
        report("warming up", 0, 0)
        report("sampling", 1, 4)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == lines
    assert told[0] == (
        "2 models, 1 run, rectified law: compiling (up to minutes for the first table of its shape), then sampling."
    )
    assert told[1:] in (
        [],
        ["2 models, 1 run, rectified law: warming up", "2 models, 1 run, rectified law: sampling, 25%"],
    )


def test_who_does_not_ask_sees_nothing(capsys):
    for asked in (None, False):
        with progress_of(asked, "work") as report:
            assert report is None
    with progress_of(print, "work") as report:
        assert report is print
    assert capsys.readouterr() == ("", "")
