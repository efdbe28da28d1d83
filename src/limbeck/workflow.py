"""What the Snakefile asks: the validated config, its languages, targets and source digests.

It imports nothing heavier than pydantic and opens no socket, so that planning stays instant.
"""

import ast
import functools
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from limbeck import config as configuration
from limbeck.config import Classifier, Config, Role, Section, Student
from limbeck.errors import UserError
from limbeck.languages import Language, resolve

_PACKAGE = Path(__file__).parent

# Modules that carry settings, rows and replies from one place to another and decide none of their
# content: an edit of these makes no artefact stale.
_PLUMBING = frozenset(
    f"limbeck.{name}"
    for name in (
        "classifiers",
        "config",
        "section",
        "students",
        "teachers",
        "errors",
        "files",
        "languages",
        "stage",
        "teacher.batch",
        "teacher.budget",
        "teacher.client",
        "teacher.endpoint",
        "teacher.journal",
        "teacher.launch",
        "teacher.limits",
        "teacher.progress",
        "teacher.server",
        "teacher.structured",
        "teacher.watch",
    )
)


_DATA_SUFFIXES = frozenset((".csv", ".gz", ".json", ".jsonl", ".parquet", ".tsv", ".txt"))


class Build:
    """A validated config with its languages resolved."""

    def __init__(self, config: Config, languages: list[Language]) -> None:
        self.config = config
        self.languages = languages

    @property
    def codes(self) -> list[str]:
        """The languages in FLORES form, such as ``swh_Latn``."""
        return [language.code for language in self.languages]

    @property
    def forms(self) -> list[str]:
        """The forms of a student that are scored: before and after training, and each GGUF."""
        return ["base", "student", "F16", *self.config.gguf.quantizations]

    @property
    def models(self) -> list[str]:
        """The scored models of a language: ``teacher`` and ``{student}/{form}``."""
        students = [f"{name}/{form}" for name in self.config.students for form in self.forms]
        return ["teacher", *students]

    def targets(self) -> list[str]:
        """What ``snakemake`` builds when it is asked for nothing else."""
        return ["results/report.html"]

    def scores(self) -> list[str]:
        """The score file of every language, model and benchmark."""
        return [
            f"results/{code}/scores/{model}/{benchmark}.json"
            for code in self.codes
            for model in self.models
            for benchmark in self.config.benchmarks.run
        ]

    def classification(self) -> list[str]:
        """The scores of every language and classification task."""
        section = self.config.classification
        tasks = section.tasks if section.classifiers else []
        return [
            f"results/{code}/classification/{task}/scores.json"
            for code in self.codes
            for task in tasks
        ]

    def classifier(self, wildcards: Any) -> Classifier:
        """A classifier's section; of ``student:NAME`` its base is that student's checkpoint."""
        section = self.config.classification.classifiers[wildcards.classifier]
        own = self.classifier_files(wildcards)
        return section.model_copy(update={"base": own[0]}) if own else section

    def classifier_files(self, wildcards: Any) -> list[str]:
        """The student of the same build that a classifier starts from, as a rule's input."""
        base = self.config.classification.classifiers[wildcards.classifier].base
        name = base.removeprefix("student:")
        return [] if name == base else [f"results/{wildcards.language}/{name}/checkpoint"]

    def student(self, name: str) -> Student:
        """A student's section."""
        return self.config.students[name]

    def training(self, name: str) -> dict[str, Any]:
        """What decides a student's training; the rows on the device at once do not."""
        return self.student(name).training.model_dump(exclude={"device_batch"})

    def student_settings(self, name: str) -> dict[str, Any]:
        """A student's section without what only changes speed."""
        return self.student(name).model_dump(exclude={"training": {"device_batch"}})

    def teacher(self, role: Role) -> dict[str, Any]:
        """What decides the replies of the teacher in a role."""
        teacher = self.config.teacher.role(role)
        builtin = teacher.server == "phrasebook"
        # The built-in's replies follow from its own source.
        revision = source_digest("limbeck.teacher.phrasebook.reply") if builtin else None
        return teacher.settings(revision).model_dump()

    def min_reasoning(self) -> float:
        """The share of responses that must come with a reasoning trace: none that nobody learns."""
        wanted = any(student.mixture.thinking for student in self.config.students.values())
        return self.config.generation.responses.min_reasoning if wanted else 0.0

    def connection(self, role: Role) -> str:
        """How the teacher in a role is reached, as JSON: speed only, so it is no param."""
        return self.config.connection(role).model_dump_json()

    def source(self, benchmark: str) -> str:
        """Where a benchmark's items come from; both directions of FLORES share one source."""
        data_set = "flores" if benchmark.startswith("flores") else benchmark
        return self.config.benchmarks.sources[data_set]  # type: ignore[index]

    def model_path(self, wildcards: Any) -> str:
        """The folder or file of the scored model; nothing for the teacher, which is asked."""
        if wildcards.model == "teacher":
            return "teacher"
        name, form = wildcards.model.split("/")
        folder = f"results/{wildcards.language}/{name}"
        return {"base": f"{folder}/base", "student": f"{folder}/checkpoint"}.get(
            form, f"{folder}/gguf/{form}.gguf"
        )

    def model_files(self, wildcards: Any) -> list[str]:
        """The scored model as a rule's input."""
        path = self.model_path(wildcards)
        if path == "teacher":
            return []
        # A GGUF that failed its parity check is not worth a score.
        parity = [re.sub(r"[^/]+\.gguf$", "parity.json", path)] if path.endswith(".gguf") else []
        return [path, *parity]

    def score_settings(self, wildcards: Any) -> str:
        """What decides a score; the teacher's settings only where the teacher is scored."""
        teacher = self.teacher("judge") if wildcards.model == "teacher" else None
        section = self.config.benchmarks.model_dump(
            include={"shots", "limit", "max_tokens", "choose_by"}
        )
        return as_json(**section, seed=self.config.seed, teacher=teacher)

    def metadata(self, wildcards: Any) -> str:
        """What a GGUF file says of itself."""
        language = next(item for item in self.languages if item.code == wildcards.language)
        return as_json(
            name=f"Limbeck {language.name} {wildcards.student}",
            languages=[language.bcp47, "en"],
            base=self.student(wildcards.student).base,
            license=self.config.gguf.license,
            dataset=f"{language.code}/{wildcards.student}",
            version=version(),
        )

    def report_settings(self) -> str:
        """What the report needs to know beside the artefacts."""
        generator = self.config.teacher.generator
        return as_json(
            languages=self.codes,
            students={name: self.student_settings(name) for name in self.config.students},
            teacher={"model": generator.model, "server": generator.server},
            benchmarks=self.config.benchmarks.run,
            quantizations=["F16", *self.config.gguf.quantizations],
            classification=self.config.classification.tasks,
            results="results",
            seed=self.config.seed,
        )


