"""One request to a teacher's endpoint, and what became of it."""

import asyncio
import contextlib
import json
import os
import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from limbeck import config
from limbeck.errors import UserError
from limbeck.files import outside
from limbeck.teacher import capacity, replies
from limbeck.teacher.limits import pause, retry_after
from limbeck.teacher.replies import Record

# A wrong URL, a wrong key, no money, no access, a wrong model: nothing will work.
_PERMANENT = (301, 302, 303, 307, 308, 401, 402, 403, 404, 405)
_PASSING = (408, 409, 425, 429)  # and all of 5xx
_LATE = (408, 504, 524)  # somebody in between waited no longer; the model may still work
_HALVINGS = 8  # of a reply that leaves a prompt too little, where nobody counts the prompt
_LOOK = 10.0  # seconds that the list of models may take

SHORTEST_KEY = 16  # characters
LARGEST = 16 * 1024 * 1024  # bytes of a body, unpacked; thousands of times what any model says


@dataclass(slots=True)
class Failure:
    """A try that brought no reply."""

    kind: str
    wait: float | None = None  # seconds that the endpoint asked for
    detail: str = ""
    passing: bool = True
    refused: bool = True  # a sign of overload
    sent: bool = True  # the endpoint may have seen the request, and may bill it
    excess: capacity.Excess | None = None  # the request is longer than the model's context
    record: Record | None = None  # an empty reply, which the endpoint counts


TOO_LONG = Failure("context", passing=False, refused=False, sent=False)


class TooLarge(Exception):
    """A body has more bytes than it may have."""


# JSON, or what makes a form for each try.
Data = dict[str, Any] | Callable[[], aiohttp.MultipartWriter] | None


