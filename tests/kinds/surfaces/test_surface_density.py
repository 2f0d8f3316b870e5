"""The model of joint laws: its density against plain numpy, its layout, and what it makes of bad runs.

Fits are held to truths they miss with a probability below 1e-4 each, with fixed seeds.
"""

import jax
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayeslaw as bl
from bayeslaw.errors import LawError
from bayeslaw.kinds.base import prior_positions
from bayeslaw.kinds.curves.priors import ScalePriors
from bayeslaw.kinds.registry import build_model, kind_of, read_for
from bayeslaw.kinds.shared.hierarchy import COMMON
from bayeslaw.kinds.surfaces.density import OF_MODELS, expected
from bayeslaw.kinds.surfaces.layout import LONG, points_of, surfaces
from bayeslaw.kinds.surfaces.priors import SurfacePriors
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs
from bayeslaw.sampling.nuts import RawDraws, SamplerSettings
from bayeslaw.sampling.sample import _look

LAW = get_law("chinchilla")
SIZES, TOKENS = (1e8, 4e8, 1.6e9), (2e9, 8e9, 2e10, 5e10)
OWN = {*OF_MODELS, *(f"{name}_sd" for name in OF_MODELS)}
QUICK = SamplerSettings(warmup=300, draws=250)


def families(surface, **more):
    return surface({"x": (SIZES, TOKENS), "y": (SIZES[:2], TOKENS[:3])}, **more)


def layout_of(runs, law):
    return kind_of(law).layout(runs, law)


def plain_log_density(model, position):
    """The density written from the model's description, one run at a time."""
    layout, prior, data = model.layout, model.density.scales, model.data
    centre = {c.name: c.mean for c in LAW.coordinates}
    total = -0.5 * np.sum(position["location"] ** 2 + 0.0)
    values = {}
    for k, c in enumerate(LAW.coordinates):
        values[c.name] = np.full(len(layout.curves), centre[c.name] + c.sd * position["location"][k])
        name = f"{c.name}.family"
        if name in position:
            values[c.name] = (
                values[c.name] + c.spread * np.exp(position[f"spread.{name}"]) * position[name][layout.family_of]
            )
            total += position[f"spread.{name}"] - 0.5 * np.exp(2 * position[f"spread.{name}"])
            total -= 0.5 * np.sum(position[name] ** 2)
    scales = {}
    for name in ("noise", "tail", "field_sd", "offset_sd", "tilt_sd", "curvature_sd"):
        median, sd = getattr(prior, name).median, getattr(prior, name).sd
        scales[name] = median * np.exp(sd * position[name])
        total -= 0.5 * np.sum(position[name] ** 2)
    total -= 0.5 * np.sum(position["level"] ** 2) + 0.5 * np.sum(position["field"] ** 2)
    offsets = prior.offset_sd.median * position["offset"]
    tilts = prior.tilt_sd.median * position["tilt"]
    curvatures = prior.curvature_sd.median * position["curvature"]
    total += np.sum(stats.norm.logpdf(offsets, 0, scales["offset_sd"][layout.task_of]))
    total += np.sum(stats.norm.logpdf(tilts, 0, scales["tilt_sd"][layout.task_of]))
    total += np.sum(stats.norm.logpdf(curvatures, 0, scales["curvature_sd"][layout.task_of]))
    of_curve = layout.family_of
    j = 0
    for i in range(len(layout.curves)):
        t = np.log(layout.covariates["data"][i])
        middle = t[layout.weight[i] > 0].mean()
        spread = np.mean((t[layout.weight[i] > 0] - middle) ** 2)
        for m in np.flatnonzero(layout.weight[i] > 0):
            n, d = (np.log(layout.covariates[c][i, m] / layout.reference[c][i]) for c in ("params", "data"))
            floor, split = (1 / (1 + np.exp(-values[name][i])) for name in ("floor", "split"))
            alpha, beta = np.exp(values["log_alpha"][i]), np.exp(values["log_beta"][i])
            law = floor + (1 - floor) * (split * np.exp(-alpha * n) + (1 - split) * np.exp(-beta * d))
            task, g = layout.task_of[i], of_curve[i]
            field = data.functions[j] @ position["field"] * scales["field_sd"][task]
            mean = model.centre[i] + position["level"][g] + np.log(law) + offsets[i] + field
            mean += tilts[i] * (t[m] - middle) + curvatures[i] * ((t[m] - middle) ** 2 - spread) / 2
            sd = np.sqrt(
                scales["noise"][task] ** 2 / layout.weight[i, m] + scales["field_sd"][task] ** 2 * data.unexplained[j]
            )
            total += stats.t.logpdf(layout.y[i, m], scales["tail"][task], mean, sd)
            j += 1
    return total


