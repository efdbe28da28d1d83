"""Serve the built-in teacher, the phrasebook, over the OpenAI chat protocol.

    python -m limbeck.phrasebook --port 0 --idle 60

Prints "listening on http://HOST:PORT/v1" when it is ready. It is a rule-based demonstrator of the
workflow, not a language model, and writes Swahili only.
"""

import asyncio
import re
import time
from typing import Any

from aiohttp import web

from limbeck import stage
from limbeck.files import digest
from limbeck.phrasebook import wording
from limbeck.phrasebook.responder import reply

MODEL = "phrasebook"
MAX_BODY = 16 * 1024 * 1024  # bytes

_TOKEN = re.compile(r"\w+|[^\w\s]")
_LAST_REQUEST: web.AppKey[list[float]] = web.AppKey("last_request", list)


class BadRequest(ValueError):
    """A request that the protocol does not allow."""


def main() -> None:
    """Read the options and serve until idle or interrupted."""
    parser = stage.parser(__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--port", type=int, default=0, help="port to listen at; 0 takes a free one")
    parser.add_argument("--idle", type=float, default=0.0, help="end after so many idle seconds")
    options = parser.parse_args()
    asyncio.run(serve(options.host, options.port, options.idle))


async def serve(host: str, port: int, idle: float = 0.0) -> None:
    """Serve until `idle` seconds pass without a request (0: for ever)."""
    wording.prepare()
    app = application()
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024)
        await site.start()
        port = runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        print(f"listening on http://{shown}:{port}/v1", flush=True)
        while not idle or (left := idle - (time.monotonic() - app[_LAST_REQUEST][0])) > 0:
            await asyncio.sleep(min(left, 1.0) if idle else 3600.0)
    finally:
        await runner.cleanup()


def application() -> web.Application:
    """The server's routes."""
    app = web.Application(middlewares=[_as_protocol], client_max_size=MAX_BODY)
    app[_LAST_REQUEST] = [time.monotonic()]
    app.router.add_get("/health", _health)
    app.router.add_get("/v1/models", _models)
    app.router.add_post("/v1/chat/completions", _complete)
    return app


@web.middleware
async def _as_protocol(request: web.Request, handler: Any) -> web.StreamResponse:
    """Note the time of the request, and give errors the protocol's form."""
    request.app[_LAST_REQUEST][0] = time.monotonic()
    try:
        response: web.StreamResponse = await handler(request)
        return response
    except BadRequest as error:
        return _error(400, str(error), "invalid_request_error")
    except web.HTTPException as error:
        return _error(error.status, error.reason, "invalid_request_error")
    finally:
        request.app[_LAST_REQUEST][0] = time.monotonic()


def _error(status: int, message: str, kind: str, code: str | None = None) -> web.Response:
    error = {"message": message, "type": kind, "param": None, "code": code}
    return web.json_response({"error": error}, status=status)


async def _health(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _models(request: web.Request) -> web.Response:
    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "limbeck"}
    return web.json_response({"object": "list", "data": [model]})


async def _complete(request: web.Request) -> web.Response:
    try:
        body = await request.json()
    except ValueError:
        raise BadRequest("the body is not JSON") from None
    check(body)
    if body["model"] != MODEL:
        message = f"there is no model {body['model']!r} here, only {MODEL!r}"
        return _error(404, message, "invalid_request_error", "model_not_found")
    return web.json_response(complete(body))


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


_ROLES = ("system", "developer", "user", "assistant")


def _check_form(form: Any) -> None:
    if form is None:
        return
    if not isinstance(form, dict) or form.get("type") not in ("text", "json_schema", "json_object"):
        raise BadRequest("'response_format.type' must be text, json_object or json_schema")
    if form["type"] == "json_schema":
        described = form.get("json_schema")
        if not isinstance(described, dict) or not isinstance(described.get("name"), str):
            raise BadRequest("'response_format.json_schema' needs a 'name'")
        if not isinstance(described.get("schema"), dict):
            raise BadRequest("'response_format.json_schema' needs a 'schema'")


def complete(body: dict[str, Any]) -> dict[str, Any]:
    """The completion of a checked body; tokens are words and punctuation marks."""
    content, reasoning = reply(body)
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    used = len(_TOKEN.findall(reasoning or ""))
    tokens = list(_TOKEN.finditer(content))
    finish_reason = "stop"
    if limit is not None and used + len(tokens) > limit:
        # The reasoning counts first; what is left of the limit is the content's.
        tokens = tokens[: max(0, limit - used)]
        content = content[: tokens[-1].end()] if tokens else ""
        finish_reason = "length"
    prompt = sum(len(_TOKEN.findall(message["content"])) for message in body["messages"])
    completion = used + len(tokens)
    message = {"role": "assistant", "content": content, "reasoning_content": reasoning}
    return {
        "id": f"chatcmpl-{digest(body)}",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        },
    }


if __name__ == "__main__":
    stage.run(main)
