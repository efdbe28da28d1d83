"""What the Snakefile asks: the validated config, its languages, inputs and settings.

It imports nothing heavier than pydantic and opens no socket, so that planning stays instant.
"""

import sys
from collections.abc import Mapping
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import Any, get_args

from limbeck import config as configuration
from limbeck.config import (
    BUILTIN,
    HOW_ASKED,
    LICENCES,
    TINY,
    Architecture,
    Config,
    Conversations,
    Filters,
    LanguageFilter,
    Mixture,
    Role,
    Student,
    Teacher,
    TeacherSettings,
    Texts,
    fill,
)
from limbeck.errors import UserError
from limbeck.languages import Language, covered, resolve
from limbeck.workflow import checkpoints, checks
from limbeck.workflow.places import local_files, manifest, of_language
from limbeck.workflow.settings import as_json, decisive, source, trained

# The scored models that are asked over HTTP, and the roles of the config that they are.
ASKED: dict[str, Role] = {"teacher": "judge", "translator": "translator"}


class Build:
    """A validated config with its languages resolved."""

    def __init__(self, config: Config, languages: list[Language]) -> None:
        self.config = config
        self.languages = languages
        self._by_code = {language.code: language for language in languages}
        self._benchmarks = {code: self._covering(code) for code in self.codes}

    @property
    def codes(self) -> list[str]:
        """The languages in FLORES form, such as ``swh_Latn``."""
        return [language.code for language in self.languages]

    def forms(self, name: str) -> list[str]:
        """The forms of a student that are scored: before and after training, and each GGUF.

        One that learned to think is, where both are wanted, also asked to.
        """
        both = self.config.benchmarks.both_ways()
        thinks = both and self.student(name).mixture.thinking
        trained = ["student", *(["thinking"] if thinks else [])]
        return ["base", *trained, "F16", *self.config.gguf.quantizations]

    @cached_property
    def models(self) -> list[str]:
        """The scored models: ``{student}/{form}``, ``comparisons/{name}`` and perhaps ``teacher``.

        A translator that is no chat model is one, too: ``translator``.
        """
        students = [f"{name}/{form}" for name in self.config.students for form in self.forms(name)]
        compared = [f"comparisons/{name}" for name in self.config.benchmarks.comparisons]
        scored = {
            "teacher": self.config.benchmarks.teacher,
            "translator": self.teachers["translator"].only_translates,
        }
        return [*(name for name in scored if scored[name]), *students, *compared]

    @cached_property
    def teachers(self) -> dict[Role, Teacher]:
        """The teacher in each role."""
        return {role: self.config.teacher.role(role) for role in get_args(Role)}

    def asked_models(self, code: str) -> list[str]:
        """The models of all roles, for a language."""
        return sorted({self.teacher_settings(role, code).model for role in self.teachers})

    @property
    def priced(self) -> bool:
        """Whether it is known what every teacher's tokens cost, as of one that is here: nothing."""
        return all(self.config.connection(role).price for role in self.teachers)

    def language(self, code: str) -> Language:
        """The language of a code."""
        return self._by_code[code]

    def benchmarks(self, code: str) -> list[str]:
        """The benchmarks that have items in a language."""
        return self._benchmarks[code]

    def _covering(self, code: str) -> list[str]:
        language = self.language(code)
        return [name for name in self.config.benchmarks.run if self._covers(language, name)]

    def _covers(self, language: Language, benchmark: str) -> bool:
        source = self.config.benchmarks.source(benchmark)
        if benchmark in self.config.benchmarks.custom:
            return source != BUILTIN or language.code == "swh_Latn"
        return source == BUILTIN or bool(covered(language, benchmark))

    def skipped(self, code: str) -> list[str]:
        """The benchmarks that do not cover a language."""
        return [name for name in self.config.benchmarks.run if name not in self.benchmarks(code)]

    def unclassified(self, code: str) -> dict[str, str]:
        """The classification tasks without texts in a language, and what says so."""
        return {name: lacks for name, lacks in self._classified(code).items() if lacks}

    def _classified(self, code: str) -> dict[str, str | None]:
        from limbeck.classification import data, tasks  # as light as the config itself

        section, language = self.config.classification, self.language(code)
        named = section.tasks if section.classifiers else []
        return {
            name: data.lacks(section.data, tasks.find(name), language, section.parts)
            for name in named
        }

    def targets(self) -> list[str]:
        """What ``snakemake`` builds when it is asked for nothing else."""
        return ["results/build.json", *self.results()]

    def pages(self) -> list[str]:
        """What is written for people, and nobody learns from; it asks for all the rest."""
        of_student = ("gains.json", "model_card.md", "gguf/Modelfile")
        students = [f"{name}/{file}" for name in self.config.students for file in of_student]
        of_language = ["cost.json", "report.html", "dataset_card.md", *students]
        languages = [f"results/{code}/{file}" for code in self.codes for file in of_language]
        return ["results/index.html", "results/scores.tsv", *languages]

    def results(self) -> list[str]:
        """All that a build is made for."""
        # The scores ask for every GGUF file; without any score the language would get none.
        unscored = [
            f"results/{code}/{student}/gguf/{form}.gguf"
            for code in self.codes
            if not self.benchmarks(code)
            for student in self.config.students
            for form in self.config.gguf.quantizations
        ]
        return [*self.pages(), *unscored]

    def scores(self, *codes: str) -> list[str]:
        """The score file of every model and benchmark, of all languages or some."""
        return [
            path
            for code in codes or self.codes
            for model in self.models
            for path in self.model_scores(code, model)
        ]

    def model_scores(self, code: str, model: str) -> list[str]:
        """The score files of a model in a language."""
        folder = f"results/{code}/scores/{model}"
        asked = [name for name in self.benchmarks(code) if self.asks(model, name)]
        return [f"{folder}/{name}.json" for name in asked]

    def asks(self, model: str, benchmark: str) -> bool:
        """Whether a model is scored on a benchmark that covers the language."""
        if model == "translator":
            return self.config.benchmarks.translates(benchmark)
        student, _, form = model.partition("/")
        if student in self.config.students and form == "thinking":
            return form in self.forms(student) and benchmark in self.config.benchmarks.both_ways()
        return True

    def benchmark_files(self, wildcards: Any) -> list[str]:
        """The files of a benchmark that are on this machine."""
        own = self.config.benchmarks.custom.get(wildcards.benchmark)
        card = self.language(wildcards.language).card()
        named = [name for name in (own.test, own.shots) if name] if own else []
        source = self.config.benchmarks.source(wildcards.benchmark)
        return local_files(*(fill(name, card) for name in named) if own else [source])

    def held_out(self, wildcards: Any) -> list[str]:
        """The benchmark items of a language, none of which may be trained on."""
        folder = f"results/{wildcards.language}/benchmarks"
        names = sorted(self.benchmarks(wildcards.language))
        return [f"{folder}/{name}/test.jsonl" for name in names]

    def conversations(self) -> Conversations:
        """What decides the sample of conversations."""
        return source(self.config.conversations)

    def texts(self, code: str) -> Texts:
        """The section of the texts, with the language's label in the name of a hub data set."""
        texts, language = source(self.config.texts), self.language(code)
        if texts.name is None or not texts.limit:
            return texts
        label = covered(language, "fineweb2")
        if "{fineweb2}" in texts.name and label is None:
            raise UserError(
                f"config: texts.name: FineWeb-2 has no texts in {language.name}; name another "
                "texts.source, or set texts.limit to 0"
            )
        name = texts.name.replace("{fineweb2}", label or "").replace("{code}", code)
        return texts.model_copy(update={"name": name})

    def classification(self, *codes: str) -> list[str]:
        """The scores of every classification task, in all languages or some."""
        return [
            f"results/{code}/classification/{task}/scores.json"
            for code in codes or self.codes
            for task in self.tasks(code)
        ]

    def tasks(self, code: str) -> list[str]:
        """The classification tasks that have texts in a language, if anything is classified."""
        return [name for name, lacks in self._classified(code).items() if lacks is None]

    def student(self, name: str) -> Student:
        """A student's section."""
        return self.config.students[name]

    def base(self, wildcards: Any) -> dict[str, Any]:
        """What decides a student's base."""
        student = self.student(wildcards.student)
        made = student.base == TINY
        return {
            "base": checkpoints.place(student.base, wildcards),
            "revision": None if made else student.revision,
            "trust_remote_code": student.trust_remote_code,
            "architecture": student.architecture if made else Architecture(),
            "seed": self.config.seed if made else 0,
        }

    def base_rows(self, wildcards: Any) -> list[str]:
        """The rows on which a base's tokenizer is trained, that of the built-in one alone."""
        made = self.student(wildcards.student).base == TINY
        return of_language(wildcards, f"{wildcards.student}/train.parquet", made)

    def base_files(self, wildcards: Any) -> list[str]:
        """A student's base that is on this machine, or another student's checkpoint."""
        base = self.student(wildcards.student).base
        if base.startswith("student:"):
            return [manifest(checkpoints.place(base, wildcards))]
        local = base.endswith(".gguf") or Path(base).expanduser().is_dir()
        return local_files(base) if local else []

    def mixture(self, name: str) -> Mixture:
        """What decides a student's mixture."""
        mixture = self.student(name).mixture
        return (
            mixture
            if mixture.pairs or mixture.backtranslations
            else mixture.model_copy(update={"pairs_in_language": 0.0})
        )

    @property
    def merged(self) -> str:
        """The students that are merged, as a wildcard's constraint."""
        found = [name for name, body in self.config.students.items() if body.merge]
        return "|".join(found) or "(?!)"

    def training(self, name: str) -> dict[str, Any]:
        """What decides a student's training; the rows on the device at once do not."""
        return trained(self.student(name).training)

    def student_settings(self, name: str) -> dict[str, Any]:
        """A student's section without what only changes speed."""
        return {**self.student(name).model_dump(), "training": self.training(name)}

    def licence(self, name: str) -> str | None:
        """The licence of a student's files: as configured, or that which all of its weights have.

        None where one of them has a licence that is not known here.
        """
        if self.config.gguf.license:
            return self.config.gguf.license
        student = self.student(name)
        found = {self.licence(other) for other in student.starts_from}
        found |= {
            LICENCES.get(source.partition("@")[0])
            for source in student.sources
            if not source.startswith("student:")
        }
        return found.pop() if len(found) == 1 else None

    def filters(self) -> Filters:
        """What decides which rows are kept: of a filter that is off, nothing."""
        filters, checks = self.config.filters, self.config.generation.checks
        off: dict[str, Any] = {}
        if filters.language.model is None:
            off["language"] = LanguageFilter(
                model=None, revision=None, confidence=0.0, share=0.0, letters=1
            )
        if not checks.judge:
            off["judge"] = []
        if not checks.round_trip:
            off["round_trip"] = None
        return filters.model_copy(update=off)

    def teacher(self, role: Role, code: str) -> dict[str, Any]:
        """What decides the replies of the teacher in a role, for a language."""
        return self.teacher_settings(role, code).model_dump(exclude=set(HOW_ASKED))

    def teacher_settings(self, role: Role, code: str) -> TeacherSettings:
        """The same, as a section, and how it is asked."""
        # Only the name of a translator differs by language.
        alone = self.teachers[role].only_translates
        return _teacher(self, role, code if alone else self.codes[0])

    def connection(self, role: Role) -> str:
        """How the teacher in a role is reached, as JSON: speed only, so it is no param."""
        return self.config.connection(role).model_dump_json()

    def metadata(self, wildcards: Any) -> str:
        """What a GGUF file says of itself."""
        language = self.language(wildcards.language)
        return as_json(
            name=f"Limbeck {language.name} {wildcards.student}",
            languages=[language.bcp47, "en"],
            base=self.student(wildcards.student).base,
            license=self.licence(wildcards.student),
            dataset=f"{language.code}/{wildcards.student}",
        )


