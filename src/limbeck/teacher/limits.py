"""How many requests are in flight, and when a failed one is tried again."""

import asyncio
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 60.0  # seconds between two tries, where the endpoint names no time
SHORTEST_ROUND = 16  # outcomes; fewer cannot tell noise from overload


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


def retry_after(header: str | None) -> float | None:
    """Seconds of a ``Retry-After`` header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (date.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def backoff(tries: int) -> float:
    """Seconds until the next try after ``tries`` failed ones: the first at once, then doubling."""
    if tries <= 1:
        return 0.0
    longest = min(LONGEST_WAIT, 0.5 * 2.0 ** (tries - 2))
    return random.uniform(longest / 2, longest)
