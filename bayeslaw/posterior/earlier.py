"""What files of earlier formats mean today: they answer as they did when they were written."""

from typing import Any

import xarray as xr

OLDEST = 7
"""The oldest format that is read."""

_DEPARTURE = 2.0  # in format 7, of the rate of errors of joint laws beyond the data to the sd of their field
_MISFIT = {"median": 0.0085, "exponent": 1.0, "sd": 0.35, "typical": 0.008, "spread": 0.6}


def layout_of_today(outline: dict[str, Any], written: int) -> dict[str, Any]:
    """The outline of a layout with the fields that it has today.

    Parameters
    ----------
    outline : dict
        As `bayeslaw.posterior.packing.pack` gives it.
    written : int
        The format in which it was written.
    """
    fields = outline["fields"]
    if outline["type"] == "CurveLayout" and written < 8:  # slopes of curves went on as they were
        return {**outline, "fields": {**fields, "persistence": {"tuple": [1.0] * len(fields["walks"]["tuple"])}}}
    if outline["type"] == "SurfaceLayout" and written < 9:
        tasks, ways = len(fields["tasks"]["tuple"]), 3 ** len(fields["covariates"]["dict"]) - 1
        alike = {"tuple": [{"tuple": [1.0] * ways}] * tasks}  # errors beyond the data were so in all directions
        fields = {**fields, "misfit_by_direction": alike, "misfit_fall": {"tuple": [1.0] * tasks}}
        if written < 8:  # and nothing foretold them
            field = {"tuple": [_without_rate(part) for part in fields["fields"]["tuple"]]}
            fields |= {"misfit_error": {"tuple": [float("nan")] * tasks}, "fields": field}
        return {**outline, "fields": fields}
    return outline


def draws_of_today(draws: xr.Dataset, written: int) -> xr.Dataset:
    """Draws with the variables of today; errors of joint laws beyond the data are of about the size that they had."""
    if written > OLDEST or "field_sd" not in draws:
        return draws
    return draws.assign(misfit=_DEPARTURE * draws["field_sd"])


def scales_of_today(plain: dict[str, Any], written: int) -> dict[str, Any]:
    """Plain priors of scales with those that there are today."""
    if written > OLDEST or "field_sd" not in plain:
        return plain
    return {**plain, "misfit": _MISFIT}


def _without_rate(field: dict[str, Any]) -> dict[str, Any]:
    return {**field, "fields": {name: part for name, part in field["fields"].items() if name != "rate"}}
