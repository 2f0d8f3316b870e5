"""Correlation of how far curves depart from their slopes at two distances beyond the data; needs BAYESLAW_DATA.

Curves of candidates are extrapolated by the slope over their last four sizes, from every size on that leaves three
further ones; half of the differences between slopes are kept. What the models of a task depart by in common is taken
off. Printed by the ratio r of the distances, beside √(1 − (1 − r)²) of `bayeslaw.kinds.shared.walks.changing_slope`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

SEEN, KEPT, FARTHEST = 4, 0.5, 1.5
"""Sizes that give a slope, share of differences of slopes that is kept, and the least larger distance, in e-folds."""
EDGES = np.linspace(0.0, 1.0, 11)


def tables(folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Collection, logs of sizes, and log losses of models at all of them (model, size)."""
    for name in ("flan", "gigaword"):
        table = pd.read_csv(folder / "finetune" / f"{name}.csv")
        sizes = [column for column in table if column.isdigit() and int(column) > 0]
        yield "fine-tuning", np.log(np.array(sizes, float)), np.log(table[sizes].to_numpy(float))
    for _, rows in pd.read_csv(folder / "selection" / "lcdb.csv").groupby("task"):
        wide = rows.pivot_table(index="model", columns="data", values="loss").dropna()
        wide = wide[(wide > 0).all(axis=1)]
        yield "lcdb", np.log(wide.columns.to_numpy(float)), np.log(wide.to_numpy())


def correlations(size: np.ndarray, loss: np.ndarray) -> Iterator[tuple[float, float]]:
    """Ratio of two distances from an origin, and the correlation over models of their departures there."""
    for k in range(SEEN + 1, len(size) - 3):
        seen = size[k - SEEN : k] - size[k - SEEN : k].mean()
        slope = loss[:, k - SEEN : k] @ seen / (seen @ seen)
        slope = slope.mean() + KEPT * (slope - slope.mean())
        distance = size[k:] - size[k - 1]
        departure = loss[:, k:] - loss[:, [k - 1]] - slope[:, None] * distance
        departure -= np.median(departure, axis=0)
        most = 6 * np.median(np.abs(departure), axis=0)
        departure = np.clip(departure, -most, most)
        norm = np.sqrt((departure**2).sum(axis=0)) + 1e-12
        for j in np.flatnonzero(distance >= FARTHEST):
            for i in range(j):
                yield distance[i] / distance[j], float(departure[:, i] @ departure[:, j] / norm[i] / norm[j])


def main() -> None:
    """Print the table."""
    read = tables(Path(os.environ["BAYESLAW_DATA"]))
    pairs = [(name, *pair) for name, size, loss in read for pair in correlations(size, loss)]
    found = pd.DataFrame(pairs, columns=["collection", "ratio", "correlation"])
    found["ratio"] = pd.cut(found["ratio"], EDGES, labels=np.round((EDGES[1:] + EDGES[:-1]) / 2, 2)).astype(float)
    table = found.pivot_table(index="ratio", columns="collection", values="correlation")
    table["the model"] = np.sqrt(1 - (1 - table.index.to_numpy()) ** 2)
    print(table.round(2).to_string())


if __name__ == "__main__":
    main()
