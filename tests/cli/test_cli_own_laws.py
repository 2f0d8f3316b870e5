"""Laws of one's own on the command line: a file that --law names is run, and no other."""

import json
from pathlib import Path

import pytest
from command_line import run

import bayeslaw
import bayeslaw.fitting.fit
from bayeslaw.cli import backtest as cli_backtest
from bayeslaw.evidence.comparison import judging
from bayeslaw.fitting.facade import Fit
from bayeslaw.laws import registry
from bayeslaw.lending.lend import as_prior

EXAMPLE = Path(bayeslaw.__file__).parents[1] / "examples" / "own_law.py"
BROKEN = EXAMPLE.read_text().replace('coordinates["shift"]', 'coordinates["drift"]', 1)
LINE = next(number for number, line in enumerate(BROKEN.splitlines(), start=1) if "drift" in line)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """The registry of a test, empty at first."""
    names = {}
    monkeypatch.setattr(registry, "_REGISTERED", names)
    return names


@pytest.fixture
def file(tmp_path):
    """A file of a law that prints, and keeps count of how often it was run."""
    path = tmp_path / "own.py"
    count = f"with open({str(tmp_path / 'count')!r}, 'a') as f:\n    f.write('x')\nprint('a law speaks')\n"
    path.write_text(EXAMPLE.read_text() + count)
    return path


def times_run(file):
    count = file.parent / "count"
    return len(count.read_text()) if count.exists() else 0


@pytest.fixture
def forging(registered, forge_at_random, monkeypatch):
    """Fits that cost no sampling, of whatever law; what they were asked for."""
    asked = []

    def forged(runs, *, law, **_):
        asked.append(law)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(registry, "_REGISTERED", {law.name: law})
            return Fit(forge_at_random(runs, law=law.name))

    monkeypatch.setattr(bayeslaw.fitting.fit, "fit", forged)
    return asked


@pytest.fixture
def table(tmp_path, two_tasks):
    path = tmp_path / "runs.csv"
    columns = ["task", "family", "model", "data", "loss"]
    two_tasks.table.query("task == 'flan'")[columns].to_csv(path, index=False)
    return path


@pytest.fixture
def saved(capsys, file, table, forging, tmp_path):
    """A fit of the law of the file, made by the command line."""
    path = tmp_path / "fit.nc"
    status, out, err = run(capsys, "fit", table, "--law", file, "--json", "-o", path)
    assert (status, times_run(file)) == (0, 1)
    assert json.loads(out)["law"] == "shifted_power"  # and nothing else on standard output
    assert err.splitlines()[:2] == [f"Running the code in {file}, for the law that it defines.", "a law speaks"]
    assert [law.name for law in forging] == ["shifted_power"]
    (file.parent / "count").unlink()
    return path


