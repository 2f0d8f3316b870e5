"""Sheets of Excel workbooks (.xlsx), with openpyxl, which the extra ``excel`` installs."""

import importlib.util
import io
import warnings
import zipfile

import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import meaning
from bayeslaw.runs.readers.base import Found, Raw, Reader, raw_table
from bayeslaw.runs.readers.titles import header_at, with_units, without_footnotes

FORMAT = "Excel workbook"
_TITLES = 20
"""Rows above the headings, at most, empty ones among them."""


def _recognises(found: Found) -> bool:
    if not found.content.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(found.content)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return found.path.suffix.lower() == ".xlsx"


def _read(found: Found) -> Raw:
    if importlib.util.find_spec("openpyxl") is None:
        raise RunsError(
            f"{found.name}: workbooks are read with the package openpyxl, which is not installed. Install it by "
            "pip install 'bayeslaw[excel]', or save the sheet as CSV."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles that openpyxl does not know
            sheets = pd.read_excel(io.BytesIO(found.content), sheet_name=None, dtype=object, header=None)
    except Exception as error:  # whatever the reader of workbooks makes of a broken one
        raise RunsError(
            f"{found.name}: the workbook cannot be read ({str(error)[:200]}). Save it again, or save the sheet as CSV."
        ) from error
    tables = {name: _table(cells) for name, cells in sheets.items()}
    with_runs = {name: cells for name, cells in tables.items() if _known(cells[0]) >= 2}
    if len(with_runs) > 1:
        raise RunsError(
            f"{found.name}: the sheets {', '.join(map(repr, with_runs))} look like tables of runs, expected one. "
            "Save the one to use as a file of its own."
        )
    name, (cells, titles) = next(iter((with_runs or tables).items()))
    notes = (f"Sheet {name!r} of {len(sheets)}.",) if len(sheets) > 1 else ()
    return raw_table(FORMAT, cells, (*notes, *titles))


def _table(sheet: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The table on a sheet, under its headings, and notes on what stands above them."""
    cells = sheet.dropna(how="all", axis=1)
    if cells.empty:
        return pd.DataFrame(), ()
    texts = cells.astype(object).map(lambda cell: "" if pd.isna(cell) else str(cell)).to_numpy().tolist()
    at, titles = header_at(texts[: _TITLES + 1])
    body, footnotes = without_footnotes(texts[at + 1 :], len(texts[at]))
    header, rows, units = with_units(texts[at], body)
    names = [name or f"Unnamed: {number}" for number, name in enumerate(header)]
    below = cells.iloc[at + 1 + len(body) - len(rows) : at + 1 + len(body)].reset_index(drop=True)
    return below.set_axis(pd.Index(names, dtype=object), axis=1), (*titles, *units, *footnotes)


def _known(cells: pd.DataFrame) -> int:
    return sum(meaning(str(heading)) is not None for heading in cells.columns)


READER = Reader(FORMAT, _recognises, _read)
