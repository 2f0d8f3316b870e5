"""Checks of a law: laws of the package pass them, and each finds the defect that it is for."""

import dataclasses
import math
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bayeslaw as bl
from bayeslaw.errors import LawError
from bayeslaw.evidence import law_simulation
from bayeslaw.evidence.law_checks import LawChecks, check_law
from bayeslaw.evidence.law_simulation import NOISE, Simulated, simulate
from bayeslaw.fitting.facade import Fit
from bayeslaw.laws import get_law, law_names
from bayeslaw.laws.base import Covariate, Parameter
from bayeslaw.sampling.nuts import SamplerSettings
from bayeslaw.verdicts import Check

LAW = bl.load_law(Path(bl.__file__).parents[1] / "examples" / "own_law.py")
JOINT = get_law("chinchilla")
DATA = JOINT.covariates[1]


def changed(law=LAW, **changes):
    return dataclasses.replace(law, **changes)


def shaped(change):
    """The law with another shape, made of its own."""
    return changed(log_shape=lambda c, x, ref: change(LAW.log_shape(c, x, ref), c, x, ref))


def reporting(change):
    """The law with other natural parameters, made of its own."""
    return changed(natural=lambda c, level, ref: change(LAW.natural(c, level, ref), level))


def coordinate(**changes):
    first, *others = LAW.coordinates
    return changed(coordinates=(dataclasses.replace(first, **changes), *others))


def parameter(name, unit="1", **about):
    """The law with one more parameter."""
    more = (*LAW.parameters, Parameter(name, unit, "more", **about))
    return changed(parameters=more, natural=lambda c, level, ref: LAW.natural(c, level, ref) | {name: jnp.exp(level)})


MORE_MAY_HURT = ("active_params", "annealing", "capability", "mixture", "moe", "overfitting", "step_law")
"""Interactions may turn a sign; one thing alone may be more than goes with the others, as a share or repeated data."""


@pytest.mark.fits
@pytest.mark.parametrize("name", [*law_names(), "multiplicative(pretraining_tokens)"])
def test_laws_of_the_package_pass(name):
    found = check_law(get_law(name), simulate=False)
    wrong = {check.name: check.status for check in found.checks if check.status != "PASS"}
    assert wrong == ({"more_is_better": "REVIEW"} if name in MORE_MAY_HURT else {}), found.to_frame().to_string()
    assert not found.simulated
    assert len({check.name for check in found.checks}) == len(found.checks) >= 12 + (get_law(name).outcome == "loss")


DECLARED = {
    "a kind that there is not": (changed(kind="curve"), "kind", r"kind='curve', expected one of curves"),
    "a discrepancy that there is not": (
        changed(discrepancy="wander"),
        "kind",
        r"discrepancy='wander', expected one of",
    ),
    "a link of scores": (changed(link="exponential"), "kind", "link='exponential', expected '' or 'identity'"),
    "a link of losses": (
        changed(get_law("trajectory"), link="identity"),
        "kind",
        "link='identity', expected '' or 'exponential'",
    ),
    "a link that there is not": (changed(link="log"), "kind", "link='log', expected '' or 'identity'"),
    "no kind at all": (changed(kind=3), "kind", r"raised AttributeError"),
    "one surface in one dimension": (changed(kind="surfaces"), "kind", "told apart by a second covariate"),
    "an axis that is no covariate": (changed(axis="tokens"), "names", "axis='tokens' is none of the covariates data"),
    "an alias": (
        changed(JOINT, covariates=(Covariate("N", "1"), DATA)),
        "names",
        "'params': call it so",
    ),
    "a label": (
        changed(JOINT, covariates=(Covariate("seed", "1"), DATA)),
        "names",
        "of the column 'seed'",
    ),
    "like what is not there": (changed(covariates=(Covariate("data", "examples", like="x"),)), "names", "is like 'x'"),
    "no coordinates": (changed(coordinates=()), "names", "there is no coordinate"),
    "a coordinate twice": (changed(coordinates=LAW.coordinates * 2), "names", "two of the coordinate 'log_beta'"),
    "a name of two things": (parameter("shift"), "names", "'shift' names a coordinate and a parameter"),
    "a variable of the model": (parameter("level"), "names", "'level' is taken by the model"),
    "a scale of the model": (parameter("noise"), "names", "'noise' is taken by the model"),
    "a label of draws": (parameter("family"), "names", "'family' is taken by the model"),
    "a population's name": (parameter("spread_x"), "names", "'spread_x' is taken by the model"),
    "no identifier": (parameter("D 0"), "names", "'D 0' is no plain identifier"),
    "no distribution": (coordinate(sd=0.0), "names", "log_beta has mean=-1.3, sd=0, spread=0.3"),
    "no level": (coordinate(pooling="models"), "names", "pooling='models', which is none of task, family, model"),
    "a prior on nothing": (parameter("c", coordinate="log_c"), "names", "coordinate 'log_c' that there is not"),
}


