"""What is too little for a batch, which may take a day, is asked at once."""

from pathlib import Path
from typing import Any

import pytest

import habits
from batches import serving_batches
from endpoint import completion, connection, echo, questions, teacher
from limbeck import config
from limbeck.costs.plan import Estimate, _add
from limbeck.costs.pretend import Asked
from limbeck.generation import beside, personas
from limbeck.generation.asking import Teacher
from limbeck.generation.instructions import load
from limbeck.teacher.batch import FEW
from limbeck.teacher.budget import path, read
from limbeck.teacher.client import ask

PRICE = config.Price(input=1.0, output=10.0)


def batched(url: str, **changes: Any) -> config.Connection:
    return connection(url, price=PRICE, batch=config.Batch(poll=0.01), **changes)


@pytest.mark.parametrize(("count", "batches"), [(FEW - 1, 0), (FEW, 1)])
def test_few_requests_make_no_batch(tmp_path: Path, count: int, batches: int) -> None:
    with serving_batches() as endpoint:
        replies = ask(
            questions(count), teacher(), batched(endpoint.url), tmp_path / "j.jsonl", tmp_path
        )
        assert [reply.failure for reply in replies] == [None] * count
        assert len(endpoint.batches) == batches
        assert endpoint.requests == (0 if batches else count)
        [entry] = read(path(tmp_path)).values()
        usual = ask(
            questions(count), teacher(), connection(endpoint.url, price=PRICE),
            tmp_path / "usual.jsonl", tmp_path,
        )  # fmt: skip
    assert usual == replies
    whole = read(path(tmp_path))[str(tmp_path / "usual.jsonl")]
    assert entry.paid == pytest.approx(whole.paid * (0.5 if batches else 1.0))
    assert (entry.batches, entry.held, entry.uncertain) == ({}, 0.0, 0.0)


def test_second_tries_of_a_batch_are_few(tmp_path: Path) -> None:
    def answer(body: Any, before: int) -> Any:
        number = int(body["messages"][0]["content"].split()[1])
        return completion(None) if number < 3 else echo(body, before)

    with serving_batches(answer) as endpoint:
        replies = ask(questions(60), teacher(), batched(endpoint.url), tmp_path / "j", tmp_path)
        assert [reply.failure for reply in replies] == [None] * 60
        assert (len(endpoint.batches), endpoint.requests) == (1, 3)


def test_people_are_described_without_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # whose ledger it is
    told = load(habits.PROMPTS / "beside.yaml", beside.TEMPLATES)
    with serving_batches() as endpoint:
        endpoint.answer = habits.answer
        asked = Teacher(teacher(max_tokens=4096), batched(endpoint.url), tmp_path / "j.jsonl")
        rows = personas.write(50, asked, habits.CARD, told)
        assert not endpoint.batches
    assert len([row for row in rows if not row["failure"]]) == 50


@pytest.mark.parametrize(("calls", "hours", "dollars"), [(FEW - 1, 0.1, 49e-6), (FEW, 24.0, 25e-6)])
def test_a_plan_counts_few_requests_at_their_usual_price(
    calls: int, hours: float, dollars: float
) -> None:
    found = Estimate("write_personas")
    asked = Asked(requests=calls, prompt_tokens=calls, seconds=360.0)
    _add(found, asked, batched("http://127.0.0.1:9/v1", concurrency=1))
    assert (found.calls, found.hours) == (calls, pytest.approx(hours))
    assert found.dollars == pytest.approx(dollars)
