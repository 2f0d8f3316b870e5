"""Tables put together: what they share, what is said of each, and what cannot be put together."""

import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import counts_tokens, join_runs, read_runs


def table(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return read_runs(path)


def test_tables_without_tasks_are_tasks_of_their_own(tmp_path):
    one = table(tmp_path, "one.csv", "model,data,loss,note\na,0,4,x\na,100,3,y\na,200,2.5,z\n")
    two = table(tmp_path, "two.csv", "model,data,loss\na,100,3\na,400,2\n")
    runs = join_runs([one, two])
    assert runs.tasks == ("one", "two")
    assert runs.source == "one.csv + two.csv"
    assert runs.table["row"].tolist() == [1, 2, 3, 4]
    assert "note" not in runs.table
    assert runs.notes[-1] == "Columns that not all tables have are left out: 'note' (not in two.csv)."
    pd.testing.assert_series_equal(runs.table["loss"], pd.Series([3.0, 2.5, 3.0, 2.0], name="loss"))
    assert [(out.row, out.reason) for out in runs.left_out] == [
        (1, "one.csv: zero-shot loss is not on the fine-tuning curve")
    ]
    assert "two.csv: There is no column of tasks: all runs are of the task 'two'." in runs.notes


def test_a_single_table_stays_as_it_is(tmp_path):
    one = table(tmp_path, "one.csv", "model,data,loss\na,0,4\na,100,3\n")
    assert join_runs([one]) is one


def test_tokens_are_not_put_with_examples(tmp_path):
    tokens = table(tmp_path, "tokens.csv", "model,tokens,loss\na,10000,3\na,20000,2\n")
    examples = table(tmp_path, "examples.csv", "model,data,loss\na,100,3\na,200,2\n")
    both = table(tmp_path, "both.csv", "model,data,tokens,loss\na,100,9000,3\na,200,18000,2\n")
    assert [counts_tokens(runs) for runs in (tokens, examples, both)] == [True, False, False]
    for pair in ([tokens, examples], [examples, tokens]):
        with pytest.raises(RunsError, match=r"^tokens\.csv: data are tokens, and in examples\.csv they are examples"):
            join_runs(pair)
    assert "tokens" not in join_runs([examples, both]).table


def test_scores_are_not_put_with_losses(tmp_path):
    scores = table(tmp_path, "scores.csv", "model,task,data,accuracy\na,piqa,100,.6\na,piqa,200,.7\n")
    losses = table(tmp_path, "losses.csv", "model,task,data,loss\na,web,100,3\na,web,200,2\n")
    for pair in ([scores, losses], [losses, scores]):
        with pytest.raises(RunsError, match=r"^scores\.csv: losses are 1 - accuracy, and in losses\.csv they are of"):
            join_runs(pair)


def test_a_model_of_a_task_stays_in_one_table(tmp_path):
    one = table(tmp_path, "one.csv", "model,task,data,loss\na,t,100,3\na,t,200,2\nb,t,100,3\n")
    two = table(tmp_path, "two.csv", "model,task,data,loss\na,t,400,1\na,u,100,3\n")
    with pytest.raises(RunsError, match=r"one\.csv \+ two\.csv: 1 models .* 'a' on 't'.* column 'task'"):
        join_runs([one, two])
    with pytest.raises(RunsError, match="no table to join"):
        join_runs([])
