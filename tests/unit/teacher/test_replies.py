"""Reading replies: reasoning in all its forms, repaired JSON, what is sent."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError, create_model

from endpoint import completion, teacher
from limbeck.teacher import replies
from limbeck.teacher.replies import Request

HARMONY = (
    "<|channel|>analysis<|message|>because<|end|><|start|>assistant"
    "<|channel|>final<|message|>answer<|return|>"
)

THINKING = {
    "type": "thinking",
    "thinking": [{"type": "text", "text": "be"}, {"type": "text", "text": "cause"}],
}


@pytest.mark.parametrize(
    ("message", "content", "reasoning"),
    [
        ({"content": "answer"}, "answer", None),
        ({"content": "answer", "reasoning": "because"}, "answer", "because"),
        ({"content": "answer", "reasoning_content": "because"}, "answer", "because"),
        ({"content": "answer", "reasoning": "a", "reasoning_content": "b"}, "answer", "a"),
        ({"content": "answer", "reasoning": ""}, "answer", None),
        ({"content": "<think>because</think>answer"}, "answer", "because"),
        ({"content": "\n<think>\nbe\ncause\n</think>\n\nanswer\n"}, "answer", "be\ncause"),
        ({"content": "<think></think>answer"}, "answer", None),
        ({"content": "because</think>answer"}, "answer", "because"),
        ({"content": "<think>because"}, "", "because"),
        ({"content": "<think>\n</think>answer", "reasoning": "because"}, "answer", "because"),
        ({"content": "end </think> so", "reasoning": "because"}, "end </think> so", "because"),
        ({"content": "say <think> aloud"}, "say <think> aloud", None),
        ({"content": "analysisbecauseassistantfinalanswer"}, "answer", "because"),
        ({"content": HARMONY}, "answer", "because"),
        ({"content": "<|start|>assistant" + HARMONY}, "answer", "because"),
        ({"content": "analysis of a text"}, "analysis of a text", None),
        ({"content": None, "reasoning": "because"}, "", "because"),
        ({"content": [THINKING, {"type": "text", "text": "answer"}]}, "answer", "because"),
        ({"content": [{"type": "text", "text": part} for part in ("an", "swer")]}, "answer", None),
        ({"content": [{"type": "reference", "reference_ids": [1]}]}, "", None),
    ],
)
def test_reasoning_is_found_and_kept_out_of_the_content(
    message: dict[str, Any], content: str, reasoning: str | None
) -> None:
    record = replies.record({"choices": [{"message": message, "finish_reason": "stop"}]}, 0.0)
    assert record is not None
    reply, _ = replies.read(record, None)
    assert (reply.content, reply.reasoning) == (content, reasoning)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "text",
        {},
        {"choices": []},
        {"choices": None},
        {"choices": [{}]},
        {"choices": [{"message": None}]},
        {"choices": [{"message": {"content": ["parts"]}}]},
        {"choices": [{"message": {"content": [{"type": "text", "text": 5}]}}]},
        {"choices": [{"message": {"content": [{"type": "text"}]}}]},
        {"error": {"message": "overloaded", "code": 502}},
    ],
)
def test_what_is_no_reply_is_none(answer: Any) -> None:
    assert replies.record(answer, 0.0) is None


@pytest.mark.parametrize("usage", [{}, {"usage": None}, {"usage": {"prompt_tokens": None}}])
def test_missing_usage_counts_as_none(usage: dict[str, Any]) -> None:
    record = replies.record({"choices": [{"message": {"content": "a"}}], **usage}, 0.1234)
    assert record == replies.Record("a", None, "stop", 0, 0, 0.123)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -5, "completion_tokens": 5},
        {"prompt_tokens": 5, "completion_tokens": -5},
        {"prompt_tokens": 5},
        {"completion_tokens": 5},
        {"prompt_tokens": float("inf"), "completion_tokens": 5},
        {"prompt_tokens": float("nan"), "completion_tokens": 5},
        {"prompt_tokens": 10**401, "completion_tokens": 5},
        {"prompt_tokens": "five", "completion_tokens": [5]},
        ["five"],
        "five",
    ],
)
def test_usage_that_cannot_be_true_is_not_known(usage: Any) -> None:
    answer = {"choices": [{"message": {"content": "a"}}], "usage": usage}
    assert replies.record(answer, 0.0) == replies.Record("a", None, "stop", 0, 0, 0.0)


@pytest.mark.parametrize(
    ("total", "completion_tokens"),
    [(399, 387), (13, 1), (5, 1), (None, 1), ("many", 1), (float("nan"), 1), (10**401, 1)],
)
def test_reasoning_in_the_total_alone_is_counted(total: Any, completion_tokens: int) -> None:
    usage = {"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": total}
    answer = {"choices": [{"message": {"content": "a"}}], "usage": usage}
    assert replies.record(answer, 0.0) == replies.Record("a", None, "stop", 12, completion_tokens)


def test_a_refusal_is_filtered_content() -> None:
    record = replies.record(completion(None, refusal="I cannot"), 0.0)
    assert record is not None
    assert replies.read(record, None)[0].failure == "content_filter"


@pytest.mark.parametrize(
    ("finish_reason", "failure"),
    [
        ("stop", None),
        ("tool_calls", None),
        ("length", "length"),
        ("max_tokens", "length"),
        ("model_length", "length"),  # Mistral
        ("content_filter", "content_filter"),
        ("content_filter: hate", "content_filter"),
        ("error", "broken off"),
        ("insufficient_system_resource", "broken off"),  # DeepSeek
    ],
)
def test_half_a_reply_is_never_repaired(finish_reason: str, failure: str | None) -> None:
    record = replies.Record('{"items": ["a", "b"', None, finish_reason, 1, 1)
    reply, _ = replies.read(record, Items)
    assert reply.failure == failure
    assert (reply.value is None) == bool(failure)
    assert reply.finish_reason == (failure or finish_reason)


class Turn(BaseModel):
    role: Literal["user", "assistant"]
    content: str


Items = create_model("Items", items=(list[str], Field(min_length=2, max_length=2)))
Conversation = create_model("Conversation", messages=(list[Turn], ...))


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ('{"items": ["a", "b"]}', ["a", "b"]),
        ('```json\n{"items": ["a", "b"]}\n```', ["a", "b"]),
        ('Here you are:\n{"items": ["a", "b"]}\nAnything else?', ["a", "b"]),
        ('{"items": ["a", "b"', ["a", "b"]),
        ("{'items': ['a', 'b',],}", ["a", "b"]),
        ('{"items": ["a", "\\ud83d"]}', ["a", "\ufffd"]),
        ('{"items": ["a"]}', None),
        ('{"items": ["a", "b", "c"]}', None),
        ('["a", "b"]', None),
        ("I'm sorry, I cannot do that.", None),
        ("null", None),
        ("{}", None),
    ],
)
def test_json_is_repaired_and_always_validated(content: str, value: list[str] | None) -> None:
    if value is None:
        with pytest.raises(ValidationError):
            replies.validated(content, Items)
    else:
        assert replies.validated(content, Items).model_dump() == {"items": value}


@pytest.mark.parametrize(
    "content",
    [
        "[" * 1000,
        '{"items": ' * 300,
        '{"items": [' + "1" * 5000 + "]}",
        "1" * 100_000,
        '{"items": [NaN, 1e999]}',
    ],
)
def test_json_that_is_too_much_has_the_wrong_form(content: str) -> None:
    record = replies.Record(content, None, "stop", 1, 1)
    reply, complaint = replies.read(record, Items)
    assert (reply.failure, reply.value) == ("format", None)
    assert complaint
    assert len(complaint) < 500


@pytest.mark.parametrize(
    "content",
    [
        "<|channel|>analysis<|message|>" + "<|end|><|channel|>final" * 10_000,
        '{"items": "' + '"' * 100_000,
        '{"items": ' + 'word " ' * 20_000,
    ],
    ids=["harmony", "quotes", "words"],
)
def test_long_texts_of_the_wrong_form_are_read_in_linear_time(content: str) -> None:
    """The form is found out at once; by the square of the length it would take hours."""
    reply, _ = replies.read(replies.Record(content, None, "stop", 1, 1), Items)
    assert (reply.failure, reply.value) == ("format", None)


def test_a_long_reply_in_a_fence_is_read() -> None:
    words = "a" * 20_000
    content = f'Here:\n```json\n{{"items": ["{words}", "b"]}}\n```'
    assert replies.validated(content, Items).model_dump() == {"items": [words, "b"]}


def test_the_body_is_all_that_decides_a_reply() -> None:
    messages = [{"role": "user", "content": "hello"}]
    plain = {"model": "teacher", "messages": messages, "temperature": 1.0, "max_tokens": 100}
    assert replies.body(Request(messages), teacher()) == plain
    changed = teacher(top_p=0.5, extra_body={"max_tokens": 7, "top_k": 3})
    assert replies.body(Request(messages, sample=4), changed) == plain | {
        "top_p": 0.5,
        "seed": 4,
        "max_tokens": 7,
        "top_k": 3,
    }
    renamed = teacher(extra_body={"max_tokens": None, "max_completion_tokens": 7})
    fields = {"model": "teacher", "messages": messages, "temperature": 1.0}
    assert replies.body(Request(messages), renamed) == fields | {"max_completion_tokens": 7}
    for sample in (0, 2):
        body = replies.body(Request(messages, sample=sample), teacher(extra_body={"seed": 5}))
        assert body["seed"] == 5 + sample


def test_schemas_are_closed_and_messages_are_left_alone() -> None:
    messages = [{"role": "user", "content": "hello"}]
    replies.body(Request(messages, Conversation), teacher(structured="none"))
    assert messages[0]["content"] == "hello"
    schema = replies.json_schema(Conversation)
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Turn"]["additionalProperties"] is False


def test_a_raised_limit_goes_where_the_limit_is() -> None:
    request = Request([{"role": "user", "content": "hello"}], max_tokens=99)
    assert replies.body(request, teacher())["max_tokens"] == 99
    renamed = teacher(extra_body={"max_tokens": None, "max_completion_tokens": 7})
    body = replies.body(request, renamed)
    assert body["max_completion_tokens"] == 99
    assert "max_tokens" not in body
