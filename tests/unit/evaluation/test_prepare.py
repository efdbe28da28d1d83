"""Items from built-in text and from folders in the published formats."""

import csv
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

import real_texts
from limbeck.config import Counting
from limbeck.errors import UserError
from limbeck.evaluation import custom
from limbeck.evaluation.catalogue import BENCHMARKS, load_instructions
from limbeck.evaluation.items import Item, prompt
from limbeck.evaluation.multiple_choice import parse
from limbeck.evaluation.prepare import Settings, rows
from limbeck.files import write_jsonl, write_parquet
from limbeck.languages import resolve
from limbeck.phrasebook import chat

SWAHILI = resolve("swh_Latn").card()
PROMPTS = Path(__file__).parents[3] / "config" / "prompts" / "benchmarks.yaml"


def read(benchmark: str, source: Path | str, card: Any = SWAHILI, seed: int = 1) -> Any:
    return rows(BENCHMARKS[benchmark], card, Settings(source=str(source), seed=seed))


def real(name: str) -> Path:
    return real_texts.folder() / name


def asked(benchmark: str, part: list[dict[str, Any]]) -> set[str]:
    return {str(item.words) for item in BENCHMARKS[benchmark].load(part)}


WRITTEN = [name for name in BENCHMARKS if name != "global_mmlu_lite"]  # by the phrasebook


@pytest.mark.parametrize("name", WRITTEN)
def test_builtin(name: str) -> None:
    test, shots = read(name, "builtin")
    assert (len(test), len(shots)) == (200, 20)
    assert not asked(name, test) & asked(name, shots)
    items = BENCHMARKS[name].load(test)
    assert len({item.id for item in items}) == 200
    for item in items:
        assert bool(item.options) == BENCHMARKS[name].choice
        assert item.gold in item.options or not item.options
        assert set(item.words) == set(BENCHMARKS[name].placeholders)


SUMS = Counting(kind="number", test="builtin", question="question", answer="answer")


def test_builtin_items_of_ones_own() -> None:
    settings = Settings(source="builtin", seed=1, custom=SUMS)
    test, shots = rows(custom.benchmark("sums", SUMS), SWAHILI, settings)
    items = custom.load(test, SUMS)
    assert (len(items), len(shots)) == (200, 20)
    assert all(2 <= int(item.gold) <= 12 for item in items)
    with pytest.raises(UserError, match=r"benchmarks\.custom\.others\.test: there are no built-in"):
        rows(custom.benchmark("others", SUMS), SWAHILI, settings)


def test_builtin_is_swahili_only() -> None:
    with pytest.raises(UserError, match=r"benchmarks\.sources\.sib200.*Yoruba"):
        read("sib200", "builtin", resolve("yor_Latn").card())


@pytest.mark.parametrize("code", ["swh_Latn", "yor_Latn", "cym_Latn", "amh_Ethi", "dzo_Tibt"])
def test_real_flores(code: str) -> None:
    source = real("flores200_devtest")
    test, shots = read("flores_from_english", source, resolve(code).card())
    assert (len(test), len(shots)) == (1000, 12), "no dev here: 12 of 1,012 lines are set aside"
    assert {row["split"] for row in test} == {"devtest-12"}
    again, _ = read("flores_from_english", source, resolve(code).card(), seed=2)
    assert asked("flores_from_english", again) != asked("flores_from_english", test)
    item = BENCHMARKS["flores_into_english"].load(test)[0]
    assert item.words["text"] == test[0]["text"]
    assert item.gold == test[0]["text_eng"]


@pytest.mark.parametrize("code", ["swh_Latn", "yor_Latn", "cym_Latn", "hun_Latn"])
def test_real_sib200(code: str) -> None:
    test, shots = read("sib200", real("sib200"), resolve(code).card())
    assert (len(test), len(shots)) == (204, 701)
    items = BENCHMARKS["sib200"].load(test)
    assert {item.gold for item in items} == set(items[0].options)
    assert not any(item.words["text"].startswith('"') and item.words["text"].count('"') == 1
                   for item in items), "quotes of CSV are no part of the text"  # fmt: skip


