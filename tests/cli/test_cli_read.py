"""The command that shows what was read, and what other commands make of open questions."""

import json

import pandas as pd
import pytest
from command_line import one_message, run

from bayeslaw.cli import app
from bayeslaw.cli.points import one_point, point_of_law, several_points
from bayeslaw.errors import TargetError
from bayeslaw.laws import get_law
from bayeslaw.laws.suited import suited_law
from bayeslaw.runs import join_runs, read_runs

RUNS = "model,size,step,eval_loss,loss\na,7,10,3.0,3.1\na,7,20,2.5,\na,7,30,,2.2\n"
SAID = ["--as", "size=params:B", "--as", "step=data:32"]


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs.csv").write_text(RUNS)
    return tmp_path / "runs.csv"


def test_what_is_understood_is_told_to_machines(capsys, file):
    status, out, err = run(capsys, "read", file, "--json")
    found = json.loads(out)
    assert (status, err) == (2, "")
    assert set(found) == {"source", "format", "rows", "columns", "left_out", "notes", "questions", "head"}
    assert (found["format"], found["rows"]) == ("CSV", 2)
    assert found["left_out"] == [{"row": 3, "reason": "no eval_loss in this row of the log"}]
    by_source = {column["source"]: column for column in found["columns"]}
    assert set(by_source["size"]) == {"source", "role", "unit", "why"}
    assert [by_source[name]["role"] for name in ("model", "size", "step", "eval_loss", "loss")] == [
        "model", "params", "data", "loss", None
    ]  # fmt: skip
    assert {question["about"] for question in found["questions"]} == {"size", "step"}
    assert set(found["questions"][0]) == {"about", "options", "sentence"}
    assert found["head"][0]["loss"] == 3.0


def test_answers_close_the_questions(capsys, file):
    status, out, _ = run(capsys, "read", file, "--json", *SAID, "-o", "canonical.csv")
    found = json.loads(out)
    assert (status, found["questions"]) == (0, [])
    table = pd.read_csv("canonical.csv")
    assert table[["params", "data", "loss"]].values.tolist() == [[7e9, 320, 3.0], [7e9, 640, 2.5]]
    assert run(capsys, "read", "canonical.csv")[0] == 0


def test_nothing_is_written_while_something_is_open(capsys, file):
    status, _, err = run(capsys, "read", file, "-o", "canonical.csv")
    assert status == 2
    assert "canonical.csv is not written while something is open" in err
    assert not (file.parent / "canonical.csv").exists()


def test_tokens_of_a_step(capsys, file):
    said = ["--as", "size=params:B", "--tokens-per-step", "0.5M"]
    status, out, _ = run(capsys, "read", file, "--json", *said, "-o", "canonical.csv")
    found = json.loads(out)
    assert (status, found["questions"]) == (0, [])
    assert {column["source"]: column["role"] for column in found["columns"]}["step"] == "tokens"
    assert pd.read_csv("canonical.csv")["data"].tolist() == [5e6, 1e7]
    assert "--tokens-per-step 524288" in run(capsys, "read", file)[1].replace("\n", " ")


@pytest.mark.parametrize("tokens", ["0", "many", "-5", "0.5", "inf"])
def test_tokens_of_a_step_that_are_no_number(capsys, file, tokens):
    status, out, err = run(capsys, "advise", file, "--tokens-per-step", tokens)
    assert (status, out) == (2, "")
    assert "--tokens-per-step" in one_message(err)
    assert "0.5M" in err


