"""Turn what was collected into the page."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from limbeck.files import Row
from limbeck.report import charts, classification
from limbeck.report.collect import LanguagePage, Settings, StudentPage, models

FOLDER = Path(__file__).parent

BENCHMARKS = {
    "flores_from_english": ("English into {language}", "chrF++"),
    "flores_into_english": ("{language} into English", "chrF++"),
    "sib200": ("Topic of a text", "accuracy, %"),
    "belebele": ("Reading comprehension", "accuracy, %"),
    "global_mmlu": ("Knowledge, four options", "accuracy, %"),
}


def render(settings: Settings, pages: Sequence[LanguagePage]) -> str:
    """The whole page: HTML that asks for nothing outside itself."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,  # what a teacher or corpus wrote is text, whatever it looks like
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["count"] = lambda number: f"{number:,}".replace(",", "\u202f")
    environment.filters["size"] = _size
    environment.filters["pretty"] = lambda value: json.dumps(value, ensure_ascii=False, indent=2)
    from markupsafe import Markup

    return environment.get_template("report.html").render(
        settings=settings,
        demonstrator=settings.teacher.get("server") == "phrasebook",
        pages=[_view(page, settings) for page in pages],
        style=Markup((FOLDER / "report.css").read_text("utf-8")),
        script=Markup((FOLDER / "report.js").read_text("utf-8")),
        versions=_versions(pages),
    )


def _size(number: int) -> str:
    return f"{number / 1e9:.2f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"


def _view(page: LanguagePage, settings: Settings) -> dict[str, Any]:
    """A language's part of the page: its content with charts and tables made of it."""
    names = [(model, name) for model, name in models(settings) if model in page.scores]
    shown = [name for name in settings.benchmarks if any(name in s for s in page.scores.values())]
    skipped = settings.skipped.get(page.code, [])
    return {
        "code": page.code,
        "card": page.card,
        "steps": page.steps,
        "most": max((step.rows for step in page.steps), default=1) or 1,
        "funnel": page.funnel,
        "students": [_student(student) for student in page.students],
        "benchmarks": [_benchmark(name, page) for name in shown],
        "skipped": [_benchmark(name, page)["title"] for name in skipped],
        "models": [
            {"name": name, "cells": [_cell(page.scores[model].get(b)) for b in shown]}
            for model, name in names
        ],
        "charts": [_chart(benchmark, page, names) for benchmark in shown],
        "samples": [_sample(row) for row in page.samples],
        "tasks": [classification.view(task) for task in page.tasks],
    }


def _benchmark(name: str, page: LanguagePage) -> dict[str, Any]:
    title, metric = BENCHMARKS.get(name, (name, ""))
    counts = {scores[name].get("n") for scores in page.scores.values() if name in scores}
    signatures = {
        str(scores[name]["signature"])
        for scores in page.scores.values()
        if name in scores and scores[name].get("signature")
    }
    return {
        "title": title.format(language=page.card.get("name", page.code)),
        "metric": metric,
        "n": ", ".join(str(count) for count in sorted(filter(None, counts))),
        "signatures": sorted(signatures),
    }


def _interval(score: Row) -> tuple[float, float]:
    low, high = score.get("interval") or (score["value"], score["value"])
    return float(low), float(high)


def _cell(score: Row | None) -> dict[str, Any] | None:
    if score is None:
        return None
    low, high = _interval(score)
    return {"value": f"{score['value']:.1f}", "interval": f"{low:.1f}–{high:.1f}"}


def _chart(name: str, page: LanguagePage, names: Sequence[tuple[str, str]]) -> dict[str, Any]:
    from markupsafe import Markup

    rows = []
    for model, called in names:
        score = page.scores[model].get(name)
        if score is not None:
            kind = model.rpartition("/")[2]
            mark = {"base": "base", "student": "student", "teacher": "teacher"}.get(kind, "gguf")
            rows.append((called, float(score["value"]), *_interval(score), mark))
    benchmark = _benchmark(name, page)
    return {**benchmark, "svg": Markup(charts.intervals(benchmark["title"], rows))}


def _student(student: StudentPage) -> dict[str, Any]:
    from markupsafe import Markup

    curves = []
    for key, name in (("loss", "training"), ("validation", "validation")):
        points = [
            (float(item["step"]), float(item["loss"]))
            for item in student.training.get(key) or []
            if isinstance(item.get("loss"), int | float)
        ]
        if points:
            curves.append((name, points))
    facts = {
        key: student.training[key]
        for key in ("rows", "tokens", "tokens_seen", "dropped", "seconds", "device")
        if key in student.training
    }
    return {
        "name": student.name,
        "settings": student.settings,
        "folder": student.folder,
        "mixture": student.mixture,
        "parity": {k: v for k, v in student.parity.items() if not isinstance(v, dict | list)},
        "gguf": student.gguf,
        "best": "Q8_0" if "Q8_0" in student.gguf else next(iter(student.gguf), None),
        "curve": Markup(charts.lines(curves, "step", "loss")),
        "last": {name: f"{points[-1][1]:.3f}" for name, points in curves},
        "facts": facts,
    }


def _sample(row: Row) -> dict[str, Any]:
    """A row as pairs of a label and a text."""
    if "messages" in row:
        originals = row.get("original") or []
        parts = []
        for index, message in enumerate(row.get("messages") or []):
            if index < len(originals):
                parts.append((f"English {message['role']}", originals[index]["content"], "en"))
            parts.append((str(message["role"]), message["content"], ""))
    else:
        parts = [("prompt", row.get("prompt"), "")]
        parts.append(("reasoning", row.get("reasoning"), "trace"))
        parts.append(("answer", row.get("response"), ""))
    shown = [(label, str(text), kind) for label, text, kind in parts if text]
    return {
        "id": row.get("id", ""),
        "strategy": row.get("strategy", ""),
        "kind": row.get("kind", ""),
        "title": next((text for _, text, kind in shown if kind != "en"), "")[:140],
        "parts": shown,
    }


def _versions(pages: Sequence[LanguagePage]) -> dict[str, str]:
    from importlib.metadata import version

    found = {"limbeck": version("limbeck")}
    for page in pages:
        for student in page.students:
            found |= student.training.get("versions") or {}
    return found
