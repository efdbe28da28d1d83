"""The config's section on which of the teacher's rows are kept."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from limbeck.config.section import Count, Positive, Section, Share

Question = Literal["correct", "complete", "language"]


class LanguageFilter(Section):
    """Language identification."""

    model: str | None = Field(
        description="'py3langid', a fastText .bin or .ftz file, or a repository of the hub"
    )
    revision: str | None = Field(description="The hub repository's commit")
    confidence: Share = Field(
        description="Least probability of the language, where it is not the likeliest"
    )
    share: Share = Field(description="Least share of a turn's letters that are in the language")
    letters: Positive = Field(description="A shorter paragraph is not judged")


class HeldOutFilter(Section):
    """What of a benchmark's item a row may not hold."""

    words: Annotated[int, Field(ge=8, le=13)] = Field(description="So many words in a row")
    characters: Annotated[int, Field(ge=24)] = Field(
        description="So many letters and digits in a row; half as many of Chinese, Japanese, Korean"
    )


class Filters(Section):
    """Which of the teacher's rows are kept; null turns a filter off."""

    length_ratio: tuple[float, float] = Field(
        description="Translated over original length of each turn"
    )
    length_tokens: str | None = Field(
        description="Lengths are in tokens of this folder or hub model; null: UTF-8 bytes"
    )
    length_band: Annotated[float, Field(gt=0)] | None = Field(
        description="Deviations from the language's own median ratio"
    )
    script: Share | None = Field(description="Least share of letters in the language's script")
    romanised: bool = Field(description="Latin letters are the language's, too")
    language: LanguageFilter
    refusals: Positive | None = Field(description="Words of an answer in which one is looked for")
    copied: Share | None = Field(description="Similarity of an answer to its prompt")
    repeated: Share | None = Field(description="Largest share of repeated pieces of a text")
    compressed: Annotated[float, Field(gt=0)] | None = Field(
        description="Least compressed bytes of a character"
    )
    kept: Share | None = Field(description="Least share of numbers, URLs and code in translations")
    urls: Count | None = Field(description="Most URLs of an answer's own invention")
    judge: list[Question] = Field(description="Questions whose answer 'no' removes a row")
    round_trip: Annotated[float, Field(ge=0, le=100)] | None = Field(
        description="Least chrF++ of a translation's way back"
    )
    held_out: HeldOutFilter
    near_duplicates: Share | None = Field(description="Least similarity of near duplicates")
    max_lost: Share = Field(description="A stage that loses a larger share of its rows fails")

    @model_validator(mode="before")
    @classmethod
    def _pair(cls, data: Any) -> Any:
        # YAML has no tuples; strict mode would refuse the list.
        if isinstance(data, dict) and isinstance(data.get("length_ratio"), list):
            bounds = [float(b) if type(b) is int else b for b in data["length_ratio"]]
            return {**data, "length_ratio": tuple(bounds)}
        return data

    @model_validator(mode="after")
    def _low_first(self) -> Self:
        if self.length_ratio[0] >= self.length_ratio[1]:
            raise ValueError("length_ratio: the first bound is below the second")
        return self
