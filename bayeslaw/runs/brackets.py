"""What stands behind a heading: units in brackets or after a comma (``D (B tokens)``, ``Loss, nats``) and powers."""

import re
from dataclasses import dataclass

from bayeslaw.runs.units import MULTIPLE, RAISED, multiple_of

_BRACKETS = re.compile(r"(.{1,80}?)[\s_]*[(\[]([^()\[\]]{1,40})[)\]]")
_COMMA = re.compile(r"(.{1,80}?),\s+(\S.{0,39})")
_POWER_BEHIND = re.compile(r"(.{1,80}?)[\s_]*[x×/]\s*((?:10\s?(?:\^|\*\*)?\s?|1e)\S{1,3})", re.IGNORECASE)  # noqa: RUF001
_POWER = re.compile(r"(?:[x×·*]\s*)?(?:10\s?(?:\^|\*\*)?\s?|1e\+?)\{?(\d{1,2})\}?", re.IGNORECASE)  # noqa: RUF001
_IN_FRONT = re.compile(r"^(?:in|number of)\s+", re.IGNORECASE)
_MULTIPLE = re.compile(rf"({MULTIPLE})(?![a-z])", re.IGNORECASE)
_FLOP = re.compile(
    r"(|k|m|g|t|p|e|z|y|kilo|mega|giga|tera|peta|exa|zetta|yotta)[\s-]?flops?(?:[\s/-]?(s?[\s-]?days?))?", re.IGNORECASE
)
_OF_FLOP = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15, "e": 1e18, "z": 1e21, "y": 1e24}
_PF_DAYS = re.compile(r"pf(?:lops?)?[\s/-]*(?:s[\s/-]*)?days?", re.IGNORECASE)
_SECONDS_A_DAY = 86400.0
_NOUNS = {
    "params": "params, parameters, parameter, total, non embedding, nonembedding, non emb, non emb., "
    "without embeddings, non embedding params, non embedding parameters",
    "tokens": "tokens, token, toks, tok",
    "data": "examples, samples, sequences, images, sentences",
}
_NAMED = {word: role for role, words in _NOUNS.items() for word in words.split(", ")}
_PER = r"(?:\s*(?:/|per)\s*(token|tok|byte|char|character|word|image)s?)?"
_OF_LOSS = re.compile(rf"(nats?|bits?){_PER}", re.IGNORECASE)


@dataclass(frozen=True)
class Behind:
    """What stands behind a heading.

    Attributes
    ----------
    base : the heading before it.
    scale : what numbers are to be multiplied by.
    role : of what it says that it is counted: ``params``, ``tokens``, ``data`` or ``compute``; empty if it does not.
    unit : of a loss: ``nats`` or ``bits``; empty if it is of none.
    text : as it is written.
    """

    base: str
    scale: float
    role: str
    unit: str
    text: str


def behind(heading: str) -> Behind | None:
    """What stands behind a heading; None if nothing does that is understood."""
    found = next((one for form in (_BRACKETS, _COMMA, _POWER_BEHIND) if (one := form.fullmatch(heading.strip()))), None)
    if found is None:
        return None
    base, text = found[1], found[2].strip()
    said = _IN_FRONT.sub("", text)
    of_loss = _OF_LOSS.fullmatch(said)
    if of_loss:
        return Behind(base, 1.0, "", "bits" if of_loss[1].casefold().startswith("bit") else "nats", text)
    scale, rest = _scaled(said.translate(RAISED))
    if _PF_DAYS.fullmatch(rest):
        return Behind(base, scale * 1e15 * _SECONDS_A_DAY, "compute", "", text)
    flop = _FLOP.fullmatch(rest)
    if flop:
        by = _OF_FLOP[flop[1][:1].casefold()] * (_SECONDS_A_DAY if flop[2] else 1.0)
        return Behind(base, scale * by, "compute", "", text)
    noun = " ".join(re.split(r"[\s_-]+", rest.casefold().removeprefix("of ").strip()))
    if noun not in _NAMED and noun:
        return None
    return Behind(base, scale, _NAMED.get(noun, ""), "", text)


def letter_of(heading: str) -> str:
    """A heading without what stands in brackets behind it: of ``D (B tokens)`` the letter ``D``."""
    return re.split(r"[(\[]", heading, maxsplit=1)[0].strip()


def _scaled(text: str) -> tuple[float, str]:
    """The number that a text begins with as a unit, and the rest of it."""
    if power := _POWER.match(text):
        return 10.0 ** int(power[1]), text[power.end() :].strip()
    if word := _MULTIPLE.match(text):
        return multiple_of(word[1]), text[word.end() :].strip()
    return 1.0, text
