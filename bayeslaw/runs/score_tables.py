"""Which tables are of benchmark scores, and what their columns are: accuracies beside losses are not always meant."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import SCORES, VALUE, Meaning, meaning, plain, words_in
from bayeslaw.runs.questions import written
from bayeslaw.runs.units import read_numbers, read_shares

_Candidates = dict[str, list[tuple[str, Meaning]]]

_HIGHER_IS_BETTER_LIST = (
    "elo, bleu, sacrebleu, rouge, rougel, meteor, chrf, comet, reward, rewards, winrate, win, wins, mrr, ndcg, auc, "
    "auroc, auprc, iou, miou, dice, psnr, ssim, mauve, bertscore, pearson, spearman, score, scores"
)
_HIGHER_IS_BETTER = frozenset(_HIGHER_IS_BETTER_LIST.split(", "))
_LOWER_IS_BETTER_LIST = (
    "loss losses nll perplexity ppl brier error errors lower negative neg minus inverse gap regret deficit"
)
_LOWER_IS_BETTER = frozenset(_LOWER_IS_BETTER_LIST.split())
"""Words of headings of measures of which higher is better, and words beside which it is not."""

_WRONG = frozenset({"error", "errors", "wrong"})
"""Words of headings of shares of wrong answers."""


def require_accuracies(said: Mapping[str, str]) -> None:
    """Refuse columns that are said to be accuracies, and are something else by their names.

    Parameters
    ----------
    said : role as the user wrote it, by heading.

    Raises
    ------
    RunsError
        If one is a Brier score; or holds wrong answers or a loss by its name, and no unit is said.
    """
    for heading, role in said.items():
        known, no_unit = meaning(heading), role.strip().casefold() == "accuracy"
        if "brier" in plain(heading):
            raise RunsError(
                f"--as {written(f'{heading}={role}')}: a Brier score is the mean square of errors of probabilities, "
                "and no share of questions. Give accuracies; or, for a law of losses, say "
                f"--as {written(f'{heading}=loss')}."
            )
        if no_unit and _WRONG & set(words_in(heading)):
            raise RunsError(
                f"--as {written(f'{heading}={role}')}: found a column of wrong answers by its name, expected one of "
                f"right ones. Say --as {written(f'{heading}=accuracy:error')}; or, if it does hold shares of right "
                f"answers, --as {written(f'{heading}=accuracy:share')} or accuracy:percent."
            )
        if no_unit and known is not None and known.role == "loss" and known.rank != VALUE:
            raise RunsError(
                f"--as {written(f'{heading}={role}')}: found a column that is a loss by its name, expected one of "
                "scores. Leave that out; or, if it does hold scores, say in which unit: "
                f"--as {written(f'{heading}=accuracy:share')}, accuracy:percent or accuracy:error."
            )


def require_losses(said: Mapping[str, str]) -> None:
    """Refuse columns that are said to be losses, and of which higher is better by their names.

    Parameters
    ----------
    said : role as the user wrote it, by heading; one with a unit, such as ``loss:nats``, is not doubted.

    Raises
    ------
    RunsError
    """
    for heading, role in said.items():
        if role.strip().casefold() != "loss" or not higher_is_better(heading):
            continue
        raise RunsError(
            f"--as {written(f'{heading}={role}')}: found a column of which higher is better by its name, expected a "
            f"loss, which falls. If it is a share of questions, or of games won, say --as "
            f"{written(f'{heading}=accuracy')}; of other scores give what is missing to the best possible, as a column "
            f"of its own. If it does fall with more data, --as {written(f'{heading}=loss:nats')} reads it as it is."
        )


def higher_is_better(heading: str) -> bool:
    """Whether a heading names a measure that rises as models get better, such as ``elo`` and ``f1``."""
    known, words = meaning(heading), set(words_in(heading))
    if known is not None:
        return known.role == "accuracy"
    named = bool(words & _HIGHER_IS_BETTER) or "f1" in plain(heading)
    return named and not words & _LOWER_IS_BETTER and not heading.lstrip().startswith(("1", "-"))


def tell_scores_from_losses(
    cells: pd.DataFrame, found: _Candidates, said: dict[str, Any], notes: list[str]
) -> tuple[str, ...]:
    """Keep either the accuracies among the candidates, with the losses as those of the models, or the losses alone.

    A table is one of scores if the user says of a column that it is an accuracy; or if it has accuracies and no
    losses, or losses at some checkpoints only, or beside them the level of chance or the number of questions.

    Parameters
    ----------
    cells : the table.
    found : candidates of each role, which are sorted out in place.
    said : what the user said, by role; a loss said beside an accuracy becomes that of the model.
    notes : what is understood is added to them.

    Returns
    -------
    Columns of losses that are 1 - accuracy, and say nothing of their own.

    Raises
    ------
    RunsError
        If a column is said to stand beside scores where there are none.
    """
    if "accuracy" not in said and "accuracy" not in found:
        _require_nothing_of_scores(said)
        _drop(found, SCORES)
        return ()
    repeated = _without_error_rates(cells, found, said)
    if not _is_of_scores(cells, found, said):
        if "accuracy" in found:
            answer = written(f"{_likeliest(found['accuracy'])}=accuracy")
            notes.append(f"The table is read as one of losses; --as {answer} reads it as one of scores.")
        _require_nothing_of_scores(said)
        _drop(found, SCORES)
        return ()
    found["model_loss"] = [one for one in found.pop("loss", []) if one[1].rank != VALUE]
    errors = found.pop("loss_se", [])
    found["accuracy_se"] = found.get("accuracy_se") or errors
    for loss, score in (("loss", "model_loss"), ("loss_se", "accuracy_se")):
        if loss in said:
            said.setdefault(score, said.pop(loss))
    return repeated


def _is_of_scores(cells: pd.DataFrame, found: _Candidates, said: dict[str, Any]) -> bool:
    if "accuracy" in said:
        return True
    if "loss" in said:
        return False
    losses = [read_numbers(cells[heading], counts=False) for heading, _ in found.get("loss", [])]
    given = ~read_numbers(cells[_likeliest(found["accuracy"])], counts=False).blank
    if {"chance", "questions"} & {*found, *said}:
        return True
    # A log of training has losses in many rows and accuracies in few; losses at a few checkpoints are beside scores.
    return all((~loss.blank).sum() <= given.sum() and bool(loss.blank[given].any()) for loss in losses)


def _require_nothing_of_scores(said: dict[str, Any]) -> None:
    role = next((role for role in SCORES if role in said), None)
    if role is not None:
        heading = said[role].heading
        raise RunsError(
            f"--as {written(f'{heading}={role}')}: such a column stands beside scores, and the table is read as "
            "one of losses. Say which column has the scores, with --as COLUMN=accuracy."
        )


def _likeliest(several: Sequence[tuple[str, Meaning]]) -> str:
    return min(several, key=lambda one: one[1].rank)[0]


def _drop(found: _Candidates, roles: Sequence[str]) -> None:
    for role in roles:
        found.pop(role, None)


def _without_error_rates(cells: pd.DataFrame, found: _Candidates, said: dict[str, Any]) -> tuple[str, ...]:
    """Take losses that are 1 - accuracy in every row, as tables saved by this package have, from the candidates."""
    heading = said["accuracy"].heading if "accuracy" in said else _likeliest(found["accuracy"])
    accuracy = read_shares(cells[heading]).values
    losses = found.pop("loss", [])
    repeated = tuple(
        loss for loss, _ in losses if np.allclose(read_numbers(cells[loss], counts=False).values, 1 - accuracy)
    )
    if len(repeated) < len(losses):
        found["loss"] = [one for one in losses if one[0] not in repeated]
    return repeated
