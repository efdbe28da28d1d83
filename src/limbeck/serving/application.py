"""Serve chat completions: the routes, and a server that ends itself when it is idle."""

import asyncio
import hmac
import os
import time
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from limbeck import stage
from limbeck.files import canonical, outside
from limbeck.serving.request import KEY, BadRequest, Body, CutError, check, completion

# The content and the reasoning of the reply to a checked body; raises CutError where it has no end.
Answer = Callable[[Body], Awaitable[tuple[str, str | None]]]

MAX_BODY = 16 * 1024 * 1024  # bytes
_KEY = web.AppKey("key", str)
_LAST_REQUEST: web.AppKey[list[float]] = web.AppKey("last_request", list)


def parser(description: str | None) -> ArgumentParser:
    """The options of every server."""
    options = stage.parser(description)
    options.add_argument("--host", default="127.0.0.1", help="address to listen at")
    options.add_argument(
        "--port", type=int, default=0, help="port to listen at; 0 takes a free one"
    )
    options.add_argument("--idle", type=float, default=0.0, help="end after so many idle seconds")
    return options


async def serve(model: str, answer: Answer, host: str, port: int, idle: float = 0.0) -> None:
    """Serve until `idle` seconds pass without a request (0: for ever)."""
    app = application(model, answer)
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


def application(model: str, answer: Answer) -> web.Application:
    """The server's routes; ``model`` is the one that it answers as."""

    async def health(request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def models(request: web.Request) -> web.Response:
        listed = {"id": model, "object": "model", "created": 0, "owned_by": "limbeck"}
        return web.json_response({"object": "list", "data": [listed]})

    async def complete(request: web.Request) -> web.Response:
        try:
            body = outside.loads(await request.read())
            canonical(body).encode()  # no text that UTF-8 cannot hold
        except ValueError as error:
            raise BadRequest(f"the body is not JSON ({error})") from None
        check(body)
        if body["model"] != model:
            message = f"there is no model {body['model']!r} here, only {model!r}"
            return _error(404, message, "model_not_found")
        try:
            said = completion(body, *await answer(body))
        except CutError:
            said = completion(body, "", None, whole=False)
        return web.json_response(said)

    app = web.Application(middlewares=[_as_protocol], client_max_size=MAX_BODY)
    app[_KEY] = os.environ.get(KEY, "")
    app[_LAST_REQUEST] = [time.monotonic()]
    app.router.add_get("/health", health)
    app.router.add_get("/v1/models", models)
    app.router.add_post("/v1/chat/completions", complete)
    return app


@web.middleware
async def _as_protocol(request: web.Request, handler: Any) -> web.StreamResponse:
    """Note the time of the request, and give errors the protocol's form."""
    request.app[_LAST_REQUEST][0] = time.monotonic()
    try:
        if request.path.startswith("/v1/") and not _may_ask(request):
            return _error(401, "the key is missing or wrong", "invalid_api_key")
        response: web.StreamResponse = await handler(request)
        return response
    except BadRequest as error:
        return _error(400, str(error))
    except web.HTTPException as error:
        return _error(error.status, error.reason)
    finally:
        request.app[_LAST_REQUEST][0] = time.monotonic()


def _may_ask(request: web.Request) -> bool:
    brought = request.headers.get("Authorization", "").encode(errors="surrogateescape")
    key = request.app[_KEY]
    return not key or hmac.compare_digest(brought, f"Bearer {key}".encode())


def _error(status: int, message: str, code: str | None = None) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return web.json_response({"error": error}, status=status)
