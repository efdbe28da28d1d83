"""Compose grammatical Swahili sentences with their English, over the topics of SIB-200.

API (all deterministic for a given state of `rng`, on any platform):

    TOPICS                                   the seven SIB-200 labels and "everyday"
    compose(rng, topic, held_out)            one statement, 3-12 words
    question_answer(rng, topic, held_out)    a question and the statement that answers it
    quiz(rng, topic, held_out)               the same with four short options, one of them right
    is_held_out(key)                         the split: 1 English text in 8

Each English text has one Swahili text and the reverse (see `translate`).
"""

import random
from typing import NamedTuple

TOPICS: tuple[str, ...] = (
    "science/technology",
    "travel",
    "politics",
    "sports",
    "health",
    "entertainment",
    "geography",
    "everyday",
)


class Sentence(NamedTuple):
    """One sentence in both languages; `key` is what `is_held_out` takes."""

    english: str
    swahili: str
    topic: str
    frame: str
    key: str


class Phrase(NamedTuple):
    """A short answer (a noun phrase, a place or a time), without a full stop."""

    english: str
    swahili: str


class Quiz(NamedTuple):
    """A question, the statement that answers it, four options and the index of the right one."""

    question: Sentence
    answer: Sentence
    options: tuple[Phrase, ...]
    correct: int


def is_held_out(key: str) -> bool:
    """Whether an English text belongs to the test split (1 in 8, by sha256 of its lower case)."""
    raise NotImplementedError


def compose(rng: random.Random, topic: str | None = None, held_out: bool = False) -> Sentence:
    """A statement about `topic` (any, when None), from the asked side of the split only."""
    raise NotImplementedError


def question_answer(
    rng: random.Random, topic: str | None = None, held_out: bool = False
) -> tuple[Sentence, Sentence]:
    """A question and the statement that answers it, both from the asked side of the split."""
    raise NotImplementedError


def quiz(rng: random.Random, topic: str | None = None, held_out: bool = False) -> Quiz:
    """A question, its answer and four different short options of the same kind."""
    raise NotImplementedError
