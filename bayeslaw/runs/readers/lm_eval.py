"""Results of the lm-evaluation-harness: one file a model, scores by task and metric.

Keys are ``metric,filter``; standard errors stand beside them as ``metric_stderr,filter``, or are "N/A"; ``alias`` is no
metric. Groups of tasks whose tasks are there repeat what these say, and are left out, with a note. Old files have
metrics without a filter. ``n-samples`` says how many questions of each task were asked.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bayeslaw.errors import RunsError
from bayeslaw.runs.columns import meanings_of_metric
from bayeslaw.runs.readers.base import Found, Raw, Reader, table_of
from bayeslaw.runs.readers.json_text import decode_json

FORMAT = "lm-evaluation-harness results"
_SHOWN = 8

_STEP = re.compile(r"(?:^|[,/_-])(?:revision=)?(?:step|checkpoint|iter)[-_]?(\d{1,12})(?:$|[,/_-])")
_RESULTS = re.compile(r'"results"\s*:\s*\{\s*(?:"[^"\n]{1,200}"\s*:\s*\{|\})')


def _recognises(found: Found) -> bool:
    start = found.start
    if not start.startswith("{") or _RESULTS.search(start) is None:
        return False
    return "_stderr" in start or '"versions"' in start or '"alias"' in start


def _read(found: Found) -> Raw:
    whole = decode_json(found.text, found.name)
    results, config = whole.get("results"), whole.get("config")
    config = config if isinstance(config, Mapping) else {}
    if not isinstance(results, Mapping) or not all(isinstance(one, Mapping) for one in results.values()):
        raise RunsError(f"{found.name}: 'results' is no object of tasks, expected a file of the lm-evaluation-harness.")
    groups = _groups(whole.get("group_subtasks"), results)
    model = _model(whole, config)
    shared: dict[str, Any] = {"model": model}
    if isinstance(config.get("model_num_parameters"), int) and config["model_num_parameters"] > 0:
        shared["params"] = config["model_num_parameters"]
    step = _STEP.search(f"{config.get('model_args', '')},{model}")
    if step:
        shared["step"] = int(step[1])
    asked = _questions(whole.get("n-samples"))
    rows = [
        shared | row
        for task, scores in results.items()
        if task not in groups
        for row in _scores(task, scores, asked.get(task))
    ]
    if not rows:
        raise RunsError(f"{found.name}: there are no scores under 'results', expected numbers by task and metric.")
    named = ", ".join(map(repr, groups[:_SHOWN])) + (", …" if len(groups) > _SHOWN else "")
    told = f"Groups of tasks are left out, for their tasks are there: {named}."
    return Raw(FORMAT, table_of(rows), (told,) if groups else ())


def _groups(subtasks: Any, results: Mapping[str, Any]) -> list[str]:
    """Names under which results of several tasks are put together, of which some are among the results."""
    if not isinstance(subtasks, Mapping):
        return []
    inside = {name: tasks for name, tasks in subtasks.items() if isinstance(tasks, list)}
    return [name for name in results if any(isinstance(task, str) and task in results for task in inside.get(name, ()))]


def _model(whole: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """What was evaluated."""
    for name in (whole.get("model_name"), whole.get("model_name_sanitized")):
        if isinstance(name, str) and name:
            return name
    args = config.get("model_args")
    if isinstance(args, Mapping):
        return str(args.get("pretrained", "model"))
    named = re.search(r"pretrained=([^,]{1,300})", args) if isinstance(args, str) else None
    return named[1] if named else "model"


def _questions(samples: Any) -> dict[str, int]:
    """How many questions of each task were asked, which a limit may make fewer than there are."""
    if not isinstance(samples, Mapping):
        return {}
    asked = {task: one.get("effective") for task, one in samples.items() if isinstance(one, Mapping)}
    return {task: n for task, n in asked.items() if isinstance(n, int) and not isinstance(n, bool) and n > 0}


def _scores(task: str, scores: Mapping[str, Any], questions: int | None) -> Iterator[dict[str, Any]]:
    """A row a metric of a task; shares of questions with how many these were."""
    for key, value in scores.items():
        metric, _, kind = key.partition(",")
        if metric.endswith("_stderr") or not isinstance(value, int | float) or isinstance(value, bool):
            continue
        error = scores.get(f"{metric}_stderr,{kind}" if kind else f"{metric}_stderr")
        row: dict[str, Any] = {"task": task, "metric": metric if kind in ("", "none") else key, "value": value}
        if isinstance(error, int | float):
            row["stderr"] = error
        if questions is not None and any(known.role == "accuracy" for known in meanings_of_metric(metric)):
            row["questions"] = questions
        yield row


READER = Reader(FORMAT, _recognises, _read)
