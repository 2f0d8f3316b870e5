"""Readers under any input: the package's errors and no others, and what was written is what is read."""

import gzip
import json
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_readers_of_logs import GOLDEN, LIGHTNING, RESULTS, state
from test_readers_of_tables import MARKDOWN, SHAPES
from test_text_logs import FOUNDRY, MEGATRON, NANOGPT, NEMO

from bayeslaw.errors import RunsError
from bayeslaw.runs import read_runs
from bayeslaw.runs.columns import meaning
from bayeslaw.runs.units import read_count

WIDE = "config name,0,1k,204_800,D=1.6e6,size,family\na,9,4,3,2,7B,F\nb,8,,2.5,n/a,350M,G\n"
ABOUT = """Losses, all runs, in May
model,params,tokens,val loss,config
,M,B,nats,
a,70,1.4,3.9,{'lr': 0.1}
b,1 600,8.2,3.5*,{}
* b was trained twice
"""
SEEDS = [
    *(text.encode() for text in (NANOGPT, MEGATRON, FOUNDRY, NEMO, LIGHTNING, MARKDOWN, WIDE, ABOUT)),
    *(json.dumps(value).encode() for value in (*SHAPES.values(), RESULTS, state())),
    next((GOLDEN / "tensorboard").iterdir()).read_bytes(),
    (GOLDEN / "offline-run" / "run-tiny.wandb").read_bytes(),
]
PIECES = [
    b",",
    b'"',
    b"\n",
    b"|",
    b"\x00",
    b"nan",
    b"inf",
    b"1e999",
    b"{",
    b"[",
    b"null",
    b'""',
    b";",
    b"9" * 300,
    b"_",
]
PIECES += [
    b"loss",
    b"data",
    b"step",
    b"\\ud800",
    b"\xff",
    b"*",
    b"-1",
    b"params",
    b"tokens",
    b"compute",
    b"0",
    b"eval/",
]

CORPUS = {
    "quotes alone": b'""',
    "half of a character": b'{"model": "\\ud800", "data": 200, "loss": 3}',
    "half of a character in a name": b'{"\\ud800": 1, "data": 200, "loss": 3}',
    "a long number": b"model,data,loss\na," + b"1" * 30_000 + b",3\n",
    "a long number with commas": b'model,data,loss\na,"' + b"1," * 15_000 + b'",3\n',
    "a long heading": b"model,data,loss," + b"x_" * 100_000 + b"\na,1,2,3\n",
    "a long heading of underscores": b"model,data,loss,a" + b"_" * 30_000 + b"m\na,1,2,3\n",
    "brackets": b"[" * 100_000,
    "objects in objects": b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
    "a rule without a table": b"|" + b"-|" * 5_000 + b"\n",
    "loss of zero beside another": b"model,data,loss,method\na,1,0,x\na,1,2,y\na,2,1,x\na,2,2,y\n",
    "unique tokens that are none": b"model,tokens,unique_tokens,loss\na,10000,-1,2\n",
    "a line that is a log": b"iteration 1/2 |" + b" " * 30_000 + b"|\n",
    "an empty log": b'{"log_history": []}',
    "a log of something else": b'{"log_history": {"loss": 1}}',
    "results of something else": b'{"results": {"a": 1}, "versions": {}}',
    "the start of an event file": next((GOLDEN / "tensorboard").iterdir()).read_bytes()[:40],
    "the start of a run of W&B": (GOLDEN / "offline-run" / "run-tiny.wandb").read_bytes()[:20],
    "gzip of nothing": gzip.compress(b""),
}


