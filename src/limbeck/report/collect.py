"""Read the artefacts of a language for its page and cards. What is not there is left out."""

import heapq
import json
from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pydantic import Field

from limbeck.config import Section
from limbeck.errors import UserError
from limbeck.files import Row, digest, read_json, read_jsonl
from limbeck.report import classification, names, said
from limbeck.report.timings import Timing, timings, took

SAMPLES = 20  # of each strategy

STEPS = {
    "topics": "from topics",
    "scenarios": "from scenarios",
    "contexts": "about texts",
    "prompts": "prompts",
    "responses": "responses",
    "translations": "translations",
}


def demonstrates(teacher: dict[str, Any]) -> bool:
    """Whether a teacher is the built-in phrasebook, whose results are a demonstration."""
    return bool(teacher.get("server") == "phrasebook")


class Settings(Section):
    """What a page or card needs to know beside the artefacts."""

    students: dict[str, dict[str, Any]]
    teacher: dict[str, Any]
    sources: dict[str, str]
    models: list[str]
    benchmarks: list[str]
    quantizations: list[str]
    classification: list[str] = Field(default_factory=list)
    skipped: list[str] = Field(default_factory=list)  # benchmarks without items in the language
    published: dict[str, dict[str, str]] = Field(default_factory=dict)  # data sets of benchmarks
    prompts: dict[str, int] = Field(default_factory=dict)  # asked for, by step
    licenses: dict[str, str | None] = Field(default_factory=dict)  # of students; null: not known
    seed: int | None = None
    judge: dict[str, Any] | None = None  # of pairs of answers, where any are judged

    @property
    def demonstrator(self) -> bool:
        """Whether the teacher is the built-in phrasebook."""
        return demonstrates(self.teacher)

    def names(self, scored: Container[str]) -> dict[str, str]:
        """What the models that have a score are called."""
        called = self.called(self.models)
        return {model: name for model, name in called.items() if model in scored}

    def called(self, models: Sequence[str]) -> dict[str, str]:
        """What models are called."""
        return names.models(models, list(self.students), str(self.teacher.get("model", "?")))


@dataclass
class Step:
    """How many rows a step of the flow wrote, and how many of its requests failed."""

    label: str
    rows: int = 0
    failed: int = 0
    lost: int = 0  # rows that the failures cost
    revised: int = 0


@dataclass
class Student:
    """What is known of a student in a language."""

    name: str
    settings: dict[str, Any]
    folder: str
    mixture: dict[str, Any]
    training: dict[str, Any]
    parity: dict[str, Any]
    gguf: dict[str, int]  # quantization -> bytes
    gains: dict[str, Row]  # benchmark -> difference to the base; of thinking, under "thinking"
    seconds: float | None = None  # of its training

    @property
    def best(self) -> str | None:
        """The quantization of the GGUF file to try first; None without any."""
        return "Q8_0" if "Q8_0" in self.gguf else next(iter(self.gguf), None)


@dataclass
class Language:
    """What is known of a language."""

    code: str
    card: dict[str, Any]
    steps: dict[str, Step]
    funnel: dict[str, Any]
    students: list[Student]
    scores: dict[str, dict[str, Row]]  # model -> benchmark -> score
    names: dict[str, str]  # model -> what it is called
    cost: dict[str, Any]
    timings: list[Timing] = field(default_factory=list)
    samples: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)  # of classification
    answered: list[said.Item] = field(default_factory=list)
    judgement: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The language's English name."""
        return str(self.card.get("name", self.code))

    def benchmarks(self, wanted: list[str]) -> list[str]:
        """The benchmarks that any model has a score on."""
        return [name for name in wanted if any(name in scores for scores in self.scores.values())]


def collect(folder: Path, settings: Settings, records: Path | None = None) -> Language:
    """What is known of the language of a folder, such as results/swh_Latn.

    Args:
        records: the folder of Snakemake's own records of time and memory.
    """
    chosen: dict[str, list[tuple[str, Row]]] = defaultdict(list)
    steps = {
        name: _step(folder / f"{name}.jsonl", label, chosen)
        for name, label in STEPS.items()
        if (folder / f"{name}.jsonl").is_file()
    }
    cost = optional(folder / "cost.json")
    scores = read_scores(folder / "scores", settings)
    return Language(
        code=folder.name,
        card=read_json(folder / "language.json"),
        steps=steps,
        funnel=optional(folder / "funnel.json"),
        students=[student(folder, name, settings, records) for name in settings.students],
        scores=scores,
        names=settings.names(scores),
        cost=cost,
        timings=timings(records, cost, settings.models) if records else [],
        samples=_dealt([sorted(chosen[name], key=_first) for name in sorted(chosen)]),
        tasks=classification.collect(folder / "classification", settings.classification),
        answered=said.collect(folder / "scores", scores),
        judgement=optional(folder / "judgement.json") if settings.judge else {},
    )


def _dealt(piles: list[list[tuple[str, Row]]]) -> list[Row]:
    """The rows of all piles, one of each in turn."""
    return [row for turn in zip_longest(*piles) for _, row in filter(None, turn)]


def _first(pair: tuple[str, Row]) -> str:
    return pair[0]


def _step(path: Path, label: str, chosen: dict[str, list[tuple[str, Row]]]) -> Step:
    """Count a file's rows, and choose samples among answers and translations."""
    step = Step(label)
    shown = path.stem in {"responses", "translations"}
    for row in read_jsonl(path):
        if row.get("failure"):
            step.failed += 1
            step.lost += row.get("lost") or 1
            continue
        step.rows += 1
        step.revised += str(row.get("kind", "")).startswith("revised:")
        if shown:
            # The smallest digests: a sample that is the same at every run.
            heap = chosen[str(row.get("strategy", path.stem))]
            heap.append((digest(row.get("id")), row))
            if len(heap) > 50 * SAMPLES:
                heap[:] = heapq.nsmallest(SAMPLES, heap, key=_first)
    for name, heap in chosen.items():
        chosen[name] = heapq.nsmallest(SAMPLES, heap, key=_first)
    return step


def student(folder: Path, name: str, settings: Settings, records: Path | None = None) -> Student:
    """What is known of a student in the language of a folder; ``records`` as in `collect`."""
    own = folder / name
    files = {kind: own / "gguf" / f"{kind}.gguf" for kind in settings.quantizations}
    return Student(
        name=name,
        settings=settings.students[name],
        folder=own.as_posix(),
        mixture=optional(own / "mixture.json"),
        training=optional(own / "training.json"),
        parity=optional(own / "gguf" / "parity.json"),
        gguf={kind: path.stat().st_size for kind, path in files.items() if path.is_file()},
        gains=optional(own / "gains.json"),
        seconds=took(records / name / "train_student.tsv") if records else None,
    )


def read_scores(folder: Path, settings: Settings) -> dict[str, dict[str, Row]]:
    """The scores in a folder, by model and benchmark."""
    found: dict[str, dict[str, Row]] = {}
    for model in settings.models:
        for benchmark in settings.benchmarks:
            score = optional(folder / model / f"{benchmark}.json")
            if isinstance(score.get("value"), int | float):
                found.setdefault(model, {})[benchmark] = score
    return found


def optional(path: Path) -> dict[str, Any]:
    """The JSON object in a file, an empty one if there is no such file."""
    if not path.is_file():
        return {}
    value = read_json(path)
    if not isinstance(value, dict):
        raise UserError(f"{path}: a JSON object is wanted, not {json.dumps(value)[:40]}")
    return value
