"""How many requests are in flight, how many a minute, and when a failed one is tried again."""

import asyncio
import fcntl
import math
import os
import random
import struct
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from limbeck import config

LONGEST_WAIT = 60.0  # seconds between two tries, where the endpoint names no time
LONGEST_ASKED = 300.0  # seconds between two tries, whatever the endpoint asks for
SHORTEST_ROUND = 16  # outcomes; fewer cannot tell noise from overload
CATCH_UP = 1.0  # seconds of a rate that may be made up for


class Window:
    """The requests that may be in flight: all of them, until the endpoint is overloaded.

    Outcomes are judged in rounds as long as the window. Where most of a round was refused the
    window is halved; where most of the round before was refused too, nothing more is sent for as
    long as the endpoint asks. A round with few refusals widens the window by a quarter. So a few
    per cent of refusals, which any busy endpoint gives, cost nothing, and an overload is over soon
    after it ends.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = limit
        self._busy = 0
        self._outcomes = 0
        self._refusals = 0
        self._overloaded = False
        self._resume_at = 0.0
        self._freed = asyncio.Event()

    async def enter(self) -> None:
        """Wait for a place. One task alone may wait."""
        while True:
            pause = self._resume_at - asyncio.get_running_loop().time()
            if pause > 0:
                await asyncio.sleep(pause)
            elif self._busy < self.size:
                break
            else:
                self._freed.clear()
                await self._freed.wait()
        self._busy += 1

    def leave(self, refused: bool, wait: float = 0.0) -> None:
        """Give the place back; ``wait``: seconds that the endpoint asked for, if it refused."""
        self._busy -= 1
        self._freed.set()
        self._outcomes += 1
        self._refusals += refused
        if self._outcomes < max(SHORTEST_ROUND, self.size):
            return
        share = self._refusals / self._outcomes
        self._outcomes = self._refusals = 0
        if share > 0.5:
            self.size = max(1, self.size // 2)
            if self._overloaded:
                self._resume_at = asyncio.get_running_loop().time() + min(wait, LONGEST_WAIT)
        elif share < 0.25:
            self.size = min(self.limit, self.size + self.size // 4 + 1)
        self._overloaded = share > 0.5


class Rate:
    """So many a minute, evenly, for all processes that name the same file.

    The file holds the time at which the next one may be sent.
    """

    def __init__(self, path: Path, per_minute: int) -> None:
        self.seconds = 60.0 / per_minute  # of one
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self._file = path.open("r+b", buffering=0)  # closed with this object

    def take(self, count: float, now: float | None = None) -> float:
        """Take ``count`` of the rate; the seconds until they may be sent.

        A negative count gives back what was taken and not used.
        """
        now = time.time() if now is None else now
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            stored = os.pread(self._file.fileno(), 8, 0)
            due = struct.unpack("d", stored)[0] if len(stored) == 8 else now
            # A clock that was put back must not stop everything.
            due = max(now - CATCH_UP, min(due, now + 600.0))
            os.pwrite(self._file.fileno(), struct.pack("d", due + count * self.seconds), 0)
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        return max(0.0, due - now)


class Pace:
    """The requests and the tokens that may be sent in a minute.

    How many tokens a request will use is known when its reply is there. Until then it counts as
    many as the replies before it on average, and the first ones as many as they may have.
    """

    def __init__(self, path: Path, connection: config.Connection) -> None:
        """The limits of a connection, shared with all that name the same ``path``."""
        requests, tokens = connection.requests_per_minute, connection.tokens_per_minute
        self._requests = Rate(path.with_suffix(".requests"), requests) if requests else None
        self._tokens = Rate(path.with_suffix(".tokens"), tokens) if tokens else None
        self.limited = bool(requests or tokens)
        self._replies = self._used = 0

    async def wait(self, body: dict[str, Any]) -> float:
        """Wait until a request may be sent; the tokens that were taken for it."""
        taken = wait = 0.0
        if self._requests:
            wait = self._requests.take(1)
        if self._tokens:
            if self._replies:
                taken = self._used / self._replies
            else:  # at about 4 characters a token
                size = sum(len(message["content"]) for message in body["messages"])
                taken = size / 4 + (body.get("max_tokens") or body.get("max_completion_tokens", 0))
            wait = max(wait, self._tokens.take(taken))
        if wait > 0:
            await asyncio.sleep(wait)
        return taken

    def settle(self, taken: float, used: int | None) -> None:
        """Count what a reply really used; None where there was no reply."""
        if self._tokens:
            self._replies += used is not None
            self._used += used or 0
            self._tokens.take((used or 0) - taken)


def retry_after(header: str | None) -> float | None:
    """Seconds of a ``Retry-After`` header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    if header is None:
        return None
    try:
        seconds = float(header)
        return None if math.isnan(seconds) else max(0.0, seconds)
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(header).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def pause(asked: float | None, tries: int) -> float:
    """Seconds until the next try: what the endpoint asked for, within reason, or `backoff`."""
    return backoff(tries) if asked is None else min(asked, LONGEST_ASKED)


def backoff(tries: int) -> float:
    """Seconds until the next try after ``tries`` failed ones: the first at once, then doubling.

    Eight last longer than a minute, after which a quota a minute is there again.
    """
    if tries <= 1:
        return 0.0
    longest = min(LONGEST_WAIT, 2.0 ** (tries - 2))
    return random.uniform(longest / 2, longest)
