"""Pretrain small models, fine-tune each at doubling data sizes, and write one row a run.

    python sweep.py run tokens.npz runs --workers 2     # continues where it was stopped, at any time
    python sweep.py table tokens.npz runs small_finetune.csv
    python sweep.py repeat tokens.npz runs --count 4    # measures finished cells again, says how far they differ

One file appears in ``runs/cells`` for each finished run, so that a stopped sweep loses at most one run a worker.
"""

import argparse
import csv
import functools
import hashlib
import json
import math
import multiprocessing
import multiprocessing.connection
import os
import time
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import numpy as np
from training import BATCH, CHUNK, evaluate, train

from models import Decoder, build, count

WIDTHS = (32, 48, 24)
TASKS = ("python", "bible")
SIZES = tuple(50 * 2**k for k in range(11))
"""Fine-tuning sequences: 50 doubling to 51,200."""

MORE_SEEDS = (50, 100, 200, 51_200)
"""Sizes measured with 4 seeds; the others have 2."""

SHORT, LONG = 1200, 19_200
"""Pretraining steps; the short pretraining is the start of the long one."""

PRETRAINING_RATE = 4e-3
RATES = {100: (5e-4, 1e-3, 2e-3, 4e-3, 8e-3), 6400: (1e-3, 2e-3, 4e-3, 8e-3)}
"""Learning rates tried at two sizes, with seed 0; see ``learning_rate``."""

LAST_TRIED = 12_800
"""The size above RATES at which learning rates are tried around the one before."""

MOST_STEPS, LEAST_STEPS = 16_000, 608
"""Step limit at the largest size, 20 passes, and at small ones."""


class Family(NamedTuple):
    """What the models of a family have in common: architecture, pretraining text (none: "") and steps."""

    architecture: str
    text: str
    steps: int


FAMILIES = {
    "transformer-scratch": Family("transformer", "", 0),
    "transformer-docs-short": Family("transformer", "docs", SHORT),
    "transformer-docs-long": Family("transformer", "docs", LONG),
    "transformer-code-short": Family("transformer", "code", SHORT),
    "transformer-code-long": Family("transformer", "code", LONG),
    "gru-docs-long": Family("gru", "docs", LONG),
}


class Cell(NamedTuple):
    """One run to make."""

    family: str
    width: int
    task: str
    size: int
    seed: int


def curves() -> list[tuple[str, int, str, int]]:
    """Family, width, task and seed of each learning curve: all models with the first seed, then with the others."""
    return [
        (family, width, task, seed) for seed in range(4) for width in WIDTHS for family in FAMILIES for task in TASKS
    ]


def cells(family: str, width: int, task: str, seed: int) -> list[Cell]:
    """The runs of one learning curve."""
    return [Cell(family, width, task, size, seed) for size in SIZES if seed < 2 or size in MORE_SEEDS]


def most_steps(size: int) -> int:
    """Step limit of a run: so many that passes fall smoothly with the data size, from 56 at 1,600 sequences to 20.

    A limit that falls less, as the same number of steps for all would, bends curves where it begins to bind.
    """
    return max(LEAST_STEPS, CHUNK * round(MOST_STEPS * (size / SIZES[-1]) ** 0.7 / CHUNK))


