"""Whatever lies in a file becomes rows, or is left out and counted, or stops with one line."""

import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import endpoint
import hostile
from limbeck import config
from limbeck.classification import data, tasks
from limbeck.errors import UserError, shown
from limbeck.evaluation import catalogue, prepare, questions
from limbeck.languages import names, resolve
from limbeck.sources import conversations, texts
from limbeck.teacher.journal import Journal, key
from limbeck.teacher.replies import Record, Request

ROOT = Path(__file__).parents[3]
CARD = resolve("swh_Latn").card()
TURNS = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Good day"}]
SHARE = [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Good day"}]
CONVERSATIONS = [{"messages": TURNS}, {"conversations": SHARE}, {"instruction": "a", "output": "b"}]


def lines(rights: Sequence[Any], good: int) -> st.SearchStrategy[bytes]:
    """JSON lines: so many good ones, and some that may not be."""
    whole = b"".join(json.dumps(right).encode() + b"\n" for right in rights)
    bad = st.lists(st.sampled_from(rights).flatmap(hostile.sent), max_size=3).map(b"\n".join)
    return bad.map(lambda bad: whole * good + bad)


def told(error: BaseException, folder: Path) -> None:
    """One line, which names the file, or the benchmark whose files do not go together."""
    assert str(folder) in str(error) or str(error).startswith("FLORES: ")
    one_line(error)


def one_line(error: BaseException) -> None:
    """A person can be shown it."""
    line = str(error)
    assert shown(line) == line
    assert len(line) < 2000


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def written(folder: Path, name: str, said: bytes) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(said) if name.endswith(".gz") else said)
    return path


def collected(path: Path, folder: Path) -> None:
    """Texts come of a corpus, or what is wrong with it is said."""
    section = config.Texts(
        source=str(path), name=None, revision=None, split="train", limit=20, max_words=50
    )
    try:
        rows = texts.collect(section, CARD, 1)
    except UserError as error:
        told(error, folder)
    else:
        for row in rows:
            assert json.dumps(row, ensure_ascii=False).encode()


@given(said=lines([{"text": "Maji ni uhai. Moto ni adui."}], 10), packed=st.booleans())
def test_a_corpus_becomes_texts(folder: Path, said: bytes, packed: bool) -> None:
    path = written(folder, "texts.jsonl" + ".gz" * packed, said)
    collected(path, folder)


@given(said=st.binary(max_size=300), ending=st.sampled_from([".txt", ".txt.gz", ".jsonl.gz"]))
def test_bytes_become_texts(folder: Path, said: bytes, ending: str) -> None:
    """Of any file, whether it is packed or says so."""
    path = folder / f"bytes{ending}"
    path.write_bytes(said)
    collected(path, folder)


@given(said=st.sampled_from(CONVERSATIONS).flatmap(lambda right: lines([right], 10)))
def test_a_corpus_becomes_conversations(folder: Path, said: bytes) -> None:
    path = written(folder, "conversations.jsonl", said)
    section = config.Conversations(
        source=str(path), name=None, revision=None, split="train", limit=20, max_bytes=None
    )
    try:
        rows = conversations.collect(section, 1)
    except UserError as error:
        told(error, folder)
    else:
        assert all(json.dumps(row, ensure_ascii=False).encode() for row in rows)


TASK = tasks.load(ROOT / "config/tasks/sentiment.yaml")


@given(said=lines([{"text": "Nzuri sana.", "label": "positive"}], 2))
def test_labelled_texts_become_rows(folder: Path, said: bytes) -> None:
    path = written(folder, "test.jsonl", said)
    task = TASK.model_copy(update={"test": tasks.Source(source=str(path))})
    try:
        rows = data.read("task", task, CARD, "test", 10, 1)
    except UserError as error:
        told(error, folder)
    else:
        assert {row["label"] for row in rows} <= set(TASK.names)
        assert all(json.dumps(row, ensure_ascii=False).encode() for row in rows)


# A row of each benchmark, as it is published, and the file that it is in.
BENCHMARKS: dict[str, tuple[str, Any]] = {
    "flores_from_english": ("devtest/swh_Latn.jsonl", {"id": 1, "text": "Maji."}),
    "sib200": (
        "swh_Latn/test.jsonl",
        {"index_id": 1, "category": "travel", "text": "Safari."},
    ),
    "belebele": (
        "swh_Latn.jsonl",
        {"link": "x", "question_number": 1, "flores_passage": "Maji.", "question": "Nini?",
         "mc_answer1": "a", "mc_answer2": "b", "mc_answer3": "c", "mc_answer4": "d",
         "correct_answer_num": "2"},
    ),
    "global_mmlu": (
        "sw/test.jsonl",
        {"sample_id": "s/1", "subject_category": "STEM", "question": "Nini?", "option_a": "1",
         "option_b": "2", "option_c": "3", "option_d": "4", "answer": "C"},
    ),
}  # fmt: skip
CUSTOM: dict[str, Any] = {
    "choosing": (
        {"kind": "multiple_choice", "question": "q", "options": "o", "answer": "a", "group": "g"},
        {"q": "Nini?", "o": ["maji", "moto"], "a": "B", "g": "x"},
    ),
    "numbered": (
        {"kind": "multiple_choice", "question": "q", "options": ["x", "y"], "answer": "a",
         "count_from": 1},
        {"q": "Nini?", "x": "maji", "y": "moto", "a": 1},
    ),
    "translating": (
        {"kind": "translation", "english": "e", "text": "t", "direction": "into_english"},
        {"e": "Water.", "t": "Maji."},
    ),
}  # fmt: skip
SETTINGS = questions.Settings(
    shots=1, limit=5, max_tokens=10, choose_by="generation", seed=1, options="whole"
)
TOLD = catalogue.load_instructions(ROOT / "config/prompts/benchmarks.yaml")


