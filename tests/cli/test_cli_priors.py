"""Priors from the command line: made, shown, and borrowed from; what does not fit is refused before sampling."""

import json
import re
from dataclasses import replace

import pytest
from command_line import one_message, run

import bayeslaw as bl
import bayeslaw.sampling.sample
from bayeslaw.kinds.curves import CurveKind
from bayeslaw.lending.lend import as_prior
from bayeslaw.prior import released
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.verdicts import Check

SIZES = (100, 200, 400, 800)
SMALL = (200.0, 800.0, 3200.0)


def tidy(models, slope=0.05):
    rows = [f"{m},{d},{(3 - i / 10) * d**-slope:.6f}" for i, m in enumerate(models) for d in SIZES]
    return "\n".join(["model,data,loss", *rows, ""])


@pytest.fixture
def sampled_briefly(monkeypatch):
    """NUTS with fewer draws than the command line takes, and no more of them unless a check fails."""
    whole = bayeslaw.sampling.sample.sample
    brief = SamplerSettings(warmup=200, draws=150, enough="REVIEW")
    monkeypatch.setattr(bayeslaw.sampling.sample, "sample", lambda model, _, **options: whole(model, brief, **options))


@pytest.fixture
def not_sampled(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("sampled before the refusal")

    monkeypatch.setattr(bayeslaw.sampling.sample, "sample", refuse)


@pytest.fixture
def files(tmp_path, prior, simulate):
    """A prior that knows flan and gigaword, and a table with new models of flan and of wiki."""
    prior.save(tmp_path / "known.json")
    runs = simulate({(task, name): SMALL for task in ("flan", "wiki") for name in "xyz"}, seed=9)
    runs.table.drop(columns="row").to_csv(tmp_path / "runs.csv", index=False)
    return tmp_path / "runs.csv", tmp_path / "known.json"


@pytest.fixture(scope="module")
def joint(forge_at_random, surface, tmp_path_factory):
    """A prior of the chinchilla law, and a table of other models."""
    folder = tmp_path_factory.mktemp("joint")
    sizes, tokens = (1e8, 3e8, 9e8), (2e9, 6e9, 18e9)
    known = surface({"x": (sizes, tokens), "y": (sizes, tokens)})
    as_prior(forge_at_random(known, law="chinchilla"), "joint").save(folder / "joint.json")
    surface({"z": (sizes, tokens)}, seed=1).table.drop(columns=["row", "data"]).to_csv(folder / "z.csv", index=False)
    return folder / "z.csv", folder / "joint.json"


def asked(command, runs):
    more = {"select": ("--at", "data=12800", "--task", "flan"), "fit": (), "optimum": ("--compute", "1e21")}
    return (command, runs, *more[command])


@pytest.mark.fits
@pytest.mark.parametrize("command", ["select", "fit"])
def test_a_table_borrows(capsys, files, prior, sampled_briefly, tmp_path, command):
    runs, file = files
    saved = tmp_path / "fit.nc"
    status, out, err = run(capsys, *asked(command, runs), "--prior", file, "--json", "-o", saved)
    record = json.loads(out)
    assert (status, err) == (0, "")
    assert record["prior"] == record["settings"]["prior"] == {"name": "known", "sha256": prior.sha256}
    assert record["law"] == "rectified"
    assert bl.load(saved).posterior.prior.sha256 == prior.sha256
    status, _, err = run(capsys, *asked(command, runs), "--prior", file)
    assert status == 0
    assert (
        f"Prior: known (sha256 {prior.sha256[:12]}…), knows the tasks flan, gigaword; of this table it knows flan."
        in err
    )


@pytest.mark.fits
def test_a_table_of_no_known_task_is_told_so(capsys, files, sampled_briefly):
    runs, file = files
    status, _, err = run(capsys, "fit", runs, "--where", "task == 'wiki'", "--prior", file)
    assert status == 0
    assert "it knows none of this table's, and lends what tasks have in common" in err


@pytest.mark.fits
def test_without_a_prior_nothing_is_said_of_one(capsys, files, sampled_briefly):
    out = run(capsys, "fit", files[0], "--json")[1]
    assert json.loads(out)["prior"] is None
    assert "Prior" not in run(capsys, "fit", files[0])[2]


@pytest.mark.fits
def test_a_prior_is_widened(capsys, files, prior, sampled_briefly):
    runs, file = files
    record = json.loads(run(capsys, "fit", runs, "--prior", file, "--widen", "2", "--json")[1])
    assert record["prior"] == {"name": "known (widened 2x)", "sha256": prior.widened(2.0).sha256}


@pytest.mark.fits
def test_the_law_is_that_of_the_prior(capsys, joint, sampled_briefly):
    runs, file = joint
    for command in ("fit", "optimum"):
        status, out, _ = run(capsys, *asked(command, runs), "--prior", file, "--json")
        record = json.loads(out)
        assert status == (3 if record["status"] == "FAIL" else 0)
        assert (record["law"], record["prior"]["name"]) == ("chinchilla", "joint")
    status, out, _ = run(capsys, "select", runs, "--at", "data=1e12", "--prior", file, "--json")
    assert json.loads(out)["law"] == "chinchilla"


@pytest.mark.parametrize("command", ["select", "fit", "optimum"])
def test_another_law_than_the_prior_s_is_refused(capsys, files, joint, not_sampled, command):
    runs, file = (joint[0], joint[1]) if command == "optimum" else files
    law = "overtraining" if command == "optimum" else "vanilla"
    status, out, err = run(capsys, *asked(command, runs), "--prior", file, "--law", law)
    assert (status, out) == (2, "")
    assert f"and the fit is of the {law} law" in err


def test_a_law_without_a_best_split_is_refused_with_a_prior_too(capsys, files, not_sampled):
    status, out, err = run(capsys, *asked("optimum", files[0]), "--prior", files[1])
    assert (status, out) == (2, "")
    assert "best split" in err


@pytest.mark.parametrize("command", ["select", "fit", "optimum"])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--prior", "none.json"), r"none\.json: cannot be read"),
        (("--prior", "nobody"), r"no released prior 'nobody'.*ends in \.json or \.nc"),
        (("--prior", "none.nc"), r"none\.nc: there is no such file"),
        (("--prior", "cut.json"), "not JSON"),
        (("--prior", "newer.json"), "schema 2; this version of bayeslaw reads schema 1"),
        (("--prior", "known.json", "--widen", "0.5"), r"a factor of 1 or more, found 0\.5"),
        (("--prior", "known.json", "--widen", "nan"), "a factor of 1 or more"),
        (("--widen", "2"), r"--widen 2 needs a prior.*--prior"),
        (("--prior", "again.json"), "would count twice"),
        (("--prior", "tokens.json"), "Convert the table, or take a prior of examples"),
    ],
)
def test_what_cannot_be_borrowed_is_refused_before_anything_is_sampled(
    capsys, files, not_sampled, monkeypatch, command, arguments, says
):
    runs, file = files
    monkeypatch.chdir(file.parent)
    text = file.read_text()
    (file.parent / "cut.json").write_text(text[:500])
    (file.parent / "newer.json").write_text(text.replace('"schema": 1', '"schema": 2'))
    known = bl.load_prior(file)
    replace(known, models=(("flan", "x"),)).save("again.json")
    replace(known, units={"data": "tokens"}).save("tokens.json")
    status, out, err = run(capsys, *asked(command, runs), *arguments)
    assert (status, out) == (2, "")
    assert re.search(says, err)
    one_message(err)


