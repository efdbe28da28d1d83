"""Batches against a small endpoint that speaks the protocol, out of order and with failures."""

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from batches import BatchEndpoint, long_reply, serving_batches
from endpoint import (
    FLAGGED,
    completion,
    connection,
    echo,
    questions,
    teacher,
)
from limbeck import config
from limbeck.errors import UserError
from limbeck.teacher import batch
from limbeck.teacher.budget import path, read
from limbeck.teacher.client import Request, ask
from limbeck.teacher.journal import state_path


@pytest.fixture(autouse=True)
def no_batch_is_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones tell as much as large ones; tests/unit/teacher/test_few.py is of the least."""
    monkeypatch.setattr(batch, "FEW", 0)


class Judgement(BaseModel):
    answer: Literal["yes", "no"]


def batched(endpoint: BatchEndpoint, **changes: Any) -> config.Connection:
    batch = config.Batch(**{"api": endpoint.api, "poll": 0.01, **changes.pop("batch", {})})
    return connection(endpoint.url, batch=batch, **changes)


@pytest.mark.parametrize("api", ["openai", "together"])
def test_batches_and_single_requests_are_interchangeable(tmp_path: Path, api: str) -> None:
    with serving_batches(api=api) as endpoint:
        in_batches = ask(questions(50), teacher(), batched(endpoint), tmp_path / "a.jsonl")
        assert endpoint.requests == 0
        at_once = ask(questions(50), teacher(), connection(endpoint.url), tmp_path / "b.jsonl")
        assert in_batches == at_once
        # Each goes on where the other left.
        ask(questions(60), teacher(), connection(endpoint.url), tmp_path / "a.jsonl")
        ask(questions(70), teacher(), batched(endpoint), tmp_path / "b.jsonl")
        assert endpoint.requests == 50 + 10
        assert endpoint.batched.total() == 50 + 20
    assert not state_path(tmp_path / "a.jsonl").exists()
    lines = {json.loads(line)["key"] for line in (tmp_path / "a.jsonl").read_text().splitlines()}
    assert len(lines) == 60


def test_a_stage_leaves_and_comes_back_with_the_same_command(tmp_path: Path) -> None:
    journal = tmp_path / "write_topics.jsonl"
    with serving_batches(looks=4) as endpoint:
        settings = batched(endpoint, batch={"wait": 0.0, "requests": 20})
        for _ in range(4):
            with pytest.raises(UserError, match="50 requests are under way in 3 batches"):
                ask(questions(50), teacher(), settings, journal)
        assert len(endpoint.batches) == 3
        assert endpoint.answered.total() == 0
        for _ in range(3):  # the three are done one after another
            try:
                replies = ask(questions(50), teacher(), settings, journal)
            except UserError:
                continue
        assert [reply.failure for reply in replies] == [None] * 50
        assert len(endpoint.batches) == 3
        assert set(endpoint.batched.values()) == {1}


def test_failed_expired_and_missing_are_sent_again_and_finished_ones_never(tmp_path: Path) -> None:
    orders = {1: 500, 2: 429, 3: "expired", 4: "missing", 5: {"choices": []}, 6: completion(None)}
    orders[7] = completion("half an", "error")

    def answer(body: Any, before: int) -> Any:
        number = int(body["messages"][0]["content"].split()[1])
        return orders.get(number, echo(body, 0)) if before == 0 else echo(body, 0)

    with serving_batches(answer) as endpoint:
        replies = ask(questions(30), teacher(), batched(endpoint), tmp_path / "j")
        assert [reply.content.split(" (")[0] for reply in replies] == [
            f"reply to question {n}" for n in range(30)
        ]
        again = {name for name, count in endpoint.batched.items() if count > 1}
        assert again == {f"question {n}" for n in range(1, 8)}
        assert endpoint.batched.total() == 37


def test_an_empty_reply_is_in_the_end_journaled(tmp_path: Path) -> None:
    with serving_batches(lambda body, before: completion(None)) as endpoint:
        settings = batched(endpoint, price=PRICE, budget=1.0)
        for _ in range(2):
            [reply] = ask(questions(1), teacher(), settings, tmp_path / "j", tmp_path)
            assert reply.failure == "empty"
        assert endpoint.batched.total() == 3
    [entry] = read(path(tmp_path)).values()
    assert entry.paid == pytest.approx(3 * 5e-6)  # half of 10 tokens in
    assert entry.batches == {}


@pytest.mark.parametrize(
    ("order", "failure", "sent"),
    [(400, "http 400", 1), (500, "http 500", 3), ("missing", "missing", 3)],
)
def test_what_fails_for_good_is_reported_and_not_journaled(
    tmp_path: Path, order: Any, failure: str, sent: int
) -> None:
    with serving_batches(lambda body, before: order) as endpoint:
        [reply] = ask(questions(1), teacher(), batched(endpoint, retries=2), tmp_path / "j")
        assert reply.failure == failure
        assert endpoint.batched.total() == sent
    assert (tmp_path / "j").read_text() == ""


def test_corrections_and_raised_limits_go_in_a_second_batch(tmp_path: Path) -> None:
    def answer(body: Any, before: int) -> Any:
        if body["max_tokens"] == 100 and body["messages"][0]["content"] == "long":
            return completion("half", "length")
        return completion('{"answer": "yes"}' if len(body["messages"]) == 3 else "I say yes")

    requests = [
        Request([{"role": "user", "content": "yes or no?"}], Judgement),
        Request([{"role": "user", "content": "long"}]),
    ]
    with serving_batches(answer) as endpoint:
        settings = teacher(max_tokens_ceiling=400)
        replies = ask(requests, settings, batched(endpoint), tmp_path / "j")
        assert replies[0].value == Judgement(answer="yes")
        assert replies[1].content == "I say yes"
        assert len(endpoint.batches) == 2
        assert len(endpoint.lines) == 4


def test_files_stay_within_their_limits(tmp_path: Path) -> None:
    long = [Request([{"role": "user", "content": f"{n} " + "x" * 300_000}]) for n in range(7)]
    with serving_batches(looks=0) as endpoint:
        ask(long, teacher(), batched(endpoint, batch={"megabytes": 1}), tmp_path / "j")
        sizes = [len(file) for name, file in endpoint.files.items() if name.startswith("file-")]
        assert len(sizes) == 3
        assert max(sizes) <= 10**6


def test_a_batch_whose_creation_was_not_heard_of_is_found(tmp_path: Path) -> None:
    with serving_batches() as endpoint:
        endpoint.lose_next_creation = True
        replies = ask(questions(5), teacher(), batched(endpoint), tmp_path / "j")
        assert len(replies) == 5
        assert len(endpoint.batches) == 1
        assert endpoint.batched.total() == 5


def test_a_stage_killed_after_the_upload_goes_on(tmp_path: Path) -> None:
    journal = tmp_path / "j"
    with serving_batches(looks=2) as endpoint:
        settings = batched(endpoint, batch={"wait": 0.0})
        with pytest.raises(UserError, match="under way"):
            ask(questions(5), teacher(), settings, journal)
        state = json.loads(state_path(journal).read_text())
        state["batches"][0]["batch"] = None  # as it was before the batch was made
        state_path(journal).write_text(json.dumps(state))
        ask(questions(5), teacher(), batched(endpoint), journal)
        assert len(endpoint.batches) == 1


def test_a_refused_batch_stops_with_the_reason_and_is_submitted_anew(tmp_path: Path) -> None:
    with serving_batches() as endpoint:
        endpoint.refuse = "failed"
        with pytest.raises(UserError, match="batch_0 is failed: line 1: no such model"):
            ask(questions(5), teacher(), batched(endpoint), tmp_path / "j")
        endpoint.refuse = ""
        assert len(ask(questions(5), teacher(), batched(endpoint), tmp_path / "j")) == 5


def test_what_is_under_way_is_not_asked_at_once_nor_elsewhere(tmp_path: Path) -> None:
    journal = tmp_path / "j"
    with serving_batches(looks=9) as endpoint:
        settings = batched(endpoint, batch={"wait": 0.0})
        with pytest.raises(UserError, match="under way"):
            ask(questions(5), teacher(), settings, journal)
        with pytest.raises(UserError, match="5 of these requests are under way in batches"):
            ask(questions(7), teacher(), connection(endpoint.url), journal)
        with serving_batches() as other, pytest.raises(UserError, match="under way at"):
            ask(questions(7), teacher(), batched(other), journal)
        assert endpoint.requests == 0
        # An edit of the config may want other requests: those that were paid for are kept.
        endpoint.batches["batch_0"]["looks"] = 0
        ask(questions(3), teacher(), batched(endpoint), journal)
    assert len(journal.read_text().splitlines()) == 5


PRICE = config.Price(input=1.0, output=10.0)


def test_the_budget_holds_for_batches(tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    with serving_batches(long_reply) as endpoint:
        settings = batched(endpoint, price=PRICE, budget=0.008)
        with pytest.raises(UserError, match="budget"):
            ask(questions(100), teacher(), settings, journal, tmp_path)
        cost = endpoint.answered.total() * 205e-6  # half of 10 tokens in and 40 out
        assert 0.006 < cost <= 0.008
        [entry] = read(path(tmp_path)).values()
        assert entry.paid == pytest.approx(cost)
        assert (entry.batches, entry.held, entry.uncertain) == ({}, 0.0, 0.0)
        ask(questions(100), teacher(), batched(endpoint, price=PRICE), journal, tmp_path)
        assert endpoint.batched.total() == 100


def test_what_batches_may_cost_stays_set_aside_while_nobody_waits(tmp_path: Path) -> None:
    with serving_batches(long_reply, looks=2) as endpoint:
        settings = batched(endpoint, price=PRICE, budget=0.008, batch={"wait": 0.0})
        with pytest.raises(UserError, match="under way"):
            ask(questions(100), teacher(), settings, tmp_path / "a.jsonl", tmp_path)
        at_once = connection(endpoint.url, price=PRICE, budget=0.008)
        with pytest.raises(UserError, match=r"and up to \$0.01 for batches under way"):
            ask(questions(100), teacher(), at_once, tmp_path / "b.jsonl", tmp_path)
        assert endpoint.requests <= 3


def test_batches_that_are_given_up_are_under_way_no_more(tmp_path: Path) -> None:
    """They may be billed all the same, so the cap still knows of them."""
    journal = tmp_path / "a.jsonl"
    with serving_batches(long_reply, looks=9) as endpoint:
        settings = batched(endpoint, price=PRICE, budget=1.0, batch={"wait": 0.0})
        with pytest.raises(UserError, match="under way"):
            ask(questions(10), teacher(), settings, journal, tmp_path)
        [entry] = read(path(tmp_path)).values()
        [held] = entry.batches.values()
        state_path(journal).unlink()
        at_once = connection(endpoint.url, price=PRICE, budget=1.0)
        ask(questions(10), teacher(), at_once, journal, tmp_path)
    [entry] = read(path(tmp_path)).values()
    assert entry.batches == {}
    assert entry.uncertain == pytest.approx(held)


DEEP = b'{"id": ' + b"[" * 1000
ODD = [DEEP, b"", b"[]", b"5", b"null", b'"word"', b"{}", b'{"id": 5}', b'{"job": []}', b"\xff"]


@pytest.mark.parametrize("said", ODD, ids=lambda said: repr(said[:12]))
@pytest.mark.parametrize("route", ["_upload", "_create", "_look"])
def test_odd_answers_are_one_line_and_lose_nothing(tmp_path: Path, route: str, said: bytes) -> None:
    with serving_batches() as endpoint:
        endpoint.instead[route] = said
        for _ in range(1 if route == "_create" else 2):  # a batch that was made is found
            with pytest.raises(UserError, match=r"the answer (is not JSON|has no)") as caught:
                ask(questions(3), teacher(), batched(endpoint), tmp_path / "j.jsonl")
            assert "\n" not in str(caught.value)
            assert len(str(caught.value)) < 300
        del endpoint.instead[route]
        replies = ask(questions(3), teacher(), batched(endpoint), tmp_path / "j.jsonl")
    assert [reply.failure for reply in replies] == [None] * 3


@pytest.mark.parametrize("said", [b"[]", b"5", b"[5, null, {}]", b'{"data": {"a": 5}}'], ids=repr)
def test_an_odd_list_of_batches_has_none_of_ours(tmp_path: Path, said: bytes) -> None:
    with serving_batches() as endpoint:
        endpoint.instead["_list"] = said
        replies = ask(questions(3), teacher(), batched(endpoint), tmp_path / "j.jsonl")
    assert [reply.failure for reply in replies] == [None] * 3


@pytest.mark.parametrize(
    ("rest", "failure"),
    [
        (b"", "missing"),
        (b', "response": ' + b"[" * 1000, "missing"),
        (b', "response": 5}', "malformed"),
        (b', "response": {"status_code": "many"}}', "malformed"),
        (b', "response": {"status_code": 1e999}}', "malformed"),
        (b', "response": {"status_code": 200}}', "no choice"),
        (b', "response": {"status_code": 200, "body": {"choices": 5}}}', "no choice"),
        (b', "response": null, "error": "words"}', "batch error"),
        (b', "response": {"status_code": 400, "body": "words"}}', "http 400"),
        (b', "response": {"status_code": 403, "body": %s}}' % FLAGGED, "content_filter"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_an_odd_line_of_replies_is_one_failed_row(
    tmp_path: Path, rest: bytes, failure: str
) -> None:
    with serving_batches() as endpoint:
        endpoint.spoilt["question 1"] = rest
        settings = batched(endpoint, retries=1)
        replies = ask(questions(3), teacher(), settings, tmp_path / "j.jsonl")
    assert [reply.failure for reply in replies] == [None, failure, None]


@pytest.mark.parametrize("errors", [5, [], {"data": 5}, {"data": [5]}, {"data": []}, "a\x1bb"])
def test_odd_reasons_of_a_refused_batch_are_one_line(tmp_path: Path, errors: Any) -> None:
    with serving_batches() as endpoint:
        said = {"id": "batch_0", "status": "failed", "errors": errors}
        endpoint.instead["_look"] = json.dumps(said).encode()
        with pytest.raises(UserError, match=r"the batch batch_0 is failed: ") as caught:
            ask(questions(3), teacher(), batched(endpoint), tmp_path / "j.jsonl")
    assert str(caught.value).isprintable()


def test_the_key_is_sent_and_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    key = "sk-very-secret-0123456789"
    monkeypatch.setenv("TEACHER_KEY", key)
    with serving_batches(lambda body, before: completion(f"your key is {key}")) as endpoint:
        settings = batched(endpoint, api_key_env="TEACHER_KEY")
        replies = ask(questions(3), teacher(), settings, tmp_path / "j.jsonl")
        endpoint.refuse, endpoint.reason = "failed", f"no credit for {key}"
        with pytest.raises(UserError, match=r"no credit for \[key\]"):
            ask(questions(5), teacher(), settings, tmp_path / "j.jsonl")
    assert {headers["Authorization"] for headers in endpoint.headers} == {f"Bearer {key}"}
    assert [reply.content for reply in replies] == ["your key is [key]"] * 3
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    assert key not in f"{written} {''.join(capfd.readouterr())}"
