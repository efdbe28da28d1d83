"""The batch API: a file of requests is submitted, and a file of replies comes within a day.

A state file beside the stage's journal knows the batches that are under way, so a stage may leave
and come back with the same command. Replies are joined to their requests by ``custom_id``, which is
the journal's key: in whatever order they come, and whoever asks for them.
https://platform.openai.com/docs/guides/batch, https://docs.together.ai/docs/batch-inference
"""

import asyncio
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from limbeck import config
from limbeck.errors import UserError
from limbeck.files import read_json, write_json
from limbeck.teacher.budget import Account
from limbeck.teacher.endpoint import (
    LARGEST,
    Endpoint,
    Failure,
    judged,
    moderated,
    one_line,
    passing,
)
from limbeck.teacher.journal import state_path
from limbeck.teacher.limits import pause
from limbeck.teacher.replies import Record

FEW = 50  # so many requests or more are worth a batch, which may take a day whatever is in it
_A_LINE = 65_536  # bytes of a reply in a file of replies, at most on average
_OVER = ("completed", "failed", "expired", "cancelled", "canceled")
_BROKEN = ("failed", "cancelled", "canceled")

Body = dict[str, Any]
Outcomes = dict[str, Record | Failure]


@dataclass(slots=True)
class Submitted:
    """A batch that is under way."""

    file: str  # the endpoint's name of the file of requests
    keys: list[str]
    dollars: float  # the most that it can cost
    batch: str | None = None  # the endpoint's name of it; None: perhaps not made yet


def read(journal: Path) -> tuple[str, list[Submitted]]:
    """The URL and the batches that are under way.

    Raises:
        UserError: the state file is none.
    """
    path = state_path(journal)
    if not path.exists():
        return "", []
    try:
        state = read_json(path)
        return state["url"], [Submitted(**fields) for fields in state["batches"]]
    except (TypeError, KeyError):
        raise UserError(f"{path}: not a state of batches") from None


def check_none(journal: Path, keys: Iterable[str]) -> None:
    """Refuse to ask at once what is under way in a batch, and would be paid for twice.

    Raises:
        UserError: names the state file and what to do.
    """
    url, under_way = read(journal)
    both = {key for submitted in under_way for key in submitted.keys}.intersection(keys)
    if both:
        raise UserError(
            f"{len(both):,} of these requests are under way in batches at {url}: set the "
            f"teacher's batch again to fetch them, or remove {state_path(journal)} to pay twice"
        )


