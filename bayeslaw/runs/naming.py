"""Names of tasks, models and families that a table does not give, or gives to several things at once."""

import numpy as np
import pandas as pd

SAME_SIZE = 0.02
"""Share by which numbers of parameters of one model may differ, as when they are counted in two ways."""


def derive_names(found: dict[str, pd.Series], variants: list[list[str]], task: str, notes: list[str]) -> None:
    """Complete the names of tasks, models and families.

    Parameters
    ----------
    found : canonical columns so far; names are added to it.
    variants : values of the columns that tell models of one name apart.
    task : what the task is called if the table does not say.
    notes : what is understood is added to them.
    """
    count = len(found["row"])
    if "task" not in found:
        found["task"] = pd.Series([task] * count)
        notes.append(f"There is no column of tasks: all runs are of the task {task!r}.")
    sizes = _models_of_several_sizes(found)
    if sizes and found["model"].nunique() == 1:
        name = found.pop("model").iloc[0]
        notes.append(f"The column of models says {name!r} in every row, of runs of several params: it is not used.")
    elif sizes:
        named = f"{sizes[0]!r}" + (f" and {len(sizes) - 1} more" if len(sizes) > 1 else "")
        notes.append(f"Runs of one model with several params are several models: {named}.")
        several = found["model"].isin(sizes)
        by_size = found["model"] + [f" params={value:.12g}" for value in found["params"]]
        if "family" not in found:
            found["family"] = found["model"]
        found["model"] = found["model"].where(~several, by_size)
    if "model" not in found:
        _name_models(found, notes)
    for texts in variants:
        found["model"] = (found["model"] + " " + pd.Series(texts)).str.strip()
    if "family" not in found:
        found["family"] = found["model"]
        notes.append("There is no column of families: each model is its own family.")
    elif (found["family"] == "").any():
        found["family"] = found["family"].where(found["family"] != "", found["model"])
        notes.append("Models without a family are their own family.")


def _models_of_several_sizes(found: dict[str, pd.Series]) -> list[str]:
    """Names of models that stand for several numbers of parameters."""
    if "model" not in found or "params" not in found:
        return []
    sizes = found["params"].where(np.isfinite(found["params"]) & (found["params"] > 0))
    by_model = sizes.groupby([found["task"], found["model"]], sort=False)
    apart = by_model.max() / by_model.min() > 1 + SAME_SIZE
    return list(dict.fromkeys(str(model) for _, model in apart.index[apart]))


def _name_models(found: dict[str, pd.Series], notes: list[str]) -> None:
    parts = []
    if "family" in found:
        parts.append(found["family"].tolist())
    if "params" in found:
        parts.append([f"params={value:.12g}" for value in found["params"]])
    if parts:
        found["model"] = pd.Series([" ".join(names) for names in zip(*parts, strict=True)])
        notes.append("There is no column of models: runs of one family and number of parameters are one model.")
    else:
        found["model"] = found["task"]
        notes.append("There is no column of models: all runs of a task are of one model, named after the task.")
