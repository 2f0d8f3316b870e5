"""What is read of the logs that trainers print: lines in the formats of nanoGPT, Megatron, llm-foundry and NeMo."""

import re
import time

import pytest

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.questions import OpenQuestionsError
from bayeslaw.runs.reading import understand


def rows(runs, *columns):
    return runs.table[list(columns)].values.tolist()


NANOGPT = """number of parameters: 10.65M
tokens per iteration will be: 16,384
step 0: train loss 4.2, val loss 4.3
iter 0: loss 4.2, time 11.0ms, mfu -100.00%
iter 10: loss 3.2, time 11.0ms, mfu 17.00%
step 250: train loss 1.9, val loss 2.0
step 500: train loss 1.5, val loss 1.7
"""
MEGATRON = """  seq_length ...................................... 2048
 iteration      100/  500000 | consumed samples:        25600 | elapsed time per iteration (ms): 700.1 | learning rate: 1.0E-04 | global batch size:   256 | lm loss: 6.5E+00 | loss scale: 1.0 | grad norm: 1.0 |
 iteration      200/  500000 | consumed samples:        51200 | elapsed time per iteration (ms): 700.1 | learning rate: 1.0E-04 | global batch size:   256 | lm loss: 5.5E+00 | loss scale: 1.0 | grad norm: 1.0 |
-----------------------------------------------------------------------------------------------
 validation loss at iteration 200 | lm loss value: 5.25E+00 | lm loss PPL: 1.9E+02 |
-----------------------------------------------------------------------------------------------
"""  # noqa: E501
FOUNDRY = """[batch=100/4800]:
\t Train time/batch: 99
\t Train time/token: 50000000
\t Train loss/train/total: 5.5
\t Train metrics/train/LanguageCrossEntropy: 5.5
[Eval batch=5/5] Eval on eval data:
\t Eval metrics/eval/LanguageCrossEntropy: 5.25
"""
NEMO = (
    "Training epoch 0, iteration 9/99 | lr: 1e-06 | global_batch_size: 512 | global_step: 9 | reduced_train_loss: 11.0 "
    "| consumed_samples: 5120\n"
    "Training epoch 0, iteration 19/99 | lr: 1e-06 | global_batch_size: 512 | global_step: 19|reduced_train_loss: 9.0 "
    "| consumed_samples: 10240 | val_loss: 8.5\n"
    "Training epoch 0, iteration 20/99 | lr: 1e-06 | global_batch_size: 512 | global_step: 20|reduced_train_loss: 9.0 "
    "| consumed_samples: 10752 | val_loss: 8.5\n"
)
NEMO_BAR = (
    "Epoch 0: :   1%| | 10/1000 [00:10<16:00, reduced_train_loss=9.0, global_step=10.0, consumed_samples=2560.0]\r"
    "Epoch 0: :   2%| | 20/1000 [00:20<16:00, reduced_train_loss=8.0, global_step=20.0, consumed_samples=5120.0, "
    "val_loss=7.75]\n"
)


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        (NANOGPT, "nanoGPT log", [[250 * 16384.0, 2.0], [500 * 16384.0, 1.7]]),
        (MEGATRON, "Megatron log", [[51200 * 2048.0, 5.25]]),
        (FOUNDRY, "llm-foundry log", [[5e7, 5.25]]),
        (NEMO, "NeMo log", [[10240.0, 8.5]]),
        (NEMO_BAR, "NeMo log", [[5120.0, 7.75]]),
    ],
)
def test_text_logs(tmp_path, text, form, expected):
    (tmp_path / "train.log").write_text(text)
    assert rows(read_runs(tmp_path / "train.log"), "data", "loss") == expected
    assert understand(tmp_path / "train.log").format == form


