"""``check --last-third`` and ``bl.last_third``: one second fit, by both."""

import json

import numpy as np
import pandas as pd
import pytest
from command_line import run

import bayeslaw as bl
from bayeslaw.evidence import last_third as module

pytestmark = pytest.mark.fits


@pytest.fixture(scope="module")
def saved(three_models, forge_at_random, tmp_path_factory):
    """A fit whose draws are not those of its table, which a second fit does not ask for."""
    path = tmp_path_factory.mktemp("fits") / "fit.nc"
    bl.Fit(forge_at_random(three_models, draws=40)).save(path)
    return path


@pytest.fixture(scope="module")
def found(saved):
    return bl.last_third(bl.load(saved))


def test_a_second_fit_foretells_what_it_has_not_seen(found, three_models):
    rows = three_models.table
    hidden = rows[rows["data"] > np.sort(rows["data"].unique())[-2]]
    assert found.hidden[["model", "loss"]].values.tolist() == hidden[["model", "loss"]].values.tolist()
    assert found.seen == len(rows) - len(hidden)
    assert np.abs(np.log(found.hidden["median"] / found.hidden["loss"])).max() < 0.1
    width = np.log(found.hidden["p95"] / found.hidden["p05"])
    assert ((width > 0.005) & (width < 1)).all()
    assert found.coverage == found.checks[0].value
    assert found.sentence.startswith(f"Foretold from {found.seen} smaller runs: {len(hidden)} of {len(hidden)} runs")


def test_repeats_share_what_is_expected_and_not_their_noise(found, saved):
    """Two runs at one point are as far apart as noise is, in every draw."""
    posterior = bl.load(saved).posterior
    hidden = posterior.runs.table.tail(1)
    twice = pd.concat([hidden, hidden]).reset_index(drop=True)
    drawn = module._draws(posterior, twice, 0)
    apart = drawn[:, 0] - drawn[:, 1]
    noise = posterior.flat("noise")[:, -1]
    assert np.std(apart / noise) == pytest.approx(np.sqrt(2), rel=0.25)
    assert np.corrcoef(drawn.T)[0, 1] > 0.5


@pytest.mark.core
def test_the_command_line_says_it(saved, found, capsys):
    status, out, _ = run(capsys, "check", saved, "--last-third", "--allow-failed-checks")
    assert status == 0
    assert found.sentence in " ".join(out.split())
    status, out, _ = run(capsys, "check", saved, "--last-third", "--json", "--allow-failed-checks")
    record = json.loads(out)
    assert record["coverage"] == found.coverage
    assert [row["model"] for row in record["hidden"]] == found.hidden["model"].tolist()
    status, _, err = run(capsys, "check", saved, "--last-third", "--sensitivity")
    assert status == 2
    assert "one at a time" in err
