"""Short passages about one person, with questions and options (data/passages.yaml).

A passage is a template's four or five sentences with its slots filled. The people of the built-in
benchmarks' passages appear in no other passage, so no held-out passage or question can leak.
"""

import random
import re
from functools import lru_cache
from typing import NamedTuple

from limbeck.phrasebook import sentences
from limbeck.phrasebook.strings import TOPICS, Pair, load, split_sentences


class Question(NamedTuple):
    """A question about a passage; ``options[0]`` is the right one, ``statement`` answers it."""

    question: Pair
    statement: Pair
    options: tuple[Pair, ...]


class Passage(NamedTuple):
    """A passage of four or five sentences, with a question for each of its slots."""

    topic: str
    text: Pair
    questions: tuple[Question, ...]


class _Template(NamedTuple):
    topic: str
    sentences: tuple[Pair, ...]
    questions: dict[str, Pair]


class _Data(NamedTuple):
    names: tuple[str, ...]
    held_out_names: tuple[str, ...]
    slots: dict[str, tuple[Pair, ...]]
    templates: tuple[_Template, ...]


class Answer(NamedTuple):
    """The sentence of a passage that answers a question, and the short answer in it."""

    statement: str
    phrase: str


@lru_cache(maxsize=1)
def _data() -> _Data:
    raw = load("passages.yaml")
    return _Data(
        tuple(raw["names"]),
        tuple(raw["held_out_names"]),
        {name: tuple(map(Pair.parse, values)) for name, values in raw["slots"].items()},
        tuple(
            _Template(
                template["topic"],
                tuple(map(Pair.parse, template["sentences"])),
                {slot: Pair.parse(line) for slot, line in template["questions"].items()},
            )
            for template in raw["passages"]
        ),
    )


def write(rng: random.Random, held_out: bool = False, topic: str | None = None) -> Passage:
    """A passage about a random person; `held_out` ones are about people of their own."""
    data = _data()
    templates = [t for t in data.templates if topic is None or t.topic == topic]
    template = rng.choice(templates)
    name = person(rng, held_out)
    # The right option is drawn first, so that it is the one that the passage tells.
    drawn = {slot: tuple(rng.sample(data.slots[slot], 4)) for slot in template.questions}
    slots: dict[str, Pair | str] = {"name": name}
    slots.update({slot: options[0] for slot, options in drawn.items()})
    sentences = [sentence.filled(**slots) for sentence in template.sentences]
    questions = tuple(
        Question(
            question.filled(name=name),
            sentences[_holder(template, slot)],
            drawn[slot],
        )
        for slot, question in template.questions.items()
    )
    text = Pair(" ".join(s.english for s in sentences), " ".join(s.swahili for s in sentences))
    return Passage(template.topic, text, questions)


def person(rng: random.Random, held_out: bool) -> str:
    """A person's name; `held_out` ones are of the built-in benchmarks alone."""
    return rng.choice(_data().held_out_names if held_out else _data().names)


def _holder(template: _Template, slot: str) -> int:
    return next(i for i, s in enumerate(template.sentences) if f"{{{slot}}}" in s.english)


@lru_cache(maxsize=2)
def _sentence_patterns(side: int) -> tuple[tuple[re.Pattern[str], Pair, str], ...]:
    return tuple(
        (_pattern(sentence[side], side), sentence, template.topic)
        for template in _data().templates
        for sentence in template.sentences
    )


def _pattern(text: str, side: int) -> re.Pattern[str]:
    data = _data()
    parts = []
    for part in re.split(r"(\{\w+\})", text):
        if part == "{name}":
            names = "|".join((*data.names, *data.held_out_names))
            parts.append(f"(?P<name>{names})")
        elif part.startswith("{"):
            values = "|".join(re.escape(value[side]) for value in data.slots[part[1:-1]])
            parts.append(f"(?P<{part[1:-1]}>{values})")
        else:
            parts.append(re.escape(part))
    return re.compile("".join(parts))