def random_positions(model, count, seed):
    rng = np.random.default_rng(seed)
    return [{name: 0.7 * rng.standard_normal(shape) for name, shape in model.sizes().items()} for _ in range(count)]


@pytest.mark.parametrize("task_pooling", [False, True], ids=["families", "one family"])
def test_the_density_is_the_one_described(task_pooling, surface):
    runs = families(surface) if not task_pooling else surface({"x": (SIZES, TOKENS)})
    model = build_model(runs, LAW)
    assert ("log_alpha.family" in model.sizes()) != task_pooling
    positions = random_positions(model, 12, seed=1)
    with jax.enable_x64(True):
        found = [float(model.density.log_prior(p) + model.density.log_likelihood(model.data, p)) for p in positions]
    difference = np.array(found) - [plain_log_density(model, p) for p in positions]
    np.testing.assert_allclose(difference, difference[0], atol=1e-8)


@pytest.mark.core
@pytest.mark.fits
def test_gradients_are_those_of_finite_differences(surface):
    model = build_model(families(surface), LAW)
    position, direction = random_positions(model, 2, seed=2)
    with jax.enable_x64(True):

        def along(h):
            p = {name: position[name] + h * direction[name] for name in position}
            return model.density.log_prior(p) + model.density.log_likelihood(model.data, p)

        assert float(jax.grad(along)(0.0)) == pytest.approx(float(along(1e-5) - along(-1e-5)) / 2e-5, rel=1e-6)


def test_families_have_surfaces_of_their_own_unless_each_is_one_model(surface):
    whole = families(surface)
    layout = layout_of(whole, LAW)
    assert set(layout.families) == {(c.task, c.family) for c in layout.curves}
    nameless = read_runs(whole.table[["task", "params", "tokens", "loss"]])
    model = build_model(nameless, LAW)
    np.testing.assert_array_equal(model.layout.family_of, model.layout.task_of)
    assert model.sizes()["level"] == (1,)
    assert not [name for name in model.sizes() if name.endswith(".family")]


def test_nothing_varies_within_a_surface(surface):
    whole = families(surface)
    nameless = read_runs(whole.table[["task", "params", "tokens", "loss"]])
    build_model(whole, LAW, pooling={"log_beta": "task"})
    for runs, level, finest in ((whole, "model", "family"), (nameless, "model", "task"), (nameless, "family", "task")):
        with pytest.raises(LawError, match=f"models of a {finest} lie on one surface"):
            build_model(runs, LAW, pooling={"log_beta": level})


def two_kinds_of_tasks(surface):
    """Task a of two families of several models, task b of nameless ones."""
    named = families(surface).table.assign(task="a")
    nameless = families(surface).table.assign(task="b")
    nameless["model"] = nameless["family"] = nameless["model"] + " b"
    return read_runs(pd.concat([named, nameless])[["task", "family", "model", "params", "tokens", "loss"]])


def test_a_task_of_nameless_models_is_one_surface_whatever_other_tasks_are(surface):
    runs = two_kinds_of_tasks(surface)
    layout = layout_of(runs, LAW)
    named = {(c.task, c.family) for c in layout.curves if c.task == "a"}
    assert len(named) > 1
    assert set(layout.families) == named | {("b", "b")}
    found = {(s.task, s.family): len(s.models) for s in surfaces(layout)}
    assert found["b", "b"] == sum(c.task == "b" for c in layout.curves)
    alone = layout_of(runs.where("task == 'b'"), LAW)
    assert [(s.family, len(s.models)) for s in surfaces(alone)] == [("b", found["b", "b"])]
    assert len(layout_of(runs, get_law("vanilla")).families) == len(named) + found["b", "b"]


def test_coordinates_are_stated_in_the_middle_of_the_table(surface):
    layout = layout_of(families(surface), LAW)
    np.testing.assert_allclose(points_of(layout).mean(axis=0), 0.0, atol=1e-9)


def test_a_unit_changes_nothing_but_labels(surface):
    table = families(surface).table[["model", "family", "task", "params", "tokens", "loss"]]
    in_other_units = table.assign(params=table["params"] * 1e-6, tokens=table["tokens"] / 1e9)
    other = build_model(read_runs(in_other_units, roles={"params": "params", "tokens": "tokens"}), LAW)
    model = build_model(read_runs(table), LAW)
    for name, mine in model.data._asdict().items():
        jax.tree.map(np.testing.assert_array_equal, mine, getattr(other.data, name))


