"""The whole run, projected from what a rehearsal took: hours of training, scoring and the rest.

What grows with a run (rows, items, examples) is multiplied; what a job needs beside that, such as
to import its libraries, is taken as it was.
"""

import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from limbeck.config.generation import Generation
from limbeck.costs.measured import REHEARSAL, SCORED, TRAINED, growing
from limbeck.costs.plan import SURE
from limbeck.files import canonical, read_json, read_jsonl, read_parquet
from limbeck.rehearsal.folder import Job, said
from limbeck.workflow.build import Build

RESULTS = REHEARSAL / "results"
_WRITTEN = ("topic", "scenario", "context")  # strategies of rows that the teacher answered


@dataclass(frozen=True, slots=True)
class Hours:
    """Seconds of a kind of work, and half their 95% interval."""

    seconds: float = 0.0
    error: float = 0.0

    def __add__(self, other: "Hours") -> "Hours":
        return Hours(self.seconds + other.seconds, math.hypot(self.error, other.error))


def project(build: Build, found: Iterable[Job], planned: Mapping[str, Any]) -> dict[str, Hours]:
    """The whole run's seconds: ``training``, ``scoring``, ``teacher`` and ``other``.

    Args:
        build: of the whole run.
        found: the jobs of the rehearsal.
        planned: of `limbeck.costs.plan.summary`, after the rehearsal.
    """
    whole = {name: Hours() for name in ("training", "scoring", "teacher", "other")}
    whole["teacher"] = Hours(planned["total"]["hours"] * 3600)
    for job in found:
        if job.error is None:
            kind, hours = _of(build, job)
            whole[kind] += hours
    return whole


def _of(build: Build, job: Job) -> tuple[str, Hours]:
    parts = job.place.split("/")
    if job.rule == "train_student":
        return "training", training(build, parts[0], parts[1], job)
    if job.rule == "score_model" and parts[2] != "teacher":
        return "scoring", scoring(build, parts[0], "/".join(parts[2:-1]), parts[-1], job)
    if job.rule == "train_classifier":
        return "training", _classifier(build, parts[-1], job)
    return "other", Hours(job.seconds)


def rows(build: Build, code: str, name: str) -> dict[str, float]:
    """The training rows of a student in the whole run, by strategy."""
    folder, mixture = RESULTS / code, build.config.students[name].mixture
    small = read_json(folder / name / "mixture.json")
    there = {
        strategy: sum(
            small[part]["by_strategy"].get(strategy, 0) for part in ("train", "validation")
        )
        for strategy in (*_WRITTEN, "translation", "pair", "english")
    }
    answered = sum(1 for row in read_jsonl(folder / "responses.jsonl") if not row["failure"])
    wanted = prompts(build.config.generation, build.config.texts.limit)
    found = {strategy: there[strategy] * wanted / max(1, answered) for strategy in _WRITTEN}
    kept = sum(
        1 for row in read_parquet(folder / "rows.parquet") if row["strategy"] == "translation"
    )
    asked = sum(1 for _ in read_jsonl(folder / "translations.jsonl"))
    limit = build.config.conversations.limit
    translations = kept * limit / max(1, asked)
    found["translation"] = min(mixture.translations, translations)
    found["english"] = min(mixture.english, translations)
    pairs = there["pair"] * limit / max(1, asked)
    found["pair"] = (
        mixture.pairs if there["pair"] >= _capped(build, name) else min(mixture.pairs, pairs)
    )
    found["backtranslation"] = float(min(mixture.backtranslations, build.config.sentences))
    return {strategy: count * (1 - mixture.validation) for strategy, count in found.items()}


def prompts(generation: Generation, texts: int) -> int:
    """The prompts that the config asks for, if each list has as many items as are wanted."""
    contexts = texts * generation.contexts.kept(texts)
    return generation.topics.asked + generation.scenarios.asked + contexts


