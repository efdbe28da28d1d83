"""The facts are complete, unambiguous and found in every wording."""

import random
from collections import Counter

import pytest

from limbeck.phrasebook import facts
from limbeck.phrasebook.strings import TOPICS, plain

FACTS = facts.facts()


def test_there_are_enough_of_each_topic():
    topics = Counter(fact.topic for fact in FACTS)
    assert set(topics) == set(TOPICS)
    assert len(FACTS) >= 150
    assert min(topics.values()) >= 20


def test_no_question_asks_twice():
    for wording in ("question", "held_out_question"):
        for side in (0, 1):
            texts = [plain(getattr(fact, wording)[side]) for fact in FACTS]
            assert len(set(texts)) == len(texts)
    questions = {plain(side) for fact in FACTS for side in fact.question}
    held_out = {plain(side) for fact in FACTS for side in fact.held_out_question}
    assert not questions & held_out


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.question.english)
def test_every_fact_is_whole(fact):
    for text in (*fact.question, *fact.held_out_question):
        assert text.endswith("?")
        assert facts.find(text) == fact
        assert facts.find(text.lower().rstrip("?")) == fact
    for statement, answer in zip(fact.statement, fact.answer, strict=True):
        assert statement.endswith(".")
        assert plain(answer) in plain(statement)
    assert fact.group in facts.KINDS


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.question.english)
def test_options_are_four_of_one_kind(fact):
    options = facts.options(fact, random.Random(1))
    assert options[0] == fact.answer
    assert len({option.swahili for option in options}) == 4
    assert len({option.english for option in options}) == 4


@pytest.mark.parametrize(
    ("statement", "true"),
    [
        ("Mji mkuu wa Kenya ni Nairobi.", True),
        ("Mji mkuu wa Kenya ni Kampala.", False),
        ("Moyo husukuma damu.", True),
        ("Ngozi husukuma damu.", False),
        ("A week has 7 days.", True),
        ("A week has 8 days.", False),
    ],
)
def test_claims_are_checked(statement, true):
    checked = facts.check(statement)
    assert checked is not None
    assert checked[1] is true


def test_true_statements_are_never_denied():
    for fact in FACTS:
        for side in fact.statement:
            checked = facts.check(side)
            assert checked is not None
            assert checked[1], side


def test_unknown_questions_are_not_found():
    assert facts.find("What is the capital of Atlantis?") is None
    assert facts.check("Mji mkuu wa Kenya ni mkubwa.") is None
