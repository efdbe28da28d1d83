"""A small OpenAI-style endpoint for tests and benchmarks: it counts, waits and fails to order.

As a program it prints ``listening on http://127.0.0.1:PORT/v1`` and serves until it is ended:

    python tests/endpoint.py --latency 0.2 --faults
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from aiohttp import web

from limbeck import config
from limbeck.teacher.client import Request

Body = dict[str, Any]
# What to do with a request: (its body, how often this body has come before) -> the completion's
# JSON, or one of the orders below.
Answer = Callable[[Body, int], Any]


class Fault:
    """An order to fail."""

    def __init__(self, kind: str, **details: Any) -> None:
        self.kind, self.details = kind, details


def questions(count: int, start: int = 0) -> list[Request]:
    """So many different requests, by their numbers."""
    return [
        Request([{"role": "user", "content": f"question {n}"}]) for n in range(start, start + count)
    ]


def status(code: int, message: str = "no", **headers: str) -> Fault:
    """Answer with this HTTP status."""
    return Fault("status", code=code, message=message, headers=headers)


def raw(said: bytes, code: int = 200, **headers: str) -> Fault:
    """Answer with these bytes."""
    return Fault("raw", said=said, code=code, headers=headers)


DROPPED = Fault("dropped")  # the connection is closed without an answer
TRUNCATED = Fault("truncated")  # half of the announced body
MALFORMED = Fault("malformed")  # 200 with a body that is not JSON
ENDLESS = Fault("endless")  # 200 with a body that never ends
BOMB = Fault("bomb")  # 200 with a body that unpacks to a thousand times as much
HANGING = Fault("hanging")  # no answer at all
ECHO = Fault("echo")  # 401 with the request's headers in the message
# What OpenRouter says, with 403, of an input that its moderation flagged.
FLAGGED = json.dumps(
    {
        "error": {
            "code": 403,
            "message": "Your input was flagged",
            "metadata": {"reasons": ["violence"], "flagged_input": "How ...", "model_slug": "m"},
        }
    }
).encode()


def completion(content: str | None, finish_reason: str = "stop", **message: Any) -> Body:
    """A chat completion's JSON."""
    words = len((content or "").split())
    return {
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": words, "total_tokens": 10 + words},
    }


def echo(body: Body, before: int) -> Body:
    """A reply that depends on the messages alone."""
    last = body["messages"][-1]["content"]
    mark = hashlib.sha256(json.dumps(body["messages"]).encode()).hexdigest()[:8]
    return completion(f"reply to {last} ({mark})")


def faulty(seed: int = 0, retry_after: str = "1") -> Answer:
    """`echo` behind a bad network: one request in five fails."""
    chance = random.Random(seed)
    faults = [
        status(429, **{"Retry-After": retry_after}),
        status(500),
        DROPPED,
        MALFORMED,
        TRUNCATED,
    ]

    def answer(body: Body, before: int) -> Any:
        none = 1 - sum(weights := (0.10, 0.05, 0.02, 0.02, 0.02))
        fault = chance.choices([None, *faults], [none, *weights])[0]
        return fault or echo(body, before)

    return answer


def dying(endpoint: "Endpoint", after: int) -> Answer:
    """`echo` of a process that dies in the middle."""

    def answer(body: Body, before: int) -> Body:
        if endpoint.requests > after:
            os._exit(1)
        return echo(body, before)

    return answer


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = b"0" * 2**20
    return b"".join(packer.compress(zeros) for _ in range(2**7)) + packer.flush()


class Endpoint:
    """A running endpoint. ``counts`` and ``replied`` count requests by canonical body."""

    def __init__(self, answer: Answer = echo, latency: float = 0.0) -> None:
        self.answer, self.latency = answer, latency
        self.counts: Counter[str] = Counter()  # requests that came
        self.replied: Counter[str] = Counter()  # requests that were given a completion
        self.bodies: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.in_flight = self.most_in_flight = 0
        self.url = ""

    @property
    def requests(self) -> int:
        return self.counts.total()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/v1/chat/completions", self._handle)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/health", self._models)
        return app

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": []})

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        text = await request.read()
        body = json.loads(text)
        name = hashlib.sha256(text).hexdigest()
        before = self.counts[name]
        self.counts[name] += 1
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            order = self.answer(body, before)
            if not isinstance(order, Fault) or order.kind != "status":  # refusals come at once
                await asyncio.sleep(self.latency)
            response = await self._response(request, order)
        finally:
            self.in_flight -= 1
        if not isinstance(order, Fault):
            self.replied[name] += 1
        return response

    async def _response(self, request: web.Request, order: Any) -> web.StreamResponse:
        if not isinstance(order, Fault):
            return web.Response(body=json.dumps(order).encode(), content_type="application/json")
        if order.kind == "status":
            error = {"error": {"message": order.details["message"]}}
            headers = order.details["headers"]
            return web.json_response(error, status=order.details["code"], headers=headers)
        if order.kind == "echo":
            error = {"error": {"message": f"bad key in {dict(request.headers)}"}}
            return web.json_response(error, status=401)
        if order.kind == "malformed":
            return web.Response(text="<html>upstream error</html>")
        if order.kind == "raw":
            return web.Response(
                body=order.details["said"],
                status=order.details["code"],
                headers=order.details["headers"],
            )
        if order.kind == "bomb":
            return web.Response(body=_bomb(), headers={"Content-Encoding": "gzip"})
        if order.kind == "endless":
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(b" " * 2**16)
        if order.kind == "hanging":
            await asyncio.sleep(3600)
        assert request.transport is not None
        if order.kind == "truncated":
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"choices": [')
            request.transport.close()
            return response
        request.transport.close()
        return web.Response()


@contextmanager
def serving(answer: Answer = echo, latency: float = 0.0) -> Iterator[Endpoint]:
    """An endpoint in a thread of this process."""
    with running(Endpoint(answer, latency)) as endpoint:
        yield endpoint


SomeEndpoint = TypeVar("SomeEndpoint", bound=Endpoint)


@contextmanager
def running(endpoint: SomeEndpoint) -> Iterator[SomeEndpoint]:
    """Run an endpoint in a thread of this process."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def start() -> web.AppRunner:
        runner = web.AppRunner(endpoint.app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        endpoint.url = f"http://{host}:{port}/v1"
        ready.set()
        return runner

    def serve() -> None:
        runner = loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield endpoint
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def teacher(**changes: Any) -> config.TeacherSettings:
    """Settings of a teacher, some of them changed."""
    settings: dict[str, Any] = {
        "model": "teacher",
        "temperature": 1.0,
        "top_p": None,
        "max_tokens": 100,
        "structured": "json_schema",
        "extra_body": {},
    }
    return config.TeacherSettings(**settings | changes)


def connection(url: str | None, **changes: Any) -> config.Connection:
    """A connection to ``url``, some of it changed."""
    fields: dict[str, Any] = {
        "server": None,
        "url": url,
        "api_key_env": None,
        "concurrency": 16,
        "timeout": 20.0,
        "retries": 8,
        "idle": 60.0,
    }
    return config.Connection(**fields | changes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--die-after", type=int, help="requests until the process ends at once")
    options = parser.parse_args()
    endpoint = Endpoint(faulty() if options.faults else echo, options.latency)
    if options.die_after:
        endpoint.answer = dying(endpoint, options.die_after)

    async def serve() -> None:
        runner = web.AppRunner(endpoint.app(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", options.port, backlog=1024).start()
        print(f"listening on http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
        await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
