"""What requests show beside their own instructions, as inputs of rules: people, passages."""

from typing import Any

from limbeck.workflow.build import Build


def personas(build: Build, wildcards: Any) -> list[str]:
    """The people who ask; nothing where none are described."""
    on = build.config.generation.diversity.personas
    return [f"results/{wildcards.language}/personas.jsonl"] if on else []


def examples(build: Build, wildcards: Any) -> list[str]:
    """Passages of the language; nothing where no request shows them."""
    on = build.config.generation.examples and build.config.texts.limit
    return [f"results/{wildcards.language}/examples.jsonl"] if on else []


def translation_examples(build: Build, wildcards: Any) -> list[str]:
    """The same for translations; a translator that is no chat model reads none."""
    return [] if build.teachers["translator"].only_translates else examples(build, wildcards)
