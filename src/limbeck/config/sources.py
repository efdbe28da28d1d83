"""The config's sections on what the flow starts from: conversations, and texts of the language."""

from pathlib import Path
from typing import Any

from pydantic import Field

from limbeck.config.section import Count, Positive, Section


def public(name: str) -> str:
    """A source or a model as others may see it: where it lies on this machine is not their matter.

    >>> public("owner/name part"), public("/home/me/corpus.jsonl"), public("builtin")
    ('owner/name part', 'a local folder', 'builtin')
    """
    path = name.split(" ")[0]
    here = path.startswith(("/", ".", "~")) or Path(path).exists()
    return "a local folder" if here else name


def published(value: Any) -> Any:
    """A part of the config as others may see it: every name in it by `public`."""
    if isinstance(value, dict):
        # A key may be a place, too, as that of a merge's part is.
        return {public(key) if "/" in key else key: published(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [published(part) for part in value]
    return public(value) if isinstance(value, str) else value


class Conversations(Section):
    """English conversations to translate."""

    source: str = Field(description="'builtin', a JSONL or Parquet file, or a data set of the hub")
    name: str | None = Field(description="The hub data set's configuration")
    revision: str | None = Field(description="The hub data set's commit")
    split: str
    limit: Count = Field(description="Conversations sampled")
    max_bytes: Positive | None = Field(description="Longer ones are left out; null: none are")


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
