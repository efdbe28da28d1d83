"""The server speaks the OpenAI chat protocol, refuses nonsense and ends itself when idle."""

import asyncio
import json
import subprocess
import sys

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from limbeck.phrasebook.__main__ import MODEL, answer
from limbeck.serving.application import application

QUESTION = {"role": "user", "content": "Mji mkuu wa Kenya ni upi?"}
REQUEST = {"model": MODEL, "messages": [QUESTION]}


def ask(path, body=None, raw=None):
    """The status and the JSON of one request to a server of our own."""

    async def run():
        async with TestClient(TestServer(application(MODEL, answer))) as client:
            if body is None and raw is None:
                response = await client.get(path)
            else:
                response = await client.post(path, json=body, data=raw)
            return response.status, await response.json()

    return asyncio.run(run())


def complete(**fields):
    return ask("/v1/chat/completions", REQUEST | fields)


def test_completion_has_the_protocols_form():
    status, reply = complete()
    assert status == 200
    choice = reply["choices"][0]
    assert choice["message"] == {
        "role": "assistant",
        "content": "Mji mkuu wa Kenya ni Nairobi.",
        "reasoning_content": "Swali linauliza kuhusu mji. Jibu ni Nairobi.",
    }
    assert choice["finish_reason"] == "stop"
    assert (reply["model"], reply["object"], reply["created"]) == (MODEL, "chat.completion", 0)
    assert reply["usage"] == {"prompt_tokens": 7, "completion_tokens": 16, "total_tokens": 23}
    assert reply["id"].startswith("chatcmpl-")


def test_equal_requests_get_equal_replies():
    assert complete(seed=1) == complete(seed=1)


@pytest.mark.parametrize(("limit", "content"), [(12, "Mji mkuu wa"), (5, ""), (200, None)])
def test_long_replies_are_cut(limit, content):
    reply = complete(max_tokens=limit)[1]
    choice = reply["choices"][0]
    if content is None:
        assert choice["finish_reason"] == "stop"
    else:
        assert choice["finish_reason"] == "length"
        assert choice["message"]["content"] == content


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "not a JSON object"),
        ({"messages": [QUESTION]}, "'model'"),
        ({"model": MODEL}, "'messages'"),
        (REQUEST | {"messages": []}, "'messages'"),
        (REQUEST | {"messages": ["hello"]}, "'role'"),
        (REQUEST | {"messages": [{"role": "king", "content": "x"}]}, "'role'"),
        (REQUEST | {"messages": [{"role": "user", "content": None}]}, "'content'"),
        (REQUEST | {"stream": True}, "'stream'"),
        (REQUEST | {"n": 2}, "'n'"),
        (REQUEST | {"max_tokens": 0}, "'max_tokens'"),
        (REQUEST | {"max_tokens": "many"}, "'max_tokens'"),
        (REQUEST | {"response_format": {"type": "xml"}}, "'response_format.type'"),
        (REQUEST | {"response_format": {"type": "json_schema"}}, "'name'"),
        (
            REQUEST | {"response_format": {"type": "json_schema", "json_schema": {"name": "X"}}},
            "'schema'",
        ),
    ],
)
def test_nonsense_is_refused(body, words):
    status, reply = ask("/v1/chat/completions", body)
    assert status == 400
    assert words in reply["error"]["message"]
    assert reply["error"]["type"] == "invalid_request_error"


LONE = '{"model": "phrasebook", "messages": [{"role": "user", "content": "a \\ud800"}]}'


@pytest.mark.parametrize("text", ["{", "[" * 5000, '{"a": ' + "1" * 5000 + "}", LONE])
def test_what_is_not_json_or_too_much_is_refused(text):
    status, reply = ask("/v1/chat/completions", raw=text.encode())
    assert status == 400
    assert reply["error"]["message"].startswith("the body is not JSON (")


def test_unknown_models_and_pages_are_not_found():
    status, reply = complete(model="gpt")
    assert (status, reply["error"]["code"]) == (404, "model_not_found")
    status, reply = ask("/v2")
    assert (status, reply["error"]["message"]) == (404, "Not Found")


def test_models_and_health():
    assert ask("/v1/models")[1]["data"][0]["id"] == MODEL
    assert ask("/health") == (200, {"status": "ok"})


def test_the_program_listens_answers_and_ends_itself():
    command = [sys.executable, "-m", "limbeck.phrasebook", "--port", "0", "--idle", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = line.removeprefix("listening on ").strip()
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/v1")
        assert asyncio.run(_posted(url + "/chat/completions")) == "Mji mkuu wa Kenya ni Nairobi."
        assert process.wait(timeout=60) == 0


async def _posted(url):
    async with aiohttp.ClientSession() as session, session.post(url, json=REQUEST) as response:
        return json.loads(await response.text())["choices"][0]["message"]["content"]
