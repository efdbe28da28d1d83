"""Human texts: where they are read from, what is left out, and samples of them."""

import csv
import gzip
import os
from collections import Counter
from pathlib import Path

import pytest

from limbeck.classification import data, reproduce, sampling, tasks
from limbeck.errors import UserError
from limbeck.languages import resolve

ROOT = Path(__file__).parents[3]
SENTIMENT = tasks.find("sentiment", ROOT / "config/tasks")
SARCASM = tasks.find("sarcasm", ROOT / "config/tasks")
CARD = resolve("Swahili").card()


def write(path: Path, header: list[str], rows: list[list[str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    opened = gzip.open(path, "wt") if path.suffix == ".gz" else path.open("w")  # noqa: SIM115
    with opened as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_a_folder_of_csv_files(tmp_path: Path) -> None:
    rows = [["1", "nzuri, sana", "positive", "1"], ["2", "mbaya", "negative", "0"]]
    write(tmp_path / "sentiment/sw-test.csv.gz", ["id", "text", "intent", "label"], rows)
    write(tmp_path / "sentiment/sw-train_human_parsed.csv", ["text", "intent", "label"], [
        ["bora", "positive", "1"], ["", "positive", "1"], ["hivi", "neutral", "2"],
    ])  # fmt: skip
    test = data.read(str(tmp_path), SENTIMENT, CARD, "test", 0, 1)
    assert [(row["text"], row["label"]) for row in test] == [
        ("nzuri, sana", "positive"),
        ("mbaya", "negative"),
    ]
    human = data.read(str(tmp_path), SENTIMENT, CARD, "human", 0, 1)
    assert [row["text"] for row in human] == ["bora"]


def test_numbers_as_labels(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", ["text", "label"], [["a b", "1"], ["c d", "0"]])
    assert [row["label"] for row in data.read_csv(path, SARCASM)] == ["sarcastic", "not sarcastic"]


BAD = [
    (["text", "kind"], [["a", "b"]], "columns text and label are wanted"),
    (["text", "label"], [["a", "b"]], "no text with a label of sentiment .*there are 'b'"),
]


@pytest.mark.parametrize(("header", "rows", "message"), BAD)
def test_bad_files(tmp_path: Path, header: list[str], rows: list, message: str) -> None:
    with pytest.raises(UserError, match=message):
        data.read_csv(write(tmp_path / "x.csv", header, rows), SENTIMENT)


def test_no_test_set_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no test set in Swahili"):
        data.read(str(tmp_path), SENTIMENT, CARD, "test", 0, 1)
    with pytest.raises(UserError, match="no such folder"):
        data.read(str(tmp_path / "none"), SENTIMENT, CARD, "test", 0, 1)


@pytest.mark.parametrize("name", ["sentiment", "topic"])
def test_built_in_parts_share_no_text(name: str) -> None:
    task = tasks.find(name, ROOT / "config/tasks")
    human = data.read("builtin", task, CARD, "human", 70, 1)
    test = data.read("builtin", task, CARD, "test", 140, 1)
    assert len(test) == 140
    assert {row["label"] for row in test} == set(task.names)
    assert data.without(human, test) == human


def test_without_is_deaf_to_case_and_signs() -> None:
    rows = [{"text": "Habari, ya leo!"}, {"text": "☀☀"}, {"text": "mpya"}]
    assert data.without(rows, [{"text": "habari ya LEO"}, {"text": "☁"}]) == rows[1:]


def rows(count: int) -> list[dict[str, str]]:
    return [{"id": str(i), "text": str(i), "label": "abc"[i % 3]} for i in range(count)]


def test_balanced_samples_grow_and_do_not_heed_order() -> None:
    small, large = sampling.balanced(rows(90), 10, 1), sampling.balanced(rows(90), 30, 1)
    assert large[:10] == small
    assert Counter(row["label"] for row in large) == {"a": 10, "b": 10, "c": 10}
    assert sampling.balanced(rows(90)[::-1], 30, 1) == large
    assert sampling.balanced(rows(90), 30, 2) != large


def test_a_label_that_runs_out() -> None:
    few = [row for row in rows(90) if row["label"] != "c"] + rows(90)[2:3]
    assert Counter(row["label"] for row in sampling.balanced(few, 21, 1)) == {
        "a": 10, "b": 10, "c": 1,
    }  # fmt: skip


def test_split_holds_out_each_label_and_leaves_each() -> None:
    kept, held = sampling.split(rows(6), 0.1, 1)
    assert {row["label"] for row in held} == {row["label"] for row in kept} == set("abc")
    assert not {row["id"] for row in held} & {row["id"] for row in kept}


def test_sizes() -> None:
    assert sampling.sizes([10, 20, 500], 80) == [10, 20, 80]
    assert sampling.sizes([80], 80) == [80]


KINIT = Path(os.environ.get("LIMBECK_TEST_DATA", "")) / "kinit_intent_topic_sentiment"


@pytest.mark.skipif(
    not os.environ.get("LIMBECK_TEST_DATA") or not KINIT.is_dir(),
    reason="LIMBECK_TEST_DATA has no kinit_intent_topic_sentiment",
)
@pytest.mark.parametrize(
    ("task", "language"), [("sentiment", "sw"), ("topic", "sw"), ("topic", "th"), ("intent", "te")]
)
def test_published_floors_are_reached(task: str, language: str) -> None:
    pytest.importorskip("sklearn")
    found = reproduce.reproduce(KINIT, tasks.find(task, ROOT / "config/tasks"), language)
    synthetic = next(row for row in found if row["source"] == "synthetic")
    assert 100 * synthetic["macro_f1"] > reproduce.floor(task, language) - 1.5
    assert synthetic["macro_f1_low"] < synthetic["macro_f1"] < synthetic["macro_f1_high"]
    human = next(row for row in found if row["source"] == "human")
    assert human["n"] <= synthetic["n"]
    if task == "intent":
        assert human["leaked"] > 0
