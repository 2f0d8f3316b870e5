"""Parquet files."""

import io

import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.headings import with_index_as_columns
from bayeslaw.runs.readers.base import Found, Raw, Reader, raw_table

FORMAT = "Parquet"


def _read(found: Found) -> Raw:
    try:
        return raw_table(FORMAT, with_index_as_columns(pd.read_parquet(io.BytesIO(found.content))))
    except Exception as error:  # whatever the Parquet reader makes of a broken file
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise RunsError(
            f"{found.name}: the file cannot be read as Parquet ({reason}). Write it again, or convert it to CSV."
        ) from error


READER = Reader(FORMAT, lambda found: found.content.startswith(b"PAR1"), _read)
