"""The commands about laws: the list of them, advice on a table, and the split of a budget."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from command_line import one_message, run

import bayeslaw
import bayeslaw.sampling.sample
from bayeslaw.answers.crossing import Crossing
from bayeslaw.cli.compare import _say_what_is_coming
from bayeslaw.cli.points import point_of_table
from bayeslaw.cli.shared import show
from bayeslaw.errors import TargetError
from bayeslaw.evidence.comparison.compare import Comparison
from bayeslaw.evidence.comparison.law_scores import LawScore
from bayeslaw.evidence.comparison.leave_one_out import LeaveOneOut
from bayeslaw.evidence.comparison.plan import planned
from bayeslaw.kinds.scores.layout import SCORE
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.laws import get_law, law_names
from bayeslaw.laws.suited import law_of_budgets
from bayeslaw.numerics import count
from bayeslaw.runs import read_runs
from bayeslaw.views.text import comparison_table, crossing_table, optimum_tables

SIZES, TOKENS = (1e8, 3e8, 9e8, 2.7e9), (2e9, 6e9, 1.8e10, 5.4e10)


@pytest.fixture(scope="module")
def runs(tmp_path_factory, surface):
    path = tmp_path_factory.mktemp("laws") / "runs.csv"
    table = surface({"[x]": (SIZES, TOKENS), "y": (SIZES[:3], TOKENS)}, noise=0.003).table
    table[["model", "family", "task", "params", "tokens", "loss"]].to_csv(path, index=False)
    return path


def test_laws_are_listed_with_what_they_need(capsys):
    status, out, _ = run(capsys, "laws", "--json")
    found = {law["name"]: law for law in json.loads(out)["laws"]}
    assert status == 0
    assert tuple(found) == law_names()
    for name, law in found.items():
        assert [c["name"] for c in law["columns"]] == [c.name for c in get_law(name).covariates]
        assert [p["name"] for p in law["parameters"]] == [p.name for p in get_law(name).parameters]
        assert law["formula"]
        assert law["covariates"] == law["columns"]
        any_column = len(law["columns"]) == 1 or name in ("additive", "mixture", "multiplicative", "precision")
        assert law["takes_any_column"] == any_column
        assert law["source"]
    status, out, _ = run(capsys, "laws")
    assert status == 0
    for name in law_names():
        assert name in out
    assert "multiplicative(COLUMN)" in out


@pytest.mark.fits
def test_optimum_splits_the_budget(capsys, tmp_path, runs):
    picture, saved = tmp_path / "budget.png", tmp_path / "fit.nc"
    status, out, err = run(capsys, "optimum", runs, "--compute", "1e22", "--json", "--plot", picture, "-o", saved)
    record = json.loads(out)
    assert (status, err) == (0, "")
    assert record["compute"] == 1e22
    assert [f["family"] for f in record["families"]] == ["[x]", "y"]
    best = (0.35 * 480 / (0.37 * 2000)) ** (1 / 0.72) * (1e22 / 6) ** (0.37 / 0.72)  # of the law that made the runs
    for family in record["families"]:
        assert family["params"]["p05"] < best < family["params"]["p95"]
        assert family["loss"]["p05"] < family["loss"]["p95"]
        assert family["expected_regret"] >= 0
    assert picture.read_bytes()[:4] == b"\x89PNG"
    status, out, _ = run(capsys, "optimum", saved, "--compute", "1e22", "--json")
    assert json.loads(out)["families"] == record["families"]
    fit = bayeslaw.load(saved)
    assert fit.posterior.law.name == "chinchilla"
    show(*optimum_tables(fit.optimum(compute=1e22)))
    text = capsys.readouterr().out
    assert "Best split of 1e+22 FLOP ([x] on t)" in text
    assert "Best split of 1e+22 FLOP (y on t)" in text
    assert count(record["families"][0]["params"]["median"]) in text


@pytest.mark.fits
def test_a_budget_is_split_at_what_else_the_law_needs(capsys, tmp_path, surface, forge_at_random):
    saved, picture = tmp_path / "fit.nc", tmp_path / "budget.png"
    table = surface({"[x]": (SIZES, TOKENS), "y": (SIZES, TOKENS)}).table
    table = table[["model", "family", "task", "params", "data", "loss"]].assign(unique_data=1e10)
    fit = bayeslaw.Fit(forge_at_random(read_runs(table), law="data_constrained"))
    fit.save(saved)
    split = ("optimum", saved, "--compute", "1e24", "--allow-failed-checks")
    status, out, err = run(capsys, *split, "--at", "unique_data=20B", "--json", "--plot", picture)
    record = json.loads(out)
    assert (status, err) == (0, "")
    assert record["at"] == {"unique_data": 2e10}
    assert picture.exists()
    assert record["families"] == fit.optimum(compute=1e24, at={"unique_data": 2e10}).records()
    _, out, _ = run(capsys, *split, "--at", "unique_data=20B")
    assert "([x] on t), unique_data = 20B" in out
    (passes,) = (line for line in out.split("(y on t)")[0].splitlines() if line.startswith("passes over the data"))
    assert count(record["families"][0]["data"]["median"] / 2e10) in passes
    status, out, err = run(capsys, *split)
    assert (status, out) == (2, "")
    assert "Add at unique_data=…" in err


def test_a_budget_is_not_split_over_examples_and_nothing_is_sampled(capsys, tmp_path, monkeypatch):
    table = tmp_path / "runs.csv"
    table.write_text("model,params,data,tokens,loss\na,1e8,1000,1e9,3.5\nb,2e8,2000,2e9,3.3\n")
    monkeypatch.setattr(bayeslaw.sampling.sample, "sample", None)
    status, out, err = run(capsys, "optimum", table, "--compute", "1e22")
    assert (status, out) == (2, "")
    assert "Take the column of data out of the table" in err


def test_a_budget_of_a_table_of_repeated_data_is_split_by_a_law_of_them(capsys, tmp_path, monkeypatch):
    table = tmp_path / "runs.csv"
    rows = [f"m{i},{n},{d},{u},{3 + i / 9}" for i, (n, d, u) in enumerate(((1e8, 1e9, 1e9), (2e8, 8e9, 2e9)))]
    table.write_text("\n".join(["model,params,tokens,unique_tokens,loss", *rows, ""]))
    monkeypatch.setattr(bayeslaw.sampling.sample, "sample", None)
    for command in ("optimum", "next"):
        status, out, err = run(capsys, command, table, "--compute", "1e22")
        assert (status, out) == (2, "")
        assert "Law: data_constrained, as the table has parameters, tokens and unique tokens" in err
        assert "Add at unique_data=…" in err
        assert "chinchilla (--law)" in err
    known = read_runs(table)
    assert law_of_budgets(known)[0] == "data_constrained"
    fresh = known.table.assign(unique_data=known.table["data"])
    assert law_of_budgets(read_runs(fresh)) == ("chinchilla", "")
    assert law_of_budgets(read_runs(fresh.drop(columns="unique_data"))) == ("chinchilla", "")


@pytest.mark.core
@pytest.mark.fits
def test_where_two_families_cross(capsys, tmp_path, surface, forge_at_random):
    saved = tmp_path / "fit.nc"
    table = surface({"[x]": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    fit = bayeslaw.Fit(forge_at_random(table, law="multiplicative"))
    fit.save(saved)
    where = ("crossing", saved, "[x]", "y", "--at", "params=4e8", "--low", "1M", "--high", "1e13")
    for kind in ("curve", "law"):
        status, out, err = run(capsys, *where, "--kind", kind, "--json", "--allow-failed-checks")
        assert (status, err) == (0, "")
        expected = fit.crossing("[x]", "y", at={"params": 4e8}, low=1e6, high=1e13, kind=kind)
        record = json.loads(out)
        assert {name: record[name] for name in expected.record()} == expected.record()
        _, out, _ = run(capsys, *where, "--kind", kind, "--allow-failed-checks")
        assert f"{kind.capitalize()}s of [x] and y from 1M to 10T, params = 400M" in out
        assert count(expected.size["median"]) in out
    csv = tmp_path / "runs.csv"
    table.table.to_csv(csv, index=False)
    status, out, err = run(capsys, "crossing", csv, "[x]", "z", "--law", "multiplicative", "--at", "params=4e8")
    assert (status, out) == (2, "")
    assert "no model or family 'z'" in err  # runs will do, and are not sampled for what cannot be answered
    mistakes = {("--low", "few"): "--low 'few' is not a number", ("--kind", "run"): "none of what can cross"}
    for wrong, said in mistakes.items():
        status, out, err = run(capsys, *where[:4], "--at", "params=4e8", *wrong)
        assert (status, out) == (2, "")
        assert said in err


def test_the_table_of_crossings_names_who_overtakes(capsys):
    def told(overtakes, overtaken):
        size = {"p05": 2e6, "p25": 3e6, "median": 4e6, "p75": 5e6, "p95": 6e6} if overtakes + overtaken else {}
        rest = 0.75 - overtakes - overtaken
        chances = (rest, 0.2, overtakes, overtaken, 0.05)
        none = {
            "loss": dict.fromkeys(size, 2.0),
            "sizes": np.empty(0),
            "difference": np.empty((0, 0)),
            "outcome": LOSS,
            "chains": 1,
        }
        none |= {"checks": (), "provenance": {}}
        show(crossing_table(Crossing("x", "y", "law", {}, 1e3, 1e9, *chances, size, **none)))
        return capsys.readouterr().out

    text = told(0.6, 0.1)
    said = "If y overtakes x, it does at 4M (90% interval 2M to 6M). Both then have loss 2 (90% interval 2 to 2)."
    assert said in " ".join(text.split())
    odds = {
        "x is better throughout": 5,
        "y is better throughout": 20,
        "y overtakes x": 60,
        "x overtakes y": 10,
        "one overtakes the other and loses again": 5,
    }
    for what, percent in odds.items():
        assert re.search(rf"^{what} +{percent}%$", text, re.MULTILINE)
    assert "If x overtakes y, it does at 4M" in told(0.1, 0.6)
    assert "If" not in told(0.0, 0.0)


def test_a_point_of_several_covariates_is_one_at(capsys, tmp_path, surface, forge_at_random):
    saved = tmp_path / "fit.nc"
    bayeslaw.Fit(forge_at_random(surface({"x": (SIZES, TOKENS)}), law="chinchilla")).save(saved)
    status, out, err = run(
        capsys, "predict", saved, "--at", "params=1,000,000,000,data=2e10", "--json", "--allow-failed-checks"
    )
    assert (status, err) == (0, "")
    assert [p["at"] for p in json.loads(out)["predictions"]] == [{"params": 1e9, "data": 2e10}]


@pytest.mark.fits
def test_laws_are_compared_on_the_largest_runs(capsys, tmp_path):
    table, saved = tmp_path / "runs.csv", tmp_path / "held.csv"
    sizes = [100.0 * 2**k for k in range(6)]
    rows = [
        f"m{m},{d:g},{(2 + m / 10) * d**-0.1 * (1 + 0.002 * (k % 2)):.6g}"
        for m in range(3)
        for k, d in enumerate(sizes)
    ]
    table.write_text("\n".join(["model,data,loss", *rows]))
    two = ("--law", "vanilla", "--law", "rectified")
    foretold = tmp_path / "foretold.csv"
    files = ("--held-out", saved, "--predicted", foretold)
    status, out, err = run(capsys, "compare", table, *two, "--folds", 1, "--at", "data=1e5", "--json", *files)
    record = json.loads(out)
    assert status == (3 if record["status"] == "FAIL" else 0)
    assert err == ""
    assert {law["law"] for law in record["laws"]} == {"vanilla", "rectified"}
    assert sum(law["weight"] for law in record["laws"]) == pytest.approx(1.0)
    assert [p["model"] for p in record["predictions"]] == ["m0", "m1", "m2"]
    assert len(record["held_out"]) == len(saved.read_text().splitlines()) - 1 == 6
    best, other = (law["law"] for law in record["laws"])
    frame = pd.read_csv(foretold)
    assert frame["law"].tolist() == ["mixture"] * 3 + [other] * 3
    assert frame["quantity"].tolist() == ["loss"] * 3 + [f"difference to {best}"] * 3
    assert frame["data"].tolist() == [1e5] * 6
    both = [*record["predictions"], *record["advantages"]]
    assert frame["model"].tolist() == [one["model"] for one in both]
    for name in ("p05", "median", "p95"):
        assert frame[name].tolist() == pytest.approx([one[name] for one in both])
    assert frame["p_above"][3:].tolist() == pytest.approx([one["p_above"] for one in record["advantages"]])
    scores = tuple(LawScore(**{**law, "loo": LeaveOneOut(**law["loo"])}) for law in record["laws"])
    show(comparison_table(Comparison(None, "data", scores, pd.read_csv(saved).set_index("row"), {}, LOSS, ())))
    text = capsys.readouterr().out
    assert "3 held-out runs, the largest in data (1 time)" in text
    assert text.index(record["laws"][0]["law"]) < text.index(record["laws"][1]["law"])
    assert "mean log density of log loss." in " ".join(text.split())
    show(comparison_table(Comparison(None, "data", scores, pd.read_csv(saved).set_index("row"), {}, SCORE, ())))
    assert "mean log density of accuracy." in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--law", "vanilla"), "two or more different laws"),
        (("--law", "vanilla", "--law", "nolaw"), "no law 'nolaw'"),
        (("--law", "vanilla", "--law", "rectified", "--along", "depth"), "found along='depth'"),
        (("--law", "vanilla", "--law", "rectified", "--at", "params=1e9"), "no covariate 'params'"),
        (("--law", "vanilla", "--law", "rectified", "--predicted", "p.csv"), "--predicted is what is said of a point"),
        (("--law", "vanilla", "--law", "rectified", "--early-tokens", "few"), "no number of tokens"),
        (("--law", "vanilla", "--law", "rectified", "--early-tokens", "inf"), "no number of tokens"),
    ],
)
def test_what_cannot_be_compared_is_refused_at_once(capsys, tmp_path, arguments, says):
    table = tmp_path / "runs.csv"
    table.write_text("model,data,loss\na,1,3\na,2,2\na,4,1.5\na,8,1.2\n")
    status, out, err = run(capsys, "compare", table, *arguments)
    assert (status, out) == (2, "")
    assert says in err


def test_laws_that_are_left_out_are_told_before_what_is_refused(capsys, tmp_path):
    table = tmp_path / "runs.csv"
    sizes = [(n, d) for n in (1e8, 2e8, 4e8) for d in (1e9, 2e9, 4e9)]
    rows = [{"model": f"{n:g}-{d:g}", "params": n, "tokens": d, "loss": 2 + n**-0.1 + d**-0.1} for n, d in sizes]
    pd.DataFrame(rows).to_csv(table, index=False)
    status, _, err = run(capsys, "compare", table, "--law", "all", "--along", "depth")
    assert status == 2
    assert -1 < err.find("Not compared: vanilla") < err.find("found along='depth'")


def test_fewer_folds_than_asked_for_are_told(capsys):
    frame = pd.DataFrame({"model": "a", "data": [1, 2, 4, 8], "loss": [3.0, 2.0, 1.5, 1.2]})
    laws = [get_law("vanilla"), get_law("rectified")]
    plan = planned(read_runs(frame), laws, along="data", folds=9, early_tokens=0)
    _say_what_is_coming(plan, 9, 2)
    err = capsys.readouterr().err
    assert "Runs are held out 1 time, not 9: <DataFrame> has too few steps of data by a factor of 2 for more." in err
    assert "Comparing 2 laws (vanilla, rectified), up to 4 fits, 2 at a time" in err


def test_a_bad_budget_is_refused_before_anything_is_read(capsys):
    status, out, err = run(capsys, "optimum", "none.csv", "--compute", "lots")
    assert (status, out) == (2, "")
    assert "--compute 'lots' is not a number" in err


@pytest.mark.parametrize(
    ("law", "compute", "message"),
    [("chinchilla", "-5", "positive number of FLOP"), ("multiplicative", "1e22", "no best split of 1e+22 FLOP")],
)
def test_what_has_no_best_split_is_refused_before_anything_is_read(capsys, law, compute, message):
    status, out, err = run(capsys, "optimum", "none.csv", "--compute", compute, "--law", law)
    assert (status, out) == (2, "")
    assert message in err


def test_candidates_of_a_joint_law_are_chosen_at_a_size_of_the_data_alone(capsys, runs):
    whole = ("--at", "data=1e12", "--at", "params=1e10")
    status, out, err = run(capsys, "select", runs, "--law", "chinchilla", *whole)
    assert (status, out) == (2, "")
    assert "give data=… alone" in err


def test_a_table_without_sizes_is_told_which_laws_fit(capsys, tmp_path):
    table = tmp_path / "runs.csv"
    table.write_text("model,data,loss\na,1,3\na,2,2\n")
    status, out, err = run(capsys, "optimum", table, "--compute", "1e22")
    assert (status, out) == (2, "")
    assert "the chinchilla law needs 'params'" in err
    assert "rectified" in err
    one_message(err)


def test_advice_is_printed_and_decides_the_exit_status(capsys, runs, tmp_path):
    status, out, _ = run(capsys, "advise", runs, "--at", "params=20B", "--at", "data=200B", "--json")
    record = json.loads(out)
    checks = {check["name"]: check for check in record["checks"]}
    assert (status, record["runs"], record["law"]) == (0, 28, "chinchilla")
    assert checks["extrapolation"]["status"] == "REVIEW"
    assert "the largest compute seen" in checks["extrapolation"]["sentence"]
    status, out, _ = run(capsys, "advise", runs, "--at", "params=2000T")
    assert status == 3
    assert "extrapolation" in out
    assert "five are a fair minimum" in " ".join(out.split())
    assert run(capsys, "advise", runs, "--at", "params=2000T", "--allow-failed-checks")[0] == 0
    assert run(capsys, "advise", runs, "--at", "flavour=2")[0] == 2
    assert json.loads(run(capsys, "advise", runs, "--law", "multiplicative", "--json")[1])["law"] == "multiplicative"


def test_tokens_are_data_where_one_of_data_is_a_token(surface):
    runs = surface({"x": (SIZES, TOKENS)})
    assert point_of_table({"N": 1e9, "tokens": 1e10}, runs) == {"params": 1e9, "data": 1e10}
    with pytest.raises(TargetError, match="'tokens' and 'data', which are the same"):
        point_of_table({"data": 1e9, "tokens": 1e10}, runs)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("laws",), "Reading the laws."),
        (("priors", "list"), "Reading the released priors."),
        (("priors", "show", "curve-v1"), "Reading the prior curve-v1."),
    ],
)
def test_lists_say_what_they_read_before_they_do(capsys, command, said):
    assert run(capsys, *command)[2].startswith(said)
    assert run(capsys, *command, "--json")[2] == ""
