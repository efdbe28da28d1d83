"""Prompts in Swahili that `chat` can answer: about a topic, about a text, and revised ones."""

import random
from collections.abc import Callable, Iterator

from limbeck.phrasebook import (
    chat,
    dialogues,
    facts,
    opinions,
    passages,
    sentences,
    sums,
    wording,
)
from limbeck.phrasebook.strings import TOPICS, lettered, plain, split_sentences

_NUMBER = dialogues.REQUESTS["number"].swahili
_LETTER = dialogues.REQUESTS["letter"].swahili
_TOPIC = dialogues.REQUESTS["topic"].swahili
_TRUE = dialogues.REQUESTS["true"].swahili
_INTO_SWAHILI = (
    "Tafsiri kwa Kiswahili: {}",
    f"{dialogues.REQUESTS['into swahili'].swahili}\n\n{{}}",
)
_INTO_ENGLISH = (
    "Tafsiri kwa Kiingereza: {}",
    f"{dialogues.REQUESTS['into english'].swahili}\n\n{{}}",
)
_WRITE = (
    "Andika sentensi kuhusu {topic}.",
    "Andika sentensi {number} kuhusu {topic}.",
    "Eleza jambo kuhusu {topic}.",
    "Nieleze kwa sentensi {number} kuhusu {topic}.",
    "Niambie jambo kuhusu {topic}.",
)


def about(topic: str, count: int, rng: random.Random) -> list[str]:
    """`count` different prompts about a topic that is named in English (any free text)."""
    label = wording.topic_of(topic)
    return _different(lambda: _about(label or rng.choice(list(TOPICS)), rng), count)


def _different(write: Callable[[], str], count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found[write()] = None
    return list(found)


def _about(topic: str, rng: random.Random) -> str:
    return rng.choices(_WRITERS, _SHARES)[0](topic, rng)


def _into_swahili(topic: str, rng: random.Random) -> str:
    return rng.choice(_INTO_SWAHILI).format(sentences.compose(rng, topic).english)


def _into_english(topic: str, rng: random.Random) -> str:
    return rng.choice(_INTO_ENGLISH).format(sentences.compose(rng, topic).swahili)


def _fact(topic: str, rng: random.Random) -> str:
    return rng.choice(facts.by_topic()[topic]).question.swahili


def _fact_choice(topic: str, rng: random.Random) -> str:
    fact = rng.choice(facts.by_topic()[topic])
    options = [option.swahili for option in facts.options(fact, rng)]
    rng.shuffle(options)
    return f"{fact.question.swahili}\n{lettered(options)}\n{_LETTER}"


def _fact_check(topic: str, rng: random.Random) -> str:
    fact = rng.choice(facts.by_topic()[topic])
    answer = rng.choice(facts.options(fact, rng)[: rng.choice((1, 4))])
    return f"{_TRUE} {facts.claim(fact, answer).swahili}"


def _reading(topic: str, rng: random.Random) -> str:
    while True:
        question, statement = sentences.question_answer(rng, topic)
        lines = [statement.swahili] + [sentences.compose(rng, topic).swahili for _ in range(2)]
        rng.shuffle(lines)
        text = " ".join(lines)
        # Reasons and yes-or-no answers are no statements of a text.
        if question.frame not in ("why", "whether") and (
            chat.nearest(text, question.swahili) == statement.swahili
        ):
            return f"{text}\n\n{question.swahili}"


def _passage(topic: str, rng: random.Random) -> str:
    passage = passages.write(rng, topic=topic)
    question = rng.choice(passage.questions)
    if rng.random() < 0.5:
        return f"{passage.text.swahili}\n\n{question.question.swahili}"
    options = [option.swahili for option in question.options]
    rng.shuffle(options)
    return f"{passage.text.swahili}\n\n{question.question.swahili}\n{lettered(options)}\n{_LETTER}"


def _topic(topic: str, rng: random.Random) -> str:
    lines = [sentences.compose(rng, topic).swahili for _ in range(rng.randint(1, 3))]
    return f"{_TOPIC}\n\n{' '.join(lines)}"


def _writing(topic: str, rng: random.Random) -> str:
    return rng.choice(_WRITE).format(topic=TOPICS[topic], number=rng.randint(2, 3))


def _talk(topic: str, rng: random.Random) -> str:
    return rng.choice(dialogues.dialogues()).turns[0].swahili


def _sum(topic: str, rng: random.Random) -> str:
    text = sums.write(rng)
    return text if rng.random() < 0.5 else f"{text}\n{_NUMBER}"


_SHARED: dict[Callable[[str, random.Random], str], int] = {
    _into_swahili: 18,
    _into_english: 12,
    _fact: 10,
    _fact_choice: 10,
    _fact_check: 4,
    _reading: 14,
    _passage: 15,
    _topic: 10,
    _writing: 2,
    _talk: 3,
    _sum: 100,
}
_WRITERS, _SHARES = list(_SHARED), list(_SHARED.values())


# Requests about a text that stands before them, by kind. A text is asked about itself by `_asks`.
_CONTEXT: dict[str, tuple[str, ...]] = {
    "translate": (
        "Tafsiri maandishi haya kwa Kiingereza.",
        "Tafadhali tafsiri maandishi ya juu kwa Kiingereza.",
        "Nahitaji tafsiri ya maandishi haya kwa Kiingereza.",
        "Andika tafsiri ya Kiingereza ya maandishi haya.",
    ),
    "summarise": (
        "Fupisha maandishi haya kwa sentensi moja.",
        "Andika muhtasari wa maandishi haya.",
        "Wazo kuu la maandishi haya ni lipi?",
        "Toa muhtasari mfupi wa maandishi ya juu.",
    ),
    "improve": (
        "Boresha mpangilio wa maandishi haya.",
        "Panga maandishi haya kama orodha.",
        "Andika upya maandishi haya kwa orodha ya sentensi.",
        "Boresha maandishi haya ili yasomeke kwa urahisi.",
    ),
    "classify": (
        _TOPIC,
        f"Chagua mada ya maandishi haya: {dialogues.LABELS}?",
        f"Maandishi haya yako katika mada gani: {dialogues.LABELS}?",
        f"Weka maandishi haya katika mada moja: {dialogues.LABELS}?",
    ),
}


def on_text(kind: str, text: str, count: int, rng: random.Random) -> list[str]:
    """`count` different requests of a kind about a text; the text is put before each elsewhere."""
    known = list(_CONTEXT.get(kind, ()))
    if kind == "classify" and wording.topic_of(text) is None:
        known = []  # everyday life is no topic of the list
    rng.shuffle(known)
    # A kind has a handful of wordings; when more are wanted, questions about the text follow.
    asked: dict[str, None] = dict.fromkeys(known[:count])
    questions = _asks(text, rng)
    while len(asked) < count:
        asked[next(questions)] = None
    return list(asked)


def _asks(text: str, rng: random.Random) -> Iterator[str]:
    questions = passages.ask(text)
    rng.shuffle(questions)
    for question in questions:
        yield question if rng.random() < 0.5 else _choice(text, question, rng)
    own = split_sentences(text)
    rng.shuffle(own)
    if rng.random() < 0.5:
        yield "Maandishi haya yanahusu nini?"
    for sentence in own:
        if rng.random() < 0.5:
            yield f"{_TRUE} {sentence}"
        else:
            yield f"{_TRUE} {sentences.compose(rng).swahili}"
    while True:
        yield f"{_TRUE} {sentences.compose(rng).swahili}"


def _choice(text: str, question: str, rng: random.Random) -> str:
    found = passages.answer(text, question)
    assert found is not None, question
    options = [found.phrase, *passages.options_like(found.phrase, rng)]
    rng.shuffle(options)
    return f"{question}\n{lettered(options)}\n{_LETTER}"


# What each way of revising puts before and after a prompt.
_BRIEFLY, _ONE_SENTENCE = chat.AFTER[:1], chat.AFTER[1:2]
_WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "natural": (chat.BEFORE[:2], chat.AFTER[3:4]),
    "context": (chat.BEFORE[2:4], ()),
    "longer": (chat.BEFORE[4:], chat.AFTER[2:]),
    "culture": (chat.BEFORE[6:], ()),
    "harder": ((), chat.AFTER[4:]),
    "length": ((), _BRIEFLY),
    "format": ((), _ONE_SENTENCE),
}


