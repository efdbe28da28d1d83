"""The budget: never passed, shared by stages side by side, kept over restarts and kills."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from endpoint import (
    DROPPED,
    TRUNCATED,
    Endpoint,
    completion,
    connection,
    questions,
    serving,
    status,
    teacher,
)
from limbeck import config
from limbeck.errors import UserError
from limbeck.teacher.budget import Account, path, price, read
from limbeck.teacher.client import ask

PRICE = config.Price(input=1.0, output=10.0)
# 10 tokens in and 40 out: 410 millionths; the most that such a request can cost: about 1,400.
COST = 410e-6


def long_reply(body: Any, before: int) -> Any:
    return completion(" ".join(["word"] * 40))


def priced(url: str | None, budget: float | None, **changes: Any) -> config.Connection:
    return connection(url, price=PRICE, budget=budget, **changes)


def billed(endpoint: Endpoint) -> float:
    return endpoint.replied.total() * COST


def spent(work: Path) -> float:
    return sum(entry.spent for entry in read(path(work)).values())


def test_the_bound_is_above_every_cost(tmp_path: Path) -> None:
    connection = priced(None, 1.0)
    account = Account(tmp_path, tmp_path / "j", connection)
    body = {"messages": [{"role": "user", "content": "ሰላም" * 100}], "max_tokens": 100}
    assert account.bound(body) > price(connection, 300 * 3, 100)
    less = {**body, "max_tokens": None, "max_completion_tokens": 50}
    assert account.bound(less) < account.bound(body)
    assert account.bound({"messages": []}) > price(connection, 0, 100_000)


def test_what_is_free_keeps_no_account(tmp_path: Path) -> None:
    free = config.Price(input=0.0, output=0.0)
    with serving() as endpoint:
        for known in (None, free):
            settings = connection(endpoint.url, price=known, budget=1.0)
            ask(questions(5), teacher(), settings, tmp_path / "j", tmp_path)
    assert not path(tmp_path).exists()


@pytest.mark.parametrize("concurrency", [1, 16])
def test_the_run_stops_before_the_cap_and_goes_on_when_it_is_raised(
    tmp_path: Path, concurrency: int
) -> None:
    journal = tmp_path / "write_topics.jsonl"
    with serving(long_reply, latency=0.005) as endpoint:
        settings = priced(endpoint.url, 0.02, concurrency=concurrency)
        with pytest.raises(UserError) as caught:
            ask(questions(100), teacher(), settings, journal, tmp_path)
        assert 0.018 < billed(endpoint) <= 0.02
        assert spent(tmp_path) == pytest.approx(billed(endpoint))
        line = str(caught.value)
        assert "\n" not in line
        done = endpoint.replied.total()
        assert f"write_topics has {done} of 100 replies" in line
        assert f"the other {100 - done} would cost about ${(100 - done) * COST:.4f}" in line

        with pytest.raises(UserError, match="budget"):  # at once, and without a request
            ask(questions(100), teacher(), settings, journal, tmp_path)
        assert endpoint.requests == done
        enough = float(re.search(r"set budget to ([\d.]+)", line)[1])  # type: ignore[index]
        replies = ask(questions(100), teacher(), priced(endpoint.url, enough), journal, tmp_path)
        assert len(replies) == 100
        assert endpoint.requests == 100
    entry = read(path(tmp_path))[str(journal)]
    assert (entry.replies, entry.prompt_tokens, entry.completion_tokens) == (100, 1000, 4000)
    assert (entry.held, entry.uncertain) == (0.0, 0.0)
    assert entry.paid == pytest.approx(100 * COST)


PROGRAM = """
import sys
from pathlib import Path
from test_budget import UserError, ask, priced, questions, teacher
url, work, stage, count, budget = sys.argv[1:]
requests = questions(int(count), 1000 * int(stage))
try:
    ask(requests, teacher(), priced(url, float(budget)), Path(work, f"{stage}.jsonl"), Path(work))
except UserError as error:
    sys.exit(str(error))
