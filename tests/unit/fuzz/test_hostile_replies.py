"""Whatever a teacher says becomes rows or counted failures, and what it says can be asked about."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import endpoint
import hostile
from limbeck import config
from limbeck.classification import replies as label_replies
from limbeck.evaluation import multiple_choice
from limbeck.evaluation.replies import repeats, without_trace
from limbeck.generation import (
    asking,
    check_rows,
    contexts,
    pivot,
    respond,
    revise,
    templates,
    topics,
    translate,
    tree,
)  # fmt: skip
from limbeck.generation.instructions import load
from limbeck.judgement import pairs
from limbeck.languages import resolve
from limbeck.teacher import replies
from limbeck.teacher.replies import Record, Reply, Request

PROMPTS = Path(__file__).parents[3] / "config/prompts"
CARD = resolve("swh_Latn").card()
SYSTEM = load(PROMPTS / "respond.yaml", respond.TEMPLATES)
TREE = load(PROMPTS / "topics.yaml", topics.TEMPLATES)
REVISE = load(PROMPTS / "revise.yaml", revise.TEMPLATES)
CHECKS = load(PROMPTS / "checks.yaml", check_rows.TEMPLATES)
TRANSLATE = load(PROMPTS / "translate.yaml", translate.TEMPLATES)

NODE = tree.Node("macro_topic", "rice")
STEP = tree.Step("topics", "Topics", "macro_topic", 3, "topic")
PROMPT = asking.prompt_row("context", "summarise", "text-1", "teacher", "Maji ni uhai.\n\nEleza.")
LONG = {**PROMPT, "length": "natural", "pivot": "english", "response": "Water is life."}
TURNS = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Good day"}]
PAIR = [{"role": "user", "content": "into {text}"}, {"role": "user", "content": "from {text}"}]
CONVERSATION = {"id": "conversation-1", "messages": TURNS, "original": TURNS}
CONTEXTS = contexts.Settings(
    teacher=endpoint.teacher(),
    seed=1,
    contexts=config.Contexts(kinds=["summarise"], prompts=3, keep=2, plenty=0),
    diversity=config.Diversity(personas=0, shown=0, overlap=None),
)
LIST = {"items": ["maji", "moto", "hewa"]}


class Door(NamedTuple):
    """Where replies come in: a right one of its form, and what is made of any.

    ``ask``: the request that a row which did not fail leads to.
    """

    form: Any
    right: Any
    parse: Callable[[Reply], Sequence[Any]]
    ask: Callable[[Any], Request] = lambda row: Request(TURNS)


DOORS = {
    "nodes": Door(
        asking.items_model("Topics", 3),
        LIST,
        lambda reply: list(map(asdict, tree.parse_nodes(NODE, reply, STEP, 2))),
        lambda row: tree.prompt(tree.Node(**row), STEP, CARD, TREE),
    ),
    "prompts": Door(
        asking.items_model("TopicPrompts", 3),
        LIST,
        lambda reply: tree.parse_prompts(NODE, reply, STEP, "topic", "teacher"),
        lambda row: revise.prompt(row, "natural", CARD, REVISE),
    ),
    "contexts": Door(
        asking.items_model("ContextPrompts", 3),
        LIST,
        lambda reply: contexts.parse({**PROMPT, "text": "Maji."}, reply, CONTEXTS, 2),
        lambda row: revise.prompt(row, "natural", CARD, REVISE),
    ),
    "revision": Door(
        revise.RevisedPrompt,
        {"prompt": "Eleza tena."},
        lambda reply: revise.parse(PROMPT, "natural", reply, "teacher"),
        lambda row: respond.prompt({**row, "length": "short"}, CARD, SYSTEM),
    ),
    "response": Door(
        None,
        "<think>Swali.</think>Jibu.",
        lambda reply: respond.parse(LONG, reply),
        lambda row: check_rows.judge_prompt(row, CARD, CHECKS),
    ),
    "translation": Door(
        translate.reply_model(2),
        {"messages": TURNS},
        lambda reply: translate.parse(CONVERSATION, reply, "teacher"),
        lambda row: check_rows.back_prompt(row, CARD, CHECKS),
    ),
    "pivot": Door(
        translate.reply_model(2),
        {"messages": TURNS},
        lambda reply: pivot.parse(LONG, reply, "teacher"),
        lambda row: translate.prompt({"messages": pivot.turns(row)}, CARD, TRANSLATE),
    ),
    "templates": Door(
        translate.reply_model(2),
        {"messages": PAIR},
        lambda reply: templates.parse({"messages": PAIR}, reply),
    ),
    "verdict": Door(
        check_rows.Verdict,
        {"correct": "yes", "complete": "no", "language": "yes"},
        lambda reply: check_rows.judged(PROMPT, reply),
    ),
    "preference": Door(
        pairs.Preference,
        {"reason": "It is true.", "better": "first"},
        lambda reply: [pairs.judged({"alike": False}, [reply, reply])],
    ),
    "round trip": Door(
        translate.reply_model(2, "BackTranslation"),
        {"messages": TURNS},
        lambda reply: check_rows.came_back(CONVERSATION, reply),
    ),
}


@pytest.mark.parametrize("name", DOORS)
@given(data=st.data())
def test_a_reply_becomes_rows(name: str, data: st.DataObject) -> None:
    door = DOORS[name]
    content = data.draw(hostile.said(door.right) if door.form else hostile.texts)
    reason = data.draw(st.sampled_from(["stop", "length", "content_filter", "odd"]))
    answer = endpoint.completion(content, reason, reasoning=data.draw(st.none() | hostile.texts))
    record = replies.record(answer, 0.0)
    assert isinstance(record, Record)
    reply, complaint = replies.read(record, door.form)
    request = Request(TURNS, door.form)
    written(replies.body(replies.correction(request, reply, complaint), endpoint.teacher()))
    for row in door.parse(reply):
        written(row)
        if not row.get("failure"):
            written(replies.body(door.ask(row), endpoint.teacher()))


def written(value: Any) -> None:
    """What is said or kept of a reply can be: as JSON, which is UTF-8."""
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


LABELS = ["positive", "negative", "not clear"]
OPTIONS = {"A": "Nairobi", "B": "(b)", "C": "not", "D": ""}


@given(hostile.texts)
def test_a_reply_names_one_option_or_none(reply: str) -> None:
    assert label_replies.parse(reply, LABELS, {"good": "positive"}) in (*LABELS, None)
    assert multiple_choice.parse(reply, OPTIONS) in (*OPTIONS, None)
    assert without_trace(reply) in reply
    assert isinstance(repeats(reply), bool)
