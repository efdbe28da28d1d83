"""A small endpoint with a batch API: files, batches, lines out of order, failures to order."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from endpoint import Body, Endpoint, completion, echo, running

# What becomes of a request in a batch: (its body, how often it was in a batch before) -> the
# completion's JSON, an HTTP status, or one of the words "expired" and "missing".
Answer = Callable[[Body, int], Any]


class BatchEndpoint(Endpoint):
    """Batches are done ``looks`` looks after they were made."""

    def __init__(self, answer: Answer = echo, api: str = "openai", looks: int = 1) -> None:
        super().__init__(echo)
        self.answer_in_batch, self.api, self.looks = answer, api, looks
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.batched: Counter[str] = Counter()  # requests by the text of their last message
        self.answered: Counter[str] = Counter()  # those that were given a completion
        self.lines: list[Body] = []  # of all files of requests
        self.refuse = ""  # this batch status instead of an answer
        self.reason = "line 1: no such model"
        self.lose_next_creation = False  # the batch is made, and the answer is lost
        self.instead: dict[str, bytes] = {}  # by the handler's name: what it says instead
        self.spoilt: dict[str, bytes] = {}  # by the last message: the rest of its line of replies

    def app(self) -> web.Application:
        app = super().app()
        app.middlewares.append(self._spoil)
        upload = "/v1/files/upload" if self.api == "together" else "/v1/files"
        app.router.add_post(upload, self._upload)
        app.router.add_get("/v1/files/{name}/content", self._content)
        app.router.add_post("/v1/batches", self._create)
        app.router.add_get("/v1/batches", self._list)
        app.router.add_get("/v1/batches/{name}", self._look)
        return app

    @web.middleware
    async def _spoil(self, request: web.Request, handler: Any) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request)
        if (said := self.instead.get(handler.__name__)) is not None:
            return web.Response(body=said)
        return response

    async def _upload(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        form = await request.post()
        together = self.api == "together"
        assert form["purpose"] == ("batch-api" if together else "batch")
        assert ("file_name" in form) == together
        part = form["file"]
        assert isinstance(part, web.FileField)
        name = f"file-{len(self.files)}"
        self.files[name] = part.file.read()
        return web.json_response({"id": name, "object": "file"})

    async def _create(self, request: web.Request) -> web.Response:
        order = await request.json()
        assert order["endpoint"] == "/v1/chat/completions"
        name = f"batch_{len(self.batches)}"
        batch = {"id": name, "input_file_id": order["input_file_id"]}
        batch |= {"status": self._say("in_progress"), "looks": self.looks}
        self.batches[name] = batch
        if self.lose_next_creation:
            self.lose_next_creation = False
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"job": batch} if self.api == "together" else batch)

    def _say(self, status: str) -> str:
        return status.upper() if self.api == "together" else status

    async def _list(self, request: web.Request) -> web.Response:
        batches = list(self.batches.values())
        return web.json_response(batches if self.api == "together" else {"data": batches})

    async def _look(self, request: web.Request) -> web.Response:
        batch = self.batches[request.match_info["name"]]
        batch["looks"] -= 1
        if batch["looks"] < 0 and batch["status"] == self._say("in_progress"):
            self._finish(batch)
        return web.json_response(batch)

    def _finish(self, batch: dict[str, Any]) -> None:
        if self.refuse:
            batch["status"] = self._say(self.refuse)
            batch["errors"] = {"data": [{"message": self.reason}]}
            return
        good, bad = [], []
        for text in self.files[batch["input_file_id"]].splitlines():
            line = json.loads(text)
            assert ("method" in line) == (self.api == "openai")
            self.lines.append(line)
            last = line["body"]["messages"][-1]["content"]
            answer = self.answer_in_batch(line["body"], self.batched[last])
            self.batched[last] += 1
            reply: dict[str, Any] = {"id": "x", "custom_id": line["custom_id"], "error": None}
            if isinstance(answer, dict):
                self.answered[last] += 1
                good.append({**reply, "response": {"status_code": 200, "body": answer}})
            elif isinstance(answer, int):
                body = {"error": {"message": "no"}}
                bad.append({**reply, "response": {"status_code": answer, "body": body}})
            elif answer == "expired":
                error = {"code": "batch_expired", "message": "too late"}
                bad.append({**reply, "response": None, "error": error})
        for key, lines in (("output_file_id", good), ("error_file_id", bad)):
            random.Random(len(lines)).shuffle(lines)
            batch[key] = f"{batch['id']}-{key}"
            self.files[batch[key]] = b"".join(map(self._line, lines))
        batch["status"] = self._say("completed")

    def _line(self, line: Body) -> bytes:
        last = next(
            known["body"]["messages"][-1]["content"]
            for known in self.lines
            if known["custom_id"] == line["custom_id"]
        )
        name = json.dumps(line["custom_id"]).encode()
        if last in self.spoilt:
            return b'{"custom_id": ' + name + self.spoilt[last] + b"\n"
        return json.dumps(line).encode() + b"\n"

    async def _content(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["name"]])


@contextmanager
def serving_batches(
    answer: Answer = echo, api: str = "openai", looks: int = 1
) -> Iterator[BatchEndpoint]:
    """An endpoint with a batch API in a thread of this process."""
    with running(BatchEndpoint(answer, api, looks)) as endpoint:
        yield endpoint


def long_reply(body: Body, before: int) -> Any:
    """40 tokens."""
    return completion(" ".join(["word"] * 40))