OLMO = """2026-01-01 10:00:00.123\tn0:0\tolmo.train:967\tINFO\t[step=100/2000,epoch=0]
    optim/total_grad_norm=0.4
    train/CrossEntropyLoss=5.5
    throughput/total_tokens=419,430,400
2026-01-01 10:00:05.123\tn0:0\tolmo.train:967\tINFO\t[step=200/2000,epoch=0]
    train/CrossEntropyLoss=4.5
    throughput/total_tokens=838,860,800
2026-01-01 10:00:06.123\tn0:0\tolmo.train:967\tINFO\tc4-validation
    eval/c4-validation/CrossEntropyLoss=4.25
"""
OLMO_CORE = """2026-01-01\tconsole_logger:92\tINFO\t[step=100/2000,epoch=1,eta=1 hour, 2 minutes]
    throughput/total tokens=419,430,400
    train/CE loss=4.25
    train/PPL=70.1
"""
MODDED = """step:0/5100 val_loss:10.8258 train_time:0ms step_avg:nanms
step:1/5100 train_loss:10.8258 train_time:140ms step_avg:nanms
step:125/5100 val_loss:4.75 train_time:17512ms step_avg:140.10ms
step:250/5100 val_loss:4.25 train_time:35024ms step_avg:140.10ms
"""
LLMC = "s:0 tel:10.9\ns:250 trl:4.8\ns:250 tel:4.75\ns:250 eval:0.27\ns:500 tel:4.25\n"
OWN = """INFO using 2,000 steps of 524288 tokens
INFO step 100 | train loss 5.5 | lr 3.00e-04 | tok/s 12,345 | tokens 52,428,800
INFO step 200 | train loss 4.5 | lr 3.00e-04 | tok/s 12,345 | tokens 104,857,600
\x1b[32mINFO Step 200: val loss = 4.75, ppl = 115.6
INFO step 300 | train loss 4.5 | lr 3.00e-04 | tok/s 12,345 | tokens 157,286,400
INFO Step 300: val loss = 4.25, ppl = 70.1
"""


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        (OLMO, "OLMo log", [[838860800.0, 4.25]]),
        (OLMO_CORE, "OLMo log", [[419430400.0, 4.25]]),
        (MODDED, "log of steps", [[125.0, 4.75], [250.0, 4.25]]),
        (LLMC, "llm.c log", [[250.0, 4.75], [500.0, 4.25]]),
        (OWN, "log of steps", [[104857600.0, 4.75], [157286400.0, 4.25]]),
    ],
)
def test_logs_that_name_what_they_print(tmp_path, text, form, expected):
    (tmp_path / "train.log").write_text(text)
    found = understand(tmp_path / "train.log")
    assert found.format == form
    assert found.table[["data", "loss"]].values.tolist() == expected


@pytest.mark.parametrize(
    ("line", "losses"),
    [
        ("step {step:6d} | loss {loss}", {"loss"}),
        ("loss {loss} at step {step}", {"loss"}),
        ("train loss {loss} | step {step} | val loss {loss}", {"loss", "train loss"}),
        ("step {step} 12ms loss: {loss}", {"loss"}),
        ("epoch {step} step {step} loss {loss}", {"loss"}),
    ],
)
def test_lines_of_training_loops_of_peoples_own(tmp_path, line, losses):
    told = {1: 4.5, 10: 4.0, 100: 3.5, 1000: 3.0}
    (tmp_path / "train.log").write_text("".join(line.format(step=s, loss=told[s]) + "\n" for s in told))
    table = understand(tmp_path / "train.log").table
    assert dict(zip(table["data"], table["loss"], strict=True)) == told
    assert {name for name in table if "loss" in name} == losses


def test_steps_that_begin_anew_in_each_epoch_are_refused(tmp_path):
    lines = [f"Epoch {e}/2, step {s}/300, loss: {5 - e - s / 1000}\n" for e in (1, 2) for s in (100, 200, 300)]
    (tmp_path / "train.log").write_text("".join(lines))
    with pytest.raises(RunsError, match=r"train\.log: found step 100 of epoch 2 behind step 300 of epoch 1"):
        read_runs(tmp_path / "train.log", roles={"step": "data"})


def test_a_comma_between_decimals_of_a_log_is_not_one_between_thousands(tmp_path):
    (tmp_path / "train.log").write_text("".join(f"step 1,{s}00, loss 3,{s}4\n" for s in range(1, 5)))
    with pytest.raises(RunsError, match=r"row 1, column 'loss': found '3,14', expected .* Write decimals with a point"):
        read_runs(tmp_path / "train.log", roles={"step": "data"})


