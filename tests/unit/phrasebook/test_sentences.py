"""What is composed: determinism, the held-out split, topics, shape."""

import os
import random
import subprocess
import sys

import pytest

from limbeck.phrasebook import sentences
from limbeck.phrasebook.sentences import TOPICS, compose, is_held_out, question_answer, quiz


def test_same_seed_same_text() -> None:
    first = [compose(random.Random(5)) for _ in range(3)]
    assert first == [compose(random.Random(5)) for _ in range(3)]


@pytest.mark.parametrize("held_out", [False, True])
def test_split_holds(held_out: bool) -> None:
    rng = random.Random(1)
    for _ in range(300):
        sentence = compose(rng, held_out=held_out)
        assert is_held_out(sentence.english) == is_held_out(sentence.key) == held_out
    for _ in range(20):
        question, answer = question_answer(rng, held_out=held_out)
        assert is_held_out(question.key) == is_held_out(answer.key) == held_out
        asked = quiz(rng, held_out=held_out)
        assert is_held_out(asked.question.key) == is_held_out(asked.answer.key) == held_out


def test_split_is_stable_and_one_in_eight() -> None:
    assert is_held_out("The child is reading a book.") == is_held_out(
        "the CHILD is reading a book."
    )
    rng = random.Random(2)
    words = ("".join(rng.choices("abcdefgh ", k=20)) for _ in range(8000))
    assert 850 < sum(map(is_held_out, words)) < 1150


@pytest.mark.parametrize("topic", TOPICS)
def test_shape(topic: str) -> None:
    rng = random.Random(3)
    seen = set()
    for _ in range(3000):
        sentence = compose(rng, topic)
        assert sentence.topic == topic
        longest = 8 if sentence.frame == "compared" else 6
        assert 4 <= len(sentence.english.split()) <= longest
        assert sentence.english[0].isupper()
        assert sentence.swahili[0].isupper()
        assert sentence.english.endswith(".")
        assert sentence.swahili.endswith(".")
        assert "  " not in sentence.english + sentence.swahili
        seen.add(sentence.english)
    assert len(seen) > 1500  # common words come often


def test_quiz_has_one_right_option() -> None:
    rng = random.Random(4)
    for _ in range(200):
        asked = quiz(rng)
        assert len({option.english for option in asked.options}) == 4
        assert len({option.swahili for option in asked.options}) == 4
        assert asked.question.swahili.endswith("?")
        assert 0 <= asked.correct < 4


def test_questions_are_answered_from_the_other_side() -> None:
    rng = random.Random(6)
    pairs = [question_answer(rng) for _ in range(2000)]
    mine = [answer.english for question, answer in pairs if question.english.startswith("Are you ")]
    assert mine
    assert all(" I am " in answer for answer in mine)


def test_frames_all_occur() -> None:
    rng = random.Random(7)
    frames = {compose(rng).frame for _ in range(2000)}
    assert frames == set(sentences.FRAMES)
    kinds = {question_answer(rng)[0].frame for _ in range(1000)}
    assert kinds == {"what", "who", "where", "when", "why", "whether", "number"}


def test_text_does_not_depend_on_the_hash_seed() -> None:
    program = (
        "import random; from limbeck.phrasebook.sentences import compose, quiz; "
        "rng = random.Random(9); print([compose(rng) for _ in range(200)], quiz(rng))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