def write_flores(folder: Path, split: str, code: str, lines: list[str], ending: str) -> None:
    path = folder / split / f"{code}.{split}{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(lines) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if ending else text.encode())


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_flores_with_dev(tmp_path: Path, ending: str) -> None:
    for code in ("eng_Latn", "swh_Latn"):
        write_flores(tmp_path, "devtest", code, [f"{code} a\u2028b", f"{code} c"], ending)
        write_flores(tmp_path, "dev", code, [f"{code} d"], ending)
    test, shots = read("flores_from_english", tmp_path)
    assert test[0] == {
        "id": 0, "text_eng": "eng_Latn a\u2028b", "text": "swh_Latn a\u2028b", "split": "devtest"
    }  # fmt: skip
    assert [row["text"] for row in shots] == ["swh_Latn d"]


def test_flores_plus(tmp_path: Path) -> None:
    for split in ("dev", "devtest"):
        for code in ("eng_Latn", "swh_Latn"):
            part = [{"id": n, "text": f"{split} {code} {n}"} for n in (2, 1, 0)]
            write_parquet(tmp_path / split / f"{code}.parquet", part)
    test, shots = read("flores_into_english", tmp_path)
    assert [row["text"] for row in test] == [f"devtest swh_Latn {n}" for n in range(3)]
    assert len(shots) == 3


def test_an_example_that_is_a_test_item_is_left_out(tmp_path: Path) -> None:
    for code in ("eng_Latn", "swh_Latn"):
        write_flores(tmp_path, "devtest", code, [f"{code} a", f"{code} b"], "")
        write_flores(tmp_path, "dev", code, [f"{code} b", f"{code} c"], "")
    _, shots = read("flores_from_english", tmp_path)
    assert [row["text"] for row in shots] == ["swh_Latn c"]


def belebele_rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "link": f"https://x/{n // 2}", "question_number": n % 2 + 1,
            "flores_passage": f"passage {n // 2}", "question": f"question {n}?",
            "mc_answer1": "a", "mc_answer2": "b", "mc_answer3": "c", "mc_answer4": "d",
            "correct_answer_num": str(n % 4 + 1), "dialect": "swh_Latn", "ds": "2023-05-03",
        }
        for n in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("numbers", [str, int])
def test_belebele(tmp_path: Path, numbers: Any) -> None:
    part = belebele_rows(60)
    for row in part:
        row["correct_answer_num"] = numbers(row["correct_answer_num"])
    write_jsonl(tmp_path / "swh_Latn.jsonl", part)
    test, shots = read("belebele", tmp_path)
    assert (len(test), len(shots)) == (36, 24), "12 passages of 2 questions are set aside"
    assert not {r["flores_passage"] for r in test} & {r["flores_passage"] for r in shots}
    first = BENCHMARKS["belebele"].load(test)[0]
    assert first.gold == "ABCD"[int(test[0]["correct_answer_num"]) - 1]


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
def test_global_mmlu(tmp_path: Path, form: str) -> None:
    def write(split: str) -> None:
        part = [
            {"sample_id": f"{split}/{n}", "subject": "s", "subject_category": "c",
             "question": f'{split}, "{n}"?', "option_a": "1", "option_b": "2", "option_c": "3",
             "option_d": "4", "answer": "ABCD"[n % 4]}
            for n in range(5)
        ]  # fmt: skip
        folder = tmp_path / "sw"
        folder.mkdir(exist_ok=True)
        if form == "parquet":  # in parts, as on the hub
            write_parquet(folder / f"{split}-00000-of-00002.parquet", part[:3])
            write_parquet(folder / f"{split}-00001-of-00002.parquet", part[3:])
        elif form == "jsonl":
            write_jsonl(folder / f"{split}.jsonl", part)
        else:
            with (folder / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(part[0]))
                writer.writeheader()
                writer.writerows(part)

    write("test")
    write("dev")
    test, shots = read("global_mmlu", tmp_path)
    assert [row["question"] for row in test] == [f'test, "{n}"?' for n in range(5)]
    assert {row["split"] for row in shots} == {"dev"}
    assert BENCHMARKS["global_mmlu"].load(test)[1].options == dict(zip("ABCD", "1234", strict=True))


