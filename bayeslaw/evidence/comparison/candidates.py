"""Which laws a table can be compared by, and about how long that takes."""

from collections.abc import Mapping, Sequence

from bayeslaw.errors import BayeslawError
from bayeslaw.kinds.registry import kind_of
from bayeslaw.kinds.shared.layout import laws_fed_by, points_of_table
from bayeslaw.kinds.shared.outcome import outcome_of_law
from bayeslaw.laws import get_law
from bayeslaw.laws.base import Law
from bayeslaw.laws.registry import own_names
from bayeslaw.laws.suited import suited_law
from bayeslaw.runs import Runs

SECONDS_A_FIT, SECONDS_A_RUN = 25.0, 0.1
"""What a fit takes, most of it for compiling, and each run of the table adds: a rule of thumb for a quiet machine."""


def all_laws(runs: Runs) -> tuple[tuple[Law, ...], tuple[str, ...]]:
    """Every law whose covariates a table has and that can be compared with the others; and why others cannot.

    Where models are points, not curves, only joint laws are compared: others know nothing of models that they have not
    seen. Of several outcomes or links that of the suited law counts, else that with the most laws.

    Parameters
    ----------
    runs : Runs

    Returns
    -------
    laws : tuple of Law
    left_out : tuple of str
        A sentence a law that the table could feed.
    """
    own = [name for name in own_names() if _fed(get_law(name), runs)]
    fed = [get_law(name) for name in (*laws_fed_by(runs), *own)]
    suited = get_law(suited_law(runs)[0])
    joint = kind_of(suited).knows == "family"
    kept, reasons = [], []
    for law in fed:
        if joint and kind_of(law).knows != "family":
            reasons.append(f"{law.name}: models of this table have too few data sizes for curves of their own.")
            continue
        try:
            points_of_table(runs, law, outcome_of_law(kind_of(law).outcome, law))
        except BayeslawError as error:
            reasons.append(f"{law.name}: {error}")
            continue
        kept.append(law)
    outcomes = [outcome_of_law(kind_of(law).outcome, law) for law in kept]
    usual = outcome_of_law(kind_of(suited).outcome, suited)
    if usual not in outcomes:
        usual = max(outcomes, key=outcomes.count, default=usual)
    for law, outcome in zip(kept, outcomes, strict=True):
        if outcome != usual:
            reasons.append(f"{law.name}: it is of {outcome.linked_unit}, the others are not.")
    same = tuple(law for law, outcome in zip(kept, outcomes, strict=True) if outcome == usual)
    return same, tuple(reasons)


def asked_alike(
    laws: Sequence[Law], points: Mapping[str, Mapping[str, float]]
) -> tuple[tuple[Law, ...], tuple[str, ...]]:
    """Those of several laws, the most, that a point asks for the same models; and why others cannot be asked there.

    Parameters
    ----------
    laws : sequence of Law
    points : mapping
        The point in the covariates of each law, by its name.
    """
    whole = [kind_of(law).is_new_model(law, points[law.name]) for law in laws]
    usual = max(whole, key=whole.count, default=False)
    kept, reasons = [], []
    for law, new in zip(laws, whole, strict=True):
        if new == usual:
            kept.append(law)
            continue
        missing = [c.name for c in law.covariates if c.name not in points[law.name]]
        lacking = f"the point does not give {', '.join(missing)}" if missing else "the point is a new model to it alone"
        reasons.append(f"{law.name}: {lacking}.")
    return tuple(kept), tuple(reasons)


def _fed(law: Law, runs: Runs) -> bool:
    return all(c.name in runs.table and not runs.table[c.name].isna().any() for c in law.covariates)


def expected_seconds(laws: Sequence[Law], runs: Runs, folds: int, workers: int) -> float:
    """About how long a comparison takes.

    Parameters
    ----------
    laws : sequence of Law
    runs : Runs
    folds : int
    workers : int
        Processes.
    """
    rounds = -(-len(laws) // max(workers, 1))
    return rounds * (1 + folds) * (SECONDS_A_FIT + SECONDS_A_RUN * len(runs.table))