def test_only_long_curves_are_condensed(surface):
    long = np.geomspace(1e9, 1e11, LONG + 10)
    runs = surface({"x": ((1e8,), long), "y": ((2e8,), long[:LONG])})
    seen = (layout_of(runs, LAW).weight > 0).sum(axis=1)
    names = [c.family for c in layout_of(runs, LAW).curves]
    assert seen[names.index("y")] == LONG
    assert 10 < seen[names.index("x")] < LONG
    assert layout_of(runs, LAW).largest == pytest.approx([{"x": 1e11, "y": long[LONG - 1]}[name] for name in names])


def test_runs_at_even_steps_are_condensed_and_those_spread_by_factors_are_not(surface):
    even, uneven = np.arange(1, 21) * 1e9, np.geomspace(1e9, 2e10, 20)
    few = even[:12]
    ending = [*even, even[-1] + 1e8]  # with a last evaluation
    families = {"even": ((1e8,), even), "few": ((1e8,), few), "factors": ((2e8,), uneven), "ending": ((2e8,), ending)}
    layout = layout_of(surface(families), LAW)
    seen = dict(zip([c.family for c in layout.curves], (layout.weight > 0).sum(axis=1), strict=True))
    assert seen == {"even": 10, "few": 12, "factors": 20, "ending": 10}


def test_what_is_averaged_is_told_once(surface):
    runs = surface({"even": ((1e8,), np.arange(1, 21) * 1e9), "few": ((1e8,), np.arange(1, 13) * 1e9)})
    prepared, _ = read_for(runs, "chinchilla", 0.0)
    (note,) = set(prepared.notes) - set(runs.notes)
    assert note.startswith("20 losses of 1 run are taken for checkpoints")
    assert read_for(prepared, "chinchilla", 0.0)[0].notes == prepared.notes
    few = runs.where_rows((runs.table["family"] == "few").to_numpy(), "even")
    assert read_for(few, "chinchilla", 0.0)[0].notes == runs.notes


def test_separate_runs_at_even_steps_are_kept_apart_by_their_seeds(surface):
    table = surface({"even": ((1e8,), np.arange(1, 21) * 1e9), "others": (SIZES, TOKENS)}).table
    table = table.assign(seed=np.arange(len(table)))
    layout = layout_of(read_runs(table[["task", "family", "model", "params", "tokens", "loss", "seed"]]), LAW)
    assert (layout.weight > 0).sum() == len(table)


def test_runs_of_one_size_are_not_condensed_as_if_they_were_at_even_steps(surface):
    layout = layout_of(surface({"repeated": ((1e8,), np.full(20, 1e9)), "others": (SIZES, TOKENS)}), LAW)
    repeated = [c.family for c in layout.curves].index("repeated")
    assert (layout.weight[repeated] > 0).sum() == 20


@pytest.mark.fits
@pytest.mark.parametrize(
    ("law", "column", "values"),
    [
        ("multiplicative(lora_rank)", "lora_rank", (1, 4, 16, 64, 128)),
        ("chinchilla", "params", (1e7, 2e7, 1e8, 3e8, 1e9)),
        ("data_constrained", "unique_data", (1e9, 2e9, 4e9, 8e9, 1.6e10)),
        ("chinchilla", "seed", (1, 2, 3, 4, 5)),
    ],
)
def test_runs_that_differ_in_more_than_data_are_no_checkpoints(surface, law, column, values):
    """Five times six runs under one model name; but thirty more at one value are."""
    sizes = np.geomspace(1e9, 1e10, 6)
    table = surface({"x": ((1e8,), sizes)}).table.assign(unique_data=1e9).drop(columns="row")
    apart = pd.concat([table.assign(**{column: value}) for value in values])
    layout = layout_of(read_runs(apart), get_law(law))
    assert (layout.weight > 0).sum() == 30
    if column != "seed":
        assert sorted(set(layout.covariates[column].ravel())) == sorted(values)
    long = surface({"x": ((1e8,), np.geomspace(1e9, 1e11, 30))}).table.assign(unique_data=1e9).drop(columns="row")
    both = layout_of(read_runs(pd.concat([apart, long.assign(model="long", **{column: 2})])), get_law(law))
    per_model = dict(zip([c.model for c in both.curves], (both.weight > 0).sum(axis=1), strict=True))
    assert per_model.pop("long") == 19
    # what has several sizes is several models, whatever it is called
    assert list(per_model.values()) == ([6] * 5 if column == "params" else [30])


