"""Dialogues are whole and consistent; the built-in conversations are varied and translatable."""

from collections import Counter

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
        assert roles in [["user", "assistant"] * exchanges for exchanges in (1, 2, 3)]


def test_every_conversation_can_be_translated():
    for row in dialogues.conversations(500, seed=3):
        for message in row["messages"]:
            swahili = wording.to_swahili(message["content"])
            assert swahili, message["content"]
            # A label and a letter are the same in both languages.
            assert swahili != message["content"] or " " not in swahili
