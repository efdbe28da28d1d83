"""Turn what was collected of a language into its page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from limbeck.files import Row
from limbeck.report import charts, classification, facts, judged, names, page, said
from limbeck.report.collect import Language, Settings, Step, Student


def render(settings: Settings, language: Language) -> str:
    """The page of a language."""
    return page.render(
        "report.html",
        settings=settings,
        demonstrator=settings.demonstrator,
        page=view(language, settings),
    )


def view(language: Language, settings: Settings) -> dict[str, Any]:
    """The page's content, with charts and tables made of it."""
    shown = language.benchmarks(settings.benchmarks)
    samples = [_sample(row) for row in language.samples]
    filters = language.funnel.get("stages", []) + language.funnel.get("filters", [])
    seconds = [timing.seconds for timing in language.timings]
    first = next(iter(settings.students), "")
    return {
        "code": language.code,
        "name": language.name,
        "card": language.card,
        "headlines": [
            {"student": student.name, "lines": lines}
            for student in language.students
            if (lines := _headlines(student, language, shown))
        ],
        "thinks": any(names.thinks(model) for model in language.scores),
        "benchmarks": [_benchmark(name, language) for name in shown],
        "skipped": [names.title(name, language.name) for name in settings.skipped],
        "models": [
            {
                "name": called,
                "mark": names.mark(model),
                "cells": [_cell(language.scores[model].get(name)) for name in shown],
            }
            for model, called in language.names.items()
        ],
        "charts": [_chart(name, language) for name in shown],
        "sizes": [
            chart
            for student in language.students
            if (chart := _sizes(student, language, shown)) is not None
        ],
        "flow": list(_flow(language, settings.prompts)),
        "funnel": language.funnel,
        "most": max((step["in"] for step in filters), default=1) or 1,
        "students": [_student(student) for student in language.students],
        "tasks": [classification.view(task) for task in language.tasks],
        "beside": said.beside(language.answered, language.names, first),
        "said": said.view(language.answered, language.names, first),
        "judged": judged.view(language.judgement, settings),
        "asked": {name: names.benchmark(name).short for name in shown},
        "samples": samples,
        "strategies": sorted({sample["strategy"] for sample in samples}),
        "timings": language.timings,
        "longest": max(seconds, default=1.0) or 1.0,
        "total": {
            "seconds": sum(seconds),
            "replies": sum(timing.replies for timing in language.timings),
            "tokens": sum(timing.tokens for timing in language.timings),
            "dollars": language.cost.get("total", {}).get("dollars"),
        },
        "machine": _machine(language.cost),
        "runs": [_run(student) for student in language.students if student.gguf],
        "versions": versions(language),
    }


def _machine(cost: Row) -> dict[str, Any] | None:
    """What training and scoring took; nothing where ``cost.json`` does not tell."""
    if not (machine := cost.get("machine")):
        return None
    seconds = {kind: 3600 * sum(machine[kind].values()) for kind in ("training", "scoring")}
    return {**seconds, "dollars": machine["dollars"], "whole": cost["whole"]["dollars"]}


def _benchmark(name: str, language: Language) -> dict[str, Any]:
    scores = [scores[name] for scores in language.scores.values() if name in scores]
    counts = {score["n"] for score in scores if score.get("n")}
    return {
        "title": names.title(name, language.name),
        "metric": names.metric(scores[0]),
        "n": ", ".join(str(count) for count in sorted(counts)),
        "signatures": sorted({str(s["signature"]) for s in scores if s.get("signature")}),
    }


def _headlines(student: Student, language: Language, shown: Sequence[str]) -> list[dict[str, Any]]:
    """From base to student, and from its direct answers to its thinking, a line a benchmark."""
    forms = (f"{student.name}/{form}" for form in ("base", "student", "thinking"))
    base, direct, thinking = (language.scores.get(form, {}) for form in forms)
    return [
        {
            "title": names.title(name, language.name) + said,
            "before": f"{before[name]['value']:.1f}",
            "after": f"{after[name]['value']:.1f}",
            "metric": names.metric(after[name]),
            "verdict": verdict(gains.get(name)),
            "shown": gains.get(name, {}).get("shown", False),
        }
        for said, before, after, gains in (
            ("", base, direct, student.gains),
            (", thinking first", direct, thinking, student.gains.get("thinking", {})),
        )
        for name in shown
        if name in before and name in after
    ]


def verdict(gain: Row | None) -> str:
    """What is known of a difference; nothing where the two were not compared."""
    if gain is None:
        return ""
    if not gain["shown"]:
        return "no difference shown"
    low, high = gain["interval"]
    return f"{gain['difference']:+.1f} [{low:+.1f}, {high:+.1f}]"


def _cell(score: Row | None) -> dict[str, str] | None:
    if score is None:
        return None
    low, high = names.interval(score)
    return {"value": f"{score['value']:.1f}", "interval": f"{low:.1f}–{high:.1f}"}


