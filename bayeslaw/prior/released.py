"""The priors that come with bayeslaw: one folder each under ``models/``, with a card that describes them."""

from pathlib import Path

from bayeslaw.errors import PriorError, did_you_mean
from bayeslaw.prior.prior import Prior, load_prior

PRIOR_FILE = "prior.json"
CARD_FILE = "card.md"


def released_folder() -> Path:
    """Where the released priors are: inside the package of a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "models"
    return inside if inside.is_dir() else package.parent / "models"


def released_names() -> tuple[str, ...]:
    """Names of the released priors."""
    return tuple(sorted(path.parent.name for path in released_folder().glob(f"*/{PRIOR_FILE}")))


def released_card(name: str) -> Path | None:
    """Path of the card of a released prior; None for a name that is not released, such as a path."""
    return released_folder() / name / CARD_FILE if name in released_names() else None


def released_prior(name: str) -> Prior:
    """Read a released prior.

    Raises
    ------
    PriorError
        If there is none of that name.
    """
    names = released_names()
    if name not in names:
        found = f"The released ones are {', '.join(names)}." if names else "None were found with this installation."
        near = did_you_mean(name, names)
        raise PriorError(f"There is no released prior {name!r}.{near} {found} A file of your own ends in .json or .nc.")
    return load_prior(released_folder() / name / PRIOR_FILE)
