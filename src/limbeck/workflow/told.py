"""What stages are told by files of ``config/``, as params: the entries that each of them uses.

The files themselves are `ancient()` inputs. A comment, the order of the entries, an entry of
another stage or of another language make nothing stale.
"""

import functools
from pathlib import Path
from typing import Any

from limbeck.config import DATA_SETS
from limbeck.languages import covered
from limbeck.workflow import classified, scored
from limbeck.workflow.build import Build
from limbeck.workflow.settings import as_json, read_entries


def prompts(build: Build, name: str, *entries: str) -> str:
    """Templates of a file of what teachers are told, all or those that are named."""
    path = Path(build.config.instructions(name))
    return _entries(path, *(entries or read_entries(path)))


def subjects(build: Build) -> str:
    """The templates of the general branches of both trees."""
    topics = prompts(build, "topics", "general_macro_topics", "general_topics")
    shown = prompts(build, "beside", "earlier") if build.config.generation.diversity.shown else ""
    return topics + prompts(build, "scenarios", "general", "general_detailed") + shown


def beside(build: Build) -> str:
    """The templates of what requests for prompts show beside their own instructions."""
    wanted = build.config.generation.diversity
    names = {"people": wanted.personas, "earlier": wanted.shown}
    return _entries(
        Path(build.config.instructions("beside")), *(name for name, on in names.items() if on)
    )


def native(build: Build) -> str:
    """The template of a passage of the language, where requests show one."""
    return prompts(build, "native", "example") if build.config.generation.examples else ""


def contexts(build: Build) -> str:
    """The templates of prompts about texts, of the kinds that are asked for."""
    own = prompts(build, "contexts", "prompts", *build.config.generation.contexts.kinds)
    return own + beside(build)


def revision(build: Build) -> str:
    """The templates of revision, of the ways that are asked for; none where none are revised."""
    wanted = build.config.generation.revision
    ways = wanted.ways if wanted.share else []
    own = prompts(build, "revise", "prompt", "prompt_about_text", *ways) if ways else ""
    return own + native(build)


def responses(build: Build) -> str:
    """The templates of responses, of the lengths that are asked for; with those of a translator."""
    wanted = build.config.generation.responses
    traces = [] if wanted.traces == "free" else [wanted.traces]
    told = prompts(build, "respond", "system", *wanted.lengths, *traces)
    pivoted = prompts(build, "translate") if build.config.generation.pivots else ""
    return told + pivoted + native(build)


def checks(build: Build) -> str:
    """The templates of the checks that are on."""
    wanted = build.config.generation.checks
    lengths = build.config.generation.responses.lengths
    names = dict.fromkeys(("judge", *lengths), wanted.judge) | {"back": wanted.round_trip}
    return _entries(
        Path(build.config.instructions("checks")), *(name for name, share in names.items() if share)
    )


def templates(build: Build) -> str:
    """How the requests of translation pairs are translated, and what they are."""
    return prompts(build, "translate") + prompts(build, "dataset", "from_english", "into_english")


def mixture(build: Build, wildcards: Any) -> str:
    """What the rows of a student's mixture tell it."""
    wanted = build.student(wildcards.student).mixture
    names = {"thinking": wanted.thinking, "short": wanted.thinking or wanted.direct}
    names |= {
        "from_english": wanted.pairs + wanted.backtranslations > 0,
        "into_english": wanted.pairs > 0,
    }
    return _entries(
        Path(build.config.instructions("dataset")), *(name for name, used in names.items() if used)
    )


def benchmark(build: Build, wildcards: Any) -> str:
    """The template that asks a benchmark's items."""
    name = wildcards.benchmark
    own = build.config.benchmarks.custom.get(name)
    if own is None:
        asked = "global_mmlu" if name == "global_mmlu_lite" else name
    else:
        asked = f"flores_{own.direction}" if own.kind == "translation" else own.kind
    names = [asked, *([f"{asked}_whole"] if build.config.benchmarks.options == "whole" else [])]
    return _entries(Path(scored.prompts(build, wildcards.language)), *names)