def _chart(name: str, language: Language) -> dict[str, Any]:
    from markupsafe import Markup

    rows = []
    for model, called in language.names.items():
        score = language.scores[model].get(name)
        if score is not None:
            ends = names.interval(score)
            rows.append((called, float(score["value"]), *ends, names.mark(model)))
    benchmark = _benchmark(name, language)
    chance = names.benchmark(name).chance
    drawn = charts.intervals(benchmark["title"], rows, benchmark["metric"], chance)
    return {**benchmark, "svg": Markup(drawn)}


def _sizes(student: Student, language: Language, shown: Sequence[str]) -> dict[str, Any] | None:
    """Scores over the sizes of a student's GGUF files, where there are two at least."""
    from markupsafe import Markup

    scored = {
        kind: language.scores[f"{student.name}/{kind}"]
        for kind in student.gguf
        if f"{student.name}/{kind}" in language.scores
    }
    if len(scored) < 2:
        return None
    files = sorted(((kind, student.gguf[kind] / 1e6) for kind in scored), key=lambda file: file[1])
    curves = [
        (
            names.benchmark(name).short,
            [float(scored[kind][name]["value"]) for kind, _ in files],
        )
        for name in shown
        if all(name in scores for scores in scored.values())
    ]
    drawn = charts.sizes(curves, files, "chrF++ or accuracy, %")
    return {"student": student.name, "svg": Markup(drawn)}


def _line(rows: int, label: str, more: str = "") -> dict[str, Any]:
    return {"rows": rows, "label": label, "more": more}


def _flow(language: Language, asked: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """The stations of the flow, each with its counts and those of the prompts asked for."""

    def station(title: str, *keys: str) -> dict[str, Any]:
        steps = [(key, language.steps[key]) for key in keys if key in language.steps]
        return {
            "title": title,
            "lines": [_line(s.rows, s.label, _asides(s, asked.get(key))) for key, s in steps],
        }

    stations = [
        station("Prompts", "topics", "scenarios", "contexts"),
        station("Some revised", "prompts"),
        station("The teacher's replies", "responses", "translations"),
    ]
    if "rows" in language.funnel:
        came = sum(part["rows"] for part in language.funnel.get("strategies", []))
        aside = f"of {names.count(came)}" if came else ""
        stations.append(
            {"title": "Filtered", "lines": [_line(language.funnel["rows"], "kept", aside)]}
        )
    mixed = [student for student in language.students if "rows" in student.mixture.get("train", {})]
    lines = []
    for student in mixed:
        held = student.mixture.get("validation", {}).get("rows", 0)
        label = "training rows" if len(mixed) == 1 else f"rows for {student.name}"
        lines.append(_line(student.mixture["train"]["rows"], label, f"{held} more to validate"))
    stations.append({"title": "Training set", "lines": lines})
    lines = []
    for student in language.students:
        sizes = ", ".join(f"{kind} {names.size(size)}" for kind, size in student.gguf.items())
        if sizes:
            lines.append(_line(len(student.gguf), "GGUF files", sizes))
    stations.append({"title": "Models", "lines": lines})
    yield from (station for station in stations if station["lines"])


def _asides(step: Step, asked: int | None) -> str:
    asides = []
    if asked is not None and asked != step.rows:
        asides.append(f"asked for {names.count(asked)}, got {names.count(step.rows)}")
    if step.revised and step.label == "prompts":
        asides.append(f"{names.count(step.revised)} of them rewritten")
    if step.failed:
        cost = f", of {names.count(step.lost)} prompts" if step.lost > step.failed else ""
        asides.append(f"failed requests: {names.count(step.failed)}{cost}")
    return ", ".join(asides)


def _student(student: Student) -> dict[str, Any]:
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
    return {
        "name": student.name,
        "curve": Markup(charts.lines(curves, "step", "loss")),
        "last": {name: f"{points[-1][1]:.3f}" for name, points in curves},
        "facts": list(facts.of(student)),
    }


def _run(student: Student) -> dict[str, str]:
    return {
        "student": student.name,
        "folder": student.folder,
        "gguf": f"{student.folder}/gguf/{student.best}.gguf",
    }


def _sample(row: Row) -> dict[str, Any]:
    """A row as parts, each with a label and a text, and the English original where there is one."""
    if "messages" in row:
        originals = [message["content"] for message in row.get("original") or []]
        originals += [None] * (len(row["messages"]) - len(originals))
        parts = [
            {"label": message["role"], "text": message["content"], "original": original, "kind": ""}
            for message, original in zip(row["messages"], originals, strict=False)
        ]
    else:
        keys = (("prompt", "prompt", ""), ("reasoning", "reasoning", "trace"))
        parts = [
            {"label": label, "text": row.get(key), "original": None, "kind": kind}
            for key, label, kind in (*keys, ("response", "answer", ""))
        ]
    parts = [part for part in parts if part["text"]]
    return {
        "id": row.get("id", ""),
        "strategy": str(row.get("strategy", "")),
        "about": ", ".join(str(row[key]) for key in ("kind", "source") if row.get(key)),
        "title": str(parts[0]["text"])[:140] if parts else "",
        "parts": parts,
    }


def versions(language: Language) -> dict[str, str]:
    """The versions of the tools that made the students."""
    from importlib.metadata import version

    found = {"limbeck": version("limbeck")}
    for student in language.students:
        found |= student.training.get("versions") or {}
    return found
