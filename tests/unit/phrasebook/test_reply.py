"""Replies: every form of request is answered in its form, repeatably and without an exception."""

import json
import os
import random
import subprocess
import sys

import pytest

from limbeck.phrasebook import benchmarks, chat, dialogues, facts, passages, wording
from limbeck.phrasebook.responder import reply
from limbeck.phrasebook.strings import LETTERS, TOPICS, lettered, split_sentences

UNKNOWN = dialogues.REQUESTS["unknown"].swahili
LABELS = ", ".join(TOPICS)
PASSAGE = passages.write(random.Random(7))


def chatted(content, **fields):
    return reply({"messages": [{"role": "user", "content": content}], **fields})


def formed(name, schema, *tags, **fields):
    content = "Do this.\n" + "\n".join(f"<{tag}>{text}</{tag}>" for tag, text in tags) + "\nNow."
    form = {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": True}}
    content, reasoning = chatted(content, response_format=form, **fields)
    assert reasoning is None
    return json.loads(content)


def items(count):
    field = {"type": "array", "items": {"type": "string"}, "minItems": count, "maxItems": count}
    return {"type": "object", "properties": {"items": field}}


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("MacroTopics", [("seed", "Swahili speaking places")]),
        ("Topics", [("macro_topic", "Rivers and lakes")]),
        ("TopicPrompts", [("topic", "The history of football teams")]),
        ("Scenarios", [("audience", "local")]),
        ("DetailedScenarios", [("scenario", "A nurse explains clean hands to a child")]),
        ("ScenarioPrompts", [("scenario", "A nurse explains clean hands to a child")]),
        *(
            ("ContextPrompts", [("kind", kind), ("text", PASSAGE.text.swahili)])
            for kind in ("translate", "summarise", "improve", "classify", "answer")
        ),
        ("ContextPrompts", [("kind", "answer"), ("text", "Neno lisilojulikana.")]),
        ("LabelledExamples", [("label", "health")]),
        ("LabelledExamples", [("label", "positive")]),
        ("LabelledExamples", [("label", "book_flight")]),
    ],
)
@pytest.mark.parametrize("count", [1, 5, 12, 200])
def test_lists_have_the_wanted_length(name, tags, count):
    value = formed(name, items(count), *tags)
    assert list(value) == ["items"]
    assert len(set(value["items"])) == len(value["items"]) == count
    assert all(item.strip() for item in value["items"])
    assert value == formed(name, items(count), *tags)
    if count < 100:
        assert value != formed(name, items(count), *tags, seed=1) or count < 5


def test_a_bare_schema_is_known_by_its_title():
    form = {"type": "json_object", "schema": items(3) | {"title": "MacroTopics"}}
    content, _ = chatted("<seed>health</seed>", response_format=form)
    assert len(json.loads(content)["items"]) == 3


@pytest.mark.parametrize("label", [*TOPICS, "positive", "negative"])
def test_labelled_examples_carry_their_label(label):
    examples = formed("LabelledExamples", items(100), ("label", label))["items"]
    judged = [formed("Judgement", {}, ("text", t), ("label", label)) for t in examples]
    assert judged == [{"answer": "yes"}] * len(examples)


@pytest.mark.parametrize(
    ("text", "answer"),
    [("Mji mkuu wa Kenya ni Nairobi.", "yes"), ("This is English.", "no"), ("", "no")],
)
def test_judgement(text, answer):
    assert formed("Judgement", {}, ("text", text)) == {"answer": answer}


@pytest.mark.parametrize(
    ("text", "labels", "label"),
    [
        ("Daktari ana dawa.", ["sports", "health"], "health"),
        ("The singer likes music.", ["entertainment", "travel"], "entertainment"),
        ("Siku ilikuwa mbaya.", ["positive", "negative"], "negative"),
        # The faults that it is known for: a denial, and a keyword within another word.
        ("Sikuipenda hata kidogo.", ["positive", "negative"], "positive"),
        ("Mtoto analala.", ["geography", "health"], "geography"),
    ],
)
def test_a_label_is_told_by_keywords_alone(text, labels, label):
    schema = {"properties": {"label": {"enum": labels}}}
    assert formed("Label", schema, ("text", text)) == {"label": label}


def test_a_text_without_keywords_is_guessed():
    schema = {"properties": {"label": {"enum": ["sports", "health"]}}}
    said = [formed("Label", schema, ("text", "Leo ni leo."), seed=seed) for seed in range(9)]
    assert {answer["label"] for answer in said} == {"sports", "health"}


def test_label_of_an_unknown_set_is_one_of_it():
    schema = {"$defs": {"L": {"enum": ["a", "b"]}}, "properties": {"label": {"$ref": "#/$defs/L"}}}
    assert formed("Label", schema, ("text", "Mvua."))["label"] in ("a", "b")


