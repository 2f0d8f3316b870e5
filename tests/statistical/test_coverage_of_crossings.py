"""Fine-tuning tables of known truth: do intervals of exponents, floor and crossings hold what they say?

Tables are simulated from the nine published sets of coefficients of Zhang et al. 2024 (arXiv 2402.17193, table 4),
three tasks by three methods of tuning, at the sizes at which these were measured (table 1b), with 0.5% of noise. Each
table holds the three methods of one task as families, and asks where one method overtakes another for a model between
the smallest and the largest. ``pytest -m slow -s tests/statistical/test_coverage_of_crossings.py`` prints the figures.

The truth is an exact law here, and the model does not believe in any: beyond the data of each method, slopes set out
to wander. A size at which methods cross lies beyond the data of at least one, nearly always, so that odds that curves
cross are nearer to even than they would have to be on such tables. Those that laws cross take laws for exact beyond the
data, and come true as often as they say. Intervals are wide of either, as within the data models and neighbouring runs
may stray as well.
"""

import itertools

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.sampling.nuts import SamplerSettings

pytestmark = pytest.mark.slow

PUBLISHED = {  # A, alpha, beta, E
    ("en-de", "full"): (1.2e5, 0.52, 0.15, 0.75),
    ("en-de", "prompt"): (3.9e3, 0.40, 0.051, 0.62),
    ("en-de", "lora"): (2.1e3, 0.36, 0.081, 0.62),
    ("en-zh", "full"): (3.3e3, 0.34, 0.14, 1.0),
    ("en-zh", "prompt"): (8.5e2, 0.33, 0.015, 0.77),
    ("en-zh", "lora"): (6.6e2, 0.31, 0.025, 0.73),
    ("mlsum", "full"): (3.3e2, 0.24, 0.087, 0.98),
    ("mlsum", "prompt"): (23.0, 0.10, 0.025, 0.00051),
    ("mlsum", "lora"): (26.0, 0.11, 0.030, 0.20),
}
TASKS, METHODS = ("en-de", "en-zh", "mlsum"), ("full", "prompt", "lora")
SIZES = (1e9, 2e9, 4e9, 8e9)
EXAMPLES = {
    "en-de": (1e5, 5e5, 1e6, 2e6, 3e6, 4e6),
    "en-zh": (1e6, 2e6, 3e6, 4e6, 5e6, 1e7, 1.5e7, 2e7),
    "mlsum": (1e5, 2e5, 3e5, 4e5, 5e5, 6e5, 7e5, 8e5),
}
"""Of full tuning; the other two take fewer."""
FEW_EXAMPLES = (8e3, 1e4, 2e4, 3e4, 4e4, 5e4, 6e4, 7e4, 8e4, 9e4)
NOISE = 0.005
LOW, HIGH = 1e3, 1e9
"""Examples between which crossings are looked for."""
TABLES = 200
KINDS = ("law", "curve")


def law(constants, params, data):
    A, alpha, beta, E = constants
    return A / params**alpha / np.asarray(data) ** beta + E


def simulate(task, rng):
    rows = [
        {"model": f"{method}-{params:g}", "family": method, "params": params, "data": data}
        | {"loss": law(PUBLISHED[task, method], params, data) * np.exp(NOISE * rng.standard_normal())}
        for method in METHODS
        for params in SIZES
        for data in (EXAMPLES[task] if method == "full" else FEW_EXAMPLES)
    ]
    return bl.read_runs(pd.DataFrame(rows).assign(task=task))


def true_crossing(task, a, b, params):
    """Size at which one method overtakes the other for good, or None; by brute force."""
    grid = np.geomspace(LOW, HIGH, 200_001)
    better = law(PUBLISHED[task, a], params, grid) < law(PUBLISHED[task, b], params, grid)
    return None if better[0] == better[-1] else grid[np.flatnonzero(better[1:] != better[:-1])[-1]]


