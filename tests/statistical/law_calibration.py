"""Calibrate laws on small tables: python tests/statistical/law_calibration.py FOLDER [--tables 50] [--laws NAME …].

All tables of a law are fitted by one compiled program. FOLDER keeps a CSV a law with the ranks of true values; what is
there is not fitted again, so that the command may be stopped, and goes on. It prints a table of p values in Markdown.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))
import curve_tables
import joint_tables
import score_tables
import slope_tables
from calibration import FALSE_ALARM, few_p_values, fits_together, placed, read

import bayeslaw
from bayeslaw.files import write_csv
from bayeslaw.laws import get_law, law_names
from bayeslaw.sampling.compilation_cache import use_compilation_cache
from bayeslaw.sampling.nuts import SamplerSettings

LARGE_SUITES = (
    "vanilla", "rectified", "chinchilla", "multiplicative", "additive", "rectified_joint", "overtraining",
    "data_constrained", "broken", "broken2", "m4",
)  # fmt: skip
"""Laws that the long suites were run with."""
NEW = [name for name in law_names() if name not in LARGE_SUITES]
SETTINGS = SamplerSettings(chains=1, warmup=200, draws=250, max_depth=7)
"""One chain a table, which starts from a draw of a normal approximation and is short: a bias of it would show."""
THIN = 2
LONGER = replace(SETTINGS, warmup=400, draws=500, max_depth=9)
"""For scores with an exponential link, which mix slower: a bias of short chains showed (p of a scale .0000006)."""
BATCH = 25
"""Tables that are fitted at a time."""


def tables_of(law):
    """The module that simulates tables of a law."""
    if law.kind != "curves":
        return {"surfaces": joint_tables, "scores": score_tables}[law.kind]
    return slope_tables if law.discrepancy == "slope" else curve_tables


def batch_of_ranks(law, first, last, *, drawn_from=None):
    """Ranks of true values in the fits of tables by a law, one row a table, and the share of draws that diverged.

    ``drawn_from`` is the law that tables are simulated from, if it is not the one that is fitted.
    """
    made = tables_of(law)
    streams = [np.random.default_rng([3, i]) for i in range(first, last)]
    simulated = [made.simulate(made.SMALL, drawn_from or law, rng) for rng in streams]
    built = [bayeslaw.build(read(frame), law=law, scales=made.scales(law)) for frame, _ in simulated]
    rows = []
    settings = LONGER if law.link == "exponential" else SETTINGS
    fits = fits_together(built, settings, seed=1000 * first, thin=THIN * settings.draws // SETTINGS.draws)
    for fit, (_, truth), rng in zip(fits, simulated, streams, strict=True):
        row = placed(made.draws_of(made.SMALL, fit), truth, rng)
        rows.append({**row, "diverged": float(fit.posterior.stats["diverging"].mean())})
    return pd.DataFrame(rows, index=pd.RangeIndex(first, last, name="table"))


def kept_in(folder, name, drawn_from=None):
    """The file of the ranks of a law."""
    return folder / (f"{name}.csv" if drawn_from is None else f"{name}_from_{drawn_from}.csv")


def ranks_of(name, tables, folder, drawn_from=None):
    """Ranks of a law for so many tables; those in the folder are read, the others fitted and kept there."""
    path = kept_in(folder, name, drawn_from)
    wrong = None if drawn_from is None else get_law(drawn_from)
    found = pd.read_csv(path, index_col="table") if path.exists() else pd.DataFrame()
    while len(found) < tables:
        began = time.process_time()
        more = batch_of_ranks(get_law(name), len(found), min(tables, len(found) + BATCH), drawn_from=wrong)
        more["seconds"] = (time.process_time() - began) / len(more)
        found = pd.concat([found, more])
        write_csv(found.rename_axis("table").reset_index(), path)
    return found[:tables]


def only_ranks(found):
    """The columns that are ranks."""
    return found.drop(columns=["diverged", "seconds"], errors="ignore")


def row(name, found):
    """What the ranks of a law say: the least p value, and that times the number of quantities."""
    values = few_p_values(only_ranks(found))
    return {
        "law": f"`{name}`",
        "tables": len(found),
        "quantities": len(values),
        "least p": f"{values.min():.3f}",
        "of": values.idxmin(),
        "all together": f"{min(1.0, values.min() * len(values)):.2f}",
        "off": "off" if values.min() < FALSE_ALARM / len(values) else "",
        "diverged": f"{found['diverged'].mean():.1%}",
        "CPU s a table": f"{found['seconds'].mean():.1f}",
    }


def with_other_prior(law):
    """A law with another prior: that of its first exponent lies two standard deviations off, and is half as wide."""
    first = next(c for c in law.coordinates if c.name.startswith("log_"))
    wrong = replace(first, mean=first.mean + 2 * first.sd, sd=first.sd / 2)
    return replace(law, coordinates=tuple(wrong if c is first else c for c in law.coordinates))


def in_markdown(rows):
    """A table in Markdown of dictionaries with the same keys."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([str(value) for value in one.values()] for one in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tables", type=int, default=50)
    parser.add_argument("--laws", nargs="+", choices=law_names(), default=NEW, metavar="NAME")
    parser.add_argument("--drawn-from", choices=law_names(), metavar="NAME", help="Another law, which must be seen.")
    parser.add_argument("--no-fits", action="store_true", help="Print what is in the folder.")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    use_compilation_cache()
    if not asked.no_fits:
        for name in asked.laws:
            print(row(name, ranks_of(name, asked.tables, asked.folder, asked.drawn_from)), file=sys.stderr, flush=True)
    kept = [(name, kept_in(asked.folder, name, asked.drawn_from)) for name in asked.laws]
    rows = [row(name, pd.read_csv(path, index_col="table")) for name, path in kept if path.exists()]
    print(in_markdown(rows) if rows else "Nothing is kept there.")


if __name__ == "__main__":
    main()
