"""Conversations from every kind of source."""

import gzip
import json
import random
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import real_texts
from limbeck import config, files
from limbeck.errors import UserError
from limbeck.sources import conversations, reading, texts

CARD = {"code": "swh_Latn", "name": "Swahili", "script": "Latn"}


def said(*contents: str, first: str = "user") -> list[dict[str, str]]:
    roles = ("user", "assistant") if first == "user" else ("assistant", "user")
    return [{"role": roles[n % 2], "content": text} for n, text in enumerate(contents)]


SYSTEM = {"role": "system", "content": "Be brief."}


@pytest.mark.parametrize(
    ("row", "turns"),
    [
        ({"messages": said("Hi", "Hello")}, said("Hi", "Hello")),
        ({"messages": [SYSTEM, *said("Hi", "Hello")]}, [SYSTEM, *said("Hi", "Hello")]),
        ({"messages": said(" Hi ", "Hello\n", "Unanswered")}, said("Hi", "Hello")),
        (
            {
                "id": 3,
                "conversations": [
                    {"from": "human", "value": "Hi"},
                    {"from": "gpt", "value": "Hello"},
                ],
            },
            said("Hi", "Hello"),
        ),
        ({"conversations": said("Hi", "Hello")}, said("Hi", "Hello")),
        (
            {"instruction": "Sum up", "context": "A text.", "response": "It", "category": "x"},
            said("Sum up\n\nA text.", "It"),
        ),
        ({"instruction": "Sum", "input": "", "output": "It"}, said("Sum", "It")),
        ({"instruction": "Sum", "context": None, "response": "It"}, said("Sum", "It")),
    ],
)
def test_forms(row: dict[str, Any], turns: list[dict[str, str]]) -> None:
    assert conversations.messages(row) == turns


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"messages": []}, "no answer"),
        ({"messages": None}, "no answer"),
        ({"messages": said("Hi")}, "no answer"),
        ({"messages": [SYSTEM]}, "roles out of turn"),
        ({"messages": said("Hi", "Hello", first="assistant")[:1]}, "roles out of turn"),
        ({"messages": said("Hi", "Hello")[1:]}, "roles out of turn"),
        ({"messages": [*said("Hi"), *said("Hi", "Hello")]}, "roles out of turn"),
        ({"messages": said("Hi", "  ")}, "an empty turn"),
        ({"messages": ["Hi"]}, "a turn that is no object"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "another role"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "another role"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "no text"),
        ({"messages": 5}, "turns that are no list"),
        ({"conversations": "words"}, "turns that are no list"),
        ({"messages": [5]}, "a turn that is no object"),
        ({"messages": [{"role": ["user"], "content": "a"}]}, "another role"),
        ({"instruction": float("nan"), "output": "a"}, "no text"),
        ({"instruction": "Sum", "response": None}, "an empty turn"),
        ({"messages": said("你好", "你好！"), "langdetect": "zh-cn"}, "not English but zh-cn"),
    ],
)
def test_rows_that_are_no_conversation(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        conversations.messages(row)


def test_an_unknown_form_names_columns_and_forms() -> None:
    with pytest.raises(UserError) as error:
        list(conversations.conversations([{"question": "a", "text": "b"}], "x.jsonl", Counter()))
    assert "x.jsonl: unknown form, with the columns question, text; allowed: " in str(error.value)
    assert "'instruction' with 'response'" in str(error.value)


def collected(
    source: str | Path, limit: int = 100, seed: int = 1, max_bytes: int | None = None
) -> list[dict[str, Any]]:
    settings = config.Conversations(
        source=str(source), name=None, revision=None, split="train", limit=limit,
        max_bytes=max_bytes,
    )  # fmt: skip
    return conversations.collect(settings, seed)


def test_a_saved_data_set_has_labels_by_name_and_dates_as_text(tmp_path: Path) -> None:
    import datasets

    kinds = datasets.Features(
        {"label": datasets.ClassLabel(names=["positive", "negative"]),
         "on": datasets.Value("date32"), "tags": datasets.List({"by": datasets.Value("binary")})}
    )  # fmt: skip
    row = {"label": 1, "on": date(2023, 5, 3), "tags": [{"by": b"me"}]}
    data = datasets.Dataset.from_list([row, {**row, "label": None}], features=kinds)
    data.save_to_disk(str(tmp_path / "saved"))
    (tmp_path / "files").mkdir()
    data.to_parquet(tmp_path / "files/train.parquet")
    wanted = {"label": "negative", "on": "2023-05-03", "tags": [{"by": "me"}]}
    for folder in ("saved", "files"):
        found = list(reading.folder_rows(tmp_path / folder, None, "train"))
        assert found == [wanted, {**wanted, "label": None}]


def test_every_kind_of_file_gives_the_same_sample(tmp_path: Path) -> None:
    rows = [{"messages": said(f"Question {n}?", f"Answer {n}.")} for n in range(50)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    plain, folder = tmp_path / "a.jsonl", tmp_path / "folder"
    plain.write_text(lines)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    files.write_parquet(tmp_path / "a.parquet", rows)
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress((tmp_path / "a.parquet").read_bytes()))
    folder.mkdir()
    files.write_parquet(folder / "2.parquet", rows[:20])
    files.write_jsonl(folder / "1.jsonl", rows[10:])
    (folder / "README.md").write_text("no data")
    wanted = [row["messages"] for row in collected(plain, 10)]
    assert len(wanted) == 10
    for source in (
        *(tmp_path / f"a.{end}" for end in ("jsonl.gz", "parquet", "parquet.gz")),
        folder,
    ):
        assert [row["messages"] for row in collected(source, 10)] == wanted
    assert [row["messages"] for row in collected(plain, 20)][:10] == wanted
    assert [row["messages"] for row in collected(plain, 10, seed=2)] != wanted
    assert len(collected(folder, 1000)) == 50
    assert collected(plain, 0) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("none.jsonl", "there is no such file"),
        ("./none", "there is no such file"),
        ("/none/at/all", "there is no such file"),
        ("no source", "'builtin', a file or folder"),
        ("buildin", "'builtin', a file or folder"),
    ],
)
def test_no_source(source: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        collected(source)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", "{}\n", "unknown form"),
        ("a.jsonl", '{"messages": []}\n', "there is no conversation"),
        ("a.jsonl", "\n\nnot json\n", "a.jsonl:3: not JSON"),
        ("a.jsonl", "[1]\n", "a.jsonl:1: a JSON object is wanted"),
        ("a.jsonl.gz", "{}", "cannot be read"),
        ("a.parquet", "{}", "not Parquet"),
        ("a.csv", "a,b", "no file of the kinds"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=message):
        collected(tmp_path / name)


@pytest.mark.parametrize("revision", [None, "abc"])
def test_the_hub_out_of_reach(monkeypatch: pytest.MonkeyPatch, revision: str | None) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    settings = config.Texts(
        source="owner/data", name="{code}", revision=revision, split="train", limit=1, max_words=9
    )
    with pytest.raises(UserError, match=r"^owner/data: the hub"):
        texts.collect(settings, CARD, 1)


def test_builtin_conversations() -> None:
    rows = collected("builtin", 30)
    assert len({row["id"] for row in rows}) == 30
    assert rows == collected("builtin", 30)


def test_dolly() -> None:
    rows = collected(real_texts.folder() / "dolly15k", 200)
    assert len({row["id"] for row in rows}) == 200
    assert {len(row["messages"]) for row in rows} == {2}
    longest = max(rows, key=lambda row: len(row["messages"][0]["content"]))
    assert "\n\n" in longest["messages"][0]["content"]


# Samples


@pytest.mark.parametrize("limit", [0, 1, 7, 100, 1000])
def test_a_sample_does_not_depend_on_order(limit: int) -> None:
    rows = [{"id": str(number % 100)} for number in range(150)]
    sample = reading.sample(rows, limit, 1, shuffled=False)
    assert len({row["id"] for row in sample}) == len(sample) == min(limit, 100)
    random.Random(1).shuffle(rows)
    assert reading.sample(rows, limit, 1, shuffled=False) == sample


def test_a_shuffled_source_is_read_no_further_than_needed() -> None:
    rows = iter([{"id": str(number // 2)} for number in range(100)])
    assert [row["id"] for row in reading.sample(rows, 3, 1, shuffled=True)] == ["0", "1", "2"]
    assert next(rows) == {"id": "2"}
