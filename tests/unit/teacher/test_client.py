"""`ask` against a local endpoint: order, faults, limits, permanent errors, secrets."""

import resource
import time
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from endpoint import (
    BOMB,
    DROPPED,
    ENDLESS,
    HANGING,
    MALFORMED,
    TRUNCATED,
    completion,
    connection,
    echo,
    faulty,
    questions,
    serving,
    status,
    teacher,
)
from limbeck.costs.tally import tally
from limbeck.errors import UserError
from limbeck.teacher.client import Request, ask


class Judgement(BaseModel):
    answer: Literal["yes", "no"]


def test_replies_come_in_the_order_of_the_requests(tmp_path: Path) -> None:
    with serving(latency=0.01) as endpoint:
        replies = ask(questions(50), teacher(), connection(endpoint.url), tmp_path / "j.jsonl")
    assert [reply.content.rpartition(" ")[0] for reply in replies] == [
        f"reply to question {n}" for n in range(50)
    ]
    assert {(reply.failure, reply.finish_reason) for reply in replies} == {(None, "stop")}
    assert replies[0].prompt_tokens == 10
    assert endpoint.most_in_flight == 16


def test_equal_requests_are_asked_once_and_samples_apart(tmp_path: Path) -> None:
    one = Request([{"role": "user", "content": "a"}])
    other = Request([{"role": "user", "content": "a"}], sample=1)
    with serving() as endpoint:
        replies = ask([one, other, one], teacher(), connection(endpoint.url), tmp_path / "j")
    assert endpoint.requests == 2
    assert len(replies) == 3
    assert sorted(body.get("seed", 0) for body in endpoint.bodies) == [0, 1]


def test_the_journal_answers_what_it_holds(tmp_path: Path) -> None:
    journal = tmp_path / "deep" / "j.jsonl"
    with serving() as endpoint:
        first = ask(questions(20), teacher(), connection(endpoint.url), journal)
        # Neither the URL nor the speed decides a reply.
        slower = connection(endpoint.url + "/", concurrency=1, timeout=5.0, retries=0)
        again = ask(questions(25)[::-1], teacher(), slower, journal)
        assert endpoint.requests == 25
        assert again[5:] == first[::-1]
        ask(questions(3), teacher(temperature=0.5), slower, journal)
        ask(questions(3), teacher(extra_body={"reasoning_effort": "low"}), slower, journal)
        ask(questions(3), teacher(revision="2"), slower, journal)
        assert endpoint.requests == 34
    assert ask(questions(25)[::-1], teacher(), slower, journal) == again  # no endpoint needed
    assert ask([], teacher(), slower, journal) == []


def test_faults_cost_no_row_and_change_no_byte(tmp_path: Path) -> None:
    requests = questions(1000)
    with serving() as endpoint:
        clean = ask(requests, teacher(), connection(endpoint.url), tmp_path / "clean")
    with serving(faulty(retry_after="0.1"), latency=0.01) as endpoint:
        settings = connection(endpoint.url, concurrency=64)
        noisy = ask(requests, teacher(), settings, tmp_path / "noisy")
    assert noisy == clean
    assert set(endpoint.replied.values()) == {1}  # nothing is paid twice


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (status(500), "http 500"),
        (status(503), "http 503"),
        (status(429, **{"Retry-After": "0"}), "http 429"),
        (status(402, **{"Retry-After": "0"}), "http 402"),  # too much money is in flight
        (DROPPED, "connection"),
        (TRUNCATED, "truncated"),
        (MALFORMED, "malformed"),
        ({"choices": []}, "no choice"),
        ({"choices": None, "error": {"message": "overloaded"}}, "no choice"),
        (["not", "an", "object"], "no choice"),
        (completion("half an", "error"), "broken off"),
        (completion("half an", "abort"), "broken off"),
        (completion("half an", "insufficient_system_resource"), "broken off"),
        ({"choices": [{"message": {"content": "so"}, "error": {"code": 502}}]}, "broken off"),
    ],
)
def test_passing_failures_are_retried_then_reported_and_not_journaled(
    tmp_path: Path, fault: Any, failure: str
) -> None:
    def once(body: Any, before: int) -> Any:
        return fault if before == 0 else echo(body, before)

    with serving(once) as endpoint:
        [reply] = ask(questions(1), teacher(), connection(endpoint.url), tmp_path / "a")
        assert reply.failure is None
        assert endpoint.requests == 2
    with serving(lambda body, before: fault) as endpoint:
        settings = connection(endpoint.url, retries=1)
        [reply] = ask(questions(1), teacher(), settings, tmp_path / "b")
        assert reply.failure == failure
        assert reply.content == ""
        assert endpoint.requests == 2
    assert (tmp_path / "b").read_text() == ""
    with serving() as endpoint:
        [reply] = ask(questions(1), teacher(), connection(endpoint.url), tmp_path / "b")
        assert reply.failure is None


