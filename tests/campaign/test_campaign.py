"""A campaign: what goes in is kept and told, steps are recorded once, and a folder is readable at any moment."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.answers.costs import spent_on
from bayeslaw.answers.questions import Question
from bayeslaw.campaign.history import history
from bayeslaw.campaign.journal import append, read_journal, writing
from bayeslaw.campaign.originals import require_apart
from bayeslaw.campaign.study import Terms, add, begin, step
from bayeslaw.campaign.table import read_table
from bayeslaw.errors import CampaignError, LawError, RunsError, TargetError
from bayeslaw.laws import get_law
from bayeslaw.sampling.nuts import SamplerSettings
from tests.cli.command_line import one_message, run
from tests.views.pictured import texts

QUICK = SamplerSettings(chains=2, warmup=50, draws=50, enough="FAIL")
TERMS = Terms(cost="params * data", price=1e12, budget=4e9)
CSV = "model,family,params,data,loss\n"


def frame(models="ab", sizes=(200, 400, 800, 1600)):
    """Runs of two models, with a further column of text."""
    rng = np.random.default_rng(1)
    rows = [(model, "one", 1e6 * (1 + i), size) for i, model in enumerate(models) for size in sizes]
    losses = [2.0 + 9.0 * row[-1] ** -0.4 * np.exp(0.01 * rng.standard_normal()) for row in rows]
    return pd.DataFrame(rows, columns=["model", "family", "params", "data"]).assign(loss=losses, note="x")


def start(folder, source, **terms):
    question = Question({"data": 6400.0})
    return begin(folder, bl.read_runs(source), [source], law=get_law("rectified"), question=question,
                 terms=replace(TERMS, **terms), seed=1)  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "runs.csv"
    frame().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def stepped(source, tmp_path_factory):
    """A campaign with one step; sampled once."""
    folder = tmp_path_factory.mktemp("stepped") / "study"
    start(folder, source)
    return folder, step(folder, sampler=QUICK)


@pytest.fixture
def study(stepped, tmp_path):
    """A copy of that campaign."""
    shutil.copytree(stepped[0], tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def new(source, tmp_path):
    """A campaign without a step."""
    start(tmp_path / "new", source)
    return tmp_path / "new"


def added(folder, text, name="more.csv"):
    path = folder.parent / name
    path.write_text(text)
    return add(folder, bl.read_runs(path), [path])


def test_runs_and_originals_are_kept(new, source):
    assert (new / "original" / "0001" / "runs.csv").read_bytes() == source.read_bytes()
    kept, read = read_table(read_journal(new)), bl.read_runs(source)
    assert kept.content_hash == read.content_hash


def test_names_that_look_like_numbers_stay_names(tmp_path):
    path = tmp_path / "numbers.csv"
    path.write_text("model,data,loss,seed,good\n" + "".join(f"{m},{d},{5 - m / d:.17g},{m},True\n" for m in (1, 2)
                    for d in (200, 300, 700)))  # fmt: skip
    start(tmp_path / "study", path, cost="data")
    kept = read_table(read_journal(tmp_path / "study"))
    assert kept.content_hash == bl.read_runs(path).content_hash
    assert kept.models == ("1", "2")


@pytest.mark.core
@pytest.mark.fits
def test_a_step_says_what_next_says_and_records_it(stepped):
    folder, done = stepped
    found = history(folder)
    (record,) = found.steps
    assert done.is_new
    assert {name: record[name] for name in ("recommendation", "expected_regret", "p_best")} == pytest.approx(
        vars(done.found.now)
    )
    assert sum(one["p_best"] for one in record["odds"]) == pytest.approx(1)
    assert record["spent"] == pytest.approx(3e6 * 3000)
    assert record["left"] == 4e9
    assert all(run["cost"] <= 4e9 for run in record["next"])
    assert record["runs_sha256"] == done.fit.posterior.settings["runs_sha256"]
    assert bl.load(folder / record["fit"]).posterior.draws.equals(done.fit.posterior.draws)
    assert found.is_answered
    assert list(found.to_frame()["p_best a"]) == [one["p_best"] for one in record["odds"] if one["model"] == "a"]


@pytest.mark.core
@pytest.mark.fits
def test_the_same_runs_are_neither_fitted_nor_recorded_again(study):
    before = (study / "journal.jsonl").read_bytes()
    again = step(study, sampler=QUICK, progress=lambda *_: pytest.fail("sampled"))
    assert not again.is_new
    assert (study / "journal.jsonl").read_bytes() == before


@pytest.mark.core
@pytest.mark.fits
def test_a_step_that_was_killed_before_its_line_finds_its_fit(study):
    path = study / "journal.jsonl"
    whole = path.read_text().splitlines(keepends=True)
    path.write_text("".join(whole[:-1]))
    again = step(study, sampler=QUICK, progress=lambda *_: pytest.fail("sampled"))
    assert again.is_new
    untimed = [{k: v for k, v in json.loads(line).items() if k not in ("time", "sha256")} for line in
               (whole[-1], path.read_text().splitlines()[-1])]  # fmt: skip
    assert untimed[0] == untimed[1]


def asked_anew(study, part, **changes):
    """The campaign as if it had been begun with another question or other terms; its fit is there."""
    begun, first = (json.loads(line) for line in (study / "journal.jsonl").read_text().splitlines()[:2])
    with writing(study):
        append(replace(read_journal(study), records=()), {**begun, part: {**begun[part], **changes}}, first)
    return step(study, sampler=QUICK, progress=lambda *_: pytest.fail("sampled"))


@pytest.mark.core
@pytest.mark.fits
def test_a_spent_budget_stops(study):
    found = asked_anew(study, "terms", budget=10.0).found
    assert (found.stop.status, found.runs) == ("stop", ())
    assert "10 params * data is left" in found.sentence


@pytest.mark.core
@pytest.mark.fits
def test_a_run_that_is_to_be_foretold_has_no_odds(study, capsys):
    done = asked_anew(study, "question", foretell="a")
    assert (done.record["recommendation"], done.record["p_best"], done.record["odds"]) == (None, None, [])
    assert done.record["expected_regret"] == done.found.now.expected_regret > 0
    found = history(study)
    (line,) = found.plot().get_lines()
    assert line.get_ydata().tolist() == [done.record["expected_regret"]]
    assert f"Width of the 90% interval: {done.record['expected_regret']:.3g}." in found.sentence
    assert run(capsys, "campaign", "status", study, "--allow-failed-checks")[0] == 0


def test_new_runs_are_completed_and_told(new):
    record = added(new, "model,data,loss\na,3200,2.3\na,200,3.07\n")
    table = read_table(read_journal(new)).table
    assert record["rows"] == 2
    assert table["task"].nunique() == 1
    assert table.tail(2)[["family", "params", "note"]].values.tolist() == [["one", 1e6, "x"]] * 2
    assert "They are taken to be of the task of the campaign, 'runs'." in record["said"]
    assert any("Measured before" in said and "3.07, and" in said for said in record["said"])


def test_the_unit_that_losses_were_given_in_is_kept_and_another_is_told(tmp_path):
    path = tmp_path / "runs.csv"
    table = frame()
    table.assign(perplexity=np.exp(table["loss"])).drop(columns="loss").to_csv(path, index=False)
    start(tmp_path / "study", path)
    journal = read_journal(tmp_path / "study")
    assert read_table(journal).loss_given == "perplexity"
    older = [{name: value for name, value in record.items() if name != "loss_given"} for record in journal.records]
    assert read_table(replace(journal, records=tuple(older))).loss_given == ""
    record = added(tmp_path / "study", "model,data,perplexity\na,3200,9.5\n", "like.csv")
    assert not any("nats" in said for said in record["said"])
    record = added(tmp_path / "study", "model,data,loss\nb,3200,2.3\n")
    assert any("given in nats, and those of the campaign in perplexity" in said for said in record["said"])
    assert read_table(read_journal(tmp_path / "study")).loss_given == ""


def test_runs_that_are_there_count_once_and_disagreeing_ones_twice(new, source):
    again = source.read_text() + "a,one,1e6,200,9.9,x\n"
    record = added(new, again)
    assert record["rows"] == 1
    assert "8 of them are in the campaign already" in " ".join(record["said"])
    assert "1 of these disagrees by more than 3%" in " ".join(record["said"])
    assert (new / "original" / "0002" / "more.csv").read_text() == again
    with pytest.raises(RunsError, match="all 9 runs are in the campaign already"):
        added(new, again)
    assert len(history(new).additions) == 2


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("model,data,loss\nz,200,3\n", RunsError, "row 1.*params.*'z'"),
        ("model,tokens,loss\na,3200,2\n", RunsError, "data are tokens"),
        ("model,data,loss\na,3200,oops\n", RunsError, "row 1"),
        ("model,data,accuracy\na,3200,0.3\n", RunsError, "more.csv: losses are 1 - accuracy"),
    ],
)
def test_runs_that_do_not_go_with_the_others_change_nothing(new, text, error, told):
    before = (new / "journal.jsonl").read_bytes()
    with pytest.raises(error, match=told):
        added(new, text)
    assert (new / "journal.jsonl").read_bytes() == before
    assert len(read_table(read_journal(new)).table) == 8


def test_a_question_that_cannot_be_asked_begins_nothing(source, tmp_path):
    with pytest.raises(TargetError):
        start(tmp_path / "x", source, cost="log(data / 200)")
    with pytest.raises(LawError):
        begin(tmp_path / "x", bl.read_runs(source), [source], law=get_law("moe"), question=Question({"data": 6400.0}),
              terms=TERMS, seed=1)  # fmt: skip
    assert not (tmp_path / "x").exists()


def test_costs_of_runs_that_go_on(source):
    runs = bl.read_runs(source)
    assert spent_on(runs, "data", "data") == 6000
    assert spent_on(runs, "data", "data", continued=True) == 3200


def alter(folder, name, change):
    path = folder / name
    path.write_text(change(path.read_text()))


FOREIGN = {
    "rows altered": ("runs/0001.csv", lambda text: text.replace("200", "300"), "was altered after it was added"),
    "a belief altered": ("journal.jsonl", lambda text: text.replace('"rows": 8', '"rows": 9'), "line 2.*hash"),
    "a line lost": ("journal.jsonl", lambda text: "".join(text.splitlines(True)[::2]), "line 2.*hash"),
    "cut short": ("journal.jsonl", lambda text: text[:-40], "line 3.*not a line"),
    "empty": ("journal.jsonl", lambda text: "", "empty"),
    "of something else": ("journal.jsonl", lambda text: '{"a": 1}\n', "line 1.*not a line"),
    "no JSON": ("journal.jsonl", lambda text: "hello\n", "line 1.*not a line"),
    "of a later version": ("journal.jsonl", lambda text: text.replace('"format": 1', '"format": 2'), "format 2"),
}


@pytest.mark.core
@pytest.mark.fits
@pytest.mark.parametrize("what", FOREIGN)
def test_a_folder_that_was_altered_is_an_error_that_teaches(study, capsys, what):
    name, change, told = FOREIGN[what]
    alter(study, name, change)
    for command in (("next", study), ("status", study), ("add", study, study / "runs" / "0001.csv")):
        status, out, err = run(capsys, "campaign", *command)
        assert (status, out) == (2, "")
        assert pd.Series([err]).str.contains(told, regex=True).all(), err


@pytest.mark.core
@pytest.mark.fits
def test_a_fit_that_was_altered_is_made_again(study):
    path = study / history(study).steps[0]["fit"]
    path.write_bytes(path.read_bytes()[:-100])
    sampled = []
    step(study, sampler=QUICK, progress=lambda *told: sampled.append(told))
    assert sampled
    assert bl.load(path)


@pytest.mark.core
@pytest.mark.fits
def test_a_folder_of_its_own(source, study, tmp_path):
    with pytest.raises(CampaignError, match="is a campaign already"):
        start(study, source)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("x")
    with pytest.raises(CampaignError, match=r"other files \(thesis\.tex\)"):
        start(tmp_path / "other", source)
    with pytest.raises(CampaignError, match="cannot be used as a folder"):
        start(tmp_path / ("x" * 300), source)
    require_apart(tmp_path / "none", [Path("x" * 300)])  # which reading refuses
    for name in ("none", "x" * 300):
        with pytest.raises(CampaignError, match="there is no campaign"):
            step(tmp_path / name)
    assert not (tmp_path / "none").exists()


@pytest.mark.core
@pytest.mark.fits
@pytest.mark.skipif(os.name != "posix", reason="needs locks of files")
def test_another_writer_is_refused_and_readers_are_not(study, source):
    with writing(study):
        for command in (lambda: step(study), lambda: add(study, bl.read_runs(source), [source])):
            with pytest.raises(CampaignError, match="another bayeslaw is writing"):
                command()
        assert history(study).is_answered


KILLED = """
import os, random, signal, sys, time
from pathlib import Path
import bayeslaw as bl
from bayeslaw.campaign.history import history
from bayeslaw.campaign.study import add

