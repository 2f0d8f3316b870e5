"""Every way in which a table is often broken, and what the one error message must say about it."""

import gzip
import io

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import RunsError, SelectionError
from bayeslaw.runs import read_runs
from bayeslaw.runs.readers import opened

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"
GOOD = "model,data,loss\na,100,3.5\na,200,3.1\n"


def _broken_parquet() -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame({"model": ["a"], "data": [1], "loss": [2.0]}).to_parquet(buffer)
    return buffer.getvalue()[:-20]


# (file name, content, fragments of the message)
CASES = [
    ("empty.csv", "", ["empty.csv", "empty"]),
    ("blank.csv", "\n \n", ["blank.csv", "empty"]),
    ("empty.parquet", b"", ["empty.parquet", "empty"]),
    ("header.csv", "model,data,loss\n", ["header.csv", "header only", "one row a run"]),
    ("hollow.csv", "model,data,loss\n,,\n,,\n", ["hollow.csv", "every row is empty"]),
    ("png.csv", PNG, ["png.csv", "binary", "UTF-8"]),
    ("nul.csv", b"model,data,loss\na,1,\x002\n", ["nul.csv", "binary"]),
    ("latin.csv", "model,data,loss\na,1,2\né,1,2\n".encode("latin-1"), ["latin.csv", "line 3", "0xe9", "UTF-8"]),
    ("utf16.csv", GOOD.encode("utf-16")[:-1], ["utf16.csv", "UTF-16", "broken"]),
    ("ragged.csv", "model,data,loss\na,100,3.5\nb,1,000,3.1\n", ["ragged.csv", "row 2", "4 cells", "expected 3"]),
    ("short.csv", "model,data,loss\na,100,3.5\nb,100\n", ["short.csv", "row 2", "2 cells", "expected 3"]),
    ("quote.csv", 'model,data,loss\n"a,100,3.5\n', ["quote.csv", "line", "quote"]),
    ("noloss.csv", "model,data,speed\na,1,2\n", ["noloss.csv", "'speed'", "eval loss", "nll", "Rename"]),
    ("headerless.csv", "gpt2,200,3.5\ngpt2,400,3.1\n", ["headerless.csv", "no column of losses", "'gpt2'"]),
    ("nodata.csv", "model,loss,lr\na,1,2\n", ["nodata.csv", "'lr'", "seen examples", "total tokens", "compute"]),
    (
        "text.csv",
        "model,data,loss\na,1,2\na,2,oops\n",
        ["text.csv", "row 2", "'loss'", "'oops'", "positive", "row != 2"],
    ),
    ("suffixed.csv", "model,data,loss\na,1,3k\n", ["suffixed.csv", "row 1", "'3k'", "positive number"]),
    ("comma.csv", "model;data;loss\na;1;3,5\na;2;3.1\n", ["comma.csv", "row 1", "'3,5'", "decimals with a point"]),
    ("nan.csv", "model,data,eval_loss\na,1,NaN\n", ["nan.csv", "row 1", "'eval_loss'", "'NaN'", "positive number"]),
    ("inf.csv", "model,data,loss\na,1,inf\n", ["inf.csv", "row 1", "'loss'", "'inf'"]),
    ("void.csv", "model,data,loss\na,1,2\na,2,\n", ["void.csv", "row 2", "'loss'", "empty cell"]),
    ("zero.csv", "model,data,loss\na,1,0\n", ["zero.csv", "row 1", "'loss'", "'0'", "loss > 0"]),
    (
        "minus.csv",
        "model,data,loss\na,1,-2\na,2,-1\na,3,2\na,4,1\n",
        ["minus.csv", "row 1", "'-2'", "loss > 0", "1 more"],
    ),
    ("negative.csv", "model,examples,loss\na,-5,2\n", ["negative.csv", "row 1", "'examples'", "'-5'"]),
    ("many.csv", "model,data,loss\na,many,2\n", ["many.csv", "row 1", "'data'", "'many'", "number of examples"]),
    ("nodatum.csv", "model,data,loss\na,,2\n", ["nodatum.csv", "row 1", "'data'", "empty cell"]),
    ("tokens.csv", "model,tokens,loss\na,x,2\n", ["tokens.csv", "row 1", "'tokens'", "'x'", "number of tokens"]),
    ("size0.csv", "model,size,data,loss\na,0,1,2\n", ["size0.csv", "row 1", "'size'", "'0'", "number of parameters"]),
    ("size-.csv", "model,size,data,loss\na,-1B,1,2\n", ["size-.csv", "row 1", "'size'", "'-1B'"]),
    ("flop.csv", "model,C,N,loss\na,-1e9,1e6,2\n", ["flop.csv", "row 1", "'C'", "'-1e9'", "FLOP"]),
    ("se.csv", "model,data,loss,stderr\na,1,2,-0.1\n", ["se.csv", "row 1", "'stderr'", "'-0.1'", "not negative"]),
    ("twice.csv", "model,loss,data,loss\na,1,2,3\n", ["twice.csv", "'loss'", "2 times"]),
    ("both.csv", "model,data,test_loss,val_loss\na,1,2,3\n", ["'test_loss' and 'val_loss' all mean loss", "--as"]),
    ("unnamed.csv", "model,,data,loss\na,x,1,2\n", ["unnamed.csv", "column 2", "no name"]),
    ("unnamed2.csv", "model,,data,loss\na,5,1,2\n", ["unnamed2.csv", "column 2", "no name"]),
    ("unnamed1.csv", ",data,loss\na,1,2\n", ["unnamed1.csv", "column 1", "no name"]),
    ("mixed.csv", "model,size,data,loss\na,7B,1,2\nb,0.35,1,2\n", ["row 2", "mixed units", "'0.35'", "'7B'", "row 1"]),
    ("mixed13.csv", "model,size,data,loss\na,7B,1,2\nb,13,1,2\n", ["row 2", "mixed units", "'13'", "'7B'"]),
    ("mixedk.csv", "model,data,loss\na,1k,2\nb,1.5,2\n", ["row 2", "'data'", "mixed units", "'1.5'", "'1k'"]),
    ("double.csv", "model,size (B),data,loss\na,7B,1,2\n", ["'size (B)'", "mixed units", "'7B'"]),
    ("unit.csv", "model,data,loss,unit\na,1,2,nats\na,2,1,bits\n", ["'unit'", "mixed units", "'nats'", "'bits'"]),
    ("broken.parquet", _broken_parquet(), ["broken.parquet", "Parquet"]),
    ("noise.parquet", b"\x00\x01\x02", ["noise.parquet", "Parquet", "CSV"]),
    ("line.jsonl", '{"model": "a", "data": 1, "loss": 2}\n{"model": \n', ["line.jsonl", "line 2", "JSON"]),
    ("array.json", '[{"model": "a",\n "data": 1,,}]', ["array.json", "line 2", "JSON"]),
    ("deep.json", "[" * 200_000, ["deep.json", "JSON"]),
    ("numbers.json", "[1, 2]", ["numbers.json", "row 1", "'1'", "object"]),
    ("columns.json", '{"data": [1, 2], "loss": [3]}', ["columns.json", "row 1", "[1, 2]", "object"]),
    ("key.jsonl", '{"model": "a", "data": 1, "loss": 2, "loss": 3}', ["key.jsonl", "line 1", "twice"]),
    ("null.jsonl", '{"model": "a", "data": 1, "loss": null}', ["null.jsonl", "row 1", "'loss'", "empty cell"]),
    ("huge.jsonl", '{"model": "a", "data": 1, "loss": 1' + "0" * 400 + "}", ["huge.jsonl", "row 1", "'loss'"]),
    ("gzip.csv.gz", b"\x1f\x8b\x08\x00broken", ["gzip.csv.gz", "compressed"]),
    ("runs.xlsx", b"PK\x03\x04\x00", ["runs.xlsx", "workbook"]),
    ("runs.bin", b"\x00\x01", ["runs.bin", "binary", "Parquet"]),
    ("families.csv", "model,family,data,loss\na,F,1,2\na,G,2,1\n", ["row 2", "'a'", "'F'", "'G'", "row 1"]),
    ("nameless.csv", "model,data,loss\na,1,2\n ,2,1\n", ["nameless.csv", "row 2", "'model'", "empty cell"]),
    ("taskless.csv", "model,task,data,loss\na,t,1,2\na,,2,1\n", ["taskless.csv", "row 2", "'task'", "empty cell"]),
    ("zeros.csv", "model,data,loss\na,0,2\nb,0,3\n", ["zeros.csv", "no run is left", "zero-shot"]),
    ("seeds.csv", "model,data,loss,seed\na,1,2,7\na,1,3,7\n", ["rows 1 and 2", "seed 7", "2 and 3"]),
    ("copy.csv", "model,data,loss\na,1,3\na,2,2\na,1,3\n", ["copy.csv", "row 3", "row 1", "copy", "'seed'"]),
    ("metrics.csv", "model,data,value,metric\na,1,2,nll\na,1,3,acc\n", ["'nll'", "'acc'", "where=\"metric == 'nll'\""]),
    ("wide.csv", "model,data,100,200\na,5,2,3\n", ["wide.csv", "'data'", "100", "headings"]),
    ("wide2.csv", "model,1k,1000\na,5,2\n", ["wide2.csv", "'1k'", "'1000'", "same data size"]),
    ("wide3.csv", "model,100,200\na,2,1\nb,2,bad\n", ["wide3.csv", "row 2", "'200'", "'bad'"]),
    ("wide4.csv", "model,100,200\na,,\n", ["wide4.csv", "no run is left", "no loss measured at data = 100"]),
]


