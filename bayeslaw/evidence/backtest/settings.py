"""What methods are told beyond the runs, and which of them are asked."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bayeslaw.errors import LawError
from bayeslaw.evidence.backtest.result import OURS

if TYPE_CHECKING:
    from bayeslaw.laws.base import Law
    from bayeslaw.sampling.nuts import SamplerSettings


@dataclass(frozen=True)
class MethodSettings:
    """What methods are told beyond the runs.

    Attributes
    ----------
    law : str or Law
        Law that bayeslaw fits: the name of one of the package, or a law of one's own.
    seed : int
    sampler : SamplerSettings, optional
        How bayeslaw samples, if not as usual.
    leave_out : tuple of str
        Collections that what bayeslaw has learned about changes of slope is to be learned without.
    """

    law: "str | Law" = "rectified"
    seed: int = 0
    sampler: "SamplerSettings | None" = None
    leave_out: tuple[str, ...] = ()

    def scales(self) -> Any:
        """Priors of scales for a fit; None for the default ones.

        Raises
        ------
        TargetError, LawError
            If a collection cannot be left out.
        """
        if not self.leave_out:
            return None
        from bayeslaw.evidence.slope_changes import scales_without
        from bayeslaw.laws import get_law

        return scales_without(get_law(self.law) if isinstance(self.law, str) else self.law, self.leave_out)

    def as_dict(self, method: str) -> dict[str, Any]:
        """What of it an answer of a method depends on, as plain values."""
        if method != OURS:
            return {"seed": self.seed}
        sampler = None if self.sampler is None else asdict(self.sampler)
        # with the scales themselves, which follow from records that are no code
        left_out = {"leave_out": list(self.leave_out), "scales": asdict(self.scales())} if self.leave_out else {}
        return {"seed": self.seed, **_plain_law(self.law), "sampler": sampler, **left_out}


def _plain_law(law: "str | Law") -> dict[str, Any]:
    """A law as plain values; one of one's own, unlike those of the package, is not in the versions of the code."""
    if isinstance(law, str):
        return {"law": law}
    from bayeslaw.laws.fingerprint import law_record

    return law_record(law)


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


def checked_law(law: "str | Law") -> "str | Law":
    """Refuse an unknown law before anything is fitted; one that is not of the package goes to workers as it is.

    Raises
    ------
    LawError
        The message names the laws there are.
    """
    from bayeslaw.laws import get_law
    from bayeslaw.laws.registry import builtin_names

    if not isinstance(law, str):
        return law
    found = get_law(law)
    return law if found.name.partition("(")[0] in builtin_names() else found


def whole(value: float) -> float:
    """Whole numbers as such, which is how people write budgets."""
    return int(value) if value == int(value) else float(value)