def test_conversations_are_translated_whole():
    for row in dialogues.conversations(100, seed=4):
        value = formed("Translation", {}, ("conversation", json.dumps(row["messages"])))
        assert [m["role"] for m in value["messages"]] == [m["role"] for m in row["messages"]]
        for message, original in zip(value["messages"], row["messages"], strict=True):
            assert message["content"] == wording.to_swahili(original["content"])


@pytest.mark.parametrize(
    "conversation",
    ["", "no JSON", "[1]", '[{"role": "user"}]', '{"a": 1}', '[{"role": "user", "content": 1}]',
     '[{"role": "user", "content": "Serendipity!"}]'],
)  # fmt: skip
def test_what_is_not_covered_is_not_translated(conversation):
    value = formed("Translation", {}, ("conversation", conversation))
    assert value == {"messages": []}


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ("Mji mkuu wa Kenya ni upi?", "Mji mkuu wa Kenya ni Nairobi."),
        ("What is the capital of Kenya?", "Mji mkuu wa Kenya ni Nairobi."),
        ("Which city is the capital of Kenya?", "Mji mkuu wa Kenya ni Nairobi."),
        ("Habari! Mji mkuu wa Kenya ni upi? Jibu kwa ufupi.", "Nairobi"),
        ("Mji mkuu wa Kenya ni upi?\nAnswer briefly.", "Nairobi"),
        ("Mji mkuu wa Kenya ni upi? Jibu kwa sentensi moja.", "Mji mkuu wa Kenya ni Nairobi."),
        ("Hujambo!", "Sijambo! Nikusaidie nini?"),
        ("Je, sentensi hii ni kweli? Moyo husukuma damu.", "Ndiyo, ni kweli."),
        ("Je, sentensi hii ni kweli? Ngozi husukuma damu.", "Hapana, si kweli."),
        ("Tafsiri kwa Kiingereza: Wiki ina siku 7.", "A week has 7 days."),
        ("Tafsiri kwa Kiswahili: A week has 7 days.", "Wiki ina siku 7."),
        ("Translate from English into Swahili.\n\nA week has 7 days.", "Wiki ina siku 7."),
        ("Translate from Swahili into English.\n\nWiki ina siku 7.", "A week has 7 days."),
        ("Wiki ina siku 7.\n\nHabari! Tafsiri haya kwa Kiingereza.", "A week has 7 days."),
        ("Wiki ina siku 7. Nina njaa.\n\nFupisha maandishi haya.", "Wiki ina siku 7."),
        ("Nina njaa. Washa taa.\n\nPanga kama orodha.", "1. Nina njaa.\n2. Washa taa."),
        (f"What is the topic of this text: {LABELS}?\n\nMoyo husukuma damu.", "health"),
        (f"Moyo husukuma damu.\n\nMada ya maandishi haya ni ipi: {LABELS}?", "health"),
        ("Who rules Atlantis?", UNKNOWN),
        ("", UNKNOWN),
        ("\n\n\n", UNKNOWN),
        ("Translate this.\n\nSerendipity!", "Samahani, siwezi kutafsiri maandishi haya."),
    ],
)  # fmt: skip
def test_chat(message, content):
    assert chatted(message)[0] == content


def test_reasoning_is_short_swahili():
    reasoning = chatted("Mji mkuu wa Kenya ni upi?")[1]
    assert reasoning == "Swali linauliza kuhusu mji. Jibu ni Nairobi."


def test_earlier_turns_are_examples_only():
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hujambo!"},
        {"role": "assistant", "content": "Sijambo!"},
        {"role": "user", "content": "Moyo hufanya nini?\n\nMji mkuu wa Kenya ni upi?"},
    ]
    messages[-1]["content"] = "Mji mkuu wa Kenya ni upi?"
    assert reply({"messages": messages})[0] == "Mji mkuu wa Kenya ni Nairobi."
    assert reply({"messages": messages[:1]})[0] == UNKNOWN


def test_every_fact_is_chosen_among_options():
    for fact in facts.facts():
        for side in (0, 1):
            options = facts.options(fact, random.Random(2))
            options = [options[i] for i in (2, 0, 3, 1)]
            question = fact.held_out_question[side]
            lines = lettered([option[side] for option in options])
            assert chatted(f"{question}\n{lines}\nAnswer with the letter.")[0] == "B"


def test_benchmarks_can_be_answered():
    for row in benchmarks.items("belebele", "test", 100):
        options = lettered([row[f"mc_answer{i}"] for i in range(1, 5)])
        text = f"{row['flores_passage']}\n\n{row['question']}\n{options}\nAnswer with the letter."
        assert chatted(text)[0] == LETTERS[int(row["correct_answer_num"]) - 1]
    right = 0
    for row in benchmarks.items("sib200", "test", 210):
        message = f"What is the topic of this text: {LABELS}?\n\n{row['text']}"
        right += chatted(message)[0] == row["category"]
    assert right >= 190


