import jax
import numpy as np
import pandas as pd
import pytest
from scipy import linalg

from bayeslaw.errors import LawError
from bayeslaw.kinds.base import log_density, prior_positions
from bayeslaw.kinds.curves.heights import starting_heights
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.curves.spring import Spring
from bayeslaw.kinds.registry import build_model
from bayeslaw.kinds.shared.borrowed import (
    PATH,
    VECTOR,
    Borrowed,
    BorrowedArrays,
    Entry,
    TaskPath,
    filling_of,
    reduced_sizes,
    unfold,
)
from bayeslaw.kinds.shared.walks import integrated_walk
from bayeslaw.kinds.surfaces.priors import SurfacePriors
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs

LAW = get_law("rectified")
OF_TASK = ("noise", "pull", "own_drift", "shared_drift")
REFERENCE = 102400.0
KNOTS = np.log(np.array([400.0, 800.0, 1600.0, 3200.0]) / REFERENCE)
ANCHOR = float(np.log(200.0 / REFERENCE))


def lender(tasks=("t",), *, path=False, spreads=False, seed=0, reference=REFERENCE):
    """A prior of the rectified law that knows tasks, with a covariance that ties all of it together."""
    rng = np.random.default_rng(seed)
    entries = [Entry("location", index=k) for k in range(3)]
    if spreads:
        entries += [Entry(f"spread.{c.name}.task") for c in LAW.coordinates]
        entries += [Entry(f"{c.name}.task", task) for task in tasks for c in LAW.coordinates]
    entries += [Entry(name, task) for task in tasks for name in OF_TASK]
    paths = {}
    if path:
        entries += [Entry(PATH, tasks[0], q) for q in range(len(KNOTS))]
        paths[tasks[0]] = TaskPath(ANCHOR, KNOTS, 1.0 - 0.05 * np.arange(5), 0.1, 8)
    mean = 0.3 * rng.standard_normal(len(entries))
    if path:
        mean[-len(KNOTS) :] = -0.05 * np.arange(1, 5)
    root = 0.2 * rng.standard_normal((len(entries), len(entries))) / np.sqrt(len(entries)) + 0.3 * np.eye(len(entries))
    return Borrowed({"data": reference}, tuple(entries), mean, root @ root.T, ScalePriors(), paths)


def table(tasks, sizes=(200.0, 400.0, 800.0, 1600.0, 3200.0), models=2, seed=1):
    rng = np.random.default_rng(seed)
    rows = [(task, f"m{i}", size) for task in tasks for i in range(models) for size in sizes]
    frame = pd.DataFrame(rows, columns=["task", "model", "data"]).assign(family=lambda f: f["model"])
    return read_runs(
        frame.assign(loss=np.exp(1 - 0.06 * np.log(frame["data"] / 200) + 0.02 * rng.standard_normal(len(rows))))
    )


def density(model, position):
    with jax.enable_x64(True):
        return float(log_density(model.density, model.data, position))


def test_the_vector_lands_in_its_places():
    sizes = {"location": (3,), "noise": (3,), "roughness": (2,), "spread.a.task": ()}
    entries = (Entry("noise", "y"), Entry("location", index=2), Entry("spread.a.task"), Entry("noise", "x"))
    entries += (Entry("location", index=0), Entry("location", index=1))
    mean, root = np.arange(6.0), np.tril(np.arange(36.0).reshape(6, 6)) + np.eye(6)
    borrowed = Borrowed({}, entries, mean, root @ root.T, ScalePriors(), {})
    filling = filling_of(borrowed, sizes, ("x", "new", "y"))
    assert reduced_sizes(filling, sizes) == {"noise": (1,), "roughness": (2,), VECTOR: (6,)}
    z = np.random.default_rng(0).standard_normal(6)
    position = {"noise": np.array([7.0]), "roughness": np.array([8.0, 9.0]), VECTOR: z}
    with jax.enable_x64(True):
        whole = unfold(filling, BorrowedArrays(mean, root), position)
    vector = mean + root @ z
    np.testing.assert_allclose(whole["noise"], [vector[3], 7.0, vector[0]])
    np.testing.assert_allclose(whole["location"], vector[[4, 5, 1]])
    np.testing.assert_allclose(whole["spread.a.task"], vector[2])
    np.testing.assert_array_equal(whole["roughness"], [8.0, 9.0])
    assert set(whole) == set(sizes)


