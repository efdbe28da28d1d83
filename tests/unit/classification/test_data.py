"""Human texts: where they are read from, what is left out, and samples of them."""

import csv
import gzip
import os
from collections import Counter
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import pytest

from limbeck import files
from limbeck.classification import data, prepare, reproduce, sampling, tasks
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


@pytest.mark.parametrize("zipped", [False, True])
def test_the_mark_that_excel_writes_is_no_part_of_a_column(zipped: bool, tmp_path: Path) -> None:
    content = "text,label\nnzuri sana,positive\n".encode("utf-8-sig")
    path = tmp_path / ("x.csv.gz" if zipped else "x.csv")
    path.write_bytes(gzip.compress(content) if zipped else content)
    assert [row["text"] for row in data.read_csv(path, SENTIMENT)] == ["nzuri sana"]


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


SPELT = [["text", "label"], ["nzuri, sana", "1"], ['Alisema "mbaya"', "0"]]
FOUND = [("nzuri, sana", "positive"), ('Alisema "mbaya"', "negative")]


def as_tsv(path: Path) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter="\t").writerows(SPELT)


def as_jsonl(path: Path) -> None:
    files.write_jsonl(path, [dict(zip(SPELT[0], row, strict=True)) for row in SPELT[1:]])


def as_parquet(path: Path) -> None:
    files.write_parquet(path, [{"text": text, "label": int(x)} for text, x in SPELT[1:]])


FORMS = [
    ("csv", lambda path: write(path, SPELT[0], SPELT[1:])),
    ("csv.gz", lambda path: write(path, SPELT[0], SPELT[1:])),
    ("tsv", as_tsv),
    ("jsonl", as_jsonl),
    ("parquet", as_parquet),
]


@pytest.mark.parametrize(("ending", "make"), FORMS)
def test_a_task_names_a_file_of_each_language(
    ending: str, make: Callable[[Path], None], tmp_path: Path
) -> None:
    make(tmp_path / f"swh_Latn.{ending}")
    source = tasks.Source(source=f"{tmp_path}/{{code}}.{ending}")
    task = SENTIMENT.model_copy(update={"test": source, "human": None})
    assert pairs(data.read("task", task, CARD, "test", 0, 1)) == FOUND
    assert data.read("task", task, CARD, "human", 0, 1) == []
    with pytest.raises(UserError, match=r"yor_Latn\."):
        data.read("task", task, resolve("Yoruba").card(), "test", 0, 1)


def pairs(rows: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(row["text"], row["label"]) for row in rows]


HUB_CARD = """\
---
configs:
- config_name: swa
  data_files:
  - {split: train, path: swa/train.csv}
  - {split: test, path: swa/test.csv}
- config_name: hau
  data_files:
  - {split: test, path: hau/test.csv}
---
"""


def test_a_downloaded_copy_of_a_hub_data_set(tmp_path: Path) -> None:
    """Read as the hub's is: the configuration of the language, the split, and no other row."""
    pytest.importorskip("datasets")
    (tmp_path / "README.md").write_text(HUB_CARD)
    for name in ("swa/train", "swa/test", "hau/test"):
        rows = [[f"{name} nzuri", "positive"], [f"{name} hivi", "neutral"]]
        write(tmp_path / f"{name}.csv", ["tweet", "label"], rows)
    assert SENTIMENT.human
    assert SENTIMENT.test
    copy = {"source": str(tmp_path)}
    task = SENTIMENT.model_copy(
        update={
            "human": SENTIMENT.human.model_copy(update=copy),
            "test": SENTIMENT.test.model_copy(update=copy),
        }
    )
    assert pairs(data.read("task", task, CARD, "human", 0, 1)) == [("swa/train nzuri", "positive")]
    assert pairs(data.read("task", task, CARD, "test", 0, 1)) == [("swa/test nzuri", "positive")]
    with pytest.raises(UserError, match=r"cannot be read as a data set \(.*yor"):
        data.read("task", task, resolve("Yoruba").card(), "test", 0, 1)


def test_names_fill_the_path_of_a_file() -> None:
    source = tasks.Source(source="clinic-{name}.csv", names={"swh_Latn": "kiswahili"})
    assert source.place(CARD)[0] == "clinic-kiswahili.csv"


def test_a_repeated_text_is_said_to_count_once(capsys: pytest.CaptureFixture[str]) -> None:
    task = tasks.find("sentiment", ROOT / "config/tasks")
    rows = data.labelled([("nzuri", "positive")] * 3 + [("mbaya", "negative")], task, "here")
    assert len(rows) == 2
    assert "here: 2 rows repeat a text with its label" in capsys.readouterr().err


def test_a_code_that_a_language_does_not_have() -> None:
    intent = tasks.find("intent", ROOT / "config/tasks")
    assert intent.test
    assert intent.test.place(CARD) == ("mteb/amazon_massive_intent", "sw")
    with pytest.raises(UserError, match=r"Cebuano has no iso639_1 .*ceb_Latn: "):
        intent.test.place(resolve("Cebuano").card())


SIB200 = Path(os.environ.get("LIMBECK_TEST_DATA", "")) / "sib200"