HOSTILE = [
    completion("[" * 1000),
    completion('{"answer": ' + "1" * 5000 + "}"),
    completion('{"answer": "\ud800"}'),
    {**completion('{"answer": "maybe"}'), "usage": {"prompt_tokens": 1e999}},
    {**completion('{"answer": "maybe"}'), "usage": {"prompt_tokens": 10**200}},
    {"choices": [{"message": {"content": "{}"}, "finish_reason": ["\ud800"] * 9}]},
]


@pytest.mark.parametrize("reply", HOSTILE)
def test_no_journaled_reply_ends_a_stage(tmp_path: Path, reply: Any) -> None:
    """It has failed, now and when the journal is read again, and the others are there."""
    requests = [Request(one.messages, Judgement) for one in questions(3)]

    def answer(body: Any, before: int) -> Any:
        hostile = body["messages"][0]["content"] == "question 1"
        return reply if hostile else completion('{"answer": "yes"}')

    journal = tmp_path / "j"
    with serving(answer) as endpoint:
        first = ask(requests, teacher(), connection(endpoint.url), journal)
    assert [one.failure for one in first] == [None, "format", None]
    assert ask(requests, teacher(), connection(endpoint.url), journal) == first
    assert tally(journal).damaged == 0


@pytest.mark.parametrize("usage", [10**401, -(10**401)])
def test_an_envelope_that_is_too_much_is_malformed(tmp_path: Path, usage: int) -> None:
    answer = {**completion("a"), "usage": {"prompt_tokens": usage}}
    with serving(lambda body, before: answer) as endpoint:
        settings = connection(endpoint.url, retries=0)
        [reply] = ask(questions(1), teacher(), settings, tmp_path / "j")
    assert reply.failure == "malformed"


@pytest.mark.parametrize("fault", [ENDLESS, BOMB], ids=["endless", "bomb"])
def test_a_body_without_end_fails_its_request_alone(tmp_path: Path, fault: Any) -> None:
    def answer(body: Any, before: int) -> Any:
        hostile = body["messages"][0]["content"] == "question 1"
        return fault if hostile else echo(body, before)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with serving(answer) as endpoint:
        replies = ask(questions(3), teacher(), connection(endpoint.url), tmp_path / "j")
    assert [reply.failure for reply in replies] == [None, "too large", None]
    asked = [body["messages"][0]["content"] for body in endpoint.bodies]
    assert asked.count("question 1") == 1
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # KiB
    assert grown < 64 * 1024


def test_a_hanging_request_times_out_from_its_sending(tmp_path: Path) -> None:
    def answer(body: Any, before: int) -> Any:
        return HANGING if body["messages"][0]["content"] == "question 0" else echo(body, before)

    # 8 rounds of 0.3 s: the last requests queue for longer than the time-out.
    with serving(answer, latency=0.3) as endpoint:
        settings = connection(endpoint.url, concurrency=4, timeout=2.0, retries=0)
        replies = ask(questions(32), teacher(), settings, tmp_path / "j")
    assert [reply.failure for reply in replies] == ["timeout"] + [None] * 31


def test_retry_after_is_waited_for_without_a_place_in_the_pool(tmp_path: Path) -> None:
    times: dict[str, list[float]] = {}

    def answer(body: Any, before: int) -> Any:
        content = body["messages"][0]["content"]
        times.setdefault(content, []).append(time.monotonic())
        if content in ("question 0", "question 1") and before == 0:
            return status(429, **{"Retry-After": "1"})
        return echo(body, before)

    with serving(answer) as endpoint:
        replies = ask(
            questions(30), teacher(), connection(endpoint.url, concurrency=2), tmp_path / "j"
        )
    assert all(reply.failure is None for reply in replies)
    refused = [times["question 0"], times["question 1"]]
    assert all(second - first >= 0.99 for first, second in refused)
    others = [
        sent for name, [sent, *_] in times.items() if name not in ("question 0", "question 1")
    ]
    assert max(others) < min(second for _, second in refused)


