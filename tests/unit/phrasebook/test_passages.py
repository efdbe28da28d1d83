"""Passages answer their questions, translate both ways and keep the held-out people apart."""

import random

import pytest

from limbeck.phrasebook import passages, wording
from limbeck.phrasebook.strings import split_sentences

SEEDS = range(60)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_question_has_one_answer_in_the_passage(seed):
    passage = passages.write(random.Random(seed), held_out=seed % 2 == 0)
    assert 4 <= len(split_sentences(passage.text.swahili)) <= 5
    for question in passage.questions:
        for side in (0, 1):
            answer = passages.answer(passage.text[side], question.question[side])
            assert answer is not None
            assert answer.statement == question.statement[side]
            assert answer.phrase == question.options[0][side]
            assert len({option[side] for option in question.options}) == 4
            wrong = [option[side] for option in question.options[1:]]
            assert not any(f" {option}." in question.statement[side] for option in wrong)


@pytest.mark.parametrize("seed", SEEDS)
def test_translation_goes_both_ways(seed):
    passage = passages.write(random.Random(seed))
    pairs = [passage.text, *(q.question for q in passage.questions)]
    for english, swahili in pairs:
        assert wording.to_swahili(english) == swahili
        assert wording.to_english(swahili) == english


def test_an_answer_crosses_languages():
    passage = passages.write(random.Random(3))
    question = passage.questions[0]
    answer = passages.answer(passage.text.english, question.question.swahili)
    assert answer is not None
    assert answer.statement == question.statement.english


def test_other_people_are_not_answered_for():
    passage = passages.write(random.Random(3))
    asked = passages.ask(passage.text.swahili)
    assert len(asked) == len(passage.questions)
    stranger = passages.write(random.Random(4), held_out=True).questions[0].question.swahili
    assert passages.answer(passage.text.swahili, stranger) is None
    assert passages.answer(passage.text.swahili, "Kuna nini?") is None


def test_held_out_people_are_in_no_other_text():
    held_out = {
        passages.write(random.Random(seed), held_out=True).text.swahili.split()[0]
        for seed in range(300)
    }
    names = {"Salum", "Halima", "Idrisa", "Subira", "Rashidi", "Tatu", "Kassim", "Mwanaidi"}
    assert held_out & names == names
    for text in passages.texts(400, seed=1):
        assert not names & set(text.replace(".", "").split())


def test_texts_are_different_and_repeatable():
    texts = passages.texts(300, seed=5)
    assert len(set(texts)) == 300
    assert texts == passages.texts(300, seed=5)
    assert texts != passages.texts(300, seed=6)
