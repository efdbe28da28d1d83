"""The funnel adds up, in the functions and in the stage's own files."""

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from limbeck.config import Filters
from limbeck.dataset import filter_rows as stage_filter
from limbeck.dataset.filters.control_tokens import control_tokens
from limbeck.dataset.funnel import Removal, Step, check_losses, failed, run
from limbeck.dataset.held_out import HeldOut
from limbeck.errors import UserError
from limbeck.files import read_json, read_jsonl, read_parquet, write_json, write_jsonl
from limbeck.languages import resolve

CARD = resolve("Swahili").card()
OFF: dict[str, Any] = {
    "length_band": None,
    "length_tokens": None,
    "script": None,
    "romanised": False,
    "refusals": None,
    "copied": None,
    "repeated": None,
    "compressed": None,
    "kept": None,
    "urls": None,
    "round_trip": None,
    "near_duplicates": None,
}
FILTERS: dict[str, Any] = {
    **OFF,
    "length_ratio": [0.5, 2.0],
    "language": {"model": None, "revision": None, "confidence": 0.3, "share": 0.5, "letters": 50},
    "judge": [],
    "held_out": {"words": 8, "characters": 40},
    "max_lost": 0.3,
}
ITEM = {"id": "1", "text": "Mwalimu anasoma kitabu kizuri shuleni kila siku asubuhi sana"}


def adds_up(came: int, reports: list[dict[str, Any]], kept: int) -> None:
    """Each filter gets what the one before let through, and every removal has a reason."""
    for report in reports:
        assert report["in"] == came
        came -= sum(report["removed"].values())
        assert report["out"] == came
    assert came == kept


@pytest.mark.parametrize("text", ["</s>", "a <|im_start|>user", "[INST] b", "<bos>", "<｜User｜>"])
def test_rows_with_control_tokens_stay_and_are_counted(row: Any, text: str) -> None:
    step = control_tokens()
    rows = [
        row("Habari", text), row(text, "Nzuri"), row("Habari", "Nzuri", reasoning=text),
        row("1 < 2 | 3", "a/s>"),
    ]  # fmt: skip
    assert list(step.keep(rows)) == rows
    assert step.report()["note"].startswith("3 rows hold control tokens")
    assert "3 rows" in str(step)


def test_each_filter_counts(row: Any) -> None:
    rows = [
        row("Habari", "Nzuri", id="a"),
        row("Habari", "Nzuri", id="b"),
        row("Habari", "", id="c"),
        row("Habari", "x", id="d", failure="length"),
        row("ab", original=["abcdefghijkl"], id="e"),
        row("Habari", ITEM["text"], id="f"),
        row("Habari gani", "Nzuri sana", id="g"),
    ]
    filters = Filters(**FILTERS)
    identify = stage_filter.language_step(filters, CARD)
    funnel = stage_filter.steps(filters, CARD, HeldOut([ITEM]), identify)
    kept = [item["id"] for item in run(rows, funnel)]
    assert kept == ["a", "g"]
    reports = [step.report() for step in funnel]
    adds_up(len(rows), reports, len(kept))
    assert {r["name"]: r["removed"] for r in reports} == {
        "failed": {"length": 1},
        "empty": {"empty turn": 1},
        "length_ratio": {"too short": 1},
        "language": {},
        "held_out": {"benchmark text": 1},
        "duplicates": {"exact duplicate": 1},
        "control_tokens": {},
    }
    idle = {r["name"]: r["idle"] for r in reports if r["idle"]}
    assert idle == {"language": "filters.language.model names no model"}
    assert [e["id"] for r in reports for e in r["examples"]] == ["d", "c", "e", "f", "b"]


def test_too_great_a_loss_stops_the_build(row: Any) -> None:
    step = Step("failed", failed, bounded=True)
    list(step.keep([row("a", "b", failure="length"), row("a", "b")]))
    with pytest.raises(UserError, match=r"'failed' removed 1 of 2 rows \(50%.*allows 30%"):
        check_losses([step], 0.3)
    check_losses([step], 0.5)
    step.bounded = False
    check_losses([step], 0.0)


def test_a_removal_is_recorded_whole(row: Any) -> None:
    told: list[dict[str, str]] = []
    step = Step("x", lambda _: Removal("why", "what"), record=told.append)
    assert not list(step.keep([row("a", id=str(n)) for n in range(20)]))
    assert len(told) == 20
    assert told[0] == {"id": "0", "filter": "x", "why": "why", "found": "what"}
    assert len(step.examples) == 5


TOPICS = [
    "Ng'ombe wanakula majani mabichi kando ya mto mkubwa",
    "Daktari alimtibu mgonjwa kwa dawa mpya kutoka hospitali ya wilaya",
    "Wavuvi huamka alfajiri kwenda baharini kutafuta samaki wa kuuza sokoni",
    "Treni ya jioni ilichelewa kufika mjini kwa sababu ya mvua",
    "Mpishi alitayarisha wali, maharagwe na mchuzi wa nazi kwa wageni",
]