@pytest.mark.parametrize(
    ("finish_reason", "content", "failure"),
    [
        ("length", "half an", "length"),
        ("length", "<think>so far", "length"),
        ("content_filter", "", "content_filter"),
        ("stop", "<think>only thoughts</think>", "empty"),
    ],
)
def test_useless_replies_are_failures_that_are_journaled(
    tmp_path: Path, finish_reason: str, content: str, failure: str
) -> None:
    with serving(lambda body, before: completion(content, finish_reason)) as endpoint:
        for _ in range(2):
            [reply] = ask(questions(1), teacher(), connection(endpoint.url), tmp_path / "j")
            assert (reply.failure, reply.finish_reason) == (failure, finish_reason)
        assert endpoint.requests == 1


def test_a_refused_request_fails_its_row_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def answer(body: Any, before: int) -> Any:
        long = body["messages"][0]["content"] == "question 1"
        return status(400, "maximum context length") if long else echo(body, before)

    with serving(answer) as endpoint:
        replies = ask(questions(3), teacher(), connection(endpoint.url), tmp_path / "j")
        assert endpoint.requests == 3
    assert [reply.failure for reply in replies] == [None, "http 400", None]
    assert "failed: 1 http 400, last error: http 400: maximum context" in capfd.readouterr().err


@pytest.mark.parametrize("code", [308, 401, 402, 403, 404])
def test_permanent_errors_stop_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setenv("TEACHER_KEY", "sk-secret")
    with serving(lambda body, before: status(code, "no such\nmodel")) as endpoint:
        settings = connection(endpoint.url, api_key_env="TEACHER_KEY")
        with pytest.raises(UserError) as caught:
            ask(questions(1000), teacher(), settings, tmp_path / "j")
        assert endpoint.requests <= 2 * settings.concurrency
    message = str(caught.value)
    assert "\n" not in message
    for part in (endpoint.url, "'teacher'", "TEACHER_KEY", str(code), "no such model"):
        assert part in message


@pytest.mark.parametrize(
    ("answer", "words"),
    [(status(400, "response_format is unknown"), "response_format is unknown"), (DROPPED, "")],
)
def test_an_endpoint_that_answers_nothing_stops_the_stage(
    tmp_path: Path, answer: Any, words: str
) -> None:
    with serving(lambda body, before: answer) as endpoint:
        settings = connection(endpoint.url, retries=0)
        with pytest.raises(UserError, match=f"answers nothing.*{words}"):
            ask(questions(100), teacher(), settings, tmp_path / "j")
    with pytest.raises(UserError, match="answers nothing: connection"):
        ask(questions(100), teacher(), settings, tmp_path / "j")