def test_models_with_a_run_or_two_have_nothing_of_their_own(surface):
    few = build_model(surface({"x": ((1e8, 2e8, 4e8, 8e8), (1e9, 1e10))}), LAW)
    assert few.fixed() >= OWN
    draws = few.complete({n: np.zeros((3, *s)) for n, s in few.sizes().items()}, np.random.default_rng(0))
    for name in OF_MODELS:
        np.testing.assert_array_equal(draws.scales[f"{name}_sd"], 0.0)
    assert not OWN & build_model(families(surface), LAW).fixed()


def test_a_model_with_a_run_strays_from_the_end_of_a_typical_one(surface):
    runs = surface({"x": (SIZES, TOKENS)}).table
    lone = (runs["model"] == runs["model"].iloc[0]) & (runs["data"] > TOKENS[0])
    measured = layout_of(read_runs(runs[~lone].drop(columns="row")), LAW).measured
    ends = np.log(np.array([TOKENS[0], TOKENS[-1]])) - np.log(TOKENS).mean()
    typical = (2 * np.log(TOKENS).mean() + np.log(TOKENS[0]) + 2 * ends) / 3 - np.log(TOKENS[0])
    i = np.argmin(measured.middle)
    assert (measured.low[i], measured.spread[i]) == (0.0, 0.0)
    assert measured.high[i] == pytest.approx(typical[1])
    np.testing.assert_allclose(np.delete(measured.low, i), ends[0])
    np.testing.assert_allclose(np.delete(measured.high, i), ends[1])
    assert np.diff(measured.curving(measured.middle[:, None] + [[0.0, 1.0]]))[i] == pytest.approx(0.5)


def few_and_many(surface):
    """Two tasks: of one, models have two runs each; of the other, more."""
    few = surface({"x": ((1e8, 2e8, 4e8, 8e8), (1e9, 1e10))}).table.assign(task="few")
    many = families(surface).table.assign(task="many")
    return read_runs(pd.concat([few, many])[["task", "family", "model", "params", "data", "loss"]])


def test_models_have_something_of_their_own_task_by_task(surface):
    model = build_model(few_and_many(surface), LAW)
    own = np.array([curve.task == "many" for curve in model.layout.curves])
    assert not OWN & model.fixed()
    position = random_positions(model, 1, seed=4)[0]
    assert {position[name].shape for name in OF_MODELS} == {(own.sum(),)}
    done = model.complete({n: np.asarray(v)[None] for n, v in position.items()}, np.random.default_rng(0))
    differ = [task == "many" for task in model.layout.tasks]
    for name, values in (("offset", done.offset), ("tilt", done.tilt), ("curvature", done.curvature)):
        scale = getattr(model.density.scales, f"{name}_sd")
        np.testing.assert_allclose(values[0, own], scale.median * position[name])
        np.testing.assert_array_equal(values[0, ~own], 0.0)
        sds = done.scales[f"{name}_sd"][0]
        np.testing.assert_allclose(sds[differ], (scale.median * np.exp(scale.sd * position[f"{name}_sd"]))[differ])
        np.testing.assert_array_equal(sds[np.invert(differ)], 0.0)
    nothing = position | {name: 0 * position[name] for name in OF_MODELS}
    with jax.enable_x64(True):
        both, without = (np.asarray(expected(model.density, model.data, p)) for p in (position, nothing))
    i = model.data.curve_of
    straight = done.offset[0, i] + done.tilt[0, i] * model.data.along
    np.testing.assert_allclose(both - without, straight + done.curvature[0, i] * model.data.curving, atol=1e-12)


@pytest.mark.core
@pytest.mark.fits
def test_what_models_of_one_task_do_not_have_fails_no_check_of_convergence(surface):
    model, rng, shape = build_model(few_and_many(surface), LAW), np.random.default_rng(1), (4, 250)
    drawn = prior_positions(model, 1000, rng)
    none = np.zeros(shape)
    raw = RawDraws(
        {name: values.reshape(*shape, *values.shape[1:]) for name, values in drawn.items()},
        diverging=none.astype(bool), steps=none, energy=rng.standard_normal(shape), accept=none, log_density=none,
    )  # fmt: skip
    checks = _look(model, raw, SamplerSettings(), 0)[1]
    assert {check.name: check.status for check in checks} == dict.fromkeys((check.name for check in checks), "PASS")


