"""A model's context: learned by the endpoint's own word, and honoured."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import BaseModel

import endpoint
import real_texts
from limbeck.teacher.capacity import Capacity, listed, refused
from limbeck.teacher.client import Reply, Request, ask
from world import start
from world.teacher import Manners, refusals

CONTEXT = 1000
# An endpoint that does nothing else wrong; its replies are English.
MANNERS = Manners(
    context=CONTEXT, thinks=(), forgets=0, fences=0, refuses=0, breaks_off=0, slips=0, repeats=0,
    overloaded=0,
)  # fmt: skip
MODEL = "openai/gpt-oss-120b"


def questions(count: int, words: int) -> list[Request]:
    return [Request([{"role": "user", "content": f"{n} " + "word " * words}]) for n in range(count)]


def asked(
    manners: Manners, requests: list[Request], folder: Path, **teacher: Any
) -> tuple[list[Reply], list[int]]:
    """The replies, and the limits of all requests that were sent."""
    real_texts.folder()  # the teacher's sentences; in its own thread a skip would be an error
    with start.teaching(manners) as served:
        connection = endpoint.connection(served.url, concurrency=1)
        replies = ask(
            requests, endpoint.teacher(model=MODEL, **teacher), connection, folder / "j", folder
        )
        return replies, [body["max_tokens"] for body in served.bodies]


@pytest.mark.parametrize("told", refusals())
def test_a_reply_gets_what_its_prompt_leaves(
    told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    manners = replace(MANNERS, told=told)
    replies, limits = asked(manners, questions(8, 400), tmp_path, max_tokens=900)
    assert {reply.failure for reply in replies} == {None}
    if refusals()[told]["counts"] == "reply":
        assert all(limit <= CONTEXT - 500 for limit in limits[1:])
        assert len(limits) == 8 + (limits[0] == 900)  # refused once at most
        assert capfd.readouterr().err.count(f"{MODEL!r} holds 1,000 tokens") == 1
    else:
        assert limits == [900] * 8


@pytest.mark.parametrize(
    "words",
    ["maximum context length is " + "9" * 5000, "maximum context length is ,,,", "n_ctx: 5"],
)
def test_odd_numbers_are_no_context(words: str) -> None:
    found = refused(400, f"{words}; {'9' * 5000} input tokens")
    assert found is None or found.limit < 10**12


def test_an_odd_list_of_models_says_nothing() -> None:
    for answer in (b"[" * 1000, b"5", b'{"data": 5}', b'{"data": {"a": 5}}', b"\xff"):
        assert listed(answer, MODEL) is None


@pytest.mark.parametrize("told", refusals())
def test_a_prompt_that_the_context_does_not_hold_fails_alone(told: str, tmp_path: Path) -> None:
    requests = [*questions(30, 1000), *questions(1, 4)]
    replies, _ = asked(replace(MANNERS, told=told), requests, tmp_path, max_tokens=100)
    assert [reply.failure for reply in replies] == ["context"] * 30 + [None]


def test_a_reply_that_filled_the_context_is_not_asked_for_again(tmp_path: Path) -> None:
    manners = replace(MANNERS, repeats=1.0, context=600)
    long = questions(3, 420)
    replies, limits = asked(manners, long, tmp_path, max_tokens=500, max_tokens_ceiling=2000)
    assert {reply.failure for reply in replies} == {"length"}
    assert len(limits) == 1 + 3  # the first was refused


class Listing(endpoint.Endpoint):
    """Says what its model holds, and puts 80 tokens of a template around each prompt."""

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "teacher", "max_model_len": 4096}]})

    def say(self, body: dict[str, Any], before: int) -> Any:
        fruits = '{"fruits": ["zumbarole", "zumbarole"]}'
        said = fruits if "fruit" in str(body["messages"]) else '{"name": "Asha"}'
        prompt = 80 + sum(len(message["content"]) for message in body["messages"]) // 4
        usage = {"prompt_tokens": prompt, "completion_tokens": 8}
        return {**endpoint.completion(said), "usage": usage}


class Name(BaseModel):
    name: str


def test_a_template_s_tokens_do_not_make_long_prompts_longer(tmp_path: Path) -> None:
    """The probe for the form of replies is the shortest of all prompts."""
    served = Listing()
    served.answer = served.say
    requests = [Request(request.messages, Name) for request in questions(4, 400)]
    with endpoint.running(served):
        connection = endpoint.connection(served.url, concurrency=1)
        told = endpoint.teacher(structured="auto", max_tokens=3000)
        replies = ask(requests, told, connection, tmp_path / "j", tmp_path)
    assert {reply.failure for reply in replies} == {None}
    assert [body["max_tokens"] for body in served.bodies] == [3000] * 5


def test_short_prompts_leave_their_template_s_tokens() -> None:
    holds = Capacity("m")
    holds.limit = CONTEXT
    short = {"messages": [{"role": "user", "content": "Who?"}], "max_tokens": CONTEXT}
    holds.count(short, 80)
    fitted = holds.fit(short)
    assert fitted is not None
    assert CONTEXT - 150 < fitted["max_tokens"] <= CONTEXT - 80


LISTS: list[tuple[bytes, int | None]] = [
    (b'{"data": [{"id": "other", "max_model_len": 1}, {"id": "m", "max_model_len": 4096}]}', 4096),
    (b'{"data": [{"id": "m", "context_length": 8192}]}', 8192),
    (b'{"data": [{"id": "a", "max_model_len": 1}, {"id": "b", "max_model_len": 4096}]}', None),
    (b'{"data": [{"id": "a-folder", "max_context_length": 32768}]}', 32768),
    (b'{"data": [{"id": "m", "meta": {"n_ctx_train": 4096}}]}', None),
    (b'{"data": []}', None),
    (b'{"data": {"m": 3}}', None),
    (b"[1]", None),
    (b"<html>", None),
    (b'{"data": [{"id": "m", "max_model_len": "4096"}]}', None),
]


@pytest.mark.parametrize(("answer", "size"), LISTS)
def test_lists_of_models(answer: bytes, size: int | None) -> None:
    assert listed(answer, "m") == size


@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 1000 tokens. However, you requested {wanted} "
        "output tokens and your prompt contains at least {least} input tokens.",
        "You passed {least} input tokens and requested {wanted} output tokens. However, the "
        "model's context length is only 1000 tokens.",
        "You passed 4000 input characters and requested {wanted} output tokens. However, the "
        "model's context length is only 1000 tokens.",
    ],
)
def test_a_prompt_that_is_not_counted_to_its_end_gets_half_the_reply(
    words: str, tmp_path: Path
) -> None:
    """vLLM since it cuts prompts one token past what the reply leaves."""

    def answer(body: dict[str, Any], before: int) -> Any:
        prompt = len(body["messages"][0]["content"].split())
        room = CONTEXT - (wanted := body["max_tokens"])
        if prompt > room:
            return endpoint.status(400, words.format(wanted=wanted, least=room + 1))
        usage = {"prompt_tokens": prompt, "completion_tokens": 5}
        return {**endpoint.completion("a reply"), "usage": usage}

    with endpoint.serving(answer) as served:
        connection = endpoint.connection(served.url, concurrency=1)
        requests = [*questions(2, 700), *questions(1, 1200)]
        replies = ask(requests, endpoint.teacher(max_tokens=900), connection, tmp_path / "j")
    assert [reply.failure for reply in replies] == [None, None, "context"]
    assert [body["max_tokens"] for body in served.bodies[:3]] == [900, 450, 225]
    assert 250 < served.bodies[3]["max_tokens"] < 300, "by the prompt before"
