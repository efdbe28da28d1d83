"""Ask a teacher many things at once, and lose nothing.

`ask` is the one way to a teacher. Each reply is journaled as it comes; what the journal holds is
not asked again; what fails for a passing reason is tried again at once, in the same pool.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from limbeck import config
from limbeck.errors import UserError
from limbeck.files import digest
from limbeck.teacher import batch, replies, structured
from limbeck.teacher.budget import Account
from limbeck.teacher.endpoint import Endpoint, Failure, passing
from limbeck.teacher.journal import Journal, key
from limbeck.teacher.limits import LONGEST_ASKED, Pace, Window, pause
from limbeck.teacher.progress import Progress
from limbeck.teacher.replies import Message, Record, Reply, Request
from limbeck.teacher.server import Server

__all__ = ["Message", "Reply", "Request", "ask", "check_answered", "check_came"]

_HOPELESS = 20  # requests given up in a row, with no reply between: the endpoint is down
_EMPTY = 2  # times that an empty reply is asked for again
_FEW = 0.01  # of the requests, that may be lost to the endpoint's failures
# Failures that are the model's own: a reply of no use, or a prompt that it cannot hold.
_ANSWERED = {None, "length", "content_filter", "empty", "format", "context"}


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
            that answers nothing, a journal that another process holds, a budget that is spent,
            batches that are still under way.
    """
    teacher = connection.over(teacher)
    progress = Progress(len(requests), journal.stem)
    with (
        Journal(journal) as opened,
        Account(work, journal, connection) as account,
        Server(teacher, connection, work) as place,
    ):
        account.give_up([submitted.file for submitted in batch.read(journal)[1]])
        asking = _Asking(teacher, connection, opened, work, progress, place, account)
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


def check_answered(replies: Sequence[Reply], journal: Path) -> None:
    """Stop where the endpoint failed on a request: a score without it would not be the model's.

    Raises:
        UserError: says to run again.
    """
    _stop([reply.failure for reply in replies if reply.failure not in _ANSWERED], replies, journal)


def check_came(replies: Sequence[Reply], journal: Path) -> None:
    """Stop where the endpoint failed on requests that a later run may get through.

    Else their rows were lost for good. One request in a hundred may be: there are prompts that an
    endpoint fails on whenever they are sent, and none of these should stop a build.

    Raises:
        UserError: says to run again.
    """
    failures = [reply.failure for reply in replies if _may_come(reply.failure)]
    if len(failures) > _FEW * len(replies):
        _stop(failures, replies, journal)


def _may_come(failure: str | None) -> bool:
    """Whether a later try may bring a reply: not where the request was refused as it is."""
    code = (failure or "").removeprefix("http ")
    refused = code.isdigit() and int(code) != 402 and not passing(int(code))
    return failure not in (*_ANSWERED, "too large") and not refused


def _stop(failures: Sequence[str | None], replies: Sequence[Reply], journal: Path) -> None:
    if failures:
        raise UserError(
            f"the teacher failed on {len(failures)} of {len(replies)} prompts "
            f"({failures[0]}); run again, what came is in {journal}"
        )


@dataclass(eq=False, slots=True)
class _Call:
    """A request under way, for one row or several that ask the same."""

    request: Request
    key: str
    rows: list[int]
    first: Reply | None = None  # the reply of no use that this call follows
    corrected: bool = False  # one of the replies before had the wrong form
    tries: int = 0
    empty: int = 0  # of these, that brought an empty reply
    reserved: float = 0.0  # dollars


