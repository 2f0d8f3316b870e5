"""The commands that compare two recipes at equal loss, and that find published numbers again."""

import json

import pytest
from command_line import one_message, run

import bayeslaw
from bayeslaw.fitting.facade import Fit
from bayeslaw.results import plain_values
from tests.views import by_hand

SIZES, TOKENS = (1e8, 3e8, 9e8), (2e9, 6e9, 1.8e10)


@pytest.fixture(scope="module")
def saved(tmp_path_factory, surface, forge_at_random):
    path = tmp_path_factory.mktemp("speedup") / "fit.nc"
    Fit(forge_at_random(surface({"[x]": (SIZES, TOKENS), "y": (SIZES, TOKENS)}), law="chinchilla", scale=0.2)).save(
        path
    )
    return path


@pytest.mark.core
@pytest.mark.fits
def test_speedup_answers_from_a_saved_fit(capsys, tmp_path, saved):
    picture = tmp_path / "speedup.png"
    where = ("speedup", "[x]", "y", saved, "--at", "N=4e8,tokens=10B", "--allow-failed-checks")
    expected = bayeslaw.load(saved).speedup("[x]", "y", at={"params": 4e8, "data": 1e10})
    status, out, err = run(capsys, *where, "--json", "--plot", picture)
    assert (status, err) == (0, "")
    record = json.loads(out)
    assert {name: record[name] for name in expected.record()} == plain_values(expected.record())
    assert picture.read_bytes()[:4] == b"\x89PNG"
    status, out, err = run(capsys, *where)
    assert status == 0
    assert "[x] over y at params = 400,000,000, data = 10,000,000,000" in out
    assert expected.sentence in " ".join(out.split())
    assert err.startswith("Reading fit.nc.")


def test_every_option_is_part_of_the_question_and_failed_checks_are_told(capsys, saved, monkeypatch):
    def noted(fit, *names, **how):
        asked.append((names, how))
        return by_hand.speedup()

    asked = []
    monkeypatch.setattr(Fit, "speedup", noted)
    where = ("speedup", "[x]", "y", saved, "--at", "loss=3", "--task", "t", "--kind", "law", "--seed", 7)
    status, out, _ = run(capsys, *where)
    assert asked == [(("[x]", "y"), {"at": {"loss": 3.0}, "task": "t", "kind": "law", "seed": 7})]
    assert status == 3
    assert "Measure more." in out
    assert run(capsys, *where, "--allow-failed-checks")[0] == 0


def test_along_frontiers_compute_is_saved(capsys, saved):
    status, out, _ = run(capsys, "speedup", "[x]", "y", saved, "--at", "C=1e20", "--json", "--allow-failed-checks")
    assert status == 0
    assert json.loads(out)["of"] == "compute"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("[x]", "y", "--at", "params=4e8"), "found neither: give data=… or loss=…"),
        (("[x]", "z", "--at", "compute=1e20"), "no model or family 'z'"),
        (("[x]", "y", "--at", "loss=low"), "'low' is not a number"),
        (("[x]", "y", "--at", "loss=3", "--kind", "run"), "none of what can be compared"),
        (("[x]", "y", "--at", "loss=3", "--law", "vanilla"), "--law is for a fit that is yet to be made"),
    ],
)
def test_what_cannot_be_compared(capsys, saved, wrong, said):
    status, out, err = run(capsys, "speedup", *wrong[:2], saved, *wrong[2:])
    assert (status, out) == (2, "")
    assert said in one_message(err)


def test_published_numbers_whose_tables_are_not_here(capsys, tmp_path):
    status, out, err = run(capsys, "reproduce", "chen2025", "gadre2024", "--data", tmp_path, "--json")
    assert (status, out) == (2, "")
    assert "found none of the published tables" in err
    assert "pretrain/overtraining_grid.csv" in err


def test_reproduce_says_what_is_missing(capsys, tmp_path, monkeypatch):
    monkeypatch.delenv("BAYESLAW_DATA", raising=False)
    for arguments, said in (
        (("reproduce",), "name it with --data, or in the environment variable BAYESLAW_DATA"),
        (("reproduce", "gadre", "--data", tmp_path), "Did you mean 'gadre2024'?"),
        (("reproduce", "--data", tmp_path / "none"), "there is no such folder"),
    ):
        status, out, err = run(capsys, *arguments)
        assert (status, out) == (2, "")
        assert said in err


def test_what_cannot_be_compared_is_refused_before_sampling(capsys, tmp_path):
    table = tmp_path / "runs.csv"
    table.write_text("model,data,loss\n" + "".join(f"{m},{d},{3 - d / 1e4}\n" for m in "ab" for d in (100, 200, 400)))
    for names, at, said in (
        ("az", "data=800", "no model 'z'"),
        ("aa", "data=800", "name two"),
        ("ab", "flavour=2", ""),
    ):
        status, out, err = run(capsys, "speedup", *names, table, "--at", at)
        assert (status, out) == (2, "")
        assert said in err
        assert "compiling" not in err
