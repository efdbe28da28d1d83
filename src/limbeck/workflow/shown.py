"""What pages and cards need to know of the config, beside the artefacts that they read."""

from typing import Any

from limbeck.config import BUILTIN, DATA_SETS, data_sets, public
from limbeck.workflow.build import Build
from limbeck.workflow.settings import as_json


def report(build: Build, code: str) -> str:
    """The settings of a language's page."""
    return as_json(
        **_shown(build, code),
        classification=build.config.classification.tasks,
        skipped=build.skipped(code),
        prompts=_prompts(build),
        judge=_judge(build),
    )


def classifiers(build: Build) -> str:
    """The settings of a page of classifiers."""
    return as_json(teacher=_teacher(build), classification=build.config.classification.tasks)


def model(build: Build, code: str) -> str:
    """The settings of a model's card."""
    sources = build.config.benchmarks.sources
    published = {
        name: entry.model_dump(include={"hub", "licence", "citation"})
        for name, entry in data_sets().items()
        if name in _used(build) and sources[name] != BUILTIN
    }
    return as_json(**_shown(build, code), published=published)


def dataset(build: Build, code: str) -> str:
    """The settings of a data set's card."""
    return as_json(
        students=list(build.config.students), teacher=_teacher(build), sources=_sources(build, code)
    )


def board(build: Build) -> str:
    """The settings of the leaderboard."""
    return as_json(
        languages=build.codes,
        students=list(build.config.students),
        teacher=_teacher(build),
        benchmarks=build.config.benchmarks.run,
    )


def scores(build: Build) -> str:
    """The settings of the table of all scores."""
    return as_json(
        languages=build.codes, models=build.models, benchmarks=build.config.benchmarks.run
    )


def _shown(build: Build, code: str) -> dict[str, Any]:
    return {
        "students": {name: build.student_settings(name) for name in build.config.students},
        "teacher": _teacher(build),
        "sources": _sources(build, code),
        "models": build.models,
        "benchmarks": build.benchmarks(code),
        "quantizations": ["F16", *build.config.gguf.quantizations],
        "licenses": {name: build.licence(name) for name in build.config.students},
        "seed": build.config.seed,
    }


def _prompts(build: Build) -> dict[str, int]:
    """How many prompts are asked for; a rehearsal asks for some of them."""
    wanted = build.config.generation
    if build.config.rehearsal:
        return {}
    return {"topics": wanted.topics.asked, "scenarios": wanted.scenarios.asked}


def _teacher(build: Build) -> dict[str, Any]:
    generator = build.config.teacher.generator
    return {"model": public(generator.model), "server": generator.server}


def _judge(build: Build) -> dict[str, Any] | None:
    """Who judged pairs of answers; None where nobody did."""
    checker = build.teachers["checker"]
    on = build.config.judgement.against
    return {"model": public(checker.model), "server": checker.server} if on else None


def _used(build: Build) -> set[str]:
    """The published data sets that benchmarks are made of."""
    return {DATA_SETS[name] for name in build.config.benchmarks.run if name in DATA_SETS}


def _sources(build: Build, code: str) -> dict[str, str]:
    """Where texts came from, by what they are used for: name, part and revision."""
    conversations, texts = build.conversations(), build.texts(code)
    benchmarks = build.config.benchmarks
    found = {DATA_SETS.get(name, name): benchmarks.source(name) for name in benchmarks.run}
    for key, corpus in (
        ("conversations", conversations),
        ("texts", texts),
    ):
        if corpus.limit:
            parts = (public(corpus.source), corpus.name, corpus.revision)
            found[key] = " ".join(filter(None, parts))
    return found
