"""Settings that lie beside the log of a run: ``hparams.yaml`` of Lightning, ``.hydra/config.yaml`` and ``config.yaml``.

Of these, parameters, seeds and what runs are known to be told apart by are taken; the rest may be of anything.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.batches import tells_a_batch
from bayeslaw.runs.columns import meaning, plain, words_in
from bayeslaw.runs.readers.base import Found, Raw, constant
from bayeslaw.runs.settings import is_known_setting

FILES = (".hydra/config.yaml", "hparams.yaml", "config.yaml", "config.yml")
"""Where settings are looked for in the folder of a log, and in those that it lies in; the first that is there."""

_DEPTH = 3
_LINES = 5_000
_ENTRY = re.compile(r"(?P<indent> {0,40})(?P<key>[\w.-]{1,80}):(?:\s+(?P<value>[^#\s].{0,200}?))?(?:\s+#.*|\s*)")
_NOT_PLAIN = ("[", "{", "&", "*", "!", "|", ">", "$")
_EMPTY = ("null", "none", "~")
_PARAMS = frozenset(["param", "params", "parameter", "parameters"])
_MODEL = frozenset(["model", "net", "network", "arch", "architecture"])


def with_settings(runs: Sequence[tuple[str, Raw]], folders: Sequence[Path], root: Path) -> list[tuple[str, Raw]]:
    """Logs with the settings that lie beside them, where they do not tell these themselves.

    Settings that lie beside several runs, as of a study, are none of any; and those that some run lacks are not taken.

    Parameters
    ----------
    runs : what was read of logs, each with its place.
    folders : the folder of each.
    root : the folder that was asked for, beyond which nothing is looked for.
    """
    found = [
        _settings_of(raw, folder, folders, root) if raw.is_one_run else {}
        for (_, raw), folder in zip(runs, folders, strict=True)
    ]
    told = [{*map(str, raw.cells.columns)} | {*own} for (_, raw), own in zip(runs, found, strict=True)]
    common = set.intersection(*told) if told else set()
    return [
        (name, _with(raw, {key: value for key, value in own.items() if key in common}))
        for (name, raw), own in zip(runs, found, strict=True)
    ]


def _settings_of(raw: Raw, folder: Path, folders: Sequence[Path], root: Path) -> dict[str, str]:
    """Settings of the nearest file that lies beside one log alone."""
    here = {plain(str(heading)) for heading in raw.cells.columns}
    roles = {known.role for heading in raw.cells.columns if (known := meaning(str(heading))) is not None}
    for base in [folder, *folder.parents][:_DEPTH]:
        if sum(other.is_relative_to(base) for other in folders) > 1:
            break
        file = next((base / name for name in FILES if (base / name).is_file()), None)
        if file is not None:
            return {k: v for k, v in _entries(file) if plain(k) not in here and _is_wanted(k, roles)}
        if base == root:
            break
    return {}


def _with(raw: Raw, settings: Mapping[str, str]) -> Raw:
    if not settings:
        return raw
    columns = [constant(name, value, len(raw.cells)).set_axis(raw.cells.index) for name, value in settings.items()]
    note = f"Of a file of settings beside the log are {', '.join(map(repr, settings))}."
    return replace(raw, cells=pd.concat([raw.cells, *columns], axis=1), notes=(*raw.notes, note))


def _is_wanted(name: str, roles: set[str]) -> bool:
    known = meaning(name)
    of_run = known is not None and known.role not in roles and _is_of_run(name, known.role)
    return of_run or is_known_setting(name) or tells_a_batch(name)


def _is_of_run(name: str, role: str) -> bool:
    """Whether a setting of a role is of the run or its model; a ``size`` or ``params`` of images or optimizers is not.

    ``group`` and ``series`` name no families here, as trackers have groups of runs of their own.
    """
    *sections, last = name.casefold().split(".")
    if not _MODEL.issuperset(sections):
        return role == "seed"
    words = set(words_in(last))
    of_params = role == "params" and (bool(sections) or bool(words & _PARAMS))
    return role == "seed" or of_params or (role == "family" and bool(words & {"family", *_MODEL}))


def _entries(file: Path) -> Iterator[tuple[str, str]]:
    """Plain values of a YAML file under their dotted names; what is no plain value is left out."""
    try:
        lines = Found(file).text.splitlines()[:_LINES]
    except RunsError:
        return
    above: list[tuple[int, str]] = []
    for line in lines:
        entry = _ENTRY.fullmatch(line)
        if entry is None:
            continue
        indent = len(entry["indent"])
        while above and above[-1][0] >= indent:
            above.pop()
        value = (entry["value"] or "").strip().strip("'\"")
        if not value:
            above.append((indent, entry["key"]))
        elif not (value.startswith(_NOT_PLAIN) or value.casefold() in _EMPTY):
            yield ".".join([*(key for _, key in above), entry["key"]]), value
