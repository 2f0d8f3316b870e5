"""Measure how slopes change beyond the data on public tasks, and fit what foretells it: see card.md.

``BAYESLAW_DATA=… python models/slope-changes-v1/make.py [FOLDER]`` fits every task with its large runs hidden (half an
hour on two cores; finished fits are kept in the folder, by default build/slope-changes). It writes tasks.json beside
this file, prints the distributions that `bayeslaw.kinds.curves.priors` states, and scores each collection with the
distributions that the others give.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

import bayeslaw as bl
from bayeslaw.evidence.odds import brier_best, expected_regret, log_score_best, p_best
from bayeslaw.evidence.scores import crps
from bayeslaw.evidence.slope_changes import HiddenTask, fit_slope_changes, hidden_tasks_text
from bayeslaw.kinds.curves.priors import CHANGE_DF
from bayeslaw.kinds.shared.scales import Foretold
from bayeslaw.sampling.compilation_cache import use_compilation_cache
from bayeslaw.sampling.nuts import SamplerSettings

HERE = Path(__file__).parent
SAMPLER = SamplerSettings(warmup=300, draws=250)
FACTORS = (8, 64)
DRAWS = 500
"""Draws of each fit that are kept."""
LAST = 0.2
"""Evaluations of a curve in its last so many e-folds are averaged."""


@dataclass(frozen=True, eq=False)
class Study:
    """Tasks that are fitted together, and their hidden runs; ``name`` is that of a file."""

    collection: str
    name: str
    law: str
    seen: pd.DataFrame
    hidden: pd.DataFrame


def candidates(collection: str, runs: pd.DataFrame) -> Iterator[Study]:
    """Each task of a table of candidates, with the runs beyond the largest size over each factor hidden."""
    for task, own in runs.groupby("task"):
        size = own["data"] / own["data"].max()
        for factor in FACTORS:
            seen = own[size <= (1 + 1e-9) / factor]
            hidden = own[(size == 1) & own["model"].isin(seen["model"])]
            yield Study(collection, f"{collection}-{task}-{factor}", "rectified", seen, hidden)


def curves(table: pd.DataFrame, collection: pd.Series) -> Iterator[Study]:
    """Learning curves, cut where their collectors cut them; a collection is fitted together."""
    plain = pd.DataFrame(
        {"task": table["Task"], "model": table["Model"], "data": table["Seen Examples"], "loss": table["Loss"]}
    )
    for name, rows in plain.groupby(collection):
        seen = table.loc[rows.index, "Training"] == 1
        yield Study(str(name), f"curves-{name}", "broken", rows[seen], rows[~seen])


def studies(folder: Path) -> Iterator[Study]:
    """All that is measured; the folder is that of the public data."""
    both = pd.concat([bl.read_runs(folder / "finetune" / f"{name}.csv").table for name in ("flan", "gigaword")])
    yield from candidates("fine-tuning", both)
    yield from candidates("small-finetune", bl.load_dataset("small-finetune").table)
    yield from candidates("lcdb", bl.read_runs(folder / "selection" / "lcdb.csv").table)
    names = ("vision", "vision_more", "language")
    tables = (pd.read_csv(folder / "extrapolation" / f"{name}.csv").drop_duplicates() for name in names)
    vision, more, language = tables
    yield from curves(vision, vision["Task"].str.rsplit("_", n=1).str[0])
    yield from curves(more, more["Task"])
    yield from curves(language, language["Domain"])


def measure(study: Study, folder: Path) -> Path:
    """Fit what is seen and keep, for each hidden run, draws of what is expected there without changes of slope."""
    path = folder / f"{study.name.replace('/', '-')}.npz"
    if path.exists():
        return path
    use_compilation_cache()
    fit = bl.fit(bl.read_runs(study.seen), law=study.law, sampler=SAMPLER, seed=0)
    predictor, layout = fit.posterior.predictor, fit.posterior.layout
    place = {(curve.task, curve.model): i for i, curve in enumerate(layout.curves)}
    hidden = study.hidden.groupby(["task", "model", "data"], as_index=False)["loss"].mean()
    curve = np.array([place[str(row.task), str(row.model)] for row in hidden.itertuples()])
    labels = fit.posterior.runs.table.drop_duplicates(["task", "model"]).set_index(["task", "model"])
    rows = hidden.assign(
        task=hidden["task"].astype(str),
        model=hidden["model"].astype(str),
        family=[str(labels.loc[(c.task, c.model), "family"]) for c in (layout.curves[i] for i in curve)],
    )
    expected = predictor.expected(predictor.rows(rows, np.random.default_rng(0)))[:, :, 0]
    kept = np.linspace(0, len(expected) - 1, DRAWS).astype(int)
    noise = fit.posterior.flat("noise")[:, curve]
    np.savez_compressed(
        path,
        expected=expected[kept], noise=noise[kept], curve=curve, log_loss=np.log(hidden["loss"].to_numpy()),
        distance=np.log(hidden["data"].to_numpy() / layout.largest[curve]), task=np.array(rows["task"], str),
        tasks=np.array(layout.tasks, str), slope_error=layout.slope_error, collection=study.collection,
        name=study.name, discrepancy=fit.posterior.law.discrepancy, status=fit.status,
    )  # fmt: skip
    print(study.name, fit.status, file=sys.stderr, flush=True)
    return path


def hidden_tasks(kept: dict[str, np.ndarray]) -> Iterator[HiddenTask]:
    """The records of a study: the last runs of every curve of each task."""
    for k, task in enumerate(kept["tasks"]):
        errors, draws, noise, far = [], [], [], []
        for curve in np.unique(kept["curve"][kept["task"] == task]):
            own = kept["curve"] == curve
            last = own & (kept["distance"] > kept["distance"][own].max() - LAST)
            expected = kept["expected"][:, last].mean(axis=1)
            errors.append(kept["log_loss"][last].mean() - np.median(expected))
            draws.append(expected)
            noise.append(kept["noise"][:, last].mean() / np.sqrt(last.sum()))
            far.append(kept["distance"][last].mean())
        if not errors:
            continue
        expected, distance = np.array(draws).T, float(np.mean(far))
        common = expected.mean(axis=1) if len(errors) > 1 else np.zeros(len(expected))
        yield HiddenTask(
            collection=collection_of(kept),
            task=f"{kept['name']}: {task}",
            discrepancy=str(kept["discrepancy"]),
            distance=distance,
            slope_error=float(kept["slope_error"][k]),
            errors=tuple((np.array(errors) * distance / np.array(far)).tolist()),
            own_sd=float(np.sqrt((expected - common[:, None]).var(axis=0).mean() + np.mean(noise) ** 2)),
            shared_sd=float(max(common.std(), 1e-5)),
        )


def collection_of(kept: dict[str, np.ndarray]) -> str:
    """The collection of a study; the three of language curves, with few tasks of several curves each, are one."""
    name = str(kept["collection"])
    return "language" if name in ("NMT", "LM", "BB") else name


def scores(kept: dict[str, np.ndarray], own: Foretold, shared: Foretold, rng: np.random.Generator) -> Iterator[dict]:
    """Scores of each task of a study, with changes of slope drawn from the given distributions."""
    for k, task in enumerate(kept["tasks"]):
        here = np.flatnonzero(kept["task"] == task)
        if not here.size:
            continue
        expected, noise, y = kept["expected"][:, here], kept["noise"][:, here], kept["log_loss"][here]
        draws, place = len(expected), np.unique(kept["curve"][here], return_inverse=True)[1]
        error = kept["slope_error"][[k]]
        slope = own.draw(error, draws, rng) * rng.standard_t(CHANGE_DF, (draws, place.max() + 1))
        slope += shared.draw(error, draws, rng) * rng.standard_normal((draws, 1))
        log_loss = expected + kept["distance"][here] * slope[:, place] + noise * rng.standard_normal(expected.shape)
        p05, p25, p50, p75, p95 = np.quantile(log_loss, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
        by_curve = pd.DataFrame(
            {
                "coverage_90": (p05 <= y) & (y <= p95), "coverage_50": (p25 <= y) & (y <= p75), "width_90": p95 - p05,
                "square": (p50 - y) ** 2, "bias": p50 - y, "crps": crps(np.exp(log_loss), np.exp(y)),
            }
        ).groupby(place).mean()  # fmt: skip
        found = {"task": str(task), "study": str(kept["name"]), **by_curve.mean().to_dict()}
        found["rmsle"] = np.sqrt(found.pop("square"))
        if str(kept["discrepancy"]) == "slope":
            losses, measured = np.exp(log_loss), np.exp(y)
            odds = p_best(losses)
            chosen = measured[np.argmin(expected_regret(losses))]
            found["relative_regret"] = chosen / measured.min() - 1
            found["brier_p_best"] = brier_best(odds, measured)
            found["log_score_p_best"] = log_score_best(odds, measured, least=1 / (draws + 1))
        yield found


def main() -> None:
    """Measure, fit, score."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/slope-changes")
    folder.mkdir(parents=True, exist_ok=True)
    todo = studies(Path(os.environ["BAYESLAW_DATA"]))
    paths = joblib.Parallel(n_jobs=-1)(joblib.delayed(measure)(study, folder) for study in todo)
    kept = [dict(np.load(path)) for path in paths]
    tasks = [task for study in kept for task in hidden_tasks(study)]
    (HERE / "tasks.json").write_text(hidden_tasks_text(tasks), encoding="utf-8")
    for name, found in zip(("OWN_CHANGE", "SHARED_CHANGE"), fit_slope_changes(tasks, df=CHANGE_DF), strict=True):
        print(name, asdict(found))
    rows = []
    for collection in dict.fromkeys(task.collection for task in tasks):
        changes = fit_slope_changes(tasks, df=CHANGE_DF, leave_out=[collection])
        rng = np.random.default_rng(0)
        for study in kept:
            if collection_of(study) == collection:
                rows += [{"collection": collection, **found} for found in scores(study, *changes, rng)]
    table = pd.DataFrame(rows)
    factor = table["study"].str.extract(r"-(8|64)$", expand=False).fillna("")
    by = [table["collection"], factor.rename("factor")]
    numbers = table.select_dtypes("number")
    means = numbers.groupby(by).mean().assign(tasks=numbers.groupby(by).size())
    print(means.sort_values("coverage_90").to_string(float_format=lambda v: f"{v:.3f}"))
    print(f"Tasks with a coverage below .6: {(table['coverage_90'] < 0.6).mean():.3f}")
    together = np.corrcoef(np.log(table["width_90"]), np.log(table["rmsle"]))[0, 1]
    print(f"Correlation of log width and log error: {together:.2f}")


if __name__ == "__main__":
    main()
