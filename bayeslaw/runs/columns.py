"""What a heading means: the names that the field gives to the same few columns."""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bayeslaw.runs.brackets import Behind, behind
from bayeslaw.runs.units import MULTIPLE, multiple_of, read_count

COUNTS = ("data", "params", "tokens", "compute", "unique_data")
LOSSES = ("loss", "loss_se")
SCORES = ("accuracy", "accuracy_se", "questions", "chance", "model_loss")
"""Columns of a table of benchmark scores: the share of questions answered rightly and its standard error, how many
questions there were, what guessing reaches, and the loss of the model on text."""

SHARES = ("accuracy", "accuracy_se", "chance")
MEASURES = (*LOSSES, *SCORES)
NAMES = ("model", "family", "task")
CANONICAL = (
    "model", "family", "task", "data", "params", "tokens", "compute", "unique_data", *MEASURES, "seed", "metric"
)  # fmt: skip
RATIOS = {"tokens_per_param": "params", "epochs": "unique_data"}
"""Columns that tell the data beside another column, times which they are tokens (or examples)."""
OF_SEVERAL = ("variant", "best", "covariate", "ignore")
"""Roles that several columns may have: part of the model's name, a setting over which the best run counts, what a law
other than the usual ones depends on, or nothing."""
ROLES = (*CANONICAL, "steps", *RATIOS, *OF_SEVERAL)
"""What a column can be told to be: canonical, steps of training, one of `RATIOS`, or one of `OF_SEVERAL`."""

OTHER_SIZES = (
    "parallel_size", "experts", "active_params", "granularity", "density", "vocab_size", "demonstrations", "position",
    "loss_inverse", "rate_sum", "annealed_sum", "weight_bits", "activation_bits", "kv_bits", "learning_rate",
    "batch_size",
)  # fmt: skip
"""Further columns that laws depend on. A table with one of them may do without data sizes."""

_OTHER_NAMES = {
    "experts": "n experts, num experts, number of experts, expert count, experts count, total experts",
    "parallel_size": "streams, n streams, num streams, number of streams, parallel streams, num parallel streams",
    "vocab_size": "vocab, vocabulary, vocabulary size, n vocab, num vocab",
}
"""Further names of some of them."""

SHARE = "share_"
"""What names of columns begin with that are shares of domains in training; a table with several needs no sizes."""


def shares_among(headings: Iterable[str]) -> tuple[str, ...]:
    """Columns that are shares of a mixture by their names; none if there is only one."""
    found = tuple(heading for heading in headings if str(heading).startswith(SHARE))
    return found if len(found) > 1 else ()