def judge(i):
    """What a fit of table ``i`` says of its truth: one row a parameter of a method, and a pair of methods."""
    rng = np.random.default_rng([7, i])
    task = TASKS[i % len(TASKS)]
    params = np.exp(rng.uniform(np.log(SIZES[0]), np.log(SIZES[-1])))
    fit = bl.fit(simulate(task, rng), law="multiplicative", sampler=SamplerSettings(warmup=300, draws=250), seed=i)
    common = {"table": i, "task": task, "status": fit.status}
    common["divergences"] = int(fit.posterior.stats["diverging"].sum())
    families = [c.family for c in fit.posterior.layout.curves]
    rows = []
    for method in METHODS:
        _, alpha, beta, E = PUBLISHED[task, method]
        for name, true in (("alpha", alpha), ("beta", beta), ("E", E)):
            draws = fit.posterior.flat(name)[:, families.index(method)]
            low, high = np.quantile(draws, [0.05, 0.95])
            rows.append({"what": name, "who": method, "true": true, "low": low, "high": high})
            rows[-1] |= {"inside": low <= true <= high, "rank": np.mean(draws < true)} | common
    for (a, b), kind in itertools.product(itertools.combinations(METHODS, 2), KINDS):
        found = fit.crossing(a, b, at={"params": params}, low=LOW, high=HIGH, kind=kind, seed=i)
        true = true_crossing(task, a, b, params)
        here = {"who": f"{a}/{b}", "kind": kind} | common
        rows.append({"what": "never", "true": true is None, "rank": found.p_never} | here)
        if true is not None:
            # where the overtaking that happens has a probability below 1%, no interval is given, and none holds it
            low, high = (found.size.get(name, np.nan) for name in ("p05", "p95"))
            rows.append({"what": "crossing", "true": true, "low": low, "high": high, "rank": found.p_never} | here)
            rows[-1] |= {"inside": low <= true <= high}
    return rows


def report(found):
    """Coverage by quantity, and by task and method; reliability of P(never)."""
    print(found.drop_duplicates("table")["status"].value_counts().to_dict())
    told = found[found["what"] != "never"]
    told = told.assign(inside=told["inside"].astype(float), width=np.log(told["high"] / told["low"]))
    told = told.assign(kind=told["kind"].fillna(""))
    by_kind = told.groupby(["what", "kind"])
    print(by_kind.agg(coverage=("inside", "mean"), width=("width", "median"), n=("inside", "size")))
    print(told.pivot_table(index=["task", "who"], columns=["what", "kind"], values="inside").round(3))
    never = found[found["what"] == "never"].astype({"true": float})
    bins = pd.cut(never["rank"], [-0.001, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0])
    by_odds = never.groupby(["kind", bins], observed=True)
    print(by_odds.agg(said=("rank", "mean"), true=("true", "mean"), n=("true", "size")))


@pytest.fixture(scope="module")
def found():
    rows = []
    for i in range(TABLES):
        rows += judge(i)
        print(i, end=" ", flush=True)
    print()
    found = pd.DataFrame(rows)
    report(found)
    return found


FLOORLESS = pytest.mark.xfail(reason="E = .00051 is held by no interval where a floor is believed in", strict=True)
WIDE = pytest.mark.xfail(reason="models, runs and curves may stray from laws, which exact laws do not", strict=True)


@pytest.mark.parametrize("what", [pytest.param("alpha", marks=FLOORLESS), "beta", pytest.param("E", marks=FLOORLESS)])
def test_ninety_percent_intervals_hold_ninety_percent(found, what):
    coverage = found.loc[found["what"] == what, "inside"].astype(float).mean()
    assert 0.85 <= coverage <= 0.95


@pytest.mark.parametrize("what", ["alpha", "beta", "E"])
def test_intervals_of_laws_with_a_floor_do(found, what):
    floorless = (found["task"] == "mlsum") & (found["who"] == "prompt")
    coverage = found.loc[(found["what"] == what) & ~floorless, "inside"].astype(float).mean()
    assert 0.85 <= coverage <= 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_ninety_percent_intervals_of_crossings_hold_no_fewer(found, kind):
    assert crossings_held(found, kind) >= 0.85


@WIDE
@pytest.mark.parametrize("kind", KINDS)
def test_ninety_percent_intervals_of_crossings_hold_no_more(found, kind):
    assert crossings_held(found, kind) <= 0.95


def crossings_held(found, kind):
    return found.loc[(found["what"] == "crossing") & (found["kind"] == kind), "inside"].astype(float).mean()


@pytest.mark.parametrize("kind", ["law", pytest.param("curve", marks=WIDE)])
def test_the_odds_of_never_are_those_that_come_true(found, kind):
    """Over tenths of P(never): how far what was said is from what came true, on average; and better than a constant."""
    never = found[(found["what"] == "never") & (found["kind"] == kind)].astype({"true": float})
    tenth = np.minimum((10 * never["rank"]).astype(int), 9)
    by_tenth = never.groupby(tenth).agg(said=("rank", "mean"), true=("true", "mean"), n=("true", "size"))
    error = np.average((by_tenth["said"] - by_tenth["true"]).abs(), weights=by_tenth["n"])
    brier, of_the_mean = np.mean((never["rank"] - never["true"]) ** 2), never["true"].var(ddof=0)
    print(f"P(never) of {kind}s: calibration error {error:.3f}, Brier score {brier:.3f}, of the mean {of_the_mean:.3f}")
    assert error <= 0.1
    assert brier < of_the_mean
