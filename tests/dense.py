"""The model of curves written a second time, densely, from its documentation: what tests compare it with."""

from dataclasses import asdict, dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
from scipy import linalg, optimize

from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.laws import get_law

PRIORS = asdict(ScalePriors())
SCALES = {name: (PRIORS[name]["median"], PRIORS[name]["sd"]) for name in ("noise", "own_drift", "shared_drift")}
"""Median and log sd of the lognormal scales."""
DAMPING, STIFFNESS, INITIAL_SLOPE = 0.072, 0.026, 2.1
"""Of the spring that draws curves together: x'' = -DAMPING x' - STIFFNESS x."""
ROOTS = np.roots([1.0, DAMPING, STIFFNESS])
"""Complex rates of its solutions."""


def _kick(t):
    """Solution from 0 with slope 1."""
    return ((np.exp(ROOTS[0] * t) - np.exp(ROOTS[1] * t)) / (ROOTS[0] - ROOTS[1])).real


def left(t):
    """Solution from 1 with slope 0, held where it first crosses 0."""
    t = np.clip(t, 0.0, optimize.brentq(_falling, 5.0, 15.0))
    return _falling(t)


def _falling(t):
    return ((ROOTS[0] * np.exp(ROOTS[1] * t) - ROOTS[1] * np.exp(ROOTS[0] * t)) / (ROOTS[0] - ROOTS[1])).real


def relaxing_kernel(s, t):
    """Covariance of a spring kicked by white noise, set out from 0 with a random slope."""
    s, t = np.maximum(s, 0.0)[:, None], np.maximum(t, 0.0)[None]
    m = np.minimum(s, t)
    total = INITIAL_SLOPE**2 * _kick(s) * _kick(t)
    for i, a in enumerate(ROOTS):
        for j, b in enumerate(ROOTS):
            # the integral of exp(a (s - u)) exp(b (t - u)) for u from 0 to m
            part = np.exp(a * s + b * t) * (1 - np.exp(-(a + b) * m)) / (a + b)
            total = total + (-1) ** (i + j) * part / (ROOTS[0] - ROOTS[1]) ** 2
    return total.real


def walk_kernel(s, t):
    """Covariance of integrated Brownian motion: the integral of (s - u)(t - u) for u from 0 to min(s, t)."""
    s, t = np.maximum(s, 0.0)[:, None], np.maximum(t, 0.0)[None]
    m = np.minimum(s, t)
    return s * t * m - (s + t) * m**2 / 2 + m**3 / 3


def changing_kernel(s, t):
    """Covariance of a departure of sd t at a distance t, which is left unknown by t - s where it is known at s < t."""
    s, t = np.maximum(s, 0.0)[:, None], np.maximum(t, 0.0)[None]
    known = np.maximum(s, t) ** 2 - (s - t) ** 2  # the part of the variance at the larger that the smaller explains
    return np.minimum(s, t) * np.sqrt(known)


def log_rectified(coordinates, data, reference):
    """Log of L(D) for L = E + B / (D_l + D^beta) with L(D_ref) = 1; from the logs of its terms."""
    beta = np.exp(coordinates["log_beta"])
    pre_learned = beta * np.log(reference) - coordinates["phase"]
    e = -np.logaddexp(0.0, -coordinates["floor"])
    b = -np.logaddexp(0.0, coordinates["floor"]) + np.logaddexp(pre_learned, beta * np.log(reference))
    return np.logaddexp(e, b - np.logaddexp(pre_learned, beta * np.log(data)))


def _log_vanilla(coordinates, data, reference):
    """Log of L(D) for L = E + A / D^beta with L(D_ref) = 1."""
    e, a = -np.logaddexp(0.0, -coordinates["floor"]), -np.logaddexp(0.0, coordinates["floor"])
    return np.logaddexp(e, a - np.exp(coordinates["log_beta"]) * np.log(data / reference))