def benchmark_label(build: Build, wildcards: Any) -> str | None:
    """The label by which a data set of the hub knows the language; None of any other source."""
    name = wildcards.benchmark
    hub = build.config.benchmarks.source(name) == "hub"
    return covered(build.language(wildcards.language), DATA_SETS[name]) if hub else None


def identified_as(build: Build, wildcards: Any) -> str | None:
    """The identifier's label of the language; None without an identifier."""
    identifier = build.config.filters.language.model
    return covered(build.language(wildcards.language), "glotlid") if identifier else None


def examples(build: Build) -> str:
    """The templates by which labelled examples are asked for and checked."""
    section = build.config.classification
    if (wanted := section.written) is None:
        return ""
    first = {strategy.split("+")[0] for strategy in wanted.strategies}
    # What a label without texts to show is asked for.
    names = sorted(first | ({"descriptions"} if first & {"english", "language"} else set()))
    names += ["summary"] if "summaries" in section.shown else []
    names += ["hint", "hint_of_text", "subjects", "writers", "lengths"] if wanted.hints else []
    names += ["check"] if wanted.self_check or "check" in section.shown else []
    # The demonstrations of the teacher as a classifier are written like these.
    return prompts(build, "classification", *names)


def classifier(build: Build, wildcards: Any) -> str:
    """How a language model is asked as a classifier; a linear one or an encoder reads texts."""
    found = classified.classifier(build, wildcards)
    if found.kind not in ("icl", "instruct"):
        return ""
    content = _task(wildcards.task)
    labels = content["labels"]
    if found.kind == "instruct" or found.by != "channel":
        template, asked = "choose", [content["question"], [label for label, _ in labels]]
    elif found.prompt:  # which stands instead of the template
        words = [(label, body["names"].get(wildcards.language)) for label, body in labels]
        return as_json(asked=words)
    else:
        meanings = [(label, body.get("description")) for label, body in labels]
        template, asked = "channel", [content["text_kind"], meanings]
    return as_json(asked=asked, template=prompts(build, "classification", template))


def task(wildcards: Any) -> str:
    """What a task asks: its question, and its labels with what they mean."""
    content = _task(wildcards.task)
    keys = ("description", "examples", "aliases")
    labels = [(label, [body.get(key) for key in keys]) for label, body in content["labels"]]
    return as_json(question=content["question"], text_kind=content["text_kind"], labels=labels)


def labels(wildcards: Any) -> list[str]:
    """A task's labels, in their order."""
    return [label for label, _ in _task(wildcards.task)["labels"]]


def task_texts(build: Build, wildcards: Any) -> str:
    """Where a task's human texts are, and how they spell its labels."""
    from limbeck.classification import tasks  # as light as the config itself

    content = _task(wildcards.task)
    named = [(label, body.get("aliases")) for label, body in content["labels"]]
    places: dict[str, Any] = {}
    if build.config.classification.data == "task":
        found, card = tasks.find(wildcards.task), build.language(wildcards.language).card()
        for key, source in (("human", found.human), ("test", found.test)):
            if source is not None:
                columns = source.model_dump(include={"revision", "split", "text", "label"})
                places[key] = [*source.place(card), columns]
    return as_json(labels=named, values=content["values"], places=places)


def _task(name: str) -> dict[str, Any]:
    """A task's file; of one that is wrong, what can be read: the stage says what is wrong."""
    content = read_entries(Path(f"config/tasks/{name}.yaml"))
    listed = content.get("labels")
    told = [
        (str(label), {"names": {}, **body})
        for label, body in (listed.items() if isinstance(listed, dict) else ())
        if isinstance(body, dict)
    ]
    return {"question": None, "text_kind": None, "values": None, **content, "labels": told}


@functools.cache
def _entries(path: Path, *names: str) -> str:
    chosen = {name: read_entries(path).get(name) for name in names}
    stripped = {
        name: text.strip() if isinstance(text, str) else text for name, text in chosen.items()
    }
    return as_json(**stripped)
