"""Conversations and texts from every kind of source."""

import gzip
import json
import os
import random
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from limbeck import config, files
from limbeck.errors import UserError
from limbeck.sources import conversations, reading, texts

DATA = os.environ.get("LIMBECK_TEST_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="LIMBECK_TEST_DATA names no folder of test data")

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


@needs_data
def test_dolly() -> None:
    rows = collected(Path(str(DATA)) / "dolly15k", 200)
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


# Texts


@pytest.mark.parametrize(
    ("text", "max_words", "script", "kept"),
    [
        ("  Moja mbili.  ", 2, "Latn", "Moja mbili."),
        ("Moja mbili tatu nne", 3, "Latn", "Moja mbili tatu"),
        ("Moja mbili. Tatu nne tano", 4, "Latn", "Moja mbili."),
        ("Moja. Mbili tatu nne tano sita", 5, "Latn", "Moja. Mbili tatu nne tano"),
        ("Ni 3.5 kwa moja na nusu", 3, "Latn", "Ni 3.5 kwa"),
        ("ሰላም ለዓለም። ደህና ነኝ አሁን", 4, "Ethi", "ሰላም ለዓለም።"),
        ("สวัสดีชาวโลก" * 10, 3, "Thai", "สวัสดีชาวโลก"),
        ("", 3, "Latn", ""),
    ],
)
def test_cut(text: str, max_words: int, script: str, kept: str) -> None:
    assert texts.cut(text, max_words, script) == kept


def collected_texts(source: str | Path, card: dict[str, str] = CARD) -> list[str]:
    settings = config.Texts(
        source=str(source), name=None, revision=None, split="train", limit=10, max_words=50
    )
    return sorted(row["text"] for row in texts.collect(settings, card, 1))


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.txt", "Moja\nmbili\n\n\nTatu\n", ["Moja\nmbili", "Tatu"]),
        ("a.txt", "Moja\nMbili\nMbili\n", ["Mbili", "Moja"]),
        ("a.jsonl", '{"text": "Moja"}\n{"text": " "}\n{"text": "Mbili"}\n', ["Mbili", "Moja"]),
    ],
)
def test_texts(tmp_path: Path, name: str, content: str, found: list[str]) -> None:
    (tmp_path / name).write_text(content)
    assert collected_texts(tmp_path / name) == found
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content.encode()))
    assert collected_texts(tmp_path / f"{name}.gz") == found


HEAD = """---
configs:
- config_name: swh_Latn
  data_files: [{split: train, path: swh/train*}, {split: test, path: swh/test*}]
---
"""


def test_a_folder_in_any_form_that_datasets_loads(tmp_path: Path) -> None:
    from datasets import Dataset, DatasetDict

    rows = [{"text": f"Neno {number}"} for number in range(3)]
    wanted = [row["text"] for row in rows]
    saved = Dataset.from_list(rows)
    saved.save_to_disk(str(tmp_path / "saved"))
    DatasetDict({"train": saved, "test": saved.select([0])}).save_to_disk(str(tmp_path / "splits"))
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv/train.csv").write_text("text\n" + "\n".join(wanted) + "\n")
    assert [collected_texts(tmp_path / name) for name in ("saved", "splits", "csv")] == [wanted] * 3

    (tmp_path / "named/swh").mkdir(parents=True)
    (tmp_path / "named/README.md").write_text(HEAD)
    files.write_parquet(tmp_path / "named/swh/train-0.parquet", rows)
    files.write_parquet(tmp_path / "named/swh/test-0.parquet", [{"text": "Jaribio"}])
    section = {"revision": None, "limit": 9, "max_words": 50, "source": str(tmp_path / "named")}
    for split, found in (("train", wanted), ("test", ["Jaribio"])):
        settings = config.Texts(name="swh_Latn", split=split, **section)
        texts_found = texts.collect(settings, CARD, 1)
        assert sorted(row["text"] for row in texts_found) == found
        assert {row["source"] for row in texts_found} == {f"{tmp_path / 'named'}/swh_Latn"}
    with pytest.raises(UserError, match=r"named: cannot be read as a data set \(") as error:
        texts.collect(config.Texts(name="hau_Latn", split="train", **section), CARD, 1)
    assert "\n" not in str(error.value)


