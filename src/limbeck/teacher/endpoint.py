"""One request to a teacher's endpoint, and what became of it."""

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from limbeck import config
from limbeck.errors import UserError
from limbeck.teacher import capacity, replies
from limbeck.teacher.limits import backoff, retry_after
from limbeck.teacher.replies import Record

# A wrong URL, a wrong key, no money, no access, a wrong model: nothing will work.
_PERMANENT = (301, 302, 303, 307, 308, 401, 402, 403, 404, 405)
_PASSING = (408, 409, 425, 429)  # and all of 5xx
_LOOK = 10.0  # seconds that the list of models may take


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


TOO_LONG = Failure("context", passing=False, refused=False, sent=False)


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
        self.secret = _secret(connection)
        self.capacity = capacity.Capacity(teacher.model)

    async def __aenter__(self) -> Self:
        headers = {"Content-Type": "application/json"}
        if self.secret:
            headers["Authorization"] = f"Bearer {self.secret}"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # the window is the limit
            timeout=aiohttp.ClientTimeout(total=self.connection.timeout),
            headers=headers,
            # Proxies of the environment, but never to this machine itself.
            trust_env=not config.is_here(self.url),
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
        """Send a request, with a reply as long as the context leaves; twice where that is refused.

        Raises:
            UserError: no request to this endpoint can work.
        """
        fitted = self.capacity.fit(body)
        outcome = await self._post(fitted) if fitted else TOO_LONG
        if isinstance(outcome, Failure) and outcome.excess:
            self.capacity.learn(outcome.excess, body)
            fitted = self.capacity.fit(body, outcome.excess.prompt)
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
                URL(f"{self.url}/chat/completions"), data=data, allow_redirects=False
            ) as response:
                status, wait = response.status, retry_after(response.headers.get("Retry-After"))
                text = await response.read()
        except TimeoutError:
            return Failure("timeout")
        except aiohttp.ClientPayloadError:
            return Failure("truncated", refused=False)
        except aiohttp.ClientConnectorError as error:
            return Failure("connection", detail=f" ({error})", sent=False)
        except (aiohttp.ClientError, OSError) as error:
            return Failure("connection", detail=f" ({error})")
        if self.secret:  # an endpoint may echo it
            text = text.replace(self.secret.encode(), b"[key]")
        if status != 200:
            return self._refusal(status, wait, text)
        try:
            answer = json.loads(text)
        except ValueError:
            return Failure("malformed", refused=False)
        return judged(answer, loop.time() - start)

    async def request(self, method: str, path: str, data: Data = None) -> bytes | Failure:
        """Send any other request once; ``path``: after the URL, which ends in ``/v1``.

        Raises:
            UserError: no request to this endpoint can work.
        """
        body: Any = data() if callable(data) else data and json.dumps(data).encode()
        headers = dict(body.headers) if callable(data) else {}
        try:
            async with self._session.request(
                method, URL(f"{self.url}{path}"), data=body, headers=headers
            ) as response:
                status, wait = response.status, retry_after(response.headers.get("Retry-After"))
                text = await response.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return Failure("connection", detail=f" ({error})")
        if self.secret:
            text = text.replace(self.secret.encode(), b"[key]")
        return text if status in (200, 201) else self._refusal(status, wait, text)

    async def fetch(self, method: str, path: str, data: Data = None) -> bytes:
        """The answer to a request that does no harm when it is sent twice.

        Raises:
            UserError: no request to this endpoint can work, or this one does not get through.
        """
        tries = 1
        while isinstance(outcome := await self.request(method, path, data), Failure):
            if not outcome.passing or tries > self.connection.retries:
                raise UserError(f"{self.url}{path}: {outcome.kind}{self.safe(outcome.detail)}")
            await asyncio.sleep(backoff(tries) if outcome.wait is None else outcome.wait)
            tries += 1
        return outcome

    async def offer(self, body: dict[str, Any]) -> Record | None:
        """The reply to a request that the endpoint may well refuse; None if it does.

        Raises:
            UserError: no request to this endpoint can work, or none gets through.
        """
        tries = 1
        while isinstance(outcome := await self.post(body), Failure):
            # Some say 500 to what they do not know.
            refused = outcome.kind.startswith("http 5") and tries > 1
            if refused or not (outcome.passing and outcome.refused):
                return None
            if tries > self.connection.retries:
                raise UserError(self.nothing(f"{outcome.kind}{self.safe(outcome.detail)}"))
            await asyncio.sleep(backoff(tries) if outcome.wait is None else outcome.wait)
            tries += 1
        return outcome

    def nothing(self, last: str) -> str:
        """What to say when the endpoint is down; ``last``: its last words."""
        return f"{self.url}: the teacher {self.model!r} answers nothing: {last}"

    def _refusal(self, status: int, wait: float | None, text: bytes) -> Failure:
        detail = _message(text)
        if status in _PERMANENT:
            variable = self.connection.api_key_env
            source = f"the key in {variable}" if variable else "no key (api_key_env is not set)"
            raise UserError(
                f"{self.url}: http {status} for model {self.model!r} with {source}"
                f"{self.safe(detail)}"
            )
        passes = passing(status)
        failure = Failure(f"http {status}", wait, detail, passes, refused=passes, sent=False)
        failure.excess = capacity.refused(status, text.decode(errors="replace"))
        return failure

    def safe(self, text: str) -> str:
        """The text without the key."""
        return text.replace(self.secret, "[key]") if self.secret else text


def passing(status: int) -> bool:
    """Whether a request that was refused with an HTTP status may work later."""
    return status in _PASSING or status >= 500


def judged(answer: Any, seconds: float) -> Record | Failure:
    """A chat completion's JSON as a record, or what is wrong with it."""
    record = replies.record(answer, seconds)
    if record is None:
        return Failure("no choice", detail=_message(answer), refused=False)
    if record.finish_reason == "stop" and not (record.content or record.reasoning):
        return Failure("empty", refused=False)
    return record


def _secret(connection: config.Connection) -> str:
    """The key, from the environment; '' where none is named."""
    if connection.api_key_env is None:
        return ""
    if secret := os.environ.get(connection.api_key_env, "").strip():
        return secret
    raise UserError(f"the teacher's key: the variable {connection.api_key_env} is not set")


def _message(answer: Any) -> str:
    """The endpoint's own words on what is wrong, in one line, after a colon."""
    if isinstance(answer, bytes):
        with contextlib.suppress(ValueError):
            answer = json.loads(answer)
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    words = error.get("message") or str(error) if isinstance(error, dict) else error
    text = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f": {line[:200]}" if line else ""