# Compared without case and punctuation, so that `Seen Examples`, `seen_examples` and `seen-examples` are one name.
ALIASES = {
    "model": "model, model name, model id, base model, config, config name, run, run name, run id, curve, curve name, "
    "name, model name or path, pretrained model, pretrained model name or path, experiment name",
    "family": "family, family name, model family, arch, architecture, group, series, model series",
    "task": "task, task name, dataset, dataset name, benchmark, corpus",
    "data": "data, D, examples, n examples, num examples, number of examples, seen examples, examples seen, "
    "train examples, training examples, samples, n samples, num samples, number of samples, seen samples, "
    "samples seen, training samples, train samples, n train samples, num train samples, num training samples, "
    "n train examples, num train examples, num training examples, images, n images, num images, images seen, "
    "train images, training images, sequences, n sequences, num sequences, sequences seen, sentences, n sentences, "
    "num sentences, sentence pairs, sample size, train size, training size, training set size, dataset size, "
    "data size, n train, num train, n data, consumed samples, consumed train samples, time sample, characters, "
    "n characters, num characters, number of characters, characters seen, train characters, training characters",
    "params": "params, N, param, parameters, parameter, n params, num params, n parameters, num parameters, "
    "number of parameters, param count, params count, parameter count, parameters count, total params, "
    "total parameters, params total, parameters total, model params, model parameters, size, model size, "
    "dense params, dense parameters, dense param count, dense parameter count",
    "tokens": "tokens, n tokens, num tokens, number of tokens, token count, tokens seen, seen tokens, total tokens, "
    "train tokens, training tokens, n train tokens, num training tokens, consumed tokens, num input tokens seen, "
    "tokens trained, trained tokens, n tokens seen, num tokens seen, tokens processed, processed tokens, time token, "
    "dataset tokens, dataset size tokens, data tokens",
    "compute": "compute, C, flop, flops, n flops, num flops, total flop, total flops, train flop, train flops, "
    "training flop, training flops, total compute, train compute, training compute, compute flop, compute flops, "
    "total flos, compute budget, budget",
    "unique_data": "unique data, unique tokens, unique examples, unique samples, n unique tokens, num unique tokens",
    "loss": "loss, final loss, mean loss, nll, nll loss, negative log likelihood, ce, ce loss, xent, cross entropy, "
    "cross entropy loss, log perplexity, log ppl, value, heldout loss, lm loss value, lm loss",
    "loss_se": "loss_se, loss stderr, loss standard error, loss sem, se, sem, stderr, standard error",
    "accuracy": "accuracy, acc, acc norm, acc none, acc norm none, exact match, pass 1, top 1, mc 1, mc 2, score",
    "accuracy_se": "accuracy_se, accuracy stderr, accuracy standard error, accuracy sem, acc se, acc sem, acc stderr, "
    "acc stderr none, acc norm stderr, acc norm stderr none, exact match stderr, score stderr, score se",
    "questions": "questions, n questions, num questions, number of questions, question count",
    "chance": "chance, chance level, chance accuracy, random chance, random accuracy, random baseline",
    "tokens_per_param": "tokens per param, tokens per parameter, token per param, token per parameter, tokens params, "
    "tokens parameters, tokens to params ratio, token to param ratio, token param ratio, tokens params ratio, tpp, "
    "D N, D N ratio, data to params ratio, tokens param",
    "epochs": "epochs, n epochs, num epochs, number of epochs, train epochs, num train epochs",
    "seed": "seed, random seed, rng seed",
    "metric": "metric, metric name",
    "steps": "step, steps, global step, iteration, iterations, iter, iters, train steps, training steps, n steps, "
    "num steps, num train steps, update, updates, optimizer steps, time batch",
}
_GIGA = "gflop, gflops, total gflop, total gflops, train gflop, train gflops, training gflop, training gflops"
_FLOPS = (
    (1e9, _GIGA),
    (1e12, _GIGA.replace("gflop", "tflop").split(", ", 2)[2]),  # tflops alone is a speed
    (1e15, "pflop, total pflops, petaflop, petaflops"),
    (1e18, "eflop, total eflops, exaflop, exaflops"),
    (1e21, "zflop, total zflops, zettaflop, zettaflops"),
    (
        86400e15,
        "pf days, pf day, petaflop s days, petaflop s day, petaflop days, petaflop day, petaflops days, pflop s days, "
        "pflop s day, pflop days, pflop day, pflops days, pflops day",
    ),
)
_WITHOUT_EMBEDDINGS = (
    "non embedding params, non embedding parameters, params non embedding, parameters non embedding, n non embedding, "
    "num non embedding params, non embedding param count, params without embeddings, non vocab params, "
    "non vocab parameters, non vocabulary params, non vocabulary parameters, n non vocab, num non vocab params"
)
_LOSS_UNITS = {
    "perplexity": "perplexity", "ppl": "perplexity", "bpb": "bits", "bits per byte": "bits", "bits per token": "bits",
    "bits per character": "bits", "bits per char": "bits", "bpc": "bits",
}  # fmt: skip

