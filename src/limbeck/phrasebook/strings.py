"""Small helpers for bilingual text that the other modules of the phrasebook share."""

import re
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

# The labels of SIB-200, with their Swahili names for running text.
TOPICS: dict[str, str] = {
    "science/technology": "sayansi",
    "travel": "safari",
    "politics": "siasa",
    "sports": "michezo",
    "health": "afya",
    "entertainment": "burudani",
    "geography": "jiografia",
}
LETTERS = "ABCD"

_NOISE = re.compile(r"[^\w\s'/-]+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


class Pair(NamedTuple):
    """One text in both languages."""

    english: str
    swahili: str

    @classmethod
    def parse(cls, line: str) -> "Pair":
        """A pair from a data file's "English | Swahili"; ValueError for anything else."""
        english, swahili = line.split(" | ")
        return cls(english.strip(), swahili.strip())

    def filled(self, **slots: "Pair | str") -> "Pair":
        """The pair with its ``{slots}`` filled, each language with its own side of the values."""
        sides = ({k: v if isinstance(v, str) else v[i] for k, v in slots.items()} for i in (0, 1))
        english, swahili = sides
        return Pair(self.english.format(**english), self.swahili.format(**swahili))


def plain(text: str) -> str:
    """Text for comparison: lower case, single spaces, no punctuation."""
    return " ".join(_NOISE.sub(" ", text.lower().replace("\u2019", "'")).split())


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, split after full stops, question and exclamation marks."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part]


def lettered(options: tuple[str, ...] | list[str]) -> str:
    """Options as lines: "A. first", "B. second", ..."""
    return "\n".join(f"{letter}. {text}" for letter, text in zip(LETTERS, options, strict=False))


def load(name: str) -> Any:
    """A YAML file of the phrasebook's ``data`` folder."""
    return yaml.safe_load(read(name))


def read(name: str) -> str:
    """The text of a file of the phrasebook's ``data`` folder."""
    return (files(__package__) / "data" / name).read_text(encoding="utf-8")
