"""Requests to a teacher and what its replies say: the reasoning, the answer, the validated value.

Everything here is a pure function of a request and a recorded reply. A journal keeps replies as
they came, so what is read out of them can change without asking again.
"""

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import json_repair
from pydantic import BaseModel, ValidationError

from limbeck import config
from limbeck.files import canonical

Message = dict[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a teacher."""

    messages: Sequence[Message]
    reply_model: type[BaseModel] | None = None  # a JSON reply of this form is wanted
    sample: int = 0  # which of several independent replies to the same messages


@dataclass(frozen=True, slots=True)
class Record:
    """A reply as it came; what the journal keeps."""

    content: str
    reasoning: str | None  # of the reply's own field; inline reasoning is still in the content
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a `Request`."""

    content: str
    reasoning: str | None
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    value: BaseModel | None  # the validated reply when a reply_model was given
    # None: usable. Else "length", "content_filter", "empty" or "format" (the reply came and is of
    # no use), or what was wrong with the last try: "http 500", "timeout", "connection",
    # "truncated", "malformed".
    failure: str | None


def failed(failure: str) -> Reply:
    """The reply to a request that got none."""
    return Reply("", None, "", 0, 0, None, failure)


def body(request: Request, teacher: config.TeacherSettings) -> dict[str, Any]:
    """The JSON body of a chat completion: all that decides the reply, and nothing else.

    ``extra_body`` goes over the other fields; a null takes a field away, for endpoints that know
    it under another name (``{"max_tokens": null, "max_completion_tokens": 2048}``).
    """
    fields: dict[str, Any] = {
        "model": teacher.model,
        "messages": list(request.messages),
        "temperature": teacher.temperature,
        "max_tokens": teacher.max_tokens,
    }
    if teacher.top_p is not None:
        fields["top_p"] = teacher.top_p
    if request.sample:
        fields["seed"] = request.sample
    if request.reply_model is not None:
        schema = json_schema(request.reply_model)
        if teacher.structured == "json_schema":
            form = {"name": request.reply_model.__name__, "schema": schema, "strict": True}
            fields["response_format"] = {"type": "json_schema", "json_schema": form}
        else:
            fields["messages"] = _with_schema(request.messages, schema)
        if teacher.structured == "json_object":
            fields["response_format"] = {"type": "json_object", "schema": schema}
    merged = fields | teacher.extra_body
    return {name: value for name, value in merged.items() if value is not None}


def _with_schema(messages: Sequence[Message], schema: dict[str, Any]) -> list[Message]:
    """The messages, the last ending with the form that the reply must have."""
    *earlier, last = messages
    order = f"Reply with JSON alone, of this schema:\n{canonical(schema)}"
    return [*earlier, {**last, "content": f"{last['content']}\n\n{order}"}]


@cache
def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON schema, its objects closed: strict endpoints ask for that."""
    schema = copy.deepcopy(model.model_json_schema())
    for part in (schema, *schema.get("$defs", {}).values()):
        if part.get("type") == "object":
            part.setdefault("additionalProperties", False)
    return schema


def record(answer: Any, seconds: float) -> Record | None:
    """The first choice of a chat completion's JSON; None when there is none."""
    try:
        choice = answer["choices"][0]
        message = choice["message"]
        content = message.get("content") or ""
        # vLLM renamed reasoning_content to reasoning.
        reasoning = message.get("reasoning") or message.get("reasoning_content") or None
        usage = answer.get("usage") or {}
        if not isinstance(content, str) or not isinstance(reasoning, str | None):
            return None
        return Record(
            content=_clean(content),
            reasoning=reasoning and _clean(reasoning),
            finish_reason=(
                "content_filter"
                if message.get("refusal")
                else str(choice.get("finish_reason") or "stop")
            ),
            prompt_tokens=int(usage.get("prompt_tokens") or 0),
            completion_tokens=int(usage.get("completion_tokens") or 0),
            seconds=round(seconds, 3),
        )
    except (TypeError, KeyError, IndexError, AttributeError, ValueError):
        return None


def _clean(text: str) -> str:
    """The text without lone surrogates, which JSON can escape and UTF-8 cannot hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_THINK = re.compile(r"\s*<think>(.*?)(?:</think>|\Z)(.*)", re.DOTALL)
_HARMONY = re.compile(
    r"(?:<\|start\|>assistant)?<\|channel\|>analysis<\|message\|>(.*?)<\|end\|>"
    r".*?<\|channel\|>final.*?<\|message\|>(.*?)(?:<\|(?:return|end)\|>)?\s*",
    re.DOTALL,
)
_BARE_HARMONY = re.compile(r"\s*analysis(.*?)assistantfinal(.*)", re.DOTALL)


def split_reasoning(content: str) -> tuple[str, str | None]:
    """Content and the reasoning inside it: ``<think>`` blocks or harmony channels."""
    for form in (_THINK, _HARMONY, _BARE_HARMONY):
        if match := form.fullmatch(content):
            return match[2].strip(), match[1].strip() or None
    if "</think>" in content:  # the template wrote the opening tag
        reasoning, _, answer = content.partition("</think>")
        return answer.strip(), reasoning.strip() or None
    return content.strip(), None


def read(record: Record, reply_model: type[BaseModel] | None) -> tuple[Reply, str]:
    """What a recorded reply says, and for a reply of the wrong form the validator's message."""
    content, inline = split_reasoning(record.content)
    reasoning = (record.reasoning or "").strip() or inline
    value, failure, complaint = None, None, ""
    if record.finish_reason in ("length", "content_filter"):
        failure = record.finish_reason
    elif not content:
        failure = "empty"
    elif reply_model is not None:
        try:
            value = validated(content, reply_model)
        except ValidationError as error:
            failure, complaint = "format", _complaint(error)
    reply = Reply(
        content=content,
        reasoning=reasoning,
        finish_reason=record.finish_reason,
        prompt_tokens=record.prompt_tokens,
        completion_tokens=record.completion_tokens,
        value=value,
        failure=failure,
    )
    return reply, complaint


def validated(content: str, reply_model: type[BaseModel]) -> BaseModel:
    """The value in a JSON reply, repaired where it is slightly broken.

    Raises:
        ValidationError: always where the value is not of the form; a repair makes '' of a
            refusal, never a value.
    """
    try:
        return reply_model.model_validate_json(content)
    except ValidationError as error:
        repaired = json_repair.loads(content)
        if isinstance(repaired, dict | list):
            return reply_model.model_validate(repaired)
        raise error


def correction(request: Request, reply: Reply, complaint: str) -> Request:
    """The request once more, with the wrong reply and what is wrong with it."""
    turns = [
        {"role": "assistant", "content": reply.content},
        {
            "role": "user",
            "content": f"That reply has the wrong form: {complaint}. "
            "Reply again, with the corrected JSON alone.",
        },
    ]
    return Request([*request.messages, *turns], request.reply_model, request.sample)


def _complaint(error: ValidationError) -> str:
    items = error.errors(include_url=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or 'the reply'}: {item['msg']}" for item in items[:5]
    )
