"""The built-in benchmarks are balanced, repeatable, and leak into nothing that is learned from."""

import json
import random
from collections import Counter

import pytest

from limbeck.dataset.held_out import HeldOut
from limbeck.phrasebook import benchmarks, dialogues, opinions, passages, wording
from limbeck.phrasebook.responder import reply
from limbeck.phrasebook.strings import TOPICS

SIZES = {
    "flores": 300, "sib200": 210, "belebele": 200, "global_mmlu": 200, "sentiment": 140, "sums": 200
}  # fmt: skip
FIELDS = {
    "flores": {"id", "text_eng", "text"},
    "sib200": {"index_id", "category", "text"},
    "sentiment": {"index_id", "category", "text"},
    "belebele": {
        "link", "question_number", "flores_passage", "question", "mc_answer1", "mc_answer2",
        "mc_answer3", "mc_answer4", "correct_answer_num", "dialect", "ds",
    },
    "global_mmlu": {
        "sample_id", "subject", "subject_category", "question", "option_a", "option_b",
        "option_c", "option_d", "answer",
    },
    "sums": {"number", "question", "answer"},
}  # fmt: skip
# What must not be seen in training: the fields that make an item.
TEXTS = {
    "flores": ("text_eng", "text"),
    "sib200": ("text",),
    "sentiment": ("text",),
    "belebele": ("flores_passage", "question"),
    "global_mmlu": ("question",),
    "sums": ("question",),
}
NAMES = list(SIZES)


def texts(name, split, size):
    return [row[field] for row in benchmarks.items(name, split, size) for field in TEXTS[name]]


@pytest.mark.parametrize("name", NAMES)
def test_rows_have_the_published_form(name):
    rows = benchmarks.items(name, "test", SIZES[name])
    assert len(rows) == SIZES[name]
    for row in rows:
        assert set(row) == FIELDS[name]
        assert all(str(value).strip() for value in row.values())
    assert rows == benchmarks.items(name, "test", SIZES[name])
    # A smaller benchmark is the beginning of a larger one.
    assert rows[:20] == benchmarks.items(name, "test", 20)


@pytest.mark.parametrize("name", NAMES)
def test_splits_share_no_text(name):
    test, dev = texts(name, "test", SIZES[name]), texts(name, "dev", 25)
    if name == "belebele":  # questions are short and come again; passages do not
        test, dev = test[::2], dev[::2]
    assert not set(test) & set(dev)
    assert len(set(test)) == len(test)


def test_right_answers_are_balanced():
    answers = Counter(row["answer"] for row in benchmarks.items("global_mmlu", "test", 200))
    assert answers == dict.fromkeys("ABCD", 50)
    numbers = Counter(
        row["correct_answer_num"] for row in benchmarks.items("belebele", "test", 200)
    )
    assert numbers == dict.fromkeys("1234", 50)
    categories = Counter(row["category"] for row in benchmarks.items("sib200", "test", 210))
    assert categories == dict.fromkeys(TOPICS, 30)


@pytest.mark.parametrize("name", ["belebele", "global_mmlu"])
def test_options_are_different(name):
    fields = [field for field in FIELDS[name] if field.startswith(("mc_answer", "option_"))]
    for row in benchmarks.items(name, "test", SIZES[name]):
        assert len({row[field] for field in fields}) == 4


def test_flores_pairs_translate_each_other():
    for row in benchmarks.items("flores", "test", 200):
        assert wording.to_swahili(row["text_eng"]) == row["text"]
        assert wording.to_english(row["text"]) == row["text_eng"]


@pytest.mark.parametrize(
    ("name", "split", "size"),
    [("squad", "test", 1), ("flores", "train", 1), ("global_mmlu", "test", 10_000)],
)
def test_impossible_benchmarks_are_refused(name, split, size):
    with pytest.raises(ValueError, match=r"built-in benchmark|has only"):
        benchmarks.items(name, split, size)


def form(name, count, *tags):
    """A request with a schema and tags."""
    content = "".join(f"<{tag}>{text}</{tag}>" for tag, text in tags)
    items = {"type": "array", "minItems": count, "maxItems": count}
    schema = {"name": name, "schema": {"properties": {"items": items}}}
    return {
        "messages": [{"role": "user", "content": content}],
        "response_format": {"type": "json_schema", "json_schema": schema},
    }


def written():
    """All that a large run would learn from: prompts, answers, conversations, texts."""
    corpus = passages.texts(500, seed=1)
    for row in dialogues.conversations(3000, seed=1):
        for message in row["messages"]:
            yield message["content"]
            yield wording.to_swahili(message["content"]) or ""
    yield from corpus
    rng = random.Random(1)
    requests = [
        form("TopicPrompts", 20, ("topic", f"{rng.choice(list(TOPICS))} {i}")) for i in range(100)
    ]
    kinds = ("translate", "summarise", "improve", "classify", "answer")
    requests += [
        form("ContextPrompts", 3, ("kind", kinds[i % 5]), ("text", text))
        for i, text in enumerate(corpus)
    ]
    labels = (*TOPICS, *opinions.LABELS)
    requests += [form("LabelledExamples", 20, ("label", label)) for label in labels]
    for request in requests:
        source = request["messages"][0]["content"]
        text = source.partition("<text>")[2].removesuffix("</text>")
        for prompt in json.loads(reply(request)[0])["items"]:
            yield prompt
            message = f"{text}\n\n{prompt}".strip()
            content, reasoning = reply({"messages": [{"role": "user", "content": message}]})
            yield content
            yield reasoning or ""


@pytest.mark.parametrize("name", NAMES)
def test_decontamination_drops_next_to_nothing(name):
    known = HeldOut(benchmarks.items(name, "test", SIZES[name]))
    learned = passages.texts(500, seed=2)
    learned += [
        "\n\n".join(message["content"] for message in row["messages"])
        for row in dialogues.conversations(1000, seed=2)
    ]
    learned += [wording.to_swahili(text) or "" for text in learned[500:]]
    hits = [text for text in learned if known.hit(text)]
    assert len(hits) <= 0.005 * len(learned), hits


def test_nothing_learned_holds_benchmark_text():
    learned = "\n".join(written())
    for name, size in SIZES.items():
        for split, count in (("test", size), ("dev", 25)):
            for text in texts(name, split, count):
                assert text not in learned, f"{name} {split}: {text}"