@pytest.mark.parametrize("defect", DECLARED)
def test_what_is_declared_wrongly_fails_and_nothing_is_tried(defect):
    law, name, says = DECLARED[defect]
    found = check_law(law)
    (failed,) = (check for check in found.checks if check.status != "PASS")
    assert (failed.name, failed.status) == (name, "FAIL")
    assert_says(failed, says)
    assert failed.remedy
    assert not found.simulated
    assert len(found.checks) <= 3


def assert_says(check, pattern):
    assert re.search(pattern, check.sentence), check.sentence


@pytest.mark.fits
def test_words_that_are_missing_are_reviewed():
    found = {check.name: check for check in check_law(changed(source=" "), simulate=False).checks}
    assert found["words"].status == "REVIEW"
    assert_says(found["words"], "no source")
    assert {check.status for name, check in found.items() if name != "words"} == {"PASS"}


@jax.custom_jvp
def halved(x):
    return x


halved.defjvp(lambda primals, tangents: (primals[0], 0.5 * tangents[0]))


def power(c, x, ref):
    """A law that overflows: its reducible part is taken in powers, not in logarithms."""
    beta, d_0 = jnp.exp(c["log_beta"]), jnp.exp(c["shift"])
    return -jnp.log((x["data"] / ref["data"]) ** (100 * beta) + d_0) + jnp.log(1.0 + d_0)


FUNCTIONS = {
    "not 0 at the reference": (shaped(lambda s, c, x, ref: s + 0.01), {"reference"}, "FAIL", "at most 0.01 from 0"),
    "infinite at ends": (
        shaped(lambda s, c, x, ref: s + jnp.log(jnp.abs(x["data"] - 1.0)) - jnp.log(ref["data"] - 1.0)),
        {"finite"}, "FAIL", "values of log_shape are not finite",
    ),
    "overflow": (changed(log_shape=power), {"finite", "gradients", "limits"}, "FAIL", "not finite"),
    "a root at the reference": (
        shaped(lambda s, c, x, ref: s - jnp.sqrt(jnp.maximum(c["shift"] + 2, 0.0)) * jnp.log(x["data"] / ref["data"])),
        {"gradients"}, "FAIL", "derivatives by coordinates are not finite",
    ),
    "derivatives of another": (shaped(lambda s, c, x, ref: halved(s)), {"derivatives"}, "FAIL", "differ from finite"),
    "rising": (shaped(lambda s, c, x, ref: -s), {"more_is_better"}, "REVIEW", "loss gets worse at 100.0% of places"),
    "units": (
        shaped(lambda s, c, x, ref: s - 0.1 * (jnp.log1p(x["data"]) - jnp.log1p(ref["data"]))),
        {"units"}, "FAIL", "Counting data in thousands",
    ),
    "single precision": (shaped(lambda s, c, x, ref: jnp.asarray(s, jnp.float32)), {"shapes"}, "FAIL", "is float32"),
    "a sum": (
        shaped(lambda s, c, x, ref: s - 1e-3 * jnp.sum(s)), {"shapes"}, "FAIL", "of one place differs from that",
    ),
    "another shape": (shaped(lambda s, c, x, ref: jnp.ravel(s)), {"shapes"}, "FAIL", r"has shape \(60,\)"),
    "a parameter missing": (
        reporting(lambda p, level: {k: v for k, v in p.items() if k != "beta"}),
        {"natural"}, "FAIL", "beta is declared and missing",
    ),
    "a parameter too many": (reporting(lambda p, level: p | {"x": level}), {"natural"}, "FAIL", "x is not declared"),
    "a parameter of no curve": (
        reporting(lambda p, level: p | {"beta": jnp.ones(())}), {"shapes"}, "FAIL", "beta of natural is float64 of",
    ),
    "a parameter by numpy": (
        reporting(lambda p, level: p | {"beta": np.asarray(p["beta"])}),
        {"natural", "shapes", "loss_units"}, "FAIL", "It raised TracerArrayConversionError",
    ),
    "not finite": (reporting(lambda p, level: p | {"beta": jnp.log(0 * p["beta"])}), {"natural"}, "FAIL", "beta is"),
    "negative": (reporting(lambda p, level: p | {"E": -p["E"]}), {"natural"}, "FAIL", "E is not positive"),
    "no unit of loss": (parameter("c"), {"loss_units"}, "REVIEW", r"c \(1\)"),
    "slopes of themselves": (
        changed(slopes=lambda c: {"log_beta": 0.1 * c["log_beta"] + c["floor"]}),
        {"slopes"}, "FAIL", "log_beta depends on log_beta",
    ),
    "slopes of nothing": (changed(slopes=lambda c: {"alpha": c["floor"]}), {"slopes"}, "FAIL", "alpha is no"),
}  # fmt: skip


