"""The config's form: closed pydantic models of every section.

The default values live in ``config/config.yaml`` alone, which every run loads first; here are
types, bounds and descriptions. Only the entries of named sections (a student, a teacher's role)
have defaults here, since a user adds such entries bare. ``python -m limbeck.config`` writes
``config/schema.json``, which editors complete and check a config by.
"""

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)

from limbeck.config.benchmarks import Benchmarks
from limbeck.config.classification import Classification
from limbeck.config.filters import Filters
from limbeck.config.generation import Generation
from limbeck.config.hardware import Hardware
from limbeck.config.judgement import Judgement
from limbeck.config.section import Positive, Section, Share, without_nulls
from limbeck.config.sources import Conversations, Texts
from limbeck.config.student import Student
from limbeck.config.teacher import Connection, Price, Role, Teacher, Teachers
from limbeck.errors import UserError

Quantization = Literal["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0", "Q3_K_M", "Q2_K"]


class Gguf(Section):
    """The export for llama.cpp."""

    quantizations: list[Quantization]
    license: str | None = Field(
        description="SPDX identifier of the models' files; null: their base's, where it is known"
    )
    agreement: Share = Field(description="Least share of equal next tokens, F16 to checkpoint")


_TAKEN = frozenset(
    (
        "benchmarks",
        "classification",
        "comparisons",
        "judgement",
        "rows",
        "scores",
        "teacher",
        "translator",
    )
)


class Rehearsal(Section):
    """How much of a run is rehearsed."""

    questions: Positive = Field(48, description="Of each step of a stage, at most")
    items: Positive = Field(10, description="Of each benchmark, at most")


def _student_name(value: str) -> str:
    # Folders beside the students' own, and a part of the published data set.
    if value in _TAKEN:
        raise ValueError("this name is taken, choose another for the student")
    return value


StudentName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$"), AfterValidator(_student_name)]


def _not_yaml_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(
            f"YAML reads a bare no, off, yes or on as {str(value).lower()}: put it in quotes"
        )
    return value


LanguageName = Annotated[str, BeforeValidator(_not_yaml_boolean), Field(min_length=1)]


class Config(Section):
    """The whole config."""

    languages: list[LanguageName] = Field(min_length=1, description="Names or codes of languages")
    seed: int = Field(description="Decides every random choice")
    prompts: str = Field(description="A folder of what teachers are told; the rest is the default")
    teacher: Teachers
    prices: dict[str, Price] = Field(description="Of models, by name (speed only)")
    budget: float | None = Field(ge=0, description="Dollars, at most (speed only)")
    hardware: Hardware
    keep: float = Field(ge=0, description="Gigabytes of earlier results, at most (speed only)")
    bucket: str | None = Field(
        pattern=r"^s3://[^/\s]", description="Where other machines find results (speed only)"
    )
    conversations: Conversations
    texts: Texts
    generation: Generation
    filters: Filters
    students: dict[StudentName, Student] = Field(
        min_length=1, description="Named students; null removes one of the default config"
    )
    gguf: Gguf
    benchmarks: Benchmarks
    judgement: Judgement
    classification: Classification
    rehearsal: Rehearsal | None = Field(description="What `limbeck rehearse` sets in its folder")

    @model_validator(mode="before")
    @classmethod
    def _remove_null_students(cls, data: Any) -> Any:
        return without_nulls(data, "students")

    def instructions(self, name: str) -> str:
        """The file of what teachers are told in a matter: that of the set, or else the default."""
        own = Path(self.prompts).expanduser() / f"{name}.yaml"
        return str(own) if own.is_file() else f"config/prompts/{name}.yaml"

    @property
    def sentences(self) -> int:
        """How many sentences of people are translated: as many as a student learns at most."""
        most = max(student.mixture.backtranslations for student in self.students.values())
        return most if self.texts.limit else 0

    @property
    def has_pairs(self) -> bool:
        """Whether there is anything to make translation pairs of."""
        return self.conversations.limit + self.sentences > 0

    def questions(self, role: Role) -> int | None:
        """How much a step of a stage asks a teacher, at most; None: all."""
        # The built-in one is asked everything in a rehearsal, too: that costs seconds.
        builtin = self.teacher.role(role).server == "phrasebook"
        return None if self.rehearsal is None or builtin else self.rehearsal.questions

    def connection(self, role: Role) -> Connection:
        """How the teacher in a role is reached, what it costs, and what may be spent."""
        return self.reach(self.teacher.role(role))

    def reach(self, teacher: Teacher) -> Connection:
        """How a teacher is reached, what it costs, and what may be spent."""
        free = Price(input=0.0, output=0.0) if teacher.server is not None else None
        return teacher.connection(self.prices.get(teacher.model, free), self.budget)


def load(data: dict[str, Any]) -> Config:
    """Validate a config as Snakemake read it.

    Raises:
        UserError: names each wrong key, where it is and what is allowed.
    """
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise UserError("config: " + "; ".join(explain(error))) from None
    for role in get_args(Role):
        if config.budget is not None and config.connection(role).price is None:
            model = config.teacher.role(role).model
            raise UserError(
                f"config: budget: the price of {model!r} (teacher.{role}) is not known; "
                f'add prices: {{"{model}": {{input: ..., output: ...}}}}, '
                "in dollars per million tokens"
            )
    return config


def explain(error: ValidationError, root: type[BaseModel] | None = None) -> list[str]:
    """A validation error as phrases ``key: what is wrong``, with the nearest valid spelling.

    Args:
        error: of the validation of ``root``.
        root: the config itself by default.
    """
    phrases = []
    for item in error.errors(include_url=False, include_input=False):
        where = ".".join(str(part) for part in item["loc"] if part != "[key]")
        if item["type"] == "extra_forbidden":
            allowed = _fields(root or Config, item["loc"][:-1])
            near = difflib.get_close_matches(str(item["loc"][-1]), allowed, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(allowed)}"
            phrases.append(f"{where}: unknown key, {hint}")
        elif item["type"] == "missing":
            phrases.append(f"{where}: this key is missing")
        elif {"api_key_env", "url", "server_args"} & set(item["loc"][-2:]):  # may hold a secret
            phrases.append(f"{where}: {item['msg'].removeprefix('Value error, ')}")
        else:
            message = item["msg"].removeprefix("Value error, ").replace("Input should", "should")
            phrases.append(f"{where}: {message}{_given(error, item)}".removeprefix(": "))
    return phrases


def _given(error: ValidationError, item: Any) -> str:
    for full in error.errors(include_url=False):
        given = full["input"]
        if full["loc"] != item["loc"] or not isinstance(given, str | int | float):
            continue
        if item["type"] == "list_type":
            return f" (not {given!r}: write [{given}])"
        if isinstance(given, str) and re.fullmatch(r"\d+e[+-]?\d+", given):
            return f" (not {given!r}: YAML wants a point in it, as in {given.replace('e', '.0e')})"
        return f" (not {given!r})"
    return ""


def _fields(root: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that are allowed at a place of the config."""
    model: Any = root
    for part in location:
        if type(None) in (arms := getattr(model, "__args__", ())):  # Section | None
            model = next(arm for arm in arms if arm is not type(None))
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(part))
            model = field.annotation if field else None
        else:  # a named section: dict[str, Model]
            model = getattr(model, "__args__", (None, None))[1]
    is_section = isinstance(model, type) and issubclass(model, BaseModel)
    return list(model.model_fields) if is_section else []


def schema() -> dict[str, Any]:
    """The JSON schema of the config, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