"""


def start(url: str, work: Path, stage: int, count: int, budget: float) -> subprocess.Popen[str]:
    """A stage as a process of its own, as in a run."""
    here = Path(__file__).parent
    paths = [str(here), str(here.parents[1]), *filter(None, sys.path)]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, url, str(work), str(stage), str(count), str(budget)],
        env={**os.environ, "PYTHONPATH": ":".join(paths)},
        stderr=subprocess.PIPE,
        text=True,
    )


# The second leaves room for two requests at a time, of four stages that have 16 in flight each.
@pytest.mark.parametrize(("budget", "count"), [(0.05, 200), (0.004, 20)])
def test_four_stages_side_by_side_share_the_cap(tmp_path: Path, budget: float, count: int) -> None:
    with serving(long_reply, latency=0.02) as endpoint:
        stages = [start(endpoint.url, tmp_path, stage, count, budget) for stage in range(4)]
        said = [stage.communicate(timeout=60)[1] for stage in stages]
        assert [stage.returncode for stage in stages] == [1] * 4, said
        assert all("the budget of $0.0" in lines for lines in said)
        # What is left is less than the most that one request can cost.
        assert budget - 0.0015 < billed(endpoint) <= budget
        enough = [float(re.search(r"set budget to ([\d.]+)", lines)[1]) for lines in said]
        assert min(enough) > budget
    assert spent(tmp_path) == pytest.approx(billed(endpoint))
    assert all(entry.held == 0 for entry in read(path(tmp_path)).values())


def test_a_killed_stage_keeps_what_it_may_have_spent(tmp_path: Path) -> None:
    with serving(long_reply, latency=0.1) as endpoint:
        stage = start(endpoint.url, tmp_path, 0, 400, 1.0)
        while endpoint.replied.total() < 48 and stage.poll() is None:
            time.sleep(0.01)
        stage.kill()
        stage.communicate(timeout=60)
        time.sleep(0.3)  # what was in flight is answered, and billed
        journal = tmp_path / "0.jsonl"
        with Account(tmp_path, journal, priced(endpoint.url, 1.0)) as account:
            most = account.bound({"messages": [], "max_tokens": 200})
        assert billed(endpoint) <= spent(tmp_path) <= billed(endpoint) + 32 * most
        with pytest.raises(UserError, match="budget"):
            ask(questions(400), teacher(), priced(endpoint.url, 0.08), journal, tmp_path)
        assert billed(endpoint) <= 0.08


@pytest.mark.parametrize(
    ("fault", "uncertain"),
    [
        (status(500), 0),
        (status(429), 0),
        (status(408), 1),
        (status(504), 1),
        (status(524), 1),
        (DROPPED, 1),
        (TRUNCATED, 1),
    ],
)
def test_a_request_without_a_reply_counts_where_it_may_be_billed(
    tmp_path: Path, fault: Any, uncertain: int
) -> None:
    def once(body: Any, before: int) -> Any:
        return fault if before == 0 else long_reply(body, before)

    with serving(once) as endpoint:
        ask(questions(1), teacher(), priced(endpoint.url, 1.0), tmp_path / "j", tmp_path)
    entry = read(path(tmp_path))[str(tmp_path / "j")]
    assert entry.paid == pytest.approx(COST)
    assert (entry.uncertain > 0) == bool(uncertain)
    ask(questions(1), teacher(), priced(endpoint.url, 1.0), tmp_path / "j", tmp_path)
    settings = priced(endpoint.url, 1.0, retries=0, concurrency=1)
    with pytest.raises(UserError, match="connection"):  # nobody listens: no bill
        ask(questions(50), teacher(), settings, tmp_path / "other", tmp_path)
    entry = read(path(tmp_path))[str(tmp_path / "other")]
    assert entry.paid == 0
    assert entry.uncertain < 0.002  # one that was cancelled; 20 were refused


@pytest.mark.parametrize("content", [None, ""])
def test_an_empty_reply_is_asked_for_twice_more_and_costs_what_it_says(
    tmp_path: Path, content: str | None
) -> None:
    with serving(lambda body, before: completion(content)) as endpoint:
        for _ in range(2):  # then the journal has it
            settings = priced(endpoint.url, 1.0)
            [reply] = ask(questions(1), teacher(), settings, tmp_path / "j", tmp_path)
            assert reply.failure == "empty"
        assert endpoint.requests == 3
    [entry] = read(path(tmp_path)).values()
    assert entry.paid == pytest.approx(3 * 10e-6)
    assert (entry.held, entry.uncertain) == (0.0, 0.0)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {"prompt_tokens": -(10**6), "completion_tokens": -(10**6)},
        {"prompt_tokens": 10, "completion_tokens": -(10**6)},
        {"prompt_tokens": 10},
    ],
)
def test_a_reply_without_usage_costs_what_it_can(tmp_path: Path, usage: Any) -> None:
    def answer(body: Any, before: int) -> Any:
        return {**long_reply(body, before), "usage": usage}

    with serving(answer) as endpoint, pytest.raises(UserError, match="budget"):
        ask(questions(100), teacher(), priced(endpoint.url, 0.02), tmp_path / "j", tmp_path)
    assert endpoint.requests < 20


@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        ({"max_tokens": 100}, 100),
        ({"max_tokens": 100, "n": 8}, 800),
        ({"max_completion_tokens": 100, "best_of": 3}, 300),
        ({"max_tokens": -1}, 131_072),
        ({"max_tokens": 100, "max_completion_tokens": -1}, 131_072),
        ({"max_tokens": "100"}, 131_072),
        ({}, 131_072),
    ],
)
def test_all_that_a_request_may_cost_is_set_aside(
    tmp_path: Path, fields: dict[str, Any], tokens: int
) -> None:
    settings = connection("http://x/v1", price=config.Price(input=0.0, output=1.0), budget=1.0)
    account = Account(tmp_path, tmp_path / "j", settings)
    assert account.bound({"messages": [], **fields}) == pytest.approx(tokens * 1e-6)


def test_a_ledger_that_is_none_is_refused(tmp_path: Path) -> None:
    path(tmp_path).write_text(json.dumps([1]))
    with pytest.raises(UserError, match=r"ledger.json: not a ledger"):
        ask(questions(1), teacher(), priced("http://x/v1", 1.0), tmp_path / "j", tmp_path)


def test_progress_shows_the_cost(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(long_reply) as endpoint:
        ask(questions(10), teacher(), priced(endpoint.url, None), tmp_path / "j", tmp_path)
    assert "500 tokens, $0.0041" in capfd.readouterr().err
