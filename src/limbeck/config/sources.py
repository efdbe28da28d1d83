"""The config's sections on what the flow starts from: conversations, and texts of the language."""

from pydantic import Field

from limbeck.config.section import Count, Positive, Section


class Conversations(Section):
    """English conversations to translate."""

    source: str = Field(description="'builtin', a JSONL or Parquet file, or a data set of the hub")
    name: str | None = Field(description="The hub data set's configuration")
    revision: str | None = Field(description="The hub data set's commit")
    split: str
    limit: Count = Field(description="Conversations sampled")


class Texts(Section):
    """A corpus of the language; its texts become contexts of prompts."""

    source: str = Field(description="'builtin', a text or JSONL file, or a data set of the hub")
    name: str | None = Field(
        description="The hub data set's configuration; {fineweb2} and {code} are filled in"
    )
    revision: str | None = Field(description="The hub data set's commit")
    split: str
    limit: Count = Field(description="Texts sampled")
    max_words: Positive = Field(description="A text is cut after so many words")
