"""Headings in two rows, the upper of which names groups of columns."""

import pandas as pd
import pytest

from bayeslaw.runs import read_runs
from bayeslaw.runs.reading import understand

ROWS = "gpt,70,1,3e-4,3.8,44.7\ngpt,70,2,3e-4,3.6,36.6\ngpt,160,1,3e-4,3.6,36.6\ngpt,160,2,3e-4,3.4,30.0\n"


@pytest.mark.parametrize("under_size", ["(M)", "Params (M)"])
@pytest.mark.parametrize("form", ["csv", "xlsx", "md"])
def test_groups_above_the_headings_are_put_before_them(tmp_path, under_size, form):
    path = tmp_path / f"runs.{form}"
    text = f"Model,Size,Pretraining,,Eval,\n,{under_size},Tokens (B),LR,Loss,PPL\n{ROWS}"
    rows = [line.split(",") for line in text.splitlines()]
    if form == "csv":
        path.write_text(text)
    elif form == "xlsx":
        pytest.importorskip("openpyxl")
        pd.DataFrame(rows).to_excel(path, header=False, index=False)
    else:
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        path.write_text("\n".join([lines[0], "|---|---|---|---|---|---|", *lines[1:]]) + "\n")
    runs = read_runs(path)
    assert runs.table["loss"].tolist() == [3.8, 3.6, 3.6, 3.4]
    assert runs.table["tokens"].tolist() == [1e9, 2e9, 1e9, 2e9]
    assert sorted(set(runs.table["params"])) == [70e6, 160e6]
    assert {"Pretraining/LR", "Eval/PPL"} <= set(runs.table)
    assert any("Headings stand in two rows" in note for note in runs.notes)


def test_a_first_row_of_names_below_a_column_without_a_heading_is_no_heading(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("model,data,loss,\na,100,3.0,\na,200,2.9,\na,400,2.8,\n")
    assert understand(path).rows == 3
