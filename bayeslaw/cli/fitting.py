"""How commands come by a fit: one that was saved, or one that is made of runs as their options say."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bayeslaw.cli.law_option import asked_law, is_law_file
from bayeslaw.cli.prior_option import read_statements, say_what_was_stated
from bayeslaw.cli.shared import interruptible, progress_bar, read_table, say_what_was_read, tell
from bayeslaw.errors import PriorError, TargetError
from bayeslaw.progress import fit_in_words

if TYPE_CHECKING:
    from bayeslaw.cli.giving import Ways
    from bayeslaw.fitting.facade import Fit
    from bayeslaw.kinds.shared.stated import Statement
    from bayeslaw.laws.base import Law
    from bayeslaw.posterior.posterior import Posterior
    from bayeslaw.prior.prior import Prior
    from bayeslaw.runs import Runs

Require = Callable[["Runs", "Law"], None]
"""What is refused of a table and a law before anything is sampled."""

Suits = Callable[["Runs"], tuple[str, str]]
"""The name of the law for a table, and why, which is empty where that need not be said."""


@dataclass(frozen=True)
class FitOptions:
    """How a fit is to be made, in the words of the command line; see the options of these names."""

    where: str | None
    roles: Mapping[str, str]
    law: str | None
    prior: str | None
    widen: float
    prior_of: Sequence[str] | None
    early_tokens: str | None
    seed: int
    quick: bool = False


def names_a_fit(paths: Sequence[Path]) -> bool:
    """Whether a saved fit is among the paths."""
    return any(path.suffix == ".nc" for path in paths)


def fit_of(
    paths: Sequence[Path],
    options: FitOptions,
    how: "Ways",
    *,
    require: Require = lambda table, law: None,
    default: "str | Suits | None" = None,
) -> "Fit":
    """The saved fit that a path names, or a fit of the runs that paths name.

    Parameters
    ----------
    paths : sequence of Path
    options : FitOptions
    how : Ways
        How the answer will be given.
    require : callable
        Raises what there is to refuse of the table and the law, before anything is sampled.
    default : str or callable, optional
        Law if nothing says which, or what finds that and why of the table; else `bayeslaw.laws.suited.suited_law` does.

    Raises
    ------
    BayeslawError
        What reading, `require` and sampling refuse; TargetError, if a saved fit is given options of one yet to be made.
    """
    fitted = _saved_fit(paths, options, how)
    return new_fit(paths, options, how, require=require, default=default) if fitted is None else fitted


def new_fit(
    paths: Sequence[Path],
    options: FitOptions,
    how: "Ways",
    *,
    require: Require = lambda table, law: None,
    default: "str | Suits | None" = None,
) -> "Fit":
    """A fit of the runs that paths name; see `fit_of`."""
    early_tokens, stated = read_tokens(options.early_tokens), read_statements(options.prior_of)
    table = read_table(paths, options.where, options.roles)
    law, lender = _borrow(table, options.prior, options.widen, asked_law(options.law), default)
    require(table, law)
    return fit_table(table, law, options.seed, early_tokens, lender, stated, quick=options.quick, quiet=how.quiet)


def open_fit(path: Path, law: str | None, quiet: bool) -> "Fit":
    """Load a saved fit, after saying what it is of.

    Parameters
    ----------
    path : Path
    law : str or None
        File of the law that it was made with, if that is one of the user's own.
    quiet : bool
    """
    from bayeslaw.posterior.outline import read_outline
    from bayeslaw.views.names import clean

    outline = None if quiet else read_outline(path)
    if outline is not None:
        models, runs, name = outline
        tell(f"A fit of {fit_in_words(models, runs, clean(name))}: working out the answer.")

    from bayeslaw.fitting.fit import load
    from bayeslaw.sampling.compilation_cache import use_compilation_cache

    use_compilation_cache()
    return load(path, law=asked_law(law))


def say_what_went_in(posterior: "Posterior") -> None:
    """Say what a fit borrowed, what was stated of its priors, and what of its law comes from them."""
    from bayeslaw.views.prior_text import prior_summary

    if posterior.prior is not None:
        tell(prior_summary(posterior.prior, posterior.layout.tasks))
    say_what_was_stated(posterior)
    for check in posterior.checks:
        if check.name == "left_to_prior" and check.value >= check.threshold:
            tell(check.sentence)


def say_repairs(posterior: "Posterior") -> None:
    """Say what was done beyond the plain plan."""
    for repair in posterior.settings["repairs"]:
        tell(f"Repaired: {repair}")


def read_tokens(text: str | None) -> float:
    """Read a number of early tokens, such as 10B; without text it is that which joint laws leave out by default.

    Raises
    ------
    TargetError
        If it is none.
    """
    from bayeslaw.runs.early import EARLY_TOKENS
    from bayeslaw.runs.units import read_count

    value = EARLY_TOKENS if text is None else read_count(text)
    if value is None or not 0 <= value < math.inf:
        raise TargetError(f"--early-tokens {text!r} is no number of tokens. Expected something like 10B, or 0.")
    return value


def fit_table(
    table: "Runs",
    law: "Law",
    seed: int,
    early_tokens: float,
    prior: "Prior | None" = None,
    stated: "Mapping[str, Statement] | None" = None,
    *,
    quick: bool = False,
    quiet: bool,
) -> "Fit":
    """Fit a law with progress; an interrupt ends the process."""
    from bayeslaw.kinds.shared.layout import require_columns

    require_columns(table, law)
    if not quiet:
        say_what_was_read(table)
    words = fit_in_words(len(table.models), len(table.table), law.name)
    with interruptible(), progress_bar(words, quiet) as progress:
        from bayeslaw.fitting.fit import fit
        from bayeslaw.sampling.compilation_cache import use_compilation_cache
        from bayeslaw.sampling.nuts import QUICK

        use_compilation_cache()
        fitted = fit(
            table, law=law, early_tokens=early_tokens, prior=prior, priors=stated, sampler=QUICK if quick else None,
            seed=seed, progress=progress,
        )  # fmt: skip
    if not quiet:
        say_what_was_read(fitted.posterior.runs, before=table)
    return fitted


def _borrow(
    table: "Runs", prior: str | None, widen: float, law: "Law | None", default: "str | Suits | None" = None
) -> "tuple[Law, Prior | None]":
    """Settle the law and the prior of a fit before anything is sampled; without either the table says which law.

    Raises
    ------
    PriorError
        If the prior cannot be read or widened so, or does not fit the table or the law asked for.
    """
    if prior is None:
        if widen != 1:
            raise PriorError(f"--widen {widen:g} needs a prior to widen. Name one with --prior, or leave it out.")
        from bayeslaw.laws import get_law
        from bayeslaw.laws.suited import suited_law

        if law is not None:
            return law, None
        name, why = (default, "") if isinstance(default, str) else (default or suited_law)(table)
        if why:
            tell(f"Law: {name}, as {why} (--law says otherwise).")
        return get_law(name), None
    from bayeslaw.fitting.build import open_prior

    found = open_prior(prior, law).widened(widen)
    found.require_fits(table, law or found.law)
    return law or found.law, found


def _saved_fit(
    paths: Sequence[Path],
    options: FitOptions,
    how: "Ways",
) -> "Fit | None":
    """Load the fit, if the path names one and no table; a file of a law is of the one that it was made with.

    Raises
    ------
    TargetError
        If one of the options was given that are for a fit yet to be made.
    """
    if not names_a_fit(paths):
        return None
    path = next(path for path in paths if path.suffix == ".nc")
    if len(paths) > 1:
        raise TargetError(f"{path} is a saved fit, expected it alone. Name one fit, or files of runs.")
    file = options.law if options.law is not None and is_law_file(options.law) else None
    given = {
        "where": options.where,
        "law": options.law if file is None else None,
        "prior": options.prior,
        "widen": None if options.widen == 1 else options.widen,
        "early-tokens": options.early_tokens,
        "prior-of": options.prior_of or None,
        "quick": options.quick or None,
        "output": how.fits or None,
        "as, --scores or --tokens-per-step": options.roles or None,
    }
    for name, value in given.items():
        if value is not None:
            raise TargetError(
                f"--{name} is for a fit that is yet to be made, and {path} is made. Leave it out, or "
                "name the table of runs."
            )
    return open_fit(path, file, how.quiet)
