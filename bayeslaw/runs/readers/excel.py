"""Sheets of Excel workbooks (.xlsx), with openpyxl, which the extra ``excel`` installs."""

import importlib.util
import io
import warnings
import zipfile

import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import meaning
from bayeslaw.runs.readers.base import Found, Raw, Reader

FORMAT = "Excel workbook"


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
            sheets = pd.read_excel(io.BytesIO(found.content), sheet_name=None, dtype=object)
    except Exception as error:  # whatever the reader of workbooks makes of a broken one
        raise RunsError(
            f"{found.name}: the workbook cannot be read ({str(error)[:200]}). Save it again, or save the sheet as CSV."
        ) from error
    with_runs = {name: cells for name, cells in sheets.items() if _known(cells) >= 2}
    if len(with_runs) > 1:
        raise RunsError(
            f"{found.name}: the sheets {', '.join(map(repr, with_runs))} look like tables of runs, expected one. "
            "Save the one to use as a file of its own."
        )
    name, cells = next(iter((with_runs or sheets).items()))
    notes = (f"Sheet {name!r} of {len(sheets)}.",) if len(sheets) > 1 else ()
    return Raw(FORMAT, cells, notes)


def _known(cells: pd.DataFrame) -> int:
    return sum(meaning(str(heading)) is not None for heading in cells.columns)


READER = Reader(FORMAT, _recognises, _read)