class Sweep:
    """The folder of a sweep and the sequences it trains on."""

    def __init__(self, tokens: Path, folder: Path):
        self.folder = folder
        self._tokens = np.load(tokens)
        self._require_settings(hashlib.sha256(tokens.read_bytes()).hexdigest())
        (folder / "cells").mkdir(parents=True, exist_ok=True)
        (folder / "trials").mkdir(exist_ok=True)
        (folder / "models").mkdir(exist_ok=True)

    def _require_settings(self, tokens: str) -> None:
        """Runs of other settings or sequences do not go into one table."""
        names = ("BATCH", "CHUNK", "MOST_STEPS", "LEAST_STEPS", "SHORT", "LONG", "PRETRAINING_RATE", "LAST_TRIED")
        settings = {name: globals()[name] for name in names} | {"tokens": tokens}
        path = self.folder / "settings.json"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write(path, settings)
        there = json.loads(path.read_text())
        differing = [name for name in settings if there.get(name) != settings[name]]
        if differing:
            raise SystemExit(f"{path}: the runs there were made with other {', '.join(differing)}. Use another folder.")

    @functools.cache  # noqa: B019
    def sequences(self, name: str) -> np.ndarray:
        """Sequences of a split, such as "python/test"."""
        return self._tokens[name].astype(np.int32)

    def start(self, family: str, width: int, seed: int) -> Decoder:
        """The model that fine-tuning starts from: pretrained, or untrained with weights that depend on the seed."""
        architecture, text, steps = FAMILIES[family]
        if not text:
            return build(architecture, width, seed)
        path = self.folder / "models" / f"{architecture}-{width}-{text}-{steps}.eqx"
        if not path.exists():
            self.pretrain(architecture, width, text)
        return eqx.tree_deserialise_leaves(path, build(architecture, width, 0))

    def pretrain(self, architecture: str, width: int, text: str) -> None:
        """Train an untrained model on a pretraining text and store its weights after SHORT and LONG steps."""
        _, kept = train(
            build(architecture, width, 0),
            self.sequences(f"{text}/train"),
            self.sequences(f"{text}/validation"),
            lr=PRETRAINING_RATE,
            most_steps=LONG,
            seed=0,
            every_token=True,
            stop_early=False,
            keep=(SHORT, LONG),
        )
        for steps, model in kept.items():
            name = f"{architecture}-{width}-{text}-{steps}"
            record = {"validation_loss": evaluate(model, self.sequences(f"{text}/validation"))[0]}
            for task in TASKS:
                record[f"{task}_test_loss"] = evaluate(model, self.sequences(f"{task}/test"))[0]
            write(self.folder / "models" / f"{name}.json", record)
            part = self.folder / "models" / f"{name}.part"
            eqx.tree_serialise_leaves(part, model)
            part.rename(part.with_suffix(".eqx"))

    def measure(self, cell: Cell, lr: float) -> dict:
        """Fine-tune once and measure the loss on the test set."""
        model = self.start(cell.family, cell.width, cell.seed)
        chosen = np.random.default_rng(cell.seed).permutation(SIZES[-1])[: cell.size]
        began = time.perf_counter()
        trained, _ = train(
            model,
            self.sequences(f"{cell.task}/train")[chosen],
            self.sequences(f"{cell.task}/validation"),
            lr=lr,
            most_steps=most_steps(cell.size),
            seed=1000 + cell.seed,
        )
        loss, error = evaluate(trained.model, self.sequences(f"{cell.task}/test"))
        return {
            "model": f"{cell.family}-{cell.width}",
            "family": cell.family,
            "task": cell.task,
            "params": count(model),
            "data": cell.size,
            "seed": cell.seed,
            "loss": round(loss, 6),
            "loss_se": round(error, 6),
            "validation_loss": round(trained.validation_loss, 6),
            "learning_rate": lr,
            "batch": BATCH,
            "best_step": trained.best_step,
            "steps": trained.steps,
            "most_steps": most_steps(cell.size),
            "width": cell.width,
            "architecture": FAMILIES[cell.family].architecture,
            "pretraining_text": FAMILIES[cell.family].text,
            "pretraining_steps": FAMILIES[cell.family].steps,
            "seconds": round(time.perf_counter() - began, 1),
        }

    def trial(self, cell: Cell, lr: float) -> dict:
        """A run at one of the learning rates tried, read from disk where it is finished."""
        path = self.folder / "trials" / f"{name_of(cell)}-{lr:g}.json"
        if not path.exists():
            write(path, self.measure(cell, lr))
        return json.loads(path.read_text())

    def learning_rate(self, cell: Cell) -> float:
        """Learning rate of a model at a data size.

        At each size in RATES it is the one with the least validation loss in a run with seed 0; at LAST_TRIED, where
        fewer passes are made, so it is among half, one and two times the rate at the size before. Between these sizes
        its logarithm is linear in the logarithm of the size, and beyond them it stays the same.
        """
        best = {size: self.best_rate(cell._replace(size=size), rates) for size, rates in RATES.items()}
        if cell.size > max(RATES):
            last = best[max(RATES)]
            best[LAST_TRIED] = self.best_rate(cell._replace(size=LAST_TRIED), (last / 2, last, 2 * last))
        return float(f"{math.exp(np.interp(math.log(cell.size), *np.log([list(best), list(best.values())]))):.3g}")

    def best_rate(self, cell: Cell, rates: tuple[float, ...]) -> float:
        """The learning rate with the least validation loss, with seed 0."""
        return min(rates, key=lambda lr: self.trial(cell._replace(seed=0), lr)["validation_loss"])

    def run(self, cell: Cell) -> None:
        """Measure a cell if it is not on disk."""
        path = self.path(cell)
        if not path.exists():
            lr = self.learning_rate(cell)
            tried = cell.seed == 0 and cell.size in (*RATES, LAST_TRIED)
            write(path, self.trial(cell, lr) if tried else self.measure(cell, lr))

    def path(self, cell: Cell) -> Path:
        """File of a finished run."""
        return self.folder / "cells" / f"{name_of(cell)}.json"


