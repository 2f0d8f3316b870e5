"""Tables in forms that are less usual: Markdown, JSON of all shapes, Excel, other encodings; and readers of others."""

import json
from importlib.metadata import EntryPoint

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.readers import registry
from bayeslaw.runs.readers.base import Raw, Reader
from bayeslaw.runs.readers.decimal_commas import with_points
from bayeslaw.runs.readers.marks import without_marks
from bayeslaw.runs.readers.titles import header_at, with_units, without_comments
from bayeslaw.runs.reading import understand

CSV = "model,data,loss\na,100,3.5\na,200,3.25\n"
ROWS = [["a", 100.0, 3.5], ["a", 200.0, 3.25]]


def rows(runs):
    return runs.table[["model", "data", "loss"]].values.tolist()


MARKDOWN = """Some words | before.

| model | data | loss |
|:------|-----:|:----:|
| a | 100 | **3.5** |
| `a` | 200 | 3.25* |

Words after.
"""


@pytest.mark.parametrize("name", ["table.md", "table.txt", "table"])
def test_markdown(tmp_path, name):
    (tmp_path / name).write_text(MARKDOWN)
    assert rows(read_runs(tmp_path / name)) == ROWS
    assert understand(tmp_path / name).format == "Markdown table"


@pytest.mark.parametrize("index", [True, False])
def test_a_frame_as_it_is_printed(tmp_path, index):
    frame = pd.DataFrame({"model": ["a", "a"], "data": [100, 200], "loss": [3.5, 3.25]})
    (tmp_path / "t.txt").write_text(frame.to_string(index=index) + "\n")
    assert rows(read_runs(tmp_path / "t.txt")) == ROWS
    assert understand(tmp_path / "t.txt").format == "text with blanks between cells"


def test_of_several_markdown_tables_that_with_losses_is_read(tmp_path):
    settings, runs = (
        "| lr | batch |\n|---|---|\n| 1 | 2 |\n\n",
        "| model | data | loss |\n|---|---|---|\n| a | 100 | 3 |\n\n",
    )
    (tmp_path / "t.md").write_text(settings + runs)
    assert rows(read_runs(tmp_path / "t.md")) == [["a", 100.0, 3.0]]
    assert "Table 2 of 2, in line 5." in read_runs(tmp_path / "t.md").notes
    (tmp_path / "t.md").write_text(runs + settings + runs)
    with pytest.raises(RunsError, match="2 of its tables have losses or scores, below lines 1, 9; expected one"):
        read_runs(tmp_path / "t.md")


def test_of_several_markdown_tables_that_with_benchmarks_is_read(tmp_path):
    models = "| model | params |\n|---|---|\n| a | 7B |\n\n"
    scores = "| model | params | tokens | arc_easy | piqa |\n|---|---|---|---|---|\n| a | 7B | 1T | 0.5 | 0.6 |\n"
    (tmp_path / "t.md").write_text(models + scores)
    assert read_runs(tmp_path / "t.md").table["accuracy"].tolist() == [0.5, 0.6]


@pytest.mark.parametrize("cell", ["**3.5**", "**3.5**[^1]", "3.5\\*", "3.5*", "`3.5`", "~~3.5~~"])
def test_marks_in_markdown(tmp_path, cell):
    (tmp_path / "t.md").write_text(f"| model | data | loss |\n|---|---|---|\n| a | 100 | {cell} |\n")
    assert rows(read_runs(tmp_path / "t.md")) == [["a", 100.0, 3.5]]


def test_a_ragged_markdown_table_is_explained(tmp_path):
    (tmp_path / "t.md").write_text("| model | data | loss |\n|---|---|---|\n| a | 1 |\n")
    with pytest.raises(RunsError, match=r"t\.md, row 1: found 2 cells, expected 3"):
        read_runs(tmp_path / "t.md")


