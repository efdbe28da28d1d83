"""Texts of the language from every kind of source."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

import real_texts
from limbeck import config, files
from limbeck.errors import UserError
from limbeck.sources import conversations, reading, texts

CARD = {"code": "swh_Latn", "name": "Swahili", "script": "Latn"}


@pytest.mark.parametrize(
    ("text", "max_words", "script", "kept"),
    [
        ("  Moja mbili.  ", 2, "Latn", "Moja mbili."),
        ("Moja mbili tatu nne", 3, "Latn", "Moja mbili tatu"),
        ("Moja mbili. Tatu nne tano", 4, "Latn", "Moja mbili."),
        ("Moja. Mbili tatu nne tano sita", 5, "Latn", "Moja. Mbili tatu nne tano"),
        ("Ni 3.5 kwa moja na nusu", 3, "Latn", "Ni 3.5 kwa"),
        ("ሰላም ለዓለም። ደህና ነኝ አሁን", 4, "Ethi", "ሰላም ለዓለም።"),
        ("Բարև ընկեր։ Ինչպես ես դու", 3, "Armn", "Բարև ընկեր։"),
        ("Il dit «Va.» Puis il", 4, "Latn", "Il dit «Va.»"),
        ("他说「走。」然后他走了" * 2, 2, "Hans", "他说「走。」"),
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
    hello = {"role": "user", "content": "Hujambo"}
    replies = [{"role": "assistant", "content": f"Sijambo {n}"} for n in range(5)]
    talks = [{"messages": [hello, reply]} for reply in replies]
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


def test_news() -> None:
    assert len(collected_texts(real_texts.folder() / "mono_news" / "swa.txt.gz")) == 10


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
