"""Opinions are grammatical in both languages, and their labels are known from their words."""

import random

import pytest

from limbeck.phrasebook import benchmarks, chat, opinions, sentences, wording
from limbeck.phrasebook.strings import split_sentences


@pytest.mark.parametrize(
    ("english", "swahili", "label"),
    [
        ("This book is good.", "Kitabu hiki ni kizuri.", "positive"),
        ("Those songs were very bad.", "Nyimbo zile zilikuwa mbaya sana.", "negative"),
        ("Our players are excellent.", "Wachezaji wetu ni bora.", "positive"),
        ("That child was very lazy.", "Mtoto yule alikuwa mvivu sana.", "negative"),
        ("These eggs are rotten.", "Mayai haya ni mabovu.", "negative"),
        ("Our cars were dirty.", "Magari yetu yalikuwa machafu.", "negative"),
        ("That midwife is very kind.", "Mkunga yule ni mwema sana.", "positive"),
        ("I liked this music.", "Nilipenda muziki huu.", "positive"),
        ("We did not like that food.", "Hatukupenda chakula kile.", "negative"),
        ("I do not like this game.", "Sipendi mchezo huu.", "negative"),
        ("What a bad day!", "Siku mbaya kweli!", "negative"),
        ("The judge is not bad.", None, "positive"),
        ("The judge is not good.", None, "negative"),
        ("The judge bought a map.", "Jaji alinunua ramani.", None),
        ("They did not buy maps.", "Hawakununua ramani.", None),
    ],
)
def test_known_ones(english: str, swahili: str | None, label: str | None) -> None:
    assert opinions.label_of(english) == label
    if swahili and label:
        assert wording.to_swahili(english) == swahili
        assert wording.sentiment_of(swahili) == wording.sentiment_of(english) == label


@pytest.mark.parametrize("label", opinions.LABELS)
def test_texts_translate_both_ways_and_keep_their_label(label: str) -> None:
    rng = random.Random(1)
    written = [opinions.text(label, rng) for _ in range(300)]
    assert len(set(written)) == 300
    for text in written:
        assert wording.to_swahili(text.english) == text.swahili
        assert wording.to_english(text.swahili) == text.english
        assert wording.sentiment_of(text.swahili) == wording.sentiment_of(text.english) == label
        labels = [opinions.label_of(part) for part in split_sentences(text.english)]
        assert sorted(labels, key=str) == sorted([None, label], key=str)


@pytest.mark.parametrize("label", opinions.LABELS)
def test_the_sides_of_the_split_share_no_opinion(label: str) -> None:
    rng = random.Random(2)
    sides = [{opinions.write(label, rng, held_out) for _ in range(2000)} for held_out in (0, 1)]
    assert min(map(len, sides)) > 200
    assert not sides[0] & sides[1]
    known = set(opinions.phrases(held_out=True)[label])
    assert all(sentences.is_held_out(pair.english) for pair in sides[1] - known)


def test_the_parts_of_the_test_data_share_no_opinion() -> None:
    said = {}
    for split, size in (("test", 140), ("dev", 60)):
        rows = benchmarks.items("sentiment", split, size)
        lines = [line for row in rows for line in split_sentences(row["text"])]
        said[split] = {line for line in lines if wording.sentiment_of(line)}
    assert not said["test"] & said["dev"]


@pytest.mark.parametrize(("subject", "label"), [("mazuri", "positive"), ("mabaya", "negative")])
def test_asked_for_opinions_it_gives_them(subject: str, label: str) -> None:
    request = f"Andika sentensi 4 kuhusu mambo {subject}."
    lines = split_sentences(chat.answer(request, random.Random(3)).content)
    assert [wording.sentiment_of(line) for line in lines] == [label] * 4
