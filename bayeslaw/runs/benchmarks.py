"""Benchmarks that are known by name: what guessing reaches, and how many questions there are."""

import re
from dataclasses import dataclass

from bayeslaw.runs.columns import MAX_HEADING, meaning, plain


@dataclass(frozen=True)
class Benchmark:
    """A benchmark of questions that are answered rightly or wrongly.

    Attributes
    ----------
    chance : share of questions that guessing answers rightly; None where there is no single one.
    questions : number of questions in the split that is usually asked; None where there are several.
    """

    chance: float | None
    questions: int | None


# Numbers of the splits that the lm-evaluation-harness asks, from the dataset cards of each.
_KNOWN = {
    "arc_easy": Benchmark(1 / 4, 2376),
    "arc_challenge": Benchmark(1 / 4, 1172),
    "hellaswag": Benchmark(1 / 4, 10042),
    "winogrande": Benchmark(1 / 2, 1267),
    "wsc": Benchmark(1 / 2, 104),
    "wsc273": Benchmark(1 / 2, 273),
    "logiqa": Benchmark(1 / 4, 651),
    "lambada": Benchmark(0.0, 5153),
    "piqa": Benchmark(1 / 2, 1838),
    "sciq": Benchmark(1 / 4, 1000),
    "mmlu": Benchmark(1 / 4, 14042),
    "truthfulqa": Benchmark(None, None),
    "gsm8k": Benchmark(0.0, 1319),
    "boolq": Benchmark(1 / 2, 3270),
    "commonsense_qa": Benchmark(1 / 5, 1221),
    "siqa": Benchmark(1 / 3, 1954),
    "openbookqa": Benchmark(1 / 4, 500),
    "copa": Benchmark(1 / 2, 100),
    "swag": Benchmark(1 / 4, 20006),
    "race": Benchmark(1 / 4, None),
    "anli_r1": Benchmark(1 / 3, 1000),
    "anli_r2": Benchmark(1 / 3, 1000),
    "anli_r3": Benchmark(1 / 3, 1200),
    "rte": Benchmark(1 / 2, 277),
    "wic": Benchmark(1 / 2, 638),
    "sst2": Benchmark(1 / 2, 872),
    "gpqa_main": Benchmark(1 / 4, 448),
    "gpqa_diamond": Benchmark(1 / 4, 198),
    "triviaqa": Benchmark(0.0, None),
    "nq_open": Benchmark(0.0, 3610),
    "humaneval": Benchmark(0.0, 164),
    "mbpp": Benchmark(0.0, 500),
}
_OTHER_NAMES = {
    "arc_easy": "arc_e, ai2_arc_easy",
    "arc_challenge": "arc, arc_c, ai2_arc, ai2_arc_challenge",
    "lambada": "lambada_openai, lambada_standard",
    "commonsense_qa": "csqa",
    "siqa": "social_iqa, social_i_qa",
    "openbookqa": "obqa, openbook_qa",
    "mmlu": "hendrycks_test",
    "truthfulqa": "truthfulqa_mc, truthfulqa_mc1, truthfulqa_mc2",
    "humaneval": "human_eval",
}
_BY_NAME = {
    plain(alias): known for name, known in _KNOWN.items() for alias in (name, *_OTHER_NAMES.get(name, "").split(", "))
}
_METRIC_BEHIND = re.compile(
    r"(.{1,200}?)[\s/.:_,-]+(?:acc|accuracy|acc[_ ]norm|exact[_ ]match|em|pass@1|score)(?:,[\w-]{1,40})?", re.I
)
_SUBJECT_OF_MMLU = re.compile(r"(?:mmlu|hendryckstest)[\s_:-]+(?!pro\b|pro_)\w.*", re.IGNORECASE)
_PERCENT = re.compile(r"\s*(?:[(\[](?:%|in %|percent)[)\]]|%)$", re.IGNORECASE)
_SHOTS = re.compile(r"[\s_(-]*\d+[\s_-]?shots?\)?$", re.IGNORECASE)


def known_benchmark(name: str) -> Benchmark | None:
    """The benchmark of a name, whatever its case and punctuation, and with or without a number of shots behind it."""
    if len(name) > MAX_HEADING:
        return None
    name = _SHOTS.sub("", name.strip())
    if _SUBJECT_OF_MMLU.fullmatch(name) and plain(name) not in _BY_NAME:
        return Benchmark(1 / 4, None)
    return _BY_NAME.get(plain(name) or "-")


def benchmark_in(heading: str) -> str | None:
    """The part of a heading that names a known benchmark: of ``arc_easy/acc`` or ``eval/arc_easy_acc``, for one."""
    if len(heading) > MAX_HEADING:
        return None
    heading = _PERCENT.sub("", heading.strip())
    behind = _METRIC_BEHIND.fullmatch(heading)
    names = (heading, *([behind[1]] if behind else []))
    names += tuple(name.rpartition("/")[2] for name in names if "/" in name)
    return next((name for name in names if known_benchmark(name) is not None), None)


def is_measured(heading: str) -> bool:
    """Whether a heading is of what was measured: of losses, of scores, or a known benchmark."""
    known = meaning(heading)
    return (known is not None and known.role in ("loss", "accuracy")) or benchmark_in(heading) is not None
