"""How fast the main job is, beside what it is to be compared with, all in one run.

``python tests/benchmarks/speed.py --json speed.json`` prints the table; ``--only fit,process`` runs a part of it. It
needs the published tables (``BAYESLAW_DATA``) for all parts but ``scaling``.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, fields, replace
from pathlib import Path

import arviz as az
import jax
import numpy as np
import pandas as pd
import xarray as xr

import bayeslaw as bl
from bayeslaw._arviz import convergence
from bayeslaw.evidence.baselines.rectified import rectified_bootstrap
from bayeslaw.evidence.baselines.selection import rectified_point_fit
from bayeslaw.kinds.base import log_density
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.population import Position
from bayeslaw.kinds.surfaces.density import SurfaceData, SurfaceDensity
from bayeslaw.laws import get_law
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.sampling.sample import sample

TARGET = 1_638_400
SECONDS_ALLOWED = 3600


def finetune(task: str) -> bl.Runs:
    folder = os.environ.get("BAYESLAW_DATA")
    if folder is None:
        raise SystemExit("Set BAYESLAW_DATA to the folder of published tables, or run --only scaling.")
    return bl.read_runs(Path(folder) / "finetune" / f"{task}.csv")


def flan(budget: int) -> bl.Runs:
    return finetune("flan").where(f"data <= {budget}")


def effective(draws: np.ndarray) -> float:
    """Effective number of draws (chain, draw) of a mean."""
    return float(az.ess(xr.Dataset({"x": (("chain", "draw"), draws)}), method="mean")["x"])


def smallest_ess(fit: bl.Fit) -> float:
    """Of everything checked and of predictions at the target, bulk and tail."""
    draws = fit.predictions([{"data": TARGET}]).linked[..., 0]
    chains = fit.posterior.draws.sizes["chain"]
    found = convergence(
        xr.Dataset({"prediction": (("chain", "draw", "curve"), draws.reshape(chains, -1, draws.shape[1]))})
    )
    checks = {check.name: check.value for check in fit.posterior.checks}
    predicted = min(float(found[name]["prediction"].min()) for name in ("ess_bulk", "ess_tail"))
    return min(checks["ess_bulk"], checks["ess_tail"], predicted)


def fit_speed(repeats: int = 5) -> dict[str, float]:
    """Seconds of a fit once compiled, at the largest and the smallest budget."""
    rows = {}
    for label, budget in (("1/8", 204_800), ("1/512", 3_200)):
        runs = flan(budget)
        bl.fit(runs, seed=100)
        seconds, ess, r_hat, divergences = [], [], [], []
        for seed in range(repeats):
            began = time.perf_counter()
            fit = bl.fit(runs, seed=seed)
            seconds.append(time.perf_counter() - began)
            checks = {check.name: check.value for check in fit.posterior.checks}
            ess.append(smallest_ess(fit))
            r_hat.append(checks["r_hat"])
            divergences.append(checks["divergences"])
        rows |= {
            f"FLAN {label}: seconds after compiling, median": float(np.median(seconds)),
            f"FLAN {label}: seconds after compiling, longest": max(seconds),
            f"FLAN {label}: smallest ESS of any run": min(ess),
            f"FLAN {label}: largest R-hat of any run": max(r_hat),
            f"FLAN {label}: divergences": float(sum(divergences)),
        }
    return rows


def process_speed(repeats: int = 3) -> dict[str, float]:
    """Wall time and memory of ``bayeslaw select`` as a process of its own."""
    table = str(Path(os.environ["BAYESLAW_DATA"]) / "finetune" / "flan.csv")
    command = [sys.executable, "-m", "bayeslaw.cli", "select", table, "--at", f"data={TARGET}"]
    command += ["--where", "data <= 204800", "--json"]
    seconds: dict[str, list[float]] = {"empty": [], "warm": []}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as cache:
            for state in ("empty", "warm"):
                began = time.perf_counter()
                environment = {**os.environ, "BAYESLAW_CACHE": cache}
                subprocess.run(command, env=environment, check=True, capture_output=True, timeout=SECONDS_ALLOWED)
                seconds[state].append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return {
        "select, whole process, empty compile cache: seconds, median": float(np.median(seconds["empty"])),
        "select, whole process, warm compile cache: seconds, median": float(np.median(seconds["warm"])),
        "select, whole process: peak memory, GiB": peak,
    }


def plain_speed(budget: int = 204_800, iterations: int = 150) -> dict[str, float]:
    """Smallest ESS a second against the same density in plain NumPyro."""
    from numpyro.infer import MCMC, NUTS
    from plain import plain_model

    runs = flan(budget)
    bl.fit(runs, seed=100)
    began = time.perf_counter()
    fit = bl.fit(runs, seed=0)
    ours = smallest_ess(fit) / (time.perf_counter() - began)
    with jax.enable_x64(True):

        def run(iterations: int) -> tuple[MCMC, float]:
            kernel = NUTS(plain_model(build_model(runs, get_law("rectified"))), target_accept_prob=0.9)
            chains = {"num_chains": 4, "chain_method": "vectorized", "progress_bar": False}
            mcmc = MCMC(kernel, num_warmup=iterations, num_samples=iterations, **chains)
            began = time.perf_counter()
            mcmc.run(jax.random.PRNGKey(0), extra_fields=("num_steps",))
            jax.block_until_ready(mcmc.get_samples())
            return mcmc, time.perf_counter() - began

        compiling = run(1)[1]
        mcmc, seconds = run(iterations)
        seconds -= compiling
        draws = {name: np.asarray(values) for name, values in mcmc.get_samples(group_by_chain=True).items()}
        steps = float(np.mean(mcmc.get_extra_fields()["num_steps"]))
    names = ("location_", "noise", "own_drift", "shared_drift", "pull", "level", "roughness")
    kept = {name: values for name, values in draws.items() if name.startswith(names) and "standard" not in name}
    dataset = xr.Dataset(
        {name: (("chain", "draw", *[f"{name}_{i}" for i in range(v.ndim - 2)]), v) for name, v in kept.items()}
    )
    found = convergence(dataset)
    theirs = min(float(found[s][name].min()) for s in ("ess_bulk", "ess_tail") for name in kept) / seconds
    return {
        "smallest ESS a second": ours,
        "smallest ESS a second, plain NumPyro": theirs,
        "smallest ESS a second, ratio": ours / theirs,
        "steps a draw": float(fit.posterior.stats.n_steps.mean()),
        "steps a draw, plain NumPyro": steps,
        "largest R-hat, plain NumPyro": max(float(found["rhat"][name].max()) for name in kept),
    }


@dataclass(frozen=True)
class OneByOne(SurfaceDensity):
    """The same density of a joint law, what models have of their own being moved one by one."""

    def condition(self, data: SurfaceData, position: Position) -> tuple[Position, jax.Array]:
        """A position as it is."""
        return position, jax.numpy.zeros(())


def joint_speed() -> dict[str, float]:
    """A joint law of model size and data on two tasks, beside a sampler that moves offsets and the like one by one."""
    rows = {}
    for task in ("flan", "gigaword"):
        runs = finetune(task).where("family != 'Phi'")
        model = build_model(runs.where(f"data < {runs.table['data'].max()}"), get_law("multiplicative"))
        known = {f.name: getattr(model.density, f.name) for f in fields(model.density)}
        rate = {}
        for how, tried in (("", model), (", one by one", replace(model, density=OneByOne(**known)))):
            sample(tried, SamplerSettings(warmup=50, draws=50), seed=100)
            done = sample(tried, SamplerSettings(), seed=0)
            checks = {check.name: check.value for check in done.checks}
            rate[how] = min(checks["ess_bulk"], checks["ess_tail"]) / done.seconds
            rows |= {
                f"{task}, joint: seconds after compiling{how}": done.seconds,
                f"{task}, joint: steps a draw{how}": float(done.raw.steps.mean()),
                f"{task}, joint: largest R-hat{how}": checks["r_hat"],
                f"{task}, joint: smallest ESS{how}": min(checks["ess_bulk"], checks["ess_tail"]),
            }
        rows[f"{task}, joint: smallest ESS a second, ratio"] = rate[""] / rate[", one by one"]
    return rows


def bootstrap_speed(refits: int = 3) -> dict[str, float]:
    """The fit against 200 bootstrap refits of the rectified point fit of the same models, as published and as ours."""
    runs = flan(204_800)
    wide = runs.table.pivot(index="model", columns="data", values="loss")
    sizes, losses = wide.columns.to_numpy(float), wide.to_numpy(float)
    rng = np.random.default_rng(0)
    began = time.perf_counter()
    for _ in range(refits):
        resampled = losses * np.exp(0.003 * rng.standard_normal(losses.shape))
        rectified_point_fit(sizes, resampled, target=TARGET, zero_shot=None)
    published = (time.perf_counter() - began) / refits
    began = time.perf_counter()
    rectified_bootstrap(sizes, losses, target=TARGET, zero_shot=None, draws=200, rng=rng)
    quick = time.perf_counter() - began
    bl.fit(runs, seed=100)
    began = time.perf_counter()
    bl.fit(runs, seed=0)
    ours = time.perf_counter() - began
    return {
        "published point fit of 30 models: seconds": published,
        "200 refits of the published point fit, over one fit": 200 * published / ours,
        "200 refits by least squares with exact gradients: seconds": quick,
        "200 refits by least squares with exact gradients, over one fit": quick / ours,
    }


def simulated(curves: int, points: int = 12) -> bl.Runs:
    """Many curves of one task, of the shape that measured ones have."""
    rng = np.random.default_rng(0)
    sizes = 200.0 * 2 ** np.arange(points)
    t = np.log(sizes / sizes[-1])
    start, slope = rng.normal(1.0, 0.15, curves), 0.12 + 0.02 * rng.standard_normal(curves)
    log_loss = start[:, None] - slope[:, None] * (t - t[0]) + 0.005 * rng.standard_normal((curves, points))
    model = np.repeat([f"m{i}" for i in range(curves)], points)
    return bl.read_runs(
        pd.DataFrame({"model": model, "data": np.tile(sizes, curves), "loss": np.exp(log_loss).ravel()})
    )


def gradient_seconds(curves: int, chains: int = 4) -> float:
    """Seconds of one gradient of the log density, of all chains at once."""
    with jax.enable_x64(True):
        model = build_model(simulated(curves), get_law("rectified"))
        data = jax.device_put(model.data)
        position = {name: jax.numpy.zeros((chains, *shape)) for name, shape in model.sizes().items()}
        gradient = jax.jit(jax.vmap(jax.grad(lambda p: log_density(model.density, data, p))))
        jax.block_until_ready(gradient(position))
        times = []
        for _ in range(7):
            began = time.perf_counter()
            for _ in range(5):
                jax.block_until_ready(gradient(position))
            times.append((time.perf_counter() - began) / 5)
    return float(np.median(times))


def report(phase: str, done: int, planned: int) -> None:
    """Say on standard error how far a fit is."""
    print(f"{phase}: {done} of {planned} iterations", file=sys.stderr, flush=True)


def scaling_speed(sizes: tuple[int, ...] = (30, 300, 3000), fit_to: int = 3000) -> dict[str, float]:
    """Time of a gradient against the number of curves, and a fit of the largest number."""
    rows = {f"{n} curves: milliseconds a gradient of 4 chains": 1000 * gradient_seconds(n) for n in sizes}
    began = time.perf_counter()
    careful = SamplerSettings(warmup=300, target_accept=0.95)  # one divergence in so many curves would start it afresh
    fit = bl.fit(simulated(fit_to), sampler=careful, seed=0, progress=report)
    checks = {check.name: check.value for check in fit.posterior.checks}
    return {
        **rows,
        f"{fit_to} curves: seconds of a fit": time.perf_counter() - began,
        f"{fit_to} curves: draws of each chain": float(fit.posterior.draws.sizes["draw"]),
        f"{fit_to} curves: steps a draw": float(fit.posterior.stats.n_steps.mean()),
        f"{fit_to} curves: largest R-hat": checks["r_hat"],
        f"{fit_to} curves: smallest ESS": min(checks["ess_bulk"], checks["ess_tail"]),
        f"{fit_to} curves: divergences": checks["divergences"],
        f"{fit_to} curves: peak memory, GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def precision() -> dict[str, float]:
    """What single precision would lose: error of differences in log density between draws of a posterior."""
    model = build_model(flan(204_800), get_law("rectified"))
    with jax.enable_x64(True):
        raw = sample(model, SamplerSettings(), seed=0).raw
        positions = {name: values[:, ::10].reshape(-1, *values.shape[2:]) for name, values in raw.positions.items()}

    def evaluate(double: bool) -> tuple[np.ndarray, np.ndarray]:
        with jax.enable_x64(double):
            kind = np.float64 if double else np.float32
            data, at = jax.tree.map(
                lambda a: jax.numpy.asarray(a, kind if np.issubdtype(np.asarray(a).dtype, np.floating) else None),
                (model.data, positions),
            )
            both = jax.jit(jax.vmap(jax.value_and_grad(lambda p: log_density(model.density, data, p))))
            value, gradient = both(at)
            flat = [np.asarray(g, float).reshape(len(value), -1) for g in gradient.values()]
            return np.asarray(value, float), np.concatenate(flat, axis=1)

    (exact, gradient), (single, rough) = evaluate(True), evaluate(False)
    error = single - exact
    return {
        "float32: sd of the error of log density, nats": float(np.std(error)),
        "float32: largest error of log density, nats": float(np.max(np.abs(error - error.mean()))),
        "float32: largest error of a gradient, over its sd": float(
            np.max(np.abs(rough - gradient) / gradient.std(axis=0))
        ),
    }


PARTS = {
    "scaling": scaling_speed,
    "fit": fit_speed,
    "process": process_speed,
    "plain": plain_speed,
    "joint": joint_speed,
    "bootstrap": bootstrap_speed,
    "precision": precision,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {', '.join(PARTS)}")
    chosen = parser.parse_args()
    rows: dict[str, float] = {}
    for name in chosen.only.split(","):
        for label, value in PARTS[name]().items():
            rows[label] = value
            print(f"{label:75s} {value:12.4g}", flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
