"""What is missed in a config before anything runs, and would else cost a stage what it made before.

Each function raises a `UserError` of one line: where, what, what is allowed.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from limbeck.config import DATA_SETS, Config, Role
from limbeck.errors import UserError
from limbeck.languages import Language, covered

FINEWEB2 = "HuggingFaceFW/fineweb-2"
_DATA_SUFFIXES = frozenset(
    (".bin", ".csv", ".ftz", ".gguf", ".gz", ".json", ".jsonl", ".parquet", ".tsv", ".txt")
)


def tasks(config: Config, languages: Iterable[Language]) -> None:
    """Bases of classifiers that are no student, and tasks without data."""
    from limbeck.classification import data  # as light as the config itself
    from limbeck.classification import tasks as room

    section = config.classification
    for name, classifier in section.classifiers.items():
        student = classifier.base.removeprefix("student:")
        if student != classifier.base and student not in config.students:
            raise UserError(
                f"config: classification.classifiers.{name}.base: there is no student {student!r}, "
                f"only {', '.join(config.students)}"
            )
    for task in map(room.find, section.tasks):
        if section.data == "builtin" and task.name not in ("sentiment", "topic"):
            raise UserError(
                f"config: classification.tasks: {task.name!r}: the built-in data has sentiment and "
                "topic only; name other data by classification.data"
            )
        if section.data == "task":
            _sources(task, list(languages))
            if section.examples is None and task.human is None:
                raise UserError(
                    f"config/tasks/{task.name}.yaml: without a teacher's examples "
                    "(classification.examples: null) it must name human texts to learn from"
                )
    if section.tasks and section.data not in ("builtin", "task"):
        _there("config: classification.data", section.data, local=True)
        for task in map(room.find, section.tasks):
            why = [
                data.lacks(section.data, task, language, section.parts) for language in languages
            ]
            if all(why):
                raise UserError(
                    f"config: classification.tasks: {task.name!r} has no texts in any language of "
                    f"the config ({why[0]})"
                )


def strategies(config: Config) -> None:
    """A config that has its teachers write nothing at all."""
    topics, scenarios = config.generation.topics, config.generation.scenarios
    seeds = topics.general_seeds or topics.language_seeds or scenarios.general or scenarios.local
    if not (seeds or config.texts.limit or config.conversations.limit):
        raise UserError(
            "config: every strategy is off: give generation.topics seeds, generation.scenarios a "
            "number, or texts or conversations a limit above 0"
        )
    for name, student in config.students.items():
        if student.mixture.backtranslations and not config.texts.limit:
            raise UserError(
                f"config: students.{name}.mixture.backtranslations: they are sentences of `texts`; "
                "give texts.limit a number, or leave them at 0"
            )


def _sources(task: Any, languages: list[Language]) -> None:
    where = f"config/tasks/{task.name}.yaml"
    if task.test is None:
        raise UserError(
            f"{where}: names no test set; add one, or give classification.data a folder"
        )
    if not (own := list(filter(task.covers, languages))):
        raise UserError(
            f"config: classification.tasks: {task.name!r} has no texts in "
            f"{', '.join(language.name for language in languages)} ({where}: languages)"
        )
    for language in own:
        for key, source in (("human", task.human), ("test", task.test)):
            if source is not None:
                _there(f"{where}: {key}.source", source.place(language.card())[0])


def files(config: Config) -> None:
    """Miss a file before anything runs: a stage that fails loses what it made before."""
    named = {
        "conversations.source": config.conversations.source if config.conversations.limit else "",
        "texts.source": config.texts.source if config.texts.limit else "",
        "filters.language.model": config.filters.language.model or "",
        "filters.length_tokens": config.filters.length_tokens or "",
        **{f"students.{name}.base": body.base for name, body in config.students.items()},
    }
    for key, source in named.items():
        _there(f"config: {key}", source)
    for name, body in config.students.items():
        if body.base.startswith("builtin:") and body.base != "builtin:tiny":
            raise UserError(
                f"config: students.{name}.base: {body.base!r}: the built-in base is builtin:tiny"
            )
        for other in body.starts_from:
            if other not in config.students:
                raise UserError(
                    f"config: students.{name}: there is no student {other!r}, only "
                    f"{', '.join(config.students)}"
                )
            if name in _all_before(config, other):
                raise UserError(f"config: students.{name}: it starts from itself, by {other!r}")
        for source in body.merge.sources if body.merge else ():
            _there(f"config: students.{name}.merge", source)
    for name, source in config.benchmarks.comparisons.items():
        # A file of the hub has its repository before it: owner/repo/file.gguf.
        file = source.endswith(".gguf") and source.count("/") < 2
        if file or source.startswith((".", "/", "~")):
            _there(f"config: benchmarks.comparisons.{name}", source, local=True)


def questions(config: Config, languages: Iterable[Language]) -> None:
    """Open questions that cannot be read, and models that answer them and are not there."""
    from limbeck.judgement import question_file  # as light as the config itself

    section = config.judgement
    for name in section.against:
        kind, _, compared = name.partition("/")
        if kind == "comparisons" and compared not in config.benchmarks.comparisons:
            raise UserError(
                f"config: judgement.against: {name!r} is not in benchmarks.comparisons"
                f" ({', '.join(config.benchmarks.comparisons) or 'there are none'})"
            )
    for path in {section.file(language.card()) for language in languages if section.against}:
        question_file.load(Path(path).expanduser())


def _all_before(config: Config, student: str) -> set[str]:
    """A student and all that it is made of."""
    found: set[str] = set()
    todo = [student]
    while todo:
        name = todo.pop()
        if name in config.students and name not in found:
            found.add(name)
            todo += config.students[name].starts_from
    return found


def _there(key: str, source: str, local: bool = False) -> None:
    path = Path(source).expanduser()
    local = local or source.startswith((".", "/", "~")) or path.suffix in _DATA_SUFFIXES
    if local and not path.exists():
        raise UserError(f"{key}: {source}: there is no such file or folder")


def translator(config: Config, languages: Iterable[Language]) -> None:
    """A translator that is no chat model, and that does not translate into a language."""
    teacher = config.teacher.role("translator")
    if not teacher.only_translates:
        return
    for language in languages:
        model = teacher.model_in(language.card())
        try:
            if teacher.server == "apertium":
                _pair(model, language)
            else:
                _neural(model)
        except UserError as error:
            raise UserError(f"config: teacher.translator.model: {language.name}: {error}") from None


def _pair(pair: str, language: Language) -> None:
    from limbeck.translator import apertium  # as light as the config itself

    source, target = apertium.sides(pair)
    apertium.check(pair)
    apertium.opposite(pair)
    codes = (language.iso639_1, language.iso639_3)
    if source not in ("en", "eng") or target not in codes:
        wanted = " or ".join(f"en-{code}" for code in codes if code)
        raise UserError(f"{pair!r} does not translate English into it, as {wanted}")


def _neural(model: str) -> None:
    from limbeck.translator import ctranslate2

    name, label = ctranslate2.split(model)
    folder = Path(name).expanduser()
    if folder.is_dir() or name.startswith((".", "/", "~")):  # else a name of the hub
        ctranslate2.check(folder, label)


def keys(config: Config) -> list[str]:
    """A line for each variable that should hold a teacher's key and is not set.

    Planning needs no key, so that this is no error yet.
    """
    return [
        f"{name}: this variable, which holds a teacher's key, is not set"
        for name in config.teacher.variables()
        if not os.environ.get(name, "").strip()
    ]


def corpus(config: Config, languages: Iterable[Language]) -> list[str]:
    """A line for each language that FineWeb-2, asked by the languages' own codes, does not have.

    This is no error yet: a classification alone needs no texts.
    """
    texts = config.texts
    if not (texts.limit and texts.source == FINEWEB2 and "{code}" in (texts.name or "")):
        return []
    return [
        f"{language.name} ({language.code}): no texts in FineWeb-2: name another texts.source, set "
        "texts.limit to 0, or build `classification` alone"
        for language in languages
        if covered(language, "fineweb2") is None
    ]


def shown(config: Config) -> list[str]:
    """A line for each strategy that has fewer texts of a label than its requests are to show.

    How many the files of people's texts have is not known before they are read.
    """
    from limbeck.classification import data  # as light as the config itself
    from limbeck.classification import tasks as room

    section = config.classification
    if section.written is None:
        return []
    wanted = section.written.demonstrations
    pools: list[tuple[str, int, str]] = []
    if "language" in section.shown:
        pools.append(("language", section.seeds, "classification.seeds"))
    if "english" in section.shown:
        for task in map(room.find, section.tasks):
            few = min(len(label.examples) for label in task.labels.values())
            own = ("english", few, f"examples of config/tasks/{task.name}.yaml")
            known = ("english", section.seeds, "classification.seeds")
            pools.append(known if data.in_english(section.data, task) else own)
    return [
        f"classification.examples.strategies: {strategy} shows {count} texts of a label, not the "
        f"{wanted} of demonstrations: there are no more ({where})"
        for strategy, count, where in dict.fromkeys(pools)
        if count < wanted
    ]


def builtin(config: Config, languages: Iterable[Language]) -> None:
    """Languages that the built-in phrasebook does not write, where the config relies on it."""
    reliant = [
        f"teacher.{role}.server: phrasebook"
        for role in get_args(Role)
        if config.teacher.role(role).server == "phrasebook"
    ]
    if config.texts.source == "builtin" and config.texts.limit:
        reliant.append("texts.source: builtin")
    reliant += [
        f"benchmarks.sources.{name}: builtin"
        for name, source in config.benchmarks.sources.items()
        if source == "builtin" and name in map(DATA_SETS.get, config.benchmarks.run)
    ]
    if config.classification.tasks and config.classification.data == "builtin":
        reliant.append("classification.data: builtin")
    for language in languages:
        if reliant and language.code != "swh_Latn":
            raise UserError(
                f"config: languages: {language.name}: the built-in phrasebook writes Swahili only, "
                f"and the config has {', '.join(reliant)}; name another teacher by "
                "teacher.generator.url and model (config/config.yaml shows how), "
                "and sources of your own"
            )
