"""Answers name the unit of their losses, and have those that were converted in the unit of the source as well."""

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from bayeslaw.answers.crossing import crossing
from bayeslaw.answers.optimum import optimum
from bayeslaw.answers.prediction import predict
from bayeslaw.answers.selection import select
from bayeslaw.answers.speedup import speedup
from bayeslaw.posterior.file import load_posterior, save_posterior
from bayeslaw.runs import join_runs, read_runs
from bayeslaw.runs.units import CONVERTED, as_given, in_nats
from bayeslaw.views.plots.style import covariate_label, covariate_unit, outcome_label
from bayeslaw.views.report.answers import facts_of
from bayeslaw.views.tables import tables_of

AT = {"data": 6400.0}


def table(unit, name):
    """Losses of three models under a heading, in a unit."""
    nats = {(k, n): 0.9 * (1 + 0.1 * k) * n**-0.08 for k in range(3) for n in (200, 400, 800, 1600)}
    rows = [{"model": f"{name}{k}", "data": n, "seen": as_given(np.array(loss), unit)} for (k, n), loss in nats.items()]
    return pd.DataFrame(rows)


def posterior_of(forge_at_random, unit):
    return forge_at_random(read_runs(table(unit, "m"), roles={"seen": f"loss:{unit}"}))


def shown(result):
    console = Console(file=io.StringIO(), width=160)
    for each in tables_of(result):
        console.print(each)
    return " ".join(console.file.getvalue().split())


@pytest.mark.parametrize("unit", [*CONVERTED, "nats"])
def test_what_is_converted_can_be_had_back(unit):
    values = np.array([0.2, 0.5, 0.9])
    np.testing.assert_allclose(as_given(in_nats(values, unit)[0], unit), values)


@pytest.mark.parametrize(
    ("unit", "becomes", "back"),
    [
        ("perplexity", "nats", np.exp),
        ("bits", "nats", lambda loss: loss / np.log(2)),
        ("accuracy", "error rate", lambda loss: 1 - loss),
    ],
)
def test_quantiles_are_those_of_the_unit_that_was_given(forge_at_random, unit, becomes, back):
    posterior = posterior_of(forge_at_random, unit)
    found, choice = predict(posterior, [AT]), select(posterior, AT)
    draws = back(found.values[:, 0, 0])
    record = found.records()[0]
    for name, level in (("p05", 0.05), ("median", 0.5), ("p95", 0.95)):
        assert record[f"{unit}_{name}"] == pytest.approx(np.quantile(draws, level), rel=1e-3)
    first = choice.records()[0]
    assert sorted(back(np.array([first["loss_p05"], first["loss_p95"]]))) == pytest.approx(
        [first[f"{unit}_p05"], first[f"{unit}_p95"]]
    )
    for answer in (found, choice):
        assert (answer.to_dict()["unit"], answer.to_dict()["unit_given"]) == (becomes, unit)
        assert {f"{unit}_p05", f"{unit}_p95"} <= set(answer.to_frame())
        assert f" {unit} " in shown(answer)
        assert becomes in shown(answer)
    assert f"in loss ({becomes}) against" in choice.sentence
    assert outcome_label(posterior.outcome) == f"loss ({becomes})"


def joint_table(unit):
    """Losses of models of three sizes on three numbers of tokens, in a unit."""
    sizes = [(n, d) for n in (1e8, 4e8, 1.6e9) for d in (2e9, 8e9, 3.2e10)]
    nats = [1.7 + 400 / n**0.34 + 410 / d**0.28 for n, d in sizes]
    return pd.DataFrame([{"params": n, "tokens": d, "seen": as_given(np.array(loss), unit)}
                         for (n, d), loss in zip(sizes, nats, strict=True)])  # fmt: skip


@pytest.mark.parametrize(("unit", "back"), [("perplexity", np.exp), ("bits", lambda loss: loss / np.log(2))])
def test_budgets_crossings_and_speed_ups_are_told_in_the_unit_that_was_given(forge_at_random, unit, back):
    curves = posterior_of(forge_at_random, unit)
    runs = read_runs(joint_table(unit), roles={"seen": f"loss:{unit}"})
    best = optimum(forge_at_random(runs, law="chinchilla", scale=0.3), 1e21)
    crossed = crossing(curves, "m0", "m1")
    saved = speedup(curves, "m0", "m1", at={"data": 800.0})
    levels = {
        best: (best.families[0].loss, best.records()[0]["loss"]),
        crossed: (crossed.loss, crossed.record()["loss"]),
        saved: (saved.loss, saved.record()["loss"]),
    }
    for answer, (nats, told) in levels.items():
        for name, value in nats.items():
            assert told[f"{unit}_{name}"] == pytest.approx(back(value))
        assert "loss (nats)" in shown(answer)
        assert "loss (nats)" in answer.sentence
        assert f"{unit} {back(nats['median']):.4g}" in answer.sentence
        assert any(unit in str(cell) for cell in (*answer.to_frame().columns, *answer.to_frame().to_numpy().ravel()))
        assert [fact for fact in facts_of(answer) if unit in fact.meaning]


def test_the_level_at_a_crossing_is_that_of_both_curves_there(forge_at_random):
    found = crossing(posterior_of(forge_at_random, "nats"), "m0", "m1")
    low, high = (found.loss[name] for name in ("p05", "p95"))
    assert 0 < low < found.loss["median"] < high
    assert found.to_frame()["loss_median"].dropna().tolist() == [found.loss["median"]]


def test_losses_as_the_table_has_them_are_not_said_to_be_in_nats(forge_at_random):
    posterior = posterior_of(forge_at_random, "nats")
    found = predict(posterior, [AT])
    assert (found.to_dict()["unit"], found.to_dict()["unit_given"]) == ("that of the table", None)
    assert "nats" not in shown(found)
    assert not [name for name in found.to_frame() if name.startswith("nats")]


def test_a_saved_fit_keeps_the_unit_that_was_given(forge_at_random, tmp_path):
    posterior = posterior_of(forge_at_random, "perplexity")
    save_posterior(posterior, tmp_path / "fit.nc")
    assert load_posterior(tmp_path / "fit.nc").outcome == posterior.outcome


def test_tables_in_several_units_have_none_in_common():
    def given(a, b):
        units = zip("ab", (a, b), strict=True)
        return join_runs([read_runs(table(u, name), roles={"seen": f"loss:{u}"}) for name, u in units]).loss_given

    assert given("bits", "bits") == "bits"
    assert given("bits", "perplexity") == ""


@pytest.mark.parametrize(("law", "unit"), [("rectified", "tokens"), ("chinchilla", "tokens"), ("", "examples")])
def test_data_that_are_tokens_are_called_so(forge_at_random, law, unit):
    runs = read_runs(joint_table("nats"), roles={"seen": "loss"})
    posterior = forge_at_random(runs, law=law) if law else posterior_of(forge_at_random, "nats")
    provenance = posterior.provenance()
    assert provenance["settings"]["data_unit"] == unit
    assert covariate_label("data", provenance) == f"data ({unit})"
    assert covariate_unit("params", posterior.law, provenance) == ("parameters" if law == "chinchilla" else "")