def test_only_the_tasks_of_the_table_are_borrowed():
    part = lender(("t", "u"), path=True).for_tasks(["u"])
    assert part.tasks == ("u",)
    assert not part.paths
    assert part.covariance.shape == (len(part.entries),) * 2
    whole = lender(("t", "u"), path=True)
    for i, entry in enumerate(part.entries):
        j = whole.entries.index(entry)
        assert part.mean[i] == whole.mean[j]
        assert part.covariance[i, i] == whole.covariance[j, j]


@pytest.mark.core
@pytest.mark.fits
def test_a_standard_normal_vector_is_no_prior_at_all():
    """At the table's own reference it is what is believed by default, so that the density is the same."""
    runs = table(["t"])
    entries = (*(Entry("location", index=k) for k in range(3)), *(Entry(name, "t") for name in OF_TASK))
    same = Borrowed({"data": 3200.0}, entries, np.zeros(7), np.eye(7), ScalePriors(), {})
    plain, lent = build_model(runs, LAW), build_model(runs, LAW, borrowed=same)
    rng = np.random.default_rng(3)
    for _ in range(3):
        z = rng.standard_normal(7)
        rest = {"roughness": rng.standard_normal(2)}
        position = {"location": z[:3], **{name: z[[3 + i]] for i, name in enumerate(OF_TASK)}, **rest}
        assert density(lent, {VECTOR: z, **rest}) == pytest.approx(density(plain, position), abs=1e-9)


def test_coordinates_are_stated_at_the_point_of_the_prior():
    model = build_model(table(["t"]), LAW, borrowed=lender())
    np.testing.assert_array_equal(model.layout.reference["data"], [REFERENCE, REFERENCE])
    assert model.layout.axis[0, 0] == pytest.approx(np.log(200 / REFERENCE))


@pytest.mark.fits
@pytest.mark.parametrize("sizes", [(200.0, 800.0, 3200.0), (400.0, 1600.0, 6400.0, 25600.0)])
def test_the_path_of_a_known_task_against_a_dense_writing(sizes):
    """Curves follow the path, whatever the law says there, and beyond it a walk that sets out from its end."""
    runs = table(["t"], sizes)
    borrowed = lender(path=True, spreads=True)
    model = build_model(runs, LAW, borrowed=borrowed)
    layout, rng = model.layout, np.random.default_rng(5)
    z = rng.standard_normal(len(borrowed.for_tasks(["t"]).entries))
    position = {name: rng.standard_normal(shape) for name, shape in model.sizes().items()} | {VECTOR: z}
    vector = dict(zip(borrowed.entries, borrowed.mean + borrowed.root() @ z, strict=True))
    path = np.array([0.0, *(vector[Entry(PATH, "t", q)] for q in range(4))])
    scales = ScalePriors()
    rate = {n: getattr(scales, n).median * np.exp(getattr(scales, n).sd * vector[Entry(n, "t")]) for n in OF_TASK[2:]}
    noise = scales.noise.median * np.exp(scales.noise.sd * vector[Entry("noise", "t")])
    noise = noise * np.exp(scales.roughness * position["roughness"])
    pull = scales.pull.mean + scales.pull.sd * vector[Entry("pull", "t")]
    values = {}
    for k, c in enumerate(LAW.coordinates):
        effect = 0.9**0.5 * c.sd * np.exp(vector[Entry(f"spread.{c.name}.task")]) * vector[Entry(f"{c.name}.task", "t")]
        values[c.name] = c.mean + 0.1**0.5 * c.sd * vector[Entry("location", index=k)] + effect

    def law(t):
        with jax.enable_x64(True):
            return np.asarray(LAW.log_shape(values, {"data": np.exp(t)}, {"data": 1.0}))

    knots = np.concatenate([[ANCHOR], KNOTS])
    walk_at_knots = (path - (law(knots) - law(knots)[0]))[1:]
    total = -0.5 * (z @ z + np.sum(position["roughness"] ** 2))
    t = layout.axis[0]
    s, k = t - ANCHOR, KNOTS - ANCHOR
    between = integrated_walk(s[:, None], k[None]) @ np.linalg.inv(integrated_walk(k[:, None], k[None]))
    remainder = integrated_walk(s[:, None], s[None]) - between @ integrated_walk(k[:, None], s[None])
    own = rate["own_drift"] ** 2 * Spring()(s[:, None], s[None])
    mean = law(t) + between @ walk_at_knots
    heights = starting_heights(layout)
    typical = np.interp(t, knots, borrowed.paths["t"].typical)
    first = t[:3]
    np.testing.assert_allclose(heights, (layout.y - typical)[:, t <= first[-1]].mean(axis=1), atol=1e-9)
    curves = len(layout.curves)
    residual = layout.y - mean - pull * heights[:, None] * Spring().change(t[None], t[:1])
    covariance = np.kron(np.ones((curves, curves)), rate["shared_drift"] ** 2 * remainder)
    covariance += linalg.block_diag(*(own + n**2 * np.eye(len(t)) for n in noise))
    contrasts = linalg.null_space(np.kron(np.eye(curves), np.ones(len(t))))
    c, y = contrasts.T @ covariance @ contrasts, contrasts.T @ residual.ravel()
    total -= 0.5 * (np.linalg.slogdet(c)[1] + y @ np.linalg.solve(c, y))
    assert density(model, position) == pytest.approx(total, abs=1e-6)