@pytest.mark.parametrize(("name", "content", "fragments"), CASES, ids=[case[0] for case in CASES])
def test_bad_file_is_explained(tmp_path, name, content, fragments):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RunsError) as caught:
        read_runs(path)
    message = str(caught.value)
    for fragment in fragments:
        assert fragment in message
    assert "\n" not in message
    assert message.endswith(".")


def test_missing_file_and_directory(tmp_path):
    with pytest.raises(RunsError, match=r"no-such\.csv: there is no such file"):
        read_runs(tmp_path / "no-such.csv")
    with pytest.raises(RunsError, match="directory"):
        read_runs(str(tmp_path))
    with pytest.raises(RunsError, match=r"no such file|cannot be opened"):
        read_runs("a\0b.csv")


@pytest.mark.parametrize("source", [None, 3, [1, 2], {"loss": [1]}])
def test_source_of_another_type(source):
    with pytest.raises(RunsError, match=f"{type(source).__name__}.*DataFrame"):
        read_runs(source)


def test_huge_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(opened, "MAX_BYTES", 1000)
    (tmp_path / "huge.csv").write_text(GOOD + "a,300,3\n" * 200)
    with pytest.raises(RunsError, match=r"huge\.csv: the file has 1,636 bytes, expected at most 1,000 bytes"):
        read_runs(tmp_path / "huge.csv")
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"0" * 5000))
    with pytest.raises(RunsError, match=r"bomb\.csv\.gz: .*at most 1,000 bytes"):
        read_runs(tmp_path / "bomb.csv.gz")


