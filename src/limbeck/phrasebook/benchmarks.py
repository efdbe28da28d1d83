"""Built-in benchmark items in the published row formats, from held-out text only.

None of their texts occurs in the built-in conversations and texts, or in a prompt or answer that
the phrasebook writes unless it is asked with that very text.
"""

import random
from collections.abc import Callable
from typing import Any

from limbeck.files import digest
from limbeck.phrasebook import facts, opinions, passages, sentences, sums
from limbeck.phrasebook.strings import LETTERS, TOPICS, Pair

Row = dict[str, Any]

SPLITS = ("test", "dev")
_DEV = 5  # one text in so many is for "dev", the examples of few-shot prompts
_TRIES = 1000  # failed draws in a row before a benchmark counts as exhausted


def items(benchmark: str, split: str, size: int) -> list[Row]:
    """`size` different rows of a built-in benchmark, the same at every call.

    Args:
        benchmark: "flores", "sib200", "belebele", "global_mmlu", "sentiment" or "sums".
        split: "test" or "dev"; no text is in both.
        size: rows; labels and right options are balanced over them.

    Raises:
        ValueError: an unknown benchmark or split, or more rows than there are.
    """
    if benchmark not in _WRITERS or split not in SPLITS:
        raise ValueError(f"no built-in benchmark {benchmark!r} with a split {split!r}")
    rng = random.Random(f"{benchmark} {split}")
    rows: list[Row] = []
    seen: set[str] = set()
    misses = 0
    while len(rows) < size:
        key, row = _WRITERS[benchmark](rng, len(rows))
        if key in seen or _split(key) != split:
            misses += 1
            if misses > _TRIES:
                raise ValueError(f"{benchmark} has only {len(rows)} {split} rows, not {size}")
            continue
        seen.add(key)
        misses = 0
        rows.append(row)
    return rows


def _split(key: str) -> str:
    return "dev" if int(digest("split", key), 16) % _DEV == 0 else "test"


def _flores(rng: random.Random, index: int) -> tuple[str, Row]:
    topic = list(TOPICS)[index % len(TOPICS)]
    sentence = sentences.compose(rng, topic, held_out=True)
    row = {"id": index, "text_eng": sentence.english, "text": sentence.swahili}
    return sentence.english, row


def _sib200(rng: random.Random, index: int) -> tuple[str, Row]:
    topic = list(TOPICS)[index % len(TOPICS)]
    # One more sentence at a time would let two items share a sentence over the splits, so the
    # split is decided by the first and the others must agree with it.
    first = sentences.compose(rng, topic, held_out=True)
    lines = [first]
    for _ in range(rng.randint(0, 2)):
        other = sentences.compose(rng, topic, held_out=True)
        if _split(other.english) == _split(first.english) and other not in lines:
            lines.append(other)
    text = " ".join(line.swahili for line in lines)
    return first.english, {"index_id": index, "category": topic, "text": text}


def _sentiment(rng: random.Random, index: int) -> tuple[str, Row]:
    label = opinions.LABELS[index % 2]
    statement = opinions.statement(rng, held_out=True)
    while True:  # as above, both sentences are on one side of the split
        opinion = opinions.write(label, rng, held_out=True)
        if _split(opinion.english) == _split(statement.english):
            break
    text = opinions.joined(statement, opinion, rng).swahili
    return statement.english, {"index_id": index, "category": label, "text": text}


def _belebele(rng: random.Random, index: int) -> tuple[str, Row]:
    passage = passages.write(rng, held_out=True)
    number = rng.randrange(len(passage.questions))
    asked = passage.questions[number]
    options, correct = _placed(list(asked.options), index, rng)
    row: Row = {
        "link": f"phrasebook/{digest(passage.text.swahili)}",
        "question_number": number + 1,
        "flores_passage": passage.text.swahili,
        "question": asked.question.swahili,
    }
    row |= {f"mc_answer{i}": option.swahili for i, option in enumerate(options, start=1)}
    row |= {"correct_answer_num": str(correct + 1), "dialect": "swh_Latn", "ds": "phrasebook"}
    return passage.text.swahili, row


def _global_mmlu(rng: random.Random, index: int) -> tuple[str, Row]:
    topics = facts.by_topic()
    fact = rng.choice(topics[rng.choice(list(topics))])
    options, correct = _placed(facts.options(fact, rng), index, rng)
    row: Row = {
        "sample_id": f"{fact.topic}/{facts.facts().index(fact)}",
        "subject": fact.topic,
        "subject_category": fact.group,
        "question": fact.held_out_question.swahili,
    }
    names = [f"option_{letter.lower()}" for letter in LETTERS]
    row |= {name: option.swahili for name, option in zip(names, options, strict=True)}
    row["answer"] = LETTERS[correct]
    return fact.held_out_question.swahili, row


def _sums(rng: random.Random, index: int) -> tuple[str, Row]:
    text = sums.write(rng, held_out=True)
    solution = sums.solve(text)
    assert solution is not None, text
    return text, {"number": index, "question": text, "answer": str(solution.number)}


def _placed(options: list[Pair], index: int, rng: random.Random) -> tuple[list[Pair], int]:
    """The options with the right one, which comes first, at a place that goes round."""
    right, *wrong = options
    rng.shuffle(wrong)
    correct = index % len(LETTERS)
    return [*wrong[:correct], right, *wrong[correct:]], correct


_WRITERS: dict[str, Callable[[random.Random, int], tuple[str, Row]]] = {
    "flores": _flores,
    "sib200": _sib200,
    "belebele": _belebele,
    "global_mmlu": _global_mmlu,
    "sentiment": _sentiment,
    "sums": _sums,
}
