"""Public benchmarks, fetched on request: from a local folder if there is one, otherwise from where they are published.

The environment variable ``BAYESLAW_DATA`` names the folder; what is downloaded is kept in the user's cache folder, laid
out alike. Wherever a file comes from, its SHA-256 must be the one written here.

Where the commit of a file is on record its address names it, otherwise it follows the branch. If an address is wrong,
or what is there has changed, the hash refuses it and nothing wrong is read.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from bayeslaw.errors import DatasetError
from bayeslaw.runs import Runs, read_runs

VARIABLE = "BAYESLAW_DATA"

_GITHUB = "https://raw.githubusercontent.com"
_RECTIFIED = f"{_GITHUB}/linhaowei1/Fine-tuning-Scaling-Law/5214568/benchmark"
_REVISITING = f"{_GITHUB}/google-research/google-research/master/revisiting_neural_scaling_laws"


@dataclass(frozen=True)
class PublicFile:
    """A file of a public dataset.

    Attributes
    ----------
    place : str
        Path under the local folder.
    url : str
        Where it is published.
    sha256 : str
        Of its content, in hexadecimal.
    task : str
        Name of its task, if the file has no column of tasks.
    """

    place: str
    url: str
    sha256: str
    task: str = ""


PUBLIC: Mapping[str, tuple[PublicFile, ...]] = MappingProxyType(
    {
        "rectified-finetune": (  # Lin et al. 2024, arXiv 2402.02314; Apache-2.0
            PublicFile(
                "finetune/flan.csv",
                f"{_RECTIFIED}/flan.csv",
                "ead24af8eaa97ac0507bbd76c4880eb09c6361e252f4971666ba55017215d1e9",
                "flan",
            ),
            PublicFile(
                "finetune/gigaword.csv",
                f"{_RECTIFIED}/gigaword.csv",
                "7d0b08ef9df06eefb4355f859fb44e7860c1e55effd781d318d60a1f8661f2b3",
                "gigaword",
            ),
        ),
        "extrapolation-language": (  # Alabdulmohsin et al. 2022, arXiv 2209.06640; Apache-2.0
            PublicFile(
                "extrapolation/language.csv",
                f"{_REVISITING}/benchmark.language.csv",
                "04f9cba10d4da772ed1d14ce292a0dc1ea81207d4e6a8ed3efec51aea3a69e82",
            ),
        ),
        "extrapolation-vision": (  # the same
            PublicFile(
                "extrapolation/vision.csv",
                f"{_REVISITING}/benchmark.vision.csv",
                "379349d234e417d6105dddbde770268dd574b96bd0ae405abb73ae38cdfcffc5",
            ),
        ),
        "chinchilla-points": (  # Besiroglu et al. 2024, arXiv 2404.10102
            PublicFile(
                "pretrain/chinchilla_points.csv",
                f"{_GITHUB}/epoch-research/analyzing-chinchilla/main/data/svg_extracted_data.csv",
                "fbc8686ae5ccd78c26eb5806d29b8bf463f20d353f7a8563ecb16ef83bb50083",
                "chinchilla",
            ),
        ),
    }
)
"""Files of the public datasets by name."""


def fetch_dataset(name: str, *, where: str | None = None) -> Runs:
    """Read a public dataset, downloading it if it is not at hand.

    Parameters
    ----------
    name : str
        "rectified-finetune" (tasks flan and gigaword, 30 models each), "extrapolation-language" and
        "extrapolation-vision" (learning curves; column ``Training`` tells the points to be fitted), or
        "chinchilla-points" (245 pretraining runs, read off a figure).
    where : str, optional
        Rows to use, as for `bayeslaw.read_runs`.

    Returns
    -------
    Runs
        One table, with a task for each file that has no tasks of its own; `fetch_files` gives the files.

    Raises
    ------
    DatasetError
        If there is no such dataset, or a file cannot be had: no network, no pooch, or not what was published.
    """
    tables = []
    for file, path in zip(_files(name), fetch_files(name), strict=True):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)  # text, so that read_runs sees what is in the file
        tables.append(table.assign(task=file.task) if file.task else table)
    return replace(read_runs(pd.concat(tables, ignore_index=True), where=where), source=name)


def fetch_files(name: str) -> tuple[Path, ...]:
    """Give the files of a public dataset, downloading those that are not at hand.

    They are for what reads files, such as `bayeslaw.read_runs` and ``bayeslaw backtest``.

    Raises
    ------
    DatasetError
        As `fetch_dataset`.
    """
    return tuple(_local(file) or _download(file, name) for file in _files(name))


def _files(name: str) -> tuple[PublicFile, ...]:
    if name not in PUBLIC:
        raise DatasetError(
            f"found the dataset {name!r}, expected one that can be fetched: {', '.join(PUBLIC)}. "
            "Bundled ones are read with load_dataset."
        )
    return PUBLIC[name]


def _local(file: PublicFile) -> Path | None:
    """The file in the local folder, if it is there."""
    folder = os.environ.get(VARIABLE)
    path = Path(folder) / file.place if folder else None
    if path is None or not path.is_file():
        return None
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != file.sha256:
        raise DatasetError(
            f"{path}: found SHA-256 {found}, expected {file.sha256}; this is not the published file. Put the one from "
            f"{file.url} in its place, or unset {VARIABLE}."
        )
    return path


def _download(file: PublicFile, name: str) -> Path:
    """Fetch the file into the user's cache folder, if it is not there already."""
    by_hand = f"put the file into a folder as {file.place} and name that folder in {VARIABLE}"
    try:
        import pooch
    except ImportError as error:
        raise DatasetError(
            f"{name} is downloaded with pooch, which is not installed. Run pip install 'bayeslaw[fetch]', or {by_hand}."
        ) from error
    place = Path(pooch.os_cache("bayeslaw")) / "data" / file.place
    try:
        return Path(pooch.retrieve(file.url, f"sha256:{file.sha256}", fname=place.name, path=place.parent))
    except OSError as error:  # that of the network included
        raise DatasetError(
            f"{file.url} cannot be downloaded to {place.parent} ({_first_line(error)}). Try again with a network, or "
            f"{by_hand}."
        ) from error
    except ValueError as error:
        raise DatasetError(
            f"{file.url} is not the file expected, with SHA-256 {file.sha256}: it was changed where it is published. "
            f"If you have the earlier one, {by_hand}."
        ) from error


def _first_line(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text.splitlines()[0][:200]
