"""Answers that are judged in pairs: whose they are, and what decides them and the verdicts."""

from typing import Any

from limbeck.workflow.build import ASKED, Build
from limbeck.workflow.places import local_files, of_language
from limbeck.workflow.settings import as_json


def pairs(build: Build) -> list[tuple[str, str]]:
    """The models that are compared: each student, and what the config has it held against."""
    return [
        (f"{name}/student", f"{name}/base" if other == "base" else other)
        for name in build.config.students
        for other in build.config.judgement.against
    ]


def models(build: Build) -> list[str]:
    """The models that answer, each once."""
    return list(dict.fromkeys(model for compared in pairs(build) for model in compared))


def question_file(build: Build, wildcards: Any) -> list[str]:
    """The file of the open questions for a language."""
    return local_files(build.config.judgement.file(build.language(wildcards.language).card()))


def answers(build: Build, wildcards: Any) -> list[str]:
    """The answers of all models that are compared."""
    folder = f"results/{wildcards.language}/judgement/answers"
    return [f"{folder}/{model}.jsonl" for model in models(build)]


def figures(build: Build, wildcards: Any) -> list[str]:
    """What the judge found; nothing where no pairs are judged."""
    return of_language(wildcards, "judgement.json", pairs(build))


def asking(build: Build, wildcards: Any) -> str:
    """What decides the translations of the questions; those in the language are not translated."""
    section, rehearsal = build.config.judgement, build.config.rehearsal
    return as_json(
        teacher=build.teacher("translator", wildcards.language),
        seed=build.config.seed,
        translated=not section.in_language,
        items=rehearsal.items if rehearsal else None,
    )


def answering(build: Build, wildcards: Any) -> str:
    """What decides a model's answers."""
    student = build.config.students.get(wildcards.model.partition("/")[0])
    role = ASKED.get(wildcards.model)
    return as_json(
        max_tokens=build.config.judgement.max_tokens,
        teacher=build.teacher(role, wildcards.language) if role else None,
        trust_remote_code=bool(student and student.trust_remote_code),
    )


def judging(build: Build, wildcards: Any) -> str:
    """What decides the verdicts."""
    return as_json(
        teacher=build.teacher("checker", wildcards.language),
        seed=build.config.seed,
        pairs=pairs(build),
    )
