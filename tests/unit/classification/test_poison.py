"""The test set is scored on and nothing else: a poisoned one changes nothing that is learned."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from limbeck import files
from limbeck.classification import curve, select
from limbeck.languages import resolve

pytest.importorskip("sklearn")

LABELS = ["good", "bad"]
WORDS = {"good": ["nzuri", "bora", "furaha"], "bad": ["mbaya", "hasira", "huzuni"]}


def text(label: str, number: int) -> str:
    rng = random.Random(f"{label}{number}")
    other = rng.choice(["siku", "huduma", "chakula", "safari", "kazi", "habari"])
    return f"{other} {rng.choice(WORDS[label])} {number} {rng.randrange(10**6)}"


def rows(first: int, count: int) -> list[dict[str, Any]]:
    return [
        {"id": f"{label}{number}", "text": text(label, number), "label": label}
        for number in range(first, first + count)
        for label in LABELS
    ]


def example(row: dict[str, Any]) -> dict[str, Any]:
    extra = {"strategy": "descriptions", "request": 0, "demonstrations": [], "teacher": "t"}
    return {**row, **extra, "checked": "yes", "failure": None}


def poisoned(test: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every label turned round, and many more texts that shout the wrong one."""
    turned = [{**row, "label": LABELS[row["label"] == "good"]} for row in test]
    shouting = [
        {"id": f"poison{i}", "text": f"nzuri nzuri bora sumu{i}", "label": "bad"} for i in range(50)
    ]
    return turned + shouting


def build(
    folder: Path, test: list[dict[str, Any]], classifier: dict[str, Any], monkeypatch: Any
) -> dict[str, bytes]:
    """All that is made of examples beside a test set: by selection, training, early stopping."""
    folder.mkdir()
    files.write_json(folder / "card.json", resolve("Swahili").card())
    files.write_jsonl(folder / "examples.jsonl", map(example, rows(0, 30)))
    files.write_jsonl(folder / "human.jsonl", rows(200, 10))
    files.write_jsonl(folder / "seeds.jsonl", rows(200, 3))
    files.write_jsonl(folder / "test.jsonl", test)
    section = {
        "per_label": 25, "per_request": 5, "rounds": 1, "strategies": ["descriptions"],
        "demonstrations": 1, "hints": False, "self_check": True, "near_duplicate": 0.95,
    }  # fmt: skip
    settings = {"examples": section, "seed": 1}
    command(
        select.main, monkeypatch, language=folder / "card.json",
        examples=folder / "examples.jsonl", held_out=folder / "test.jsonl",
        settings=json.dumps(settings), output=folder / "train.parquet",
        funnel=folder / "funnel.json",
    )  # fmt: skip
    settings = {"classifier": classifier, "sizes": [10], "repeats": 2, "seed": 1}
    command(
        curve.main, monkeypatch, language=folder / "card.json", task="config/tasks/sentiment.yaml",
        instructions="config/prompts/classification.yaml", train=folder / "train.parquet",
        human=folder / "human.jsonl", seeds=folder / "seeds.jsonl", test=folder / "test.jsonl",
        settings=json.dumps(settings), predictions=folder / "predictions.parquet",
        work=folder / "work", model=folder / "model",
    )  # fmt: skip
    learned = {
        path.name: path.read_bytes() for path in (folder / "model").iterdir() if path.is_file()
    }
    learned["train"] = files.canonical(files.read_parquet(folder / "train.parquet")).encode()
    known = {row["id"] for row in rows(100, 20)}
    said = [row for row in files.read_parquet(folder / "predictions.parquet") if row["id"] in known]
    learned["predictions"] = files.canonical(said).encode()
    return learned


def command(main: Any, monkeypatch: Any, **options: Any) -> None:
    arguments = ["stage"]
    for name, value in options.items():
        arguments += [f"--{name.replace('_', '-')}", str(value)]
    monkeypatch.setattr("sys.argv", arguments)
    main()


KINDS = {
    "linear": {"kind": "linear"},
    "encoder": {
        "kind": "encoder",
        "base": "builtin:tiny",
        "fine_tuning": {"learning_rate": 1e-3, "epochs": 3, "patience": 1, "batch": 8},
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_poisoned_test_set_changes_nothing_that_is_learned(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "encoder":
        pytest.importorskip("transformers")
    test = rows(100, 20)
    clean = build(tmp_path / "clean", test, KINDS[kind], monkeypatch)
    spoilt = build(tmp_path / "poisoned", poisoned(test), KINDS[kind], monkeypatch)
    assert len(clean["predictions"]) > 100
    assert clean == spoilt
