"""Whether `compare` finds the law that a table was drawn from: python tests/statistical/compared_laws.py FOLDER.

Tables of two families are drawn from the prior of each of six laws of parameters and data, and all six are compared on
each. FOLDER keeps a JSON line a table; what is there is not made again, so that the command may be stopped, and goes
on. It prints how often the true law comes first, or is behind by no more than a standard error; the first
tables take ten minutes and more.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))
from calibration import read
from joint_tables import Layout, simulate

import bayeslaw as bl
from bayeslaw.laws import get_law
from bayeslaw.sampling.compilation_cache import use_compilation_cache

LAWS = ("chinchilla", "multiplicative", "additive", "rectified_joint", "overtraining", "kaplan")
TOKENS = tuple(float(d) for d in np.geomspace(2e9, 6e10, 6).round(-8))
LAYOUT = Layout(("x", "y"), (1e8, 2e8, 4e8, 8e8), TOKENS)


def compared(name, number):
    """How the law that a table was drawn from does on it."""
    frame, _ = simulate(LAYOUT, get_law(name), np.random.default_rng([11, number]))
    began = time.process_time()
    scores = bl.compare(read(frame), list(LAWS), seed=number).laws
    place = [score.law for score in scores].index(name)
    own = scores[place]
    return {
        "law": name, "table": number, "place": place + 1, "best": scores[0].law,
        "behind": 0.0 if place == 0 else round(float(own.behind), 4),
        "se": 0.0 if place == 0 else round(float(own.behind_se), 4),
        "status": own.status, "CPU s": round(time.process_time() - began),
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tables", type=int, default=4, help="Of each law.")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    use_compilation_cache()
    kept = asked.folder / "compared_laws.jsonl"
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    for number in range(asked.tables):
        for name in LAWS:
            if (name, number) not in {(row["law"], row["table"]) for row in rows}:
                rows.append(compared(name, number))
                kept.write_text("".join(json.dumps(row) + "\n" for row in rows))
                print(rows[-1], file=sys.stderr, flush=True)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    found = (table["behind"] <= table["se"]).mean()
    print(
        f"{len(table)} tables: the true law first in {(table['place'] == 1).mean():.0%}, or within an error {found:.0%}"
    )


if __name__ == "__main__":
    main()
