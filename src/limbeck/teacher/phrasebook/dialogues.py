"""Everyday dialogues (data/dialogues.yaml) and the built-in English conversations.

No conversation holds text of the built-in benchmarks.
"""

import random
from functools import lru_cache
from typing import Any, NamedTuple

from limbeck.files import digest
from limbeck.teacher.phrasebook import facts, passages, sentences
from limbeck.teacher.phrasebook.text import LETTERS, TOPICS, Pair, lettered, load, plain

LABELS = ", ".join(TOPICS)

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
    "unknown": Pair(
        "I am sorry, I do not know the answer to this question.",
        "Samahani, sijui jibu la swali hili.",
    ),
} | {
    f"write {label}": Pair(f"Write a sentence about {label}.", f"Andika sentensi kuhusu {name}.")
    for label, name in TOPICS.items()
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
    """`count` different English conversations, short and single-minded, of one or two exchanges.

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
    kind = rng.random()
    if kind < 0.40:
        return _asked(rng) + (_asked(rng) if rng.random() < 0.3 else [])
    if kind < 0.55:
        topic = rng.choice(list(TOPICS))
        statement = sentences.compose(rng, topic).english
        return [REQUESTS[f"write {topic}"].english, statement]
    if kind < 0.62:
        topic = rng.choice(list(TOPICS))
        statement = sentences.compose(rng, topic).english
        return [f"{REQUESTS['topic'].english}\n\n{statement}", topic]
    if kind < 0.70:
        return _multiple_choice(rng)
    if kind < 0.78:
        passage = passages.write(rng)
        question = rng.choice(passage.questions)
        text = f"{passage.text.english}\n\n{question.question.english}"
        return [text, question.statement.english]
    if kind < 0.90:
        return _fact(rng)
    dialogue = rng.choice(dialogues())
    return [turn.english for turn in dialogue.turns]


def _asked(rng: random.Random) -> list[str]:
    question, statement = sentences.question_answer(rng)
    return [question.english, statement.english]


def _multiple_choice(rng: random.Random) -> list[str]:
    quiz = sentences.quiz(rng)
    options = lettered([option.english for option in quiz.options])
    request = REQUESTS["letter"].english
    return [f"{quiz.question.english}\n{options}\n{request}", LETTERS[quiz.correct]]


def _fact(rng: random.Random) -> list[str]:
    fact = rng.choice(facts.facts())
    if rng.random() < 0.5:
        return [fact.question.english, fact.statement.english]
    given = rng.choice(facts.options(fact, rng)[: rng.choice((1, 4))])
    verdict = REQUESTS["yes" if given == fact.answer else "no"].english
    return [f"{REQUESTS['true'].english} {facts.claim(fact, given).english}", verdict]
