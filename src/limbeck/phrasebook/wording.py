"""Translation and topics of all that the phrasebook knows: composed sentences, facts, dialogues,
passages and the requests themselves.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from limbeck.phrasebook import (
    dialogues,
    facts,
    opinions,
    passages,
    sentences,
    sums,
    translate,
)
from limbeck.phrasebook.strings import TOPICS, Pair, load, plain, split_sentences

_OPTION = re.compile(r"([A-D])\. (.+)")
_PLACE = re.compile(r"\{[a-z]+\}")  # of a template, for a text


def _pairs() -> Iterator[Pair]:
    for fact in facts.facts():
        yield from (fact.question, fact.held_out_question, fact.statement)
        yield from (facts.claim(fact, answer) for answer in facts.answers(fact.group))
    for dialogue in dialogues.dialogues():
        yield from dialogue.turns
    for exchange in sums.exchanges().items():
        yield from exchange
    yield from dialogues.REQUESTS.values()
    for held_out in (False, True):
        for lines in opinions.phrases(held_out).values():
            yield from lines


@lru_cache(maxsize=1)
def _known() -> tuple[dict[str, str], dict[str, str]]:
    """Sentences of the data files, from each language into the other."""
    tables: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for pair in _pairs():
        parts = [split_sentences(side) for side in pair]
        aligned = [pair, *map(Pair._make, zip(*parts, strict=True))]
        for english, swahili in aligned:
            tables[0].setdefault(english, swahili)
            tables[1].setdefault(swahili, english)
    return tables


@lru_cache(maxsize=1)
def _phrases() -> dict[str, str]:
    """Short answers and labels, from English."""
    table = {label: label for label in (*TOPICS, *opinions.LABELS, *"ABCD")}
    for fact in facts.facts():
        table.setdefault(*fact.answer)
    for pair in passages.values():
        table.setdefault(*pair)
    return table


def prepare() -> None:
    """Read and count what the first request would otherwise wait for."""
    _known()
    _phrases()
    _weights()


def to_swahili(text: str) -> str | None:
    """The Swahili of English text, line by line and sentence by sentence, or None."""
    return _by_line(text, into_english=False)


def to_english(text: str) -> str | None:
    """The English of Swahili text, line by line and sentence by sentence, or None."""
    return _by_line(text, into_english=True)


def back_to_english(text: str) -> str | None:
    """The English of what `to_swahili` wrote, options and labels included, or None."""
    phrases = {swahili: english for english, swahili in _phrases().items()}
    lines = []
    for line in text.split("\n"):
        option = _OPTION.fullmatch(line)
        known = phrases.get(option[2] if option else line)
        done = f"{option[1]}. {known}" if option and known else known or to_english(line)
        if done is None:
            return None
        lines.append(done)
    return "\n".join(lines)


def _by_line(text: str, into_english: bool) -> str | None:
    lines = []
    for line in text.split("\n"):
        done = _line(line.strip(), into_english) if line.strip() else ""
        if done is None:
            return None
        lines.append(done)
    return "\n".join(lines)


def _line(line: str, into_english: bool) -> str | None:
    if known := _known()[into_english].get(line):
        return known
    if _PLACE.fullmatch(line):
        return line
    if not into_english:
        if line in _phrases():
            return _phrases()[line]
        if (option := _OPTION.fullmatch(line)) and option[2] in _phrases():
            return f"{option[1]}. {_phrases()[option[2]]}"
    done = []
    for sentence in split_sentences(line):
        translation = _sentence(sentence, into_english)
        if translation is None:
            return None
        done.append(translation)
    return " ".join(done)


def _sentence(sentence: str, into_english: bool) -> str | None:
    if known := _known()[into_english].get(sentence):
        return known
    if passage := passages.translate(sentence, into_english):
        return passage
    return translate.to_english(sentence) if into_english else translate.to_swahili(sentence)


@lru_cache(maxsize=1)
def _weights() -> dict[str, Counter[str]]:
    """How often each word stands in composed sentences of each topic, in both languages."""
    rng = random.Random("topics")
    weights: dict[str, Counter[str]] = {}
    for topic in TOPICS:
        for _ in range(300):
            sentence = sentences.compose(rng, topic)
            for word in set(plain(f"{sentence.english} {sentence.swahili}").split()):
                weights.setdefault(word, Counter())[topic] += 1
    for subject_topic, subjects in load("topics.yaml")["subjects"].items():
        for word in set(plain(" ".join(subjects)).split()):
            if subject_topic in TOPICS:
                weights.setdefault(word, Counter())[subject_topic] += 30
    return weights


def topic_of(text: str) -> str | None:
    """The topic of a text by the words in it, in either language; None when none is known."""
    scores: Counter[str] = Counter()
    for sentence in split_sentences(text):
        if topic := passages.topic_of(sentence):
            scores[topic] += 3
        elif checked := facts.check(sentence):
            scores[checked[0].topic] += 3
        else:
            scores.update(_word_scores(sentence))
    scores.pop("everyday", None)
    return scores.most_common(1)[0][0] if scores else None


def _word_scores(sentence: str) -> dict[str, float]:
    scores: Counter[str] = Counter()
    total = 0.0
    # In their order: of a set's, ties and sums would differ from process to process.
    for word in dict.fromkeys(plain(sentence).split()):
        counts = _weights().get(word)
        if counts:
            everywhere = counts.total()
            for topic, count in counts.items():
                # The square lets words of one topic decide against words of all topics.
                share = (count / everywhere) ** 2
                scores[topic] += share  # type: ignore[assignment]
                total += share
    return {topic: score / total for topic, score in scores.items()} if total else {}


def sentiment_of(text: str) -> str | None:
    """ "positive" or "negative" when a sentence of the text says so, in either language."""
    for sentence in split_sentences(text):
        if label := opinions.label_of(_sentence(sentence, into_english=True) or sentence):
            return label
    return None
