"""What a request of the protocol holds, and the completion that answers it.

A request with a JSON schema is known by the schema's name and finds its data between tags in the
last user message. These names and tags are the contract between the stages and our own servers.
"""

import re
from typing import Any

from limbeck.files import digest

Body = dict[str, Any]
Schema = dict[str, Any]

KEY = "LIMBECK_SERVER_KEY"  # the variable of the key that requests must bring, if it is set

_ROLES = ("system", "developer", "user", "assistant")
_TOKEN = re.compile(r"\w+|[^\w\s]")


class BadRequest(ValueError):
    """A request that the protocol or the server does not allow."""


class CutError(Exception):
    """The reply comes to no end."""


def check(body: Any) -> None:
    """Raise `BadRequest`, with what is wrong, for a body that is no chat request."""
    if not isinstance(body, dict):
        raise BadRequest("the body is not a JSON object")
    if not isinstance(body.get("model"), str):
        raise BadRequest("'model' must be a string")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("'messages' must be a list with at least one message")
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            raise BadRequest(f"each message needs a 'role', one of {', '.join(_ROLES)}")
        if not isinstance(message.get("content"), str):
            raise BadRequest("each message needs a 'content' that is a string")
    if body.get("stream"):
        raise BadRequest("'stream' is not supported")
    if body.get("n", 1) != 1:
        raise BadRequest("'n' must be 1")
    for name in ("max_tokens", "max_completion_tokens"):
        limit = body.get(name)
        if limit is not None and (type(limit) is not int or limit < 1):
            raise BadRequest(f"'{name}' must be a whole number above 0")
    _check_form(body.get("response_format"))


def _check_form(form: Any) -> None:
    if form is None:
        return
    if not isinstance(form, dict) or form.get("type") not in ("text", "json_schema", "json_object"):
        raise BadRequest("'response_format.type' must be text, json_object or json_schema")
    if form["type"] == "json_schema":
        named = form.get("json_schema")
        if not isinstance(named, dict) or not isinstance(named.get("name"), str):
            raise BadRequest("'response_format.json_schema' needs a 'name'")
        if not isinstance(named.get("schema"), dict):
            raise BadRequest("'response_format.json_schema' needs a 'schema'")


def completion(
    body: Body, content: str, reasoning: str | None, whole: bool = True
) -> dict[str, Any]:
    """The completion of a checked body; tokens are words and punctuation marks."""
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    used = len(_TOKEN.findall(reasoning or ""))
    tokens = list(_TOKEN.finditer(content))
    finish_reason = "stop" if whole else "length"
    if limit is not None and used + len(tokens) > limit:
        # The reasoning counts first; what is left of the limit is the content's.
        tokens = tokens[: max(0, limit - used)]
        content = content[: tokens[-1].end()] if tokens else ""
        finish_reason = "length"
    prompt = sum(len(_TOKEN.findall(message["content"])) for message in body["messages"])
    said = used + len(tokens)
    message = {"role": "assistant", "content": content, "reasoning_content": reasoning}
    return {
        "id": f"chatcmpl-{digest(body)}",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": said,
            "total_tokens": prompt + said,
        },
    }


def described(body: Body) -> Schema:
    """The "schema" of a body's response format, with its "name"; a bare schema's is its title."""
    form: Schema = body.get("response_format") or {}
    bare: Schema = form.get("schema") or {}
    return form.get("json_schema") or {"name": bare.get("title"), "schema": bare}


def last_user(body: Body) -> str:
    """The text of the last user message; "" when there is none."""
    for message in reversed(body["messages"]):
        if message.get("role") == "user":
            return str(message.get("content") or "")
    return ""


def tagged(message: str, tag: str) -> str:
    """What stands between the first <tag> and the last </tag> of a message; "" without them."""
    match = re.search(rf"<{tag}>(.*)</{tag}>", message, re.DOTALL)
    return match[1].strip() if match else ""