COMMANDS = {
    "predict": ["predict", "FIT", "--at", "data=6400"],
    "check": ["check", "FIT"],
    "crossing": ["crossing", "FIT", "a", "b"],
    "select": ["select", "FIT", "--at", "data=6400"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_saved_fit_is_read_with_the_file_of_its_law(capsys, file, saved, command):
    arguments = [saved if a == "FIT" else a for a in COMMANDS[command]]
    status, out, err = run(capsys, *arguments, "--json")
    assert (status, out, times_run(file)) == (2, "", 0)  # a file that is not named is not run
    assert "a fit of the law 'shifted_power', which is not at hand" in err
    assert "--law FILE.py" in err
    status, out, err = run(capsys, *arguments, "--json", "--law", file, "--allow-failed-checks")
    assert (status, times_run(file)) == (0, 1)
    assert "checks" in json.loads(out)
    assert err.count("Running the code in") == 1


def test_the_law_of_a_saved_fit_is_the_one_that_it_was_made_with(capsys, file, saved):
    status, _, err = run(capsys, "check", saved, "--law", "vanilla")
    assert (status, times_run(file)) == (2, 0)
    assert "a fit of the law 'shifted_power', found law='vanilla'" in err
    file.write_text(
        file.read_text().replace("-beta * (jnp.logaddexp(t, shift)", "-1.1 * beta * (jnp.logaddexp(t, shift)")
    )
    status, _, err = run(capsys, "check", saved, "--law", file)
    assert status == 2
    assert "another form of the law 'shifted_power' than the one at hand" in err
    status, _, err = run(capsys, "select", saved, "--at", "data=6400", "--law", "vanilla")
    assert status == 2
    assert "--law is for a fit that is yet to be made" in err


def test_optimum_reads_a_saved_fit_with_a_file(capsys, file, saved):
    status, _, err = run(capsys, "optimum", saved, "--compute", "1e20", "--law", file)
    assert (status, times_run(file)) == (2, 1)
    assert "shifted_power" in err  # a law of data alone splits no budget, but it was loaded


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "own.py: there is no such file"),
        ("x = 1\n", "own.py: found none, expected one Law"),
        ("\nraise ValueError('a reason')\n", "own.py: running it raised ValueError: a reason (line 2)"),
        (BROKEN, f"KeyError: 'drift' (line {LINE})"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_message(capsys, tmp_path, table, text, said):
    path = tmp_path / "own.py"
    if text is not None:
        path.write_text(text)
    for command in (["fit", table], ["select", table, "--at", "data=6400"], ["compare", table, "--law", "vanilla"]):
        status, out, err = run(capsys, *command, "--law", path)
        assert (status, out) == (2, "")
        assert said in err
        assert "Traceback" not in err


@pytest.mark.fits
def test_laws_in_files_are_compared(capsys, file, table, forging, monkeypatch):
    monkeypatch.setattr(judging, "fit", bayeslaw.fitting.fit.fit)
    status, out, err = run(
        capsys,
        "compare",
        table,
        "--law",
        file,
        "--law",
        "vanilla",
        "--folds",
        1,
        "--jobs",
        1,
        "--json",
        "--allow-failed-checks",
    )
    assert (status, times_run(file)) == (0, 1)
    assert {law["law"] for law in json.loads(out)["laws"]} == {"shifted_power", "vanilla"}
    assert err.count("Running the code in") == 1


@pytest.mark.parametrize("command", ["finetune", "curves"])
def test_backtests_take_a_file(capsys, file, table, monkeypatch, command):
    seen = []
    monkeypatch.setattr(cli_backtest, "_run", lambda work, *_: work(None))
    name = f"bayeslaw.evidence.backtest.{command}.backtest_{command}"
    monkeypatch.setattr(name, lambda tables, *, law, **_: seen.append(law))
    assert run(capsys, "backtest", command, table, "--law", file)[0] == 0
    assert (seen[0].name, times_run(file)) == ("shifted_power", 1)
    assert run(capsys, "backtest", command, table)[0] == 0
    assert seen[1] == ("rectified" if command == "finetune" else "broken")


@pytest.mark.fits
def test_priors_take_a_file(capsys, file, forging, tmp_path, two_tasks):
    law = bayeslaw.load_law(file)
    kept = tmp_path / "own.json"
    as_prior(bayeslaw.fitting.fit.fit(two_tasks, law=law).posterior, "own").save(kept)
    (file.parent / "count").unlink()
    status, _, err = run(capsys, "priors", "show", kept, "--json")
    assert (status, times_run(file)) == (2, 0)
    assert "a prior of the law 'shifted_power', which is not at hand" in err
    status, out, _ = run(capsys, "priors", "show", kept, "--json", "--law", file)
    assert (status, json.loads(out)["law"], times_run(file)) == (0, "shifted_power", 1)


def test_laws_lists_those_that_were_registered(capsys, registered):
    law = bayeslaw.load_law(EXAMPLE)
    bayeslaw.register_law(law)
    (record,) = (one for one in json.loads(run(capsys, "laws", "--json")[1])["laws"] if one["name"] == "shifted_power")
    assert record["formula"] == law.formula
    assert record["takes_any_column"] is False
    assert "shifted_power" in run(capsys, "laws")[1]


@pytest.mark.core
@pytest.mark.fits
def test_laws_checks_one(capsys, file, monkeypatch):
    status, out, err = run(capsys, "laws", "--check", file, "--no-simulate", "--json")
    record = json.loads(out)
    assert (status, record["status"], record["law"], record["simulated"]) == (0, "PASS", "shifted_power", False)
    assert {check["name"] for check in record["checks"]} >= {"reference", "gradients", "natural"}
    assert err.count("Running the code in") == 1
    status, out, _ = run(capsys, "laws", "--check", "vanilla", "--no-simulate")
    assert status == 0
    assert "vanilla law: 13 of 13 checks pass." in out
    assert run(capsys, "laws", "--check", "newton")[0] == 2


def test_a_law_that_fails_shows_in_the_exit_status(capsys, file):
    file.write_text(BROKEN)
    status, out, _ = run(capsys, "laws", "--check", file, "--json")
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    assert status == 3
    assert checks["gradients"]["sentence"] == f"It raised KeyError: 'drift' (line {LINE})."
    assert checks["gradients"]["value"] is None
    status, out, _ = run(capsys, "laws", "--check", file)
    assert status == 3
    assert "FAIL" in out
    assert run(capsys, "laws", "--check", file, "--allow-failed-checks")[0] == 0
