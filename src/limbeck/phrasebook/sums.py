"""Sums, and sums in words of two steps, with which a trace of thought helps (data/sums.yaml).

Numbers are small, and sums in words Swahili alone. The people of the built-in benchmark are in no
other sum.
"""

import random
import re
from functools import lru_cache
from typing import Any, NamedTuple

from limbeck.phrasebook import passages
from limbeck.phrasebook.strings import Pair, load, split_sentences

_FIRST = range(2, 10)  # what a person has; with 1 the thing would have to be in the singular
_CHANGES = range(1, 6)
_LEAST, _MOST = 2, 12  # after each step
_STEPS = 2

_ASKED = Pair("How much is {sum}?", "Je, {sum} ni ngapi?")
_ANSWERED = Pair("It is {sum}.", "Ni {sum}.")


class Solution(NamedTuple):
    """The answer to a sum in words: a sentence, a few words, and the steps that lead to it."""

    statement: str
    brief: str
    steps: str
    number: int


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    raw: dict[str, Any] = load("sums.yaml")
    return raw | {"things": [line.split(" | ") for line in raw["things"]]}


@lru_cache(maxsize=1)
def exchanges() -> dict[Pair, Pair]:
    """All sums of two numbers, each with its answer."""
    return {
        _ASKED.filled(sum=_said(total, change)): _ANSWERED.filled(sum=_done(total, change))
        for total in range(_LEAST, _MOST + 1)
        for change in _changes(total)
    }


@lru_cache(maxsize=1)
def _answers() -> dict[str, Pair]:
    return {text: answer for question, answer in exchanges().items() for text in question}


def answer(question: str) -> Pair | None:
    """The answer to a sum of two numbers, asked in either language, or None."""
    return _answers().get(question)


def _changes(total: int) -> list[int]:
    signed = [sign * number for sign in (1, -1) for number in _CHANGES]
    return [change for change in signed if _LEAST <= total + change <= _MOST]


def _said(total: int, change: int) -> str:
    return f"{total} {'+' if change > 0 else '-'} {abs(change)}"


def _done(total: int, change: int) -> str:
    return f"{_said(total, change)} = {total + change}"


def write(rng: random.Random, held_out: bool = False) -> str:
    """A sum in words: what a random person had, two changes, and how many there are now."""
    data = _data()
    things, how_many = rng.choice(data["things"])
    words = {"name": passages.person(rng, held_out), "things": things, "how_many": how_many}
    total = rng.choice(_FIRST)
    sentences = [data["had"].format(**words, number=total)]
    for _ in range(_STEPS):
        change = rng.choice(_changes(total))
        wording = rng.choice(data["more" if change > 0 else "fewer"])
        sentences.append(wording.format(number=abs(change)))
        total += change
    return " ".join([*sentences, data["question"].format(**words)])


def solve(text: str) -> Solution | None:
    """The answer to a text that holds a sum in words, or None."""
    data = _data()
    total: int | None = None
    steps: list[str] = []
    for sentence in split_sentences(text):
        if match := _pattern(data["had"]).fullmatch(sentence):
            total = int(match["number"])
            steps = [data["begun"].format(number=total)]
        elif total is not None and (change := _told(sentence)):
            steps.append(data["step"].format(told=sentence[:-1], sum=_done(total, change)))
            total += change
        elif total is not None and (match := _pattern(data["question"]).fullmatch(sentence)):
            statement = data["answer"].format(
                name=match["name"], things=match["things"], number=total
            )
            return Solution(statement, data["brief"].format(number=total), " ".join(steps), total)
    return None


def _told(sentence: str) -> int | None:
    """The change that a sentence tells of, or None."""
    for sign, kind in ((1, "more"), (-1, "fewer")):
        for wording in _data()[kind]:
            if match := _pattern(wording).fullmatch(sentence):
                return sign * int(match["number"])
    return None


@lru_cache(maxsize=16)
def _pattern(template: str) -> re.Pattern[str]:
    named = re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\w+)", re.escape(template))
    return re.compile(named.replace(r"(?P<number>\w+)", r"(?P<number>\d+)"))
