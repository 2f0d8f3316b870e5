"""Which headings are recognised, and how numbers with units are read."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.columns import ALIASES, meaning, plain, sizes_in_headings
from bayeslaw.runs.questions import OpenQuestionsError
from bayeslaw.runs.units import read_count, read_numbers, read_plain

COMMON = {
    "params": ["params", "N", "parameters", "n_params", "num_params", "Size", "Model Size", "parameter_count"],
    "data": ["D", "data", "Examples", "n_examples", "Seen Examples", "samples", "train_size", "dataset-size"],
    "tokens": ["tokens", "n_tokens", "total_tokens", "Tokens Seen", "training tokens"],
    "compute": ["C", "FLOPs", "flop", "compute", "Training FLOP", "total_flops"],
    "loss": [
        "Loss",
        "eval_loss",
        "test_loss",
        "val_loss",
        "validation loss",
        "eval/loss",
        "NLL",
        "cross-entropy",
        "value",
    ],
    "model": ["model", "config name", "model_name", "run", "run_name", "curve", "name"],
    "family": ["family", "model_family", "arch", "Architecture", "group"],
    "task": ["task", "dataset", "benchmark"],
    "loss_se": ["loss_se", "loss_stderr", "stderr", "loss_std_err", "SE"],
    "seed": ["seed"],
    "metric": ["Metric"],
}


@pytest.mark.parametrize(("name", "heading"), [(name, heading) for name in COMMON for heading in COMMON[name]])
def test_common_headings(name, heading):
    assert meaning(heading).role == name


def test_the_stage_may_be_the_last_part_of_a_heading():
    frame = pd.DataFrame({"tokens": [1e9, 2e9], "Loss/train": [3.0, 2.8], "Loss/val": [3.1, 2.9]})
    assert read_runs(frame).table["loss"].tolist() == [3.1, 2.9]
    assert read_runs(frame[["tokens", "Loss/train"]]).table["loss"].tolist() == [3.0, 2.8]
    assert meaning("perplexity/test").unit == "perplexity"
    assert meaning("Accuracy/val").role == "accuracy"
    assert meaning("a/tokens/val") is None
    assert meaning("loss/z/val") is None


@pytest.mark.parametrize("heading", ["log_ppl", "log perplexity", "eval/log_ppl", "val_log_perplexity", "logPPL"])
def test_the_logarithm_of_perplexity_is_a_loss_in_nats(heading):
    assert (meaning(heading).role, meaning(heading).unit) == ("loss", "nats")
    assert meaning("log2_ppl") is None


def test_no_alias_means_two_things():
    aliases = [plain(alias) for names in ALIASES.values() for alias in names.split(", ")]
    assert len(aliases) == len(set(aliases))


def test_the_canonical_name_wins_and_the_other_column_stays():
    runs = read_runs(pd.DataFrame({"run": ["r"], "model": ["a"], "data": [1], "loss": [2.0], "nll": [9.0]}))
    assert runs.models == ("a",)
    assert runs.table[["loss", "run", "nll"]].values.tolist() == [[2.0, "r", 9.0]]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("7B", 7e9),
        ("13b", 13e9),
        ("350M", 350e6),
        ("200k", 2e5),
        ("3G", 3e9),
        ("1T", 1e12),
        ("1.6e6", 1.6e6),
        ("1_638_400", 1638400),
        ("1,638,400", 1638400),
        (" 1.5 B ", 1.5e9),
        ("0.35", 0.35),
        ("-3", -3),
        ("1_000k", 1e6),
        (".5M", 5e5),
        ("70 000 000", 70000000),
        ("1'638'400", 1638400),
        ("1\u202f400\u202f000", 1400000),
        ("350 million", 350e6),
        ("1.5 billions", 1.5e9),
        ("1.5 bn", 1.5e9),
        ("7B params", 7e9),
        ("2e9 tokens", 2e9),
        ("1.4×10^9", 1.4e9),  # noqa: RUF001
        ("8.2·10⁹", 8.2e9),
        ("8.2·10⁹ tokens", 8.2e9),
        ("10^{18} FLOPs", 1e18),
        ("10^18", 1e18),
    ],
)
def test_written_counts(written, value):
    assert read_count(written) == value


@pytest.mark.parametrize(
    "written", ["", "B", "7BB", "7X", "1,6", "1,63,400", "seven", "1e", "k7", "0x10", "7B models", "1 63 400", "10^2.5"]
)
def test_what_is_no_count(written):
    assert read_count(written) is None


@settings(deadline=None)
@given(st.integers(0, 10**15), st.sampled_from(["{}", "{:,}", "{:_}", " {} "]))
def test_whole_numbers_survive_their_spelling(number, spelling):
    assert read_count(spelling.format(number)) == number


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(allow_nan=False), st.booleans(), st.sampled_from(["", "NA", "x", "5M"])))
)
def test_cells_are_read_one_by_one_as_in_a_column(cells):
    column = read_numbers(pd.Series(cells, dtype=object), counts=True)
    for position, cell in enumerate(cells):
        alone = read_numbers(pd.Series([cell], dtype=object), counts=True)
        np.testing.assert_equal(column.values[position], alone.values[0])
        assert column.blank[position] == alone.blank[0] == (cell in (None, "", "NA"))
        assert column.suffixed[position] == alone.suffixed[0] == (cell == "5M")


def test_headings_with_words_behind_are_no_sizes():
    assert sizes_in_headings(["200", "1k", "1B tokens", "3 million"]) == {"200": 200, "1k": 1000}


def test_headings_that_are_sizes():
    headings = ["200", "1k", "204_800", "1.6e6", "D=200", "data = 3", "3.5", "-1", "nan", "inf", "size", "v2", ""]
    assert sizes_in_headings(headings) == {
        "200": 200, "1k": 1000, "204_800": 204800, "1.6e6": 1.6e6, "D=200": 200, "data = 3": 3
    }  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "role", "scale"),
    [
        ("tokens (thousands)", "tokens", 1e3),
        ("size in thousands", "params", 1e3),
        ("data (thousand examples)", "data", 1e3),
        ("N (millions)", "params", 1e6),
        ("params (mln)", "params", 1e6),
        ("tokens in bn", "tokens", 1e9),
        ("D (trillion tokens)", "tokens", 1e12),
        ("tokens (T)", "tokens", 1e12),
        ("gflops (M)", "compute", 1e15),
        ("compute (in FLOPs)", "compute", 1.0),
        ("compute (in PF-days)", "compute", 86400e15),
        ("D (number of tokens)", "tokens", 1.0),
    ],
)
def test_letters_and_words_for_multiples_in_headings(heading, role, scale):
    found = meaning(heading)
    assert (found.role, found.scale) == (role, scale)


def test_units_in_headings_are_applied_and_noted():
    frame = pd.DataFrame({"model": ["a"], "params (M)": [124], "tokens [B]": [2.5], "total_gflops": [2e9], "loss": [3]})
    runs = read_runs(frame)
    assert runs.table[["params", "tokens", "compute"]].values.tolist() == [[124e6, 2.5e9, 2e18]]
    assert any("'total_gflops' read as compute, times 1e+09" in note for note in runs.notes)


def test_bare_counts_beside_suffixes_are_fine_when_they_are_whole():
    runs = read_runs(pd.DataFrame({"model": ["a"] * 3, "data": ["1k", "200", "2_000"], "loss": [3, 4, 2.5]}))
    assert runs.table["data"].tolist() == [1000, 200, 2000]


def test_a_few_tokens_beside_billions_lack_their_suffix():
    frame = pd.DataFrame({"model": ["a"] * 3, "tokens": ["500", "1B", "2B"], "loss": [3.2, 3.0, 2.9]})
    with pytest.raises(RunsError, match=r"row 1, column 'tokens': mixed units, found '500' beside '1B' \(row 2\)"):
        read_runs(frame)
    assert read_runs(frame.assign(tokens=["500", "1k", "2k"])).table["tokens"].tolist() == [500, 1000, 2000]


def test_sizes_that_look_like_billions_are_asked_about():
    frame = pd.DataFrame({"model": ["a", "b"], "size": [7, 13], "data": [1, 1], "loss": [3, 2]})
    with pytest.raises(OpenQuestionsError, match=r"--as size=params:M or --as size=params:B"):
        read_runs(frame)
    assert read_runs(frame, roles={"size": "params:B"}).table["params"].tolist() == [7e9, 13e9]
    assert read_runs(frame.assign(size=["7B", "13B"])).table["params"].tolist() == [7e9, 13e9]


def test_tokens_are_derived_from_compute_as_chinchilla_did():
    runs = read_runs(pd.DataFrame({"Model Size": ["1B", "2B"], "Training FLOP": [6e18, 24e18], "loss": [3, 2]}))
    assert runs.table["tokens"].tolist() == [1e9, 2e9]
    assert runs.table["data"].tolist() == [1e9, 2e9]
    assert runs.models == ("params=1000000000", "params=2000000000")
    assert any("tokens derived as compute / (6 params)" in note for note in runs.notes)


def test_names_that_are_not_given():
    plain_runs = read_runs(pd.DataFrame({"tokens": [1000, 2000], "loss": [3, 2]}))
    assert (plain_runs.models, plain_runs.families, plain_runs.tasks) == (("task",), ("task",), ("task",))
    assert plain_runs.table["data"].tolist() == [1000, 2000]
    assert any("data are tokens" in note for note in plain_runs.notes)
    by_size = read_runs(
        pd.DataFrame({"family": ["F", "F", "G"], "N": [1e6, 2e6, 1e6], "D": [1e9, 1e9, 1e9], "loss": [3, 2, 1]})
    )
    assert by_size.models == ("F params=1000000", "F params=2000000", "G params=1000000")
    some = read_runs(pd.DataFrame({"model": ["a", "b"], "family": ["F", None], "D": [1, 1], "loss": [3, 2]}))
    assert some.families == ("F", "b")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2"], [1, 2]),
        (["1.5", "2"], [1.5, 2.0]),
        (["True", "false"], [True, False]),
        (["1_2", "1_3"], ["1_2", "1_3"]),
        (["12345678901234567890", "12345678901234567891"], ["12345678901234567890", "12345678901234567891"]),
        (["a", "1"], ["a", "1"]),
        (["", ""], ["", ""]),
        ([1.0, 2.0], [1, 2]),
        ([True, False], [True, False]),
    ],
)
def test_further_columns_keep_their_kind(cells, expected):
    read = read_plain(pd.Series(cells)).tolist()
    assert read == expected
    assert list(map(type, read)) == list(map(type, expected))


def test_model_names_that_look_like_numbers_stay_text(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("model,data,loss\n1.68e+07,1,2\n007,1,3\n")
    assert read_runs(path).models == ("1.68e+07", "007")
    assert read_runs(pd.DataFrame({"model": [160, 410], "data": [1, 1], "loss": [3, 2]})).models == ("160", "410")
