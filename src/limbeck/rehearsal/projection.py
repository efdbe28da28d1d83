"""The whole run, projected from what a rehearsal took: hours of training, scoring and the rest.

Teachers and training are planned (`limbeck.costs`), by what the rehearsal measured. Of the rest,
what grows with a run (items, examples) is multiplied; what a job needs beside that, such as to
import its libraries, is taken as it was.
"""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from limbeck.costs.measured import REHEARSAL, SCORED, growing
from limbeck.costs.plan import SURE
from limbeck.files import read_json
from limbeck.rehearsal.folder import STEPS, Job, said
from limbeck.workflow import scored
from limbeck.workflow.build import Build

RESULTS = REHEARSAL / "results"


@dataclass(frozen=True, slots=True)
class Hours:
    """Seconds of a kind of work, and half their 95% interval; NaN where they are not known."""

    seconds: float = 0.0
    error: float = 0.0

    def __add__(self, other: "Hours") -> "Hours":
        return Hours(self.seconds + other.seconds, math.hypot(self.error, other.error))


UNKNOWN = Hours(math.nan, math.nan)


def project(build: Build, found: Iterable[Job], planned: Mapping[str, Any]) -> dict[str, Hours]:
    """The whole run's seconds: ``training``, ``scoring``, ``teacher`` and ``other``.

    Args:
        build: of the whole run.
        found: the jobs of the rehearsal.
        planned: of `limbeck.costs.plan.summary`, after the rehearsal, for this machine.
    """
    whole = {name: Hours() for name in ("training", "scoring", "teacher", "other")}
    whole["teacher"] = Hours(planned["total"]["hours"] * 3600)
    for work in planned["students"]:
        if work["kind"] == "training":
            whole["training"] += training(work)
    for job in found:
        if job.error is None and job.rule != "train_student":
            kind, hours = _of(build, job)
            whole[kind] += hours
    return whole


def _of(build: Build, job: Job) -> tuple[str, Hours]:
    parts = job.place.split("/")
    if job.rule == "score_model" and parts[2] != "teacher":
        return "scoring", scoring(build, parts[0], "/".join(parts[2:-1]), parts[-1], job)
    if job.rule == "train_classifier":
        return "training", _classifier(build, parts[-1], job)
    return "other", Hours(job.seconds)


def training(work: Mapping[str, Any]) -> Hours:
    """Seconds of a student's training, as it is planned."""
    if work["hours"] is None:
        return UNKNOWN
    seconds = work["hours"] * 3600
    # Steps tell their mean like items do; the shares of a formula are assumptions.
    share = SURE / math.sqrt(STEPS) / 2 if work["basis"] == "measured" else 0.5
    return Hours(seconds, seconds * share)


def scoring(build: Build, code: str, model: str, benchmark: str, job: Job) -> Hours:
    """Seconds of a model's scoring on a benchmark."""
    score = read_json(RESULTS / code / f"scores/{model}/{benchmark}.json")
    test = RESULTS / code / f"benchmarks/{benchmark}/test.jsonl"
    items = min(scored.limit(build, model), sum(1 for _ in test.open("rb")))
    # Of a log that says nothing all seconds are taken to grow with the run.
    told = growing(said(job), SCORED, job.seconds)
    took = told.seconds if told else job.seconds
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
    ratio = (sum(sizes) + full) * repeats / (sum(sizes[:1]) + full)
    return Hours(job.seconds * ratio, job.seconds * ratio / 2)


def wall(whole: Mapping[str, Hours], cuda: bool) -> Hours:
    """Seconds on this machine: a training has all cores, of the rest each job one.

    With a GPU what loads a model comes one after the other.
    """
    cores = os.cpu_count() or 1
    alone = whole["training"] + (whole["scoring"] if cuda else Hours()) + whole["teacher"]
    shared = whole["other"] + (Hours() if cuda else whole["scoring"])
    return alone + Hours(shared.seconds / cores, shared.error / cores)