EVALUATION_WORDS = frozenset(["eval", "evaluation", "val", "valid", "validation", "test", "dev", "heldout", "holdout"])
TRAINING_WORDS = frozenset(["train", "training"])
_OVERALL = frozenset(["macro", "mean", "avg", "average", "overall", "final", "last", "best", "min", "lowest"])
_LOWEST = frozenset(["min", "lowest"])  # behind a loss, an end of what several runs or steps reached
_OTHER_LOSSES_LIST = "aux, auxiliary, z, balance, balancing, load, router, kl, reg, regularization, l1, l2, moe, scale"
OTHER_LOSSES = frozenset(_OTHER_LOSSES_LIST.split(", "))
_LOSS_WORDS = ("loss", "nll", "ce", "xent", "cross entropy", "log perplexity", "log ppl", "negative log likelihood")

_Endings = Mapping[str, Sequence[list[str]]]


def _endings(names: Iterable[str]) -> _Endings:
    """Words of names by the last of them, the longest names first."""
    found: dict[str, list[list[str]]] = {}
    for name in sorted(names, key=len, reverse=True):
        found.setdefault(name.split()[-1], []).append(name.split())
    return found


_ENDING_IN_ACCURACY = _endings(name for name in ALIASES["accuracy"].split(", ") if name != "score")
_ENDING_IN_LOSS = _endings(_LOSS_WORDS)
_ENDING_IN_UNIT = _endings(_LOSS_UNITS)

_UNIT_BEHIND = re.compile(rf"(.{{1,80}}?)[\s_]+(?:in[\s_]+)?({MULTIPLE})", re.IGNORECASE)
_SIZE_PREFIX = re.compile(r"(?:d|n|data|examples|samples|tokens)\s*=", re.IGNORECASE)
_WORD_AT_END = re.compile(r"[A-Za-z]{2}$")
_PARTS = re.compile(r"[/.:]")
_WORDS = re.compile(r"[A-Za-z]+|\d+")
_DATALOADER = re.compile(r"/dataloader_idx_\d{1,4}$")
"""What Lightning writes behind the name of a metric that is measured on several sets of data."""

MAX_HEADING = 300
"""Characters of a heading beyond which it is no name that the field uses."""


@dataclass(frozen=True)
class Meaning:
    """What a heading seems to mean.

    Attributes
    ----------
    role : a canonical name, or ``steps``.
    scale : what the numbers are to be multiplied by.
    unit : the unit of a loss: ``nats``, ``bits`` or ``perplexity``; empty for others.
    rank : which of several columns of one role to take: the least.
    why : what gave it away.
    """

    role: str
    scale: float = 1.0
    unit: str = ""
    rank: int = 0
    why: str = ""


EVALUATION, EVALUATION_OF, PLAIN, LOSS_OF, VALUE, TRAINING = 0, 1, 3, 4, 6, 7
"""Ranks of losses and accuracies: of an evaluation, of one among several evaluations, not said of what, of something,
of a value whose metric another column may tell, and of training."""

_IN_ANOTHER_UNIT = {True: 2, None: 5, False: 8}  # of an evaluation, not said of what, of training


def plain(name: str) -> str:
    """Strip a name of case and punctuation, which people use freely."""
    return "".join(character for character in name.casefold() if character.isalnum())


_MEANING = {plain(alias): Meaning(name) for name, aliases in ALIASES.items() for alias in aliases.split(", ")}
_MEANING.update({plain(alias): Meaning("compute", by) for by, names in _FLOPS for alias in names.split(", ")})
_MEANING.update(
    {
        plain(alias): Meaning("params", rank=1, why="parameters without embeddings, by its name")
        for alias in _WITHOUT_EMBEDDINGS.split(", ")
    }
)
_LOSS_NAMES = {plain(name) for name in ALIASES["loss"].split(", ")}
_OTHER_SIZE = {plain(name): name for name in OTHER_SIZES}
_OTHER_SIZE |= {plain(alias): name for name, aliases in _OTHER_NAMES.items() for alias in aliases.split(", ")}