OF_SEVERAL = ("infinite at ends", "overflow", "single precision", "a sum", "another shape")
"""Defects that more checks than one find."""


@pytest.mark.parametrize("defect", FUNCTIONS)
def test_each_defect_of_a_function_is_found(defect):
    law, names, status, says = FUNCTIONS[defect]
    found = check_law(law, simulate=False)
    bad = {check.name: check for check in found.checks if check.status != "PASS"}
    assert names <= set(bad)
    assert set(bad) == names or defect in OF_SEVERAL
    for name in names:
        assert bad[name].status == status
        assert_says(bad[name], says)
        assert bad[name].remedy


def test_what_raises_fails_with_its_line():
    def log_shape(c, x, ref):
        return c["gamma"] * x["data"]

    found = {check.name: check for check in check_law(changed(log_shape=log_shape)).checks}
    line = log_shape.__code__.co_firstlineno + 1
    for name in ("shapes", "reference", "finite", "gradients", "limits", "units"):
        assert found[name].status == "FAIL"
        assert math.isnan(found[name].value)
        assert found[name].sentence == f"It raised KeyError: 'gamma' (line {line})."
    assert found["natural"].status == "PASS"
    assert "simulated_sampling" not in found


def test_what_a_sampler_cannot_trace_is_found():
    law = shaped(lambda s, c, x, ref: s if np.all(np.asarray(c["floor"]) < 1e9) else 2 * s)
    found = {check.name: check for check in check_law(law, simulate=False).checks}
    assert found["finite"].status == "PASS"
    assert found["gradients"].status == "FAIL"
    assert_says(found["gradients"], "It raised TracerArrayConversionError")
    assert_says(dataclasses.replace(found["gradients"], sentence=found["gradients"].remedy), "jax.numpy")


def test_the_result_is_one_like_others():
    found = LawChecks(
        (Check("a", "PASS", 0.0, 1.0, "Fine.", ""), Check("b", "REVIEW", 2.0, 1.0, "No.", "Do.")), "x", True
    )
    assert found.status == "REVIEW"
    assert found.sentence == "x law: 1 of 2 checks pass; look at b (REVIEW)."
    assert dataclasses.replace(found, simulated=False).sentence.endswith("It was not fitted to simulated runs.")
    assert found.to_frame()["name"].tolist() == ["a", "b"]
    told = found.to_dict()
    assert (told["law"], told["simulated"], told["status"]) == ("x", True, "REVIEW")
    assert told["checks"][1]["remedy"] == "Do."
    assert "LawChecks: REVIEW" in repr(found)


def test_only_laws_are_checked():
    with pytest.raises(LawError, match=r"expected a bayeslaw\.Law, found a str\. Of a name, give get_law\(name\)"):
        check_law("vanilla")