@dataclass(slots=True)
class _Asking:
    """The state of one `ask`: rows come in, answers go out."""

    teacher: config.TeacherSettings
    connection: config.Connection
    journal: Journal
    work: Path
    progress: Progress
    place: Server
    account: Account
    answers: dict[int, Reply] = field(default_factory=dict)
    open: dict[str, _Call] = field(default_factory=dict)  # by key: calls without an answer
    # Last in, first out: a retried call comes before those that were never sent.
    queue: asyncio.LifoQueue[_Call] = field(default_factory=asyncio.LifoQueue)
    given_up: int = 0  # calls in a row
    sending: bool = False
    stopped: UserError | None = None  # why nothing more is sent
    endpoint: Endpoint = field(init=False)
    told: config.TeacherSettings = field(init=False)  # with `structured` found out
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
            if call.first is not None:
                self.progress.retried[call.first.failure or ""] += 1
            if self.sending:  # this follows a reply of no use
                self.queue.put_nowait(call)

    def _answer(self, call: _Call, record: Record) -> None:
        """Close a call with a reply, or open the one that follows a reply of no use."""
        reply, complaint = replies.read(record, call.request.reply_model)
        if call.first is not None:
            reply = replace(
                reply,
                prompt_tokens=reply.prompt_tokens + call.first.prompt_tokens,
                completion_tokens=reply.completion_tokens + call.first.completion_tokens,
            )
        tokens = record.prompt_tokens + record.completion_tokens
        following = replies.following(
            call.request,
            call.corrected,
            reply,
            complaint,
            self.teacher,
            has_room=not (self.sending and self.endpoint.capacity.used_up(tokens)),
        )
        if following is None:
            self._close(call, reply)
            return
        request, corrected = following
        name = key(request, self.teacher, corrected)
        self._open(_Call(request, name, call.rows, reply, corrected))

    def _close(self, call: _Call, reply: Reply) -> None:
        for row in call.rows:
            self.answers[row] = reply
        self.progress.done += len(call.rows)
        if reply.failure:
            self.progress.failures[reply.failure] += len(call.rows)

    async def run(self) -> None:
        """Send all open calls and wait for their answers."""
        self.endpoint = Endpoint(self.teacher, self.connection)
        self.endpoint.move(await asyncio.to_thread(self.place.url), self.place.key)
        async with self.endpoint:
            await self.endpoint.look()
            self.told = await self._told()
            showing = asyncio.create_task(self.progress.show())
            try:
                if self.connection.batch is None:
                    await self._ask_at_once()
                else:
                    await self._ask_in_batches(self.connection.batch)
            finally:
                showing.cancel()
        if self.open:
            raise UserError(self.account.refusal(self.progress.done, self.progress.total))

    async def _ask_at_once(self) -> None:
        batch.check_none(self.journal.path, self.open)
        for call in reversed(self.open.values()):
            self.queue.put_nowait(call)
        self.sending = True
        try:
            async with asyncio.TaskGroup() as tasks:
                self.dispatcher = tasks.create_task(self._dispatch(tasks))
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        if self.stopped:
            raise self.stopped

    async def _ask_in_batches(self, settings: config.Batch) -> None:
        batches = batch.Batches(self.endpoint, settings, self.account, self.journal.path)
        while self.open:
            if not batches.under_way and len(self.open) < batch.FEW:
                self.account.leave_batches()
                await self._ask_at_once()
                return
            bodies = {
                name: replies.body(call.request, self.told) for name, call in self.open.items()
            }
            if not await batches.submit(bodies):
                return  # the budget is spent
            submitted, outcomes = await batches.finished()
            for name, outcome in outcomes.items():
                if isinstance(outcome, Record):
                    self._take(name, outcome)
                elif call := self.open.get(name):
                    self._failed_again(call, outcome)
            batches.forget(submitted, outcomes)
            self.progress.dollars = self.account.cost

    async def _told(self) -> config.TeacherSettings:
        """The teacher's settings with the way in which it is told the form of a reply."""
        if all(call.request.reply_model is None for call in self.open.values()):
            return self.teacher
        way = await structured.find(self.teacher, self.connection, self.work, self._offer)
        return self.teacher.model_copy(update={"structured": way})

    async def _offer(self, body: dict[str, Any]) -> Record | Failure:
        """The reply to a request that the endpoint may refuse; it is paid for like any other."""
        reserved = self.account.bound(body)
        if not await self.account.reserve(reserved):
            raise UserError(self.account.refusal(self.progress.done, self.progress.total))
        outcome = await self.endpoint.offer(body)
        if isinstance(outcome, Failure):
            self.account.fail(reserved, billed=outcome.sent)
        else:
            self.account.settle(reserved, outcome.prompt_tokens, outcome.completion_tokens)
        return outcome

    async def _dispatch(self, tasks: asyncio.TaskGroup) -> None:
        """Send one call after another until all are answered, when this is cancelled.

        When the budget is spent, or nothing more can work, this ends, and what is in flight still
        comes.
        """
        window = Window(self.place.in_flight)
        # All stages of this machine that ask the same teacher share its limits.
        name = digest(self.connection.url, self.connection.server, self.teacher.model)
        pace = Pace(self.work / "limits" / name, self.connection)
        while True:
            await window.enter()
            call = await self.queue.get()
            body = replies.body(call.request, self.told)
            call.reserved = self.account.bound(body)
            if not await self.account.reserve(call.reserved):
                return
            taken = await pace.wait(body) if pace.limited else 0.0
            tasks.create_task(self._send(window, pace, call, body, taken))

    async def _send(
        self, window: Window, pace: Pace, call: _Call, body: dict[str, Any], taken: float
    ) -> None:
        """One try of a call; where it says that nothing can work, it is the last that is sent."""
        try:
            await self._try(window, pace, call, body, taken)
        except UserError as error:
            self.stopped = self.stopped or error
        if self.stopped or not self.open:
            self.dispatcher.cancel()

    async def _try(
        self, window: Window, pace: Pace, call: _Call, body: dict[str, Any], taken: float
    ) -> None:
        """One try of a call, from the pool's place to its journaled answer."""
        url = self.endpoint.url
        try:
            outcome = await self.endpoint.post(body)
        except UserError:
            self.account.fail(call.reserved, billed=False)
            raise
        record = outcome if isinstance(outcome, Record) else outcome.record
        if record:
            self.account.settle(call.reserved, record.prompt_tokens, record.completion_tokens)
            self.progress.dollars = self.account.cost
            pace.settle(taken, record.prompt_tokens + record.completion_tokens)
        elif isinstance(outcome, Failure):
            self.account.fail(call.reserved, billed=outcome.sent)
            pace.settle(taken, None)
        if isinstance(outcome, Record):
            window.leave(refused=False)
            self.given_up = 0
            self._take(call.key, outcome)
        else:
            window.leave(outcome.refused, outcome.wait or 0.0)
            await self._failed(call, outcome, url)

    def _take(self, name: str, record: Record) -> None:
        """Journal a reply, and answer the call that it belongs to, if that is still open."""
        self.journal.add(name, self.teacher.model, record)
        self.progress.replies += 1
        self.progress.tokens += record.prompt_tokens + record.completion_tokens
        if call := self.open.pop(name, None):
            self._answer(call, record)

    async def _failed(self, call: _Call, failure: Failure, url: str) -> None:
        """Try a call again later, or give it up."""
        if self._failed_again(call, failure):
            if failure.kind in ("connection", "timeout") and self.connection.server is not None:
                async with self.restarting:
                    # Nobody else has found a living server since, or that there is none.
                    if url == self.endpoint.url and self.stopped is None:
                        found = await asyncio.to_thread(self.place.url)
                        self.endpoint.move(found, self.place.key)
            self.progress.cut += (failure.wait or 0.0) > LONGEST_ASKED
            wait = pause(failure.wait, call.tries)
            asyncio.get_running_loop().call_later(wait, self.queue.put_nowait, call)
            return
        self.given_up += failure.kind not in ("context", "content_filter")  # the request's own
        if self.given_up >= _HOPELESS:
            raise UserError(self.endpoint.nothing(self.progress.last_error))

    def _failed_again(self, call: _Call, failure: Failure) -> bool:
        """Whether a call is tried again; if not, its failure is its answer."""
        call.tries += 1
        call.empty += failure.record is not None
        left = call.tries <= self.connection.retries and call.empty <= _EMPTY
        if failure.passing and left:
            self.progress.retried[failure.kind] += 1
            return True
        self.progress.last_error = f"{failure.kind}{self.endpoint.safe(failure.detail)}"
        if failure.record:
            self._take(call.key, failure.record)
        else:
            del self.open[call.key]
            self._close(call, replies.failed(failure.kind))
        return False
