"""Names that come from files, made fit to be shown: no control characters, short, and still told apart."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from bayeslaw.numerics import count


def clean(text: str) -> str:
    """One printable line: white space and control characters become spaces, invisible ones go.

    Names come from files that strangers may have written, and a terminal obeys control characters.
    """
    kept = []
    for character in str(text):
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp", "Zs"):
            kept.append(" ")
        elif category == "Cs":  # half of a surrogate pair, which no file format can hold
            kept.append("\ufffd")
        elif category != "Cf":
            kept.append(character)
    return " ".join("".join(kept).split())


def elide(text: str, limit: int) -> str:
    """Cut the middle out of a text longer than ``limit`` characters; beginnings and ends tell names apart."""
    if len(text) <= limit:
        return text
    head = (limit - 1) * 3 // 5
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def also_at(at: Mapping[str, float]) -> str:
    """Covariates for which an answer holds, to stand behind its heading: ", params = 8B"."""
    return "".join(f", {clean(name)} = {count(value)}" for name, value in at.items())


def short_names(names: Sequence[str], limit: int = 26) -> dict[str, str]:
    """Shorten distinct names to distinct ones: without the organisation before ``/``, at most ``limit`` characters.

    Parameters
    ----------
    names : sequence of str
        Distinct names; ``limit`` is exceeded only where a number is needed to tell two of them apart.
    limit : int

    Returns
    -------
    dict
        From each name to its short one, in the order given.
    """
    steps: tuple[Callable[[str], str], ...] = (clean, lambda name: clean(name).rstrip("/").rpartition("/")[2])
    full, last = (dict(zip(names, map(step, names), strict=True)) for step in steps)
    repeated = Counter(last.values())
    whole = {name: last[name] if last[name] and repeated[last[name]] == 1 else full[name] for name in names}
    shorter = {name: elide(text or "(no name)", limit) for name, text in whole.items()}
    alike: dict[str, list[str]] = {}
    for name, short in shorter.items():
        alike.setdefault(short, []).append(name)
    for group in alike.values():
        if len(group) > 1:
            shared = _shared_start([whole[name] for name in group])
            shorter.update({name: _elide_before(whole[name], shared, limit) for name in group})
    taken: set[str] = set()
    for name, short in shorter.items():
        candidate, number = short, 2
        while candidate in taken:
            candidate, number = f"{short} ({number})", number + 1
        taken.add(candidate)
        shorter[name] = candidate
    return shorter


def _elide_before(text: str, place: int, limit: int) -> str:
    """Cut so that what stands from ``place`` on is kept: that is where this name differs from others like it."""
    if len(text) <= limit:
        return text or "(no name)"
    head = limit // 3
    begin = max(place - 3, head)
    kept = f"{text[:head]}…{text[begin:]}"
    return kept if len(kept) <= limit else f"{kept[: limit - 1]}…"


def _shared_start(texts: Sequence[str]) -> int:
    """How many characters all texts have in common at the start."""
    first, last = min(texts), max(texts)
    return next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
