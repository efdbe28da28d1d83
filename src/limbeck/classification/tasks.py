"""Classification tasks as data: one YAML file a task, in config/tasks/.

A task names its labels and says what each of them means. All that a teacher is told of a task
comes from here; how it is told is in config/prompts/classification.yaml.
"""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError, model_validator

from limbeck.config import Section, explain
from limbeck.errors import UserError
from limbeck.languages import COVERAGE, Language, covered, resolve

FOLDER = Path("config/tasks")

Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\s<>](?:[^\n<>]*[^\s<>])?$")]


class Label(Section):
    """One of a task's classes."""

    description: str = Field(min_length=1, description="What texts of this label have in common")
    examples: list[str] = Field([], description="English texts of this label, as demonstrations")
    aliases: list[Name] = Field([], description="Other names by which a reply may call the label")
    names: dict[str, Name] = Field({}, description="Code of a language -> the label's word in it")


class Source(Section):
    """Labelled texts of people: a file, or a data set of the hub."""

    source: str = Field(
        description="A CSV, TSV, JSONL or Parquet file, a data set of the hub, or a folder with a "
        "copy of one; the card's {code}, {iso639_3} ... and {name} are filled in"
    )
    name: str | None = Field(None, description="The data set's configuration, likewise filled in")
    names: dict[str, str] = Field({}, description="Code of a language -> name, where they differ")
    revision: str | None = Field(None, description="The hub data set's commit")
    split: str = "train"
    text: str = Field("text", description="The column of the text")
    label: str = Field("label", description="The column of the label")

    def place(self, card: Mapping[str, Any]) -> tuple[str, str | None]:
        """Where a language's texts are: the source and, of a data set, its configuration.

        Raises:
            UserError: a code is to be filled in that the language does not have.
        """
        source, name = self.source, self.names.get(str(card["code"]), self.name or "")
        # Of a file, which has no configuration, it may stand in the path.
        source = source.replace("{name}", name) if name else source
        for key, value in card.items():
            mark = f"{{{key}}}"
            if value is None and mark in source + name:
                raise UserError(
                    f"{self.source}: {card['name']} has no {key} to fill in; give the name of its "
                    f"configuration under 'names', as {card['code']}: ..."
                )
            source, name = (part.replace(mark, str(value)) for part in (source, name))
        return source, name or None


class Task(Section):
    """What is classified, and into what."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", description="The name of the task's file")
    question: str = Field(min_length=1, description="What is asked of a text")
    text_kind: str = Field(min_length=1, description="What a text is: a tweet, a headline ...")
    labels: dict[Name, Label] = Field(min_length=2)
    values: dict[str, Name] = Field({}, description="Labels as the data spells them -> labels")
    languages: str | list[str] = Field(
        [],
        description="Languages that the sources cover: a column of the table of languages "
        "(`massive`), or names; none says that all are covered",
    )
    licence: str = Field(description="Of the sources' texts")
    human: Source | None = Field(None, description="For training: the seeds are drawn from it")
    test: Source | None = Field(None, description="For scores and for nothing else")

    @model_validator(mode="after")
    def _known_and_distinct(self) -> "Task":
        for value, label in self.values.items():
            if label not in self.labels:
                raise ValueError(f"values: {value!r} is {label!r}, which is no label")
        owner: dict[str, str] = {}
        for label, card in self.labels.items():
            for name in (label, *card.aliases):
                if (other := owner.setdefault(fold(name), label)) != label:
                    raise ValueError(f"labels: {name!r} names both {other!r} and {label!r}")
        return self

    @model_validator(mode="after")
    def _known_languages(self) -> "Task":
        if isinstance(self.languages, str) and self.languages not in COVERAGE:
            raise ValueError(
                f"languages: {self.languages!r} is no column of the table of languages "
                f"({', '.join(COVERAGE)}); names stand in a list"
            )
        return self

    def covers(self, language: Language) -> bool:
        """Whether the sources have texts in a language."""
        if isinstance(self.languages, str):
            return covered(language, self.languages) is not None
        return not self.languages or language in map(resolve, self.languages)

    @property
    def names(self) -> list[str]:
        """The labels, in the file's order."""
        return list(self.labels)

    @property
    def aliases(self) -> dict[str, str]:
        """Every name of a label -> the label."""
        pairs = [(name, label) for label, card in self.labels.items() for name in card.aliases]
        return {**dict(pairs), **{label: label for label in self.labels}}

    def label_of(self, value: object) -> str | None:
        """The label that a value of a data file stands for; None for any other value."""
        text = str(value).strip()
        if text in self.values:
            return self.values[text]
        known = {fold(name): label for name, label in self.aliases.items()}
        return known.get(fold(text))


def fold(name: str) -> str:
    """A label's name without case, punctuation and underscores."""
    return " ".join(re.sub(r"[\W_]+", " ", name.casefold()).split())


def load(path: Path) -> Task:
    """The task of a file.

    Raises:
        UserError: there is no such file, or it is no task; the message names file and key, what is
            allowed and the nearest valid spelling.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = sorted(file.stem for file in path.parent.glob("*.yaml"))
        near = difflib.get_close_matches(path.stem, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known) or 'none'}"
        raise UserError(f"{path}: there is no such task, {hint}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: a mapping is wanted: question, text_kind, labels, licence ...")
    for label in content.get("labels") or {}:
        if not isinstance(label, str):
            raise UserError(f"{path}: labels: {label!r} is no text: put the label in quotes")
    try:
        return Task.model_validate({"name": path.stem, **content})
    except ValidationError as error:
        raise UserError(f"{path}: " + "; ".join(explain(error, Task))) from None


def find(name: str, folder: Path = FOLDER) -> Task:
    """The task of a name."""
    return load(folder / f"{name}.yaml")


_NEW = """\
# A classification task; docs/classification.md explains every key.

# What is asked of a text, and what a text is.
question: What does the writer want?
text_kind: message

# The teacher is told these descriptions: say what belongs to a label, and what does not.
labels:
  first label:
    description: What texts of this label have in common.
    examples: [An example in English.]
  second label:
    description: What texts of this label have in common.
    examples: [An example in English.]

licence: ours
# Human texts: a CSV, TSV, JSONL or Parquet file, or a data set of the hub. The test set must be
# there; the seeds that the teacher sees come from the other: take that line out if you have none.
# With several languages write {{code}} where the files differ: {name}-{{code}}-test.csv.
test: {{source: {name}-test.csv, text: text, label: label}}
human: {{source: {name}-train.csv, text: text, label: label}}
"""


def start(name: str, folder: Path = FOLDER) -> Path:
    """Write a task to fill in, and give its path.

    Raises:
        UserError: the name is none, or the file is there.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
        raise UserError(f"{name!r} is no name of a task: a to z, 0 to 9, - and _ are allowed")
    path = folder / f"{name}.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_NEW.format(name=name))
    except FileExistsError:
        raise UserError(f"{path}: exists already and is left as it is") from None
    return path
