"""A scoring that is killed asks only what is missing when it comes back."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import tiny_checkpoint
from limbeck.evaluation.answers import Kept
from limbeck.evaluation.catalogue import find
from limbeck.evaluation.prepare import Settings, rows
from limbeck.files import read_json, read_parquet, write_json, write_jsonl
from limbeck.languages import resolve

PROMPTS = Path(__file__).parents[3] / "config" / "prompts" / "benchmarks.yaml"
CARD = resolve("swh_Latn").card()
ITEMS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("killed")
    write_json(path / "language.json", CARD)
    tiny_checkpoint.write(path / "checkpoint")
    for name in ("belebele", "flores_from_english"):
        test, shots = rows(find(name), CARD, Settings(source="builtin", seed=1))
        write_jsonl(path / name / "test.jsonl", test)
        write_jsonl(path / name / "shots.jsonl", shots)
    return path


def command(folder: Path, name: str, model: Path, output: str) -> list[str]:
    settings = {"shots": 1, "limit": ITEMS, "max_tokens": 12, "choose_by": "likelihood", "seed": 1}
    options: dict[str, object] = {
        "benchmark": name, "language": folder / "language.json", "instructions": PROMPTS,
        "test": folder / name / "test.jsonl", "shots": folder / name / "shots.jsonl",
        "model": model, "settings": json.dumps(settings), "batch": 2,
        "answers": folder / f"{output}.answers.jsonl", "output": folder / f"{output}.json",
        "items": folder / f"{output}.items.parquet",
    }  # fmt: skip
    flat = [str(part) for key, value in options.items() for part in (f"--{key}", value)]
    return [sys.executable, "-m", "limbeck.evaluation.score", *flat]


def answered(path: Path) -> list[Any]:
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    return [json.loads(line)["key"] for line in lines if line.endswith(b"}")]


def model_of(folder: Path, form: str) -> Path:
    if form == "gguf":
        path = folder / "F32.gguf"
        return path if path.exists() else tiny_checkpoint.write_gguf(folder / "checkpoint", path)
    return folder / "checkpoint"


@pytest.mark.parametrize(
    ("name", "form"), [("belebele", "gguf"), ("flores_from_english", "checkpoint")]
)
def test_a_killed_scoring_resumes(folder: Path, name: str, form: str) -> None:
    output = f"{name}-{form}"
    call = command(folder, name, model_of(folder, form), output)
    answers = folder / f"{output}.answers.jsonl"
    process = subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(answered(answers)) < 5 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = answered(answers)
    assert 5 <= len(before) < ITEMS, "killed in the middle"
    with answers.open("ab") as file:
        file.write(b'\n{"key": "half of a li')  # what a power cut leaves
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    assert f"{len(before)} answers are kept" in done.stdout
    after = [key for key in answered(answers) if key]
    assert len(after) == len(set(after)) == ITEMS, "nothing is asked twice"
    os.unlink(answers)
    first, items = (
        read_json(folder / f"{output}.json"),
        read_parquet(folder / f"{output}.items.parquet"),
    )
    subprocess.run(call, capture_output=True, check=True)
    whole = read_json(folder / f"{output}.json")
    for key in whole:
        assert whole[key] == first[key]
    again = read_parquet(folder / f"{output}.items.parquet")
    assert [row["predicted"] for row in again] == [row["predicted"] for row in items]


def test_what_decides_an_answer_is_its_key(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    kept = Kept(path)
    kept.add("a", [-1.5, -2.25])
    kept.add("b", {"text": "ẹ́ \u2028 \n", "finish_reason": "stop"})
    again = Kept(path)
    assert again["a"] == [-1.5, -2.25]
    assert again["b"]["text"] == "ẹ́ \u2028 \n"
    assert "c" not in again
    assert again.seconds(["a", "b"]) >= 0
