"""The translators' server answers the stages' own requests, through the client."""

import asyncio
import json
import shutil
import time
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

import endpoint
from limbeck.errors import UserError
from limbeck.generation import check_rows, translate
from limbeck.generation.instructions import load
from limbeck.languages import resolve
from limbeck.serving.application import application
from limbeck.teacher.client import Request, ask
from limbeck.translator import apertium
from limbeck.translator.pool import Pool, Translator
from limbeck.translator.responder import reply

PROMPTS = Path(__file__).parents[3] / "config" / "prompts"
ESPERANTO = dict(resolve("Esperanto").card())
TURNS = [
    {"role": "user", "content": "Where is the **red** house? See `a < b`.\n\n- at {place}"},
    {"role": "assistant", "content": "It is in 12 Main Street."},
]


class Shouting:
    """An engine: capital letters are its language."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.calls: list[list[str]] = []
        self.seconds = seconds

    def translate(self, lines, back: bool) -> list[str | None]:
        self.calls.append(list(lines))
        time.sleep(self.seconds)
        if "fail" in lines:
            raise UserError("the engine fails")
        said = [line.lower() if back else line.upper() for line in lines]
        return [None if line == "endless" else text for line, text in zip(lines, said, strict=True)]


def post(translator: Translator, *bodies: dict) -> list[tuple[int, dict]]:
    """Bodies sent at once to a server of our own."""

    async def run():
        app = application("shout", lambda body: reply(body, translator))
        async with TestClient(TestServer(app)) as client:

            async def one(body):
                response = await client.post("/v1/chat/completions", json=body)
                return response.status, await response.json()

            return await asyncio.gather(*map(one, bodies))

    return asyncio.run(run())


def body(turns, name: str = "Translation") -> dict:
    content = f"Translate.\n<conversation>{translate.quoted(turns)}</conversation>"
    form = {"type": "json_schema", "json_schema": {"name": name, "schema": {}}}
    messages = [{"role": "user", "content": content}]
    return {"model": "shout", "messages": messages, "response_format": form}


def said(answer: dict) -> list[str]:
    return [
        turn["content"]
        for turn in json.loads(answer["choices"][0]["message"]["content"])["messages"]
    ]


def test_both_directions() -> None:
    (_, there), (_, back) = post(Pool(Shouting()), body(TURNS), body(TURNS, "BackTranslation"))
    assert said(there) == [
        "WHERE IS THE **RED** HOUSE? SEE `a < b`.\n\n- AT {place}",
        "IT IS IN 12 MAIN STREET.",
    ]
    assert said(back)[1] == "it is in 12 main street."
    assert there["usage"]["completion_tokens"] > 10


def test_requests_that_wait_are_one_call() -> None:
    engine = Shouting(0.1)
    turn = {"role": "user", "content": "a b"}
    answers = post(Pool(engine), *[body([{**turn, "content": f"word {n}"}]) for n in range(20)])
    assert [said(answer) for _, answer in answers] == [[f"WORD {n}"] for n in range(20)]
    assert len([call for call in engine.calls if call]) < 10


def test_what_is_no_translation_is_refused_with_a_line() -> None:
    failing = [{"role": "user", "content": "fail"}]
    chat = {"model": "shout", "messages": [{"role": "user", "content": "Hello"}]}
    bare = body(TURNS) | {"messages": [{"role": "user", "content": "no tags"}]}
    answers = post(Pool(Shouting()), chat, bare, body(failing), body(TURNS))
    assert [status for status, _ in answers] == [400, 400, 400, 200]
    lines = [answer["error"]["message"] for _, answer in answers[:3]]
    assert "a translator only translates" in lines[0]
    assert "no conversation" in lines[1]
    assert lines[2] == "the engine fails"


def test_a_translation_without_end_is_a_cut_reply_and_costs_no_other() -> None:
    turns = [{"role": "user", "content": "a word\nendless"}]
    (_, cut), (_, whole) = post(Pool(Shouting(0.1)), body(turns), body(TURNS))
    assert cut["choices"][0]["finish_reason"] == "length"
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert said(whole)[1] == "IT IS IN 12 MAIN STREET."


installed = pytest.mark.skipif(
    shutil.which("apertium") is None or not {"en-eo", "eo-en"} <= set(apertium.pairs()),
    reason="Apertium with the pair en-eo is not installed",
)


@installed
def test_the_stages_requests_through_apertium(tmp_path: Path) -> None:
    local = endpoint.connection(None, server="apertium", idle=0.5)
    settings = endpoint.teacher(model="en-eo", structured="auto")
    into = load(PROMPTS / "translate.yaml", translate.TEMPLATES)
    back = load(PROMPTS / "checks.yaml", check_rows.TEMPLATES)

    def asked(requests: list[Request]) -> list:
        return ask(requests, settings, local, tmp_path / "journal.jsonl", tmp_path)

    [there] = asked([translate.prompt({"messages": TURNS}, ESPERANTO, into)])
    turns, failure = translate.translated(TURNS, there)
    assert failure is None
    for kept in ("**ruĝ", "domo", "`a < b`", "{place}"):
        assert kept in turns[0]["content"]
    assert "12" in turns[1]["content"]
    row = {"messages": turns, "original": TURNS, "id": "x"}
    [returned] = asked([check_rows.back_prompt(row, ESPERANTO, back)])
    [checked] = check_rows.came_back(row, returned)
    assert checked["failure"] is None
    assert checked["round_trip"] > 50


@installed
def test_apertium_keeps_lines_and_capitals() -> None:
    engine = apertium.Apertium("en-eo")
    lines = ["The house is red", "cats", "Cats", "a very unlikelyword", "NASA"]
    found = asyncio.run(engine.translate(lines, back=False))
    assert found == ["La domo estas ruĝa", "katoj", "Katoj", found[3], "NASA"]
    assert "unlikelyword" in found[3]
    back = asyncio.run(engine.translate(["La domo estas ruĝa"], back=True))
    assert back == ["The house is red"]


@installed
def test_a_translation_does_not_depend_on_what_came_before() -> None:
    """Apertium's tagger takes `its` for another word after it has read `QUIT;`."""
    rice = (
        "Cauliflower rice is not that fun to eat in its bland form. Is there anything interesting "
        "and tasty I can cook with cauliflower rice?"
    )
    alone, other = ({"role": "user", "content": text} for text in (rice, "QUIT;"))
    orders = [body([alone])], [body([other]), body([alone])], [body([other, alone])]
    found = [said(post(apertium.Apertium("en-eo"), *bodies)[-1][1])[-1] for bodies in orders]
    assert found[0] == found[1]
    assert found[1] != found[2], "so it would be without a pipeline of its own"


@installed
def test_a_pair_that_is_not_installed_is_named_with_those_that_are() -> None:
    with pytest.raises(UserError, match=r"no pair 'en-xx' here; installed: .*en-eo"):
        apertium.Apertium("en-xx")


def test_without_apertium_there_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="apertium is not on the PATH"):
        apertium.pairs()


@pytest.mark.parametrize("name", ["eneo", "en", "english-esperanto", "../x-y"])
def test_what_is_no_pair(name: str) -> None:
    with pytest.raises(UserError, match="is no pair of Apertium"):
        apertium.sides(name)
