"""What the teacher writes for students, as inputs of rules: nothing of what the config has off."""

from typing import Any

from limbeck.workflow import judged
from limbeck.workflow.build import Build
from limbeck.workflow.places import of_language


def prompts(build: Build, wildcards: Any) -> list[str]:
    """The prompts of each strategy that is on: one that the config gives nothing to write."""
    wanted = build.config.generation
    on = {
        "topics": wanted.topics.general_seeds or wanted.topics.language_seeds,
        "scenarios": wanted.scenarios.general or wanted.scenarios.local,
        "contexts": build.config.texts.limit,
    }
    return [
        path for name, any_ in on.items() for path in of_language(wildcards, f"{name}.jsonl", any_)
    ]


def responses(build: Build, wildcards: Any) -> list[str]:
    """The answers to the prompts; nothing where no strategy writes any."""
    return of_language(wildcards, "responses.jsonl", prompts(build, wildcards))


def translations(build: Build, wildcards: Any) -> list[str]:
    """The translated conversations; nothing where none are sampled."""
    return of_language(wildcards, "translations.jsonl", build.config.conversations.limit)


def backtranslations(build: Build, wildcards: Any) -> list[str]:
    """Sentences of people with their English; nothing where none are learned."""
    return of_language(wildcards, "backtranslations.jsonl", build.config.sentences)


def asked(build: Build, wildcards: Any) -> list[str]:
    """The rows that the teacher writes."""
    made = (responses, translations, backtranslations)
    return [path for rows in made for path in rows(build, wildcards)]


def checks(build: Build, wildcards: Any) -> list[str]:
    """The teacher's checks of its own rows; nothing where none are asked."""
    wanted = build.config.generation.checks
    answers = wanted.judge and responses(build, wildcards)
    on = answers or (wanted.round_trip and translations(build, wildcards))
    return of_language(wildcards, "checks.jsonl", on)


def templates(build: Build, wildcards: Any, *names: str) -> list[str]:
    """The requests of translation pairs in the language, where one of the students learns them."""
    mixtures = (build.student(name).mixture for name in names)
    on = any(mixture.asks_in_language for mixture in mixtures) and build.config.has_pairs
    return of_language(wildcards, "templates.json", on)


def extras(build: Build, wildcards: Any) -> list[str]:
    """What the teacher makes of a language only where the config wants it."""
    labelled = [
        f"results/{wildcards.language}/classification/{task}/{file}"
        for task in build.tasks(wildcards.language)
        if build.config.classification.written
        for file in ("examples.jsonl", "teacher/predictions.parquet")
    ]
    every = templates(build, wildcards, *build.config.students)
    return [
        *checks(build, wildcards),
        *every,
        *labelled,
        *judged.figures(build, wildcards),
    ]


def texts(build: Build, wildcards: Any) -> list[str]:
    """The texts of the language, where a student learns them as they are."""
    on = any(student.mixture.texts for student in build.config.students.values())
    return of_language(wildcards, "texts.jsonl", on)


def pivot_instructions(build: Build) -> list[str]:
    """What the translator of answers is told, where it is asked."""
    return [build.config.instructions("translate")] if build.config.generation.pivots else []


def pivot_translator(build: Build, code: str) -> dict[str, Any] | None:
    """What decides the translations of what is written in English first."""
    return build.teacher("translator", code) if build.config.generation.pivots else None


def min_reasoning(build: Build) -> float:
    """The share of responses that must come with a reasoning trace: none that nobody learns."""
    wanted = any(student.mixture.thinking for student in build.config.students.values())
    return build.config.generation.responses.min_reasoning if wanted else 0.0
