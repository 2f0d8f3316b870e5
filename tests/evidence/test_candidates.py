"""Which laws a table can be compared by, and what the best one is worth: without a fit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayeslaw.answers.prediction import predict
from bayeslaw.evidence.comparison import advantage as module
from bayeslaw.evidence.comparison.advantage import advantages
from bayeslaw.evidence.comparison.candidates import SECONDS_A_RUN, all_laws, asked_alike, expected_seconds
from bayeslaw.evidence.comparison.compare import Comparison
from bayeslaw.evidence.comparison.law_scores import LawScore
from bayeslaw.fitting.facade import Fit
from bayeslaw.kinds.shared.outcome import LOSS
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs

SIZES, TOKENS = (1e8, 3e8, 9e8), (2e9, 6e9, 1.8e10)


def curves(**columns):
    rows = [
        {"model": f"m{m}", "data": 100.0 * 2**k, "loss": 3.0 - 0.1 * k + 0.2 * m} for m in range(3) for k in range(6)
    ]
    return read_runs(pd.DataFrame(rows).assign(**columns))


def test_curves_in_the_data_alone():
    laws, left_out = all_laws(curves())
    names = {law.name for law in laws}
    assert {"vanilla", "rectified", "m4"} <= names
    assert not names & {"chinchilla", "parallel"}
    assert left_out == ()


def test_columns_that_are_not_known_for_every_run_feed_no_law():
    assert "parallel" in {law.name for law in all_laws(curves(params=1e9, parallel_size=2.0))[0]}
    partly = np.where(np.arange(18) < 17, 2.0, np.nan)
    assert "parallel" not in {law.name for law in all_laws(curves(params=1e9, parallel_size=partly))[0]}


def test_laws_that_cannot_be_fitted_are_left_out_and_that_is_said(monkeypatch):
    from bayeslaw.errors import LawError
    from bayeslaw.evidence.comparison import candidates
    from bayeslaw.kinds.shared.layout import points_of_table

    def picky(runs, law, outcome):
        if law.name == "m4":
            raise LawError("too few runs.")
        return points_of_table(runs, law, outcome)

    monkeypatch.setattr(candidates, "points_of_table", picky)
    laws, left_out = all_laws(curves())
    assert "m4" not in {law.name for law in laws}
    assert left_out == ("m4: too few runs.",)


def test_points_in_params_and_tokens_are_for_joint_laws(surface):
    runs = surface({"x": (SIZES, (2e9, 8e9))})
    laws, left_out = all_laws(runs)
    names = {law.name for law in laws}
    assert {"chinchilla", "overtraining", "kaplan"} <= names
    assert not names & {"vanilla", "rectified"}
    assert any(reason.startswith("vanilla: models of this table have too few data sizes") for reason in left_out)


def test_laws_with_another_link_are_left_out_and_that_is_said(surface):
    runs = surface({"x": (SIZES, (2e9, 8e9))})
    laws, left_out = all_laws(replace(runs, table=runs.table.assign(vocab_size=np.linspace(1e4, 6e4, len(runs.table)))))
    assert "vocabulary" not in {law.name for law in laws}
    assert any(reason.startswith("vocabulary: it is of loss") for reason in left_out)


def test_laws_that_a_point_does_not_suit_are_left_out():
    laws = [get_law(name) for name in ("chinchilla", "overtraining", "data_constrained")]
    point = {"params": 1e9, "data": 1e10}
    kept, left_out = asked_alike(laws, {law.name: point for law in laws})
    assert [law.name for law in kept] == ["chinchilla", "overtraining"]
    assert left_out == ("data_constrained: the point does not give unique_data.",)


def test_more_laws_take_longer_and_workers_share_them():
    runs, laws = curves(), [get_law(name) for name in ("vanilla", "rectified", "m4", "broken")]
    one = expected_seconds(laws[:1], runs, 3, 1)
    assert expected_seconds(laws, runs, 3, 1) == 4 * one
    assert expected_seconds(laws, runs, 3, 2) == 2 * one
    assert expected_seconds(laws, runs, 1, 1) == 2 * one
    assert expected_seconds(laws[:3], runs, 3, 2) == 2 * one  # the third law takes a round of its own
    more = replace(runs, table=pd.concat([runs.table] * 3, ignore_index=True))
    assert expected_seconds(laws[:1], more, 3, 1) - one == pytest.approx(4 * 36 * SECONDS_A_RUN)


@pytest.fixture(scope="module")
def compared(surface, forge_at_random):
    runs = surface({"x": (SIZES, TOKENS), "y": (SIZES, TOKENS)})
    fits = {law: Fit(forge_at_random(runs, law=law, scale=0.2)) for law in ("chinchilla", "overtraining")}
    scores = tuple(LawScore(law, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, None, "PASS") for law in reversed(fits))
    return Comparison(runs, "data", scores, pd.DataFrame(), fits, LOSS, ())


def test_the_best_law_is_set_against_the_others(compared):
    at = {"params": 4e9, "data": 8e10}
    found = advantages(compared, at, seed=5)
    assert [(one.law, one.model, one.family) for one in found] == [
        ("chinchilla", "<new model>", "x"),
        ("chinchilla", "<new model>", "y"),
    ]
    best = predict(compared.fits["overtraining"].posterior, [at], kind="curve", seed=5).values[:, 0, 0]
    other = predict(compared.fits["chinchilla"].posterior, [at], kind="curve", seed=6).values[:, 0, 0]
    (one, _) = found
    assert one.best == np.median(best)
    assert one.median == np.median(other - best)
    assert (one.p05, one.p95) == tuple(np.quantile(other - best, [0.05, 0.95]))
    assert one.p_above == np.mean(other > best)


def test_models_are_matched_by_their_names(compared, monkeypatch):
    """The two laws may give the same models in another order."""
    at = {"params": 4e9, "data": 8e10}

    def turned(posterior, points, *, kind, seed):
        found = predict(posterior, points, kind=kind, seed=seed)
        if posterior.law.name == "overtraining":
            return found
        labels, linked = tuple(reversed(found.labels)), found.linked[:, ::-1]
        return replace(found, labels=labels, linked=linked)

    expected = advantages(compared, at, seed=5)
    assert expected[0].median != expected[1].median
    monkeypatch.setattr(module, "predict", turned)
    assert advantages(compared, at, seed=5) == expected
