"""Everyday dialogues (data/dialogues.yaml) and the built-in English conversations.

No conversation holds text of the built-in benchmarks.
"""

import random
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from limbeck.files import digest
from limbeck.phrasebook import facts, opinions, passages, sentences
from limbeck.phrasebook.strings import LETTERS, TOPICS, Pair, lettered, load, plain

LABELS = ", ".join(TOPICS)

# What sentences of a label are said to be about.
SUBJECTS: dict[str, Pair] = {topic: Pair(topic, name) for topic, name in TOPICS.items()} | {
    "positive": Pair("good things", "mambo mazuri"),
    "negative": Pair("bad things", "mambo mabaya"),
}

# The sentences in which conversations and prompts ask for something, in both languages.
REQUESTS: dict[str, Pair] = {
    "letter": Pair("Answer with the letter.", "Jibu kwa herufi."),
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
    """`count` different English conversations of one or two short exchanges.

    Each is {"messages": [{"role", "content"}, ...]}.
    """
    rng = random.Random(f"conversations {seed}")
    seen: set[str] = set()
    rows: list[dict[str, Any]] = []
    while len(rows) < count:
        turns = _turns(rng)
        key = digest(turns)
        if key not in seen:
            seen.add(key)
            rows.append({"messages": _messages(turns)})
    return rows


def _messages(turns: list[str]) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [{"role": roles[i % 2], "content": text} for i, text in enumerate(turns)]


def _turns(rng: random.Random) -> list[str]:
    write = rng.choices(_WRITERS, _SHARES)[0]
    return write(rng)


def _asked(rng: random.Random) -> list[str]:
    turns: list[str] = []
    for _ in range(1 if rng.random() < 0.7 else 2):
        question, statement = sentences.question_answer(rng)
        turns += [question.english, statement.english]
    return turns


def _written(rng: random.Random) -> list[str]:
    topic = rng.choice(list(TOPICS))
    lines = [sentences.compose(rng, topic).english for _ in range(3)]
    return _in_turns(topic, lines, rng)


def _opinions(rng: random.Random) -> list[str]:
    label = rng.choice(opinions.LABELS)
    if rng.random() < 0.5:
        lines = [opinions.write(label, rng).english for _ in range(5)]
        return [REQUESTS[f"write {label}"].english, "\n".join(lines)]
    lines = [opinions.text(label, rng).english for _ in range(3)]
    return _in_turns(label, lines, rng)


def _in_turns(label: str, texts: list[str], rng: random.Random) -> list[str]:
    """A request for texts of a label: all in one reply, or asked for one after the other."""
    request = REQUESTS[f"write {label}"].english
    if rng.random() < 0.5:
        return [request, "\n".join(texts)]
    return [turn for text in texts for turn in (request, text)]


def _topic(rng: random.Random) -> list[str]:
    topic = rng.choice(list(TOPICS))
    return [f"{REQUESTS['topic'].english}\n\n{sentences.compose(rng, topic).english}", topic]


def _passage(rng: random.Random) -> list[str]:
    passage = passages.write(rng)
    asked = rng.choice(passage.questions)
    text = f"{passage.text.english}\n\n{asked.question.english}"
    if rng.random() < 0.5:
        return [text, asked.statement.english]
    return _multiple_choice(text, asked.options, rng)


def _fact_choice(rng: random.Random) -> list[str]:
    fact = rng.choice(facts.facts())
    return _multiple_choice(fact.question.english, facts.options(fact, rng), rng)


def _multiple_choice(text: str, options: Sequence[Pair], rng: random.Random) -> list[str]:
    """A question whose first option is right, with the options shuffled, and the right letter."""
    shuffled = rng.sample(options, len(options))
    lines = lettered([option.english for option in shuffled])
    letter = LETTERS[shuffled.index(options[0])]
    return [f"{text}\n{lines}\n{REQUESTS['letter'].english}", letter]


def _fact(rng: random.Random) -> list[str]:
    fact = rng.choice(facts.facts())
    if rng.random() < 0.5:
        return [fact.question.english, fact.statement.english]
    given = rng.choice(facts.options(fact, rng)[: rng.choice((1, 4))])
    verdict = REQUESTS["yes" if given == fact.answer else "no"].english
    return [f"{REQUESTS['true'].english} {facts.claim(fact, given).english}", verdict]


def _dialogue(rng: random.Random) -> list[str]:
    return [turn.english for turn in rng.choice(dialogues()).turns]


_KINDS: dict[Callable[[random.Random], list[str]], int] = {
    # Plain statements first: they teach a small student the words of both languages.
    _written: 60,
    _opinions: 35,
    _asked: 16,
    _topic: 6,
    _fact: 6,
    _passage: 5,
    _dialogue: 4,
    _fact_choice: 3,
}
_WRITERS, _SHARES = list(_KINDS), list(_KINDS.values())