def other_size(heading: str) -> str | None:
    """Which of `OTHER_SIZES` a heading is by its name, such as ``experts`` of ``num_experts``."""
    return _OTHER_SIZE.get(plain(heading))


def last_part(heading: str) -> str:
    """The plain name of the last part of a heading, which says what it is of: ``lr`` of ``optimizer/lr``."""
    return plain(_PARTS.split(heading)[-1])


@functools.lru_cache(maxsize=2**15)
def meaning(heading: str) -> Meaning | None:
    """What a heading means by its name: the whole of it, without a unit behind it, or its last part (``a/b/c``)."""
    if len(heading) > MAX_HEADING or not heading.strip():
        return None
    heading = _DATALOADER.sub("", heading)
    with_unit = behind(heading)
    if with_unit is not None and (found := _in_unit(with_unit)) is not None:
        return found
    parts = [part for part in _PARTS.split(heading) if part.strip()] or [heading]
    beside = _MEANING.get(plain(heading))
    if beside is not None and beside.role in SCORES and beside.role != "accuracy":
        return beside
    measured = _before_stages(parts)
    found = _accuracy(heading, measured) or _loss(heading, measured)
    if found is not None:
        return found
    known = _MEANING.get(plain(heading)) or _with_unit(heading)
    if known and known.role != "loss":
        return known
    if len(parts) > 1 and len(plain(parts[-1])) > 1:  # not the C, D and N of other things
        last = _MEANING.get(plain(parts[-1])) or _with_unit(parts[-1])
        if last and last.role != "loss":
            return Meaning(last.role, last.scale, rank=1, why=f"the last part of the heading, {parts[-1].strip()!r}")
    return None


def meanings_of_metric(metric: str) -> list[Meaning]:
    """What the name of a metric, or a part of it, is a measure of; of ``wikitext:bpb`` that of ``bpb``."""
    return [known for part in (metric, *metric.split(":")) if (known := meaning(part)) is not None]


def usual_place(role: str, heading: str) -> int:
    """Where a heading stands among the usual names of a role, the most usual first."""
    names = [plain(alias) for alias in ALIASES[role].split(", ")]
    return names.index(plain(heading)) if plain(heading) in names else len(names)


def counts_steps(heading: str) -> bool:
    """Whether a heading is one that only logs of training have."""
    return plain(heading) in ("step", "globalstep", "epoch", "iter", "iteration")


def sizes_in_headings(headings: list[str]) -> dict[str, float]:
    """Find the headings that are data sizes, as in a wide table: ``200``, ``1k``, ``204_800``, ``1.6e6``, ``D=200``."""
    bare = {heading: _SIZE_PREFIX.sub("", heading, count=1).strip() for heading in headings}
    sizes = {heading: read_count(size) for heading, size in bare.items() if not _WORD_AT_END.search(size)}
    return {heading: size for heading, size in sizes.items() if size is not None and size >= 0 and size.is_integer()}


def _with_unit(heading: str) -> Meaning | None:
    found = _UNIT_BEHIND.fullmatch(heading.strip())
    base = _MEANING.get(plain(found[1])) if found else None
    if base and found and base.role in COUNTS:
        return Meaning(base.role, base.scale * multiple_of(found[2]), why=f"the heading names a unit, {found[2]!r}")
    return None


def _in_unit(found: Behind) -> Meaning | None:
    """What a heading means that names its unit behind it; None if the unit is none of what it is of."""
    known = meaning(found.base)
    why = f"the heading names a unit, {found.text!r}"
    if found.unit == "nats" and known is None:
        return Meaning("loss", unit="nats", rank=LOSS_OF, why=why)
    if known is None or (known.scale != 1 and (found.role or found.unit)):
        return None
    if found.unit:
        return replace(known, unit=found.unit, why=why) if known.role == "loss" and known.unit == "nats" else None
    if known.role not in COUNTS or found.role not in ("", known.role, *(["tokens"] if known.role == "data" else [])):
        return None
    if found.scale == 1 and not found.role:
        return None
    return replace(known, role=found.role or known.role, scale=known.scale * found.scale, why=why)