FRAMES = [
    ("no columns", pd.DataFrame(), ["<DataFrame>", "no columns"]),
    (
        "levels",
        pd.DataFrame(np.ones((1, 2)), columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
        ["2 levels"],
    ),
    ("repeated", pd.DataFrame([[1, 2, 3]], columns=["data", "loss", "loss"]), ["'loss'", "2 times"]),
    ("bool", pd.DataFrame({"data": [1], "loss": [True]}), ["row 1", "'loss'", "True"]),
    ("nan", pd.DataFrame({"data": [1, 2], "loss": [1.0, np.nan]}), ["row 2", "'loss'", "nan"]),
    ("date", pd.DataFrame({"data": [pd.Timestamp("2024-01-01")], "loss": [1.0]}), ["row 1", "'data'", "2024-01-01"]),
    ("list", pd.DataFrame({"data": [[1, 2]], "loss": [1.0]}), ["row 1", "'data'", "[1, 2]"]),
]


@pytest.mark.parametrize(("frame", "fragments"), [case[1:] for case in FRAMES], ids=[case[0] for case in FRAMES])
def test_bad_frame_is_explained(frame, fragments):
    with pytest.raises(RunsError) as caught:
        read_runs(frame)
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_where_drops_bad_rows_before_they_are_checked(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("model,data,loss,ok\na,100,3.5,1\na,200,diverged,0\na,300,-1,0\n")
    with pytest.raises(RunsError, match="'diverged'"):
        read_runs(path)
    runs = read_runs(path, where="ok == 1")
    assert runs.table["data"].tolist() == [100]
    assert [left_out.row for left_out in runs.left_out] == [2, 3]
    assert {left_out.reason for left_out in runs.left_out} == {"not selected by where: ok == 1"}


def test_the_remedy_in_a_message_works(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("model,data,loss\na,100,3.5\na,200,diverged\n")
    with pytest.raises(RunsError, match=r'where="row != 2"'):
        read_runs(path)
    assert len(read_runs(path, where="row != 2").table) == 1


@pytest.mark.parametrize(("cells", "remedy", "left"), [
    (("400,nan", "500,oom", "600,inf", "700,nan", "800,inf"), "loss < 1e9", 2),
    (("many,3.3", "more,3.2", "500,3.1", "600,3.0", "700,2.9"), "row != 3 and row != 4", 5),
])  # fmt: skip
def test_the_remedy_for_several_rows_leaves_out_all_of_them(tmp_path, cells, remedy, left):
    path = tmp_path / "runs.csv"
    path.write_text("model,data,loss\na,100,3.5\na,200,3.4\n" + "".join(f"a,{two}\n" for two in cells))
    with pytest.raises(RunsError) as refused:
        read_runs(path)
    assert f'where="{remedy}"' in str(refused.value)
    assert len(read_runs(path, where=remedy).table) == left


@pytest.mark.parametrize(("text", "kind"), [
    ("<!DOCTYPE html>\n<table><tr><th>params</th><th>loss</th></tr></table>\n", "HTML"),
    ("% results\n\\begin{tabular}{lr}\nparams & loss \\\\\n1e9 & 3.1 \\\\\n\\end{tabular}\n", "LaTeX"),
])  # fmt: skip
def test_other_markup_is_named(tmp_path, text, kind):
    (tmp_path / "table.txt").write_text(text)
    with pytest.raises(RunsError, match=f"found {kind}, expected a table as text. Save it as CSV"):
        read_runs(tmp_path / "table.txt")


def test_where_that_selects_nothing(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(GOOD)
    with pytest.raises(SelectionError, match=r"runs\.csv: none of the 2 rows matches where: data > 1e9"):
        read_runs(path, where="data > 1e9")
