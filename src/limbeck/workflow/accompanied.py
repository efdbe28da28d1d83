"""What requests show beside their own instructions, as inputs of rules: people, passages."""

from typing import Any

from limbeck.workflow.build import Build
from limbeck.workflow.places import of_language


def personas(build: Build, wildcards: Any) -> list[str]:
    """The people who ask; nothing where none are described."""
    on = build.config.generation.diversity.personas
    return of_language(wildcards, "personas.jsonl", on)


def examples(build: Build, wildcards: Any) -> list[str]:
    """Passages of the language; nothing where no request shows them."""
    on = build.config.generation.examples and build.config.texts.limit
    return of_language(wildcards, "examples.jsonl", on)


def translation_examples(build: Build, wildcards: Any) -> list[str]:
    """The same for translations; a translator that is no chat model reads none."""
    return [] if build.teachers["translator"].only_translates else examples(build, wildcards)