def test_a_completed_draw_follows_the_path():
    """Law and shared walk of a completed draw add up to the path that the draw has."""
    borrowed = lender(path=True, spreads=True)
    model = build_model(table(["t"], (200.0, 800.0, 3200.0, 12800.0)), LAW, borrowed=borrowed)
    rng = np.random.default_rng(2)
    positions = prior_positions(model, 5, rng)
    draws = model.complete(positions, rng)
    walks = model.layout.walks[0]
    t = np.concatenate([[ANCHOR], KNOTS])
    with jax.enable_x64(True):
        values = {name: value[:, :1] for name, value in draws.coordinates.items()}
        shape = np.asarray(LAW.log_shape(values, {"data": np.exp(t)}, {"data": 1.0}))
    common = shape + draws.shared_walk[:, 0, : len(walks.shared.knots)] @ walks.shared.functions(t).T
    vector = borrowed.mean + positions[VECTOR] @ borrowed.root().T
    np.testing.assert_allclose(common[:, 1:] - common[:, :1], vector[:, -4:], atol=1e-8)
    beyond = walks.shared.knots[walks.known :]
    np.testing.assert_allclose(beyond, [np.log(12800 / REFERENCE)], atol=1e-9)


def test_completed_curves_go_through_their_runs():
    """Level, law, height, path and walks of a completed draw leave what noise leaves."""
    runs = table(["t"], (200.0, 800.0, 3200.0, 12800.0))
    model = build_model(runs, LAW, borrowed=lender(path=True, spreads=True))
    rng = np.random.default_rng(6)
    positions = prior_positions(model, 50, rng)
    draws, layout, walks = model.complete(positions, rng), model.layout, model.layout.walks[0]
    t = layout.axis[0]
    with jax.enable_x64(True):
        values = {name: value[..., None] for name, value in draws.coordinates.items()}
        log_loss = np.asarray(LAW.log_shape(values, {"data": np.exp(t)}, {"data": 1.0})) + draws.level[..., None]
    log_loss += (draws.pull * starting_heights(layout))[..., None] * Spring().change(t[None], t[:1])
    log_loss += draws.own_walk[..., : len(walks.own.knots)] @ walks.own.functions(t).T
    log_loss += draws.shared_walk[..., : len(walks.shared.knots)] @ walks.shared.functions(t).T
    off = (log_loss - layout.y) / draws.noise[..., None]
    # levels are flat, so that means of curves are off by noise alone: of 50 draws of two curves, sd 1/2 of a run's
    assert np.sqrt(np.mean(off.mean(axis=2) ** 2)) == pytest.approx(0.5, abs=0.15)