def test_a_wait_of_a_day_is_cut_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("limbeck.teacher.limits.LONGEST_ASKED", 0.1)
    monkeypatch.setattr("limbeck.teacher.client.LONGEST_ASKED", 0.1)

    def answer(body: Any, before: int) -> Any:
        return status(429, **{"Retry-After": "86400"}) if before == 0 else echo(body, before)

    with serving(answer) as endpoint:
        replies = ask(questions(3), teacher(), connection(endpoint.url), tmp_path / "j")
    assert [reply.failure for reply in replies] == [None] * 3
    assert "3 waits cut to 300 s" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("contents", "failure", "asked"),
    [
        (['{"answer": "yes"}'], None, 1),
        (['Sure!\n```json\n{"answer": "yes",}\n```'], None, 1),
        (['{"answer": "maybe"}', '{"answer": "yes"}'], None, 2),
        (['{"answer": "maybe"}', "I would rather not."], "format", 2),
        (["I cannot help with that."] * 2, "format", 2),
    ],
)
def test_structured_replies_are_repaired_validated_and_corrected_once(
    tmp_path: Path, contents: list[str], failure: str | None, asked: int
) -> None:
    def answer(body: Any, before: int) -> Any:
        return completion(contents[len(body["messages"]) // 2])

    request = Request([{"role": "user", "content": "yes or no?"}], Judgement)
    with serving(answer) as endpoint:
        for _ in range(2):  # the second time from the journal, the correction too
            [reply] = ask([request], teacher(), connection(endpoint.url), tmp_path / "j")
            assert reply.failure == failure
            assert reply.value == (None if failure else Judgement(answer="yes"))
            assert reply.prompt_tokens == 10 * asked
        assert endpoint.requests == asked
    if asked == 2:
        roles = [message["role"] for message in endpoint.bodies[1]["messages"]]
        assert roles == ["user", "assistant", "user"]
    if '"maybe"' in contents[0]:
        assert (
            "answer: Input should be 'yes' or 'no'" in endpoint.bodies[1]["messages"][2]["content"]
        )


@pytest.mark.parametrize(
    ("needed", "ceiling", "failure", "limits"),
    [
        (50, 400, None, [100]),
        (300, 400, None, [100, 400]),
        (500, 400, "length", [100, 400]),  # raised once, then failed
        (300, None, "length", [100]),
        (300, 80, "length", [100]),
    ],
)
def test_a_cut_reply_is_asked_for_once_more_with_more_tokens(
    tmp_path: Path, needed: int, ceiling: int | None, failure: str | None, limits: list[int]
) -> None:
    def answer(body: Any, before: int) -> Any:
        cut = body["max_tokens"] < needed
        return completion("nusu" if cut else "nzima kabisa", "length" if cut else "stop")

    settings, journal = teacher(max_tokens_ceiling=ceiling), tmp_path / "journal"
    with serving(answer) as endpoint:
        [reply] = ask(questions(1), settings, connection(endpoint.url), journal)
        assert reply.failure == failure
        assert [body["max_tokens"] for body in endpoint.bodies] == limits
        assert reply.prompt_tokens == 10 * len(limits)
        # Resumed from every place where it may have been killed, it takes the same way.
        lines = journal.read_bytes().splitlines(keepends=True)
        for kept in range(len(lines) + 1):
            journal.write_bytes(b"".join(lines[:kept]))
            asked = endpoint.requests
            assert ask(questions(1), settings, connection(endpoint.url), journal) == [reply]
            assert endpoint.requests == asked + len(lines) - kept


def test_a_cut_json_reply_is_raised_and_then_corrected(tmp_path: Path) -> None:
    def answer(body: Any, before: int) -> Any:
        if body["max_tokens"] == 100:
            return completion('{"answer": "y', "length")
        return completion('{"answer": "yes"}' if len(body["messages"]) > 1 else '{"answer": "hm"}')

    request = Request([{"role": "user", "content": "yes or no?"}], Judgement)
    with serving(answer) as endpoint:
        settings = teacher(max_tokens_ceiling=400)
        for _ in range(2):
            [reply] = ask([request], settings, connection(endpoint.url), tmp_path / "j")
            assert reply.value == Judgement(answer="yes")
            assert reply.prompt_tokens == 30
        assert [body["max_tokens"] for body in endpoint.bodies] == [100, 400, 400]
        # Another ceiling asks for the cut ones alone.
        ask([request], teacher(max_tokens_ceiling=500), connection(endpoint.url), tmp_path / "j")
        assert [body["max_tokens"] for body in endpoint.bodies[3:]] == [500, 500]


def test_a_progress_line_counts_what_happened(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def answer(body: Any, before: int) -> Any:
        orders = {
            "question 0": completion("half", "length"),
            "question 1": status(500) if before == 0 else echo(body, before),
        }
        return orders.get(body["messages"][0]["content"]) or echo(body, before)

    with serving(answer) as endpoint:
        ask(questions(2), teacher(), connection(endpoint.url), tmp_path / "responses.jsonl")
        ask(questions(3), teacher(), connection(endpoint.url), tmp_path / "responses.jsonl")
    first, second = capfd.readouterr().err.splitlines()
    assert first.startswith("responses: 2 of 2, ")
    assert first.endswith("failed: 1 length, retried: 1 http 500")
    assert second.startswith("responses: 3 of 3, 2 from the journal, ")


def test_lone_surrogates_cannot_break_a_row(tmp_path: Path) -> None:
    with serving(lambda body, before: completion("half a \ud83d pair")) as endpoint:
        for _ in range(2):
            [reply] = ask(questions(1), teacher(), connection(endpoint.url), tmp_path / "j")
            assert reply.content == "half a \ufffd pair"
