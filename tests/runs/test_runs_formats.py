"""The same few runs in every format that is read, tidy and wide."""

import csv
import gzip
import json
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayeslaw.runs import read_runs

RECORDS = [
    {"model": "gpt2, small", "family": "GPT2", "task": "flan", "params": 124e6, "data": 200, "loss": 3.25, "lr": 0.001},
    {
        "model": "gpt2, small",
        "family": "GPT2",
        "task": "flan",
        "params": 124e6,
        "data": 400,
        "loss": 3.125,
        "lr": 0.001,
    },
    {"model": "opt", "family": "OPT", "task": "flan", "params": 350e6, "data": 200, "loss": 3.5, "lr": 0.01},
]
FRAME = pd.DataFrame(RECORDS)
CSV = FRAME.to_csv(index=False)
LINES = "\n".join(map(json.dumps, RECORDS))
WRITTEN = {
    "runs.csv": CSV.encode(),
    "bom.csv": CSV.encode("utf-8-sig"),
    "windows.csv": CSV.replace("\n", "\r\n").encode(),
    "blank-lines.csv": ("\n" + CSV.replace("\n", "\n  \n")).encode(),
    "runs.tsv": FRAME.to_csv(index=False, sep="\t").encode(),
    "tabs.csv": FRAME.to_csv(index=False, sep="\t").encode(),
    "semicolons.csv": FRAME.to_csv(index=False, sep=";").encode(),
    "pipes.txt": FRAME.to_csv(index=False, sep="|").encode(),
    "index.csv": FRAME.to_csv().encode(),
    "RUNS.CSV": CSV.encode(),
    "runs.csv.gz": gzip.compress(CSV.encode()),
    "gzipped.csv": gzip.compress(CSV.encode()),
    "lines.jsonl": LINES.encode(),
    "lines.ndjson": LINES.encode(),
    "lines.json": LINES.encode(),
    "array.json": json.dumps(RECORDS, indent=2).encode(),
    "array.jsonl": json.dumps(RECORDS).encode(),
    "json-in.csv": LINES.encode(),
    "lines.jsonl.gz": gzip.compress(LINES.encode()),
}


@pytest.mark.parametrize("name", [*WRITTEN, "runs.parquet", "runs.pq", "parquet-in.csv"])
def test_every_format_holds_the_same_runs(tmp_path, name):
    path = tmp_path / name
    if name in WRITTEN:
        path.write_bytes(WRITTEN[name])
    else:
        FRAME.to_parquet(path)
    runs = read_runs(path)
    expected = ["row", "model", "family", "task", "data", "params", "loss", "lr"]
    assert runs.table.columns.tolist() == expected
    assert runs.table.drop(columns="row").to_dict("records") == RECORDS
    assert runs.table["row"].tolist() == [1, 2, 3]
    assert runs.left_out == ()
    assert runs.source == name
    assert runs.content_hash == read_runs(FRAME).content_hash


def test_keys_that_are_missing_in_some_records_are_empty_cells(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text('{"model": "a", "data": 1, "loss": 2}\n\n{"data": 2, "loss": 1, "model": "a", "tag": "x"}\n')
    assert read_runs(path).table["tag"].tolist() == ["", "x"]


def test_wide_table_is_unfolded(tmp_path):
    path = tmp_path / "flan.csv"
    path.write_text("config name,0,1k,204_800,D=1.6e6,size,family\na,9,4,3,2,7B,F\nb,8,,2.5,n/a,350M,G\n")
    runs = read_runs(path)
    assert runs.table.drop(columns="task").values.tolist() == [
        [1, "a", "F", 1000.0, 7e9, 4.0],
        [1, "a", "F", 204800.0, 7e9, 3.0],
        [1, "a", "F", 1.6e6, 7e9, 2.0],
        [2, "b", "G", 204800.0, 350e6, 2.5],
    ]
    assert [(left_out.row, left_out.reason) for left_out in runs.left_out] == [
        (1, "zero-shot loss is not on the fine-tuning curve"),
        (2, "no loss measured at data = 1000"),
        (2, "no loss measured at data = 1600000"),
        (2, "zero-shot loss is not on the fine-tuning curve"),
    ]
    assert any("4 data sizes" in note for note in runs.notes)
    assert runs.tasks == ("flan",)


def test_wide_frame_with_numbers_as_headings():
    frame = pd.DataFrame({"model": ["a"], 200: [3.0], 400: [2.0]})
    assert read_runs(frame).table["data"].tolist() == [200, 400]


def test_numeric_headings_beside_a_loss_column_are_ordinary_columns():
    runs = read_runs(pd.DataFrame({"model": ["a"], "data": [1], "loss": [3.0], "200": [5], "400": [6]}))
    assert runs.table["200"].tolist() == [5]


def test_named_index_is_a_column():
    frame = pd.DataFrame({"model": ["a", "b"], "data": [1, 1], "loss": [3.0, 2.0]})
    assert read_runs(frame.set_index("model")).models == ("a", "b")
    assert read_runs(frame.groupby(["model", "data"]).mean()).content_hash == read_runs(frame).content_hash


def test_a_frame_is_never_changed():
    frame = pd.DataFrame(
        {"config name": ["a", "a"], " Size ": ["7B", "7B"], "D": ["0", "1k"], "loss": ["1", "2"], "row": [5, 6]}
    )
    before = frame.copy(deep=True)
    runs = read_runs(frame, where="row > 0")
    runs.table["loss"] = 0.0
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.core
@pytest.mark.fits
@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1).filter(lambda t: t.strip()),
            st.integers(1, 10**12),
            st.floats(min_value=1e-300, allow_infinity=False, allow_nan=False),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda run: (run[0].strip(), run[1]),
    )
)
def test_any_runs_survive_csv_and_json(rows):
    frame = pd.DataFrame(rows, columns=["model", "data", "loss"])
    direct = read_runs(frame)
    assert direct.table["loss"].tolist() == frame["loss"].tolist()
    assert direct.table["model"].tolist() == [name.strip() for name in frame["model"]]
    with tempfile.TemporaryDirectory() as folder:
        csv_file, lines = Path(folder, "task.csv"), Path(folder, "task.jsonl")
        frame.to_csv(csv_file, index=False, quoting=csv.QUOTE_NONNUMERIC)
        lines.write_text("\n".join(json.dumps(dict(zip(frame, row, strict=True))) for row in rows))
        assert read_runs(csv_file).content_hash == direct.content_hash
        assert read_runs(lines).content_hash == direct.content_hash


def test_rows_without_any_content_are_left_out(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("model,data,loss\na,1,2\n,,\nb,1,3\n , ,\n")
    runs = read_runs(path)
    assert runs.table["row"].tolist() == [1, 3]
    assert [(left_out.row, left_out.reason) for left_out in runs.left_out] == [
        (2, "the row is empty"),
        (4, "the row is empty"),
    ]


def test_columns_without_a_name(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(",model,data,loss,\n0,a,1,2,\n1,b,1,3,\n")
    runs = read_runs(path)
    assert runs.table.columns.tolist() == ["row", "model", "family", "task", "data", "loss"]
    assert any("a row index" in note for note in runs.notes)
    assert any("Column 5 has no name and no content" in note for note in runs.notes)
