"""Diagnostics of the sampler (R-hat, effective sample size, divergences, E-BFMI, tree depth), each as a verdict."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import xarray as xr

from bayeslaw._arviz import convergence
from bayeslaw.results import listed
from bayeslaw.sampling.nuts import RawDraws, SamplerSettings
from bayeslaw.verdicts import EFFECTIVE, QUICK, R_HAT, Check, at_least, at_most

RHAT_MAX = 1.01
ESS_MIN = 400
BFMI_MIN = 0.3


def bfmi(energy: np.ndarray) -> np.ndarray:
    """Estimated Bayesian fraction of missing information of each chain (Betancourt 2016, arXiv 1604.00695).

    Parameters
    ----------
    energy : ndarray, shape (chain, draw)

    Returns
    -------
    ndarray, shape (chain,)
    """
    return np.mean(np.diff(energy, axis=1) ** 2, axis=1) / np.var(energy, axis=1)


def convergence_checks(draws: xr.Dataset) -> list[Check]:
    """Check R-hat and effective sample sizes of every variable of a dataset with dimensions (chain, draw, ...)."""
    found = convergence(draws)
    more = "Sample longer (more draws), or narrow the table to fewer models."
    worst = {name: _worst(statistic, largest=name == "rhat") for name, statistic in found.items()}
    value, where = worst["rhat"]
    sentence = f"R-hat is at most {value:.3f} (at {where}): chains agree if it is near 1."
    checks = [at_most(R_HAT, value, RHAT_MAX, 1.05, sentence, more)]
    for name, part in zip(EFFECTIVE, ("centre", "tails"), strict=True):
        value, where = worst[name]
        sentence = f"At least {value:.0f} effective draws for the {part} of each marginal (fewest: {where})."
        checks.append(at_least(name, value, ESS_MIN, 100, sentence, more))
    return checks


def trajectory_checks(raw: RawDraws, max_depth: int) -> list[Check]:
    """Check divergences, energy and tree depth."""
    saturated = raw.steps >= 2**max_depth - 1
    return [_divergences(raw.diverging), _energy(raw.energy), _tree_depth(saturated, f" ({max_depth})")]


def quick_checks(count: int, settings: SamplerSettings) -> list[Check]:
    """A verdict that asks for a look at answers of a quick fit, whatever its other checks say; none of others."""
    if settings.enough == "PASS":
        return []
    usual = SamplerSettings()
    sentence = f"A quick fit for a first look: {count} draws, and sampling ends once no check of it fails."
    remedy = "Fit without --quick (sampler=QUICK) before anything is decided."
    return [Check(QUICK, "REVIEW", float(count), float(usual.chains * usual.draws), sentence, remedy)]


def given_trajectory_checks(stats: Mapping[str, np.ndarray]) -> list[Check]:
    """Check the trajectories of an external sampler, as far as its statistics are given.

    Parameters
    ----------
    stats : mapping of str to ndarray, shape (chain, draw)
        By the names of ArviZ: ``diverging``, ``energy``, ``reached_max_treedepth``. Others are ignored.
    """
    known = {"diverging": _divergences, "energy": _energy, "reached_max_treedepth": _tree_depth}
    return [check(stats[name]) for name, check in known.items() if name in stats]


def stuck_checks(entries: Sequence[str]) -> list[Check]:
    """A failed check if entries of positions that are sampled do not move in some chain; none otherwise."""
    if not entries:
        return []
    sentence = f"Chains do not move in {len(entries)} of their entries ({listed(list(entries))})."
    return [at_most("stuck_chains", len(entries), 0, 0, sentence, "Look at the sampler: these are not draws.")]


def _divergences(diverging: np.ndarray) -> Check:
    count, draws = int(diverging.sum()), diverging.size
    return at_most(
        "divergences", count, 0, draws // 200,
        f"{count} of {draws} trajectories diverged: regions may have been missed where they do.",
        "Raise the target acceptance (0.99); if it stays, the law may not fit these curves.",
    )  # fmt: skip


def _energy(energy: np.ndarray) -> Check:
    least = float(np.min(bfmi(energy)))
    sentence = f"The energy of the slowest chain moves freely at {least:.2f} (E-BFMI)."
    return at_least("e_bfmi", least, BFMI_MIN, 0.1, sentence, "Sample longer with more warm-up.")


def _tree_depth(saturated: np.ndarray, depth: str = "") -> Check:
    count, draws = int(saturated.sum()), saturated.size
    sentence = f"{count} of {draws} trajectories were cut off at the largest tree depth{depth}."
    remedy = "Give more warm-up, or raise the largest tree depth."
    return at_most("tree_depth", count, 0, draws // 100, sentence, remedy)


def _worst(statistic: xr.Dataset, *, largest: bool) -> tuple[float, str]:
    """The worst value of a statistic, and a readable name of the quantity that has it."""
    worst, where = (-np.inf, "") if largest else (np.inf, "")
    for name, values in statistic.data_vars.items():
        flat = values.values.ravel()
        if flat.size == 0:
            continue
        if np.isnan(flat).any():
            return float("nan"), str(name)
        i = int(np.argmax(flat) if largest else np.argmin(flat))
        if (flat[i] > worst) == largest and flat[i] != worst:
            index = np.unravel_index(i, values.shape)
            labels = [_label(values, dim, int(j)) for dim, j in zip(values.dims, index, strict=True)]
            worst, where = float(flat[i]), f"{name}[{', '.join(labels)}]" if labels else str(name)
    return worst, where


def _label(values: xr.DataArray, dim: Hashable, i: int) -> str:
    return str(values[dim].values[i]) if dim in values.coords else str(i)