LABELS = [
    ("global_mmlu", "tgl_Latn", "fil"),
    ("global_mmlu", "srp_Cyrl", "sr"),
    ("global_mmlu", "srp_Latn", None),
    ("global_mmlu", "zho_Hans", "zh"),
    ("global_mmlu", "zho_Hant", None),
    ("global_mmlu", "amh_Ethi", "am"),
    ("global_mmlu_lite", "amh_Ethi", None),
    ("global_mmlu", "cym_Latn", "cym_Latn"),  # a translation of one's own
]


@pytest.mark.parametrize(("name", "code", "folder"), LABELS)
def test_global_mmlu_names_languages_its_own_way(
    name: str, code: str, folder: str | None, tmp_path: Path
) -> None:
    for label in ("fil", "tl", "sr", "zh", "zho", "am", "cym_Latn"):
        row = {**MMLU, "question": label}
        for split in ("test", "dev"):
            (tmp_path / label).mkdir(exist_ok=True)
            write_jsonl(tmp_path / label / f"{split}.jsonl", [row])
    if folder is None:
        with pytest.raises(UserError, match=f"for this language; looked for {code}/test"):
            read(name, tmp_path, resolve(code).card())
    else:
        test, _ = read(name, tmp_path, resolve(code).card())
        assert test[0]["question"] == folder


MISSING = {
    "no folder": ("sib200", "nowhere", r"nowhere: there is no such folder"),
    "no FLORES": ("flores_from_english", ".", r"looked for devtest/eng_Latn\.devtest"),
    "no SIB-200": ("sib200", ".", r"no SIB-200 for this language; looked for swh_Latn/test"),
    "no Belebele": ("belebele", ".", r"looked for swh_Latn or"),
    "no Global-MMLU": ("global_mmlu", ".", r"looked for sw/test\* or swh_Latn/test\*"),
}


