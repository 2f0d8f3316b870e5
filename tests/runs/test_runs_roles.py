"""Which column is what, by name and by what stands in it; what is asked; and what the user says about it."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.columns import meaning
from bayeslaw.runs.questions import OpenQuestionsError
from bayeslaw.runs.reading import understand
from bayeslaw.runs.stated import read_answers


@pytest.mark.parametrize(
    ("heading", "role", "scale"),
    [
        ("throughput/total_tokens", "tokens", 1),
        ("throughput/total_gflops", "compute", 1e9),
        ("total_tflops", "compute", 1e12),
        ("petaflop/s-days", "compute", 86400e15),
        ("eval/paloma/macro_loss", "loss", 1),
        ("lm-loss-validation/lm loss validation", "loss", 1),
        ("metrics/eval/LanguageCrossEntropy", "loss", 1),
        ("params_M", "params", 1e6),
        ("tokens (billions)", "tokens", 1e9),
        ("num_tokens_in_billions", "tokens", 1e9),
        ("trainer/global_step", "steps", 1),
        ("_step", "steps", 1),
        ("num_input_tokens_seen", "tokens", 1),
        ("Unique Tokens", "unique_data", 1),
        ("loss (nats/token)", "loss", 1),
        ("C4 [nats]", "loss", 1),
        ("val_loss/dataloader_idx_1", "loss", 1),
        ("N (millions)", "params", 1e6),
        ("Parameters (x10^6)", "params", 1e6),
        ("non-embedding params", "params", 1),
        ("non_vocab_parameters", "params", 1),
        ("num_characters", "data", 1),
        ("D (B tokens)", "tokens", 1e9),
        ("Tokens (10⁹)", "tokens", 1e9),
        ("tokens / 1e9", "tokens", 1e9),
        ("dataset size (examples)", "data", 1),
        ("C (FLOPs)", "compute", 1),
        ("compute (1e18 FLOPs)", "compute", 1e18),
        ("training FLOPs (x10^21)", "compute", 1e21),
        ("Compute (EFLOPs)", "compute", 1e18),
        ("budget (PF-days)", "compute", 86400e15),
        ("Params, M", "params", 1e6),
        ("Tokens, billions", "tokens", 1e9),
        ("Loss, nats", "loss", 1),
        ("Compute, PF-days", "compute", 86400e15),
        ("# params (non-emb.)", "params", 1),
    ],
)
def test_headings(heading, role, scale):
    found = meaning(heading)
    assert (found.role, found.scale) == (role, scale)


@pytest.mark.parametrize(
    "heading",
    ["aux_loss", "z_loss", "throughput/tflops", "optimizer.C", "grad_norm", "epoch", "x" * 9999, "weights (bits)"],
)
def test_headings_that_mean_nothing(heading):
    assert meaning(heading) is None


@pytest.mark.parametrize(
    "heading",
    [
        "size (GB)",
        "tokens (per GPU)",
        "throughput (tokens/s)",
        "size (tokens)",
        "model (7B)",
        "tokens, per GPU",
        "size, GB",
        "Loss, M",
    ],
)
def test_brackets_that_make_something_else_of_a_heading(heading):
    assert meaning(heading) is None


@pytest.mark.parametrize(
    ("columns", "taken", "training"),
    [
        (["loss", "eval_loss"], "eval_loss", ["loss"]),
        (["train_loss", "val_loss"], "val_loss", ["train_loss"]),
        (["train_loss", "loss"], "loss", ["train_loss"]),
        (["train/loss", "eval/loss"], "eval/loss", ["train/loss"]),
        (["train_loss", "eval_c4_loss"], "eval_c4_loss", ["train_loss"]),
        (["eval_c4_loss", "eval_loss"], "eval_loss", []),
        (["eval_perplexity", "eval_loss"], "eval_loss", []),
        (["training loss"], "training loss", []),
        (["train_loss", "perplexity"], "perplexity", ["train_loss"]),
        (["loss", "eval/bpb"], "eval/bpb", ["loss"]),
        (["eval_c4_loss", "eval/bpb"], "eval_c4_loss", []),
    ],
)
def test_the_loss_of_an_evaluation_comes_first(columns, taken, training):
    frame = pd.DataFrame({"model": ["a", "b"], "data": [100, 100]} | {name: [3.0, 2.0] for name in columns})
    found = understand(frame)
    assert [column.source for column in found.columns if column.role == "loss"] == [taken]
    assert [column.source for column in found.columns if "training, beside" in column.why] == training
    assert found.questions == ()


def test_several_evaluations_are_asked_about():
    frame = pd.DataFrame({"model": ["a"], "data": [1], "eval_c4_loss": [3.0], "eval_wiki_loss": [2.0]})
    (question,) = understand(frame).questions
    assert question.options == ("eval_c4_loss=loss", "eval_wiki_loss=loss")
    assert read_runs(frame, roles={"eval_wiki_loss": "loss"}).table["loss"].tolist() == [2.0]


@pytest.mark.parametrize(
    ("heading", "value", "nats"),
    [("perplexity", np.exp(2.0), 2.0), ("eval/bpb", 2.0, 2 * np.log(2)), ("bits_per_byte", 1.0, np.log(2))],
)
def test_other_units_of_losses_are_converted(heading, value, nats):
    runs = read_runs(pd.DataFrame({"model": ["a"], "data": [100], heading: [value]}))
    assert runs.table["loss"].tolist() == pytest.approx([nats])
    assert any("in nats" in note for note in runs.notes)


def test_standard_errors_are_converted_with_their_losses():
    runs = read_runs(pd.DataFrame({"model": ["a"], "data": [100], "ppl": [8.0], "se": [0.4]}))
    assert runs.table["loss_se"].tolist() == pytest.approx([0.05])


def test_bits_in_brackets_are_converted():
    runs = read_runs(pd.DataFrame({"model": ["a"], "data": [100], "val loss (bits/byte)": [2.0]}))
    assert runs.table["loss"].tolist() == [pytest.approx(2 * np.log(2))]


def test_an_accuracy_may_be_read_as_an_error_rate():
    frame = pd.DataFrame({"model": ["a", "a"], "data": [100, 200], "accuracy": [0.5, 0.75]})
    table = read_runs(frame, roles={"accuracy": "loss:accuracy"}).table
    assert table["loss"].tolist() == [0.5, 0.25]
    assert "accuracy" not in table


def test_what_is_said_of_losses_must_fit_their_numbers():
    frame = pd.DataFrame({"model": ["a"] * 3, "data": [100, 200, 400], "acc": [0.0, 0.5, 0.75], "ppl": [8.0, 4.0, 0.9]})
    assert read_runs(frame[["model", "data", "acc"]], roles={"acc": "loss:accuracy"}).table["loss"].max() == 1
    percent = frame[["model", "data", "acc"]].assign(acc=[51.3, 55.0, 61.0])
    with pytest.raises(
        RunsError, match=r"row 1, column 'acc': found 51\.3, expected a share .*--as acc=accuracy:percent"
    ):
        read_runs(percent, roles={"acc": "loss:accuracy"})
    with pytest.raises(RunsError, match=r"row 3, column 'acc': found 1\.0, expected a share .*row != 3"):
        read_runs(frame[["model", "data", "acc"]].assign(acc=[0.5, 0.7, 1.0]), roles={"acc": "loss:accuracy"})
    with pytest.raises(RunsError, match=r"row 3, column 'ppl': found 0\.9, expected a perplexity, which is above 1\."):
        read_runs(frame[["model", "data", "ppl"]])


def test_a_metric_named_in_another_column_says_what_values_are():
    frame = pd.DataFrame({"model": ["a"], "data": [100], "metric": ["acc_norm"], "value": [0.5]})
    assert read_runs(frame).table["accuracy"].tolist() == [0.5]
    with pytest.raises(OpenQuestionsError, match="value=loss:perplexity"):
        read_runs(frame.assign(metric="ppl", value=20.0))
    losses = read_runs(frame.assign(metric="loss:c4")).table
    assert losses["loss"].tolist() == [0.5]
    assert "accuracy" not in losses


def test_steps_alone_are_asked_about_and_never_taken_for_examples():
    frame = pd.DataFrame({"model": ["a", "a"], "step": [10, 20], "eval_loss": [3.0, 2.0]})
    (question,) = understand(frame).questions
    assert question.about == "step"
    assert read_runs(frame, roles={"step": "data"}).table["data"].tolist() == [10, 20]
    in_tokens = read_runs(frame, roles={"step": "tokens:1000"})
    assert in_tokens.table["tokens"].tolist() == [10_000, 20_000]


def test_d_beside_n_counts_tokens():
    runs = read_runs(pd.DataFrame({"N": [1e6], "D": [1e9], "loss": [3.0]}))
    assert runs.table["tokens"].tolist() == [1e9]
    assert "tokens" not in read_runs(pd.DataFrame({"model": ["a"], "D": [1e9], "loss": [3.0]})).table


def test_l_beside_letters_is_the_loss_and_not_the_number_of_layers():
    runs = read_runs(pd.DataFrame({"N (millions)": [70, 160], "D (B tokens)": [1.4, 3.2], "L": [3.9, 3.5]}))
    assert runs.table[["params", "tokens", "loss"]].values.tolist() == [[7e7, 1.4e9, 3.9], [1.6e8, 3.2e9, 3.5]]
    assert "tokens" in read_runs(pd.DataFrame({"D": [1e9, 2e9], "L (nats)": [3.9, 3.5]})).table
    of_examples = read_runs(pd.DataFrame({"N (M)": [70, 160], "D (M examples)": [1, 3], "L": [3.9, 3.5]})).table
    assert of_examples["data"].tolist() == [1e6, 3e6]
    assert "tokens" not in of_examples
    with pytest.raises(RunsError, match="found no column of losses"):
        read_runs(pd.DataFrame({"N": [1e7, 2e7], "D": [1e9, 2e9], "L": [12, 24]}))


def test_counts_of_one_meaning_are_asked_about_unless_they_agree():
    frame = pd.DataFrame({"model": ["a", "b"], "tokens": [1e9, 2e9], "total_tokens": [4e9, 8e9], "loss": [3.0, 2.0]})
    (question,) = understand(frame).questions
    assert question.options == ("tokens=tokens", "total_tokens=tokens")
    assert read_runs(frame.assign(total_tokens=[1e9, 2.01e9])).table["tokens"].tolist() == [1e9, 2e9]
    budget = pd.DataFrame(
        {"params": [1e8], "tokens": [2e9], "budget": [1.2e18], "total_gflops": [1.2e9], "loss": [3.0]}
    )
    assert read_runs(budget).table["compute"].tolist() == [1.2e18]


@pytest.mark.parametrize(
    ("columns", "role", "expected"),
    [
        ({"tokens": [1e9, 2e9], "ppl": [30.0, 20.0], "bpb": [1.5, 1.0]}, "loss", np.log([30, 20])),
        ({"loss": [3, 2], "tokens_B": [1.0, 2.0], "tokens_seen": [2e9, 4e9]}, "tokens", [1e9, 2e9]),
        (
            {"loss": [3, 2], "params": [1e8, 2e8], "gflops": [1e9, 2e9], "compute": [9e20, 9e20]},
            "compute",
            [1e18, 2e18],
        ),
    ],
)
def test_answers_that_are_offered_keep_the_units_of_headings(columns, role, expected):
    frame = pd.DataFrame({"model": ["a", "b"], **columns})
    (question,) = understand(frame).questions
    heading, _, said = min(question.options, key=lambda option: ":" not in option).rpartition("=")
    np.testing.assert_allclose(read_runs(frame, roles={heading: said}).table[role], expected)


def test_names_of_sizes_tell_models_apart_where_nothing_else_does():
    frame = pd.DataFrame({"size": ["small", "large"], "tokens": [1e9, 1e9], "loss": [3.9, 3.5]})
    assert read_runs(frame).models == ("small", "large")
    assert read_runs(frame.assign(model=["a", "b"])).models == ("a", "b")


@pytest.mark.parametrize(
    ("columns", "about"),
    [
        ({"tokens": [0.5, 2.5]}, "tokens"),
        ({"tokens": [2, 4]}, "tokens"),
        ({"data": [1.5, 2.5]}, "data"),
        ({"params": [70, 160], "data": [100, 200]}, "params"),
        ({"params": [0.07, 0.16], "data": [100, 200]}, "params"),
        ({"params": [1e8, 2e8], "tokens": [1e9, 2e9], "flops": [1e20, 4e20]}, "flops"),
        ({"data": ["1.600", "3.200"]}, "data"),
        ({"data": ["800", "1.600"]}, "data"),
    ],
)
def test_numbers_that_count_nothing_are_asked_about(columns, about):
    frame = pd.DataFrame({"model": ["a", "b"], "loss": [3.0, 2.0]} | columns)
    found = understand(frame)
    assert [one.about for one in found.questions] == [about]
    as_it_stands = found.questions[0].options[-1].rpartition("=")[2]
    assert read_runs(frame, roles={about: as_it_stands}).table["loss"].tolist() == [3.0, 2.0]


@pytest.mark.parametrize(
    ("cells", "role", "options"),
    [
        (["2.000", "4.000"], "data", ["data:1000", "data:1"]),
        (["1.638.400", "4.000"], "data", ["data:1"]),
        (["2.000", "13.000"], "params", ["params:M", "params:B", "params:1000", "params:1"]),
    ],
)
def test_points_before_three_digits_are_asked_about_until_a_unit_is_said(cells, role, options):
    frame = pd.DataFrame({"model": ["a", "b"], "n": cells, "loss": [3.0, 2.5]})
    if role == "params":
        frame["tokens"] = [1e9, 2e9]
    (question,) = understand(frame, roles={"n": role}).questions
    assert list(question.options) == [f"n={option}" for option in options]
    if "." not in cells[0][2:]:
        assert read_runs(frame, roles={"n": f"{role}:1000"}).table[role].tolist() == [float(c) * 1000 for c in cells]
        assert read_runs(frame, roles={"n": f"{role}:1"}).table[role].tolist() == [float(cell) for cell in cells]


def test_large_counts_may_have_fractions():
    assert len(read_runs(pd.DataFrame({"params": [124e6 + 0.5], "tokens": [2.5e9 + 0.25], "loss": [3.0]})).table) == 1


def test_compute_in_another_unit_is_recognised():
    frame = pd.DataFrame({"params": [1e8, 2e8], "tokens": [1e9, 2e9], "flops": [6e8, 24e8], "loss": [3.0, 2.0]})
    (question,) = understand(frame).questions
    assert question.options[0] == "flops=compute:1e9"
    assert read_runs(frame, roles={"flops": "compute:1e9"}).table["compute"].tolist() == [6e17, 24e17]


def test_answers_keep_the_unit_that_a_heading_names():
    frame = pd.DataFrame(
        {"params": [1e8, 2e8], "tokens": [2e9, 4e9], "loss": [3.0, 2.0], "total gflops": [1.2e6, 4.8e6]}
    )
    (question,) = understand(frame).questions
    assert question.options == (
        "total gflops=compute:1e12", "total gflops=ignore", "total gflops=compute:1e9"
    )  # fmt: skip
    for option, times in ((question.options[0], 1.0), (question.options[2], 1e-3)):
        column, _, role = option.partition("=")
        table = read_runs(frame, roles={column: role}).table
        assert table["compute"].tolist() == pytest.approx((6 * times * table["params"] * table["tokens"]).tolist())
    (question,) = understand(frame.drop(columns="tokens").assign(**{"total gflops": [1.0, 4.0]})).questions
    assert question.options == tuple(f"total gflops=compute:1e{power}" for power in (18, 30, 9))
    sizes = [1, 2, 4]
    shifted = pd.DataFrame(
        {
            "model": [m for m in "abcde" for _ in sizes],
            "tokens (B)": sizes * 4 + [10, 20, 40],
            "loss": [3, 2.9, 2.8] * 5,
        }
    )
    (question,) = understand(shifted).questions
    assert question.options == ("tokens (B)=tokens:1e9",)
    assert read_runs(shifted, roles={"tokens (B)": "tokens:1e9"}).table["tokens"].max() == 40e9


def methods(columns, gap=1.2, n=6):
    sizes = [100 * 2**i for i in range(n)]
    rows = [("gpt2", size, 4 - 0.2 * i, columns[0]) for i, size in enumerate(sizes)]
    rows += [("gpt2", size, (4 - 0.2 * i) * gap, columns[1]) for i, size in enumerate(sizes)]
    return pd.DataFrame(rows, columns=["model", "data", "loss", "method"])


def test_two_methods_of_one_model_are_asked_about():
    frame = methods(["lora", "full"])
    (question,) = understand(frame).questions
    assert question.about == "method"
    assert read_runs(frame, roles={"method": "variant"}).models == ("gpt2 lora", "gpt2 full")
    assert read_runs(frame, roles={"method": "task"}).tasks == ("lora", "full")
    assert "method" not in read_runs(frame, roles={"method": "ignore"}).table


def test_two_methods_that_are_close_but_never_change_places_are_asked_about():
    assert [one.about for one in understand(methods(["lora", "full"], gap=1.01)).questions] == ["method"]
    assert understand(methods(["lora", "full"], gap=1.01, n=4)).questions == ()


def test_learning_rates_are_settings_and_measured_times_are_not():
    assert [one.about for one in understand(methods([1e-3, 1e-4]).rename(columns={"method": "lr"})).questions] == ["lr"]
    assert understand(methods([10.0, 20.0]).rename(columns={"method": "seconds"})).questions == ()


def test_a_sweep_whose_losses_are_close_is_said_to_count_as_repeats():
    rows = [(size, 20 * size, rate, 3 - 0.1 * i + j / 100) for i, size in enumerate((6e7, 2e8, 6e8, 2e9))
            for j, rate in enumerate((1e-4, 1e-3))]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["params", "tokens", "max lr", "loss"]).assign(seconds=range(8))
    (note,) = [note for note in read_runs(frame).notes if "repeats" in note]
    assert note.startswith("8 of 8 runs count as repeats of 4 models and sizes, though they differ in 'max lr': ")
    assert "--as 'max lr=variant'" in note
    assert len(read_runs(frame, roles={"max lr": "variant"}).models) == 8
    assert not [note for note in read_runs(frame.drop(columns="max lr")).notes if "repeats" in note]


@pytest.mark.parametrize("end", ["final_val_loss", "last_val_loss"])
@pytest.mark.parametrize("best", ["best_val_loss", "min_val_loss", "lowest eval loss"])
def test_the_loss_at_the_end_and_the_best_on_the_way_are_asked_about(end, best):
    frame = pd.DataFrame({"model": ["a", "a"], "tokens": [1e9, 2e9], end: [3.1, 3.0], best: [3.0, 2.9]})
    (question,) = understand(frame).questions
    assert question.options == (f"{end}=loss", f"{best}=loss")


@pytest.mark.parametrize("heading", ["# params (backbone)", "nonzero params", "active_params", "params_embedding"])
def test_parameters_counted_in_a_way_of_their_own_are_asked_about_where_one_model_would_have_several(heading):
    rows = [(size, 20 * size, 2 + 60 * size**-0.3) for size in (6e7, 2e8, 6e8)]
    frame = pd.DataFrame(rows, columns=[heading, "tokens", "loss"])
    (question,) = understand(frame).questions
    assert question.options == (f"{heading}=params", f"{heading}=variant", f"{heading}=ignore")
    assert read_runs(frame, roles={heading: "params"}).table["params"].tolist() == [6e7, 2e8, 6e8]
    assert len(read_runs(frame, roles={heading: "variant"}).models) == 3
    assert understand(frame.assign(model=["a", "b", "c"])).questions == ()
    assert understand(frame.assign(params=frame[heading])).questions == ()
    assert understand(frame.rename(columns={heading: "param_norm"})).questions == ()


def test_repeats_by_seed_are_not_asked_about():
    frame = methods(["x", "y"], gap=1.02, n=4).assign(loss=lambda t: t["loss"] * np.tile([1, 1.03], 4))
    assert understand(frame.rename(columns={"method": "seed"})).questions == ()


def test_names_that_differ_by_case_are_said():
    runs = read_runs(pd.DataFrame({"model": ["GPT2", "gpt2 "], "data": [1, 2], "loss": [3.0, 2.0]}))
    assert any("'GPT2' and 'gpt2'" in note for note in runs.notes)


def test_several_sizes_of_one_name_are_several_models_of_a_family():
    frame = pd.DataFrame(
        {"model": ["p", "p", "q"], "params": [1e6, 2e6, 1e6], "tokens": [1e9, 1e9, 1e9], "loss": [3.0, 2.0, 2.5]}
    )
    runs = read_runs(frame)
    assert runs.models == ("p params=1000000", "p params=2000000", "q")
    assert runs.families == ("p", "q")


def test_what_is_missing_is_named_at_once_with_near_names():
    with pytest.raises(RunsError, match=r"no column of losses.*is it 'losss'\?.*no column of data sizes.*'exampels'\?"):
        read_runs(pd.DataFrame({"model": ["a"], "losss": [2.0], "exampels": [5]}))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"Pretraining Tokens": ["1e9", "2B"], "val loss": [3.0, 2.9]}, "with --as 'Pretraining Tokens=tokens'."),
        ({"SequencesDone": [5, 6], "loss": [3.0, 2.9]}, "with --as SequencesDone=data."),
        ({"optimizer steps done": [5, 6], "loss": [3.0, 2.9]}, "with --as 'optimizer steps done=steps'."),
        ({"flops spent": [1e18, 2e18], "loss": [3.0, 2.9]}, "with --as 'flops spent=compute'."),
        ({"tokens": [5, 6], "loss on c4": [3.0, 2.9]}, "with --as 'loss on c4=loss'."),
        ({"tokens": [5, 6], "ppl on c4": [3.0, 2.9]}, "with --as 'ppl on c4=loss:perplexity'."),
        ({"toks done": [5, 6], "loss on c4": [3.0, 2.9]}, "with --as 'loss on c4=loss' or --as 'toks done=tokens'."),
        ({"tokens": [5, 6], "log2 ppl on c4": [3.0, 2.9]}, "with --as COLUMN=loss."),
        ({"tokens": [5, 6], "z_loss": [3.0, 2.9]}, "with --as COLUMN=loss."),
        ({"eval samples": [5, 6], "samples_per_second": [5, 6], "loss": [3.0, 2.9]}, "with --as COLUMN=data."),
        ({"sample kinds": ["x", "y"], "unique tokens": [5, 6], "loss": [3.0, 2.9]}, "with --as COLUMN=data."),
    ],
)
def test_what_is_missing_is_looked_for_among_words_of_headings(columns, said):
    with pytest.raises(RunsError) as raised:
        read_runs(pd.DataFrame({"model": ["a", "b"], "params": [1e6, 2e6], **columns}))
    assert said in str(raised.value)


def test_columns_that_get_another_name_are_not_said_to_keep_theirs():
    frame = pd.DataFrame({"tokens": [1e9], "val_loss": [3.0], "loss": [2.9], "train_loss": [2.8], "accuracy": [0.2]})
    runs = read_runs(frame.assign(note="x"))
    assert "Column 'loss' is not read as loss, and is called 'train_loss_' here." in runs.notes
    assert "Column 'accuracy' is not read as accuracy, and is called 'accuracy_as_found' here." in runs.notes
    assert "Kept under their own names: 'train_loss', 'note'." in runs.notes
    assert {"train_loss_", "train_loss", "accuracy_as_found", "note"} <= set(runs.table)


def test_a_lone_small_letter_is_asked_about():
    frame = pd.DataFrame({"model": ["a", "a"], "n": [1e3, 1e6], "tokens": [1e9, 2e9], "loss": [3.0, 2.9]})
    (question,) = understand(frame).questions
    assert question.options == ("n=params", "n=data", "n=ignore")
    assert read_runs(frame, roles={"n": "data"}).table["data"].tolist() == [1e3, 1e6]
    assert read_runs(frame.rename(columns={"n": "N"})).table["params"].tolist() == [1e3, 1e6]
    letters = pd.DataFrame({"n": [1e8, 2e8], "d": [2e9, 4e9], "loss": [3.0, 2.9]})
    assert read_runs(letters).table["params"].tolist() == [1e8, 2e8]


def test_falling_values_below_models_are_losses_and_others_are_asked_about():
    frame = pd.DataFrame({"tokens": [1e6, 2e6, 4e6], "small": [4.0, 3.5, 3.0], "large": [3.5, 3.0, 2.5]})
    assert read_runs(frame).models == ("small", "large")
    (question,) = understand(frame.assign(small=[4.0, 3.0, 4.0], large=[3.0, 4.0, 3.0])).questions
    assert question.about == "value"


def test_columns_of_a_log_are_no_models():
    with pytest.raises(RunsError, match="no column of losses"):
        read_runs(pd.DataFrame({"step": [1, 2], "lr": [0.1, 0.1], "grad_norm": [1.0, 2.0], "speed": [3.0, 3.0]}))


def test_a_file_beside_the_logs_says_what_columns_are(tmp_path):
    (tmp_path / "t.csv").write_text("model,size,data,loss\na,70,100,3\n")
    (tmp_path / "bayeslaw.toml").write_text('[columns]\nsize = "params:M"\nother = "ignore"\n')
    runs = read_runs(tmp_path / "t.csv")
    assert runs.table["params"].tolist() == [70e6]
    assert any("'other' that is not in this table" in note for note in runs.notes)
    assert read_runs(tmp_path / "t.csv", roles={"size": "params:B"}).table["params"].tolist() == [70e9]
    (tmp_path / "bayeslaw.toml").write_text("[columns\n")
    with pytest.raises(RunsError, match=r"bayeslaw\.toml: the file cannot be read"):
        read_runs(tmp_path / "t.csv")
    (tmp_path / "bayeslaw.toml").write_text('run = "rm"\n')
    with pytest.raises(RunsError, match=r"expected one table \[columns\]"):
        read_runs(tmp_path / "t.csv")
    assert read_answers(tmp_path / ("x" * 300)) == {}


@pytest.mark.parametrize(
    ("roles", "fragments"),
    [
        ({"sise": "params"}, ["no column 'sise'", "did you mean 'size'?"]),
        ({"size": "parms"}, ["no role 'parms'", "Did you mean 'params'?"]),
        ({"size": "params:Q"}, ["'Q' is no unit of params"]),
        ({"loss": "loss:dB"}, ["'dB' is no unit of loss"]),
        ({"size": "model:M"}, ["'M' is no unit of model"]),
        ({"size": "data", "data": "data"}, ["'size' and 'data' are all said to be data"]),
    ],
)
def test_what_is_said_wrongly_is_explained(roles, fragments):
    frame = pd.DataFrame({"model": ["a"], "size": [7e9], "data": [100], "loss": [3.0]})
    with pytest.raises(RunsError) as caught:
        read_runs(frame, roles=roles)
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_a_log_resumed_at_its_last_step():
    steps = [100, 200, 300, 300, 400]
    frame = pd.DataFrame({"step": steps, "tokens": [1000 * s for s in steps], "val_loss": [4, 3.5, 3.2, 3.1, 2.9]})
    assert read_runs(frame).table["loss"].tolist() == [4, 3.5, 3.1, 2.9]
    repeated = read_runs(frame.drop(columns="step").assign(model="a"))  # no log: two runs of one size
    assert repeated.table["loss"].tolist() == [4, 3.5, 3.2, 3.1, 2.9]
    assert repeated.left_out == ()


def test_counts_of_a_log_follow_by_the_steps_that_all_rows_have():
    frame = pd.DataFrame(
        {"iter": [40, 80, None], "step": [10, 20, 30], "tokens": [1e6, 2e6, None], "loss": [4, 3.5, None]}
    ).assign(val_loss=[None, None, 3.4])
    assert read_runs(frame).table[["tokens", "loss"]].values.tolist() == [[3e6, 3.4]]


def test_a_resumed_log_and_repeats_are_told_apart():
    log = pd.DataFrame({"model": "a", "tokens": [1e6, 2e6, 3e6, 2e6, 3e6, 4e6], "loss": [5, 4, 3.5, 4.1, 3.6, 3.0]})
    runs = read_runs(log)
    assert runs.table["loss"].tolist() == [5, 4.1, 3.6, 3.0]
    repeats = log.assign(tokens=[1e6, 2e6, 3e6] * 2)
    assert len(read_runs(repeats).table) == 6


def test_rows_of_evaluation_take_their_tokens_from_rows_of_training():
    log = pd.DataFrame(
        {
            "step": [10, 10, 20, 25],
            "tokens": [1e6, None, 2e6, None],
            "train_loss": [4.0, None, 3.0, None],
            "eval_loss": [None, 4.1, None, 2.9],
        }
    )
    runs = read_runs(log)
    assert runs.table[["tokens", "loss"]].values.tolist() == [[1e6, 4.1], [2.5e6, 2.9]]
    assert any("2 rows lack 'tokens'" in note for note in runs.notes)
    with pytest.raises(RunsError, match=r"'tokens': found"):  # steps are not worth the same
        read_runs(log.assign(tokens=[1e6, None, 9e6, None]))


def test_digits_with_underscores_are_counts_in_threes_or_nothing():
    with pytest.raises(RunsError, match="found '3_5'"):
        read_runs(pd.DataFrame({"model": ["a"], "data": [100], "loss": ["3_5"]}))
    with pytest.raises(RunsError, match="found '4_00'"):
        read_runs(pd.DataFrame({"model": ["a"], "data": ["4_00"], "loss": [3.0]}))
    assert read_runs(pd.DataFrame({"model": ["a"], "data": ["1_638_400"], "loss": [3.0]})).table["data"][0] == 1638400


@pytest.mark.parametrize("heading", ["step", "_step", "trainer/global_step", "iter"])
def test_steps_are_counted_in_tokens_whatever_they_are_called(heading):
    frame = pd.DataFrame({"model": ["a", "a"], heading: [10, 20], "loss": [3.0, 2.5]})
    runs = read_runs(frame, roles={"steps": "tokens:1000"})
    assert runs.table["data"].tolist() == runs.table["tokens"].tolist() == [10_000, 20_000]


def test_of_several_columns_of_steps_the_usual_one_is_meant():
    frame = pd.DataFrame({"model": ["a"], "trainer/global_step": [7], "iteration": [8], "step": [9], "loss": [3.0]})
    assert read_runs(frame, roles={"steps": "tokens:2"}).table["data"].tolist() == [18]


@pytest.mark.parametrize(
    ("columns", "roles", "message"),
    [
        ({"data": [5]}, {}, "there is no column of steps"),
        ({"step": [5], "num_input_tokens_seen": [6]}, {}, "'num_input_tokens_seen' counts them already"),
        ({"step": [5]}, {"step": "data:32"}, "'step' is said to be data:32 and to be tokens:2"),
    ],
)
def test_steps_that_cannot_be_counted_in_tokens(columns, roles, message):
    with pytest.raises(RunsError, match=message):
        read_runs(pd.DataFrame({"model": ["a"], "loss": [3.0], **columns}), roles={**roles, "steps": "tokens:2"})


def test_an_empty_column_of_tokens_and_an_ignored_one_do_not_count():
    frame = pd.DataFrame({"model": ["a"], "loss": [3.0], "step": [5], "tokens": [None], "total_tokens": [9]})
    roles = {"steps": "tokens:2", "total_tokens": "ignore"}
    assert read_runs(frame, roles=roles).table["data"].tolist() == [10]
