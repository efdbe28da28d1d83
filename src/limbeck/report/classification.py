"""The report's part on classification tasks: curves, tables, examples, disagreements."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from limbeck.classification.predictions import LEARNED, ZERO_SHOT
from limbeck.files import Row, read_json
from limbeck.report import charts

# What a classifier learned from, as the table's columns and the chart's curves.
SOURCES = {
    "synthetic": "teacher's examples",
    "human": "human texts",
    "seeds": "seeds alone",
}


def collect(folder: Path, tasks: Sequence[str]) -> list[Row]:
    """The scores of a language's tasks that were built, each with its funnel."""
    found = []
    for task in tasks:
        scores, funnel = folder / task / "scores.json", folder / task / "funnel.json"
        if scores.is_file():
            kept = read_json(funnel) if funnel.is_file() else {}
            found.append({**read_json(scores), "funnel": kept})
    return found


def view(task: Row) -> dict[str, Any]:
    """What the page shows of a task."""
    teacher, rival = task["teacher"], task["teacher_best"]
    sources = _sources(task)
    return {
        "name": task["task"],
        "labels": task["labels"],
        "asked": rival is not None,
        "builtin": task["test"]["builtin"],
        # Where no teacher was asked, examples may come with the data.
        "given": rival is None and any(_points(body, "synthetic") for body in _bodies(task)),
        "overview": _overview(task),
        "items": task["test"]["items"],
        "chance": _percent(task["test"]["chance"]["macro_f1"]),
        "sources": list(sources.values()),
        "rows": [
            *(
                {"name": f"teacher, {source}", "cells": [_cell(line), *[None] * len(sources)]}
                for source, line in sorted(teacher.items(), reverse=True)
            ),
            *(_classifier(name, body, sources) for name, body in task["classifiers"].items()),
        ],
        "funnel": task["funnel"],
        "written": sum(part["rows"] for part in task["funnel"].get("strategies", [])),
        "examples": task["examples"],
        "classifiers": [
            {
                "name": name,
                "curve": _curve(body, task),
                "verdict": _verdict(name, body, task) if rival else None,
                "disagreements": body["disagreements"],
            }
            for name, body in task["classifiers"].items()
        ],
        "details": [
            *(_detail(name, body["full"]) for name, body in task["classifiers"].items()),
            *(_detail(f"teacher, {best}", teacher[best]) for best in teacher if best == rival),
        ],
        "unparsed": {name: body["unparsed"] for name, body in teacher.items()},
    }


def _bodies(task: Row) -> list[Row]:
    return list(task["classifiers"].values())


def _sources(task: Row) -> dict[str, str]:
    """What was learned from, and how the page calls it."""
    there = {point["source"] for body in _bodies(task) for point in body["points"]}
    return {**SOURCES, **{name: name for name in sorted(there - SOURCES.keys() - {ZERO_SHOT})}}


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _interval(ends: Sequence[float]) -> str:
    return f"{_percent(ends[0])}–{_percent(ends[1])}"


def _points(body: Row, source: str) -> list[Row]:
    """A classifier's points of a source, the smallest training set first."""
    found = [point for point in body["points"] if point["source"] == source]
    return sorted(found, key=lambda point: int(point["n"]))


def _curve(body: Row, task: Row) -> Any:
    """Macro-F1 of a classifier over its training texts, a curve a source, and the teacher's."""
    named = _sources(task).items()
    curves = [(name, places) for source, name in named if (places := _places(body, source))]
    return _chart(curves, task)


def _overview(task: Row) -> Any:
    """All classifiers of several sizes in one chart; none where there are fewer than two."""
    found = {}
    for name, body in task["classifiers"].items():
        places = next(filter(None, (_places(body, source) for source in LEARNED[:2])), [])
        if len(places) > 1:
            found[name] = places
    return _chart(list(found.items()), task) if len(found) > 1 else None


def _places(body: Row, source: str) -> list[tuple[float, float, float, float]]:
    """The points of a source as a chart has them: number of texts, and scores in percent."""
    return [
        (point["n"], *(100 * value for value in (point["macro_f1"], *point["macro_f1_interval"])))
        for point in _points(body, source)
    ]


def _chart(curves: list[tuple[str, list[tuple[float, float, float, float]]]], task: Row) -> Any:
    from markupsafe import Markup

    lines = [("guessing", 100 * task["test"]["chance"]["macro_f1"], "chance")]
    if rival := task["teacher_best"]:
        lines.insert(0, ("teacher", 100 * task["teacher"][rival]["macro_f1"], "teacher"))
    return Markup(charts.learning(curves, lines, "training texts", "macro-F1"))


def _classifier(name: str, body: Row, sources: Iterable[str]) -> dict[str, Any]:
    """A row of the table: the classifier at its largest training set of each source."""
    largest = [_points(body, source)[-1:] for source in (ZERO_SHOT, *sources)]
    return {"name": name, "cells": [_cell(*found) if found else None for found in largest]}


def _cell(line: Row) -> dict[str, Any]:
    return {
        "n": line["n"],
        "macro_f1": _percent(line["macro_f1"]),
        "macro_f1_interval": _interval(line["macro_f1_interval"]),
        "accuracy": _percent(line["accuracy"]),
    }


def _detail(name: str, scores: Row) -> dict[str, Any]:
    """A system's scores of each label; of its texts, how many were called what, and the share."""
    shown = len(scores["labels"]) + bool(scores["unparsed"])
    confusion = [
        [(count, round(100 * count / (sum(row) or 1))) for count in row[:shown]]
        for row in scores["confusion"]
    ]
    return {"name": name, **scores, "confusion": confusion}


def _verdict(name: str, body: Row, task: Row) -> dict[str, str]:
    """What is sure of a classifier and the teacher, in a word and in a sentence."""
    teacher = f"the teacher ({task['teacher_best']})"
    last = next(found[-1] for source in LEARNED if (found := _points(body, source)))
    low, high = (f"{100 * end:+.1f}" for end in last["to_teacher"]["interval"])
    examples = f"all {last['n']} examples" if last["n"] else "no example"
    difference = f"{100 * last['to_teacher']['difference']:+.1f}"
    measured = f"with {examples} the difference in macro-F1 is {difference} ({low} to {high})"
    if body["beats_teacher_from"] is not None:
        said = f"beats {teacher} from {body['beats_teacher_from']} examples on, at 95%"
        return {"kind": "better", "text": f"{name} {said}; {measured}."}
    if last["to_teacher"]["interval"][1] < 0:
        return {"kind": "worse", "text": f"{name} stays below {teacher}; {measured}."}
    if last["to_teacher"]["sure"]:
        return {"kind": "better", "text": f"{name} beats {teacher}, at 95%; {measured}."}
    return {"kind": "even", "text": f"{name} does not surely differ from {teacher}; {measured}."}