@cache
def _teacher(build: Build, role: Role, code: str) -> TeacherSettings:
    settings = decisive(build.teachers[role], build.language(code))
    return settings.model_copy(update={"questions": build.config.questions(role)})


def load(data: Mapping[str, Any]) -> Build:
    """The build that a config asks for; leaves with one line if the config is wrong.

    The Snakefile calls this. A traceback would bury the line that a person needs.
    """
    try:
        config = configuration.load(dict(data))
        build = Build(config, _languages(config))
        checks.builtin(config, build.languages)
        checks.files(config)
        checks.tasks(config, build.languages)
        checks.translator(config, build.languages)
        checks.strategies(config)
        checks.questions(config, build.languages)
        if config.texts.limit:
            for code in build.codes:
                build.texts(code)
    except UserError as error:
        sys.exit(f"error: {error}")
    for language in build.languages:
        if names := build.skipped(language.code):
            _say(language, f"not scored by {', '.join(names)}: no items")
    told = (checks.keys(config), checks.corpus(config, build.languages), checks.shown(config))
    for line in chain(*told):
        print(line, file=sys.stderr)
    for language in build.languages:
        for name, lacks in build.unclassified(language.code).items():
            _say(language, f"not classified by {name}: no texts ({lacks})")
    return build


def _say(language: Language, what: str) -> None:
    print(f"{language.name} ({language.code}): {what}", file=sys.stderr)


def _languages(config: Config) -> list[Language]:
    languages: dict[str, Language] = {}
    for name in config.languages:
        language = resolve(name)
        if language.code in languages:
            raise UserError(f"config: languages: {name!r} is {language.code}, which is there twice")
        languages[language.code] = language
    return list(languages.values())
