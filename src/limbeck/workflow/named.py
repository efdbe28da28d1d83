"""What a build reads from elsewhere: the repositories of the hub that its config names."""

import re
from collections.abc import Iterator
from pathlib import Path

from limbeck.classification import tasks
from limbeck.config import DATA_SETS, HUB, data_sets
from limbeck.errors import UserError
from limbeck.sources.access import Kind, Repository
from limbeck.workflow.build import Build

# owner/name, of a model perhaps with a file and a commit after it.
_NAME = re.compile(r"([\w-][\w.-]*/[\w-][\w.-]*?)(?:/[\w./-]+\.gguf)?(?:@[\w.-]+)?")


def repositories(build: Build) -> list[Repository]:
    """The hub's repositories that a config names, each once; nothing is asked for."""
    found: dict[tuple[Kind, str], Repository] = {}
    for key, kind, source in [*_data(build), *_models(build)]:
        match = _NAME.fullmatch(source)
        if match and not Path(source).expanduser().exists():
            found.setdefault((kind, match[1]), Repository(key, kind, match[1]))
    return list(found.values())


def _data(build: Build) -> Iterator[tuple[str, Kind, str]]:
    config = build.config
    for key in ("conversations", "texts"):
        section = getattr(config, key)
        if section.limit:
            yield f"{key}.source", "dataset", section.source
    for name in dict.fromkeys(name for code in build.codes for name in build.benchmarks(code)):
        if config.benchmarks.source(name) == HUB:
            data_set = DATA_SETS[name]
            yield f"benchmarks.sources.{data_set}", "dataset", data_sets()[data_set].hub
    if config.classification.data != "task":
        return
    for code in build.codes:
        card = build.language(code).card()
        for task in map(tasks.find, build.tasks(code)):
            for source in filter(None, (task.human, task.test)):
                try:
                    yield f"classification.tasks.{task.name}", "dataset", source.place(card)[0]
                except UserError:  # planning says it
                    continue


def _models(build: Build) -> Iterator[tuple[str, Kind, str]]:
    config = build.config
    yield "filters.language.model", "model", config.filters.language.model or ""
    for name, student in config.students.items():
        yield f"students.{name}.base", "model", student.base
        if student.merge:
            for source in student.merge.sources:
                yield f"students.{name}.merge", "model", source
    if any(build.tasks(code) for code in build.codes):
        for name, classifier in config.classification.classifiers.items():
            yield f"classification.classifiers.{name}.base", "model", classifier.base
    for name, model in config.benchmarks.comparisons.items():
        yield f"benchmarks.comparisons.{name}", "model", model
