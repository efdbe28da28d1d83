"""Classifiers: what each learns from and starts from, and what decides it."""

from pathlib import Path
from typing import Any

from limbeck.config import Classifier, Config
from limbeck.errors import UserError
from limbeck.workflow import checkpoints
from limbeck.workflow.build import Build
from limbeck.workflow.places import local_files, manifest
from limbeck.workflow.settings import trained

# The keys of a classifier that belong to one kind.
OF_KIND = {
    "inverse_penalty": "linear",
    "fine_tuning": "encoder",
    "shots": "icl",
    "by": "icl",
    "prompt": "icl",
    "training": "instruct",
}


def prepared(config: Config) -> dict[str, Any]:
    """What decides a task's texts of people."""
    section = config.classification
    return {
        **section.model_dump(include={"data", "limit", "seeds"}),
        "seed": config.seed,
        "english": "english" in section.shown,
    }


def task_files(build: Build, wildcards: Any) -> list[str]:
    """The files of a classification task that are on this machine."""
    from limbeck.classification import data, tasks  # as light as the config itself

    section = build.config.classification
    cards = [dict(build.language(wildcards.language).card())]
    try:
        task = tasks.find(wildcards.task)
        if "english" in section.shown and (english := data.in_english(section.data, task)):
            cards.append(english)
        found = [place for card in cards for place in data.places(section.data, task, card)]
    except UserError:  # the stage says it
        return []
    return local_files(*dict.fromkeys(found))


def taught(build: Build, wildcards: Any) -> list[str]:
    """A task's examples as a rule's input: the teacher's, those that are given, or none."""
    folder = f"results/{wildcards.language}/classification/{wildcards.task}"
    if build.config.classification.written:
        return [f"{folder}/train.parquet"]
    return [f"{folder}/given.parquet"] if build.config.classification.examples else []


def given(build: Build, wildcards: Any) -> list[str]:
    """The file of a task's given examples."""
    from limbeck.classification import data

    card = build.language(wildcards.language).card()
    folder = Path(build.config.classification.data)
    found = data.of_language(folder.expanduser(), wildcards.task, dict(card), "synthetic")
    return [str(found)] if found else []


def rival(build: Build, wildcards: Any) -> list[str]:
    """What the teacher says of a task's test texts as a rule's input, where it is asked."""
    folder = f"results/{wildcards.language}/classification/{wildcards.task}"
    written = build.config.classification.written
    return [f"{folder}/teacher/predictions.parquet"] if written else []


def classifier(build: Build, wildcards: Any) -> Classifier:
    """A classifier's section; of ``student:NAME`` its base is that student's checkpoint."""
    section = build.config.classification.classifiers[wildcards.classifier]
    own = base(build, wildcards)
    return section.model_copy(update={"base": own[0]}) if own else section


def settings(build: Build, wildcards: Any) -> dict[str, Any]:
    """What decides a classifier: keys of its own kind, and none that only change speed."""
    section, shared = classifier(build, wildcards), build.config.classification
    every = section.model_dump(exclude={"sizes", "repeats", *OF_KIND.keys()})
    own = {key for key, kind in OF_KIND.items() if kind == section.kind}
    chosen = {**every, **section.model_dump(include=own)}
    if "training" in own:
        chosen["training"] = trained(section.training)
    return {
        "classifier": chosen,
        "sizes": shared.sizes_of(section),
        "repeats": section.repeats or shared.repeats,
        "seed": build.config.seed,
        "apart": shared.written is not None and shared.written.apart,
    }


def base(build: Build, wildcards: Any) -> list[str]:
    """The student of the same build that a classifier starts from, as a rule's input."""
    named = build.config.classification.classifiers[wildcards.classifier].base
    return [checkpoints.place(named, wildcards)] if named.startswith("student:") else []


def files(build: Build, wildcards: Any) -> list[str]:
    """What tells of an edit of a classifier's base: its manifest, or its own files here."""
    if own := base(build, wildcards):
        return [manifest(path) for path in own]
    named = build.config.classification.classifiers[wildcards.classifier].base
    return local_files(named) if named and Path(named).expanduser().exists() else []
