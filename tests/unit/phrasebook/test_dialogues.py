"""Dialogues are whole and consistent; the built-in conversations are varied and translatable."""

from collections import Counter
from itertools import pairwise

import pytest

from limbeck.phrasebook import dialogues, wording
from limbeck.phrasebook.strings import plain, split_sentences

DIALOGUES = dialogues.dialogues()


def test_there_are_enough_exchanges():
    assert sum(len(dialogue.turns) // 2 for dialogue in DIALOGUES) >= 60
    assert {dialogue.theme for dialogue in DIALOGUES} == {
        "greetings", "market", "school", "farm", "clinic", "travel", "phone", "home",
    }  # fmt: skip


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda d: d.turns[0].english)
def test_turns_alternate_and_align(dialogue):
    assert len(dialogue.turns) in (2, 4)
    for turn in dialogue.turns:
        assert len(split_sentences(turn.english)) == len(split_sentences(turn.swahili))
        assert wording.to_swahili(turn.english) == turn.swahili
        assert wording.to_english(turn.swahili) == turn.english


def test_no_turn_has_two_translations_or_two_answers():
    turns = {turn for dialogue in DIALOGUES for turn in dialogue.turns}
    for side in (0, 1):
        assert Counter(plain(turn[side]) for turn in turns).most_common(1)[0][1] == 1
    asked = [turn.english for dialogue in DIALOGUES for turn in dialogue.turns[::2]]
    assert len(set(asked)) == len(asked)


def test_answers_follow_in_swahili():
    answer = dialogues.answer("hujambo")
    assert answer is not None
    assert answer.swahili == "Sijambo! Nikusaidie nini?"
    assert dialogues.answer("Good morning!") == dialogues.answer("Habari za asubuhi!")
    assert dialogues.answer("Nani alisema hivyo?") is None


def test_conversations_are_distinct_and_repeatable():
    rows = dialogues.conversations(500, seed=1)
    assert rows == dialogues.conversations(500, seed=1)
    assert rows != dialogues.conversations(500, seed=2)
    texts = ["\n".join(m["content"] for m in row["messages"]) for row in rows]
    assert len(set(texts)) == 500
    for row in rows:
        roles = [message["role"] for message in row["messages"]]
        assert roles in [["user", "assistant"] * exchanges for exchanges in range(1, 9)]


def test_questions_come_first_and_then_texts():
    rows = dialogues.conversations(400, seed=4)
    asked = [row["messages"][0]["content"] for row in rows]
    texts = [text.startswith("Write sentences about") for text in asked]
    assert texts == [False] * 300 + [True] * 100
    assert {len(row["messages"][1]["content"].splitlines()) for row in rows[300:]} == {8}


def test_a_brief_answer_is_a_few_words():
    brief = dialogues.REQUESTS["brief"].english
    rows = dialogues.conversations(400, seed=5)
    answers = [
        (asked["content"], answer["content"])
        for row in rows
        for asked, answer in pairwise(row["messages"])
        if asked["role"] == "user" and asked["content"].endswith(brief)
    ]
    assert len(answers) > 200
    for asked, answer in answers:
        assert answer[-1:] not in ".?!", (asked, answer)
        assert len(answer.split()) <= 5, (asked, answer)


def test_every_conversation_can_be_translated():
    for row in dialogues.conversations(500, seed=3):
        for message in row["messages"]:
            swahili = wording.to_swahili(message["content"])
            assert swahili, message["content"]
            # A label and a name are the same in both languages.
            same = swahili == message["content"]
            assert not same or " " not in swahili or swahili.istitle() or "van" in swahili
