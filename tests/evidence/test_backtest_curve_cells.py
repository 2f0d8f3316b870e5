"""What is seen of a curve, and what is hidden."""

import numpy as np
import pandas as pd
import pytest

from bayeslaw.errors import RunsError, TargetError
from bayeslaw.evidence.backtest.curve_cells import dataset_of, read_curves


def test_the_training_column_tells_what_is_hidden(curves):
    table = curves()
    read = read_curves([table])
    assert [domain.name for domain in read.domains] == ["D1", "D2"]
    assert [curve.trial.name for curve in read.domains[0].curves] == ["t1: p", "t1: q"]
    curve = read.domains[1].curves[1]
    own = table[(table["Task"] == "t2") & (table["Model"] == "q")]
    np.testing.assert_array_equal(curve.trial.x, own["Seen Examples"][:10])
    np.testing.assert_array_equal(curve.trial.y, own["Loss"][:10])
    np.testing.assert_array_equal(curve.trial.ahead, own["Seen Examples"][10:])
    np.testing.assert_array_equal(curve.measured, own["Loss"][10:])


def test_the_joint_fit_sees_the_training_points_of_its_domain_only(curves):
    domain = read_curves([curves()]).domains[0]
    table = domain.runs.table
    assert set(table["task"]) == {"t1"}
    assert set(table["model"]) == set(table["family"]) == {"p", "q"}
    assert len(table) == 2 * 10
    assert table["data"].max() < min(curve.trial.ahead.min() for curve in domain.curves)
    assert not {"Training", "Domain"} & set(table.columns)


@pytest.mark.parametrize(
    ("task", "dataset"),
    [
        ("bird_5", "bird"),
        ("bird_25", "bird"),
        ("('qa', '2-shot')", "qa"),
        ("log_perplexity", "log_perplexity"),
        ("val_loss", "val_loss"),
        ("flan", "flan"),
        ("a_b_10", "a_b"),
        ("10", "10"),
    ],
)
def test_a_data_set_is_a_task_without_its_shots(task, dataset):
    assert dataset_of(task) == dataset


def test_curves_know_their_data_set_and_fits_do_not_see_it(curves):
    domain = read_curves([curves().assign(Domain="IC", Task=lambda t: "bird_" + t["Task"].str[1:])]).domains[0]
    assert [(curve.trial.name, curve.dataset) for curve in domain.curves] == [
        ("bird_1: p", "bird"), ("bird_1: q", "bird"), ("bird_2: p", "bird"), ("bird_2: q", "bird"),
    ]  # fmt: skip
    table = domain.runs.table
    assert not [name for name in table.columns if name.startswith("bayeslaw")]
    # tasks of a domain are fitted together, and as tasks
    asked = {(curve.task, curve.model) for curve in domain.curves}
    assert asked == set(zip(table["task"], table["model"], strict=True))
    assert asked == {("bird_1", "p"), ("bird_1", "q"), ("bird_2", "p"), ("bird_2", "q")}


def test_own_families_are_kept(curves):
    table = curves().assign(family=lambda t: "F" + t["Model"])
    assert set(read_curves([table]).domains[0].runs.table["family"]) == {"Fp", "Fq"}


def test_hiding_the_last_sizes(curves):
    table = curves(training=False, domain=False)
    read = read_curves([table], hide_last=0.25)
    assert [domain.name for domain in read.domains] == ["t1", "t2"]
    for domain in read.domains:
        for curve in domain.curves:
            assert (len(curve.trial.x), len(curve.trial.ahead)) == (15, 5)
            assert curve.trial.x.max() < curve.trial.ahead.min()
    least = read_curves([table], hide_last=0.001).domains[0].curves[0]
    assert len(least.trial.ahead) == 1


def test_hiding_counts_sizes_not_rows():
    rows = [("a", x, 1 / x + k / 100, k) for x in (1, 2, 4, 8) for k in range(3 if x < 8 else 1)]
    table = pd.DataFrame(rows, columns=["model", "data", "loss", "seed"])
    curve = read_curves([table], hide_last=0.5).domains[0].curves[0]
    assert sorted(set(curve.trial.x)) == [1, 2]
    np.testing.assert_array_equal(curve.trial.ahead, [4, 4, 4, 8])


def test_hiding_overrules_the_column_and_says_so(curves):
    read = read_curves([curves()], hide_last=0.1)
    assert len(read.domains[0].curves[0].trial.ahead) == 2
    assert "'Training' is not used" in read.notes[0]


def test_curves_that_cannot_be_cut_are_left_out_and_named(curves):
    table = curves()
    table.loc[(table["Task"] == "t1") & (table["Model"] == "p"), "Training"] = 1
    table.loc[table["Task"] == "t2", "Training"] = 0
    read = read_curves([table])
    assert [curve.trial.name for d in read.domains for curve in d.curves] == ["t1: q"]
    assert read.notes[0] == "D1, t1: p: left out, no points to predict."
    assert read.notes[1] == "D2, t2: p: left out, no points to fit."
    assert set(read.domains[0].runs.table["model"]) == {"p", "q"}  # a whole curve may still be learned from
    with pytest.raises(RunsError, match="No curve has both"):
        read_curves([table[table["Task"] == "t2"]])


@pytest.mark.parametrize(
    ("change", "options", "kind", "fragment"),
    [
        (lambda t: t.drop(columns="Training"), {}, RunsError, "--hide-last"),
        (lambda t: t.assign(Training=t["Training"] + 1), {}, RunsError, r"row 1.*'Training'.*2"),
        (lambda t: t.assign(Training="yes"), {}, RunsError, "'yes'"),
        (lambda t: t, {"hide_last": 1.0}, TargetError, "between 0 and 1"),
        (lambda t: t, {"hide_last": float("nan")}, TargetError, "between 0 and 1"),
    ],
)
def test_bad_tables(curves, change, options, kind, fragment):
    with pytest.raises(kind, match=fragment):
        read_curves([change(curves())], **options)


def test_domains_of_several_tables_are_one(curves):
    table = curves()
    parts = [table[table["Model"] == model] for model in ("p", "q")]
    read = read_curves(parts)
    assert [len(domain.curves) for domain in read.domains] == [2, 2]
    assert len(read.domains[0].runs.table) == 20
    assert read.domains[0].runs.table["row"].is_unique
    with pytest.raises(RunsError, match="again"):
        read_curves([table, table])