@pytest.mark.parametrize(
    ("said", "fragments"),
    [
        (["--tokens-per-step", "2", "--as", "steps=data:32"], ["'steps' twice", "data:32", "tokens:2", "Choose one"]),
        (["--tokens-per-step", "2", "--as", "step=data:32"], ["'step'", "data:32", "tokens:2", "expected one"]),
        (["--scores", ","], ["--scores: found no name", "--scores arc,hellaswag"]),
        (["--scores", ""], ["--scores: found no name", "--scores arc,hellaswag"]),
        (["--scores", "loss"], ["--as loss=accuracy", "a loss by its name", "--as loss=accuracy:share"]),
    ],
)
def test_answers_that_contradict_themselves_are_explained(capsys, file, said, fragments):
    status, out, err = run(capsys, "read", file, *said)
    assert (status, out) == (2, "")
    for fragment in fragments:
        assert fragment in one_message(err)


def test_steps_that_are_not_there_are_asked_for(capsys, file):
    file.write_text("model,data,loss\na,10,3.0\na,20,2.5\n")
    status, _, err = run(capsys, "read", file, "--tokens-per-step", "2")
    assert status == 2
    assert "there is no column of steps" in one_message(err)
    assert "--as COLUMN=tokens:2" in one_message(err)


def test_every_command_that_reads_runs_takes_what_columns_are():
    commands = {info.name or info.callback.__name__: info.callback for info in app.app.registered_commands}
    for group in app.app.registered_groups:
        commands |= {i.name or i.callback.__name__: i.callback for i in group.typer_instance.registered_commands}
    taking = {name for name, call in commands.items() if {"answers", "tokens_per_step"} <= set(call.__annotations__)}
    reading = {name for name, call in commands.items() if {"runs", "tables", "logs"} & set(call.__annotations__)}
    assert reading == taking


def test_a_file_beside_the_runs_closes_them_for_all(capsys, file):
    (file.parent / "bayeslaw.toml").write_text('[columns]\nsize = "params:B"\nstep = "data:32"\n')
    assert run(capsys, "read", file)[0] == 0
    assert run(capsys, "advise", file, "--allow-failed-checks")[0] == 0


def test_what_is_understood_is_told_to_people(capsys, file):
    status, out, _ = run(capsys, "read", file)
    assert status == 2
    for said in ("runs.csv: CSV, 2 rows used.", "1 run left out", "--as size=params:M", "--as step=data", "First rows"):
        assert said in out


@pytest.mark.parametrize("command", [["select", "--at", "data=1e6"], ["fit"], ["compare"], ["advise"]])
def test_open_questions_stop_every_command(capsys, file, command):
    status, out, err = run(capsys, command[0], file, *command[1:])
    assert (status, out) == (2, "")
    assert "--as size=params:M" in err
    assert "--as step=data" in err


LEADERBOARD = "model,data,piqa,mine\na,100,0.5,0.2\na,200,0.6,0.3\n"


@pytest.mark.parametrize(
    "command",
    [
        "read runs.csv", "fit runs.csv", "advise runs.csv", "select runs.csv --at data=1M",
        "next runs.csv --at data=1M",
        "compare runs.csv", "optimum runs.csv --compute 1e20", "speedup a b runs.csv --at data=1M",
        "priors make runs.csv -o prior.json", "replay runs.csv", "campaign init study runs.csv --at data=1M",
        "campaign add study runs.csv",
    ],
)  # fmt: skip
def test_scores_are_named_to_every_command_that_reads(capsys, file, command):
    file.write_text(LEADERBOARD)
    status, _, err = run(capsys, *command.split(), "--scores", "piqa,mien")
    assert status == 2
    assert "there is no column 'mien' (did you mean 'mine'?)" in err


def test_a_leaderboard_is_shown_as_a_table_of_scores(capsys, file):
    file.write_text(LEADERBOARD)
    status, out, _ = run(capsys, "read", file, "--scores", "piqa", "--scores", "mine", "--json", "-o", "scores.csv")
    found = json.loads(out)
    assert (status, found["rows"]) == (0, 4)
    assert [one["role"] for one in found["columns"]] == ["model", "data", "accuracy", "accuracy"]
    assert found["head"][1]["task"] == "mine"
    assert found["head"][1]["chance"] is None
    saved = json.loads(run(capsys, "read", "scores.csv", "--json")[1])
    assert [row | {"row": 0} for row in saved["head"]] == [row | {"row": 0} for row in found["head"]]
    assert "chance" in run(capsys, "read", file)[1].rpartition("First rows")[2]


