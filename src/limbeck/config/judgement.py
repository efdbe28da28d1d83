"""The config's section on answers that are judged in pairs."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from limbeck.config.benchmarks import fill
from limbeck.config.section import Positive, Section

Rival = Annotated[str, Field(pattern=r"^(base|teacher|comparisons/.+)$")]


class Judgement(Section):
    """Open questions, answered by two models and judged in pairs."""

    against: list[Rival] = Field(
        description="What each student is held against: base, teacher, comparisons/NAME; [] is off"
    )
    questions: str = Field(
        description="A YAML file of questions in English, or with {code} in its name in the "
        "language"
    )
    max_tokens: Positive = Field(description="Output tokens of an answer")

    @property
    def in_language(self) -> bool:
        """Whether the questions are in the language, and are translated by nobody."""
        return self.file({"code": "", "iso639_1": "", "iso639_3": ""}) != self.questions

    def file(self, card: Mapping[str, Any]) -> str:
        """The file of the questions for a language."""
        return fill(self.questions, card)
