"""What methods are told beyond the runs, and which of them are asked."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bayeslaw.errors import LawError
from bayeslaw.evidence.backtest.result import OURS

if TYPE_CHECKING:
    from bayeslaw.sampling.nuts import SamplerSettings


@dataclass(frozen=True)
class MethodSettings:
    """What methods are told beyond the runs.

    Attributes
    ----------
    law : str
        Law that bayeslaw fits.
    seed : int
    sampler : SamplerSettings, optional
        How bayeslaw samples, if not as usual.
    """

    law: str = "rectified"
    seed: int = 0
    sampler: "SamplerSettings | None" = None

    def as_dict(self, method: str) -> dict[str, Any]:
        """What of it an answer of a method depends on, as plain values."""
        if method != OURS:
            return {"seed": self.seed}
        return {"seed": self.seed, "law": self.law, "sampler": None if self.sampler is None else asdict(self.sampler)}


def choose_methods(text: str | None, known: Iterable[str]) -> tuple[str, ...]:
    """Names of methods from a comma-separated list; None takes all.

    Raises
    ------
    LawError
        If one is not known.
    """
    known = tuple(known)
    if text is None:
        return known
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in known:
            raise LawError(f"--methods: found {name!r}, expected some of {', '.join(known)}. Separate them by commas.")
    if not names:
        raise LawError(f"--methods: found no name, expected some of {', '.join(known)}.")
    return names


def require_law(law: str) -> None:
    """Refuse an unknown law before anything is fitted.

    Raises
    ------
    LawError
        The message names the laws there are.
    """
    from bayeslaw.laws import get_law

    get_law(law)


def whole(value: float) -> float:
    """Whole numbers as such, which is how people write budgets."""
    return int(value) if value == int(value) else float(value)