def test_priors_are_listed(capsys, tmp_path, prior, monkeypatch):
    monkeypatch.setattr(released, "released_folder", lambda: tmp_path)
    status, out, err = run(capsys, "priors", "list")
    assert (status, out) == (0, "")
    assert "no released prior" in err
    assert json.loads(run(capsys, "priors", "list", "--json")[1]) == {"priors": []}
    (tmp_path / "known").mkdir()
    prior.save(tmp_path / "known" / "prior.json")
    status, out, err = run(capsys, "priors", "list", "--json")
    assert (status, err) == (0, "")
    (record,) = json.loads(out)["priors"]
    assert record == {
        "name": "known", "law": "rectified", "tasks": ["flan", "gigaword"], "families": 3, "models": 3,
        "ranges": {"data": [200.0, 3200.0]}, "sha256": prior.sha256,
    }  # fmt: skip
    text = run(capsys, "priors", "list")[1]
    for part in ("known", "rectified", "flan", "gigaword", "data 200-3.2k", prior.sha256[:12]):
        assert part in text


def test_a_prior_is_shown(capsys, files, prior, tmp_path, monkeypatch):
    status, out, err = run(capsys, "priors", "show", files[1], "--json")
    record = json.loads(out)
    assert (status, err) == (0, "")
    assert {"card", "new_task", "scales_by_task"} == set(record) - set(json.loads(files[1].read_text()))
    assert record["sha256"] == prior.sha256
    assert record["card"] is None
    assert [c["name"] for c in record["new_task"]] == ["log_beta", "floor", "phase"]
    status, out, _ = run(capsys, "priors", "show", files[1])
    assert status == 0
    text = " ".join(out.split())
    for part in (
        "rectified: L(D) = E + B", "data in examples", "data = 3.2k", "data 200-3.2k", "flan: a, b, c",
        "3 on flan, 3 on gigaword", "flan: at 5 sizes", "Kolmogorov", "none: not a released prior", "log_beta", "pull",
        "not known", f"{record['new_task'][0]['median']:.3g}",
    ):  # fmt: skip
        assert part in text, part
    assert prior.sha256 in out.replace("\n", "").replace(" ", "")
    monkeypatch.setattr(released, "released_folder", lambda: tmp_path)
    (tmp_path / "known").mkdir()
    prior.save(tmp_path / "known" / "prior.json")
    record = json.loads(run(capsys, "priors", "show", "known", "--json")[1])
    assert record["card"] == str(tmp_path / "known" / "card.md")
    status, out, err = run(capsys, "priors", "show", "unknown")
    assert (status, out) == (2, "")
    assert "The released ones are known." in err


