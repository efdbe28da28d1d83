"""What decides a stage, of the sections of the config; without what only changes speed."""

import functools
import json
from pathlib import Path
from typing import Any, TypeVar

import yaml

from limbeck.config import (
    BUILTIN,
    SPEED,
    Conversations,
    Section,
    Teacher,
    TeacherSettings,
    Texts,
    Training,
)
from limbeck.config.generation import Generation
from limbeck.languages import Language
from limbeck.workflow.digest import source_digest

Source = TypeVar("Source", Conversations, Texts)


def source(section: Source) -> Source:
    """A source's section; built-in texts have no place on the hub."""
    place: dict[str, Any] = {"name": None, "revision": None, "split": "train"}
    if isinstance(section, Conversations):
        place["max_bytes"] = None
    return section.model_copy(update=place if section.source == BUILTIN else {})


def trained(section: Training) -> dict[str, Any]:
    """What decides a training."""
    off = set() if section.method == "lora" else {"lora"}
    return section.model_dump(exclude={*SPEED, *off})


def decisive(teacher: Teacher, language: Language) -> TeacherSettings:
    """What decides a teacher's replies in a language."""
    teacher = teacher.model_copy(update={"model": teacher.model_in(language.card())})
    # The replies of those of our own follow from their source, too.
    module = "limbeck.translator.__main__" if teacher.only_translates else None
    if teacher.server == "phrasebook":
        module = "limbeck.phrasebook.responder"
    return teacher.settings(source_digest(module) if module else None)


def general(section: Generation) -> dict[str, Section]:
    """What decides the general branches of the trees, which are of no language."""
    others: dict[str, Any] = {"language_seeds": [], "pivot": None}
    return {
        "topics": section.topics.model_copy(update=others),
        "scenarios": section.scenarios.model_copy(update={"local": 0, "pivot": None}),
        "lists": section.lists,
        "diversity": section.diversity.model_copy(update={"personas": 0}),
    }


def as_json(**values: Any) -> str:
    """Settings as one JSON param: names count, so that two swapped values are a change."""
    plain = {
        key: value.model_dump() if isinstance(value, Section) else value
        for key, value in values.items()
    }
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


@functools.cache
def read_entries(path: Path) -> dict[str, Any]:
    """A YAML mapping; of a file that is none, nothing: the stage that reads it says so."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        return {}
    return content if isinstance(content, dict) else {}