@pytest.mark.skipif(
    not os.environ.get("LIMBECK_TEST_DATA") or not SIB200.is_dir(),
    reason="LIMBECK_TEST_DATA has no sib200",
)
def test_the_published_files_of_sib200() -> None:
    source = tasks.Source(source=f"{SIB200}/{{code}}/test.tsv.gz", label="category")
    task = tasks.find("topic", ROOT / "config/tasks").model_copy(update={"test": source})
    rows = data.read("task", task, CARD, "test", 0, 1)
    assert len(rows) == 204
    assert {row["label"] for row in rows} == set(task.names)


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


@pytest.mark.parametrize("parts", [("train_human_parsed", "test"), ("test",), ()])
@pytest.mark.parametrize("wanted", [True, False])
def test_seeds_in_english(wanted: bool, parts: tuple[str, ...], tmp_path: Path) -> None:
    """So many a label of the training texts, none of which is in the English test set."""
    for part in parts:
        texts = [[f"{part} {number} {label}", label] for number in range(9)
                 for label in SENTIMENT.names]  # fmt: skip
        own = [["In both", "positive"], *texts]
        write(tmp_path / f"sentiment/en-{part}.csv", ["text", "label"], own)
    settings = prepare.Settings(data=str(tmp_path), limit=9, seeds=5, seed=1, english=wanted)
    found = prepare.english(SENTIMENT, settings)
    there = wanted and len(parts) == 2
    assert Counter(row["label"] for row in found) == dict.fromkeys(
        SENTIMENT.names if there else (), 5
    )
    assert all(row["text"].startswith("train") for row in found)
    for data_ in ("builtin", "task"):
        other = settings.model_copy(update={"data": data_})
        assert prepare.english(SENTIMENT, other) == []


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


@pytest.mark.parametrize(
    ("count", "size", "share", "texts"), [(6, 90, 0.1, 3), (24, 400, 0.1, 3), (60, 60, 0.2, 12)]
)
def test_split_holds_out_no_copy_of_what_stays(
    count: int, size: int, share: float, texts: int
) -> None:
    """As of the seeds, which are repeated to the size of a synthetic set."""
    repeated = list(islice(cycle(rows(count)), size))
    kept, held = sampling.split(repeated, share, 1)
    learned, tested = ({row["id"] for row in part} for part in (kept, held))
    assert not learned & tested
    assert len(kept) + len(held) == size
    assert (len(learned), len(tested)) == (count - texts, texts)


def test_split_of_one_text_a_label_holds_out_none() -> None:
    assert sampling.split(rows(3) * 9, 0.1, 1)[1] == []


def test_sizes() -> None:
    assert sampling.sizes([10, 20, 500], 80) == [10, 20, 80]
    assert sampling.sizes([80], 80) == [80]


def test_rare_labels_may_count_as_much_as_common_ones() -> None:
    labels = ["a", "a", "a", "b"]
    assert sampling.weights(labels, even=True) == {"a": pytest.approx(2 / 3), "b": 2.0}
    assert sampling.weights(labels, even=False) == {"a": 1.0, "b": 1.0}
    assert sampling.weights(["b", "a"], even=True) == {"a": 1.0, "b": 1.0}
    rows = [{"id": str(i), "label": label} for i, label in enumerate(labels)]
    found = sampling.evened(rows)
    assert Counter(row["label"] for row in found) == {"a": 3, "b": 3}
    assert [row for row in found if row["label"] == "a"] == rows[:3]
    assert sampling.evened(rows[2:]) == rows[2:]


KINIT = Path(os.environ.get("LIMBECK_TEST_DATA", "")) / "kinit_intent_topic_sentiment"


@pytest.mark.skipif(
    not os.environ.get("LIMBECK_TEST_DATA") or not KINIT.is_dir(),
    reason="LIMBECK_TEST_DATA has no kinit_intent_topic_sentiment",
)
@pytest.mark.parametrize(
    ("task", "language"), [("sentiment", "sw"), ("topic", "sw"), ("topic", "th"), ("intent", "te")]
)
def test_known_figures_are_reached(task: str, language: str) -> None:
    pytest.importorskip("sklearn")
    found = reproduce.reproduce(KINIT, tasks.find(task, ROOT / "config/tasks"), language)
    synthetic = next(row for row in found if row["source"] == "synthetic")
    assert 100 * synthetic["macro_f1"] > reproduce.known(task, language) - 1.5
    assert synthetic["macro_f1_low"] < synthetic["macro_f1"] < synthetic["macro_f1_high"]
    human = next(row for row in found if row["source"] == "human")
    assert human["n"] <= synthetic["n"]
    if task == "intent":
        assert human["leaked"] > 0


def test_a_table_of_each_student() -> None:
    row = {"task": "topic", "language": "sw", "leaked": 2, "macro_f1": 0.612}
    ends = {"macro_f1_low": 0.5, "macro_f1_high": 0.7}
    rows = [
        {**row, **ends, "student": student, "source": source, "n": n}
        for student in reproduce.STUDENTS
        for source, n in (("synthetic", 90), ("human", 80))
    ]
    found = reproduce.tables(rows)
    score = "61.2 (50.0 to 70.0)"
    line = f"| topic | sw | 90 | 2 | {score} | 60.0 | +1.2 | 80 | 2 | {score} |"
    assert found.count(line) == 2
    assert found.index("`linear`:") < found.index("`encoder`:")