def test_simulated_runs_follow_the_law(monkeypatch):
    noisy = simulate(get_law("vanilla"), 4)
    assert len(noisy.runs.table) == 48
    assert noisy.runs.table["family"].nunique() == 2
    monkeypatch.setattr(law_simulation, "NOISE", 0.0)
    found = simulate(get_law("vanilla"), 4)
    residual = np.log(noisy.runs.table["loss"] / found.runs.table["loss"])
    assert residual.std() == pytest.approx(NOISE, rel=0.3)
    ratios = []
    for model, rows in found.runs.table.groupby("model"):
        loss = rows.sort_values("data")["loss"].to_numpy()
        falls = np.diff(loss)  # of E + A / D^beta each is as many times the one before
        ratio = falls[1:] / falls[:-1]
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)
        ahead = loss[-1] + falls[-1] * ratio[0] + falls[-1] * ratio[0] ** 2
        assert ahead == pytest.approx(found.truth[model], rel=1e-9)
        assert found.hidden == 4 * rows["data"].max()
        ratios.append(ratio[0])
    assert np.ptp(ratios) < 1e-9  # one exponent on the task


def test_simulated_surfaces_are_one_a_family(monkeypatch):
    monkeypatch.setattr(law_simulation, "NOISE", 0.0)
    table = simulate(JOINT, 2).runs.table
    assert table.groupby("model")["params"].nunique().tolist() == [1] * 6
    assert table["params"].nunique() == 6
    largest = table[table["data"] == table["data"].max()]
    for _, rows in largest.groupby("family"):  # on one surface larger models are better
        assert rows.sort_values("params")["loss"].is_monotonic_decreasing


@pytest.fixture(scope="module")
def fitted():
    """The law of the example fitted to what was simulated from it, once."""
    seen, brief = [], SamplerSettings(chains=2, warmup=150, draws=150)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(law_simulation, "SETTINGS", brief)
        whole = law_simulation.fit
        patch.setattr(law_simulation, "fit", lambda *a, **k: seen.append(whole(*a, **k)) or seen[-1])
        found = check_law(LAW, seed=3, progress=lambda *step: None)
    return found, seen[0], simulate(LAW, 3)


@pytest.mark.fits
def test_a_law_is_fitted_to_runs_simulated_from_it(fitted):
    found, fit, simulated = fitted
    assert found.simulated
    assert [check.name for check in found.checks[-2:]] == ["simulated_sampling", "simulated_prediction"]
    assert found.status != "FAIL"
    assert found.checks[-1].status == "PASS"
    assert fit.posterior.runs.content_hash == simulated.runs.content_hash


@pytest.mark.fits
def test_a_truth_outside_its_interval_fails(fitted):
    _, fit, simulated = fitted
    for shift, status in ((0.0, "PASS"), (0.5, "FAIL"), (-0.5, "FAIL")):
        moved = {model: value + shift for model, value in simulated.truth.items()}
        check = law_simulation._of_prediction(fit, Simulated(simulated.runs, moved, simulated.hidden), 0)
        assert check.status == status
    half = {model: value + 0.5 * (k % 2) for k, (model, value) in enumerate(simulated.truth.items())}
    check = law_simulation._of_prediction(fit, Simulated(simulated.runs, half, simulated.hidden), 0)
    assert (check.status, check.value) == ("REVIEW", 0.5)
    assert_says(check, "At 4 times the largest data in sight, 3 of 6 expected values lie inside")


@pytest.mark.fits
def test_a_sampler_that_fails_is_said(fitted):
    _, fit, _ = fitted
    checks = [dataclasses.replace(check, status="PASS") for check in fit.posterior.checks]
    at = next(k for k, check in enumerate(checks) if check.name == "r_hat")
    checks[at] = dataclasses.replace(checks[at], status="FAIL", value=1.7)
    check = law_simulation._of_sampler(Fit(dataclasses.replace(fit.posterior, checks=tuple(checks))))
    assert check.status == "FAIL"
    assert check.remedy
    assert_says(check, r"passes \d+ of \d+ checks of the sampler; not so: .*r_hat \(1\.7\)")


@pytest.mark.fits
def test_a_fit_that_cannot_be_made_fails(monkeypatch):
    def no_fit(*_, **__):
        raise RuntimeError("no")

    monkeypatch.setattr(law_simulation, "fit", no_fit)
    last = check_law(LAW).checks[-1]
    assert (last.name, last.status) == ("simulated_sampling", "FAIL")
    assert_says(last, "It raised RuntimeError: no")