def test_long_lines_take_no_long_time(tmp_path):
    """Some are minutes where time goes with the square of the length."""
    began = time.monotonic()
    for line in ("step 1 " + 3900 * "a", "[step=1," + 3900 * "a", "step 1 " + 1900 * "a "):
        (tmp_path / "train.log").write_text(25 * f"{line}\n" + "".join(f"step {s}: loss 3.1\n" for s in range(1, 4)))
        assert len(understand(tmp_path / "train.log").table) == 3
    (tmp_path / "runs.jsonl").write_text(50_000 * " " + '{"model": "a", "data": 100, "loss": 3.1}\n')
    assert len(read_runs(tmp_path / "runs.jsonl").table) == 1
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("lines", [2, 5])
def test_lines_of_steps_in_a_column_of_a_table_are_no_log(tmp_path, lines):
    path = tmp_path / "runs.csv"
    rows = [f"a,{100 * n},{4 - n / 10},step {n}: loss 9.{n}\n" for n in range(lines)]
    path.write_text("model,data,loss,note\n" + "".join(rows[1:]))
    found = understand(path)
    assert found.format == "CSV"
    assert found.table["loss"].tolist() == [4 - n / 10 for n in range(1, lines)]


def test_lines_of_steps_in_a_text_of_a_folder_are_no_run(tmp_path):
    (tmp_path / "README.md").write_text("Prints:\n\n" + "".join(f"step {s}: loss {9 - s}\n" for s in range(1, 5)))
    (tmp_path / "runs.csv").write_text("model,data,loss\na,100,4.0\na,200,3.5\n")
    assert set(read_runs(tmp_path).table["model"]) == {"a"}


def test_what_a_trainer_prints_is_told_where_its_log_lies(tmp_path):
    path = tmp_path / "train.out"
    path.write_text("{'loss': 3.1, 'epoch': 0.1}\n{'eval_loss': 2.9, 'epoch': 0.2}\n")
    with pytest.raises(RunsError, match=r"found records in single quotes.*trainer_state\.json"):
        read_runs(path)


@pytest.mark.parametrize("before", ["[rank0]: ", "2026-01-01 10:00:00,123 INFO "])
def test_lines_of_nanogpt_behind_those_of_a_launcher(tmp_path, before):
    (tmp_path / "train.log").write_text("".join(before + line for line in NANOGPT.splitlines(keepends=True)))
    assert rows(read_runs(tmp_path / "train.log"), "data", "loss") == [[250 * 16384.0, 2.0], [500 * 16384.0, 1.7]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("train.log", NANOGPT.replace("val loss 1.7", "val loss nan")),
        ("m.csv", "step,tokens,train_loss,val_loss\n1,1e6,4,\n1,1e6,,3\n2,2e6,4,\n2,2e6,,NaN\n"),
        ("m.jsonl", '{"step": 1, "tokens": 1e6, "val_loss": 3}\n{"step": 2, "tokens": 2e6, "val_loss": NaN}\n'),
    ],
)
@pytest.mark.parametrize("in_folder", [False, True])
def test_a_loss_that_is_nan_is_said(tmp_path, name, text, in_folder):
    (tmp_path / name).write_text(text)
    (tmp_path / "other.csv").write_text("step,tokens,loss\n1,1e6,4\n2,2e6,3\n")
    roles = {"tokens": "ignore", "step": "data"} if in_folder and name == "train.log" else None
    runs = read_runs(tmp_path if in_folder else tmp_path / name, roles=roles)
    assert any("In 1 of these rows 'val_loss' is NaN" in note for note in runs.notes)


def test_empty_cells_of_a_log_are_no_nan(tmp_path):
    (tmp_path / "m.csv").write_text("step,tokens,train_loss,val_loss\n1,1e6,4,\n1,1e6,,3\n2,2e6,4,\n")
    assert not any("NaN" in note for note in read_runs(tmp_path / "m.csv").notes)


def test_parameters_that_nanogpt_prints(tmp_path):
    (tmp_path / "a.out").write_text(NANOGPT)
    assert set(read_runs(tmp_path / "a.out").table["params"]) == {10.65e6}


