"""vLLM for real, where it is installed: SmolLM2 asked by the stages' own words."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

import real_weights
from endpoint import connection, teacher
from limbeck import config
from limbeck.files import Row
from limbeck.generation import instructions, topics, tree
from limbeck.languages import resolve
from limbeck.student import from_gguf
from limbeck.teacher.client import Request, ask
from limbeck.teacher.server import Server

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(shutil.which("vllm") is None, reason="vllm is not on the PATH"),
]
ROOT = Path(__file__).parents[3]


class Judgement(BaseModel):
    answer: Literal["yes", "no"]


class Words(BaseModel):
    items: Annotated[list[str], Field(min_length=2, max_length=6)]


class Served:
    """A server that was started as a run starts it."""

    def __init__(self, place: Server, model: str, local: config.Connection, work: Path) -> None:
        self.place, self.model, self.local, self.work = place, model, local, work

    def settings(self, **fields: Any) -> config.TeacherSettings:
        """The teacher's settings."""
        own: Row = {"model": self.model, "structured": "auto", "max_tokens": 150}
        return teacher(**own | fields)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    work = tmp_path_factory.mktemp("vllm")
    model = work / "smollm2"
    from_gguf.convert(real_weights.smollm2(), model)
    local = connection(
        None, server="vllm", idle=5.0, start_timeout=900.0, concurrency=8,
        server_args=["--max-model-len", "2048", "--enforce-eager"],  # compiling takes minutes
    )  # fmt: skip
    with Server(teacher(model=str(model)), local, work) as place:
        place.url()
        yield Served(place, str(model), local, work)


def test_a_list_of_a_tree(served: Served) -> None:
    settings = served.settings(temperature=0.0)
    told = instructions.load(ROOT / "config/prompts/topics.yaml", topics.TEMPLATES)
    card = dict(resolve("English").card())
    step, node = tree.Step("topics", "Topics", "macro_topic", 2, "topic"), tree.Node("x", "bread")
    request = tree.prompt(node, step, card, told)
    [reply] = ask([request], settings, served.local, served.work / "tree", served.work)
    found = tree.parse_nodes(node, reply, step, 1)
    assert [topic.failure for topic in found] == [None] * len(found)
    assert len({topic.text for topic in found}) == len(found) >= 2


def test_replies_keep_to_their_form_and_none_is_filled_with_white_space(served: Served) -> None:
    subjects = ("bread", "rain", "football", "the sea", "a school", "goats", "music", "the market")
    requests = [
        Request([{"role": "user", "content": f"Words about {subject}, please."}], form, n)
        for n, subject in enumerate(subjects)
        for form in (Words, Judgement, None)
    ]
    replies = ask(requests, served.settings(), served.local, served.work / "forms", served.work)
    formed = [
        reply for reply, request in zip(replies, requests, strict=True) if request.reply_model
    ]
    assert {reply.failure for reply in formed if isinstance(reply.value, Judgement)} == {None}
    cut = [reply.content for reply in formed if reply.failure]
    assert not [text for text in cut if text.endswith("  ") or text.endswith("\n\n")]
    assert len(cut) <= 2, cut


def test_a_reply_that_is_cut_off_is_asked_for_again(served: Served) -> None:
    settings = served.settings(max_tokens=4, max_tokens_ceiling=8, extra_body={"ignore_eos": True})
    request = Request([{"role": "user", "content": "Habari?"}])
    journal = served.work / "cut"
    [reply] = ask([request], settings, served.local, journal, served.work)
    assert (reply.failure, reply.completion_tokens) == ("length", 4 + 8)
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [line["completion_tokens"] for line in lines] == [4, 8]


def test_its_address_is_probed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_KEY", served.place.key)
    remote = connection(served.place.url(), api_key_env="SERVER_KEY", concurrency=2)
    settings = served.settings(revision="2")
    request = Request([{"role": "user", "content": "Is bread food?"}], Judgement)
    [reply] = ask([request], settings, remote, served.work / "probed", served.work)
    assert reply.failure is None
    [found] = (served.work / "structured").glob("*.json")
    assert json.loads(found.read_text())["structured"] == "json_schema"