LOG_SHAPES = {"rectified": log_rectified, "vanilla": _log_vanilla, "mup": _log_vanilla}


def _root(covariance):
    """Symmetric root of a covariance that may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T


@dataclass
class Dense:
    """The hierarchical model of a table, with dense covariances over all runs of a task."""

    frame: pd.DataFrame
    law: str = "rectified"
    own_change: float = 0.0
    shared_change: float = 0.0
    """Sds of changes of slope beyond the data; normal here."""

    def __post_init__(self):
        self.log_shape = LOG_SHAPES[self.law]
        self.tasks = list(dict.fromkeys(self.frame["task"]))
        self.families = list(dict.fromkeys(zip(self.frame["task"], self.frame["family"], strict=True)))
        self.curves = list(dict.fromkeys(self.frame[["task", "family", "model"]].itertuples(index=False, name=None)))
        self.reference = self.frame["data"].max()

    def knots(self, task):
        """Sizes at which a walk is free: all but the first here, unless a table has many or close ones."""
        sizes = np.unique(np.log(self.frame.loc[self.frame["task"] == task, "data"]))
        kept = [sizes[0]]
        for size in sizes[1:]:
            if size - kept[-1] >= 0.1:
                kept.append(size)
        kept = np.array(kept[1:])
        if len(kept) > 15:
            kept = kept[np.unique(np.linspace(0, len(kept) - 1, 15).round().astype(int))]
        return sizes[0], kept

    def kernel(self, task, covariance, s, t, *, remainder=True, end=np.inf):
        """Covariance of a walk of unit rate; without ``remainder``, of its mean given knots up to ``end``."""
        anchor, knots = self.knots(task)
        knots = knots[knots <= end + 1e-9]
        s, t, knots = s - anchor, t - anchor, knots - anchor
        if remainder:
            return covariance(s, t)
        return covariance(s, knots) @ np.linalg.solve(covariance(knots, knots), covariance(knots, t))

    def given(self, task, covariance, at, end=None):
        """Covariance at logs ``at`` of a walk that goes on as its conditional mean beyond ``end``, that of the task."""
        end = np.log(self.frame.loc[self.frame["task"] == task, "data"].max()) if end is None else end
        within = np.minimum(at, end)
        left = self.kernel(task, covariance, within, within)
        left = left - self.kernel(task, covariance, within, within, remainder=False)
        return left + self.kernel(task, covariance, at, at, remainder=False, end=end)

    def heights(self, task):
        """Height of the first three sizes of each model of a task above the others, and its smallest size."""
        frame = self.frame[self.frame["task"] == task]
        names = [f"{family}/{model}" for of_task, family, model in self.curves if of_task == task]
        of = (frame["family"].astype(str) + "/" + frame["model"].astype(str)).to_numpy()
        t, y = np.log(frame["data"].to_numpy() / self.reference), np.log(frame["loss"].to_numpy())
        within = lambda x: x - np.array([x[of == name].mean() for name in of])  # noqa: E731
        bend = np.linalg.lstsq(np.column_stack([within(t), within(t**2)]), within(y), rcond=None)[0]
        flat = y - bend[0] * t - bend[1] * t**2
        height, first = [], []
        for name in names:
            sizes = np.sort(np.unique(t[of == name]))
            height.append(flat[(of == name) & (t <= sizes[min(2, len(sizes) - 1)])].mean())
            first.append(sizes[0])
        return np.array(height) - np.mean(height), np.array(first)

    def pulled(self, task, position, curve, data):
        """Share of the log loss of models ``curve`` of a task at ``data`` that their heights account for."""
        height, first = self.heights(task)
        pull = PRIORS["pull"]["mean"] + PRIORS["pull"]["sd"] * position["pull"][self.tasks.index(task)]
        t = np.log(data / self.reference)
        return pull * height[curve] * (left(t - first[curve]) - left(-first[curve]))

    def scales(self, position):
        return {name: m * np.exp(sd * np.asarray(position[name])) for name, (m, sd) in SCALES.items()}

    def coordinates(self, position):
        """Coordinates of each curve, from location and effects."""
        index = {
            "task": [self.tasks.index(task) for task, _, _ in self.curves],
            "family": [self.families.index((task, family)) for task, family, _ in self.curves],
            "model": list(range(len(self.curves))),
        }
        values = {}
        for k, c in enumerate(get_law(self.law).coordinates):
            name = c.name
            common = np.sqrt(0.1) if f"{name}.task" in position else 1.0  # a tenth of the variance, of several tasks
            scales = {"task": np.sqrt(0.9) * c.sd, "family": c.spread, "model": c.spread}
            values[name] = np.full(len(self.curves), c.mean + common * c.sd * position["location"][k])
            for level, groups in index.items():
                if f"{name}.{level}" in position:
                    scale = scales[level] * np.exp(position[f"spread.{name}.{level}"])
                    values[name] = values[name] + scale * np.asarray(position[f"{name}.{level}"])[groups]
        return values

    def draw(self, task, position, heights, data, rng):
        """Log losses on the curves of a task at sizes ``data``, (K, A), without noise and with level 0 at D_ref."""
        members = [i for i, curve in enumerate(self.curves) if curve[0] == task]
        k, s, t = self.tasks.index(task), self.scales(position), np.log(data)
        values = {name: value[members, None] for name, value in self.coordinates(position).items()}
        log_loss = self.log_shape(values, data[None], self.reference)
        first = np.full((len(members), 1), self.knots(task)[0] - np.log(self.reference))
        t_ref = np.log(data / self.reference)[None]
        pull = PRIORS["pull"]["mean"] + PRIORS["pull"]["sd"] * position["pull"][k]
        log_loss = log_loss + pull * heights[:, None] * (left(t_ref - first) - left(-first))
        own, shared = (_root(self.given(task, kernel, t)) for kernel in (relaxing_kernel, walk_kernel))
        log_loss = log_loss + s["own_drift"][k] * rng.standard_normal(log_loss.shape) @ own
        log_loss = log_loss + s["shared_drift"][k] * rng.standard_normal(len(t)) @ shared
        beyond = np.maximum(t - np.log(self.frame.loc[self.frame["task"] == task, "data"].max()), 0.0)
        root = _root(changing_kernel(beyond, beyond))
        log_loss = log_loss + self.own_change * rng.standard_normal(log_loss.shape) @ root
        return log_loss + self.shared_change * rng.standard_normal(len(t)) @ root

    def log_prior(self, position):
        total = 0.0
        for name, value in position.items():
            if name.startswith("spread.") and name.endswith(".task"):
                total -= (value / 0.3) ** 2 / 2
            elif name.startswith("spread."):  # half-normal spread, so |d spread / d log spread| = spread
                spread = np.exp(value)
                total += np.log(spread) - spread**2 / 2
            else:
                total -= np.sum(np.asarray(value) ** 2) / 2
        return total

    def gaussian(self, task, position, *, remainder=False):
        """Everything Gaussian about the runs of a task, given a position."""
        frame = self.frame[self.frame["task"] == task]
        members = [i for i, curve in enumerate(self.curves) if curve[0] == task]
        keys = [(self.curves[i][1], self.curves[i][2]) for i in members]
        curve = np.array([keys.index(key) for key in zip(frame["family"], frame["model"], strict=True)])
        t = np.log(frame["data"].to_numpy())
        values = {name: value[members] for name, value in self.coordinates(position).items()}
        at_runs = {name: value[curve] for name, value in values.items()}
        residual = np.log(frame["loss"].to_numpy()) - self.log_shape(at_runs, frame["data"].to_numpy(), self.reference)
        residual = residual - self.pulled(task, position, curve, frame["data"].to_numpy())
        weight = np.ones(len(frame))
        if "loss_se" in frame:
            weight = 0.005**2 / (0.005**2 + (frame["loss_se"] / frame["loss"]).fillna(0.0).to_numpy() ** 2)
        s = self.scales(position)
        noise = s["noise"][self.tasks.index(task)] * np.exp(PRIORS["roughness"] * position["roughness"][members])
        k = self.tasks.index(task)
        own = s["own_drift"][k] ** 2 * self.kernel(task, relaxing_kernel, t, t, remainder=remainder)
        own = own * (curve[:, None] == curve[None])
        shared = s["shared_drift"][k] ** 2 * self.kernel(task, walk_kernel, t, t, remainder=remainder)
        level = (curve[:, None] == np.arange(len(members))[None]).astype(float)
        covariance = own + shared + np.diag(noise[curve] ** 2 / weight)
        return SimpleNamespace(
            residual=residual, covariance=covariance, level=level, own=own, shared=shared, curve=curve, t=t,
            members=members, values=values, noise=noise, weight=weight, scales=s,
        )  # fmt: skip

    def log_likelihood(self, position):
        """Density of the runs with flat levels: what is left after the level directions are projected out."""
        total = 0.0
        for task in self.tasks:
            g = self.gaussian(task, position)
            contrasts = linalg.null_space(g.level.T)
            if contrasts.shape[1]:
                covariance = contrasts.T @ g.covariance @ contrasts
                y = contrasts.T @ g.residual
                total -= (np.linalg.slogdet(covariance)[1] + y @ np.linalg.solve(covariance, y)) / 2
        return total

    def log_joint(self, position):
        return self.log_prior(position) + self.log_likelihood(position)

    def changes(self, task, at):
        """Covariance of what changes of slope add to the curves of a task at logs ``at``, (K A, K A) in C order."""
        g = self.frame[self.frame["task"] == task]
        ends = [
            np.log(g.loc[(g["family"] == family) & (g["model"] == model), "data"].max())
            for of_task, family, model in self.curves
            if of_task == task
        ]
        beyond = [np.maximum(np.asarray(at) - end, 0.0) for end in ends]
        together = np.tile(np.maximum(np.asarray(at) - max(ends), 0.0), len(ends))
        own = linalg.block_diag(*[changing_kernel(h, h) for h in beyond])
        return self.own_change**2 * own + self.shared_change**2 * changing_kernel(together, together)

    def conditional(self, task, position, at=None, *, predicted=True):
        """Mean and covariance of (levels, own walks, shared walk) of a task given its runs; walks at logs ``at``.

        Order: levels (K,), own walks (K, A) in C order, shared walk (A,). As they are ``predicted``, own walks end with
        their curves; as they are drawn, at knots, they do not.
        """
        g = self.gaussian(task, position)
        at = g.t if at is None else np.asarray(at, float)
        curves = len(g.members)
        q, Q = (g.scales[name][self.tasks.index(task)] for name in ("own_drift", "shared_drift"))
        ends = [g.t[g.curve == k].max() if predicted else np.inf for k in range(curves)]

        c = np.concatenate(
            [
                q**2 * self.kernel(task, relaxing_kernel, at, g.t, remainder=False, end=end) * (g.curve == k)[None]
                for k, end in enumerate(ends)
            ]
            + [Q**2 * self.kernel(task, walk_kernel, at, g.t, remainder=False)]
        )
        own = [q**2 * self.given(task, relaxing_kernel, at, end) for end in ends]
        prior = linalg.block_diag(*own, Q**2 * self.given(task, walk_kernel, at))
        inverse = np.linalg.inv(g.covariance)
        w = np.linalg.inv(g.level.T @ inverse @ g.level)
        projector = inverse - inverse @ g.level @ w @ g.level.T @ inverse
        mean = np.concatenate([w @ g.level.T @ inverse @ g.residual, c @ projector @ g.residual])
        between = -c @ inverse @ g.level @ w
        return mean, np.block([[w, between.T], [between, prior - c @ projector @ c.T]])