def test_positions_from_the_prior_have_the_spreads_of_the_prior():
    runs = table(["t", "u"], models=3)
    model = build_model(runs, LAW, pooling={"phase": "model"})
    positions = prior_positions(model, 4000, np.random.default_rng(1))
    assert positions["spread.phase.task"].std() == pytest.approx(0.3, rel=0.06)
    spread = np.exp(positions["spread.phase.model"])
    assert spread.mean() == pytest.approx(np.sqrt(2 / np.pi), rel=0.06)  # half-normal
    assert positions["location"].std() == pytest.approx(1.0, rel=0.06)


def test_draws_without_runs_are_draws_from_the_prior():
    borrowed = lender(("t",), path=True, spreads=True)
    model = build_model(table(["t", "new"]), LAW, borrowed=borrowed)
    rng = np.random.default_rng(4)
    draws = model.without_runs().complete(prior_positions(model, 4000, rng), rng)
    vector = rng.multivariate_normal(borrowed.mean, borrowed.covariance, 4000)
    column = [e.name == "noise" for e in borrowed.entries].index(True)
    found = np.log(draws.typical_noise / 0.006) / 0.7
    assert found[:, 0].mean() == pytest.approx(
        borrowed.mean[column], abs=5 * np.sqrt(borrowed.covariance[column, column] / 4000)
    )
    assert found[:, 0].std() == pytest.approx(vector[:, column].std(), rel=0.1)
    assert [found[:, 1].mean(), found[:, 1].std()] == pytest.approx([0, 1], abs=0.1)
    own = draws.own_walk / draws.own_drift[:, [0, 0, 1, 1], None]
    assert own.std() == pytest.approx(1.0, abs=0.03)
    np.testing.assert_allclose(draws.level, np.broadcast_to(model.centre, draws.level.shape))


def test_pooling_and_scales_are_those_of_the_prior():
    for wrong in ({"pooling": {"phase": "model"}}, {"scales": ScalePriors()}):
        with pytest.raises(LawError, match="prior"):
            build_model(table(["t"]), LAW, borrowed=lender(), **wrong)


def test_levels_of_joint_laws_are_counted_from_where_the_runs_are(surface):
    """The point of the prior may lie far from the runs, where the loss is another."""
    law = get_law("chinchilla")
    runs = surface({"x": ((1e8, 2e8, 4e8), (1e9, 4e9, 1.6e10))}, noise=0.001)
    entries = tuple(Entry("location", index=k) for k in range(4))
    far = Borrowed({"params": 1e11, "data": 1e12}, entries, np.zeros(4), 0.01 * np.eye(4), SurfacePriors(), {})
    model = build_model(runs, law, borrowed=far)
    with jax.enable_x64(True):
        values = {c.name: np.array(c.mean) for c in law.coordinates}
        seen = model.layout.weight > 0
        at = {name: values[seen] for name, values in model.layout.covariates.items()}
        shape = np.asarray(law.log_shape(values, at, {"params": 1e11, "data": 1e12}))
    assert model.centre[0] == pytest.approx((model.layout.y[seen] - shape).mean(), abs=1e-6)


def test_a_family_with_one_model_has_a_surface_of_its_own_with_a_prior(surface):
    runs = surface({"x": ((1e8,), (1e9, 4e9, 1.6e10)), "y": ((2e8,), (1e9, 4e9, 1.6e10))})
    law = get_law("chinchilla")
    entries = (*(Entry("location", index=k) for k in range(4)), Entry("spread.log_alpha.family"))
    borrowed = Borrowed({"params": 1e9, "data": 1e10}, entries, np.zeros(5), np.eye(5), SurfacePriors(), {})
    model = build_model(runs, law, borrowed=borrowed)
    assert model.sizes()["level"] == (2,)
    assert model.sizes()["log_alpha.family"] == (2,)
    assert build_model(runs, law).sizes()["level"] == (1,)
