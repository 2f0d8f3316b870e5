"""Names of tasks, models and families that a table does not give, or gives to several things at once."""

import re

import numpy as np
import pandas as pd

from bayeslaw.runs.units import MULTIPLES

SAME_SIZE = 0.02
"""Share by which numbers of parameters of one model may differ, as when they are counted in two ways."""

CURVE = 2
"""Data sizes from which on runs of one name in a family are a model of their own."""

_SIZE_IN_NAME = re.compile(r"(?<![A-Za-z0-9.])(\d{1,4}(?:\.\d{1,3})?)([MBmb])(\d?)(?![A-Za-z0-9])")


def read_params_in_names(found: dict[str, pd.Series], notes: list[str]) -> None:
    """Read parameters from the names of models, such as ``pythia-1.4b`` or ``bloom-7b1``, if no column has them.

    Parameters
    ----------
    found : canonical columns so far; params are added to it if the name of every model has one size.
    notes : what is understood is added to them.
    """
    if "params" in found or "model" not in found:
        return
    sizes = {str(name): size_in_name(str(name)) for name in found["model"].unique()}
    known = {name: size for name, size in sizes.items() if size is not None}
    if not known:
        return
    if len(known) < len(sizes):
        other = next(name for name in sizes if name not in known)
        notes.append(
            f"Names of {len(known)} of {len(sizes)} models say their number of parameters, and others do not, such as "
            f"{other!r}: none is read from names. A column 'params' gives them."
        )
        return
    params = found["model"].map(known).astype(float)
    if "tokens" in found and np.allclose(found["tokens"].to_numpy(float), params, rtol=SAME_SIZE):
        return  # the names tell the tokens
    found["params"] = params
    name, size = next(iter(known.items()))
    notes.append(f"There is no column of params: they are read from the names of models ({name!r}: {size:.4g}).")


def size_in_name(name: str) -> float | None:
    """The number of parameters that the name of a model says; None if it says none, or several."""
    found = {
        float(f"{number}.{behind}" if behind and "." not in number else number) * MULTIPLES[unit.lower()]
        for number, unit, behind in _SIZE_IN_NAME.findall(name)
    }
    return found.pop() if len(found) == 1 else None


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
    _name_families_apart(found, notes)
    for texts in variants:
        found["model"] = (found["model"] + " " + pd.Series(texts)).str.strip()
    if "family" not in found:
        found["family"] = found["model"]
        alone = "each model is its own family"
        if "params" in found and found["params"].nunique() > 1:
            alone = (
                "joint laws of params and data take all models of a task as one surface, and other laws, or any law "
                "that borrows from a prior, each model as its own family"
            )
        notes.append(
            f"There is no column of families: {alone}; with a column 'family', models tell of others of their family."
        )
    elif (found["family"] == "").any():
        found["family"] = found["family"].where(found["family"] != "", found["model"])
        notes.append("Models without a family are their own family.")


def _name_families_apart(found: dict[str, pd.Series], notes: list[str]) -> None:
    """Name models of one name with their families, where each of several families has a curve of that name.

    They are named so on all tasks, as a model is one on all of them. A single run in another family is a slip, and
    checks name it.
    """
    if "family" not in found or "data" not in found:
        return
    table = pd.DataFrame({name: found[name] for name in ("task", "model", "family", "data")})
    sizes = (
        table[(table["family"] != "") & (table["model"] != "")].groupby(["task", "model", "family"])["data"].nunique()
    )
    by_model = sizes.groupby(["task", "model"])
    several = by_model.min().index[(by_model.size() > 1) & (by_model.min() >= CURVE)]
    if not len(several):
        return
    names = list(dict.fromkeys(model for _, model in several))
    here = table["model"].isin(names) & (table["family"] != "")
    found["model"] = found["model"].where(~here, found["family"] + " " + found["model"])
    named = f"{names[0]!r}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
    notes.append(f"Models of one name in several families are named with these: {named}.")


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
