"""Items from the hub's layout and from tables of any columns."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter

from limbeck.config import Custom, DataSet, data_sets
from limbeck.errors import UserError
from limbeck.evaluation.catalogue import BENCHMARKS, find
from limbeck.evaluation.prepare import Settings, rows
from limbeck.files import read_jsonl, write_jsonl, write_parquet
from limbeck.languages import resolve

SWAHILI = dict(resolve("swh_Latn").card())
ROOT = Path(__file__).parents[3]
LISTED = data_sets(ROOT / "config" / "benchmarks.yaml")


def test_the_list_names_every_data_set() -> None:
    from limbeck.config import DATA_SETS

    assert set(LISTED) == set(DATA_SETS.values())
    assert set(DATA_SETS) == set(BENCHMARKS)
    for entry in LISTED.values():
        assert entry.revision is None or len(entry.revision) == 40


# A data set's rows in its published columns.
PUBLISHED: dict[str, Any] = {
    "flores_from_english": lambda n, split: {"id": n, "text": f"{split} {n}"},
    "sib200": lambda n, split: {"index_id": n, "category": "travel", "text": f"{split} {n}"},
    "belebele": lambda n, split: {
        "link": f"x{n}", "question_number": 1, "flores_passage": f"passage {n}",
        "question": "q?", "mc_answer1": "a", "mc_answer2": "b", "mc_answer3": "c",
        "mc_answer4": "d", "correct_answer_num": "2", "dialect": "swh_Latn",
        "ds": datetime(2023, 5, 3),
    },
    "global_mmlu_lite": lambda n, split: {
        "sample_id": f"{split}/{n}", "subject": "s", "subject_category": "STEM",
        "question": f"{split} {n}?", "option_a": "1", "option_b": "2", "option_c": "3",
        "option_d": "4", "answer": "C",
    },
}  # fmt: skip


def publish(folder: Path, name: str) -> DataSet:
    """A folder that is laid out as the data set is on the hub."""
    entry = LISTED[find(name).name if name != "flores_from_english" else "flores"]  # type: ignore[index]
    languages = {"flores_from_english": ["eng_Latn", "swh_Latn"], "global_mmlu_lite": ["sw"]}
    lines = ["---", "configs:"]
    for language in languages.get(name, ["swh_Latn"]):
        lines += [f"- config_name: {language}", "  data_files:"]
        for split in filter(None, [entry.test, entry.shots]):
            path = f"{language}/{split}-00000-of-00001.parquet"
            write_parquet(folder / path, [PUBLISHED[name](n, split) for n in range(30)])
            lines += [f"  - split: {split}", f"    path: {path}"]
    (folder / "README.md").write_text("\n".join([*lines, "---", ""]), encoding="utf-8")
    return entry.model_copy(update={"hub": str(folder), "revision": "c0ffee"})


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_hub_s_layout(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = publish(tmp_path / "data", name)
    test, shots = rows(find(name), SWAHILI, Settings(source="hub", seed=1, hub=entry))
    write_jsonl(tmp_path / "test.jsonl", test)
    assert list(read_jsonl(tmp_path / "test.jsonl")) == test
    items = find(name).load(test)
    if name == "belebele":
        assert (len(test), len(shots)) == (18, 12)
        assert test[0]["ds"] == "2023-05-03T00:00:00"
    else:
        assert len(test) == 30
        assert {row["split"] for row in shots} == {entry.shots}
    assert items[0].gold in (items[0].options or {items[0].gold})
    if name == "global_mmlu_lite":
        assert items[0].group == "STEM"
    welsh = dict(resolve("cym_Latn").card())
    with pytest.raises(UserError, match=r"it has no (Welsh|'cym_Latn')|cannot be read") as caught:
        rows(find(name), welsh, Settings(source="hub", seed=1, hub=entry))
    assert "\n" not in str(caught.value)


def test_a_language_of_another_code_is_named(tmp_path: Path) -> None:
    entry = publish(tmp_path / "data", "flores_from_english")
    card = {**resolve("kin_Latn").card()}
    with pytest.raises(UserError, match=r"data: it has no 'kin_Latn' \(near: ") as caught:
        rows(find("flores_from_english"), card, Settings(source="hub", seed=1, hub=entry))
    assert "\n" not in str(caught.value)
    assert "gated" not in str(caught.value)


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets
    import huggingface_hub

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    settings = Settings(source="hub", seed=1, hub=LISTED["flores"])
    with pytest.raises(UserError, match=r"flores_plus: cannot be read; it is gated: agree"):
        rows(find("flores_from_english"), SWAHILI, settings)
    settings = Settings(source="hub", seed=1, hub=LISTED["sib200"])
    with pytest.raises(UserError, match=r"Davlan/sib200: cannot be read"):
        rows(find("sib200"), SWAHILI, settings)


def test_the_present_commit_is_read_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import datasets
    import huggingface_hub

    entry = publish(tmp_path / "data", "sib200").model_copy(update={"revision": None})
    load, asked = datasets.load_dataset, []

    def told(hub: str, label: str, *, split: str, revision: str) -> Any:
        asked.append(revision)
        return load(hub, label, split=split)

    monkeypatch.setattr(
        huggingface_hub.HfApi, "dataset_info", lambda _, name: SimpleNamespace(sha="f00d")
    )
    monkeypatch.setattr(datasets, "load_dataset", told)
    test, shots = rows(find("sib200"), SWAHILI, Settings(source="hub", seed=1, hub=entry))
    assert (len(test), len(shots)) == (30, 30)
    assert asked == ["f00d", "f00d"]
    assert capsys.readouterr().err.count("'revision: f00d' pins it") == 1


def test_a_local_table_of_other_kinds_of_values(tmp_path: Path) -> None:
    row = PUBLISHED["belebele"](1, "test") | {"weight": Decimal("0.5"), "scores": [{"by": b"me"}]}
    write_parquet(tmp_path / "swh_Latn.parquet", [row | {"flores_passage": f"{n}"} for n in (1, 2)])
    test, shots = rows(find("belebele"), SWAHILI, Settings(source=str(tmp_path), seed=1))
    write_jsonl(tmp_path / "test.jsonl", [*test, *shots])
    for read in read_jsonl(tmp_path / "test.jsonl"):
        assert (read["weight"], read["scores"]) == (0.5, [{"by": "me"}])


CHOICE = {
    "kind": "multiple_choice", "test": "{code}.jsonl", "question": "premise",
    "options": ["first", "second"], "answer": "label", "count_from": 0, "group": "domain",
}  # fmt: skip
# what differs from CHOICE, a row -> gold
GOLD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"first": "a", "second": "b", "label": 1}, "B"),
    ({"count_from": 1}, {"first": "a", "second": "b", "label": "1"}, "A"),
    ({"count_from": None}, {"first": "a", "second": "b", "label": "B"}, "B"),
    ({"count_from": None}, {"first": "yes", "second": "no", "label": "no"}, "B"),
    ({"options": "all"}, {"all": ["a", "b", "c"], "label": 2}, "C"),
]


def own(body: dict[str, Any], folder: Path) -> Custom:
    paths = {"test": f"{folder}/{body['test']}"}
    if body.get("shots"):
        paths["shots"] = f"{folder}/{body['shots']}"
    found: Custom = TypeAdapter(Custom).validate_python({**body, **paths})
    return found


@pytest.mark.parametrize(("changes", "row", "gold"), GOLD)
def test_a_multiple_choice_set_by_config(
    changes: dict[str, Any], row: dict[str, Any], gold: str, tmp_path: Path
) -> None:
    whole = {"premise": "which?", "domain": "law", **row}
    write_jsonl(
        tmp_path / "swh_Latn.jsonl", [whole | {"premise": f"which {n}?"} for n in range(40)]
    )
    described = own(CHOICE | changes, tmp_path)
    benchmark = find("mine", described)
    test, shots = rows(benchmark, SWAHILI, Settings(source="custom", seed=1, custom=described))
    assert (len(test), len(shots)) == (28, 12)
    item = benchmark.load(test)[0]
    assert (item.gold, item.group) == (gold, "law")
    assert item.words["options"].startswith("A. ")
    assert benchmark.template("letters") == "multiple_choice"


BAD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"first": "a", "second": "b", "label": 2}, "row 1 has '2' as label, which is no option"),
    ({}, {"first": "a", "second": "b", "label": -1}, "has '-1' as label, which is no option"),
    ({"count_from": None}, {"first": "a", "second": "b", "label": 1}, "numbers need count_from"),
    ({"options": "all"}, {"all": ["a"], "label": 0}, "row 1 has no list of 2 to 26 options as all"),
    ({}, {"first": "a", "label": 0}, "lacks second"),
]


@pytest.mark.parametrize(("changes", "row", "message"), BAD)
def test_wrong_rows_are_one_line(
    changes: dict[str, Any], row: dict[str, Any], message: str, tmp_path: Path
) -> None:
    write_jsonl(tmp_path / "swh_Latn.jsonl", [{"premise": "?", "domain": "d", **row}] * 3)
    described = own(CHOICE | changes, tmp_path)
    with pytest.raises(UserError, match=message):
        rows(find("mine", described), SWAHILI, Settings(source="custom", seed=1, custom=described))


@pytest.mark.parametrize("direction", ["from_english", "into_english"])
def test_a_translation_set_by_config(direction: str, tmp_path: Path) -> None:
    lines = [f"s{n}\tt{n}" for n in range(5)]
    (tmp_path / "sw.tsv").write_text("\n".join(["en\tsw", *lines]) + "\n", encoding="utf-8")
    write_jsonl(tmp_path / "dev.jsonl", [{"en": "d", "sw": "e"}])
    body = {"kind": "translation", "test": "{iso639_1}.tsv", "shots": "dev.jsonl", "english": "en",
            "text": "sw", "direction": direction}  # fmt: skip
    described = own(body, tmp_path)
    benchmark = find("mine", described)
    test, shots = rows(benchmark, SWAHILI, Settings(source="custom", seed=1, custom=described))
    assert (len(test), len(shots)) == (5, 1)
    item = benchmark.load(test)[0]
    pair = ("s0", "t0") if direction == "from_english" else ("t0", "s0")
    assert (item.words["text"], item.gold) == pair
    assert benchmark.template("whole") == f"flores_{direction}"
