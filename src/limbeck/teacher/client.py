"""Ask a teacher many things at once, and lose nothing.

`ask` is the one way to a teacher. Each reply is journaled as it comes; what the journal holds is
not asked again; what fails for a passing reason is tried again at once, in the same pool.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
from yarl import URL

from limbeck import config
from limbeck.errors import UserError
from limbeck.teacher import replies, server
from limbeck.teacher.journal import Journal, key
from limbeck.teacher.limits import Window, backoff, retry_after
from limbeck.teacher.progress import Progress
from limbeck.teacher.replies import Message, Record, Reply, Request

__all__ = ["Message", "Reply", "Request", "ask"]

# A wrong URL, a wrong key, no money, no access, a wrong model: nothing will work.
_PERMANENT = (301, 302, 303, 307, 308, 401, 402, 403, 404, 405)
_PASSING = (408, 409, 425, 429)  # and all of 5xx
_HOPELESS = 20  # requests given up in a row, with no reply between: the endpoint is down


def ask(
    requests: Sequence[Request],
    teacher: config.TeacherSettings,
    connection: config.Connection,
    journal: Path,
    work: Path = Path("work"),
) -> list[Reply]:
    """The replies to ``requests``, in their order.

    A request that failed for good has a `Reply.failure`. Failures of the endpoint ("http 500",
    "connection", ...) are not journaled, so that a later run tries these requests again.

    Args:
        requests: equal ones are asked once; give them a `Request.sample` to get several replies.
        teacher: what decides the replies.
        connection: where the teacher is and how fast to ask.
        journal: the JSON Lines file that keeps the replies.
        work: the folder of a run's passing files; a local server's state is in ``work/servers``.

    Raises:
        UserError: nothing can work: no key, a wrong key, URL or model, no server, an endpoint
            that answers nothing, a journal that another process holds.
    """
    progress = Progress(len(requests), journal.stem)
    with Journal(journal) as opened:
        asking = _Asking(teacher, connection, opened, work, progress)
        try:
            for row, request in enumerate(requests):
                asking.add(request, row)
            if asking.open:
                asyncio.run(asking.run())
        except KeyboardInterrupt:
            print(
                f"stopped at {progress.line()}; what came is in {journal}: run again to go on",
                file=sys.stderr,
            )
            raise SystemExit(130) from None
    if requests:
        print(progress.line(), file=sys.stderr, flush=True)
    return [asking.answers[row] for row in range(len(requests))]


@dataclass(eq=False, slots=True)
class _Call:
    """A request under way, for one row or several that ask the same."""

    request: Request
    key: str
    rows: list[int]
    first: Reply | None = None  # the reply that this call corrects
    tries: int = 0


@dataclass(slots=True)
class _Failure:
    """A try that brought no reply."""

    kind: str
    wait: float | None = None  # seconds that the endpoint asked for
    detail: str = ""
    passing: bool = True
    refused: bool = True  # a sign of overload


@dataclass(slots=True)
class _Asking:
    """The state of one `ask`: rows come in, answers go out."""

    teacher: config.TeacherSettings
    connection: config.Connection
    journal: Journal
    work: Path
    progress: Progress
    answers: dict[int, Reply] = field(default_factory=dict)
    open: dict[str, _Call] = field(default_factory=dict)  # by key: calls without an answer
    # Last in, first out: a retried call comes before those that were never sent.
    queue: asyncio.LifoQueue[_Call] = field(default_factory=asyncio.LifoQueue)
    given_up: int = 0  # calls in a row
    secret: str = ""
    url: str = ""
    dispatcher: asyncio.Task[None] = field(init=False)
    restarting: asyncio.Lock = field(default_factory=asyncio.Lock)

    def add(self, request: Request, row: int) -> None:
        """Take a row's request: answer it from the journal or open a call for it."""
        self._open(_Call(request, key(request, self.teacher), [row]))

    def _open(self, call: _Call) -> None:
        if same := self.open.get(call.key):
            same.rows += call.rows
        elif known := self.journal.get(call.key):
            self.progress.journaled += len(call.rows) if call.first is None else 0
            self._answer(call, known)
        else:
            self.open[call.key] = call
            if self.url:  # asking has begun: this is a correction
                self.queue.put_nowait(call)

    def _answer(self, call: _Call, record: Record) -> None:
        """Close a call with a reply, or open its correction."""
        reply, complaint = replies.read(record, call.request.reply_model)
        if call.first is not None:
            reply = replace(
                reply,
                prompt_tokens=reply.prompt_tokens + call.first.prompt_tokens,
                completion_tokens=reply.completion_tokens + call.first.completion_tokens,
            )
        elif complaint:
            corrected = replies.correction(call.request, reply, complaint)
            self._open(_Call(corrected, key(corrected, self.teacher), call.rows, first=reply))
            return
        self._close(call, reply)

    def _close(self, call: _Call, reply: Reply) -> None:
        for row in call.rows:
            self.answers[row] = reply
        self.progress.done += len(call.rows)
        if reply.failure:
            self.progress.failures[reply.failure] += len(call.rows)

    async def run(self) -> None:
        """Send all open calls and wait for their answers."""
        self.secret = _secret(self.connection)
        self.url = await self._base_url()
        for call in reversed(self.open.values()):
            self.queue.put_nowait(call)
        async with self._session() as session:
            showing = asyncio.create_task(self.progress.show())
            try:
                async with asyncio.TaskGroup() as tasks:
                    self.dispatcher = tasks.create_task(self._dispatch(tasks, session))
            except ExceptionGroup as group:
                raise group.exceptions[0] from None
            finally:
                showing.cancel()

    def _session(self) -> aiohttp.ClientSession:
        headers = {"Content-Type": "application/json"}
        if self.secret:
            headers["Authorization"] = f"Bearer {self.secret}"
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # the window is the limit
            timeout=aiohttp.ClientTimeout(total=self.connection.timeout),
            headers=headers,
            # Proxies of the environment, but never to this machine itself.
            trust_env=URL(self.url).host not in ("127.0.0.1", "::1", "localhost"),
        )

    async def _dispatch(self, tasks: asyncio.TaskGroup, session: aiohttp.ClientSession) -> None:
        """Send one call after another until all are answered, when this is cancelled."""
        window = Window(self.connection.concurrency)
        while True:
            await window.enter()
            call = await self.queue.get()
            tasks.create_task(self._send(session, window, call))

    async def _base_url(self) -> str:
        return await asyncio.to_thread(
            server.base_url, self.connection, self.work, self.teacher.revision
        )

    async def _send(self, session: aiohttp.ClientSession, window: Window, call: _Call) -> None:
        """One try of a call, from the pool's place to its journaled answer."""
        url = self.url
        outcome = await self._post(session, url, call)
        if isinstance(outcome, Record):
            window.leave(refused=False)
            self.given_up = 0
            self.journal.add(call.key, self.teacher.model, outcome)
            self.progress.replies += 1
            self.progress.tokens += outcome.prompt_tokens + outcome.completion_tokens
            del self.open[call.key]
            self._answer(call, outcome)
        else:
            window.leave(outcome.refused, outcome.wait or 0.0)
            await self._failed(call, outcome, url)
        if not self.open:
            self.dispatcher.cancel()

    async def _failed(self, call: _Call, failure: _Failure, url: str) -> None:
        """Try a call again later, or give it up."""
        call.tries += 1
        if failure.passing and call.tries <= self.connection.retries:
            self.progress.retried[failure.kind] += 1
            if failure.kind == "connection" and self.connection.server is not None:
                async with self.restarting:
                    if url == self.url:  # nobody else has found a living server meanwhile
                        self.url = await self._base_url()
            wait = backoff(call.tries) if failure.wait is None else failure.wait
            asyncio.get_running_loop().call_later(wait, self.queue.put_nowait, call)
            return
        self.given_up += 1
        self.progress.last_error = f"{failure.kind}{self._safe(failure.detail)}"
        if self.given_up >= _HOPELESS:
            raise UserError(
                f"{self.url}: the teacher {self.teacher.model!r} answers nothing: "
                f"{self.progress.last_error}"
            )
        del self.open[call.key]
        self._close(call, replies.failed(failure.kind))

    async def _post(
        self, session: aiohttp.ClientSession, url: str, call: _Call
    ) -> Record | _Failure:
        """Send a call once."""
        loop = asyncio.get_running_loop()
        data = json.dumps(replies.body(call.request, self.teacher)).encode()
        start = loop.time()
        try:
            async with session.post(
                URL(f"{url}/chat/completions"), data=data, allow_redirects=False
            ) as response:
                status, wait = response.status, retry_after(response.headers.get("Retry-After"))
                text = await response.read()
        except TimeoutError:
            return _Failure("timeout")
        except aiohttp.ClientPayloadError:
            return _Failure("truncated", refused=False)
        except (aiohttp.ClientError, OSError) as error:
            return _Failure("connection", detail=f" ({error})")
        if self.secret:  # an endpoint may echo it
            text = text.replace(self.secret.encode(), b"[key]")
        if status != 200:
            return self._refusal(status, wait, text)
        try:
            answer = json.loads(text)
        except ValueError:
            return _Failure("malformed", refused=False)
        record = replies.record(answer, loop.time() - start)
        if record is None:
            return _Failure("malformed", detail=_message(text), refused=False)
        if record.finish_reason == "stop" and not (record.content or record.reasoning):
            return _Failure("empty", refused=False)
        return record

    def _refusal(self, status: int, wait: float | None, text: bytes) -> _Failure:
        detail = _message(text)
        if status in _PERMANENT:
            variable = self.connection.api_key_env
            source = f"the key in {variable}" if variable else "no key (api_key_env is not set)"
            raise UserError(
                f"{self.url}: http {status} for model {self.teacher.model!r} with {source}"
                f"{self._safe(detail)}"
            )
        passing = status in _PASSING or status >= 500
        return _Failure(f"http {status}", wait, detail, passing, refused=passing)

    def _safe(self, text: str) -> str:
        """The text without the key."""
        return text.replace(self.secret, "[key]") if self.secret else text


def _secret(connection: config.Connection) -> str:
    """The key, from the environment; '' where none is named."""
    if connection.api_key_env is None:
        return ""
    if secret := os.environ.get(connection.api_key_env, "").strip():
        return secret
    raise UserError(f"the teacher's key: the variable {connection.api_key_env} is not set")


def _message(text: bytes) -> str:
    """The endpoint's own words on what is wrong, in one line, after a colon."""
    try:
        answer = json.loads(text)
        error = answer.get("error", answer)
        words = error.get("message") or str(error) if isinstance(error, dict) else str(error)
    except (ValueError, AttributeError):
        words = text.decode(errors="replace")
    line = " ".join("".join(c if c.isprintable() else " " for c in str(words)).split())
    return f": {line[:200]}" if line else ""
