"""The zoo: its tables are what they are called, and what comes out of fitting them all is printed (slow)."""

import json

import numpy as np
import pytest
from zoo_results import outcome, reach, summary
from zoo_tables import BEYOND, CONTROL, KINDS, MODELS, NOISE, SIZES, law, made

import bayeslaw as bl


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_has_its_truth_and_is_always_the_same(kind):
    one, again, other = made(kind, 0), made(kind, 0), made(kind, 1)
    assert one.runs.equals(again.runs)
    assert not one.runs.equals(other.runs)
    assert one.runs.groupby("model")["data"].apply(list).to_list() == [SIZES.tolist()] * 8
    assert sorted(set(one.truth["beyond"])) == list(BEYOND)
    assert (one.runs["loss"] > 0).all()
    assert (one.truth["loss"] > 0).all()
    assert set(one.odd) <= set(MODELS)
    assert len(bl.read_runs(one.runs).table) == len(one.runs)


@pytest.mark.parametrize("floor", [0.3, 0.72, 0.9])
def test_controls_are_of_the_law_with_the_floor_they_say(floor):
    """From far out, where the floor is nearly all that is left: its share of the loss at 16 times the data."""
    curve = law(np.random.default_rng(3), floor)
    far, there = curve(0, np.array([1e40]))[0], curve(0, np.array([16 * SIZES[-1]]))[0]
    assert far / there == pytest.approx(floor, abs=0.01)


def test_controls_of_any_floor_have_it_in_the_quarter_that_their_number_tells():
    for number in range(8):
        again, zoo = made(CONTROL, number), made(CONTROL, number)
        assert again.runs.equals(zoo.runs)
        assert zoo.healthy
        means = zoo.runs.groupby("data")["loss"].mean()
        assert means.iloc[0] > means.iloc[-1] > zoo.truth[zoo.truth["beyond"] == 64]["loss"].mean() * 0.97
    # the less is left above the floor at 16 times the data, the less is lost from there to 64 times
    falls = []
    for quarter in (0, 3):
        found = [made(CONTROL, 4 * k + quarter).truth.groupby("beyond")["loss"].mean() for k in range(30)]
        falls.append(np.mean([np.log(truth[16] / truth[64]) for truth in found]))
    assert falls[0] > 3 * falls[1] > 0


def smooth(kind, number=0):
    """Log losses of a table by model (8, 7)."""
    return np.log(made(kind, number).runs["loss"].to_numpy().reshape(8, 7))


def test_departures_are_where_they_are_said_to_be():
    def last_step(kind):
        return np.diff(smooth(kind), axis=1)[:, -1].mean() - np.diff(smooth(kind), axis=1)[:, -2].mean()

    assert last_step("decayed_last") < -0.025
    assert abs(last_step("control_floor_72")) < 0.025
    zoo = made("plateau_behind_all", 0)
    truth = zoo.truth.pivot(index="model", columns="beyond", values="loss")
    assert np.abs(np.log(truth[64] / truth[8])).max() < 6 * NOISE
    assert zoo.behind
    bad = MODELS.index(made("one_diverges", 0).odd[0])
    assert np.argmax(np.diff(smooth("one_diverges"), axis=1)[:, -2]) == bad
    rough = np.abs(np.diff(smooth("noisy_family"), 2, axis=1)).mean(axis=1).reshape(4, 2).mean(axis=1)
    assert np.sort(rough)[-1] > 3 * np.sort(rough)[-2]
    steps = np.diff(smooth("staircase"), axis=1).mean(axis=0)
    assert np.abs(steps[::2]).max() < 0.02 < 0.1 < np.abs(steps[1::2]).min()
    assert (np.exp(smooth("rounded")) * 10 % 1).round(6).max() in (0.0, 1.0)


def test_results_become_a_table_and_say_wrong_passes():
    scores = {f"{name}_{b}": 0.1 for name in ("inside", "error", "bias", "width") for b in BEYOND}
    record = {
        "kind": "ties",
        "number": 0,
        "status": "PASS",
        "failing": [],
        "prior_at_target": 0.1,
        "p_best": 0.5,
        "regret": 0.0,
        **scores,
    }
    other = {**record, "number": 1, "status": "REVIEW", "failing": ["odd_runs"]}
    (row,) = summary([record, other]).to_dict("records")
    assert (row["tables"], row["PASS"], row["wrong PASS"], row["speaks"]) == (2, 1, 1, "odd_runs")
    assert row["in 16x"] == pytest.approx(0.1)


def test_what_is_asked_stands_beside_what_came_out():
    def record(kind, status, inside, number=0, **more):
        usual = {"behind": False, "healthy": False, "odd_chosen": False, "p_best": 0.5}
        return {"kind": kind, "number": number, "status": status, "inside_16": inside, **usual, **more}

    told = reach(
        [
            record("ties", "PASS", 1.0, healthy=True),
            record("rising", "PASS", 0.5),
            record("sigmoid", "REVIEW", 0.0),
            record("broken_behind", "PASS", 0.1, behind=True),
            record("units_10", "PASS", 0.9, odd_chosen=True, p_best=0.95),
            record("units_1000", "REFUSED", None),
            *(record(CONTROL, "PASS" if i else "REVIEW", 0.25 * i, number=i, healthy=True) for i in range(4)),
        ]
    )
    assert [line.partition(": ")[2].partition(" (asked")[0] for line in told] == [
        "1 of 4 tables", "1 of 1 tables", "1 tables", "1 of 5", "0.38"
    ]  # fmt: skip
    assert told[-1].endswith("0.00, 0.25, 0.50, 0.75 (asked: .65)")


@pytest.mark.slow
def test_the_zoo(tmp_path):
    """Two tables a kind. Controls are held to their intervals; the rest is printed."""
    records = [outcome(kind, number) for number in range(2) for kind in KINDS]
    (tmp_path / "zoo.jsonl").write_text("\n".join(map(json.dumps, records)))
    print(summary(records).to_string(index=False))
    healthy = [record for record in records if record["healthy"] and record["status"] == "PASS"]
    assert np.mean([record["inside_16"] for record in healthy]) >= 0.6
    assert not [record for record in records if record.get("odd_chosen") and record["p_best"] > 0.9]
