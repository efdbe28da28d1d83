"""General-knowledge questions and answers in English and Swahili (data/facts.tsv).

Each fact has two wordings of its question: the first is for prompts and conversations, the second
only for the built-in benchmarks.
"""

import csv
import random
from functools import lru_cache
from typing import NamedTuple

from limbeck.phrasebook.strings import Pair, plain, read

# What an answer of each group is, as a Swahili phrase after "Swali linauliza kuhusu".
KINDS: dict[str, str] = {
    "animal": "mnyama",
    "artist": "msanii",
    "carer": "mtaalamu wa afya",
    "city": "mji",
    "continent": "bara",
    "country": "nchi",
    "currency": "sarafu",
    "desert": "jangwa",
    "direction": "upande",
    "document": "hati",
    "gas": "gesi",
    "hygiene": "kitu cha usafi",
    "insect": "mdudu",
    "instrument": "ala ya muziki",
    "language": "lugha",
    "mountain": "mlima",
    "number": "idadi",
    "office": "kiongozi",
    "organ": "kiungo cha mwili",
    "painter": "mchoraji",
    "person": "kiongozi",
    "place": "mahali",
    "player": "mtu wa michezo",
    "scientist": "mwanasayansi",
    "sky": "kitu cha angani",
    "sport": "mchezo",
    "substance": "kitu",
    "tool": "kifaa",
    "vehicle": "chombo cha usafiri",
    "water": "maji ya dunia",
    "year": "mwaka",
}


class Fact(NamedTuple):
    """A fact; ``group`` names the facts whose answers are of the same kind."""

    topic: str
    group: str
    question: Pair
    held_out_question: Pair
    answer: Pair
    statement: Pair


@lru_cache(maxsize=1)
def facts() -> tuple[Fact, ...]:
    """All facts, in the order of the file."""
    lines = [line for line in read("facts.tsv").splitlines() if not line.startswith("#")]
    return tuple(
        Fact(row["topic"], row["group"], *(_pair(row, name) for name in _PAIRS))
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    )


_PAIRS = ("question", "held", "answer", "statement")


def _pair(row: dict[str, str], name: str) -> Pair:
    return Pair(row[f"{name}_en"], row[f"{name}_sw"])


@lru_cache(maxsize=1)
def by_topic() -> dict[str, tuple[Fact, ...]]:
    """The facts of each topic."""
    topics = dict.fromkeys(fact.topic for fact in facts())
    return {topic: tuple(f for f in facts() if f.topic == topic) for topic in topics}


@lru_cache(maxsize=1)
def _questions() -> dict[str, Fact]:
    return {
        plain(text): fact for fact in facts() for text in (*fact.question, *fact.held_out_question)
    }


def find(question: str) -> Fact | None:
    """The fact that a question asks for, in any of its wordings in either language."""
    return _questions().get(plain(question))


@lru_cache(maxsize=1)
def _answers() -> dict[str, tuple[Pair, ...]]:
    groups: dict[str, dict[Pair, None]] = {}
    for fact in facts():
        groups.setdefault(fact.group, {})[fact.answer] = None
    return {group: tuple(answers) for group, answers in groups.items()}


def answers(group: str) -> tuple[Pair, ...]:
    """The different answers of a group of facts."""
    return _answers()[group]


def options(fact: Fact, rng: random.Random) -> list[Pair]:
    """The right answer of a fact, first, and three wrong ones of the same kind."""
    others = [answer for answer in _answers()[fact.group] if answer != fact.answer]
    return [fact.answer, *rng.sample(others, 3)]


def claim(fact: Fact, answer: Pair) -> Pair:
    """The statement of a fact with another answer in the place of the right one."""
    return Pair(
        *(
            _replace(statement, right, given)
            for statement, right, given in zip(fact.statement, fact.answer, answer, strict=True)
        )
    )


def _replace(statement: str, right: str, given: str) -> str:
    if right in statement:
        return statement.replace(right, given, 1)
    return statement.replace(_capital(right), _capital(given), 1)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@lru_cache(maxsize=1)
def _claims() -> dict[str, tuple[Fact, bool]]:
    table: dict[str, tuple[Fact, bool]] = {}
    for fact in facts():
        for answer in _answers()[fact.group]:
            for text in claim(fact, answer):
                # Two facts of one wording differ in truth only where the first was the true one.
                if answer == fact.answer or plain(text) not in table:
                    table[plain(text)] = (fact, answer == fact.answer)
    return table


def check(statement: str) -> tuple[Fact, bool] | None:
    """Whether a statement with the wording of a known fact is true, and that fact."""
    return _claims().get(plain(statement))