def _capped(build: Build, name: str) -> int:
    from limbeck.rehearsal.folder import small

    found: int = small(build)["students"][name]["mixture"]["pairs"]
    return found


def training(build: Build, code: str, name: str, job: Job) -> Hours:
    """Seconds of a student's training: its tokens at the speed of the rehearsal's."""
    folder = RESULTS / code / name
    sizes: dict[str, list[int]] = {}
    for row in read_parquet(folder / "train.parquet"):
        sizes.setdefault(row["strategy"], []).append(len(canonical(row["messages"]).encode()))
    seen = sum(map(sum, sizes.values()))
    took = _told(job, TRAINED)
    speed = seen / took  # bytes of rows a second
    total, variance = 0.0, 0.0
    for strategy, count in rows(build, code, name).items():
        # Of a strategy without a row in the rehearsal the rows are taken for like the others.
        own = sizes.get(strategy) or [size for some in sizes.values() for size in some]
        mean = sum(own) / len(own)
        spread = sum((size - mean) ** 2 for size in own) / len(own)
        total += count * mean
        variance += count**2 * spread / len(own)
    section, every = build.config.students[name].training, sum(rows(build, code, name).values())
    epochs = section.epochs
    if section.max_steps:
        read = read_json(folder / "training.json")["tokens_seen"] / seen  # of a byte of rows
        step = section.step_rows or section.step_tokens
        epochs = section.max_steps * step / (every if section.step_rows else total * read)
    seconds, error = total * epochs / speed, SURE * math.sqrt(variance) * epochs / speed
    return Hours(seconds + job.seconds - took, error)


def _told(job: Job, pattern: re.Pattern[str]) -> float:
    """Seconds of a job that grow with the run, by its log; all of them where it says nothing."""
    found = growing(said(job), pattern, job.seconds)
    return found.seconds if found else job.seconds


def scoring(build: Build, code: str, model: str, benchmark: str, job: Job) -> Hours:
    """Seconds of a model's scoring on a benchmark."""
    score = read_json(RESULTS / code / f"scores/{model}/{benchmark}.json")
    test = RESULTS / code / f"benchmarks/{benchmark}/test.jsonl"
    section = build.config.benchmarks
    limit = section.limit
    if model.rpartition("/")[2] in build.config.gguf.quantizations:
        limit = min(limit, section.limit_quantized or limit)
    items = min(limit, sum(1 for _ in test.open("rb")))
    took = _told(job, SCORED)
    # Ten items tell their mean within about a half, as one batch of them is slow or not.
    error = SURE * took * items / score["n"] / math.sqrt(score["n"]) / 2
    return Hours(took * items / score["n"] + job.seconds - took, error)


def _classifier(build: Build, name: str, job: Job) -> Hours:
    """Seconds of a classifier's curve: by its training examples, unless they are no matter."""
    section = build.config.classification
    one = section.classifiers[name]
    if one.kind == "linear":
        return Hours(job.seconds)
    sizes = section.sizes_of(one)
    repeats = one.repeats or section.repeats
    full = 200.0  # all examples come last
    if one.kind == "icl" or (one.kind == "instruct" and one.training.max_steps):
        sizes, full = [1] * len(sizes), 1.0  # a run takes what it takes, whatever its size
    ratio = (sum(sizes) * repeats + full) / (sum(sizes[:1]) + full)
    return Hours(job.seconds * ratio, job.seconds * ratio / 2)


def wall(whole: Mapping[str, Hours], cuda: bool) -> Hours:
    """Seconds on this machine: a training has all cores, of the rest each job one.

    With a GPU what loads a model comes one after the other.
    """
    cores = os.cpu_count() or 1
    alone = whole["training"] + (whole["scoring"] if cuda else Hours()) + whole["teacher"]
    shared = whole["other"] + (Hours() if cuda else whole["scoring"])
    return alone + Hours(shared.seconds / cores, shared.error / cores)
