"""The files of a backtest: everything as JSON, and the tables as text."""

from pathlib import Path

from bayeslaw.evidence.backtest import Backtest
from bayeslaw.files import replacing
from bayeslaw.views.backtest_text import as_text, backtest_tables, worst_cells
from bayeslaw.views.records import to_json


def write_backtest(found: Backtest, folder: Path) -> None:
    """Write ``backtest.json`` and ``summary.txt``, each all or nothing.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    texts = {
        "backtest.json": to_json(found.record()) + "\n",
        "summary.txt": f"{as_text(backtest_tables(found))}{worst_cells(found)}\n",
    }
    for name, text in texts.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="surrogatepass")
