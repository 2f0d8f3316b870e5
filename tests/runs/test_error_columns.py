"""Which column holds the standard errors of the loss or score that is taken."""

import pandas as pd
import pytest

from bayeslaw.runs.error_columns import measured_by
from bayeslaw.runs.reading import read_runs, understand

LOSSES, OTHERS, ERRORS = [3.1, 2.9, 3.3, 3.0], [3.3, 3.0, 3.5, 3.2], [0.01, 0.02, 0.03, 0.04]


def table(**columns):
    return pd.DataFrame({"model": ["a", "a", "b", "b"], "data": [1000, 2000, 1000, 2000], **columns})


@pytest.mark.parametrize(
    ("heading", "of"),
    [
        ("val_loss_se", "valloss"), ("val/loss_stderr", "valloss"), ("valLossSE", "valloss"), ("Loss (SE)", "loss"),
        ("eval loss std error", "evalloss"), ("acc_stderr,none", "accnone"),
        ("eval/loss/sem", "evalloss"), ("loss_se (nats)", "loss"), ("stderr", ""),
        ("phase", None), ("house", None), ("val_loss", None), ("loss_se/se", None),
    ],
)  # fmt: skip
def test_what_a_heading_is_the_standard_error_of(heading, of):
    assert measured_by(heading) == of


@pytest.mark.parametrize("loss", ["val_loss", "eval_loss", "loss", "eval/paloma/macro_loss", "val_loss (nats)"])
@pytest.mark.parametrize("error", ["{}_se", "{}_stderr", "{} standard error"])
def test_errors_of_the_loss_that_is_taken_are_read_and_said(loss, error):
    heading = error.format(loss.removesuffix(" (nats)"))
    source = table(**{loss: LOSSES, heading: ERRORS})
    assert read_runs(source).table["loss_se"].tolist() == ERRORS
    (column,) = (column for column in understand(source).columns if column.role == "loss_se")
    assert (column.source, column.why) == (heading, f"standard errors of {loss!r}, by its name")


def test_errors_of_another_column_are_not_those_of_the_loss():
    runs = read_runs(table(val_loss=LOSSES, loss=OTHERS, loss_se=ERRORS))
    assert runs.table["loss"].tolist() == LOSSES
    assert "loss_se" not in runs.table
    assert "loss_se" not in read_runs(table(val_loss=LOSSES, test_loss_se=ERRORS)).table


def test_errors_that_do_not_say_of_what_are_those_of_the_loss_unless_others_do():
    assert read_runs(table(val_loss=LOSSES, se=ERRORS)).table["loss_se"].tolist() == ERRORS
    assert read_runs(table(val_loss=LOSSES, se=OTHERS, val_loss_se=ERRORS)).table["loss_se"].tolist() == ERRORS


def test_errors_of_a_column_that_the_user_names_are_found_by_its_name():
    runs = read_runs(table(paloma=LOSSES, paloma_se=ERRORS), roles={"paloma": "loss"})
    assert runs.table["loss_se"].tolist() == ERRORS
    runs = read_runs(table(paloma=LOSSES, paloma_se=ERRORS), roles={"paloma": "loss", "paloma_se": "ignore"})
    assert "loss_se" not in runs.table


def test_errors_of_perplexities_become_those_of_losses():
    runs = read_runs(table(ppl=[20.0, 18.0, 22.0, 19.0], ppl_stderr=[0.2, 0.18, 0.22, 0.19]))
    assert runs.table["loss_se"].to_numpy() == pytest.approx(0.01)


def test_errors_of_scores_are_found_by_the_name_of_the_score():
    scores = {"eval_acc": [0.4, 0.5, 0.3, 0.4], "eval_acc_se": ERRORS, "questions": 50}
    runs = read_runs(table(**scores, loss=LOSSES, loss_se=OTHERS))
    assert runs.table["accuracy_se"].tolist() == ERRORS
    assert "loss_se" not in runs.table