def written(folder: Path, **filters: Any) -> list[str]:
    """The stage's inputs in a folder, and its arguments."""
    generated = [
        {"id": f"topic-{n}", "strategy": "topic", "kind": "topic", "source": "s", "parent": None,
         "prompt": f"Eleza jambo la {n}", "response": text, "reasoning": "x", "teacher": "t",
         "failure": None}
        for n, text in enumerate(TOPICS)
    ]  # fmt: skip
    generated += [
        {
            **generated[0],
            "id": "near",
            "prompt": "Eleza jambo la 0!",
            "response": TOPICS[0].upper(),
        },
        {**generated[1], "id": "held", "response": ITEM["text"]},
        {**generated[1], "id": "judged", "prompt": "Swali jingine", "response": "Jibu ni kosa tu"},
        {**generated[1], "id": "cut", "failure": "length", "response": ""},
    ]
    translated = [
        {"id": f"translation-{n}", "strategy": "translation", "kind": "conversation",
         "source": str(n), "parent": None, "teacher": "t", "failure": None,
         "messages": [{"role": "user", "content": f"{n} {text[::-1]}"}],
         "original": [{"role": "user", "content": f"{n} {text}"}]}
        for n, text in enumerate(TOPICS)
    ]  # fmt: skip
    checked = [
        {"id": "judged", "judge": {"correct": False}, "round_trip": None, "failure": None},
        {"id": "translation-2", "judge": None, "round_trip": 5.0, "failure": None},
        {"id": "topic-2", "check": "judge", "judge": None, "round_trip": None, "failure": "format"},
    ]
    write_jsonl(folder / "responses.jsonl", generated)
    write_jsonl(folder / "translations.jsonl", translated)
    write_jsonl(folder / "test.jsonl", [ITEM])
    write_jsonl(folder / "checks.jsonl", checked)
    write_json(folder / "language.json", CARD)
    names = {
        "generated": "responses.jsonl", "translations": "translations.jsonl",
        "held-out": "test.jsonl", "checks": "checks.jsonl", "language": "language.json",
        "rows": "rows.parquet", "removed": "removed.jsonl", "funnel": "funnel.json",
    }  # fmt: skip
    files = [part for key, name in names.items() for part in (f"--{key}", str(folder / name))]
    return ["filter", *files, "--settings", json.dumps({"filters": {**FILTERS, **filters}})]


def test_texts_of_the_language_are_filtered_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [
        {"id": "a", "source": "s", "text": "Kwa maelezo zaidi, soma https://example.org leo."},
        {"id": "b", "source": "s", "text": f"Habari. {ITEM['text']}"},
    ]
    write_jsonl(tmp_path / "texts.jsonl", texts)
    arguments = [*written(tmp_path, urls=0), "--texts", str(tmp_path / "texts.jsonl")]
    monkeypatch.setattr(sys, "argv", arguments)
    stage_filter.main()
    rows = [row for row in read_parquet(tmp_path / "rows.parquet") if row["strategy"] == "text"]
    assert [row["id"] for row in rows] == ["text-a"], "benchmark text is taken out, a URL is not"
    assert rows[0]["messages"] == [{"role": "assistant", "content": texts[0]["text"]}]
    strategies = read_json(tmp_path / "funnel.json")["strategies"]
    assert {"name": "text", "rows": 2} in strategies


@pytest.mark.parametrize("near", [None, 0.7])
def test_the_stage_adds_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, near: float | None
) -> None:
    options = {"judge": ["correct"], "round_trip": 30.0, "script": 0.6, "near_duplicates": near}
    monkeypatch.setattr(sys, "argv", written(tmp_path, **options))
    stage_filter.main()
    assert "language: not run (filters.language.model names no model)" in capsys.readouterr().out
    funnel = read_json(tmp_path / "funnel.json")
    rows = read_parquet(tmp_path / "rows.parquet")
    removed = {item["id"]: item for item in read_jsonl(tmp_path / "removed.jsonl")}
    came = sum(strategy["rows"] for strategy in funnel["strategies"])
    assert came == 14
    adds_up(came, funnel["filters"], funnel["rows"])
    assert funnel["rows"] == len(rows)
    notes = {step["name"]: step["note"] for step in funnel["filters"] if step["note"]}
    assert notes["judge"] == "1 rows were not judged: format 1"
    assert "round_trip" not in notes
    assert len(rows) + len(removed) == came
    assert not removed.keys() & {item["id"] for item in rows}
    gone = {"held", "judged", "cut", "translation-2"} | ({"near"} if near else set())
    assert removed.keys() == gone
    assert removed["held"]["found"] == ITEM["text"]
    assert not near or removed["near"]["found"] == "topic-0"
    for before, after in itertools.pairwise(funnel["filters"]):
        assert before["out"] == after["in"]


def test_nothing_is_written_when_too_much_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", written(tmp_path, max_lost=0.01))
    with pytest.raises(UserError, match="'failed' removed 1 of 14 rows"):
        stage_filter.main()
    for name in ("rows.parquet", "removed.jsonl", "funnel.json"):
        assert not (tmp_path / name).exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
