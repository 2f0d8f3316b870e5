"""A table with the sizes of models, given beside what was measured of them."""

import json

import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.reading import understand

SIZES = "model,params,tokens\norg/one,7B,1T\norg/two,1.3B,300B\n"


@pytest.fixture
def results(tmp_path):
    """Results of two models by the evaluation harness, a folder each, without their sizes."""
    for model, score in (("org/one", 0.7), ("org/two", 0.5)):
        folder = tmp_path / "results" / model.replace("/", "__")
        folder.mkdir(parents=True)
        scores = {"arc_easy": {"alias": "arc_easy", "acc,none": score, "acc_stderr,none": 0.01}}
        (folder / "results_2026-01-01.json").write_text(json.dumps({"results": scores, "model_name": model}))
    return tmp_path / "results"


def beside(tmp_path, text):
    (tmp_path / "models.csv").write_text(text)
    return tmp_path / "models.csv"


def test_results_without_sizes_name_the_way_to_give_them(results):
    with pytest.raises(
        RunsError, match=r"Or give a table that has them, a row a model \(model, params, tokens\), as one"
    ):
        read_runs(results)


def test_sizes_in_the_folder_of_the_results_are_named_after_it(results):
    models = beside(results, SIZES)
    with pytest.raises(RunsError, match=r"as one more file after results, even if it lies in the same folder"):
        read_runs(results)
    runs = read_runs([results, models])
    assert runs.table["params"].tolist() == [7e9, 1.3e9]
    assert "Not read as runs, for they hold no losses: models.csv." in runs.notes
    assert "Of each model, 'params', 'tokens' are taken from models.csv." in runs.notes


@pytest.mark.parametrize("names", ["org/one org/two", "one two", "ORG__One Two"])
@pytest.mark.parametrize("first", [True, False])
def test_sizes_are_taken_from_the_table_beside_results(results, tmp_path, names, first):
    text = SIZES.replace("org/one", names.split()[0]).replace("org/two", names.split()[1]) + "three,1B,1B\n"
    sources = [results, beside(tmp_path, text)]
    runs = read_runs(sources if first else sources[::-1])
    assert runs.table[["model", "accuracy", "params", "tokens"]].values.tolist() == [
        ["org/one", 0.7, 7e9, 1e12],
        ["org/two", 0.5, 1.3e9, 3e11],
    ]
    assert any("'params', 'tokens' are taken from models.csv" in note for note in runs.notes)
    assert any("'org/one' is" in note for note in runs.notes) == (names != "org/one org/two")


@pytest.mark.parametrize("there", ["A 1.4B", "x/a-1.4b", "a_1.4B", "A (1.4b)"])
def test_models_are_matched_whatever_case_and_marks(tmp_path, there):
    (tmp_path / "runs.csv").write_text("model,tokens,loss\na-1.4b,1e9,3\n")
    models = beside(tmp_path, f"model,params\n{there},1.4B\na-14b,14B\n")
    assert read_runs([tmp_path / "runs.csv", models]).table["params"].tolist() == [1.4e9]


def test_a_log_is_matched_by_the_name_of_its_file(tmp_path):
    for name in ("small", "large"):
        (tmp_path / f"{name}.csv").write_text("tokens,loss\n1e9,3\n2e9,2.5\n")
    models = beside(tmp_path, "model,params\nsmall,1e8\nlarge,1e9\n")
    runs = read_runs([tmp_path / "small.csv", tmp_path / "large.csv", models])
    assert runs.table["params"].tolist() == [1e8, 1e8, 1e9, 1e9]


def test_rows_without_a_name_tell_nothing(tmp_path):
    (tmp_path / "runs.csv").write_text("model,tokens,loss\na,1e9,3\n")
    models = beside(tmp_path, "model,params\n,\na,1e8\n,5\n")
    assert read_runs([tmp_path / "runs.csv", models]).table["params"].tolist() == [1e8]


def test_empty_cells_of_the_runs_are_completed(tmp_path):
    (tmp_path / "runs.csv").write_text("model,params,tokens,loss\na,1e8,1e9,3\nb,,1e9,2.5\n")
    runs = read_runs([tmp_path / "runs.csv", beside(tmp_path, "model,params\na,100M\nb,1B\n")])
    assert runs.table["params"].tolist() == [1e8, 1e9]


@pytest.mark.parametrize(
    ("runs", "models", "told"),
    [
        (
            "model,loss\na,3\n",
            "model,tokens\nb,1e9\n",
            "models.csv: .* found no row of its own for 'a'",
        ),
        (
            "model,loss\nx/a,3\ny/a,2\n",
            "model,tokens\na,1e9\n",
            "found no row of its own for 'x/a', 'y/a'",
        ),
        ("model,loss\na,3\n", "model,tokens\na,1e9\na,2e9\n", "the model 'a' comes twice"),
        ("model,loss\na,3\n", "model,tokens,tokens\na,1e9,2e9\n", "the column 'tokens' comes 2 times"),
        ("loss\n3\n", "model,tokens\na,1e9\n", "found no row of its own for 'runs'"),
        ("model,tokens,loss\na,1e8,3\n", "model,tokens\na,1e9\n", "column 'tokens': found '1e9' for the model 'a'"),
        ("model,step,loss\na,100,3\na,200,2\n", "model,tokens\na,1e9\n", "'a' was measured at 2 steps"),
        ("model,checkpoint,loss\na,x1,3\na,x2,2\n", "model,tokens\na,1e9\n", r"at 2 steps \(column 'checkpoint'\)"),
        ("model,epoch,loss\na,1,3\na,2,2\n", "model,params,tokens\na,1e8,1e9\n", r"at 2 steps \(column 'epoch'\)"),
        (
            "model,loss\na-1.4B,3\n",
            "model,tokens\na-14B,1e9\n",
            "found no row of its own for 'a-1.4B'",
        ),
        (
            "model,loss\na-1-4B,3\n",
            "model,tokens\na-14B,1e9\n",
            "found no row of its own for 'a-1-4B'",
        ),
        ("model,loss\na+,3\n", "model,tokens\na,1e9\n", r"found no row of its own for 'a\+'"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path, runs, models, told):
    (tmp_path / "runs.csv").write_text(runs)
    with pytest.raises(RunsError, match=told):
        read_runs([tmp_path / "runs.csv", beside(tmp_path, models)])


def test_tables_of_which_none_has_a_loss_are_one_wide_table(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"model,params,200,400\n{name},1e8,3,2.5\n")
    assert read_runs([tmp_path / "a.csv", tmp_path / "b.csv"]).models == ("a", "b")


def test_answers_lie_in_the_folder_that_is_named_first(results, tmp_path):
    (results / "bayeslaw.toml").write_text('[columns]\nsize = "params:M"\n')
    found = understand(
        [results, beside(tmp_path, SIZES.replace("params", "size").replace("7B", "7").replace("1.3B", "1"))]
    )
    assert found.table["params"].tolist() == [7e6, 1e6]
