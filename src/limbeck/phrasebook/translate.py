"""Translate exactly the text that `sentences` can write, both ways, by parsing it.

API:

    to_swahili(text) -> str | None      one or more sentences; None when one is not covered
    to_english(text) -> str | None

A sentence is read into its meaning and written in the other language; a reading counts only when
it is written back as exactly the sentence that was read.
"""

import re
from collections.abc import Callable

from limbeck.phrasebook import read_english, read_swahili, write_english, write_swahili
from limbeck.phrasebook.meaning import Clause, fits

_END = re.compile(r"(?<=[.?!])\s+")


def to_swahili(text: str) -> str | None:
    """The Swahili of English text, sentence by sentence (line breaks are kept), or None."""
    return _translate(text, _swahili_of)


def to_english(text: str) -> str | None:
    """The English of Swahili text, sentence by sentence (line breaks are kept), or None."""
    return _translate(text, _english_of)


def _swahili_of(sentence: str) -> str | None:
    for meaning in read_english.candidates(sentence):
        if meaning.time and not _timely(meaning):
            continue
        if write_english.sentence(meaning) == sentence:
            return write_swahili.sentence(meaning)
    return None


def _english_of(sentence: str) -> str | None:
    for meaning in read_swahili.candidates(sentence):
        if write_swahili.sentence(meaning) == sentence:
            return write_english.sentence(meaning)
    return None


def _timely(meaning: Clause) -> bool:
    """Whether its time phrase goes with its tense ("they read every day" is no past)."""
    assert meaning.time is not None
    return meaning.frame != "act" or bool(meaning.helper) or fits(meaning.time, meaning.tense)


def _translate(text: str, one: Callable[[str], str | None]) -> str | None:
    if not text.strip():
        return None
    lines = []
    for line in text.split("\n"):
        translated = _line(line, one) if line.strip() else line
        if translated is None:
            return None
        lines.append(translated)
    return "\n".join(lines)


def _line(line: str, one: Callable[[str], str | None]) -> str | None:
    sentences = []
    for sentence in _END.split(line.strip()):
        translated = one(sentence)
        if translated is None:
            return None
        sentences.append(translated)
    return " ".join(sentences)
