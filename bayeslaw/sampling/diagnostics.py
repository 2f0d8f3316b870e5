"""Whether the draws can be believed: the usual checks, each as a verdict."""

from collections.abc import Hashable

import numpy as np
import xarray as xr

from bayeslaw._arviz import convergence
from bayeslaw.sampling.nuts import RawDraws
from bayeslaw.verdicts import Check, at_least, at_most

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
    checks = [at_most("r_hat", value, RHAT_MAX, 1.05, sentence, more)]
    for name, part in (("ess_bulk", "centre"), ("ess_tail", "tails")):
        value, where = worst[name]
        sentence = f"At least {value:.0f} effective draws for the {part} of each marginal (fewest: {where})."
        checks.append(at_least(name, value, ESS_MIN, 100, sentence, more))
    return checks


def trajectory_checks(raw: RawDraws, max_depth: int) -> list[Check]:
    """Check divergences, energy and tree depth."""
    draws = raw.diverging.size
    diverging = int(raw.diverging.sum())
    saturated = int(np.sum(raw.steps >= 2**max_depth - 1))
    energy = float(np.min(bfmi(raw.energy)))
    careful = "Raise the target acceptance (0.99); if it stays, the law may not fit these curves."
    return [
        at_most(
            "divergences", diverging, 0, draws // 200,
            f"{diverging} of {draws} trajectories diverged: regions may have been missed where they do.", careful,
        ),
        at_least(
            "e_bfmi", energy, BFMI_MIN, 0.1,
            f"The energy of the slowest chain moves freely at {energy:.2f} (E-BFMI).",
            "Sample longer with more warm-up.",
        ),
        at_most(
            "tree_depth", saturated, 0, draws // 100,
            f"{saturated} of {draws} trajectories were cut off at the largest tree depth ({max_depth}).",
            "Give more warm-up, or raise the largest tree depth.",
        ),
    ]  # fmt: skip


def _worst(statistic: xr.Dataset, *, largest: bool) -> tuple[float, str]:
    """The worst value of a statistic and a readable name of the quantity it belongs to."""
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
