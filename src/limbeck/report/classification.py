"""The report's part on classification tasks: curves, tables, examples, disagreements."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from limbeck.files import Row, read_json
from limbeck.report import charts

SOURCES = {
    "synthetic": "examples of the teacher",
    "human": "human texts",
    "seeds": "the seeds alone, repeated",
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
    from markupsafe import Markup

    teacher = task["teacher"]
    return {
        "name": task["task"],
        "labels": task["labels"],
        "items": task["test"]["items"],
        "chance": _percent(task["test"]["chance"]["macro_f1"]),
        "curve": Markup(_curve(task)),
        "rows": _rows(task),
        "funnel": task["funnel"],
        "written": sum(part["rows"] for part in task["funnel"].get("strategies", [])),
        "verdicts": [_verdict(name, body, task) for name, body in task["classifiers"].items()],
        "examples": task["examples"],
        "classifiers": [
            {
                "name": name,
                "labels": body["full"]["labels"],
                "confusion": body["full"]["confusion"],
                "unparsed": body["full"]["unparsed"],
                "disagreements": body["disagreements"],
            }
            for name, body in task["classifiers"].items()
        ],
        "unparsed": {name: body["unparsed"] for name, body in teacher.items()},
    }


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _interval(ends: Sequence[float]) -> str:
    return f"{_percent(ends[0])}–{_percent(ends[1])}"


def _curve(task: Row) -> str:
    """Macro-F1 of each classifier over the training examples, and the teacher's."""
    curves = [
        (
            name,
            [
                (
                    point["n"],
                    100 * point["macro_f1"],
                    *(100 * e for e in point["macro_f1_interval"]),
                )
                for point in body["points"]
                if point["source"] == "synthetic"
            ],
        )
        for name, body in task["classifiers"].items()
    ]
    best = task["teacher"][task["teacher_best"]]
    return charts.learning(curves, 100 * best["macro_f1"], "training examples", "macro-F1")


def _rows(task: Row) -> list[dict[str, Any]]:
    """The table: each system at its largest training set."""
    rows = []
    for source, line in task["teacher"].items():
        rows.append(_row(f"teacher, {source}", "no training", line))
    for name, body in task["classifiers"].items():
        for source, said in SOURCES.items():
            points = [point for point in body["points"] if point["source"] == source]
            if points:
                rows.append(_row(name, said, max(points, key=lambda point: int(point["n"]))))
    return rows


def _row(name: str, source: str, line: Row) -> dict[str, Any]:
    return {
        "name": name,
        "source": source,
        "n": line["n"],
        "macro_f1": _percent(line["macro_f1"]),
        "macro_f1_interval": _interval(line["macro_f1_interval"]),
        "accuracy": _percent(line["accuracy"]),
        "accuracy_interval": _interval(line["accuracy_interval"]),
    }


def _verdict(name: str, body: Row, task: Row) -> str:
    """One sentence on a classifier and the teacher."""
    teacher = f"the teacher ({task['teacher_best']})"
    if body["beats_teacher_from"] is not None:
        return f"{name} beats {teacher} from {body['beats_teacher_from']} examples on, at 95%."
    points = [point for point in body["points"] if point["source"] == "synthetic"]
    last = max(points, key=lambda point: int(point["n"]))["to_teacher"]
    low, high = (f"{100 * end:+.1f}" for end in last["interval"])
    difference = f"{100 * last['difference']:+.1f}"
    return (
        f"{name} does not surely beat {teacher} at any size; with all examples the difference in "
        f"macro-F1 is {difference} ({low} to {high})."
    )
