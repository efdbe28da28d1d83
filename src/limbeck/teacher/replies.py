"""Requests to a teacher and what its replies say: the reasoning, the answer, the validated value.

Everything here is a pure function of a request and a recorded reply. A journal keeps replies as
they came, so what is read out of them can change without asking again.
"""

import copy
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import json_repair
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from limbeck import config
from limbeck.files import canonical, outside

Message = dict[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a teacher."""

    messages: Sequence[Message]
    reply_model: type[BaseModel] | None = None  # a JSON reply of this form is wanted
    sample: int = 0  # which of several independent replies to the same messages
    max_tokens: int | None = None  # instead of the teacher's


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
    # no use), "context" (the model's holds no such prompt), or what was wrong with the last try:
    # "http 500", "timeout", "connection", "truncated", "too large", "malformed", "no choice",
    # "broken off".
    failure: str | None


def failed(failure: str) -> Reply:
    """The reply to a request that got none."""
    return Reply("", None, "", 0, 0, None, failure)


def question(request: Request, teacher: config.TeacherSettings) -> dict[str, Any]:
    """What is asked of the teacher: all that decides the reply, and nothing else.

    The form of a wanted JSON reply is in it, the way in which an endpoint is told that form is not:
    whichever way it is, the reply is validated against the same form.
    """
    fields = _fields(request, teacher)
    if request.reply_model is not None:
        fields["reply"] = {
            "name": request.reply_model.__name__,
            "schema": json_schema(request.reply_model),
        }
    return fields


# A schema beside the messages, by the values of `structured` that put it there.
_BESIDE: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
    "json_schema": lambda name, schema: {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": name, "schema": schema, "strict": True},
        }
    },
    # vLLM from 0.12 on, and before; it ignores the one that it does not know.
    "structured_outputs": lambda name, schema: {"structured_outputs": {"json": schema}},
    "guided_json": lambda name, schema: {"guided_json": schema},
    # llama.cpp follows the schema; others that know json_object do not look at it.
    "json_object": lambda name, schema: {
        "response_format": {"type": "json_object", "schema": schema}
    },
}
_IN_WORDS = ("json_object", "none")  # where nothing else may tell the teacher the form


def body(request: Request, teacher: config.TeacherSettings) -> dict[str, Any]:
    """The JSON body of a chat completion, with the schema told in the teacher's ``structured`` way.

    ``auto`` stands for ``json_schema`` here; `limbeck.teacher.structured` finds out what it is.
    """
    fields = _fields(request, teacher)
    if request.reply_model is not None:
        way = "json_schema" if teacher.structured == "auto" else teacher.structured
        schema = json_schema(request.reply_model)
        if way in _BESIDE:
            # The user's extra_body wins, as in all fields.
            fields = _BESIDE[way](request.reply_model.__name__, schema) | fields
        if way in _IN_WORDS:
            fields["messages"] = _with_schema(request.messages, schema)
    return fields


def _fields(request: Request, teacher: config.TeacherSettings) -> dict[str, Any]:
    """The fields of a request's body, without the form of the reply.

    ``extra_body`` goes over the other fields; a null takes a field away, for endpoints that know
    it under another name (``{"max_tokens": null, "max_completion_tokens": 2048}``). A seed there is
    that of first replies: of several to the same messages, each has another one.
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
    merged = fields | teacher.extra_body
    if isinstance(seed := teacher.extra_body.get("seed"), int):
        merged["seed"] = seed + request.sample
    if request.max_tokens is not None:
        limits = ("max_tokens", "max_completion_tokens")
        merged |= {name: request.max_tokens for name in limits if merged.get(name) is not None}
    return {name: value for name, value in merged.items() if value is not None}


def _with_schema(messages: Sequence[Message], schema: dict[str, Any]) -> list[Message]:
    """The messages, the last ending with the form that the reply must have."""
    *earlier, last = messages
    order = f"Reply with JSON alone, of this schema:\n{canonical(schema)}"
    return [*earlier, {**last, "content": f"{last['content']}\n\n{order}"}]


def told(description: str) -> ConfigDict:
    """The ``model_config`` of a reply's form that is sent with a description.

    It is a part of the question, which journals know a reply by; a docstring is not sent.
    """
    return ConfigDict(json_schema_extra={"description": description})


class _Told(GenerateJsonSchema):
    """Schemas without docstrings."""

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        extra = schema["cls"].model_config.get("json_schema_extra")
        if not (isinstance(extra, dict) and "description" in extra):
            found.pop("description", None)
        return found


@cache
def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON schema, its objects closed: strict endpoints ask for that."""
    schema = copy.deepcopy(model.model_json_schema(schema_generator=_Told))
    for part in (schema, *schema.get("$defs", {}).values()):
        if part.get("type") == "object":
            part.setdefault("additionalProperties", False)
    return schema


_MOST = 10**8  # tokens of a request or a reply, far above what any model takes


def record(answer: Any, seconds: float) -> Record | None:
    """The first choice of a chat completion's JSON; None when there is none."""
    try:
        choice = answer["choices"][0]
        message = choice["message"]
        said = message.get("content")
        content = _text(said) or ""
        # vLLM renamed reasoning_content to reasoning; Magistral's is a chunk of the content.
        reasoning = message.get("reasoning") or message.get("reasoning_content") or None
        if isinstance(said, list):
            reasoning = reasoning or _text(said, "thinking") or None
        prompt_tokens, completion_tokens = _usage(answer.get("usage"))
        if not isinstance(content, str) or not isinstance(reasoning, str | None):
            return None
        return Record(
            content=_clean(content),
            reasoning=reasoning and _clean(reasoning),
            finish_reason=(
                "content_filter"
                if message.get("refusal")
                else _clean(str(choice.get("finish_reason") or "stop"))[:40]
            ),
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            seconds=round(seconds, 3),
        )
    except (TypeError, KeyError, IndexError, AttributeError):
        return None


def _text(said: Any, kind: str = "text") -> Any:
    """The chunks of a kind, joined; what is not in chunks as it is."""
    if not isinstance(said, list):
        return said
    return "".join(_text(chunk[kind]) for chunk in said if chunk["type"] == kind)


def _usage(usage: Any) -> tuple[int, int]:
    """Prompt and completion tokens; 0 and 0, not known, where one of them cannot be true."""
    counts = usage if isinstance(usage, dict) else {}
    prompt, completion = counts.get("prompt_tokens"), counts.get("completion_tokens")
    if not (isinstance(prompt, int | float) and isinstance(completion, int | float)):
        return 0, 0
    total = counts.get("total_tokens")
    if isinstance(total, int | float) and total <= 2 * _MOST:
        completion = max(completion, total - prompt)  # xAI counts reasoning in the total alone
    known = 0 < prompt <= _MOST and 0 <= completion <= _MOST
    return (int(prompt), int(completion)) if known else (0, 0)


def _clean(text: str) -> str:
    """The text without lone surrogates, which JSON can escape and UTF-8 cannot hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_THINK = re.compile(r"\s*<think>(.*?)(?:</think>|\Z)(.*)", re.DOTALL)
_HARMONY = re.compile(r"(?:<\|start\|>assistant)?<\|channel\|>analysis<\|message\|>")
_BARE_HARMONY = re.compile(r"\s*analysis(.*?)assistantfinal(.*)", re.DOTALL)


def split_reasoning(content: str, apart: bool = False) -> tuple[str, str | None]:
    """Content and the reasoning inside it: ``<think>`` blocks or harmony channels.

    ``apart``: the reply has its reasoning in a field of its own, so a lone ``</think>`` is a word.
    """
    for form in (_THINK, _BARE_HARMONY):
        if match := form.fullmatch(content):
            return match[2].strip(), match[1].strip() or None
    if (start := _HARMONY.match(content)) and (found := _channels(content[start.end() :])):
        return found
    if not apart and "</think>" in content:  # the template wrote the opening tag
        reasoning, _, answer = content.partition("</think>")
        return answer.strip(), reasoning.strip() or None
    return content.strip(), None


def _channels(content: str) -> tuple[str, str | None] | None:
    """What follows the head of the analysis channel; None where no final channel does."""
    reasoning, _, rest = content.partition("<|end|>")
    _, _, final = rest.partition("<|channel|>final")
    _, message, answer = final.partition("<|message|>")
    if not message:
        return None
    answer = answer.strip()
    for ending in ("<|return|>", "<|end|>"):
        answer = answer.removesuffix(ending)
    return answer.strip(), reasoning.strip() or None


_CUT = ("length", "max_tokens", "model_length")  # the last is Mistral's, of a full context
# OpenRouter, vLLM and DeepSeek: the text so far is none.
_BROKEN_OFF = ("error", "abort", "insufficient_system_resource")


def unfinished(finish_reason: str) -> str | None:
    """Why a reply is not whole, by its finish reason; None where it is."""
    if finish_reason in _CUT:
        return "length"
    if finish_reason in _BROKEN_OFF:
        return "broken off"
    # Azure says which of its filters it was.
    return "content_filter" if finish_reason.startswith("content_filter") else None


def read(record: Record, reply_model: type[BaseModel] | None) -> tuple[Reply, str]:
    """What a recorded reply says, and for a reply of the wrong form the validator's message."""
    content, inline = split_reasoning(record.content, apart=bool(record.reasoning))
    reasoning = (record.reasoning or "").strip() or inline
    value, complaint = None, ""
    failure = cause = unfinished(record.finish_reason)
    if cause is None and not content:
        failure = "empty"
    elif cause is None and reply_model is not None:
        try:
            value = validated(content, reply_model)
        except ValidationError as error:
            failure, complaint = "format", _complaint(error)
        except ValueError as error:
            failure, complaint = "format", str(error)
    reply = Reply(
        content=content,
        reasoning=reasoning,
        finish_reason=cause or record.finish_reason,
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
        ValueError: it is more than may be read at all.
    """
    outside.check(content)
    try:
        return reply_model.model_validate_json(content)
    except ValidationError as error:
        repaired = _repaired(content)
        if isinstance(repaired, dict | list):
            return reply_model.model_validate(repaired)
        raise error


_REPAIRABLE = 16_000  # characters: the time of a repair grows with their square


def _repaired(content: str) -> Any:
    """The value in a text that is nearly JSON; of a long one what stands between its brackets."""
    if len(content) <= _REPAIRABLE:
        return json.loads(_clean(json.dumps(json_repair.loads(content), ensure_ascii=False)))
    start = min((at for at in map(content.find, "{[") if at >= 0), default=0)
    try:
        return json.loads(_clean(content[start : max(map(content.rfind, "}]")) + 1]))
    except ValueError:
        return None


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
    return replace(request, messages=[*request.messages, *turns])


def following(
    request: Request,
    corrected: bool,
    reply: Reply,
    complaint: str,
    teacher: config.TeacherSettings,
    has_room: bool = True,
) -> tuple[Request, bool] | None:
    """The request that follows a reply of no use; None where the reply is the answer.

    A reply that was cut off is asked for once more with the ceiling, one of the wrong form once
    more with what is wrong with it.

    Args:
        request: that the reply is of.
        corrected: whether this or an earlier request asked for a correction.
        reply: what `read` made of it.
        complaint: the validator's message, from there too.
        teacher: whose ceiling counts.
        has_room: whether a reply may be longer than one that was cut off.

    Returns:
        The request, and whether a correction has been asked for by then.
    """
    ceiling = (teacher.max_tokens_ceiling or 0) if has_room else 0
    if reply.failure == "length" and ceiling > (request.max_tokens or teacher.max_tokens):
        return replace(request, max_tokens=ceiling), corrected
    if complaint and not corrected:
        return correction(request, reply, complaint), True
    return None


def _complaint(error: ValidationError) -> str:
    items = error.errors(include_url=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or 'the reply'}: {item['msg']}" for item in items[:5]
    )