RECORDS = [{"model": "a", "data": 100, "loss": 3.5}, {"model": "a", "data": 200, "loss": 3.25}]
SHAPES = {
    "columns": {"model": ["a", "a"], "data": [100, 200], "loss": [3.5, 3.25]},
    "columns and what they share": {"model": "a", "data": [100, 200], "loss": [3.5, 3.25]},
    "pandas by column": {"model": {"0": "a", "1": "a"}, "data": {"0": 100, "1": 200}, "loss": {"0": 3.5, "1": 3.25}},
    "pandas split": {
        "columns": ["model", "data", "loss"],
        "index": [0, 1],
        "data": [["a", 100, 3.5], ["a", 200, 3.25]],
    },
    "records under a name": {"runs": RECORDS},
    "history and config": {
        "config": {"model": "a"},
        "history": [{"data": 100, "eval": {"loss": 3.5}}, {"data": 200, "eval": {"loss": 3.25}}],
    },
    "lists under models": {"a": [{"data": 100, "loss": 3.5}, {"data": 200, "loss": 3.25}]},
    "nested": [
        {"model": {"value": "a"}, "data": 100, "loss": 3.5, "opt": {"lr": 1}},
        {"model": {"value": "a"}, "data": 200, "loss": 3.25, "opt": {"lr": 1}},
    ],
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("indent", [None, 1])
def test_json(tmp_path, shape, indent):
    (tmp_path / "t.json").write_text(json.dumps(SHAPES[shape], indent=indent))
    found = read_runs(tmp_path / "t.json")
    assert [row[1:] for row in rows(found)] == [row[1:] for row in ROWS]


def test_objects_under_names_are_models(tmp_path):
    (tmp_path / "t.json").write_text(json.dumps({"gpt2": {"data": 100, "loss": 3}, "opt": {"data": 100, "loss": 2}}))
    assert read_runs(tmp_path / "t.json").models == ("gpt2", "opt")


def test_runs_under_their_names_inside_another_object(tmp_path):
    runs = {f"run{i}": {"config": {"n_params": 1e8}, "tokens": (i + 1) * 1e9, "metrics": {"val_loss": 3 - 0.1 * i}}
            for i in range(3)}  # fmt: skip
    (tmp_path / "t.json").write_text(json.dumps({"project": {"name": "sweep"}, "runs": runs}))
    found = read_runs(tmp_path / "t.json")
    assert found.models == ("run0", "run1", "run2")
    assert found.table["loss"].tolist() == [3.0, 2.9, 2.8]
    assert found.table["project.name"].tolist() == ["sweep"] * 3


def test_losses_beside_others_of_one_run_are_no_runs(tmp_path):
    others = {name: {"loss": 3.0, "tokens": 1e6} for name in ("c4", "wiki")}
    (tmp_path / "t.json").write_text(json.dumps({"model": "a", "tokens": 1e9, "val_loss": 3.1, "domains": others}))
    assert read_runs(tmp_path / "t.json").table["loss"].tolist() == [3.1]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_encodings(tmp_path, encoding):
    (tmp_path / "t.csv").write_bytes(CSV.encode(encoding))
    assert rows(read_runs(tmp_path / "t.csv")) == ROWS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model;data;loss\na;100;3,5\na;200;3,25\n", "('3,5' is 3.5)."),
        ("model\tdata\tloss\na\t1.638.400\t3,5\na\t200\t3,25\n", "before thousands ('1.638.400' is 1638400)"),
    ],
)
def test_decimal_commas(tmp_path, text, told):
    (tmp_path / "t.csv").write_text(text, encoding="utf-16")
    runs = read_runs(tmp_path / "t.csv")
    found = dict(zip(runs.table["data"], runs.table["loss"], strict=True))
    assert found == {(1_638_400 if "1.638.400" in text else 100): 3.5, 200: 3.25}
    assert any(told in note for note in runs.notes)


@pytest.mark.parametrize("tokens", ["2.000.000.000", "2 000 000 000", "2e9"])
def test_losses_with_three_decimals_behind_commas_are_no_thousands(tmp_path, tokens):
    (tmp_path / "t.csv").write_text(f"model;tokens;val_loss\na;{tokens};3,627\na;4e9;3,581\n")
    runs = read_runs(tmp_path / "t.csv")
    assert runs.table[["tokens", "loss"]].to_numpy().tolist() == [[2e9, 3.627], [4e9, 3.581]]
    assert any(note.startswith("Decimals have commas ('3,581' is 3.581)") for note in runs.notes)