class Endpoint:
    """A teacher's endpoint and the session with it; ``url`` may change between two requests."""

    def __init__(self, teacher: config.TeacherSettings, connection: config.Connection) -> None:
        """Read the key.

        Raises:
            UserError: the variable that should hold it is not set.
        """
        self.model = teacher.model
        self.connection = connection
        self.url = ""
        self._authorization: dict[str, str] = {}
        self.secret = _secret(connection)
        self.capacity = capacity.Capacity(teacher.model)

    def move(self, url: str, key: str) -> None:
        """Send what comes to ``url``; a server that was started here has a ``key`` of its own."""
        self.url = url
        self.secret = key or self.secret
        self._authorization = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # the window is the limit
            timeout=aiohttp.ClientTimeout(total=self.connection.timeout),
            headers={"Content-Type": "application/json"},
            # Of the environment the proxies alone: with `trust_env` ~/.netrc would log in, too.
            proxy=_proxy(self.url),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def look(self) -> None:
        """Read the model's context from the endpoint's list of models, where that has it."""
        with contextlib.suppress(UserError, TimeoutError):
            async with asyncio.timeout(_LOOK):
                answer = await self.request("GET", "/models")
            if isinstance(answer, bytes):
                self.capacity.limit = capacity.listed(answer, self.model)

    async def post(self, body: dict[str, Any]) -> Record | Failure:
        """Send a request, with a reply as long as the context leaves; a shorter one if refused.

        Raises:
            UserError: no request to this endpoint can work.
        """
        fitted = self.capacity.fit(body)
        outcome = await self._post(fitted) if fitted else TOO_LONG
        for _ in range(_HALVINGS):
            if isinstance(outcome, Record) or outcome.excess is None or fitted is None:
                break
            fitted = self.capacity.refit(outcome.excess, body, fitted)
            outcome = await self._post(fitted) if fitted else TOO_LONG
        if isinstance(outcome, Record):
            self.capacity.count(body, outcome.prompt_tokens)
        elif outcome.excess:
            return TOO_LONG
        return outcome

    async def _post(self, body: dict[str, Any]) -> Record | Failure:
        loop = asyncio.get_running_loop()
        data = json.dumps(body).encode()
        start = loop.time()
        try:
            async with self._session.post(
                URL(f"{self.url}/chat/completions"),
                data=data,
                headers=self._authorization,
                allow_redirects=False,
            ) as response:
                status, wait = response.status, retry_after(response.headers.get("Retry-After"))
                text = await _text(response, LARGEST)
        except TimeoutError:
            return Failure("timeout")
        except TooLarge:
            return Failure("too large", passing=False, refused=False)
        except aiohttp.ClientPayloadError:
            return Failure("truncated", refused=False)
        except aiohttp.ClientConnectorError as error:
            return Failure("connection", detail=f" ({error})", sent=False)
        except (aiohttp.ClientError, OSError) as error:
            return Failure("connection", detail=f" ({error})")
        if status != 200:
            return self._refusal(status, wait, text)
        try:
            answer = self.parsed(text)
        except ValueError:
            return Failure("malformed", refused=False)
        return judged(answer, loop.time() - start)

    async def request(
        self, method: str, path: str, data: Data = None, largest: int = LARGEST
    ) -> bytes | Failure:
        """Send any other request once.

        Args:
            method: GET or POST.
            path: after the URL, which ends in ``/v1``.
            data: the body, if there is one.
            largest: bytes that the answer may have.

        Raises:
            UserError: no request to this endpoint can work.
        """
        body: Any = data() if callable(data) else data and json.dumps(data).encode()
        headers = self._authorization | (dict(body.headers) if callable(data) else {})
        try:
            async with self._session.request(
                method,
                URL(f"{self.url}{path}"),
                data=body,
                headers=headers,
                allow_redirects=method == "GET",  # files may lie elsewhere; what is sent may not
            ) as response:
                status, wait = response.status, retry_after(response.headers.get("Retry-After"))
                text = await _text(response, largest)
        except TooLarge:
            return Failure("too large", passing=False)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return Failure("connection", detail=f" ({error})")
        return text if status in (200, 201) else self._refusal(status, wait, text)

    async def fetch(
        self, method: str, path: str, data: Data = None, largest: int = LARGEST
    ) -> bytes:
        """The answer to a request that does no harm when it is sent twice; as `request`.

        Raises:
            UserError: no request to this endpoint can work, or this one does not get through.
        """
        tries = 1
        while isinstance(outcome := await self.request(method, path, data, largest), Failure):
            if not outcome.passing or tries > self.connection.retries:
                raise UserError(f"{self.url}{path}: {outcome.kind}{self.safe(outcome.detail)}")
            await asyncio.sleep(pause(outcome.wait, tries))
            tries += 1
        return outcome

    async def offer(self, body: dict[str, Any]) -> Record | Failure:
        """The reply to a request that the endpoint may well refuse, or the failure if it does.

        Raises:
            UserError: no request to this endpoint can work, or none gets through.
        """
        tries = 1
        while isinstance(outcome := await self.post(body), Failure):
            if outcome.record:
                return outcome.record
            # Some say 500 to what they do not know, or break off: that may pass, or may not.
            doubtful = outcome.kind.startswith("http 5") or not outcome.refused
            if not outcome.passing or (doubtful and tries > min(1, self.connection.retries)):
                return outcome
            if tries > self.connection.retries:
                raise UserError(self.nothing(f"{outcome.kind}{self.safe(outcome.detail)}"))
            await asyncio.sleep(pause(outcome.wait, tries))
            tries += 1
        return outcome

    def nothing(self, last: str) -> str:
        """What to say when the endpoint is down; ``last``: its last words."""
        return f"{self.url}: the teacher {self.model!r} answers nothing: {last}"

    def _refusal(self, status: int, wait: float | None, text: bytes) -> Failure:
        try:
            said = self.parsed(text)
        except ValueError:
            said = self.safe(text.decode(errors="replace"))
        detail = _message(said)
        if moderated(status, said):
            return Failure(
                "content_filter", detail=detail, passing=False, refused=False, sent=False
            )
        # With a time to come back 402 says that too much is in flight, else that no money is left.
        passes = passing(status) or (status == 402 and wait is not None)
        if status in _PERMANENT and not passes:
            variable = self.connection.api_key_env
            source = f"the key in {variable}" if variable else "no key (api_key_env is not set)"
            raise UserError(
                f"{self.url}: http {status} for model {self.model!r} with {source}{detail}"
            )
        late = status in _LATE
        failure = Failure(f"http {status}", wait, detail, passes, refused=passes, sent=late)
        failure.excess = capacity.refused(status, text.decode(errors="replace"))
        return failure

    def parsed(self, text: bytes) -> Any:
        """The value of a body or a line of one, without the key, which endpoints may echo.

        Raises:
            ValueError: see `outside.loads`.
        """
        value = outside.loads(text)
        return self._safe(value) if self._is_key else value

    def safe(self, text: str) -> str:
        """The text without the key."""
        return text.replace(self.secret, "[key]") if self._is_key else text

    @property
    def _is_key(self) -> bool:
        """Whether the key is one: shorter ones are words that servers without keys are given."""
        return len(self.secret) >= SHORTEST_KEY

    def _safe(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.safe(value)
        if isinstance(value, list):
            return [self._safe(item) for item in value]
        if isinstance(value, dict):
            return {self.safe(name): self._safe(item) for name, item in value.items()}
        return value


async def _text(response: aiohttp.ClientResponse, largest: int) -> bytes:
    """The body, in pieces: what is packed may be a thousand times as large, and some never end.

    Raises:
        TooLarge: it has more than ``largest`` bytes.
    """
    found = bytearray()
    async for piece in response.content.iter_any():
        found += piece
        if len(found) > largest:
            raise TooLarge
    return bytes(found)


def passing(status: int) -> bool:
    """Whether a request that was refused with an HTTP status may work later."""
    return status in _PASSING or status >= 500


def moderated(status: int, answer: Any) -> bool:
    """Whether a 403 is of one input that was flagged, and not of the key.

    https://openrouter.ai/docs/api/reference/errors-and-debugging
    """
    error = answer.get("error") if isinstance(answer, dict) else None
    metadata = error.get("metadata") if isinstance(error, dict) else None
    return (
        status == 403
        and isinstance(metadata, dict)
        and {"reasons", "flagged_input"} <= metadata.keys()
    )


def judged(answer: Any, seconds: float) -> Record | Failure:
    """A chat completion's JSON as a record, or what is wrong with it."""
    record = replies.record(answer, seconds)
    if record is None:
        return Failure("no choice", detail=_message(answer), refused=False)
    error = answer["choices"][0].get("error")
    if error or replies.unfinished(record.finish_reason) == "broken off":
        return Failure("broken off", detail=_message(error) if error else "", refused=False)
    if record.finish_reason == "stop" and not (record.content or record.reasoning):
        return Failure("empty", refused=False, record=record)
    return record


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL, never for this machine itself."""
    parts = urlsplit(url)
    if config.is_here(url) or urllib.request.proxy_bypass(parts.netloc):
        return None
    named = urllib.request.getproxies()
    proxy = named.get(parts.scheme) or named.get("all")
    return proxy if proxy and proxy.startswith(("http://", "https://")) else None


def _secret(connection: config.Connection) -> str:
    """The key, from the environment; '' where none is named."""
    if connection.api_key_env is None:
        return ""
    secret = os.environ.get(connection.api_key_env, "").strip()
    if not secret:
        raise UserError(f"the teacher's key: the variable {connection.api_key_env} is not set")
    if not re.fullmatch(r"[!-~]+", secret):
        raise UserError(
            f"the teacher's key: the variable {connection.api_key_env} holds a space, a line break "
            "or another character that no key has"
        )
    return secret


def _message(answer: Any) -> str:
    """The endpoint's own words on what is wrong, in one line, after a colon."""
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    words = error.get("message") or str(error) if isinstance(error, dict) else error
    line = one_line(words)
    return f": {line}" if line else ""


def one_line(words: object) -> str:
    """What an endpoint says, as one line that a terminal can be shown."""
    text = str(words)[:10_000]
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
