"""Whether a policy kept what it promised: regret, gain of what it bought, and the value of stopping when it said so."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from bayeslaw.jobs.run import Record


def promises(steps: Iterable[Mapping[str, Any]]) -> list[Record]:
    """What each policy promised against what was found, over all its steps.

    Parameters
    ----------
    steps : iterable of mappings
        Those of a `Replay`, or of its JSON.

    Returns
    -------
    list of dict
        One a policy that promises: ``policy``, ``steps``, mean ``regret`` and ``promised_regret`` and their ``ratio``;
        mean ``gain`` of a purchase (by how much the regret fell) and ``promised_gain``, and the ``slope`` of the one in
        the other, through the origin. None where nothing was promised.
    """
    by_policy: dict[str, list[list[Mapping[str, Any]]]] = {}
    for own in _replays(steps):
        by_policy.setdefault(own[0]["policy"], []).append(own)
    found = []
    for policy, replays in by_policy.items():
        told = np.array([(s["regret"], s["promised_regret"]) for own in replays for s in own])
        gains = [(a["regret"] - b["regret"], a["promised_gain"]) for own in replays for a, b in pairwise(own)]
        gain, promised = np.array(gains).reshape(-1, 2).T
        square = float(promised @ promised)
        found.append(
            {
                "policy": policy,
                "steps": len(told),
                "regret": float(told[:, 0].mean()),
                "promised_regret": float(told[:, 1].mean()),
                "ratio": float(told[:, 0].mean() / told[:, 1].mean()) if told[:, 1].any() else None,
                "gain": float(gain.mean()) if len(gains) else None,
                "promised_gain": float(promised.mean()) if len(gains) else None,
                "slope": float(gain @ promised / square) if square > 0 else None,
            }
        )
    return found


def stopping(steps: Iterable[Mapping[str, Any]], price: float) -> list[Record]:
    """What stopping when no purchase pays was worth, against stopping when it would have been best.

    Parameters
    ----------
    steps : iterable of mappings
        Those of a `Replay`, or of its JSON.
    price : float
        Units of cost that a unit of loss is worth.

    Returns
    -------
    list of dict
        One a replay of a policy that promises: ``task``, ``policy``, ``seed``; ``stopped`` and ``best``, the steps;
        ``net`` and ``best_net``, by how much the regret fell from the first step, in units of cost, less what was paid;
        ``regret`` and ``promised_regret`` where it stopped.
    """
    found = []
    for own in _replays(steps):
        spent, regret = (np.array([s[name] for s in own], float) for name in ("spent", "regret"))
        net = price * (regret[0] - regret) - (spent - spent[0])
        pays = [price * a["promised_gain"] > b["spent"] - a["spent"] for a, b in pairwise(own)]
        stopped, best = (pays.index(False) if False in pays else len(own) - 1), int(net.argmax())
        found.append(
            {
                **{name: own[0][name] for name in ("task", "policy", "seed")},
                "stopped": stopped,
                "best": best,
                "net": float(net[stopped]),
                "best_net": float(net[best]),
                "regret": float(regret[stopped]),
                "promised_regret": own[stopped]["promised_regret"],
            }
        )
    return found


def _replays(steps: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """The steps of each replay of a policy that promises, in order."""
    replays: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for step in steps:
        if step.get("promised_regret") is not None:
            replays.setdefault((step["task"], step["policy"], step["seed"]), []).append(step)
    for own in replays.values():
        yield sorted(own, key=lambda step: step["step"])