def revise(prompt: str, way: str, text: str, rng: random.Random) -> str:
    """A prompt rewritten in a way; `text` is what it is about, or "" for a prompt of its own.

    A related prompt is a new one; the other ways put a sentence before or after the prompt.
    """
    if way == "related":
        return on_text("answer", text, 1, rng)[0] if text else about(prompt, 1, rng)[0]
    before, after = _WAYS.get(way, (chat.BEFORE, chat.AFTER[2:]))
    # A closing sentence belongs to a request, not to a text or to options that stand last.
    if "\n" in prompt or ": " in prompt:
        before, after = before or chat.BEFORE, ()
    if after == _ONE_SENTENCE and not _single(prompt, text):
        after = _BRIEFLY
    opening = rng.choice(before) if before else ""
    closing = rng.choice(after) if after and (not opening or rng.random() < 0.4) else ""
    return " ".join(filter(None, (opening, prompt, closing)))


def _single(prompt: str, text: str) -> bool:
    """Whether the answer to a prompt is one sentence."""
    answer = chat.answer(f"{text}\n\n{prompt}".strip(), random.Random(0))
    return len(split_sentences(answer.content)) == 1


def examples(label: str, count: int, rng: random.Random) -> list[str]:
    """`count` different texts of a label: a topic, a sentiment, or (unknown) any topic."""
    sentiment = plain(label)
    topic = label if label in TOPICS else None

    def write() -> str:
        if sentiment in opinions.LABELS:
            return opinions.text(sentiment, rng).swahili
        while True:
            lines = [sentences.compose(rng, topic).swahili for _ in range(rng.randint(1, 2))]
            text = " ".join(lines)
            # Some sentences fit several topics; an example shows its own.
            if topic is None or wording.topic_of(text) == topic:
                return text

    return _different(write, count)