def test_a_file_beside_a_leaderboard_names_its_benchmarks(capsys, file):
    file.write_text(LEADERBOARD)
    (file.parent / "bayeslaw.toml").write_text('[columns]\npiqa = "accuracy"\nmine = "accuracy"\nother = "accuracy"\n')
    assert json.loads(run(capsys, "read", file, "--json")[1])["rows"] == 4


def test_scores_are_for_a_fit_that_is_yet_to_be_made(capsys, file):
    status, _, err = run(capsys, "select", "fit.nc", "--at", "data=1e6", "--scores", "piqa")
    assert status == 2
    assert "--as, --scores or --tokens-per-step is for a fit that is yet to be made" in err


def test_a_folder_and_several_files(capsys, file):
    file.unlink()
    for name in ("a", "b"):
        (file.parent / f"{name}.csv").write_text("data,loss\n100,3\n200,2.5\n")
    for given in (["."], ["a.csv", "b.csv"]):
        status, out, _ = run(capsys, "read", *given, "--json")
        assert status == 0
        assert [row["model"] for row in json.loads(out)["head"]] == ["a", "a", "b", "b"]


def test_names_in_files_are_no_markup_and_no_escapes(capsys, file):
    file.write_text("model,data,loss,[red]x\x1b[31m\n[bold]a\x1b[31m,100,3,1\n")
    _, out, _ = run(capsys, "read", file)
    assert "[bold]a" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("options", "points"),
    [
        (["params=70B,data=1.4T"], [{"params": 7e10, "data": 1.4e12}]),
        (["params=70B", "data=1.4T"], [{"params": 7e10, "data": 1.4e12}]),
        (["data=1,638,400"], [{"data": 1638400.0}]),
        (["data=1M", "data=2M"], [{"data": 1e6}, {"data": 2e6}]),
        (["params=1B,data=1M", "data=2M"], [{"params": 1e9, "data": 1e6}, {"data": 2e6}]),
        (["data=50k,100k"], [{"data": 5e4}, {"data": 1e5}]),
        (["data=1600,3200, 800"], [{"data": 1600.0}, {"data": 3200.0}, {"data": 800.0}]),
        (["data=1e3,1e4,params=7B"], [{"data": 1e3, "params": 7e9}, {"data": 1e4, "params": 7e9}]),
        (["params=7B", "data=1T,2T"], [{"params": 7e9, "data": 1e12}, {"params": 7e9, "data": 2e12}]),
        (["data=1M,data=2M"], [{"data": 1e6}, {"data": 2e6}]),
        (["data=50k,100k", "data=1M"], [{"data": 5e4}, {"data": 1e5}, {"data": 1e6}]),
    ],
)
def test_points(options, points):
    assert several_points(options) == points
    if len(points) == 1:
        assert one_point(options) == points[0]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("data=1,5M", "with a point; or, where several are meant, --at for each: --at data=1 --at data=5M."),
        ("data=100,200,1600,3200", "--at data=100 --at data=200 --at data=1600 …."),
        ("data=1.6,3.2B", "--at data=1.6 --at data=3.2B."),
        ("data=50k,lots", "'50k,lots' is not a number"),
        ("params=1B,7B,data=1T,2T", "--at params=1e+09,data=1e+12 --at params=7e+09,data=2e+12."),
    ],
)
def test_lists_that_are_not_clear(option, said):
    with pytest.raises(TargetError) as caught:
        several_points([option])
    assert said in str(caught.value)


def test_several_sizes_where_one_point_is_asked_for():
    for option, said in (("data=50k,100k", "2 sizes of 'data'"), ("data=50k,100k,1M", "3 sizes of 'data'")):
        with pytest.raises(TargetError, match="--at data=50000 and then --at data=100000") as caught:
            one_point([option])
        assert said in str(caught.value)
        assert "predict takes several" in str(caught.value)


