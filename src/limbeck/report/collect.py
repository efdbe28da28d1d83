"""Read the artefacts of a build for its report. What is not there is left out."""

import heapq
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field

from limbeck.config import Section
from limbeck.errors import UserError
from limbeck.files import Row, digest, read_json, read_jsonl
from limbeck.languages import resolve
from limbeck.report import classification

SAMPLES = 12  # of each strategy

STEPS = {
    "topics": "prompts from topics",
    "scenarios": "prompts from scenarios",
    "contexts": "prompts about texts",
    "prompts": "prompts, some revised",
    "responses": "responses",
    "translations": "translated conversations",
}


class Settings(Section):
    """What the report is about."""

    languages: list[str]
    students: dict[str, dict[str, Any]]
    teacher: dict[str, Any]
    benchmarks: list[str]
    skipped: dict[str, list[str]] = Field(default_factory=dict)  # language -> not covered by these
    quantizations: list[str]
    classification: list[str] = Field(default_factory=list)
    results: str = "results"
    seed: int | None = None


@dataclass
class Step:
    """How many rows a step of the flow wrote, and how many of its requests failed."""

    label: str
    rows: int
    failed: int = 0


@dataclass
class StudentPage:
    """What is known of a student in a language."""

    name: str
    settings: dict[str, Any]
    folder: str
    mixture: dict[str, Any]
    training: dict[str, Any]
    parity: dict[str, Any]
    gguf: dict[str, int]  # quantization -> bytes


@dataclass
class LanguagePage:
    """What is known of a language."""

    code: str
    card: dict[str, Any]
    steps: list[Step]
    funnel: dict[str, Any]
    students: list[StudentPage]
    scores: dict[str, dict[str, Row]]  # model -> benchmark -> score
    samples: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)  # of classification


def collect(settings: Settings) -> list[LanguagePage]:
    """A page's content for every language of the settings."""
    return [_language(code, settings) for code in settings.languages]


def models(settings: Settings) -> Iterator[tuple[str, str]]:
    """The scored models and what they are called, teacher last."""
    several = len(settings.students) > 1
    for student in settings.students:
        prefix = f"{student}: " if several else ""
        yield f"{student}/base", f"{prefix}base"
        yield f"{student}/student", f"{prefix}student"
        for quantization in settings.quantizations:
            yield f"{student}/{quantization}", f"{prefix}GGUF {quantization}"
    yield "teacher", f"teacher ({settings.teacher.get('model', '?')})"


def _language(code: str, settings: Settings) -> LanguagePage:
    folder = Path(settings.results) / code
    chosen: dict[str, list[tuple[str, Row]]] = defaultdict(list)
    steps = [
        _step(folder / f"{name}.jsonl", label, chosen)
        for name, label in STEPS.items()
        if (folder / f"{name}.jsonl").is_file()
    ]
    funnel = _optional(folder / "funnel.json")
    if "rows" in funnel:
        steps.append(Step("rows kept", funnel["rows"]))
    samples = [row for name in sorted(chosen) for _, row in sorted(chosen[name], key=_first)]
    return LanguagePage(
        code=code,
        card=_optional(folder / "language.json") or resolve(code).card(),
        steps=steps,
        funnel=funnel,
        students=[
            _student(folder, name, body, settings) for name, body in settings.students.items()
        ],
        scores=_scores(folder / "scores", settings),
        samples=samples,
        tasks=classification.collect(folder / "classification", settings.classification),
    )


def _first(pair: tuple[str, Row]) -> str:
    return pair[0]


def _step(path: Path, label: str, chosen: dict[str, list[tuple[str, Row]]]) -> Step:
    """Count a file's rows, and choose samples among answers and translations."""
    step = Step(label, 0)
    shown = path.stem in {"responses", "translations"}
    for row in read_jsonl(path):
        if row.get("failure"):
            step.failed += 1
            continue
        step.rows += 1
        if shown:
            # The smallest digests: a sample that is the same at every run.
            heap = chosen[str(row.get("strategy", path.stem))]
            heap.append((digest(row.get("id")), row))
            if len(heap) > 50 * SAMPLES:
                heap[:] = heapq.nsmallest(SAMPLES, heap, key=_first)
    for name, heap in chosen.items():
        chosen[name] = heapq.nsmallest(SAMPLES, heap, key=_first)
    return step


def _student(folder: Path, name: str, body: dict[str, Any], settings: Settings) -> StudentPage:
    own = folder / name
    files = {kind: own / "gguf" / f"{kind}.gguf" for kind in settings.quantizations}
    return StudentPage(
        name=name,
        settings=body,
        folder=own.as_posix(),
        mixture=_optional(own / "mixture.json"),
        training=_optional(own / "training.json"),
        parity=_optional(own / "gguf" / "parity.json"),
        gguf={kind: path.stat().st_size for kind, path in files.items() if path.is_file()},
    )


def _scores(folder: Path, settings: Settings) -> dict[str, dict[str, Row]]:
    found: dict[str, dict[str, Row]] = {}
    for model, _ in models(settings):
        for benchmark in settings.benchmarks:
            score = _optional(folder / model / f"{benchmark}.json")
            if isinstance(score.get("value"), int | float):
                found.setdefault(model, {})[benchmark] = score
    return found


def _optional(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    value = read_json(path)
    if not isinstance(value, dict):
        raise UserError(f"{path}: a JSON object is wanted, not {json.dumps(value)[:40]}")
    return value