@pytest.mark.parametrize("row", ["a;2,000,000,000;3,627", "a;2e9;3,627;0.5", "a;1.5e9;3,627"])
def test_commas_in_losses_that_may_be_thousands_are_refused(tmp_path, row):
    heading = "model;tokens;val_loss" + ";lr" * (row.count(";") - 2)
    (tmp_path / "t.csv").write_text(f"{heading}\n{row}\n")
    with pytest.raises(RunsError, match="Write decimals with a point"):
        read_runs(tmp_path / "t.csv")


def test_records_in_cells_of_a_frame():
    """As the interface of W&B gives runs."""
    summaries = [{"val_loss": 3.0, "tokens": 1e9}, {"val_loss": 2.9, "tokens": 2e9, "_wandb": {"runtime": 9}}]
    frame = pd.DataFrame({"summary": summaries, "config": [{"n_params": 1e8}] * 2, "name": ["a", "b"]}, index=[7, 7])
    runs = read_runs(frame)
    assert runs.table[["model", "params", "tokens", "loss"]].to_numpy().tolist() == [
        ["a", 1e8, 1e9, 3.0], ["b", 1e8, 2e9, 2.9]
    ]  # fmt: skip
    assert runs.notes[0].startswith("Cells below 'summary', 'config' hold records")
    assert list(frame) == ["summary", "config", "name"]
    odd = frame.assign(config=[{"n_params": 1e8}, np.arange(2)], tags=[{"a": 1}, None])
    assert "params" not in read_runs(odd).table


def test_marks_behind_numbers(tmp_path):
    rows = ["| a† | 1k§ | 3.5 (±0.1) |", "| a† | 2k[^1] | 3.25 ± 0.2† |", "| b-2 | 1e3 | 3.1e0<sup>a</sup> |"]
    (tmp_path / "t.md").write_text("\n".join(["| model | data | loss |", "|---|--:|--:|", *rows]))
    runs = read_runs(tmp_path / "t.md")
    assert runs.table["model"].tolist() == ["a†", "a†", "b-2"]
    assert runs.table["data"].tolist() == [1000, 2000, 1000]
    assert runs.table["loss"].tolist() == [3.5, 3.25, 3.1]
    assert "Marks behind numbers are dropped: '1k§' is 1k." in runs.notes
    assert any("'3.5 (±0.1)' is 3.5; a column 'loss_se' of standard errors would be" in note for note in runs.notes)


@pytest.mark.parametrize("cell", ["10<sup>9</sup>", "10⁹", "1e-3", "3-1", "2026-10-01", "T5†", "±0.1", "3.1 (0.2)"])
def test_what_is_no_mark_is_left(cell):
    assert without_marks(["loss"], [[cell]]) == ([[cell]], ())


