"""Sweeps: several learning rates or batch sizes for each model and size, of which the best counts if that is said."""

import itertools

import numpy as np
import pandas as pd
import pytest

from bayeslaw.runs import read_runs
from bayeslaw.runs.reading import understand

SIZES = [1e9 * 2**i for i in range(4)]
RATES = (1e-4, 3e-4, 1e-3)


def sweep(rates=RATES, batches=(256,), seeds=(0,), best=3e-4, noise=0.0):
    """Losses of two models that are convex in the rate, and a little lower for smaller batches."""
    rng = np.random.default_rng(0)
    rows = [
        (name, size, rate, batch, seed, level * size**-0.1 + 0.01 * np.log(rate / best) ** 2 + 1e-4 * batch
         + noise * rng.standard_normal())
        for (name, level), size, rate, batch, seed in itertools.product(
            (("a", 30), ("b", 29)), SIZES, rates, batches, seeds)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["model", "tokens", "lr", "batch_size", "seed", "loss"])


def test_several_settings_are_asked_about_at_once_and_the_best_of_both_counts():
    frame = sweep(batches=(128, 256))
    questions = understand(frame).questions
    assert {one.about: one.options[0] for one in questions} == {"batch_size": "batch_size=best", "lr": "lr=best"}
    runs = read_runs(frame, roles={"lr": "best", "batch_size": "best"})
    lowest = frame.groupby(["model", "tokens"], sort=False)["loss"].min().tolist()
    assert runs.table["loss"].tolist() == lowest
    assert set(runs.table["lr"]) == {3e-4}
    assert len(runs.left_out) == len(frame) - len(runs.table)


def test_of_settings_that_change_together_one_is_asked_about():
    frame = sweep().assign(warmup=lambda table: table["lr"] * 1e6)
    assert len(understand(frame).questions) == 1


def test_the_best_setting_is_that_of_the_lowest_mean_over_seeds_which_all_stay():
    frame = sweep(seeds=(0, 1, 2))
    frame.loc[(frame["lr"] == 1e-4) & (frame["seed"] == 1), "loss"] -= 0.02  # one lucky seed of a rate that is worse
    table = read_runs(frame, roles={"lr": "best"}).table
    assert set(table["lr"]) == {3e-4}
    assert len(table) == 2 * len(SIZES) * 3


def test_the_best_at_the_end_of_what_was_tried_is_said():
    notes = " ".join(read_runs(sweep(best=1e-3), roles={"lr": "best"}).notes)
    assert "At 8 of 8 it is the smallest or the largest 'lr' tried" in notes
    assert "smallest or the largest" not in " ".join(read_runs(sweep(), roles={"lr": "best"}).notes)


def test_rates_that_are_close_but_always_ranked_alike_are_asked_about_and_noise_is_not():
    assert [one.about for one in understand(sweep(rates=(2e-4, 3e-4, 9.5e-4))).questions] == ["lr"]
    rng = np.random.default_rng(1)
    noise = sweep().assign(loss=lambda table: 30 * table["tokens"] ** -0.1 + 0.01 * rng.standard_normal(len(table)))
    assert understand(noise).questions == ()


@pytest.mark.parametrize("role", ["covariate", "variant"])
def test_a_setting_that_a_law_depends_on_stays_a_column(role):
    frame = sweep().rename(columns={"lr": "learning_rate"})
    (question,) = understand(frame).questions
    assert f"learning_rate={role}" in question.options
    found = read_runs(frame, roles={"learning_rate": role}).table
    assert len(found) == len(frame)
    assert sorted(set(found["learning_rate"])) == sorted(RATES)


def test_a_run_without_a_loss_is_never_the_best():
    frame = sweep()
    frame.loc[frame["lr"] == 3e-4, "loss"] = np.nan
    table = read_runs(frame.assign(epoch=0), roles={"lr": "best"}).table  # a log, in which such rows are left out
    assert np.isfinite(table["loss"]).all()
    assert len(table) == 2 * len(SIZES)


@pytest.mark.parametrize("lost", [np.nan, np.inf])
def test_a_setting_at_which_one_seed_diverged_is_not_the_best(lost):
    frame = sweep(seeds=(0, 1))
    frame.loc[(frame["lr"] == 3e-4) & (frame["seed"] == 1), "loss"] = lost
    runs = read_runs(frame, roles={"lr": "best"})
    assert set(runs.table["lr"]) == {1e-4}
    assert np.isfinite(runs.table["loss"]).all()
    assert any(f"no finite loss, as {2 * len(SIZES)} here" in note for note in runs.notes)


def test_the_best_setting_is_one_for_each_value_of_what_a_law_depends_on():
    experts = [sweep(best=rate).assign(experts=count) for count, rate in ((1, 3e-4), (8, 1e-4))]
    frame = pd.concat([experts[0], experts[1].assign(loss=lambda table: table["loss"] - 0.1)])
    table = read_runs(frame, roles={"lr": "best"}).table
    assert table.groupby("experts")["lr"].unique().map(list).to_dict() == {1: [3e-4], 8: [1e-4]}
    assert len(table) == 2 * 2 * len(SIZES)
    own = frame.rename(columns={"experts": "branches"})
    table = read_runs(own, roles={"lr": "best", "branches": "covariate"}).table
    assert table.groupby("branches")["lr"].unique().map(list).to_dict() == {1: [3e-4], 8: [1e-4]}


def test_what_a_law_depends_on_makes_no_repeats_of_runs():
    frame = sweep().rename(columns={"lr": "learning_rate"})
    assert "count as repeats" not in " ".join(read_runs(frame, roles={"learning_rate": "covariate"}).notes)


def test_rates_of_a_random_search_are_asked_about_though_all_are_different():
    rng = np.random.default_rng(0)
    frame = sweep(rates=range(1, 6)).assign(lr=lambda table: 10 ** rng.uniform(-5, -2, len(table)))
    frame["loss"] = 30 * frame["tokens"] ** -0.1 + 0.5 * np.log10(frame["lr"] / 3e-4) ** 2
    assert [one.options[0] for one in understand(frame).questions] == ["lr=best"]
    assert len(read_runs(frame, roles={"lr": "best"}).table) == 2 * len(SIZES)


def test_the_best_of_seeds_is_taken_where_that_is_said():
    frame = sweep(rates=(3e-4,), seeds=(0, 1, 2), noise=0.1)
    lowest = frame.groupby(["model", "tokens"], sort=False)["loss"].min().tolist()
    assert read_runs(frame, roles={"seed": "best"}).table["loss"].tolist() == lowest