@pytest.mark.parametrize("part", ["data=1e300", "data", "=3", "data=3_5", "data=1" + "0" * 30_000])
def test_parts_that_are_no_point(part):
    with pytest.raises(TargetError) as caught:
        one_point([part])
    assert len(str(caught.value)) < 400


POINTS = pd.DataFrame({"N": [1e8, 2e8, 4e8], "D": [1e9, 2e9, 1e9], "loss": [3.0, 2.5, 2.75]})


def test_points_by_the_names_of_papers():
    runs, law = read_runs(POINTS), get_law("chinchilla")
    expected = {"params": 1e9, "data": 2e10}
    for point in ({"N": 1e9, "D": 2e10}, {"parameters": 1e9, "tokens": 2e10}, {"N": 1e9, "C": 6 * 1e9 * 2e10}):
        assert point_of_law(point, law, runs) == expected
    with pytest.raises(TargetError, match="the same"):
        point_of_law({"N": 1e9, "params": 1e9}, law, runs)
    with pytest.raises(TargetError, match="two of them give the third"):
        point_of_law({"N": 1e9, "D": 1e9, "C": 1e20}, law, runs)


def test_points_in_the_headings_and_units_of_the_table():
    table = pd.DataFrame({"size_in": [70, 160], "global_step": [100, 200], "loss": [3.0, 2.5]})
    runs = read_runs(table, roles={"size_in": "params:M", "global_step": "data:32"})
    law = get_law("chinchilla")
    for name in ("global_step", "steps", "step"):
        assert point_of_law({"size_in": 410, name: 1000}, law, runs) == {"params": 410e6, "data": 32_000}
    assert point_of_law({"params": 4.1e8, "data": 32_000}, law, runs) == {"params": 4.1e8, "data": 32_000}
    with pytest.raises(TargetError, match="the same"):
        point_of_law({"size_in": 410, "params": 4.1e8, "data": 1e5}, law, runs)


def test_units_in_which_tables_differ_are_no_units_of_the_whole():
    tables = [
        read_runs(pd.DataFrame({"model": [m], "step": [100], "loss": [3.0]}), roles={"step": f"data:{batch}"})
        for m, batch in (("a", 32), ("b", 32), ("c", 64))
    ]
    assert join_runs(tables[:2]).scales == (("step", 32.0),)
    apart = join_runs(tables)
    assert apart.scales == ()
    assert "step" not in dict(apart.spelling)


def test_tokens_are_no_examples():
    runs = read_runs(pd.DataFrame({"model": ["a"], "data": [100], "loss": [3.0]}))
    assert point_of_law({"tokens": 5.0}, get_law("rectified"), runs) == {"tokens": 5.0}


def test_the_law_of_a_table():
    assert suited_law(read_runs(POINTS))[0] == "chinchilla"
    grid = pd.DataFrame({"N": [1e8] * 3 + [2e8] * 3, "D": [1e9, 2e9, 4e9] * 2, "loss": [3, 2.5, 2.2, 2.9, 2.4, 2.1]})
    assert suited_law(read_runs(grid))[0] == suited_law(read_runs(grid.assign(model="gpt")))[0] == "chinchilla"
    law, why = suited_law(read_runs(grid.assign(model=["a"] * 3 + ["b"] * 3)))
    assert law == "rectified"
    assert "chinchilla is of parameters and tokens together" in why
    assert suited_law(read_runs(POINTS.rename(columns={"D": "examples"}))) == ("rectified", "")
    assert suited_law(read_runs(POINTS.assign(unique_tokens=5e8)))[0] == "data_constrained"
    best = pd.DataFrame({"compute": ["1e18", "1e19", "1e20"], "loss": [3.5, 3.2, 2.9]})
    assert suited_law(read_runs(best))[0] == "vanilla(compute)"