def asked(benchmark: Any, settings: prepare.Settings) -> None:
    """Have all items of a benchmark's rows asked."""
    test, shots = prepare.rows(benchmark, CARD, settings)
    assert json.dumps([test, shots], ensure_ascii=False).encode()
    if len(shots) >= SETTINGS.shots:
        found = questions.questions(benchmark, test, shots, TOLD, CARD, SETTINGS)
        assert json.dumps(found.prompts, ensure_ascii=False).encode()
        assert all(item.gold in item.options or not item.options for item in found.items)


def numbered(rows: Sequence[Any]) -> list[Any]:
    """Rows that differ."""
    return [{**row, next(iter(row)): number} for number, row in enumerate(rows)]


@pytest.mark.parametrize("name", BENCHMARKS)
@given(draw=st.data())
def test_a_benchmark_becomes_items(folder: Path, name: str, draw: st.DataObject) -> None:
    path, right = BENCHMARKS[name]
    good = b"".join(json.dumps(row).encode() + b"\n" for row in numbered([right] * 4))
    said = good + draw.draw(hostile.sent(right)).replace(b"\n", b" ")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(said)
    if name.startswith("flores"):
        english = json.dumps({"id": 7, "text": "Water."}).encode()
        (folder / "devtest/eng_Latn.jsonl").write_bytes(good + english)
    try:
        asked(catalogue.find(name), prepare.Settings(source=str(folder), seed=1))
    except UserError as error:
        told(error, folder)


@pytest.mark.parametrize("name", CUSTOM)
@given(draw=st.data())
def test_a_table_of_ones_own_becomes_items(folder: Path, name: str, draw: st.DataObject) -> None:
    fields, right = CUSTOM[name]
    good = b"".join(json.dumps(row).encode() + b"\n" for row in numbered([right] * 4))
    said = good + draw.draw(hostile.sent(right)).replace(b"\n", b" ")
    path = written(folder, "own.jsonl", said)
    kind = config.Choosing if fields["kind"] == "multiple_choice" else config.Translating
    own = kind(test=str(path), **fields)
    try:
        asked(catalogue.find("own", own), prepare.Settings(source="custom", seed=1, custom=own))
    except UserError as error:
        told(error, folder)


CELLS = st.lists(hostile.whole_texts, max_size=4)


@given(rows=st.lists(CELLS, max_size=3), tail=st.binary(max_size=20), tabs=st.booleans())
def test_a_table_of_cells_becomes_items(
    folder: Path, rows: list[list[str]], tail: bytes, tabs: bool
) -> None:
    (folder / "swh_Latn").mkdir(exist_ok=True)
    between = "\t" if tabs else ","
    table = [["index_id", "category", "text"], ["1", "travel", "Safari."], *rows]
    said = "\r\n".join(map(between.join, table)).encode() + tail
    (folder / "swh_Latn/test.tsv").unlink(missing_ok=True)
    (folder / "swh_Latn/test.csv").unlink(missing_ok=True)
    (folder / f"swh_Latn/test.{'tsv' if tabs else 'csv'}").write_bytes(said)
    (folder / "swh_Latn/train.tsv").write_text("index_id\tcategory\ttext\n5\ttravel\tNdege.\n")
    try:
        asked(catalogue.find("sib200"), prepare.Settings(source=str(folder), seed=1))
    except UserError as error:
        told(error, folder)


REQUEST = Request(TURNS)
KEPT = Record("fine", None, "stop", 1, 1, 0.5)


LINE = {"key": "0" * 16, "model": "teacher", **asdict(KEPT)}


@given(before=lines([LINE], 1))
def test_a_journal_of_any_lines_takes_and_gives_replies(folder: Path, before: bytes) -> None:
    path = folder / "journal.jsonl"
    path.write_bytes(before)
    name = key(REQUEST, endpoint.teacher())
    with Journal(path) as journal:
        for known, _ in list(journal.lines()):
            assert journal.get(known) is not None
        journal.add(name, "teacher", KEPT)
    with Journal(path) as journal:
        assert journal.get(name) == KEPT


HEAD = [
    "code", "name", "endonym", "aliases", "iso639_1", "iso639_3", "bcp47", "script", "script_name",
    "direction",
]  # fmt: skip
ROW = ["glv_Latn", "Manx", "Gaelg", "", "gv", "glv", "gv", "Latn", "Latin", "ltr"]
COLUMNS = [*HEAD, *names.COVERAGE]
CELLS_OF_A_LANGUAGE = hostile.broken([*ROW, *[""] * len(names.COVERAGE)])


@given(cells=CELLS_OF_A_LANGUAGE, columns=hostile.broken(COLUMNS))
def test_a_table_of_languages_is_read_or_names_the_row(
    folder: Path, cells: Any, columns: Any
) -> None:
    table = [cells if isinstance(cells, list) else [cells] for cells in (columns, cells)]
    text = "# version 1\n" + "\n".join("\t".join(map(str, row)) for row in table) + "\n"
    path = written(folder, "languages.tsv", text.encode("utf-8", "surrogatepass"))
    try:
        found = names.read(path)
    except UserError as error:
        told(error, folder)
    else:
        assert all(re.fullmatch("[a-z]{3}_[A-Z][a-z]{3}", language.code) for language in found)


@given(hostile.whole_texts)
def test_a_name_is_a_languages_or_none(name: str) -> None:
    try:
        code = resolve(name).code
    except UserError as error:
        one_line(error)
    else:
        assert re.fullmatch("[a-z]{3}_[A-Z][a-z]{3}", code)