@pytest.mark.parametrize("case", MISSING)
def test_what_is_missing_is_named(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name, source, message = MISSING[case]
    with pytest.raises(UserError, match=message) as caught:
        read(name, source)
    assert "\n" not in str(caught.value)


def test_broken_files_are_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "swh_Latn"
    folder.mkdir()
    (folder / "test.tsv.gz").write_bytes(b"no gzip")
    with pytest.raises(UserError, match=r"test\.tsv\.gz: cannot be read"):
        read("sib200", tmp_path)
    (folder / "test.tsv.gz").unlink()
    (folder / "test.tsv").write_text("index_id\ttext\n1\tx\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"test\.tsv: row 1 lacks category"):
        read("sib200", tmp_path)
    write_flores(tmp_path, "devtest", "eng_Latn", ["a", "b"], "")
    write_flores(tmp_path, "devtest", "swh_Latn", ["a"], "")
    with pytest.raises(UserError, match="2 English lines and 1 of swh_Latn"):
        read("flores_from_english", tmp_path)


# A benchmark's file, a row of it, what is put wrong in the third and what is said of it.
SIB = {"index_id": "1", "category": "travel", "text": "Safari."}
BELEBELE = {
    "link": "x", "question_number": 1, "flores_passage": "p", "question": "?", "mc_answer1": "a",
    "mc_answer2": "b", "mc_answer3": "c", "mc_answer4": "d", "correct_answer_num": "4",
}  # fmt: skip
MMLU = {"sample_id": "1", "question": "?", "option_a": "1", "option_b": "2", "option_c": "3",
        "option_d": "4", "answer": "D"}  # fmt: skip
BAD_ROWS: list[tuple[str, str, Any, Any, str]] = [
    ("sib200", "swh_Latn/test", SIB, {"category": "cooking"}, "row 3 has 'cooking' as category"),
    ("sib200", "swh_Latn/test", SIB, {"text": ["Safari."]}, "row 3 has .* as text: a text"),
    ("sib200", "swh_Latn/test", SIB, {"index_id": {"a": 1}}, "row 3 has .* as index_id"),
    ("belebele", "swh_Latn", BELEBELE, {"correct_answer_num": 5}, "row 3 has '5' as correct_ans"),
    ("belebele", "swh_Latn", BELEBELE, {"correct_answer_num": "x"}, "row 3 has 'x' as correct_ans"),
    ("belebele", "swh_Latn", BELEBELE, {"flores_passage": None}, "row 3 lacks flores_passage"),
    ("global_mmlu", "sw/test", MMLU, {"answer": "E"}, "row 3 has 'E' as answer: allowed are A, B"),
    ("flores_from_english", "devtest/eng_Latn", {"id": 1, "text": "a"}, {"id": "x"}, "row 3 has"),
    ("flores_from_english", "devtest/eng_Latn", {"id": 1, "text": "a"}, None, "jsonl:3: a JSON"),
    ("sib200", "swh_Latn/test", SIB, [1], r"jsonl:3: a JSON object is wanted, not '\[1"),
]


@pytest.mark.parametrize(("name", "file", "row", "wrong", "said"), BAD_ROWS)
def test_a_bad_row_is_told_by_its_file_and_place(
    tmp_path: Path, name: str, file: str, row: Any, wrong: Any, said: str
) -> None:
    path = tmp_path / f"{file}.jsonl"
    bad = {**row, **wrong} if isinstance(wrong, dict) else wrong
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in (row, row, bad)), encoding="utf-8")
    with pytest.raises(UserError, match=said) as caught:
        read(name, tmp_path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", WRITTEN)
def test_the_shipped_prompts(name: str) -> None:
    texts = load_instructions(PROMPTS)
    benchmark = BENCHMARKS[name]
    items = benchmark.load(read(name, "builtin")[0])[:3]
    messages = prompt(items[0], items[1:], lambda words: texts.render(name, SWAHILI, words))
    assert [message["role"] for message in messages] == ["user", "assistant"] * 2 + ["user"]
    assert messages[1]["content"] == items[1].gold
    for value in items[0].words.values():
        assert value in messages[-1]["content"]
    assert json.dumps(messages)


def test_a_prompt_s_data_is_no_template() -> None:
    texts = load_instructions(PROMPTS)
    item = Item("1", {"text": "{language} {text} {{ x }}"}, "gold")
    (message,) = prompt(item, [], lambda w: texts.render("flores_from_english", SWAHILI, w))
    assert message["content"].endswith("\n\n{language} {text} {{ x }}")


@pytest.mark.parametrize("name", WRITTEN)
def test_the_phrasebook_answers_what_is_asked_in_swahili(name: str) -> None:
    own = load_instructions(PROMPTS.parent / "benchmarks" / "swh_Latn.yaml")
    items = BENCHMARKS[name].load(read(name, "builtin")[0])[:40]
    rng = random.Random(1)
    right = 0
    for item in items:
        (message,) = prompt(item, [], lambda words: own.render(name, SWAHILI, words))
        reply = chat.answer(message["content"], rng).content
        right += item.gold == (parse(reply, item.options) if item.options else reply)
    assert right >= 36, f"{right} of 40"


@pytest.mark.parametrize("path", sorted((PROMPTS.parent / "benchmarks").glob("*.yaml")))
def test_prompts_in_a_language_are_whole(path: Path) -> None:
    assert resolve(path.stem).code == path.stem
    load_instructions(path)
