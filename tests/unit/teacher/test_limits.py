"""The window of requests in flight and the waits between tries."""

import asyncio
import math
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest

from endpoint import connection, serving, teacher
from limbeck.teacher.client import Request, ask
from limbeck.teacher.limits import (
    LONGEST_ASKED,
    LONGEST_WAIT,
    SHORTEST_ROUND,
    Pace,
    Rate,
    Window,
    backoff,
    pause,
    retry_after,
)


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


def test_a_rate_is_shared_and_even(tmp_path: Path) -> None:
    """Two processes at 60 a minute: in any minute 60 are sent, and one second's worth more."""
    rates = [Rate(tmp_path / "deep" / "x.requests", 60) for _ in range(2)]
    sent, clock = [], [1000.0, 1000.4]
    while min(clock) < 1200:
        turn = clock.index(min(clock))
        clock[turn] += rates[turn].take(1, now=clock[turn])
        sent.append(clock[turn])
        clock[turn] += 0.1
    busiest = max(sum(start <= time < start + 60 for time in sent) for start in sent)
    assert 60 <= busiest <= 62
    assert max(b - a for a, b in pairwise(sorted(sent))) < 1.2  # none is left unused


def test_a_rate_takes_back_and_survives_the_clock(tmp_path: Path) -> None:
    rate = Rate(tmp_path / "x", 60)
    assert rate.take(30, now=1000.0) == 0.0
    assert rate.take(30, now=1000.0) == pytest.approx(30, abs=1.1)
    rate.take(-40, now=1000.0)
    assert rate.take(1, now=1000.0) == pytest.approx(20, abs=1.1)
    assert rate.take(1, now=10.0) <= 600  # the clock was put back
    (tmp_path / "x").write_bytes(b"torn")
    assert rate.take(1, now=1000.0) == 0.0


def test_tokens_count_as_the_replies_before(tmp_path: Path) -> None:
    async def play() -> list[float]:
        pace = Pace(tmp_path / "limit", connection(None, tokens_per_minute=10**9))
        body = {"messages": [{"content": "x" * 400}], "max_tokens": 50}
        first = await pace.wait(body)
        pace.settle(first, 30)
        pace.settle(await pace.wait(body), None)
        second = await pace.wait(body)
        pace.settle(second, 50)
        return [first, second, await pace.wait(body)]

    assert asyncio.run(play()) == [150, 30, 40]


@pytest.mark.parametrize("limit", ["requests_per_minute", "tokens_per_minute"])
def test_requests_keep_to_the_limits_a_minute(tmp_path: Path, limit: str) -> None:
    """Ten a second; tokens: twelve a request, of which the prompt's ten come on top."""
    per_minute = 600 * (1 if limit == "requests_per_minute" else 14)
    with serving() as endpoint:
        local = connection(endpoint.url, **{limit: per_minute})
        start = time.monotonic()
        requests = [Request([{"role": "user", "content": f"q {n}"}]) for n in range(30)]
        replies = ask(requests, teacher(max_tokens=4), local, tmp_path / "journal", tmp_path)
        assert time.monotonic() - start >= 1.5  # three seconds but for the one to catch up
    assert {reply.failure for reply in replies} == {None}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("1", 1.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", math.inf),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
    ],
)
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


@pytest.mark.parametrize("header", ["86400", "inf", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_endpoint_is_waited_for_longer_than_is_reasonable(header: str) -> None:
    assert pause(retry_after(header), 1) == LONGEST_ASKED
    assert pause(retry_after("7"), 1) == 7.0
    assert pause(None, 1) == 0.0


def test_retry_after_as_a_date() -> None:
    later = datetime.now(UTC) + timedelta(seconds=100)
    seconds = retry_after(format_datetime(later, usegmt=True))
    assert seconds is not None
    assert 90 < seconds <= 100
    assert retry_after(format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)) == 0.0


@pytest.mark.parametrize(("tries", "low", "high"), [(1, 0, 0), (2, 0.5, 1), (4, 2, 4)])
def test_backoff_begins_at_once_and_doubles(tries: int, low: float, high: float) -> None:
    assert low <= backoff(tries) <= high
    assert backoff(50) <= LONGEST_WAIT


def test_eight_tries_outlast_a_quota_a_minute() -> None:
    assert min(sum(map(backoff, range(1, 9))) for _ in range(1000)) > 60