def load(data: Mapping[str, Any]) -> Build:
    """The build that a config asks for; leaves with one line if the config is wrong.

    The Snakefile calls this. A traceback would bury the line that a person needs.
    """
    try:
        config = configuration.load(dict(data))
        build = Build(config, _languages(config))
        _check_tasks(build)
        return build
    except UserError as error:
        sys.exit(f"error: {error}")


def _languages(config: Config) -> list[Language]:
    languages: dict[str, Language] = {}
    for name in config.languages:
        language = resolve(name)
        if language.code in languages:
            raise UserError(f"config: languages: {name!r} is {language.code}, which is there twice")
        languages[language.code] = language
    _check_builtin(config, languages.values())
    _check_files(config)
    return list(languages.values())


def _check_tasks(build: Build) -> None:
    from limbeck.classification import tasks  # as light as the config itself

    section = build.config.classification
    for name, classifier in section.classifiers.items():
        student = classifier.base.removeprefix("student:")
        if student != classifier.base and student not in build.config.students:
            raise UserError(
                f"config: classification.classifiers.{name}.base: there is no student {student!r}, "
                f"only {', '.join(build.config.students)}"
            )
    for task in map(tasks.find, section.tasks):
        if section.data == "builtin" and task.name not in ("sentiment", "topic"):
            raise UserError(
                f"config: classification.tasks: {task.name!r}: the built-in data has sentiment and "
                "topic only; name other data by classification.data"
            )
        if section.data == "task":
            _check_sources(task, build.languages)
    if section.tasks and section.data not in ("builtin", "task"):
        _check_there("config: classification.data", section.data, local=True)