class Batches:
    """The batches of one stage."""

    def __init__(
        self, endpoint: Endpoint, settings: config.Batch, account: Account, journal: Path
    ) -> None:
        """Read the state file.

        Raises:
            UserError: batches are under way at another endpoint.
        """
        self.endpoint = endpoint
        self.settings = settings
        self.account = account
        self.journal = journal
        self.deadline = asyncio.get_running_loop().time() + settings.wait
        url, self.under_way = read(journal)
        if self.under_way and url != endpoint.url:
            raise UserError(
                f"{state_path(journal)}: batches are under way at {url}, not {endpoint.url}: "
                "go back to that teacher to fetch them, or remove the file to give them up"
            )

    async def submit(self, bodies: dict[str, Body]) -> bool:
        """Submit what is in no batch yet, as far as the budget goes; whether any are under way."""
        for submitted in self.under_way:
            if submitted.batch is None:  # this process's forerunner was killed just here
                await self._create(submitted)
        known = {key for submitted in self.under_way for key in submitted.keys}
        waiting = [(key, body) for key, body in bodies.items() if key not in known]
        while waiting:
            lines, dollars = self._fill(waiting)
            if not lines:
                break
            file = await self._upload(list(lines.values()))
            self.under_way.append(Submitted(file, list(lines), dollars))
            self._save()
            await self._create(self.under_way[-1])
            waiting = waiting[len(lines) :]
        return bool(self.under_way)

    def _fill(self, waiting: list[tuple[str, Body]]) -> tuple[dict[str, str], float]:
        """The first requests as lines of a file that is within all limits, and their bound."""
        lines: dict[str, str] = {}
        dollars, size = 0.0, 0
        room = self.account.room()
        for key, body in waiting[: self.settings.requests]:
            request: Body = {"custom_id": key, "body": body}
            if self.settings.api == "openai":
                request |= {"method": "POST", "url": "/v1/chat/completions"}
            line = json.dumps(request) + "\n"
            bound = self.account.bound(body)
            if dollars + bound > room or size + len(line) > self.settings.megabytes * 10**6:
                if dollars + bound > room and not lines:
                    self.account.refused = bound
                break
            lines[key], dollars, size = line, dollars + bound, size + len(line)
        return lines, dollars

    async def _upload(self, lines: list[str]) -> str:
        """Upload a file of requests; its name at the endpoint."""
        together = self.settings.api == "together"
        content = "".join(lines).encode()
        fields = {"purpose": "batch-api" if together else "batch"}
        if together:
            fields |= {"file_name": "requests.jsonl", "file_type": "jsonl"}

        def form() -> aiohttp.MultipartWriter:
            writer = aiohttp.MultipartWriter("form-data")
            for name, value in fields.items():
                writer.append(value).set_content_disposition("form-data", name=name)
            part = writer.append(content, {"Content-Type": "application/jsonl"})
            part.set_content_disposition("form-data", name="file", filename="requests.jsonl")
            return writer

        path = "/files/upload" if together else "/files"
        return self._name(path, await self.endpoint.fetch("POST", path, form))

    async def _create(self, submitted: Submitted) -> None:
        """Make a batch of an uploaded file, unless that was done already."""
        if not self.account.submit(submitted.file, submitted.dollars):
            self.under_way.remove(submitted)  # another stage was faster; the file costs nothing
            self._save()
            return
        order = {
            "input_file_id": submitted.file,
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
        }
        tries = 0
        while (found := await self._find(submitted.file)) is None:
            outcome = await self.endpoint.request("POST", "/batches", order)
            if not isinstance(outcome, Failure):
                found = self._name("/batches", outcome)
                break
            tries += 1
            if not outcome.passing or tries > self.endpoint.connection.retries:
                detail = self.endpoint.safe(outcome.detail)
                raise UserError(f"{self.endpoint.url}/batches: {outcome.kind}{detail}")
            await asyncio.sleep(pause(outcome.wait, tries))
        submitted.batch = found
        self._save()
        count = len(submitted.keys)
        print(f"{self.journal.stem}: batch {found} has {count:,} requests", file=sys.stderr)

    async def _find(self, file: str) -> str | None:
        """The batch that was made of a file."""
        path = "/batches?limit=100"
        answer = self._value(path, await self.endpoint.fetch("GET", path))
        listed = answer.get("data") if isinstance(answer, dict) else answer
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, dict) and item.get("input_file_id") == file:
                return str(item.get("id"))
        return None

    def _value(self, path: str, text: bytes) -> Any:
        """The JSON of an answer.

        Raises:
            UserError: it has none. What is under way stays so.
        """
        try:
            return self.endpoint.parsed(text)
        except ValueError as error:
            raise UserError(
                f"{self.endpoint.url}{path}: the answer is not JSON ({error})"
            ) from None

    def _name(self, path: str, text: bytes) -> str:
        """The id of what an answer tells of, a file or a batch, which Together wraps.

        Raises:
            UserError: it has none.
        """
        answer = self._value(path, text)
        told = answer.get("job", answer) if isinstance(answer, dict) else None
        name = told.get("id") if isinstance(told, dict) else None
        if not isinstance(name, str) or not name:
            raise UserError(f"{self.endpoint.url}{path}: the answer has no id")
        return name

    async def finished(self) -> tuple[Submitted, Outcomes]:
        """Wait for a batch to be over; what became of each of its requests.

        Raises:
            UserError: none is over in time, or the endpoint refused a whole batch.
        """
        while True:
            for submitted in self.under_way:
                path = f"/batches/{quote(str(submitted.batch), safe='')}"
                answer = self._value(path, await self.endpoint.fetch("GET", path))
                status = answer.get("status") if isinstance(answer, dict) else None
                if not isinstance(status, str):
                    raise UserError(f"{self.endpoint.url}{path}: the answer has no status")
                if status.lower() in _OVER:
                    return submitted, await self._outcomes(submitted, status.lower(), answer)
            left = self.deadline - asyncio.get_running_loop().time()
            if left <= 0:
                count = sum(len(submitted.keys) for submitted in self.under_way)
                raise UserError(
                    f"{self.journal.stem}: {count:,} requests are under way in "
                    f"{len(self.under_way)} batches at {self.endpoint.url}; "
                    "run the same command again to fetch them"
                )
            await asyncio.sleep(min(self.settings.poll, left))

    async def _outcomes(self, submitted: Submitted, status: str, answer: Body) -> Outcomes:
        kind = "expired" if status == "expired" else "missing"
        outcomes: Outcomes = dict.fromkeys(submitted.keys, Failure(kind))
        found = False
        for name in (answer.get("output_file_id"), answer.get("error_file_id")):
            if not name:
                continue
            path = f"/files/{quote(str(name), safe='')}/content"
            largest = LARGEST + len(submitted.keys) * _A_LINE
            for line in (await self.endpoint.fetch("GET", path, largest=largest)).splitlines():
                key, outcome = self._line(line)
                # The files are the endpoint's: what they say of requests of others is no matter.
                if key in outcomes:
                    outcomes[key], found = outcome, True
        if not found and status in _BROKEN:
            self.forget(submitted, {})
            raise UserError(
                f"{self.endpoint.url}: the batch {submitted.batch} is {status}: {_errors(answer)}"
            )
        return outcomes

    def _line(self, line: bytes) -> tuple[str, Record | Failure]:
        """The ``custom_id`` of a line of replies, and what became of the request."""
        try:
            answer = self.endpoint.parsed(line)
        except ValueError:
            return "", Failure("malformed")
        if not isinstance(answer, dict):
            return "", Failure("malformed")
        key, response, error = (answer.get(name) for name in ("custom_id", "response", "error"))
        if response is None:
            expired = isinstance(error, dict) and error.get("code") == "batch_expired"
            return str(key), Failure("expired" if expired else "batch error")
        status = response.get("status_code") if isinstance(response, dict) else None
        if not isinstance(status, int):
            return str(key), Failure("malformed")
        body = response.get("body")
        if status == 200:
            return str(key), judged(body, 0.0)
        if moderated(status, body):
            return str(key), Failure("content_filter", passing=False)
        return str(key), Failure(f"http {status}", passing=passing(status))

    def forget(self, submitted: Submitted, outcomes: Outcomes) -> None:
        """A batch is over and its replies are in the journal: settle the account and drop it."""
        found = (one if isinstance(one, Record) else one.record for one in outcomes.values())
        usages = [(one.prompt_tokens, one.completion_tokens) for one in found if one]
        self.account.finish(submitted.file, usages)
        self.under_way.remove(submitted)
        self._save()

    def _save(self) -> None:
        path = state_path(self.journal)
        if self.under_way:
            batches = [asdict(submitted) for submitted in self.under_way]
            write_json(path, {"url": self.endpoint.url, "batches": batches})
        else:
            path.unlink(missing_ok=True)


def _errors(answer: Body) -> str:
    """What the endpoint says of a batch that it refused, in one line."""
    errors = answer.get("errors") or answer.get("error") or "no reason is given"
    listed = errors.get("data") if isinstance(errors, dict) else None
    if isinstance(listed, list) and listed:
        first = listed[0]
        errors = first.get("message", errors) if isinstance(first, dict) else first
    return one_line(errors)
