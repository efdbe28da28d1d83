"""Which jobs a cluster is given as one: those of a small model.

Each takes seconds, and a job on a cluster costs some ten beside its work. What comes before a
training, the training, and what comes after it are jobs of their own, so that a training has limits
of its own and can be tried again by itself.
"""

from typing import Any

from limbeck.workflow import classified, memory
from limbeck.workflow.build import ASKED, Build
from limbeck.workflow.cluster import Machine

SMALL = 1e8  # parameters


def base(build: Build, machine: Machine, wildcards: Any) -> str | None:
    """The group of what comes before a student's training; None where each is a job of its own."""
    return _student(build, machine, wildcards.language, wildcards.student, "base")


def student(build: Build, machine: Machine, wildcards: Any) -> str | None:
    """The group of what comes after a student's training."""
    return _student(build, machine, wildcards.language, wildcards.student, "student")


def score(build: Build, machine: Machine, wildcards: Any) -> str | None:
    """The group of a score: that of the model which is scored."""
    name, _, form = wildcards.model.partition("/")
    if wildcards.model in ASKED or name == "comparisons":
        return None
    part = "base" if form == "base" else "student"
    return _student(build, machine, wildcards.language, name, part)


def classifier(build: Build, machine: Machine, wildcards: Any) -> str | None:
    """The group of a task's classifiers: those that are trained in seconds."""
    linear = classified.classifier(build, wildcards).kind == "linear"
    return task(machine, wildcards) if linear else None


def task(machine: Machine, wildcards: Any) -> str | None:
    """The group of a task's training set."""
    return machine.group(f"{wildcards.language}-{wildcards.task}")


def _student(build: Build, machine: Machine, language: str, name: str, part: str) -> str | None:
    origin = memory.first(build.student(name).base, build.config.students)
    small = memory.parameters(origin) < SMALL
    return machine.group(f"{language}-{name}-{part}") if small else None