def _check_sources(task: Any, languages: Iterable[Language]) -> None:
    where = f"config/tasks/{task.name}.yaml"
    if task.test is None:
        raise UserError(
            f"{where}: names no test set; add one, or give classification.data a folder"
        )
    for language in languages:
        for key, source in (("human", task.human), ("test", task.test)):
            if source is not None:
                _check_there(f"{where}: {key}.source", source.place(language.card())[0])


def _check_files(config: Config) -> None:
    """Miss a file before anything runs: a stage that fails loses what it made before."""
    named = {
        "conversations.source": config.conversations.source,
        "texts.source": config.texts.source,
        **{f"students.{name}.base": body.base for name, body in config.students.items()},
    }
    for key, source in named.items():
        _check_there(f"config: {key}", source)


def _check_there(key: str, source: str, local: bool = False) -> None:
    path = Path(source).expanduser()
    local = local or source.startswith((".", "/", "~")) or path.suffix in _DATA_SUFFIXES
    if local and not path.exists():
        raise UserError(f"{key}: {source}: there is no such file or folder")


def _check_builtin(config: Config, languages: Iterable[Language]) -> None:
    roles: tuple[Role, ...] = ("generator", "translator", "reviser", "judge")
    builtin = [
        f"teacher.{role}.server: phrasebook"
        for role in roles
        if config.teacher.role(role).server == "phrasebook"
    ]
    if config.texts.source == "builtin":
        builtin.append("texts.source: builtin")
    builtin += [
        f"benchmarks.sources.{name}: builtin"
        for name, source in config.benchmarks.sources.items()
        if source == "builtin" and any(run.startswith(name) for run in config.benchmarks.run)
    ]
    if config.classification.tasks and config.classification.data == "builtin":
        builtin.append("classification.data: builtin")
    for language in languages:
        if builtin and language.code != "swh_Latn":
            raise UserError(
                f"config: languages: {language.name}: the built-in phrasebook writes Swahili only, "
                f"and the config has {', '.join(builtin)}; name another teacher by "
                "teacher.generator.url and model (config/config.yaml shows how), "
                "and sources of your own"
            )


def version() -> str:
    """The version of this package."""
    from importlib.metadata import version as installed

    return installed("limbeck")


def pinned(package: str) -> str:
    """The version of a package that the lock file names."""
    lock = Path("requirements/cpu.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(package)}==(\S+)", lock, re.MULTILINE)
    if not found:
        raise UserError(f"requirements/cpu.txt: {package} is not pinned there")
    return found[1]


def as_json(**values: Any) -> str:
    """Settings as one JSON param: names count, so that two swapped values are a change."""
    plain = {
        key: value.model_dump() if isinstance(value, Section) else value
        for key, value in values.items()
    }
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


@functools.cache
def source_digest(*modules: str) -> str:
    """12 hexadecimal digits for the code of modules and of all that they import from here.

    Comments, docstrings and layout do not count: only an edit that can change a result makes an
    artefact stale. Data files beside the modules count.
    """
    seen: set[str] = set()
    todo = list(modules)
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        todo.extend(_local_imports(name))
    seen -= _PLUMBING.difference(modules)
    content = hashlib.sha256()
    for name in sorted(seen):
        content.update(_code(name).encode())
    for file in sorted({file for name in seen for file in _data_files(name)}):
        content.update(file.name.encode() + file.read_bytes())
    return content.hexdigest()[:12]


def _path(module: str) -> Path | None:
    base = _PACKAGE.joinpath(*module.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _tree(module: str) -> ast.Module:
    path = _path(module)
    if path is None:
        raise UserError(f"{module}: there is no such module")
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def _local_imports(module: str) -> tuple[str, ...]:
    names: list[str] = []
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if name.startswith("limbeck.") and _path(name))


@functools.cache
def _code(module: str) -> str:
    tree = _tree(module)
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Pass()
    return ast.unparse(tree)


def _data_files(module: str) -> Iterator[Path]:
    path = _path(module)
    if path is None or (path.parent == _PACKAGE and module != "limbeck.languages"):
        return
    for folder in (path.parent, path.parent / "data"):
        if folder.is_dir():
            yield from (
                file
                for file in folder.iterdir()
                if file.is_file() and file.suffix not in {".py", ".pyc", ".typed"}
            )
