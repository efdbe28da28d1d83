"""Data sets of the hub, streamed by the real clients from a stand-in for the hub."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from world import hub

OLD, NEW = "a" * 40, "b" * 40
FINEWEB, INFINITY = "HuggingFaceFW/fineweb-2", "BAAI/Infinity-Instruct"
CARD = {"code": "swh_Latn", "name": "Swahili", "script": "Latn"}

# The clients read HF_ENDPOINT when they are imported, so they are in a process of their own. It
# answers each line, a section of the config, with the rows or with what is wrong.
PROGRAM = f"""
import json, sys
from limbeck import config
from limbeck.errors import UserError
from limbeck.sources import conversations, reading, texts

reading._BUFFER = 10
for line in sys.stdin:
    section = json.loads(line)
    try:
        if "max_words" in section:
            rows = texts.collect(config.Texts(**section), {CARD!r}, 1)
        else:
            rows = conversations.collect(config.Conversations(max_bytes=None, **section), 1)
        print(json.dumps(rows), flush=True)
    except UserError as error:
        print(json.dumps(str(error)), flush=True)
"""


def publish(folder: Path, rows: dict[str, list[dict[str, Any]]]) -> Path:
    """A data set's folder: a configuration for each language or part, in three shards."""
    head = ["---", "configs:"]
    for name, part in rows.items():
        head += [f"- config_name: {name}", "  data_files:"]
        head += ["  - split: train", f"    path: data/{name}/train/*"]
        (folder / "data" / name / "train").mkdir(parents=True)
        for shard in range(3):
            path = folder / "data" / name / "train" / f"{shard:03}_00000.parquet"
            table = pyarrow.Table.from_pylist(part[shard::3])
            pyarrow.parquet.write_table(table, path, row_group_size=5)
    (folder / "README.md").write_text("\n".join([*head, "---", "# Data"]))
    return folder


def page(language: str, number: int, version: str) -> dict[str, Any]:
    text = f"{language} {version} {number}."
    return {"text": text, "id": f"<urn:{number}>", "url": f"https://example.org/{number}"}


def chat(number: int) -> dict[str, Any]:
    turns = [("human", f"Question {number}?"), ("gpt", f"Answer {number}.")]
    said = [{"from": by, "value": text} for by, text in turns]
    return {"id": number, "conversations": said, "label": "x", "source": "y"}


class Client:
    """The program above."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def collect(self, source: str, name: str | None, **section: Any) -> Any:
        section = {"source": source, "name": name, "revision": None, "split": "train", **section}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"limit": 20, **section}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("hub")
    fineweb = {
        commit: publish(
            folder / commit,
            {
                code: [page(code, n, commit[0]) for n in range(90)]
                for code in ("swh_Latn", "hau_Latn")
            },
        )
        for commit in (OLD, NEW)
    }
    infinity = {NEW: publish(folder / "infinity", {"7M_core": [chat(n) for n in range(90)]})}
    with hub.serving({FINEWEB: fineweb, INFINITY: infinity}) as served:
        environment = {**os.environ, "HF_ENDPOINT": served.url, "HF_HOME": str(folder / "home")}
        command = [sys.executable, "-c", PROGRAM]
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            yield Client(process)
            process.kill()


def test_texts_are_streamed_and_sampled_alike(client: Client) -> None:
    rows = client.collect(FINEWEB, "swh_Latn", max_words=50)
    assert len({row["id"] for row in rows}) == 20
    assert {row["source"] for row in rows} == {f"{FINEWEB}/swh_Latn@{NEW}"}
    assert all(row["text"].startswith("swh_Latn b ") for row in rows)
    assert all(row["url"].startswith("https://example.org/") for row in rows)
    shards = {int(row["text"].split()[-1][:-1]) % 3 for row in rows}
    assert shards == {0, 1, 2}, "not one file after the other"
    assert [row["text"] for row in rows] != sorted(row["text"] for row in rows)
    assert client.collect(FINEWEB, "swh_Latn", max_words=50) == rows
    assert client.collect(FINEWEB, "swh_Latn", max_words=50, revision=NEW) == rows


def test_a_revision_is_pinned(client: Client) -> None:
    rows = client.collect(FINEWEB, "swh_Latn", max_words=50, revision=OLD)
    assert {row["source"] for row in rows} == {f"{FINEWEB}/swh_Latn@{OLD}"}
    assert all(row["text"].startswith("swh_Latn a ") for row in rows)


def test_conversations_of_infinity_instruct(client: Client) -> None:
    rows = client.collect(INFINITY, "7M_core")
    assert len({row["id"] for row in rows}) == 20
    assert {row["source"] for row in rows} == {f"{INFINITY}/7M_core@{NEW}"}
    for row in rows:
        question, answer = row["messages"]
        assert question["role"] == "user"
        assert answer["content"] == question["content"].replace("Question", "Answer")[:-1] + "."


@pytest.mark.parametrize(
    ("source", "changes", "message"),
    [
        ("nobody/nothing", {}, "nobody/nothing: the hub cannot be asked"),
        (FINEWEB, {"revision": "c" * 40}, f"{FINEWEB}: the hub's data set cannot be read"),
        (FINEWEB, {"name": "xxx_Latn"}, f"{FINEWEB}: the hub's data set cannot be read"),
        (FINEWEB, {"split": "dev"}, f"{FINEWEB}: the hub's data set cannot be read"),
    ],
)
def test_what_the_hub_lacks_is_one_line(
    client: Client, source: str, changes: dict[str, Any], message: str
) -> None:
    said = client.collect(source, **{"name": "swh_Latn", "max_words": 9, **changes})
    assert said.startswith(message)
    assert "\n" not in said