def test_the_address_of_a_text_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Moja", "url": "https://example.org/", "id": 3}\n')
    settings = config.Texts(
        source=str(tmp_path / "a.jsonl"), name=None, revision=None, split="train", limit=1,
        max_words=9,
    )  # fmt: skip
    (row,) = texts.collect(settings, CARD, 1)
    assert (row["url"], row["source"]) == ("https://example.org/", str(tmp_path / "a.jsonl"))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a <|im_end|>\n<|im_start|>system", "a ‹|im_end|>\n‹|im_start|>system"),
        ("</s> [/INST] [INST] <s>", "‹/s> ‹/INST] ‹INST] ‹s>"),
        ("<start_of_turn>user <end_of_turn> <eos>", "‹start_of_turn>user ‹end_of_turn> ‹eos>"),
        ("<｜User｜> <think>x</think>", "‹｜User｜> ‹think>x‹/think>"),
        ("a < b | c <b>d</b> [1] <span>", "a < b | c <b>d</b> [1] <span>"),
    ],
)
def test_control_tokens_of_chat_templates_are_broken(text: str, kept: str) -> None:
    assert texts.harmless(text) == kept


def test_a_text_without_spaces_or_a_line_without_end_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(texts.cut("a" * 1_000_000, 100, "Latn")) == 4000
    monkeypatch.setattr(reading.outside, "LENGTH", 10)
    (tmp_path / "one.txt").write_text("maji na moto " * 100)
    found = [row["text"] for row in reading.open_source(str(tmp_path), None, None, "", 1).rows]
    assert max(map(len, found)) <= 10
    assert "".join(found).startswith("maji na moto maji")


@pytest.mark.parametrize("first", [True, False])
def test_a_row_of_another_form_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], first: bool
) -> None:
    good = [{"text": f"Maandishi {n}."} for n in range(5)]
    rows = [{"other": 1}, *good] if first else [*good, {"other": 1}]
    found = list(texts.texts(rows, "source", 10, "Latn"))
    assert len(found) == 5
    talks = [{"messages": said("Hujambo", f"Sijambo {n}")} for n in range(5)]
    rows = [{"x" * 5000: 1}, *talks] if first else [*talks, {"x" * 5000: 1}]
    assert len(list(conversations.conversations(rows, "source", Counter()))) == 5
    told = capsys.readouterr().err.splitlines()
    assert [line[:26] for line in told] == [
        "source: 1 rows left out: a",
        "source: 1 rows left out: u",
    ]
    assert max(map(len, told)) < 700


def test_texts_without_a_text_column(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"content": "x", "url": "y"}\n')
    with pytest.raises(UserError, match=r"a column 'text' is wanted; the columns are: content, ur"):
        collected_texts(tmp_path / "a.jsonl")


def test_builtin_texts_are_of_one_language() -> None:
    assert len(set(collected_texts("builtin"))) == 10
    with pytest.raises(UserError, match=r"texts.source: the builtin texts are Swahili; for Hausa"):
        collected_texts("builtin", {"code": "hau_Latn", "name": "Hausa", "script": "Latn"})


@needs_data
def test_news() -> None:
    assert len(collected_texts(Path(str(DATA)) / "mono_news" / "swa.txt.gz")) == 10


BAD_LINES = [
    "not json",
    "[" * 1000,
    '{"text": "\\ud800"}',
    '{"text": ' + "1" * 5000 + "}",
    "[5]",
]


@pytest.mark.parametrize("line", BAD_LINES, ids=lambda line: line[:12])
def test_a_bad_line_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    path = tmp_path / "corpus.jsonl"
    good = [json.dumps({"text": f"Habari {n}."}) for n in range(20)]
    path.write_text("\n".join([*good[:7], line, *good[7:]]))
    found = list(reading.open_source(str(path), None, None, "train", 1).rows)
    assert [row["text"] for row in found] == [f"Habari {n}." for n in range(20)]
    told = capsys.readouterr().err
    assert told.startswith(f"{path}:8: ")
    assert told.endswith(f"; 1 of 21 lines of {path} are left out\n")
    path.write_text("\n".join([*good, line, line, line]))
    with pytest.raises(UserError, match=r"3 of 23 lines of .* cannot be read") as caught:
        list(reading.open_source(str(path), None, None, "train", 1).rows)
    assert "\n" not in str(caught.value)


def test_a_text_that_is_none_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"text": "Habari."}, {"text": None}, {"text": float("nan")}, {"text": 5}]
    assert [row["text"] for row in texts.texts(rows, "x", 10, "Latn")] == ["Habari."]
    assert "x: 3 rows left out: a text that is none" in capsys.readouterr().err
