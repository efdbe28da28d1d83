"""The lexicon is complete and lets every word be found again from both languages."""

from collections import Counter

import pytest

from limbeck.phrasebook import lexicon, vocabulary, write_swahili
from limbeck.phrasebook.sentences import TOPICS

WORDS = lexicon.load()
BY_ENGLISH = {noun.english: noun for noun in WORDS.nouns}
VERBS = {verb.english[0]: verb for verb in WORDS.verbs}


def test_size() -> None:
    assert len(WORDS.nouns) >= 300
    assert len(WORDS.verbs) >= 100
    assert sum(len(entries) for entries in WORDS) >= 600


@pytest.mark.parametrize("side", ["swahili", "english"])
@pytest.mark.parametrize("part", lexicon.Lexicon._fields)
def test_each_word_has_one_entry(part: str, side: str) -> None:
    words = [getattr(entry, side) for entry in getattr(WORDS, part)]
    forms = [word if isinstance(word, str) else word[0] for word in words]
    assert [word for word, count in Counter(forms).items() if count > 1 and word] == []


@pytest.mark.parametrize("side", ["swahili", "english"])
def test_plurals_are_not_other_nouns(side: str) -> None:
    singular = {getattr(noun, side) for noun in WORDS.nouns}
    plurals = [
        getattr(noun, side + "_plural")
        for noun in WORDS.nouns
        if getattr(noun, side + "_plural") != getattr(noun, side)
    ]
    assert sorted(singular.intersection(filter(None, plurals))) == []
    assert [form for form, count in Counter(filter(None, plurals)).items() if count > 1] == []


def test_no_predicate_is_both_noun_and_adjective() -> None:
    nouns = {form for noun in WORDS.nouns for form in (noun.swahili, noun.swahili_plural)}
    for noun in WORDS.nouns:
        for adjective in vocabulary.adjectives_of(noun):
            for noun_class in (noun.class_, noun.plural_class):
                if noun_class:
                    said = write_swahili.adjective(adjective, noun_class)
                    assert said not in nouns, (noun.english, said)


@pytest.mark.parametrize(
    ("english", "swahili", "plural", "class_", "plural_class"),
    [
        ("child", "mtoto", "watoto", "1", "2"),
        ("tree", "mti", "miti", "3", "4"),
        ("egg", "yai", "mayai", "5", "6"),
        ("tooth", "jino", "meno", "5", "6"),
        ("eye", "jicho", "macho", "5", "6"),
        ("book", "kitabu", "vitabu", "7", "8"),
        ("device", "kifaa", "vifaa", "7", "8"),
        ("law", "sheria", "sheria", "9", "10"),
        ("song", "wimbo", "nyimbo", "11", "10"),
        ("stadium", "uwanja", "viwanja", "11", "8"),
        ("disease", "ugonjwa", "magonjwa", "14", "6"),
        ("water", "maji", "", "6", ""),
        ("doctor", "daktari", "madaktari", "1", "2"),
        ("dog", "mbwa", "mbwa", "1", "2"),
        ("leader", "kiongozi", "viongozi", "1", "2"),
        ("university", "chuo kikuu", "vyuo vikuu", "7", "8"),
    ],
)
def test_noun(english: str, swahili: str, plural: str, class_: str, plural_class: str) -> None:
    noun = BY_ENGLISH[english]
    assert (noun.swahili, noun.swahili_plural) == (swahili, plural)
    assert (noun.class_, noun.plural_class) == (class_, plural_class)


@pytest.mark.parametrize(
    ("base", "forms"),
    [
        ("write", ("write", "wrote", "written", "writing", "writes")),
        ("win", ("win", "won", "won", "winning", "wins")),
        ("look for", ("look for", "looked for", "looked for", "looking for", "looks for")),
        ("cry", ("cry", "cried", "cried", "crying", "cries")),
        ("destroy", ("destroy", "destroyed", "destroyed", "destroying", "destroys")),
    ],
)
def test_verb(base: str, forms: tuple[str, ...]) -> None:
    assert VERBS[base].english == forms


@pytest.mark.parametrize("topic", TOPICS)
def test_each_topic_has_words_of_its_own(topic: str) -> None:
    words = vocabulary.of_topic(topic)
    assert len(words.scenes) >= 12
    assert len(words.people) >= 4
    assert len(words.places) >= 2
    own = [noun for noun in WORDS.nouns if noun.topics == (topic,)]
    assert len(own) >= 25


def test_every_topical_verb_is_used() -> None:
    used = {scene.verb for topic in TOPICS for scene in vocabulary.of_topic(topic).scenes}
    assert [verb.english[0] for verb in WORDS.verbs if verb not in used] == []
