"""The data mixing law, against plain numpy; shares that sum to 1, in tables and at points."""

import numpy as np
import pandas as pd
import pytest

import bayeslaw as bl
from bayeslaw.errors import LawError, TargetError
from bayeslaw.kinds.registry import build_model, kind_of
from bayeslaw.kinds.shared.points import complete_point, require_point, with_product
from bayeslaw.laws import get_law
from bayeslaw.runs import read_runs

NAME = "mixture(share_web+share_code+share books)"
COLUMNS = ("share_web", "share_code", "share books")
MIXES = np.array([[0.5, 0.25, 0.25], [0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.1, 0.3, 0.6]])


def table(shares=MIXES, **more):
    rows = pd.DataFrame(shares, columns=list(COLUMNS)).assign(**more)
    tasks = [rows.assign(task=task, loss=2.0 + 0.1 * k + rows["share_code"]) for k, task in enumerate(("web", "code"))]
    return read_runs(pd.concat(tasks))


def test_it_is_the_formula_of_the_paper_at_the_parameters_reported(trial):
    """Of any common unit of the shares: of percent, too."""
    law = trial(NAME, **dict.fromkeys(COLUMNS, 1.0))
    coordinates = law.coordinates(6)
    found = law.natural(coordinates, level=0.7)
    t = np.stack([found[f"t_{name}"] for name in ("share_web", "share_code", "share_books")])
    np.testing.assert_allclose(t.sum(axis=0), 0.0, atol=1e-10)
    for shares in MIXES:
        expected = found["E"] + found["k"] * np.exp(shares @ t)
        for unit in (1.0, 100.0):
            at = dict(zip(COLUMNS, unit * shares, strict=True))
            np.testing.assert_allclose(law.loss(coordinates, at, level=0.7), expected, rtol=1e-10)


def test_runs_tell_slopes_where_all_shares_are_equal(trial):
    """So that floors do not go together with them."""
    law = trial(NAME, **dict.fromkeys(COLUMNS, 1.0))
    coordinates = law.coordinates(5)
    step = np.array([1e-5, -1e-5, 0.0])
    up, down = (np.log(law.loss(coordinates, dict(zip(COLUMNS, 1 / 3 + h * step, strict=True)))) for h in (1, -1))
    slope = coordinates["slope_share_web"] - coordinates["slope_share_code"]
    np.testing.assert_allclose((up - down) / 2e-5, slope, rtol=1e-6)


@pytest.mark.parametrize("text", ["share_web", "share_web+", "a+a", "a b+a_b"])
def test_two_shares_with_names_of_their_own_are_needed(text):
    with pytest.raises(LawError, match="two or more columns of shares"):
        get_law(f"mixture({text})")


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        (MIXES + np.array([0.1, 0.0, 0.0]), r"sum to 1, but share_web \+ .* of row 1 is 1.1 \(and those of 7 more"),
        (100 * MIXES, "is 100 .*Divide percent by 100"),
        (np.vstack([MIXES, [1.0, 0.0, 0.0]]), "write 0.001 in its place"),
    ],
    ids=["more than all", "percent", "none of one"],
)
def test_shares_of_a_table_are_a_whole(shares, message):
    runs = table(shares, data=1e9)
    with pytest.raises(LawError, match=message):
        kind_of(get_law(NAME)).layout(runs, get_law(NAME))


def test_rounded_shares_are_a_whole():
    kind_of(get_law(NAME)).layout(table([[0.33, 0.33, 0.33], [0.34, 0.34, 0.33], *MIXES.tolist()]), get_law(NAME))


def test_shares_of_a_point_are_a_whole_and_nothing_is_beyond_in_their_product():
    law, runs = get_law(NAME), table()
    layout = kind_of(law).layout(runs, law)
    whole = dict(zip(COLUMNS, (0.6, 0.2, 0.2), strict=True))
    complete_point(layout, law, whole)
    require_point(runs, law, whole)
    for refuse in (lambda point: complete_point(layout, law, point), lambda point: require_point(runs, law, point)):
        with pytest.raises(TargetError, match=r"is 1.4 at the point, expected 1"):
            refuse({**whole, "share_code": 0.6})
        with pytest.raises(TargetError, match=r"is 100 at the point.*Divide percent"):
            refuse({name: 100 * share for name, share in whole.items()})
    assert with_product(law, whole) == whole
    assert set(with_product(get_law("chinchilla"), {"params": 2.0, "data": 3.0})) == {"params", "data", "compute"}


@pytest.mark.fits
def test_it_predicts_every_domain(forge):
    runs = table()
    law = get_law(NAME)
    model = build_model(runs, law)
    rng = np.random.default_rng(0)
    positions = {name: 0.1 * rng.standard_normal((80, *shape)) for name, shape in model.sizes().items()}
    fit = bl.Fit(forge(runs, positions, law=law.name))
    found = fit.predictions([dict(zip(COLUMNS, (0.6, 0.2, 0.2), strict=True))]).records()
    assert [(r["task"], tuple(r["beyond"])) for r in found] == [("web", COLUMNS), ("code", COLUMNS)]
    assert {c.name: c.status for c in kind_of(law).checks(model.layout, law)}["collinearity"] == "PASS"
