"""The config's section on benchmarks, and the list of data sets in ``config/benchmarks.yaml``."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from limbeck.config.section import Count, Positive, Section, Share, without_nulls
from limbeck.errors import UserError

LIST = Path("config/benchmarks.yaml")
HUB, BUILTIN = "hub", "builtin"

DataSetName = Literal["flores", "sib200", "belebele", "global_mmlu", "global_mmlu_lite"]
# Each published benchmark and the data set that it is made of.
DATA_SETS: dict[str, DataSetName] = {
    "flores_from_english": "flores",
    "flores_into_english": "flores",
    "sib200": "sib200",
    "belebele": "belebele",
    "global_mmlu": "global_mmlu",
    "global_mmlu_lite": "global_mmlu_lite",
}
Choice = Literal["likelihood", "generation"]
Options = Literal["letters", "whole"]
PromptLanguage = Literal["english", "own"]


class DataSet(Section):
    """A published data set: where it is, and what must be said of it."""

    version: Positive = Field(description="Raised when the same answers would be scored otherwise")
    hub: str = Field(description="The data set's name on the hub, or a folder laid out like it")
    revision: str | None = Field(description="The commit; null reads the present one")
    test: str = Field(description="The split that is scored")
    shots: str | None = Field(description="The split of worked examples; null sets test rows aside")
    gated: bool = Field(False, description="The hub asks for a login and an agreement")
    licence: str
    citation: str
    local: str = Field(description="The files that a local folder holds, for people")


class _Own(Section):
    """The tables of a benchmark of one's own."""

    test: str = Field(
        description="JSONL, Parquet, CSV or TSV; {code}, {iso639_1} are filled in. Or 'builtin', "
        "the phrasebook's sums, in Swahili alone"
    )
    shots: str | None = Field(None, description="Worked examples; null sets test rows aside")
    version: Positive = 1


class Choosing(_Own):
    """A multiple-choice set in columns of any names."""

    kind: Literal["multiple_choice"]
    question: str = Field(description="A column")
    options: str | list[str] = Field(description="A column that holds a list, or columns")
    answer: str = Field(description="A column: a letter, an option's text, or its number")
    count_from: Literal[0, 1] | None = Field(None, description="Where the answers are numbers")
    group: str | None = Field(None, description="A column whose values are scored apart, too")


class Translating(_Own):
    """A translation set in columns of any names."""

    kind: Literal["translation"]
    english: str = Field(description="A column")
    text: str = Field(description="The column of the language")
    direction: Literal["from_english", "into_english"]


class Counting(_Own):
    """A set of questions whose answers are numbers."""

    kind: Literal["number"]
    question: str = Field(description="A column")
    answer: str = Field(description="A column of numbers")