def name_of(cell: Cell) -> str:
    return "-".join(map(str, cell))


def write(path: Path, record: dict) -> None:
    """Write a record in one go, so that a file that is there is complete."""
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(record))
    part.rename(path)


def work(core: int, jobs: multiprocessing.Queue, tokens: Path, folder: Path) -> None:
    """Take jobs until none is left, on one core."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})
    sweep = Sweep(tokens, folder)
    while (job := jobs.get()) is not None:
        if len(job) == 2:
            sweep.start(*job, seed=0)
            continue
        for cell in cells(*job):
            sweep.run(cell)


def run(tokens: Path, folder: Path, workers: int) -> None:
    """Make all the runs that are not on disk yet and print progress each half minute."""
    sweep = Sweep(tokens, folder)
    weights = {sweep.path(cell): most_steps(cell.size) * cell.width for curve in curves() for cell in cells(*curve)}
    began, before = time.time(), share_done(weights)
    for phase in ([(family, width) for width in WIDTHS for family in FAMILIES if family.endswith("long")], curves()):
        context = multiprocessing.get_context("spawn")
        jobs = context.Queue()
        for job in [*phase, *[None] * workers]:
            jobs.put(job)
        processes = [context.Process(target=work, args=(core, jobs, tokens, folder)) for core in range(workers)]
        for process in processes:
            process.start()
        while any(process.is_alive() for process in processes):
            multiprocessing.connection.wait([p.sentinel for p in processes if p.is_alive()], timeout=30)
            print(progress(weights, time.time() - began, before), flush=True)
            if any(process.exitcode for process in processes):
                for process in processes:
                    process.terminate()
                raise SystemExit("a worker failed; the finished runs are on disk")


def share_done(weights: dict[Path, int]) -> float:
    """Share of the work, by step limits and widths, that is on disk."""
    return sum(weight for path, weight in weights.items() if path.exists()) / sum(weights.values())


def progress(weights: dict[Path, int], seconds: float, before: float) -> str:
    """Runs finished, share of the work and time left, at the speed since this start."""
    share, finished = share_done(weights), sum(path.exists() for path in weights)
    left = f"{seconds / 60 * (1 - share) / (share - before):.0f} min" if share > before else "unknown"
    now = time.strftime("%H:%M:%S")
    return f"{now}  {finished}/{len(weights)} runs  {share:.1%} of the work  {seconds / 60:.0f} min so far, {left} left"


def table(folder: Path, out: Path) -> None:
    """Collect the finished runs into one CSV."""
    records = [json.loads(path.read_text()) for path in sorted((folder / "cells").glob("*.json"))]
    records.sort(key=lambda row: (row["task"], row["family"], row["params"], row["data"], row["seed"]))
    part = out.with_suffix(".part")
    with part.open("w", newline="") as file:
        writer = csv.DictWriter(file, [key for key in records[0] if key != "seconds"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(records)
    part.rename(out)


def repeat(tokens: Path, folder: Path, number: int) -> None:
    """Measure some finished cells again."""
    sweep = Sweep(tokens, folder)
    finished = [cell for curve in curves() for cell in cells(*curve) if sweep.path(cell).exists()]
    for cell in finished[:: max(1, len(finished) // number)][:number]:
        first = json.loads(sweep.path(cell).read_text())
        again = sweep.measure(cell, first["learning_rate"])
        print(f"{name_of(cell)}: {first['loss']:.6f}, again {again['loss']:.6f}, {again['loss'] - first['loss']:+.2e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("run", "table", "repeat"):
        command = commands.add_parser(name)
        command.add_argument("tokens", type=Path, help="sequences written by texts.py")
        command.add_argument("folder", type=Path, help="folder of the finished runs")
    commands.choices["run"].add_argument("--workers", type=int, default=2, help="processes, one core each")
    commands.choices["table"].add_argument("out", type=Path, help="the CSV to write")
    commands.choices["repeat"].add_argument("--count", type=int, default=4, help="cells to measure again")
    args = parser.parse_args()
    # one thread a process, the workers' included; jax reads this when it first computes
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    if args.command == "run":
        run(args.tokens, args.folder, args.workers)
    elif args.command == "table":
        table(args.folder, args.out)
    else:
        repeat(args.tokens, args.folder, args.count)


if __name__ == "__main__":
    main()
