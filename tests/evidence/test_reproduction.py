"""Published numbers found again: of a made-up paper whose law is known, and by least squares those of real ones."""

import os
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import DatasetError
from bayeslaw.evidence.reproduction.least_squares import huber, parabolas, squares
from bayeslaw.evidence.reproduction.paper import (
    Paper,
    Source,
    Study,
    best_params,
    coefficient,
    tokens_per_parameter,
)
from bayeslaw.evidence.reproduction.papers import muennighoff2023
from bayeslaw.evidence.reproduction.registry import get_paper, paper_names
from bayeslaw.evidence.reproduction.reproduce import Row, reproduce
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs
from bayeslaw.sampling.nuts import SamplerSettings

DATA = os.environ.get("BAYESLAW_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="BAYESLAW_DATA does not name the folder of published tables")

TRUTH = {"E": 1.8, "A": 480.0, "B": 2000.0, "alpha": 0.35, "beta": 0.37}
SOURCE = Source("made/up.csv", "chinchilla", where="loss < 10")
PAPER = Paper(
    name="somebody2024",
    source="nowhere",
    studies=(
        Study(
            SOURCE,
            (
                coefficient("alpha", 0.35),
                coefficient("E", 2.6, label="E, wrong"),
                coefficient("E", 2.6, 0.7, label="E, uncertain"),
            ),
        ),
        Study(SOURCE, (coefficient("a", 0.514), coefficient("beta", 0.37)), parabolas),
        Study(replace(SOURCE, file="made/lost.csv"), (coefficient("alpha", 0.3),)),
    ),
)


def loss(params, data):
    return TRUTH["E"] + TRUTH["A"] / params ** TRUTH["alpha"] + TRUTH["B"] / data ** TRUTH["beta"]


def table(noise=0.0):
    """Runs at five budgets of seven sizes each."""
    rng, rows = np.random.default_rng(1), []
    for budget in 10.0 ** np.arange(18.0, 20.6, 0.5):
        best = best_params({**TRUTH, "a": 0.37 / 0.72}, budget)
        for params in best * 2.0 ** np.linspace(-1.5, 1.5, 7):
            data = budget / (6 * params)
            measured = loss(params, data) * np.exp(noise * rng.standard_normal())
            rows.append({"params": params, "tokens": data, "compute": budget, "loss": measured})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    (folder / "made").mkdir()
    whole = pd.concat([table(0.002), pd.DataFrame([{"params": 1e9, "tokens": 1e9, "compute": 6e18, "loss": 50.0}])])
    whole.to_csv(folder / "made" / "up.csv", index=False)
    steps = []
    quick = SamplerSettings(chains=2, warmup=200, draws=200)
    return reproduce(folder, [PAPER], sampler=quick, progress=lambda *step: steps.append(step)), steps


@pytest.mark.fits
def test_numbers_of_a_made_up_paper(found):
    result, steps = found
    rows = {row.quantity: row for row in result.rows}
    assert list(rows) == ["alpha", "E, wrong", "E, uncertain", "a", "beta"]
    assert [rows[name].agrees for name in rows] == [True, False, True, True, True]
    for row in result.rows:
        assert row.paper == "somebody2024"
        assert row.p05 < row.median < row.p95
    assert rows["alpha"].least_squares == pytest.approx(0.35, abs=0.05)
    assert rows["a"].least_squares == pytest.approx(0.514, abs=0.05)
    assert rows["beta"].least_squares is None  # parabolas do not tell
    assert rows["E, wrong"].p95 < 2.6 < rows["E, wrong"].published + 1.645 * 0.7
    assert {what for what, _, _ in steps} == {"somebody2024, chinchilla law on made/up.csv", "done"}
    assert [step[1:] for step in (steps[0], steps[-1])] == [(0, 100), (100, 100)]  # one fit of the one table here
    assert len(result.checks) == 1
    assert "chinchilla on made/up.csv (loss < 10)" in result.checks[0].sentence


@pytest.mark.fits
def test_tables_that_are_not_here_are_said(found):
    result, _ = found
    assert result.missing == (("somebody2024", "made/lost.csv"),)
    assert result.sentence.startswith("4 of 5 published numbers, of 1 papers, agree")
    record = result.to_dict()
    assert list(record["rows"][0]) == list(Row.__annotations__)
    assert record["missing"] == [{"paper": "somebody2024", "file": "made/lost.csv"}]


def test_least_squares_find_the_law_of_runs_without_noise():
    runs = read_runs(table()).table
    for way in (huber, squares):
        got = way(get_law("chinchilla"), runs)
        for name, value in TRUTH.items():
            assert got[name] == pytest.approx(value, rel=5e-3), name
    assert parabolas(get_law("chinchilla"), runs)["a"] == pytest.approx(0.37 / 0.72, rel=1e-2)


def test_the_best_split_of_a_budget():
    given = {**TRUTH, "a": 0.37 / 0.72}
    best = best_params(given, 1e22)
    around = best * np.array([0.98, 1.0, 1.02])
    losses = loss(around, 1e22 / (6 * around))
    assert losses[1] < min(losses[0], losses[2])
    ratio = tokens_per_parameter(1e22, 20.0, label="").value(given, None)
    assert ratio == pytest.approx(1e22 / (6 * best) / best)


def test_papers_are_known_by_name():
    for name in paper_names():
        paper = get_paper(name)
        assert paper.name == name
        labels = [q.name for study in paper.studies for q in study.quantities]
        assert len(set(labels)) == len(labels)
        for study in paper.studies:
            get_law(study.source.law)
    with pytest.raises(DatasetError, match="Did you mean 'besiroglu2024'"):
        get_paper("besiroglu")


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(DatasetError, match="no such folder"):
        reproduce(tmp_path / "none")


@needs_data
def test_least_squares_are_as_published():
    """Of the papers whose runs are here, to the digits that they print."""
    study = get_paper("gadre2024").studies[0]
    grid = Path(DATA) / study.source.file
    roles = dict(study.source.roles)
    runs, held_out = (read_runs(grid, where=w, roles=roles).table for w in (study.source.where, study.source.held_out))
    point = study.least_squares(get_law(study.source.law), runs)
    for quantity in study.quantities:
        assert quantity.value(point, held_out) == pytest.approx(quantity.published, abs=2e-5)


@needs_data
@pytest.mark.slow
def test_all_that_was_published_and_is_here():
    """All tables, twenty minutes; ``-s`` prints them."""
    result = reproduce(DATA)
    print(result.to_frame().to_string(float_format="{:.5g}".format))
    rows = {(row.paper, row.quantity): row for row in result.rows}
    assert not result.missing
    assert all(row.agrees for row in result.rows if row.paper in ("besiroglu2024", "chen2025"))
    for paper, allowed in (("czech2026", 1e-3), ("chen2025", 0.02), ("gadre2024", 1e-3)):
        for row in result.rows:
            if row.paper == paper:
                assert row.least_squares == pytest.approx(row.published, rel=allowed), row.quantity
    assert not rows["hoffmann2022", "beta"].agrees


def test_a_folder_without_any_table_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"none of the published tables, expected one of .*chinchilla_points\.csv"):
        reproduce(tmp_path)


@pytest.mark.parametrize(("factor", "least", "most"), [(1.0, 100, np.inf), (1.2, 0, 0.01)])
def test_constants_of_repetition_that_the_runs_leave_open_are_searched_without_a_warning(factor, least, most):
    """Repeated tokens are worth as much as fresh ones, or nothing."""
    A, B, E, alpha = muennighoff2023.PUBLISHED.values()
    unique, tokens, params = 1e9, np.array([2e9, 4e9, 8e9]), np.array([1e8, 2e8, 4e8])
    fresh = E + A / params**alpha + B / tokens**alpha
    runs = pd.DataFrame({"params": params, "data": tokens, "unique_data": unique, "loss": factor * fresh})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = muennighoff2023.repetitions(get_law("data_constrained"), runs)
    assert least < found["R_D_star"] < most
