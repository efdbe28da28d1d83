"""Translate exactly the text that `sentences` can write, both ways, by parsing it.

API:

    to_swahili(text) -> str | None      one or more sentences; None when one is not covered
    to_english(text) -> str | None
    register(pairs)                     add exact (English, Swahili) sentence pairs
"""

from collections.abc import Iterable


def register(pairs: Iterable[tuple[str, str]]) -> None:
    """Make exact (English, Swahili) pairs translatable; a pair is one sentence or one line.

    Raises ValueError when either side is already registered with another translation.
    """
    raise NotImplementedError


def to_swahili(text: str) -> str | None:
    """The Swahili of English text, sentence by sentence (line breaks are kept), or None."""
    raise NotImplementedError


def to_english(text: str) -> str | None:
    """The English of Swahili text, sentence by sentence (line breaks are kept), or None."""
    raise NotImplementedError