folder, random, killed = Path("study"), random.Random(1), 0
for trial in range(int(sys.argv[1])):
    child = os.fork()
    if child == 0:
        for size in range(len(history(folder).additions), 10_000):
            Path("more.csv").write_text(f"model,data,loss\\na,{3200 + size},2.3\\n")
            add(folder, bl.read_runs("more.csv"), [Path("more.csv")])
        os._exit(0)
    time.sleep(random.random() * 0.5)
    os.kill(child, random.choice([signal.SIGKILL, signal.SIGTERM]))
    killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    found = history(folder)
    assert found.rows == 8 + len(found.additions) - 1, found
    assert [one["number"] for one in found.additions] == list(range(1, len(found.additions) + 1))
print(killed, found.rows)
"""


@pytest.mark.core
@pytest.mark.fits
@pytest.mark.skipif(os.name != "posix", reason="kills processes")
@pytest.mark.parametrize("kills", [10, pytest.param(300, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_goes_on_with_what_was_added(source, tmp_path, kills):
    start(tmp_path / "study", source)
    command = [sys.executable, "-W", "ignore", "-c", KILLED, str(kills)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    killed, rows = map(int, done.stdout.split())
    assert killed == kills
    added(tmp_path / "study", "model,data,loss\nb,3200,2.3\n")
    assert history(tmp_path / "study").rows == rows + 1
    left = [path for path in (tmp_path / "study").glob("**/.bayeslaw-*") if path.parent.name != "runs"]
    assert not left


@pytest.mark.slow
def test_a_step_killed_at_any_moment_goes_on_to_the_same_step(source, tmp_path):
    start(tmp_path / "whole", source)
    shutil.copytree(tmp_path / "whole", tmp_path / "killed")
    command = [sys.executable, "-m", "bayeslaw.cli", "campaign", "next", "--allow-failed-checks", "--json"]
    whole = subprocess.run([*command, "whole"], cwd=tmp_path, capture_output=True, text=True, check=True)
    rng = np.random.default_rng(2)
    for _ in range(8):
        try:
            subprocess.run([*command, "killed"], cwd=tmp_path, capture_output=True, timeout=rng.uniform(1, 20))
        except subprocess.TimeoutExpired:
            assert history(tmp_path / "killed").rows == 8
    again = subprocess.run([*command, "killed"], cwd=tmp_path, capture_output=True, text=True, check=True)
    steps = [json.loads(done.stdout)["step"] for done in (whole, again)]
    for one in steps:
        del one["time"], one["sha256"]
    assert steps[0] == steps[1]
    assert len(history(tmp_path / "killed").steps) == 1


@pytest.mark.core
@pytest.mark.fits
def test_commands_from_the_first_to_the_last(capsys, study, source, tmp_path):
    folder = tmp_path / "mine"
    status, out, err = run(capsys, "campaign", "init", folder, source, "--at", "data=6.4k", "--cost", "data",
                           "--budget", "100k", "--seed", 3)  # fmt: skip
    assert (status, err.splitlines()[0]) == (0, "Reading runs.csv.")
    assert f"bayeslaw campaign next {folder}" in out
    begun = read_journal(folder).records[0]
    assert (begun["law"], begun["seed"], begun["terms"]["budget"]) == ("rectified", 3, 1e5)
    assert begun["question"]["at"] == {"data": 6400.0}
    status, out, _ = run(capsys, "campaign", "status", folder)
    assert (status, out) == (0, f"8 runs, and no step yet: bayeslaw campaign next {folder}\n")
    assert "no step to draw" in one_message(run(capsys, "campaign", "status", folder, "--plot", tmp_path / "x.png")[2])
    more = tmp_path / "more.csv"
    more.write_text("model,data,loss\nb,3200,2.3\n")
    assert run(capsys, "campaign", "add", folder, more)[1].startswith(f"{folder}: 1 run added.")
    assert "a campaign keeps laws by name" in one_message(
        run(capsys, "campaign", "init", tmp_path / "y", source, "--at", "data=6400", "--law", "own.py")[2]
    )


@pytest.mark.core
@pytest.mark.fits
def test_the_history_is_a_table_and_a_picture(capsys, study, tmp_path):
    picture = tmp_path / "history.png"
    options = ("campaign", "status", study, "--allow-failed-checks")
    status, out, _ = run(capsys, *options, "--plot", picture)
    assert status == 0
    assert "9e+09" in out
    assert picture.stat().st_size > 10_000
    record = json.loads(run(capsys, *options, "--json")[1])
    assert record["steps"][0]["odds"]
    assert run(capsys, *options, "--csv")[1].startswith("step,time,rows,spent,recommendation")
    found = history(study)
    twice = replace(found, steps=(found.steps[0], {**found.steps[0], "spent": 2e10}))
    ax = twice.plot()
    said = " ".join(texts(ax))
    assert "odds of being the best" in said
    assert [line.get_xdata().tolist() for line in ax.get_lines()[:2]] == [[9e9, 2e10]] * 2
    assert {f"{one['model']}" for one in found.steps[0]["odds"]} == {"a", "b"}
