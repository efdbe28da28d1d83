"""Everyday dialogues (data/dialogues.yaml) and the built-in English conversations.

No conversation holds text of the built-in benchmarks.
"""

import random
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from limbeck.files import digest
from limbeck.phrasebook import facts, opinions, passages, sentences, sums
from limbeck.phrasebook.strings import TOPICS, Pair, load, plain

LABELS = ", ".join(TOPICS)

_QUESTIONS_SHARE = 0.75  # of the built-in conversations; the others are texts
_LINES = 8  # of such a text
_FACTS = 4  # questions of general knowledge in one conversation
_SUMS = 8
_BRIEF = 0.8  # share of the conversations about passages whose answers are brief

# What sentences of a label are said to be about.
SUBJECTS: dict[str, Pair] = {topic: Pair(topic, name) for topic, name in TOPICS.items()} | {
    "positive": Pair("good things", "mambo mazuri"),
    "negative": Pair("bad things", "mambo mabaya"),
}

# The sentences in which conversations and prompts ask for something, in both languages.
REQUESTS: dict[str, Pair] = {
    "letter": Pair("Answer with the letter.", "Jibu kwa herufi."),
    "brief": Pair("Answer briefly.", "Jibu kwa ufupi."),
    "number": Pair("Answer with the number.", "Jibu kwa namba."),
    "topic": Pair(
        f"What is the topic of this text: {LABELS}?",
        f"Mada ya maandishi haya ni ipi: {LABELS}?",
    ),
    "true": Pair("Is this sentence true?", "Je, sentensi hii ni kweli?"),
    "yes": Pair("Yes, it is true.", "Ndiyo, ni kweli."),
    "no": Pair("No, it is not true.", "Hapana, si kweli."),
    "into swahili": Pair(
        "Translate from English into Swahili.", "Tafsiri kutoka Kiingereza kwenda Kiswahili."
    ),
    "into english": Pair(
        "Translate from Swahili into English.", "Tafsiri kutoka Kiswahili kwenda Kiingereza."
    ),
    "unknown": Pair(
        "I am sorry, I do not know the answer to this question.",
        "Samahani, sijui jibu la swali hili.",
    ),
} | {
    f"write {label}": Pair("Write sentences about {it}.", "Andika sentensi kuhusu {it}.").filled(
        it=it
    )
    for label, it in SUBJECTS.items()
}


class Dialogue(NamedTuple):
    """A dialogue; the user has the even turns and the assistant the odd ones."""

    theme: str
    turns: tuple[Pair, ...]


@lru_cache(maxsize=1)
def dialogues() -> tuple[Dialogue, ...]:
    """All dialogues, in the order of the file."""
    return tuple(
        Dialogue(theme, tuple(map(Pair.parse, turns)))
        for theme, entries in load("dialogues.yaml").items()
        for turns in entries
    )


@lru_cache(maxsize=1)
def _answers() -> dict[str, Pair]:
    return {
        plain(text): dialogue.turns[turn + 1]
        for dialogue in dialogues()
        for turn in range(0, len(dialogue.turns) - 1, 2)
        for text in dialogue.turns[turn]
    }


def answer(message: str) -> Pair | None:
    """The turn that follows a user's turn of a dialogue, in either language, or None."""
    return _answers().get(plain(message))


def conversations(count: int, seed: int) -> list[dict[str, Any]]:
    """`count` different English conversations of a few short exchanges.

    Questions and answers first, of which a student learns each; then texts, whose sentences are
    wanted in both languages. Each is {"messages": [{"role", "content"}, ...]}.
    """
    rng = random.Random(f"conversations {seed}")
    seen: set[str] = set()
    rows: list[dict[str, Any]] = []
    while len(rows) < count:
        turns = _turns(_QUESTIONS if len(rows) < _QUESTIONS_SHARE * count else _TEXTS, rng)
        key = digest(turns)
        if key not in seen:
            seen.add(key)
            rows.append({"messages": _messages(turns)})
    return rows


def _messages(turns: list[str]) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [{"role": roles[i % 2], "content": text} for i, text in enumerate(turns)]


def _turns(kinds: "_Kinds", rng: random.Random) -> list[str]:
    write = rng.choices(list(kinds), list(kinds.values()))[0]
    return write(rng)


def _asked(rng: random.Random) -> list[str]:
    turns: list[str] = []
    for _ in range(1 if rng.random() < 0.7 else 2):
        question, statement = sentences.question_answer(rng)
        turns += [question.english, statement.english]
    return turns


def _written(rng: random.Random) -> list[str]:
    topic = rng.choice(list(TOPICS))
    lines = [sentences.compose(rng, topic).english for _ in range(_LINES)]
    return [REQUESTS[f"write {topic}"].english, "\n".join(lines)]


def _opinions(rng: random.Random) -> list[str]:
    label = rng.choice(opinions.LABELS)
    texts = [opinions.text(label, rng).english for _ in range(_LINES // 2)]
    lines = [opinions.write(label, rng).english for _ in range(_LINES // 2)]
    return [REQUESTS[f"write {label}"].english, "\n".join(texts + lines)]


def _topic(rng: random.Random) -> list[str]:
    topic = rng.choice(list(TOPICS))
    lines = [sentences.compose(rng, topic).english for _ in range(rng.randint(1, 3))]
    return [f"{REQUESTS['topic'].english}\n\n{' '.join(lines)}", topic]


def _passage(rng: random.Random) -> list[str]:
    """A passage and questions about it, all of them answered in a word or two, or in sentences."""
    passage = passages.write(rng)
    brief = rng.random() < _BRIEF
    turns = [
        turn
        for asked in rng.sample(passage.questions, len(passage.questions))
        for turn in (
            _in_brief(asked.question, asked.options[0])
            if brief
            else (asked.question.english, asked.statement.english)
        )
    ]
    return [f"{passage.text.english}\n\n{turns[0]}", *turns[1:]]


def _facts(rng: random.Random) -> list[str]:
    """Questions of general knowledge, one after the other, each answered in a word or two."""
    asked = rng.sample(facts.facts(), _FACTS)
    return [turn for fact in asked for turn in _in_brief(fact.question, fact.answer)]


def _sums(rng: random.Random) -> list[str]:
    asked = rng.sample(list(sums.exchanges().items()), _SUMS)
    return [turn.english for exchange in asked for turn in exchange]


def _in_brief(question: Pair, answer: Pair) -> list[str]:
    return [f"{question.english}\n{REQUESTS['brief'].english}", answer.english]


def _fact(rng: random.Random) -> list[str]:
    fact = rng.choice(facts.facts())
    if rng.random() < 0.5:
        return [fact.question.english, fact.statement.english]
    given = rng.choice(facts.options(fact, rng)[: rng.choice((1, 4))])
    verdict = REQUESTS["yes" if given == fact.answer else "no"].english
    return [f"{REQUESTS['true'].english} {facts.claim(fact, given).english}", verdict]


def _dialogue(rng: random.Random) -> list[str]:
    return [turn.english for turn in rng.choice(dialogues()).turns]


_Kinds = dict[Callable[[random.Random], list[str]], int]
_QUESTIONS: _Kinds = {
    _topic: 38, _passage: 25, _facts: 12, _asked: 8, _sums: 8, _fact: 5, _dialogue: 4
}  # fmt: skip
_TEXTS: _Kinds = {_written: 4, _opinions: 1}
