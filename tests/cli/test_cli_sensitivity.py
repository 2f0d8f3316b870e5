"""``check --sensitivity``: a table for people, JSON for machines."""

import json

import pytest
from command_line import run

import bayeslaw as bl


@pytest.mark.core
@pytest.mark.fits
def test_the_command_line_says_it(three_models, forge_at_random, tmp_path, capsys):
    path = tmp_path / "fit.nc"
    bl.Fit(forge_at_random(three_models, draws=40)).save(path)
    status, out, _ = run(capsys, "check", path, "--sensitivity", "--at", "data=51200", "--allow-failed-checks")
    assert status == 0
    assert "twice" not in out.split("The choice")[0]
    assert "x0.5 as strongly" in out
    status, out, _ = run(
        capsys, "check", path, "--sensitivity", "--at", "data=51200", "--json", "--allow-failed-checks"
    )
    record = json.loads(out)
    assert len(record["held"]) == 2
    assert record["recommendation"]["model"] in record["held"][0]["p_best"]
    status, _, err = run(capsys, "check", path, "--at", "data=51200")
    assert status == 2
    assert "--sensitivity" in err
