"""The window of requests in flight and the waits between tries."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from limbeck.teacher.limits import LONGEST_WAIT, SHORTEST_ROUND, Window, backoff, retry_after


def sizes(limit: int, rounds: list[float]) -> list[int]:
    """The window's size after each round, where a share of the round was refused."""

    async def play() -> list[int]:
        window, seen = Window(limit), []
        for share in rounds:
            length = max(SHORTEST_ROUND, window.size)
            for outcome in range(length):
                await window.enter()
                window.leave(refused=outcome < share * length)
            seen.append(window.size)
        return seen

    return asyncio.run(play())


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        ([0.0, 0.05, 0.15], [64, 64, 64]),  # noise costs nothing
        ([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [32, 16, 8, 4, 2, 1, 1]),  # overload halves
        ([0.9, 0.4, 0.1], [32, 32, 41]),  # in between it stays
        ([1.0, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [32, 16, 21, 27, 34, 43, 54, 64, 64]),
    ],
)
def test_the_window_follows_overload_and_not_noise(
    rounds: list[float], expected: list[int]
) -> None:
    assert sizes(64, rounds) == expected


def test_an_overloaded_endpoint_is_left_alone_for_the_time_it_asks() -> None:
    async def play(rounds: int, wait: float) -> float:
        window = Window(SHORTEST_ROUND)
        for _ in range(rounds * SHORTEST_ROUND):
            await window.enter()
            window.leave(refused=True, wait=wait)
        start = asyncio.get_running_loop().time()
        await window.enter()
        return asyncio.get_running_loop().time() - start

    assert asyncio.run(play(rounds=1, wait=50.0)) < 10
    assert asyncio.run(play(rounds=2, wait=0.2)) >= 0.19


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("1", 1.0), ("0.5", 0.5), ("-3", 0.0), ("soon", None), ("", None)],
)
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_retry_after_as_a_date() -> None:
    later = datetime.now(UTC) + timedelta(seconds=100)
    seconds = retry_after(format_datetime(later, usegmt=True))
    assert seconds is not None
    assert 90 < seconds <= 100
    assert retry_after(format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)) == 0.0


@pytest.mark.parametrize(("tries", "low", "high"), [(1, 0, 0), (2, 0.25, 0.5), (4, 1, 2)])
def test_backoff_begins_at_once_and_doubles(tries: int, low: float, high: float) -> None:
    assert low <= backoff(tries) <= high
    assert backoff(50) <= LONGEST_WAIT
