"""The names that the field gives to the same few columns, and how they are recognised."""

import re
from dataclasses import dataclass

from bayeslaw.errors import RunsError
from bayeslaw.runs.units import MULTIPLES, read_count

COUNTS = ("data", "params", "tokens", "compute")
MEASURES = ("loss", "loss_se")
NAMES = ("model", "family", "task")
CANONICAL = ("model", "family", "task", "data", "params", "tokens", "compute", "loss", "loss_se", "seed", "metric")

# Compared without case and punctuation, so that `Seen Examples`, `seen_examples` and `seen-examples` are one name.
ALIASES = {
    "model": "model, model name, model id, base model, config, config name, run, run name, run id, curve, curve name, "
    "name",
    "family": "family, family name, model family, arch, architecture, group, series, model series",
    "task": "task, task name, dataset, dataset name, benchmark, corpus",
    "data": "data, D, examples, n examples, num examples, number of examples, seen examples, examples seen, "
    "train examples, training examples, samples, n samples, num samples, number of samples, seen samples, "
    "samples seen, training samples, sample size, train size, training size, training set size, dataset size, "
    "data size, n train, num train, n data",
    "params": "params, N, param, parameters, n params, num params, n parameters, num parameters, number of parameters, "
    "param count, params count, parameter count, parameters count, total params, total parameters, model params, "
    "model parameters, size, model size",
    "tokens": "tokens, n tokens, num tokens, number of tokens, token count, tokens seen, seen tokens, total tokens, "
    "train tokens, training tokens, n train tokens, num training tokens",
    "compute": "compute, C, flop, flops, n flops, num flops, total flop, total flops, train flop, train flops, "
    "training flop, training flops, total compute, train compute, training compute, compute flop, compute flops",
    "loss": "loss, eval loss, evaluation loss, test loss, val loss, valid loss, validation loss, dev loss, "
    "heldout loss, final loss, mean loss, nll, nll loss, negative log likelihood, ce, ce loss, xent, cross entropy, "
    "cross entropy loss, log perplexity, value",
    "loss_se": "loss_se, loss stderr, loss standard error, loss sem, se, sem, stderr, standard error",
    "seed": "seed, random seed, rng seed",
    "metric": "metric, metric name",
}
GIGA_FLOP = "gflop, gflops, total gflop, total gflops, train gflop, train gflops, training gflop, training gflops"

_HEADING_WITH_UNIT = re.compile(
    r"(.+?)[\s_]*[(\[]\s*(K|M|B|G|T|thousands?|millions?|billions?|trillions?)\s*[)\]]", re.IGNORECASE
)
_SIZE_PREFIX = re.compile(r"(?:d|n|data|examples|samples|tokens)\s*=", re.IGNORECASE)


def plain(name: str) -> str:
    """Strip a name of case and punctuation, which people use freely."""
    return "".join(character for character in name.casefold() if character.isalnum())


# What a heading without case and punctuation means, and what its numbers are multiplied by.
_MEANING = {plain(alias): (name, 1.0) for name, aliases in ALIASES.items() for alias in aliases.split(", ")}
_MEANING.update({plain(alias): ("compute", 1e9) for alias in GIGA_FLOP.split(", ")})


@dataclass(frozen=True)
class Column:
    """A column that was recognised: the heading it stands under, and what its numbers are multiplied by."""

    heading: str
    scale: float = 1.0


def recognise(headings: list[str], source: str) -> dict[str, Column]:
    """Find the canonical columns among the headings of a table.

    Returns
    -------
    dict from canonical name to the column that holds it, in the canonical order.

    Raises
    ------
    RunsError
        If two headings mean the same and neither is the canonical name itself.
    """
    candidates: dict[str, list[Column]] = {name: [] for name in CANONICAL}
    for heading in headings:
        meaning = _meaning(heading)
        if meaning:
            candidates[meaning[0]].append(Column(heading, meaning[1]))
    return {name: _one_of(name, columns, source) for name, columns in candidates.items() if columns}


def sizes_in_headings(headings: list[str]) -> dict[str, float]:
    """Find the headings that are data sizes, as in a wide table: ``200``, ``1k``, ``204_800``, ``1.6e6``, ``D=200``."""
    sizes = {heading: read_count(_SIZE_PREFIX.sub("", heading, count=1).strip()) for heading in headings}
    return {heading: size for heading, size in sizes.items() if size is not None and size >= 0 and size.is_integer()}


def _meaning(heading: str) -> tuple[str, float] | None:
    known = _MEANING.get(plain(heading))
    if known:
        return known
    with_unit = _HEADING_WITH_UNIT.fullmatch(heading)
    base = _MEANING.get(plain(with_unit[1])) if with_unit else None
    if base and with_unit and base[0] in COUNTS:
        return base[0], base[1] * MULTIPLES[with_unit[2][0].lower()]
    return None


def _one_of(name: str, columns: list[Column], source: str) -> Column:
    exact = [column for column in columns if column.heading == name]
    nearly = [column for column in columns if plain(column.heading) == plain(name)]
    for choice in (exact, nearly, columns):
        if len(choice) == 1:
            return choice[0]
    headings = " and ".join(repr(column.heading) for column in columns)
    raise RunsError(
        f"{source}: the columns {headings} all mean {name}, expected one. "
        f"Rename the one to use to {name!r}, or drop the others."
    )