def test_names_of_strangers_are_shown_as_text(capsys, tmp_path, forge_at_random, simulate):
    runs = simulate({("[bold]t\x1b[31m", "[x]a"): SMALL, ("[bold]t\x1b[31m", "b"): SMALL})
    as_prior(forge_at_random(runs), "[red]p\x1b[0m").save(tmp_path / "p.json")
    status, out, _ = run(capsys, "priors", "show", tmp_path / "p.json")
    assert status == 0
    assert "\x1b[31m" not in out
    assert "[red]p" in out
    assert "[bold]t" in out
    assert "[x]a" in out


@pytest.fixture
def tables(tmp_path):
    """Two tables without a column of tasks."""
    (tmp_path / "one.csv").write_text(tidy("abc"))
    (tmp_path / "two.csv").write_text(tidy("abc", slope=0.1) + "a,0,9\n")
    return tmp_path / "one.csv", tmp_path / "two.csv"


@pytest.mark.core
@pytest.mark.fits
def test_a_prior_is_made_of_tables_fitted_together(capsys, tables, sampled_briefly, tmp_path):
    made = tmp_path / "mine.json"
    made.write_text("what was there before")
    status, out, err = run(capsys, "priors", "make", *tables, "-o", made)
    assert status == 0
    prior = bl.load_prior(made)
    assert (prior.name, prior.law.name, prior.tasks) == ("mine", "rectified", ("one", "two"))
    assert prior.models == tuple((task, model) for task in ("one", "two") for model in "abc")
    assert prior.origin["runs"] == 24
    assert prior.sha256[:12] in out
    assert "two.csv: zero-shot loss is not on the fine-tuning curve" in err
    assert "one.csv: There is no column of tasks: all runs are of the task 'one'." in err


@pytest.mark.fits
def test_options_reach_the_prior_that_is_made(capsys, tables, sampled_briefly, tmp_path):
    made = tmp_path / "mine.json"
    made.write_text("what was there before")
    options = ("--name", "yours", "--seed", 3, "--where", "data <= 400", "--json")
    status, out, err = run(capsys, "priors", "make", *tables, "-o", made, *options)
    record, prior = json.loads(out), bl.load_prior(made)
    assert (status, err) == (0, "")
    assert record["prior"] == {"name": "yours", "sha256": prior.sha256}
    assert record["tasks"] == ["one", "two"]
    assert prior.ranges == {"data": (100.0, 400.0)}
    assert prior.origin["seed"] == 3


@pytest.mark.fits
def test_a_failing_fit_makes_no_prior(capsys, tables, sampled_briefly, monkeypatch, tmp_path):
    check = Check("rhat", "FAIL", 1.5, 1.01, "Chains disagree.", "Draw more.")
    monkeypatch.setattr(CurveKind, "checks", lambda *_: [check])
    status, out, err = run(capsys, "priors", "make", *tables, "-o", tmp_path / "mine.json")
    assert status == 3
    assert "Chains disagree" in out
    assert "no prior was made" in err
    status, out, _ = run(capsys, "priors", "make", *tables, "-o", tmp_path / "mine.json", "--json")
    assert status == 3
    assert json.loads(out)["prior"] is None
    assert json.loads(out)["status"] == "FAIL"
    assert not (tmp_path / "mine.json").exists()


def test_what_no_prior_can_be_made_of_is_refused_before_anything_is_sampled(capsys, tables, not_sampled, tmp_path):
    (tmp_path / "tokens.csv").write_text(tidy("xyz").replace("data", "tokens (M)"))
    for arguments, says in (
        ((tables[0], "-o", tmp_path / "mine.nc"), "the suffix '.nc' is not known. Use one of .json"),
        ((tables[0], "-o", tmp_path / "none" / "mine.json"), "there is no folder"),
        ((tables[0], tables[0], "-o", tmp_path / "mine.json"), "3 models of a task are in more than one table"),
        ((tables[0], tmp_path / "tokens.csv", "-o", tmp_path / "mine.json"), "data are tokens"),
        ((tables[0], "-o", tmp_path / "mine.json", "--law", "lawless"), "lawless"),
        ((tables[0], "-o", tmp_path / "mine.json", "--early-tokens", "few"), "few"),
    ):
        status, out, err = run(capsys, "priors", "make", *arguments)
        assert (status, out) == (2, ""), arguments
        assert says in err
    assert not (tmp_path / "mine.json").exists()


@pytest.mark.fits
def test_a_prior_that_was_sampled_is_borrowed_from(capsys, tables, sampled_briefly, tmp_path):
    made = tmp_path / "mine.json"
    status, _, err = run(capsys, "priors", "make", *tables, "-o", made, "--json")
    assert (status, err) == (0, "")
    (tmp_path / "new.csv").write_text(tidy("xy", slope=0.1))
    status, out, err = run(capsys, "select", tmp_path / "new.csv", "--at", "data=12800", "--prior", made, "--json")
    record = json.loads(out)
    assert (status, err) == (0, "")
    assert record["prior"]["sha256"] == bl.load_prior(made).sha256
    assert {c["model"] for c in record["candidates"]} == {"x", "y"}
