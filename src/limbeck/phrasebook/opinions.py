"""Opinions: short sentences of praise and blame, which give a text its sentiment.

Some are set phrases of a data file, most are composed: of a thing that it is good or bad, of
somebody that he is skilled or lazy, and what somebody likes or does not.
"""

import random
from functools import cache

from limbeck.phrasebook import frames, sentences, write_english, write_swahili
from limbeck.phrasebook.lexicon import Adjective, Noun, load
from limbeck.phrasebook.meaning import BY_PERSON, NP, Clause
from limbeck.phrasebook.strings import Pair, plain
from limbeck.phrasebook.strings import load as load_file

LABELS = ("positive", "negative")
_ADJECTIVES = {"positive": ("zuri", "bora", "ema"), "negative": ("baya", "bovu", "chafu", "vivu")}
_LIKE = next(verb for verb in load().verbs if verb.swahili == "penda")
_SET = 0.3  # share of the set phrases
_QUALITY = 0.7  # share, of the composed ones, of those that describe


@cache
def phrases(held_out: bool = False) -> dict[str, tuple[Pair, ...]]:
    """The set phrases of each label; `held_out` ones are for the test set."""
    raw = load_file("topics.yaml")["held_out_sentiment" if held_out else "sentiment"]
    return {label: tuple(map(Pair.parse, lines)) for label, lines in raw.items()}


def _adjectives(label: str) -> list[Adjective]:
    return [word for word in load().adjectives if word.swahili in _ADJECTIVES[label]]


@cache
def _described(label: str) -> tuple[tuple[Adjective, tuple[Noun, ...]], ...]:
    fitting = (
        (word, tuple(noun for noun in load().nouns if word.tags & noun.tags))
        for word in _adjectives(label)
    )
    return tuple((word, nouns) for word, nouns in fitting if nouns)


@cache
def _likeable() -> tuple[Noun, ...]:
    return tuple(noun for noun in load().nouns if noun.tags & _LIKE.objects and not noun.animate)


def _one(rng: random.Random, noun: Noun, determiners: tuple[str, ...]) -> NP:
    phrase = frames.phrase(rng, noun, shown=True, rich=False)
    return phrase._replace(determiner=frames.evenly(rng, determiners))


def _quality(rng: random.Random, label: str) -> Clause:
    adjective, nouns = frames.evenly(rng, _described(label))
    subject = _one(rng, frames.pick(rng, nouns), ("this", "that", "1p"))
    tense = frames.evenly(rng, ("present", "past"))
    return Clause("is", subject, tense, adjective=adjective, very=rng.random() < 0.5)


def _liking(rng: random.Random, label: str) -> Clause:
    subject = NP(BY_PERSON[frames.evenly(rng, ("1s", "1p"))])
    thing = _one(rng, frames.pick(rng, _likeable()), ("this", "that"))
    tense = frames.evenly(rng, ("present", "past"))
    return Clause("act", subject, tense, label == "negative", verb=_LIKE, object=thing)


def write(label: str, rng: random.Random, held_out: bool = False) -> Pair:
    """An opinion of a label, from the asked side of the split only."""
    if rng.random() < _SET:
        return frames.evenly(rng, phrases(held_out)[label])
    while True:
        clause = (_quality if rng.random() < _QUALITY else _liking)(rng, label)
        english = write_english.sentence(clause)
        if sentences.is_held_out(english) == held_out:
            return Pair(english, write_swahili.sentence(clause))


def statement(rng: random.Random, held_out: bool = False) -> Pair:
    """A statement that is no opinion."""
    while True:
        found = sentences.compose(rng, held_out=held_out)
        if label_of(found.english) is None:
            return Pair(found.english, found.swahili)


def joined(stated: Pair, opinion: Pair, rng: random.Random) -> Pair:
    """A text of a statement and an opinion, in either order."""
    order = [stated, opinion]
    rng.shuffle(order)
    return Pair(*(" ".join(side) for side in zip(*order, strict=True)))


def text(label: str, rng: random.Random) -> Pair:
    """A text of a label: a statement and an opinion."""
    return joined(statement(rng), write(label, rng), rng)


@cache
def _labels() -> dict[str, str]:
    """The label of each set phrase, and of each English word that praises or blames."""
    labels = {
        pair.english: label
        for held_out in (False, True)
        for label, pairs in phrases(held_out).items()
        for pair in pairs
    }
    for label in LABELS:
        for word in _adjectives(label):
            labels |= {form: label for form in (word.english, word.comparative) if form}
    return labels | dict.fromkeys(_LIKE.english, "positive")


def label_of(english: str) -> str | None:
    """The label of an English sentence by its words; None for one that says no opinion."""
    if label := _labels().get(english):
        return label
    words = plain(english).split()
    label = next((_labels()[word] for word in words if word in _labels()), None)
    if label and "not" in words:
        return LABELS[label == "positive"]
    return label