def test_draws_are_the_quantities_of_a_position(surface):
    model = build_model(families(surface), LAW)
    position = random_positions(model, 1, seed=3)[0]
    done = model.complete({n: np.asarray(v)[None] for n, v in position.items()}, np.random.default_rng(0))
    np.testing.assert_allclose(done.level[0], model.centre + position["level"][model.layout.family_of])
    np.testing.assert_allclose(done.offset[0], model.density.scales.offset_sd.median * position["offset"])
    np.testing.assert_allclose(done.tilt[0], model.density.scales.tilt_sd.median * position["tilt"])
    curvature_sd = model.density.scales.curvature_sd
    np.testing.assert_allclose(done.curvature[0], curvature_sd.median * position["curvature"])
    sd = model.density.scales.field_sd
    np.testing.assert_allclose(done.field[0], sd.median * np.exp(sd.sd * position["field_sd"]) * position["field"])


def test_pooling_to_the_task_has_no_effect_of_families(surface):
    model = build_model(families(surface), LAW, pooling={"log_alpha": "task"})
    assert "log_alpha.family" not in model.sizes()
    assert "log_beta.family" in model.sizes()


def test_scales_of_the_other_kind_are_refused(surface):
    with pytest.raises(LawError, match="takes scales of the type SurfacePriors, not ScalePriors"):
        build_model(families(surface), LAW, scales=ScalePriors())
    curves = read_runs(pd.DataFrame({"model": ["a"] * 3, "data": [1, 2, 3], "loss": [3.0, 2.0, 1.0]}))
    with pytest.raises(LawError, match="takes scales of the type ScalePriors, not SurfacePriors"):
        build_model(curves, get_law("rectified"), scales=SurfacePriors())


def test_tasks_take_most_of_the_prior_variance(surface):
    table = pd.concat([families(surface).table.assign(task=task) for task in ("t", "u")])
    (pooled,) = [p for p in build_model(read_runs(table), LAW).density.pooled if p.coordinate.name == "log_alpha"]
    assert pooled.location_sd == pytest.approx(pooled.coordinate.sd * COMMON**0.5)
    assert pooled.levels == ("task", "family")


@pytest.mark.fits
def test_noise_free_runs_give_their_law_back(chinchilla):
    """Budgets off the optimum, exponents far apart; ``pytest -s`` prints what the README quotes."""
    alpha, beta, E, A, B = 0.465, 0.155, 1.69, 3000.0, 60.0
    best = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    rows = []
    for compute, drift in zip(np.geomspace(1e18, 1e21, 5), np.geomspace(1 / 3, 3, 5), strict=True):
        middle = best * (compute / 6) ** (beta / (alpha + beta)) * drift
        rows += [(n, compute / 6 / n) for n in middle * np.geomspace(1 / 100, 100, 11)]
    frame = pd.DataFrame(rows, columns=["params", "tokens"])
    frame["loss"] = chinchilla(frame["params"], frame["tokens"], (E, A, B, alpha, beta))
    posterior = bl.fit(read_runs(frame), law="chinchilla", sampler=QUICK, seed=0).posterior
    for name, truth in {"alpha": alpha, "beta": beta, "E": E, "a": beta / (alpha + beta)}.items():
        found = np.median(posterior.flat(name)[:, 0])
        print(f"{name}: {found:.6g}, truth {truth:.6g}, off by {found / truth - 1:.2%}")
        assert found == pytest.approx(truth, rel=0.01)
    logs = np.log(frame[["params", "tokens"]].to_numpy()).reshape(5, 11, 2)
    bends = [
        np.polyfit(n, loss, 2) for n, loss in zip(logs[..., 0], frame["loss"].to_numpy().reshape(5, 11), strict=True)
    ]
    vertices = [-b / (2 * a) for a, b, _ in bends]
    slope = np.polyfit(logs[:, 0].sum(axis=1), vertices, 1)[0]
    print(f"a by parabolas: {slope:.4g}, off by {slope * (alpha + beta) / beta - 1:.1%}")
    assert abs(slope * (alpha + beta) / beta - 1) > 0.1


