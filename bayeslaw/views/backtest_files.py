"""The files of a backtest: everything as JSON, the tables as text, and the pictures."""

from pathlib import Path

from bayeslaw.evidence.backtest.result import Backtest
from bayeslaw.files import replacing
from bayeslaw.views.backtest_text import as_text, backtest_tables, worst_cells
from bayeslaw.views.records import to_json


def write_backtest(found: Backtest, folder: Path) -> None:
    """Write ``backtest.json``, ``summary.txt``, ``coverage.png`` and ``error.png``, each all or nothing.

    A picture with nothing to show is not drawn, and one of an earlier backtest is removed.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    from bayeslaw.views.plots.backtest import plot_coverage, plot_error
    from bayeslaw.views.plots.saving import save_figure

    texts = {
        "backtest.json": to_json(found.record()) + "\n",
        "summary.txt": f"{as_text(backtest_tables(found))}{worst_cells(found)}\n",
    }
    for name, text in texts.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="surrogatepass")
    for name, figure in (("coverage.png", plot_coverage(found)), ("error.png", plot_error(found))):
        if figure is None:
            (folder / name).unlink(missing_ok=True)
        else:
            save_figure(figure, folder / name)