RANK = " > number of parameters on (tensor, pipeline) model parallel rank ({}, {}): {}\n"
TWO_RANKS = RANK.format(0, 0, "1,000,000") + RANK.format(1, 0, 2_000_000)


@pytest.mark.parametrize(
    ("printed", "params"),
    [
        (RANK.format(0, 0, 1_000_000), 1e6),
        (TWO_RANKS, 3e6),
        (TWO_RANKS * 2, 3e6),  # of a log that was resumed
        ("using world size: 4, tensor-model-parallel size: 2, pipeline-model-parallel size: 1\n" + TWO_RANKS, 3e6),
        ("  tensor_model_parallel_size ...................... 4\n" + TWO_RANKS, None),
        (RANK.format(1, 0, 2_000_000), None),
    ],
)
def test_parameters_that_megatron_prints_of_each_part(tmp_path, printed, params):
    (tmp_path / "a.log").write_text(printed + MEGATRON)
    found = read_runs(tmp_path / "a.log")
    assert set(found.table.get("params", [])) == ({params} if params else set())
    assert any("Parameters are not read" in note for note in found.notes) == (params is None)


def test_iterations_of_megatron_without_consumed_samples(tmp_path):
    without = re.sub(r"consumed samples: +\d+ \| ", "", MEGATRON)
    (tmp_path / "a.log").write_text(without)
    assert rows(read_runs(tmp_path / "a.log"), "tokens", "loss") == [[200 * 256 * 2048.0, 5.25]]
    (tmp_path / "a.log").write_text(without.replace("size:   256", "size:   128", 1))
    with pytest.raises(OpenQuestionsError, match="'global batch size' differs"):
        read_runs(tmp_path / "a.log")


TITAN = (
    "[rank0]:[titan] 2025-01-01 10:00:00,001 - root - INFO - Model llama3 debugmodel size: 6,139,136 total parameters\n"
    "[rank0]:[titan] 2025-01-01 10:00:00,002 - root - INFO - Training starts at step 1, with local batch size 8, "
    "global batch size 64, gradient accumulation steps 1, sequence length 2048, total steps 1000 (warmup 200)\n"
    "[rank0]:[titan] 2025-01-01 10:00:01,000 - root - INFO - \x1b[31mstep:  1  \x1b[32mloss:  8.1309  "
    "\x1b[38;2;180;60;0mgrad_norm:  1.5  \x1b[33mmemory:  1.20GiB(1.5%)  \x1b[34mtps: 7,166\x1b[39m\n"
    "[rank0]:[titan] 2025-01-01 10:00:02,000 - root - INFO - step: 100  loss:  4.5  grad_norm:  1.0\n"
    "[rank1]:[titan] 2025-01-01 10:00:02,000 - root - INFO - step: 100  loss:  4.5  grad_norm:  1.0\n"
)
TITAN_VALIDATED = TITAN + (
    "[rank0]:[titan] 2025-01-01 10:00:03,000 - root - INFO - validate step: 100  loss:  4.6  memory:  1.2GiB\n"
    "[rank0]:[titan] 2025-01-01 10:00:04,000 - root - INFO - validate step: 200  loss:  4.25  memory:  1.2GiB\n"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(TITAN, [[131072.0, 8.1309], [13107200.0, 4.5]]), (TITAN_VALIDATED, [[13107200.0, 4.6], [26214400.0, 4.25]])],
)
def test_logs_of_torchtitan_tell_losses_parameters_and_what_a_step_is(tmp_path, text, expected):
    path = tmp_path / "train.log"
    path.write_text(text)
    found = understand(path)
    assert found.format == "torchtitan log"
    assert rows(found, "tokens", "loss") == expected
    assert set(found.table["params"]) == {6139136.0}


def test_of_a_step_that_torchtitan_ran_again_after_it_was_resumed_the_later_counts(tmp_path):
    path = tmp_path / "train.log"
    path.write_text(TITAN + TITAN.splitlines()[-1].replace("4.5", "4.4") + "\n")
    assert rows(read_runs(path), "tokens", "loss")[-1] == [13107200.0, 4.4]