@pytest.mark.slow
def test_a_few_bad_runs_do_not_bend_the_law(surface):
    grid = {"x": (np.geomspace(5e7, 5e9, 8), np.geomspace(1e9, 1e11, 8))}
    bad = [(3, 1.25), (17, 1.2), (30, 0.85), (44, 1.3)]
    clean, dirty = (
        bl.fit(surface(grid, bad=which, seed=4), law="chinchilla", sampler=QUICK, seed=0).posterior
        for which in ((), bad)
    )
    for name in ("alpha", "beta", "E"):
        a, b = (p.flat(name)[:, 0] for p in (clean, dirty))
        assert abs(np.median(b) - np.median(a)) < 1.0 * a.std()
        assert b.std() < 2.0 * a.std()
    assert np.median(dirty.flat("tail")) < np.median(clean.flat("tail"))


@pytest.mark.slow
def test_a_model_that_falls_faster_than_its_siblings_is_followed(surface):
    """Beyond its own last run, to which the others went."""
    long = np.geomspace(1e9, 1e11, 12)
    table = surface({"x": (np.geomspace(1e8, 2e9, 5), long)}, noise=0.003, seed=6).table
    odd = table["model"] == table["model"].iloc[-1]
    steep = table["loss"] * np.where(odd, (table["tokens"] / 1e10) ** -0.04, 1.0)
    seen = read_runs(table.assign(loss=steep)[~odd | (table["tokens"] < 2e10)])
    fit = bl.fit(seen, law="chinchilla", early_tokens=0, sampler=QUICK, seed=0)
    last = fit.predict(data=1e11).set_index("model").loc[table["model"].iloc[-1]]
    assert last["p05"] < steep.iloc[-1] < last["p95"]
    assert last["p95"] < table["loss"].iloc[-1]


@pytest.mark.fits
@pytest.mark.parametrize(("sizes", "more"), [(SIZES, set()), (SIZES[:2], {*OF_MODELS, "field"})])
def test_a_model_as_large_as_that_of_more_runs_is_the_same_and_of_its_shapes(surface, sizes, more):
    near = (2e9, 2.2e9, 2.4e9, 2.6e9, 2.8e9, 5e10)  # so that fields have patterns
    whole = surface({"x": (SIZES, near), "y": (SIZES[:2], near)}, seed=3)
    few = whole.where_rows(((whole.table["data"] < 4e10) & whole.table["params"].isin(sizes)).to_numpy(bool), "later")
    small, large = build_model(few, LAW), build_model(whole, LAW)
    padded = small.as_large_as(large)

    def shapes(model):
        return jax.tree.map(np.shape, model.data)

    assert shapes(small) != shapes(padded) == shapes(large)
    assert padded.sizes() == large.sizes()
    assert small.density == padded.density
    rng = np.random.default_rng(0)
    position = {name: 0.5 * rng.standard_normal(shape) for name, shape in padded.sizes().items()}
    own = {name: position[name][tuple(map(slice, shape))] for name, shape in small.sizes().items()}

    def density(model, free):
        found, volume = model.density.condition(model.data, free)
        return model.density.log_prior(found) + model.density.log_likelihood(model.data, found) + volume

    with jax.enable_x64(True):
        value, slopes = jax.value_and_grad(lambda p: density(small, p))(own)
        again, same = jax.value_and_grad(lambda p: density(padded, p))(position)
        nothing = [jax.tree.map(np.zeros_like, z) for z in (own, position)]
        constant = density(padded, nothing[1]) - density(small, nothing[0])
    left = {name: np.setdiff1d(position[name], own[name]) for name in small.sizes()}
    assert {name for name, values in left.items() if len(values)} == more
    of_left = -0.5 * sum(np.sum(values**2) for values in left.values())  # standard normal whatever the rest is
    assert float(again) == pytest.approx(float(value + constant) + of_left, abs=1e-8)
    for name, slope in slopes.items():
        np.testing.assert_allclose(same[name][tuple(map(slice, slope.shape))], slope, atol=1e-7)
    many = {name: np.repeat(np.asarray(x)[None], 3, axis=0) for name, x in position.items()}
    of_own = {name: np.repeat(np.asarray(x)[None], 3, axis=0) for name, x in own.items()}
    drawn = small.complete(of_own, np.random.default_rng(1)).variables()
    redrawn = padded.complete(many, np.random.default_rng(1)).variables()
    for name, (values, _) in drawn.items():
        np.testing.assert_allclose(redrawn[name][0], values, rtol=1e-9, err_msg=name)
    assert large.as_large_as(small) is large
    other = build_model(whole.where_rows((whole.table["family"] == "x").to_numpy(bool), "another"), LAW)
    assert other.as_large_as(large) is other  # of other families