def _before_stages(parts: list[str]) -> list[str]:
    """Parts of a heading without those at its end that only say of what it was measured: of ``Loss/val``, ``Loss``."""
    while (
        len(parts) > 1 and (words := words_in(parts[-1])) and EVALUATION_WORDS.union(TRAINING_WORDS).issuperset(words)
    ):
        parts = parts[:-1]
    return parts


def _accuracy(heading: str, parts: list[str]) -> Meaning | None:
    """Whether a heading names a share of questions answered rightly, on its own or of something."""
    words, last = words_in(heading), words_in(parts[-1].partition(",")[0])
    stage = [word for word in words if word in EVALUATION_WORDS | TRAINING_WORDS]
    named = [word for word in last if word not in EVALUATION_WORDS | TRAINING_WORDS | _OVERALL]
    if not _ending(last, _ENDING_IN_ACCURACY) and named not in (["score"], ["scores"]):
        return None
    if any(word in EVALUATION_WORDS for word in stage):
        return Meaning("accuracy", rank=EVALUATION, why="an accuracy of an evaluation, by its name")
    if stage:
        return Meaning("accuracy", rank=TRAINING, why="an accuracy of training, by its name")
    return Meaning("accuracy", rank=PLAIN, why="an accuracy, by its name")


def _loss(heading: str, parts: list[str]) -> Meaning | None:
    """What a heading of a loss is a measure of."""
    words = words_in(heading)
    last = [word for word in words_in(parts[-1]) if word not in EVALUATION_WORDS | TRAINING_WORDS]
    while len(last) > 1 and last[-1] in _OVERALL - _LOWEST:  # of several seeds: loss_mean
        last.pop()
    stage = [word for word in words if word in EVALUATION_WORDS or word in TRAINING_WORDS]
    evaluation = any(word in EVALUATION_WORDS for word in stage)
    unit = _ending(last, _ENDING_IN_UNIT)
    kind = _LOSS_UNITS[unit] if unit else ""
    if kind and not (kind == "perplexity" and "log" in last):
        rank = _IN_ANOTHER_UNIT[evaluation if stage else None]
        return Meaning("loss", unit=kind, rank=rank, why=f"{kind} by its name")
    name = _ending(last, _ENDING_IN_LOSS)
    is_name = plain(heading) in _LOSS_NAMES or plain(parts[-1]) in _LOSS_NAMES
    if name is None and not is_name:
        return None
    of = [word for word in words if word not in stage and word not in (name or "").split()]
    if any(word in OTHER_LOSSES for word in of):
        return None
    if plain(parts[-1]) == "value":
        return Meaning("loss", unit="nats", rank=VALUE, why="values, of the metric that is named")
    if plain(heading) == "heldoutloss" or evaluation:
        rank = EVALUATION if all(word in _OVERALL for word in of) or is_name else EVALUATION_OF
        return Meaning("loss", unit="nats", rank=rank, why="a loss of an evaluation, by its name")
    if stage:
        return Meaning("loss", unit="nats", rank=TRAINING, why="a loss of training, by its name")
    return Meaning("loss", unit="nats", rank=PLAIN if is_name else LOSS_OF, why="a loss, by its name")


def _ending(words: list[str], names: _Endings) -> str | None:
    """The name that a heading ends with; the longest."""
    alike = names.get(words[-1], ()) if words else ()
    return next((" ".join(name) for name in alike if words[-len(name) :] == name), None)


def words_in(heading: str) -> list[str]:
    """Words and numbers of a heading in lower case: ``val``, ``loss``, ``1`` of ``valLoss_1``."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)
    return [word.casefold() for word in _WORDS.findall(apart)]