def require_read_or_refused(path):
    """Read a file; the package's errors are of one line, and not long."""
    try:
        table, told = read_runs(path).table, ""
    except RunsError as error:
        table, told = None, str(error)
    assert "\n" not in told
    assert len(told) < 10_000
    assert table is None or (table[["data", "loss"]] > 0).all(axis=None)


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.timeout(20)
def test_what_once_failed_is_refused_or_read(tmp_path, name):
    (tmp_path / "t.csv").write_bytes(CORPUS[name])
    require_read_or_refused(tmp_path / "t.csv")


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_files_are_read_or_refused(data):
    content = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        until = data.draw(st.integers(at, min(len(content), at + 200)))
        content[at:until] = data.draw(st.sampled_from([b"", *PIECES, bytes(content[at:until]) * 2]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs.csv")
        path.write_bytes(bytes(content))
        require_read_or_refused(path)


NAMES = {
    "model": ["model", "Run Name", "config", "base_model"],
    "params": [
        "params",
        "N",
        "num_params",
        "parameter_count",
        "model/total_params",
        "params (M)",
        "size_B",
        "N (x10^6)",
    ],
    "tokens": ["tokens", "total_tokens", "throughput/total_tokens", "tokens_seen", "n_tokens [B]", "D (B tokens)"],
    "loss": [
        "loss",
        "eval_loss",
        "val/loss",
        "validation loss",
        "eval/c4/loss",
        "perplexity",
        "eval/bpb",
        "Loss (nats/token)",
        "val loss [bits]",
    ],
}
SCALES = {"params (M)": 1e6, "N (x10^6)": 1e6, "size_B": 1e9, "n_tokens [B]": 1e9, "D (B tokens)": 1e9}
SCALES |= {"eval/bpb": 0.6931471805599453, "val loss [bits]": 0.6931471805599453}
EXTRAS = ["train_loss", "lr", "epoch", "step", "_runtime", "grad_norm", "note"]


@st.composite
def tables(draw):
    """Runs whose truth is known, and the same under other headings, units and in another order of columns."""
    count = draw(st.integers(2, 5))
    sizes = draw(st.lists(st.integers(10**6, 10**11), min_size=count, max_size=count, unique=True))
    tokens = draw(st.lists(st.integers(10**8, 10**12), min_size=count, max_size=count, unique=True))
    losses = draw(st.lists(st.floats(0.5, 9.0), min_size=count, max_size=count))
    truth = pd.DataFrame({"model": [f"m{i}" for i in range(count)], "params": sizes, "tokens": tokens, "loss": losses})
    written = {}
    for role in draw(st.permutations(list(NAMES))):
        heading = draw(st.sampled_from(NAMES[role]))
        values = truth[role]
        scale = SCALES.get(heading, 1)
        if heading == "perplexity":
            values = values.map(lambda loss: 2.718281828459045**loss)
        written[heading] = values / scale if scale != 1 else values
    for name in draw(st.lists(st.sampled_from(EXTRAS), unique=True, max_size=3)):
        written[name] = [0.5] * count
    return truth, pd.DataFrame(written)


def _markdown(frame):
    lines = [frame.columns, ["---"] * frame.shape[1], *frame.astype(object).values.tolist()]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


WRITERS = {
    "csv": lambda frame: frame.to_csv(index=False).encode(),
    "tsv": lambda frame: frame.to_csv(index=False, sep="\t").encode("utf-16"),
    "decimal commas": lambda frame: frame.to_csv(index=False, sep=";", decimal=",").encode("utf-16"),
    "semicolons": lambda frame: frame.to_csv(index=False, sep=";").encode(),
    "markdown": lambda frame: _markdown(frame).encode(),
    "records": lambda frame: json.dumps(frame.astype(object).to_dict("records")).encode(),
    "lines": lambda frame: "\n".join(map(json.dumps, frame.astype(object).to_dict("records"))).encode(),
    "columns": lambda frame: json.dumps(frame.astype(object).to_dict("list")).encode(),
    "parquet": lambda frame: frame.to_parquet(),
}


@settings(deadline=None, max_examples=40)
@given(tables(), st.sampled_from(sorted(WRITERS)))
def test_what_is_written_is_what_is_read(pair, writer):
    truth, written = pair
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs.csv")
        path.write_bytes(WRITERS[writer](written))
        table = read_runs(path).table
    assert table["model"].tolist() == truth["model"].tolist()
    for name in ("params", "tokens", "loss"):
        assert table[name].tolist() == pytest.approx(truth[name].tolist(), rel=1e-9)
    assert table["data"].tolist() == table["tokens"].tolist()


@settings(deadline=None)
@given(st.text(max_size=80))
def test_headings_and_counts_of_any_text(text):
    meaning(text)
    count = read_count(text)
    assert count is None or isinstance(count, float)


@pytest.mark.parametrize("text", ["1" * 30_000, "1," * 15_000, "_" * 30_000, "1" * 30_000 + "x", " " * 30_000 + "k"])
@pytest.mark.timeout(2)
def test_long_texts_take_no_time(text):
    read_count(text)
    meaning(text)
    meaning(text[:250])
