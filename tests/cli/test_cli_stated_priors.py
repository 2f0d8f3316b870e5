"""Priors stated on the command line."""

import json

import pandas as pd
import pytest
from command_line import run

import bayeslaw as bl
from bayeslaw.cli.prior_option import read_statements
from bayeslaw.errors import PriorError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E=1.7+-0.1", {"E": bl.Normal(1.7, 0.1)}),
        ("E = 1.7 ± .1", {"E": bl.Normal(1.7, 0.1)}),
        ("floor=-2.5+/-1e-1", {"floor": bl.Normal(-2.5, 0.1)}),
        ("E@loss:c4 = v2=1.7+-0.1", {"E@loss:c4 = v2": bl.Normal(1.7, 0.1)}),
        ("beta=0.35x/2.718281828459045", {"beta": bl.LogNormal(0.35, 1.0)}),
    ],
)
def test_statements_are_read(text, expected):
    found = read_statements([text])
    assert list(found) == list(expected)
    for name, prior in expected.items():
        assert type(found[name]) is type(prior)
        assert vars(found[name]) == pytest.approx(vars(prior))


@pytest.mark.parametrize("text", ["E", "E=", "E=1.7", "=1+-1", "E=1.7+-", "E=a+-b", "beta=0.3x/0.9", "E=1+-1+-1"])
def test_what_is_no_statement_teaches_the_form(text):
    with pytest.raises(PriorError, match=r"--prior-of E=1.7\+-0.1"):
        read_statements([text])


def test_all_that_is_wrong_is_named_at_once():
    with pytest.raises(PriorError, match=r"'x'.*'y'.*stated twice"):
        read_statements(["x", "y", "E=1+-1", "E=2+-1"])


def test_an_unknown_name_is_refused_before_sampling(tmp_path, capsys):
    table = tmp_path / "runs.csv"
    rows = [{"model": m, "data": d, "loss": 3 - 0.1 * i} for m in "ab" for i, d in enumerate((100, 200, 400))]
    pd.DataFrame(rows).to_csv(table, index=False)
    status, _, err = run(capsys, "fit", table, "--prior-of", "betta=0.3+-0.1")
    assert status == 2
    assert "Did you mean 'beta'" in err


def test_it_is_for_a_fit_yet_to_be_made(fitted, tmp_path, capsys):
    path = tmp_path / "fit.nc"
    fitted.save(path)
    status, _, err = run(capsys, "select", path, "--at", "data=6400", "--prior-of", "beta=0.3+-0.1")
    assert status == 2
    assert "--prior-of is for a fit that is yet to be made" in err


@pytest.mark.fits
def test_the_answer_says_what_was_stated(tmp_path, capsys, two_models):
    table = tmp_path / "runs.csv"
    two_models.table.to_csv(table, index=False)
    status, out, err = run(capsys, "fit", table, "--prior-of", "beta=0.3x/1.1", "--json", "--allow-failed-checks")
    assert status == 0
    found = json.loads(out)["settings"]
    assert found["stated_priors"]["beta"]["median"] == 0.3
    assert "traceback" not in err.lower()
    assert found["coordinate_priors"]["log_beta"] == pytest.approx(
        {"mean": -1.204, "sd": 0.0953, "spread": 0.3}, abs=2e-3
    )
