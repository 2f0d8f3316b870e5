"""Copies of the files that runs were read from, as they were."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from bayeslaw.errors import CampaignError, OutputError

LARGE = 64 * 1024**2
"""Bytes from which on a file in a folder of logs is no log, but weights of a model or the like."""


def require_apart(folder: Path, originals: Sequence[Path]) -> None:
    """Refuse a campaign inside a folder that is copied into it.

    Raises
    ------
    CampaignError
    """
    for path in originals:
        if os.path.isdir(path) and folder.resolve().is_relative_to(path.resolve()):
            raise CampaignError(
                f"{folder}: lies in {path}, whose files are copied into it. Keep the campaign beside the runs, or name "
                "their files."
            )


def copy_originals(originals: Sequence[Path], to: Path) -> list[str]:
    """Copy files, and folders less what is large in them, in place of what is there; names of what was not copied.

    Raises
    ------
    OutputError
        If they cannot be copied.
    """
    large: list[str] = []

    def leave_out(inside: str, names: list[str]) -> list[str]:
        paths = [os.path.join(inside, name) for name in names]
        found = [path for path in paths if os.path.isfile(path) and os.path.getsize(path) >= LARGE]
        large.extend(os.path.basename(path) for path in found)
        return [os.path.basename(path) for path in found]

    try:
        shutil.rmtree(to, ignore_errors=True)  # of an addition that was not finished
        for number, path in enumerate(originals):
            name = path.resolve().name
            place = to / (name if name not in {p.resolve().name for p in originals[:number]} else f"{number}-{name}")
            place.parent.mkdir(parents=True, exist_ok=True)
            if os.path.isdir(path):
                shutil.copytree(path, place, ignore=leave_out)
            else:
                shutil.copyfile(path, place)
    except (OSError, shutil.Error) as error:
        raise OutputError(f"{to}: the originals cannot be copied ({error}). Give another folder.") from error
    return large