@lru_cache(maxsize=4096)
def translate(sentence: str, into_english: bool) -> str | None:
    """The other language's side of one sentence or question of a passage, or None."""
    side = 1 if into_english else 0
    for patterns in (_sentence_patterns(side), _question_patterns(side)):
        for pattern, pair, _ in patterns:
            if match := pattern.fullmatch(sentence):
                return pair.filled(**_filling(match, side))[1 - side]
    return None


def _filling(match: re.Match[str], side: int) -> dict[str, Pair | str]:
    data = _data()
    filling: dict[str, Pair | str] = {}
    for slot, value in match.groupdict().items():
        known = data.slots.get(slot, ())
        filling[slot] = next((pair for pair in known if pair[side] == value), value)
    return filling


def topic_of(sentence: str) -> str | None:
    """The topic of one sentence of a passage, in either language, or None."""
    for side in (0, 1):
        for pattern, _, topic in _sentence_patterns(side):
            if pattern.fullmatch(sentence):
                return topic
    return None


@lru_cache(maxsize=2)
def _question_patterns(side: int) -> tuple[tuple[re.Pattern[str], Pair, str], ...]:
    return tuple(
        (_pattern(question[side], side), question, slot)
        for template in _data().templates
        for slot, question in template.questions.items()
    )


def ask(text: str) -> list[str]:
    """The questions that a text answers, in its language, in the order of its templates."""
    sentences = split_sentences(text)
    found = []
    for side in (1, 0):
        for pattern, pair, _ in _sentence_patterns(side):
            for match in filter(None, map(pattern.fullmatch, sentences)):
                for slot, question in _asked(pair).items():
                    if slot in match.groupdict():
                        found.append(question.filled(name=match["name"])[side])
    return list(dict.fromkeys(found))


def _asked(sentence: Pair) -> dict[str, Pair]:
    return next(t.questions for t in _data().templates if sentence in t.sentences)


def answer(text: str, question: str) -> Answer | None:
    """The answer to a question about a passage, found in the passage's own sentences, or None."""
    for side in (1, 0):
        for pattern, pair, slot in _question_patterns(side):
            if asked := pattern.fullmatch(question):
                return _search(text, pair, slot, asked["name"])
    return None


def _search(text: str, question: Pair, slot: str, name: str) -> Answer | None:
    template = next(t for t in _data().templates if t.questions.get(slot) == question)
    sentence = template.sentences[_holder(template, slot)]
    for side in (1, 0):
        pattern = _compiled(sentence[side], side)
        for candidate in split_sentences(text):
            match = pattern.fullmatch(candidate)
            if match and match["name"] == name:
                return Answer(candidate, match[slot])
    return None


@lru_cache(maxsize=256)
def _compiled(text: str, side: int) -> re.Pattern[str]:
    return _pattern(text, side)


def values() -> list[Pair]:
    """All that the slots can hold."""
    return [value for values in _data().slots.values() for value in values]


def options_like(answer: str, rng: random.Random) -> list[str]:
    """Three other answers of the same kind, in the answer's language; fewer if there are none."""
    for values in _data().slots.values():
        for side in (1, 0):
            words = [value[side] for value in values]
            if answer in words:
                return rng.sample([word for word in words if word != answer], 3)
    return []


def texts(count: int, seed: int) -> list[str]:
    """`count` different Swahili texts of three to five sentences, without held-out text.

    Half are passages about a person, half composed sentences about one topic.
    """
    rng = random.Random(f"texts {seed}")
    found: dict[str, None] = {}
    while len(found) < count:
        if rng.random() < 0.5:
            found[write(rng).text.swahili] = None
        else:
            topic = rng.choice(list(TOPICS))
            lines = [sentences.compose(rng, topic).swahili for _ in range(rng.randint(3, 5))]
            found[" ".join(lines)] = None
    return list(found)