Custom = Annotated[Choosing | Translating | Counting, Field(discriminator="kind")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Thinking = bool | Literal["both"] | list[Name]
ComparisonName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


def fill(template: str, card: Mapping[str, Any]) -> str:
    """A path with a language's codes filled in; without an ``iso639_1`` the longer code."""
    codes = {key: card[key] for key in ("code", "iso639_1", "iso639_3")}
    for key, code in codes.items():
        template = template.replace(f"{{{key}}}", str(code or card["iso639_3"]))
    return template


class Benchmarks(Section):
    """How models are scored."""

    run: list[Name]
    sources: dict[DataSetName, str] = Field(
        description="For each data set 'builtin', 'hub', or a folder in the published format"
    )
    custom: dict[Name, Custom] = Field(description="Benchmarks of your own, by name")
    comparisons: dict[ComparisonName, str] = Field(
        description="More models to score: a folder, a GGUF file, or a name of the hub"
    )
    teacher: bool = Field(description="Score the teacher, which is asked each item over HTTP")
    shots: Count = Field(description="Worked examples before each item")
    limit: Positive = Field(description="Items scored, at most")
    limit_quantized: Positive | None = Field(description="The same, of students' GGUF files")
    max_tokens: Positive = Field(description="Output tokens of an answer that is no translation")
    translation_tokens: Positive = Field(
        description="Output tokens of a translation, at least: three times those of the longest "
        "reference, where that is more"
    )
    max_cut: Share = Field(
        description="Largest share of answers that a teacher's own max_tokens may cut"
    )
    choose_by: Choice = Field(description="How an option is chosen; an endpoint always generates")
    options: Options = Field(description="What names an option: its letter, or its whole text")
    prompts: PromptLanguage = Field(description="Ask in English, or in the language itself")
    thinking: Thinking = Field(
        description="Reason before the answer, for generation alone; or both, students beside "
        "themselves, on all benchmarks or the named ones"
    )
    thinking_tokens: Positive = Field(description="Output tokens for the reasoning")
    batch: Positive = Field(description="Items at once (speed only)")

    @model_validator(mode="before")
    @classmethod
    def _remove_nulls(cls, data: Any) -> Any:
        return without_nulls(without_nulls(data, "custom"), "comparisons")

    @model_validator(mode="after")
    def _check(self) -> "Benchmarks":
        for name in self.custom:
            if name in DATA_SETS:
                raise ValueError(f"custom.{name}: this name is taken by a published benchmark")
        named = self.thinking if isinstance(self.thinking, list) else []
        for key, names in (("run", self.run), ("thinking", named)):
            for name in names:
                if name not in self.custom and name not in DATA_SETS:
                    allowed = ", ".join([*DATA_SETS, *self.custom])
                    raise ValueError(f"{key}: unknown benchmark {name!r}; allowed: {allowed}")
        for name in self.run:
            if name in DATA_SETS and DATA_SETS[name] not in self.sources:
                raise ValueError(f"run: {name!r} needs a source: sources.{DATA_SETS[name]}")
        if self.thinking is True and self.choose_by == "likelihood":
            raise ValueError("thinking: an option's likelihood has no thought before it; "
                             "choose_by: generation goes with thinking")  # fmt: skip
        return self

    def source(self, name: str) -> str:
        """Where a benchmark's items come from; both directions of FLORES share one source."""
        if own := self.custom.get(name):
            return BUILTIN if own.test == BUILTIN else "custom"
        return self.sources[DATA_SETS[name]]

    def translates(self, name: str) -> bool:
        """Whether a benchmark asks for translations."""
        own = self.custom.get(name)
        return own.kind == "translation" if own else DATA_SETS[name] == "flores"

    def both_ways(self) -> list[str]:
        """The benchmarks on which students are scored with thinking as well as without it."""
        if isinstance(self.thinking, list):
            return [name for name in self.run if name in self.thinking]
        return self.run if self.thinking == "both" else []

    def chooses_by(self, name: str) -> Choice:
        """How all models choose an option of a benchmark.

        One that is asked both ways is asked by generation, as a thought needs: a difference of the
        two is then one of thinking.
        """
        return "generation" if name in self.both_ways() else self.choose_by

    def items(self, name: str) -> dict[str, Any]:
        """What decides a benchmark's items."""
        source = self.source(name)
        entry = data_sets()[DATA_SETS[name]] if source == HUB else None
        examples = source == BUILTIN or self.shots > 0  # the built-in ones need not be set aside
        own = self.custom.get(name)
        return {"source": source, "hub": entry, "custom": own, "examples": examples}

    def asking(self, name: str) -> dict[str, Any]:
        """What decides a benchmark's scores, beside its items, its prompts and the model."""
        own = self.custom.get(name)
        entry = own or data_sets()[DATA_SETS[name]]
        keys = {"shots", "limit", "options", "prompts"}
        keys |= {"max_tokens", "translation_tokens", "max_cut"}
        said = {**self.model_dump(include=keys), "version": entry.version, "custom": own}
        said |= {"choose_by": self.chooses_by(name), "thinking": False}
        return said | (self.thought() if self.thinking is True else {})

    def thought(self) -> dict[str, Any]:
        """What decides the score of a student that is asked to think."""
        return {"thinking": True, "thinking_tokens": self.thinking_tokens}


@functools.cache
def data_sets(path: Path = LIST) -> dict[DataSetName, DataSet]:
    """The published data sets.

    Raises:
        UserError: the file is missing or not of this form.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {name: DataSet.model_validate(body) for name, body in content.items()}
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; run this in the repository") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{path}: {where}: {first['msg']}") from None
    except (yaml.YAMLError, AttributeError) as error:
        raise UserError(f"{path}: not of the form of benchmarks ({error})") from None