def test_errors_in_brackets_behind_all_losses(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("model;data;loss;other\na;1000;3,84 (0,01);7 (1)\na;2000;3,5 (0,02);8 (2)\n")
    runs = read_runs(path)
    assert runs.table["loss"].tolist() == [3.84, 3.5]
    assert runs.table["other"].tolist() == ["7 (1)", "8 (2)"]
    assert any("'3,84 (0,01)' is 3,84; a column 'loss_se'" in note for note in runs.notes)


@pytest.mark.parametrize("losses", [("3.84 (0.01)", "3.5"), ("3.84 (3.90)", "3.5 (3.61)"), ("3.84 (a)", "3.5 (b)")])
def test_other_brackets_behind_losses_are_refused(tmp_path, losses):
    path = tmp_path / "runs.csv"
    path.write_text("model,data,loss\n" + "".join(f"a,{1000 * i},{loss}\n" for i, loss in enumerate(losses, 1)))
    with pytest.raises(RunsError, match=r"found '3\.84 \(.*expected a positive number"):
        read_runs(path)


def test_marks_of_names_are_kept(tmp_path):
    (tmp_path / "t.csv").write_text("model,params,data,loss\n7B†,7B†,100,3.5§\n7B,7B,100,3.4\n")
    runs = read_runs(tmp_path / "t.csv")
    assert runs.models == ("7B†", "7B")
    assert runs.table["params"].tolist() == [7e9, 7e9]
    (tmp_path / "t.csv").write_text("model,data,loss\n7B†,100,3.5§\n7B,100,3.4\n")
    assert "Marks behind numbers are dropped: '3.5§' is 3.5." in read_runs(tmp_path / "t.csv").notes


def test_commas_of_thousands_beside_those_of_decimals_are_left(tmp_path):
    (tmp_path / "t.csv").write_text('model,data,loss\na,"1,638,400","3,25"\na,"204,800","3,5"\n')
    table = read_runs(tmp_path / "t.csv").table
    assert (table["data"].tolist(), table["loss"].tolist()) == ([1_638_400, 204_800], [3.25, 3.5])


@pytest.mark.parametrize("cells", [["3,500", "3,250"], ["3,5", "3.25"], ["3,5,1", "32"], ["1,3B 2.000", "1.5B 500"]])
def test_commas_that_may_not_be_of_decimals_are_left(cells):
    rows = [row.split() for row in cells]
    assert with_points(["params", "data"], rows) == (rows, ())


@pytest.mark.parametrize("heading", ["eval loss", "200"])
def test_losses_are_no_thousands(heading):
    for rows in ([["0,1", "3.512"], ["0,1", "1.250"]], [["1.600", "3,51"], ["800", "1.250"]]):
        found, _ = with_points(["gpus", heading], rows)
        assert [row[1] for row in found] == [row[1] for row in rows]


def test_excel(tmp_path):
    pytest.importorskip("openpyxl")
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        pd.DataFrame({"note": ["x"]}).to_excel(book, sheet_name="about", index=False)
        pd.DataFrame(RECORDS).to_excel(book, sheet_name="runs", index=False)
    assert rows(read_runs(tmp_path / "t.xlsx")) == ROWS
    assert any("Sheet 'runs' of 2" in note for note in read_runs(tmp_path / "t.xlsx").notes)


@pytest.mark.parametrize(
    ("above", "told"),
    [
        ("# exported today\n# by us\n", "'exported today / by us'"),
        ("Scaling study,,\n,,\n", "'Scaling study'"),
        ("Scaling study\n", "'Scaling study'"),
        (
            "Losses of our sweep, all runs, spring 2024, in nats\n",
            "'Losses of our sweep / all runs / spring 2024 / in nats'",
        ),
        ("Small, medium, large\nand others; see below\n", "'Small / medium / large / and others; see below'"),
        ("#model,data,loss\n", ""),
        ("# by us\n# model,data,loss\n", "'by us'"),
        ("# of a model, by us, in May\n", "'of a model, by us, in May'"),
    ],
)
def test_titles_and_comments_above_headings(tmp_path, above, told):
    (tmp_path / "t.csv").write_text(above + (CSV.partition("\n")[2] if "model,data" in above else CSV))
    runs = read_runs(tmp_path / "t.csv")
    assert rows(runs) == ROWS
    assert [note for note in runs.notes if "Above the headings" in note] == (
        [f"Above the headings, and left out: {told}."] if told else []
    )


@pytest.mark.parametrize("mark", [",", "\t", " "])
@pytest.mark.parametrize("name", ["D", "a"])
def test_headings_behind_a_sign_of_comments(tmp_path, mark, name):
    text = f"# model,data,loss\n{name},100,3.5\n{name},200,3.25\n"
    (tmp_path / "t.csv").write_text(text.replace(",", mark))
    assert rows(read_runs(tmp_path / "t.csv")) == [[name, *row[1:]] for row in ROWS]


def test_a_comment_with_names_of_columns_is_no_heading_above_headings():
    assert without_comments("# model, loss\nfoo,err\na,1\n")[0] == "foo,err\na,1\n"


def test_empty_rows_of_a_sheet_are_counted(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["model", "data", "loss"], ROWS[0], [], ["a", 200, -1]):
        book.active.append(list(row))
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(RunsError, match="row 3, column 'loss'"):
        read_runs(tmp_path / "t.xlsx")


def test_a_title_on_a_sheet(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["Scaling study"], [], [None, "model", "data", "loss"], *([None, *row] for row in ROWS)):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    runs = read_runs(tmp_path / "t.xlsx")
    assert rows(runs) == ROWS
    assert "Above the headings, and left out: 'Scaling study'." in runs.notes


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_title_with_commas_above_cells_with_other_marks(tmp_path, mark):
    (tmp_path / "t.csv").write_text("Losses, in nats, of all runs\n" + CSV.replace(",", mark))
    assert rows(read_runs(tmp_path / "t.csv")) == ROWS


UNITS = ["", "M", "(nats)"]


def test_units_in_a_row_below_the_headings(tmp_path):
    lines = [["model", "data", "loss"], UNITS, *([m, f"{d / 1e6:g}", str(loss)] for m, d, loss in ROWS)]
    (tmp_path / "t.csv").write_text("".join(",".join(line) + "\n" for line in lines))
    (tmp_path / "t.md").write_text("".join("|" + "|".join(x) + "|\n" for x in [lines[0], ["---"] * 3, *lines[1:]]))
    for name in ("t.csv", "t.md"):
        found = read_runs(tmp_path / name)
        assert rows(found) == ROWS
        assert "Below the headings stands a row of units: 'data (M)', 'loss (nats)'." in found.notes
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    book.active.append(["* of a second try"])
    book.save(tmp_path / "t.xlsx")
    found = read_runs(tmp_path / "t.xlsx")
    assert rows(found) == ROWS
    assert "Below the table, and left out: '* of a second try'." in found.notes


def test_a_row_of_words_is_no_row_of_units():
    rows_below = [["small", "M", "3.5"], ["large", "B", "3.1"]]
    assert with_units(["model", "data", "loss"], rows_below) == (["model", "data", "loss"], rows_below, ())


def test_units_of_other_columns_and_such_as_headings_name_too():
    header, below = ["model", "params (M)", "loss", "time"], ["", "M", "nats", "hours"]
    headings, rows_below, notes = with_units(header, [below, ["a", "70", "3.5", "2"]])
    assert headings == ["model", "params (M)", "loss (nats)", "time (hours)"]
    assert rows_below == [["a", "70", "3.5", "2"]]
    assert len(notes) == 1


@pytest.mark.parametrize(
    "below", [["", "B", "nats", ""], ["", "M", "nats", "2"], ["", "M", "hours", ""], ["", *["-"] * 3]]
)
def test_a_row_that_contradicts_headings_or_has_numbers_is_no_row_of_units(below):
    header, rows_below = ["model", "params (M)", "loss", "time"], [below, ["a", "70", "3.5", "2"]]
    assert with_units(header, rows_below) == (header, rows_below, ())


@pytest.mark.parametrize("below", ["* a twice\n", "\nNote: of May, and June\nSource: our runs\n", "† of one seed,,\n"])
def test_footnotes_below_a_table(tmp_path, below):
    (tmp_path / "t.csv").write_text(CSV + below)
    found = read_runs(tmp_path / "t.csv")
    assert rows(found) == ROWS
    assert any("Below the table, and left out" in note for note in found.notes)


def test_the_start_of_a_row_is_no_footnote(tmp_path):
    (tmp_path / "t.csv").write_text(CSV + "gpt\n")
    with pytest.raises(RunsError, match="found 1 cells, expected 3"):
        read_runs(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_text(CSV + "*gpt,300\n")
    with pytest.raises(RunsError, match="found 2 cells, expected 3"):
        read_runs(tmp_path / "t.csv")


def test_headings_that_come_again_are_left_out(tmp_path):
    (tmp_path / "t.csv").write_text(CSV + CSV.partition("\n")[0] + "\nb,300,3\n")
    found = read_runs(tmp_path / "t.csv")
    assert rows(found) == [*ROWS, ["b", 300.0, 3.0]]
    assert [one.reason for one in found.left_out] == ["the headings come again"]


def test_a_table_on_its_side_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("params,7e7,1.6e8\ntokens,1e9,2e9\nloss,3.9,3.5\n")
    with pytest.raises(RunsError, match=r"stand in the first column \('params', 'tokens', 'loss'\).* Transpose"):
        read_runs(tmp_path / "t.csv")


def test_records_in_cells(tmp_path):
    text = """,summary,config,name
0,"{'eval/loss': 3.5, 'note': nan}","{'data': 100, 'layers': [1, 2]}",a
1,"{""eval/loss"": 3.25}","{'data': 200}",a
"""
    (tmp_path / "t.csv").write_text(text)
    found = read_runs(tmp_path / "t.csv")
    assert rows(found) == ROWS
    assert "Cells below 'summary', 'config' hold records: each entry is a column of its own." in found.notes


@pytest.mark.parametrize(
    "value",
    [
        [{"name": "a", "curve": [{"data": 100, "loss": 3.5}, {"data": 200, "loss": 3.25}]}],
        {"runs": [{"name": "a", "curve": [{"data": 100, "loss": 3.5}, {"data": 200, "loss": 3.25}]}]},
        [{"name": "a", "data": [100, 200], "loss": [3.5, 3.25]}],
        [{"name": "a", "log": {"data": [100, 200], "val": {"loss": [3.5, 3.25]}}}],
        {"0": {"name": "a", "data": 100, "loss": 3.5}, "1": {"name": "a", "data": 200, "loss": 3.25}},
    ],
)
def test_points_of_runs_in_json(tmp_path, value):
    (tmp_path / "t.json").write_text(json.dumps(value))
    assert rows(read_runs(tmp_path / "t.json")) == ROWS


@pytest.mark.parametrize(
    "text",
    [
        r'[{"model": "\ud800", "data": 1, "loss": 3}]',
        r'{"columns": ["model", "\ud800", "loss"], "data": [["a", 1, 3]]}',
        r'{"columns": ["model", "data", "loss"], "data": [["\ud800", 1, 3]]}',
    ],
)
def test_half_of_a_character_in_json_is_refused_wherever_it_stands(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(RunsError, match="half of a character"):
        read_runs(tmp_path / "t.json")


def test_half_of_a_character_in_a_record_in_a_cell_is_left_as_it_is_written(tmp_path):
    (tmp_path / "t.csv").write_text("data;loss;settings\n1;3;{'\\ud800': 1}\n2;2;{'a': '\\ud800'}\n")
    assert read_runs(tmp_path / "t.csv").table["settings"].tolist() == [r"{'\ud800': 1}", r"{'a': '\ud800'}"]


def test_lists_of_settings_in_json_make_no_rows(tmp_path):
    sets = [{"corpus": "c4", "weight": 0.5}, {"corpus": "wiki", "weight": 0.5}]
    value = [{"name": name, "data": data, "loss": loss, "mixture": sets} for name, data, loss in ROWS]
    (tmp_path / "t.json").write_text(json.dumps(value))
    assert rows(read_runs(tmp_path / "t.json")) == ROWS
    (tmp_path / "t.json").write_text(json.dumps(value[0]))
    assert rows(read_runs(tmp_path / "t.json")) == ROWS[:1]


def test_objects_under_names_of_which_some_have_more(tmp_path):
    value = {"a": {"data": 100, "loss": 3.5}, "b": {"data": 200, "loss": 3.25, "note": "x"}}
    (tmp_path / "t.json").write_text(json.dumps(value))
    assert rows(read_runs(tmp_path / "t.json")) == [["a", 100.0, 3.5], ["b", 200.0, 3.25]]


def test_columns_of_unequal_length_in_json_are_refused(tmp_path):
    (tmp_path / "t.json").write_text(json.dumps([{"name": "a", "data": [100, 200], "loss": [3.5]}] * 2))
    with pytest.raises(RunsError, match="columns of equal length"):
        read_runs(tmp_path / "t.json")


def test_rows_of_numbers_above_headings_are_no_title():
    data = [["a", "100", "3.5"], ["b", "200", "3.1"]]
    assert header_at([*data, ["model", "data", "loss"], *data]) == (0, ())


@pytest.mark.parametrize("text", ["model\na,1\n", "loss\n1,2\n"])
def test_a_row_of_numbers_is_no_heading_below_a_title(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(RunsError, match="row 1: found 2 cells, expected 1"):
        read_runs(tmp_path / "t.csv")


@pytest.mark.parametrize("form", ["csv", "json", "md", "parquet", "xlsx"])
def test_runs_without_a_name_are_named_after_their_files_whatever_the_format(tmp_path, form):
    for name, loss in (("small", 3.5), ("large", 3.25)):
        frame, path = pd.DataFrame({"data": [100, 200], "loss": [loss, loss - 0.1]}), tmp_path / f"{name}.{form}"
        if form == "md":
            path.write_text("| data | loss |\n|---|---|\n" + "".join(f"| {d} | {y} |\n" for d, y in frame.values))
        elif form == "json":
            path.write_text(frame.to_json(orient="records"))
        else:
            {"csv": frame.to_csv, "parquet": frame.to_parquet, "xlsx": frame.to_excel}[form](path, index=False)
    paths = sorted(tmp_path.iterdir())
    assert read_runs(paths).models == ("large", "small")
    assert read_runs(paths[0]).models == ("large",)


def test_the_content_says_what_a_file_is_not_its_suffix(tmp_path):
    pd.DataFrame(RECORDS).to_parquet(tmp_path / "t.csv")
    assert rows(read_runs(tmp_path / "t.csv")) == ROWS
    (tmp_path / "t.parquet").write_text(CSV)
    assert rows(read_runs(tmp_path / "t.parquet")) == ROWS


def test_thousands_of_columns(tmp_path):
    names = [f"{'setting_of_the_experiment_' * 3}{i}" for i in range(2_000)]  # over 131,072 characters
    (tmp_path / "t.csv").write_text(",".join(["model", "data", "loss", *names]) + "\na,100,3.5" + ",1" * 2_000 + "\n")
    runs = read_runs(tmp_path / "t.csv")
    assert runs.table.shape == (1, 2_006)


def test_a_file_that_was_cut_in_its_last_number(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("model,data,loss\na,100,3.5123\na,200,3.2567\na,400,3")
    with pytest.raises(RunsError, match=r"t\.csv, row 3: the file ends in '3' without a line break"):
        read_runs(path)
    path.write_text("model,data,loss\na,100,3.5123\na,200,3.2567\na,400,3.")
    with pytest.raises(RunsError, match="seems cut off"):
        read_runs(path)
    path.write_text("model,data,loss\na,100,3.5123\na,200,3.2567\na,400,3.1512")
    assert any("does not end with a line break" in note for note in read_runs(path).notes)


def test_a_reader_of_another_package_comes_first(tmp_path, monkeypatch):
    (tmp_path / "t.weird").write_bytes(b"\x00weird")
    with pytest.raises(RunsError, match="binary content of no kind that is known"):
        read_runs(tmp_path / "t.weird")
    monkeypatch.setattr(registry.importlib.metadata, "entry_points", lambda group: [point("WEIRD")])
    assert rows(read_runs(tmp_path / "t.weird")) == ROWS
    monkeypatch.setattr(registry.importlib.metadata, "entry_points", lambda group: [point("ROWS")])
    with pytest.raises(RunsError, match=r"offers a reader 'weird' .*which is a list, expected a Reader"):
        read_runs(tmp_path / "t.weird")


def point(name):
    return EntryPoint("weird", f"{__name__}:{name}", registry.GROUP)


WEIRD = Reader(
    "weird", lambda found: found.content.startswith(b"\x00weird"), lambda found: Raw("weird", pd.DataFrame(RECORDS))
)
