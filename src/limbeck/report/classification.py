"""The report's part on classification tasks: curves, tables, examples, disagreements."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
    return {
        "name": task["task"],
        "labels": task["labels"],
        "asked": rival is not None,  # or else people's texts alone were learned from
        "items": task["test"]["items"],
        "chance": _percent(task["test"]["chance"]["macro_f1"]),
        "sources": list(SOURCES.values()),
        "rows": [
            *(_teacher(source, teacher[source]) for source in sorted(teacher, reverse=True)),
            *(_classifier(name, body) for name, body in task["classifiers"].items()),
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
    from markupsafe import Markup

    curves = []
    for source, name in SOURCES.items():
        points = _points(body, source)
        if points:
            scores = [(point["macro_f1"], *point["macro_f1_interval"]) for point in points]
            percent = [tuple(100 * value for value in score) for score in scores]
            curves.append((name, [(p["n"], *v) for p, v in zip(points, percent, strict=True)]))
    lines = [("guessing", 100 * task["test"]["chance"]["macro_f1"], "chance")]
    if rival := task["teacher_best"]:
        lines.insert(0, ("teacher", 100 * task["teacher"][rival]["macro_f1"], "teacher"))
    return Markup(charts.learning(curves, lines, "training texts", "macro-F1"))


def _teacher(source: str, line: Row) -> dict[str, Any]:
    return {"name": f"teacher, {source}", "cells": [_cell(line), None, None, None]}


def _classifier(name: str, body: Row) -> dict[str, Any]:
    """A row of the table: the classifier at its largest training set of each source."""
    largest = [_points(body, source)[-1:] for source in SOURCES]
    return {"name": name, "cells": [None, *(_cell(*found) if found else None for found in largest)]}


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
    last = _points(body, "synthetic")[-1]
    low, high = (f"{100 * end:+.1f}" for end in last["to_teacher"]["interval"])
    difference = f"{100 * last['to_teacher']['difference']:+.1f}"
    measured = (
        f"with all {last['n']} examples the difference in macro-F1 is {difference} "
        f"({low} to {high})"
    )
    if body["beats_teacher_from"] is not None:
        said = f"beats {teacher} from {body['beats_teacher_from']} examples on, at 95%"
        return {"kind": "better", "text": f"{name} {said}; {measured}."}
    if last["to_teacher"]["interval"][1] < 0:
        return {"kind": "worse", "text": f"{name} stays below {teacher}; {measured}."}
    return {"kind": "even", "text": f"{name} does not surely differ from {teacher}; {measured}."}
