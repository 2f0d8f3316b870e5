"""Predictions beside runs that a fit does not know."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from typer.testing import CliRunner

import bayeslaw as bl
from bayeslaw.cli.app import app
from bayeslaw.errors import TargetError
from bayeslaw.views.figures import figure_of


def table(tokens, tasks=("easy", "hard")):
    rows = [
        (task, model, params, t, 0.25 + 0.6 * expit(0.5 + np.log(params / 1e9) + np.log(t / 1e11)))
        for task in tasks
        for model, params in (("s", 1e8), ("m", 4e8), ("l", 1e9))
        for t in tokens
    ]
    frame = pd.DataFrame(rows, columns=["task", "model", "params", "tokens", "accuracy"])
    return frame.assign(family="f", chance=0.25, questions=1000)


@pytest.fixture(scope="module")
def fitted(forge_at_random):
    return bl.Fit(forge_at_random(bl.read_runs(table((3e10, 6e10, 1.2e11))), law="trajectory", draws=400, scale=0.3))


def test_runs_stand_beside_their_quantiles_and_ranks(fitted):
    found = fitted.reliability(table((2e11, 3e11)))
    frame = found.to_frame()
    values = found.draws["accuracy"].values.reshape(400, -1)
    np.testing.assert_allclose(frame["median"], np.median(values, axis=0))
    np.testing.assert_allclose(frame["rank"], (values < frame["measured"].to_numpy()).mean(axis=0), atol=1e-12)
    wanted = fitted.predict(data=3e11).set_index(["task", "model"])["median"]
    last = frame[frame["data"] == 3e11].set_index(["task", "model"])["median"]
    assert (abs(last - wanted[last.index]) < 0.03).all()
    by_task = {row["task"]: row for row in found.by_task()}
    own = frame[frame["task"] == "easy"]
    assert by_task["easy"]["inside_90"] == pytest.approx(own["measured"].between(own["p05"], own["p95"]).mean())
    assert {"runs", "tasks", "checks"} <= set(json.loads(json.dumps(found.to_dict())))


def test_runs_that_the_fit_knows_are_counted(fitted):
    (check,) = (c for c in fitted.reliability(table((1.2e11, 3e11))).checks if c.name == "known_runs")
    assert (check.value, check.status) == (6, "REVIEW")


def test_other_tables_are_refused(fitted):
    with pytest.raises(TargetError, match="knows nothing of the task 'odd'"):
        fitted.reliability(table((3e11,), tasks=("odd",)))
    with pytest.raises(TargetError, match="expected accuracy"):
        fitted.reliability(table((3e11,)).drop(columns=["accuracy", "chance", "questions"]).assign(loss=2.0))
    later = bl.read_runs(table((3e11,)))
    with pytest.raises(TargetError, match="no run has accuracy, params, data all known"):
        fitted.reliability(replace(later, table=later.table.assign(params=np.nan)))


@pytest.mark.fits
def test_the_command_and_its_picture(fitted, tmp_path):
    fitted.save(tmp_path / "fit.nc")
    table((2e11, 3e11)).to_csv(tmp_path / "later.csv", index=False)
    words = ["check", str(tmp_path / "fit.nc"), "--against", str(tmp_path / "later.csv"), "--allow-failed-checks"]
    told = CliRunner().invoke(app, [*words, "--json", "--plot", str(tmp_path / "r.png")])
    assert told.exit_code == 0, told.output
    assert [row["runs"] for row in json.loads(told.stdout)["tasks"]] == [6, 6]
    assert (tmp_path / "r.png").stat().st_size > 10_000
    assert "inside their 90% interval" in CliRunner().invoke(app, words).stdout
    refused = CliRunner().invoke(app, [*words[:2], "--where", "data > 1"])
    assert "for the runs that --against names" in str(refused.exception)
    (axes,) = figure_of(None, fitted.reliability(table((2e11, 3e11)))).axes
    assert {text.get_text() for text in axes.texts} >= {"all", "easy", "hard"}
