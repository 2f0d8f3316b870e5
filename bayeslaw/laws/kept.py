"""The law of a saved fit or prior, which keeps the name and the fingerprint of its law, and not the law itself."""

from bayeslaw.errors import LawError
from bayeslaw.laws import law_as_written, law_names
from bayeslaw.laws.base import Law
from bayeslaw.laws.fingerprint import law_fingerprint


def kept_law(name: str, fingerprint: str | None, given: Law | None, *, what: str, reader: str) -> Law:
    """The law that a saved fit or prior was made with.

    Parameters
    ----------
    name : str
    fingerprint : str or None
        Of the law as it was; None where that was not kept.
    given : Law or None
        The law if users give it; else it is found by its name.
    what, reader : str
        What was saved, and the function that reads it, for the message of an error.

    Raises
    ------
    LawError
        If the law is not at hand, or is another one than it was.
    """
    try:
        law = law_as_written(name) if given is None else given
    except LawError as error:
        if name in law_names():  # an installed package offers it, and is broken
            raise LawError(f"a {what} of the law {name!r}. {error}") from error
        raise LawError(
            f"a {what} of the law {name!r}, which is not at hand. Name the file that defines it (--law FILE.py), "
            f"or in Python {reader}(path, law=...) or register_law(law) first."
        ) from error
    if fingerprint is not None and law_fingerprint(law) != fingerprint:
        raise LawError(
            f"made with another form of the law {name!r} than the one at hand. Give the law as it was, or make the "
            f"{what} again."
        )
    return law