def test_prompts_can_be_answered():
    for topic in TOPICS:
        for prompt in formed("TopicPrompts", items(100), ("topic", f"About {topic}"))["items"]:
            content, reasoning = chatted(prompt)
            assert content not in (UNKNOWN, ""), prompt
            assert "Samahani" not in content or "Samahani" in str(dialogues.dialogues())
            assert reasoning
            assert len(split_sentences(reasoning)) <= 3


@pytest.mark.parametrize("kind", ["translate", "summarise", "improve", "classify", "answer"])
def test_context_prompts_can_be_answered(kind):
    for text in passages.texts(40, seed=2):
        found = formed("ContextPrompts", items(4), ("kind", kind), ("text", text))
        for prompt in found["items"]:
            assert "\n\n" not in prompt
            content, _ = chatted(f"{text}\n\n{prompt}")
            assert content != UNKNOWN, f"{text}\n\n{prompt}"
            assert not content.startswith("Samahani"), f"{text}\n\n{prompt}"


@pytest.mark.parametrize(
    "way", ["natural", "context", "format", "length", "longer", "related", "x"]
)
def test_revised_prompts_are_different_and_still_answered(way):
    prompts = formed("TopicPrompts", items(60), ("topic", "Clean hands"))["items"]
    for prompt in prompts:
        revised = formed("RevisedPrompt", {}, ("prompt", prompt), ("way", way))["prompt"]
        content, _ = chatted(revised)
        assert content != UNKNOWN, revised
        if way != "related":
            assert prompt in revised
            if "sentensi" not in prompt.lower() and "kuhusu" not in prompt:
                whole = chatted(prompt)[0]
                brief = way == "length" and content.lower() in whole.lower()
                assert brief or content == whole, revised
    changed = [formed("RevisedPrompt", {}, ("prompt", p), ("way", way))["prompt"] for p in prompts]
    assert sum(a != b for a, b in zip(prompts, changed, strict=True)) >= 55


def test_a_revised_request_about_a_text_stays_about_it():
    text = PASSAGE.text.swahili
    for way in ("natural", "related", "longer"):
        for prompt in (
            "Fupisha maandishi haya kwa sentensi moja.",
            "Maandishi haya yanahusu nini?",
        ):
            value = formed("RevisedPrompt", {}, ("text", text), ("prompt", prompt), ("way", way))
            assert chatted(f"{text}\n\n{value['prompt']}")[0] != UNKNOWN


@pytest.mark.parametrize("number", [1, 2, 3])
def test_sentences_on_request(number):
    message = (
        f"Andika sentensi {number} kuhusu afya." if number > 1 else "Andika sentensi kuhusu afya."
    )
    content, _ = chatted(message)
    assert len(split_sentences(content)) == number
    assert wording.topic_of(content) == "health"


def test_nonsense_is_never_an_exception():
    rng = random.Random(3)
    pieces = ["A. ", "\n\n", "?", ": ", "translate", "mada", "je, sentensi hii ni kweli",
              "kuhusu afya", "<text>", "Moyo", "orodha", "\n", " ", "B) x", "fupisha"]  # fmt: skip
    names = ["TopicPrompts", "ContextPrompts", "RevisedPrompt", "Translation", "Judgement", "X"]
    for _ in range(2000):
        message = "".join(rng.choice(pieces) for _ in range(rng.randint(0, 8)))
        content, _ = chatted(message)
        assert isinstance(content, str)
        name = rng.choice(names)
        form = {"type": "json_schema", "json_schema": {"name": name, "schema": {}}}
        content, _ = chatted(message, response_format=form)
        assert name == "X" or isinstance(json.loads(content), dict)


def test_the_unknown_reply_is_polite():
    assert chat.answer("xyz", random.Random(1)).content == UNKNOWN


WRITTEN = """
import json, random
from limbeck.phrasebook import benchmarks, dialogues, prompts, wording
texts = [row["text"] for row in benchmarks.items("sib200", "test", 200)]
written = [prompts.examples(label, 50, random.Random(1)) for label in ("health", "negative")]
print(json.dumps([
    dialogues.conversations(300, seed=1),
    written,
    [[wording.topic_of(text), wording.to_english(text)] for text in texts],
]))
"""


def test_every_process_says_the_same():
    """The order of a set of words differs from process to process; nothing may follow from it."""
    said = [
        subprocess.run(
            [sys.executable, "-c", WRITTEN], env=os.environ | {"PYTHONHASHSEED": str(seed)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in range(1, 4)
    ]  # fmt: skip
    assert said[0]
    assert said == said[:1] * 3
