"""The difference between a student and its base, on the same items."""

import subprocess
import sys
from pathlib import Path

import pytest

from limbeck.files import read_json, write_json, write_parquet


def score(folder: Path, benchmark: str, right: list[int], ids: int = 0) -> str:
    """Write a score of items that were answered rightly or not."""
    items = [
        {"id": str(ids + i), "gold": "A", "predicted": "AB"[1 - one], "score": float(one)}
        for i, one in enumerate(right)
    ]
    write_parquet(folder / f"{benchmark}.items.parquet", items)
    facts = {"benchmark": benchmark, "language": "swh_Latn", "metric": "accuracy"}
    value = 100 * sum(right) / len(right)
    write_json(folder / f"{benchmark}.json", facts | {"value": value})
    return str(folder / f"{benchmark}.json")


def run(
    base: list[str], student: list[str], output: Path, *further: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "limbeck.report.gains", "--base", *base, *further]
    command += ["--student", *student, "--settings", '{"seed": 1}', "--output", str(output)]
    return subprocess.run(command, capture_output=True, text=True)


def test_what_is_shown_and_what_is_not(tmp_path: Path) -> None:
    base = [
        score(tmp_path / "base", "sib200", [0] * 60 + [1] * 40),
        score(tmp_path / "base", "belebele", [0, 1] * 50),
    ]
    student = [
        score(tmp_path / "student", "sib200", [0] * 20 + [1] * 80),
        score(tmp_path / "student", "belebele", [1, 0] * 50),
    ]
    done = run(base, student, tmp_path / "gains.json")
    assert done.returncode == 0, done.stderr
    assert f"sib200: {student[0]} is better" in done.stdout
    assert "belebele: no difference shown" in done.stdout
    gains = read_json(tmp_path / "gains.json")
    assert gains["sib200"]["shown"]
    assert gains["sib200"]["difference"] == pytest.approx(40.0)
    low, high = gains["sib200"]["interval"]
    assert 25 < low < 40 < high < 55
    assert not gains["belebele"]["shown"]
    assert gains["belebele"]["n"] == 100


def test_thinking_is_held_against_direct_answers(tmp_path: Path) -> None:
    base = score(tmp_path / "base", "sums", [0] * 100)
    direct = score(tmp_path / "student", "sums", [0] * 80 + [1] * 20)
    thinking = score(tmp_path / "thinking", "sums", [0] * 30 + [1] * 70)
    done = run([base], [direct], tmp_path / "gains.json", "--thinking", thinking)
    assert done.returncode == 0, done.stderr
    gains = read_json(tmp_path / "gains.json")
    assert gains["sums"]["difference"] == pytest.approx(20.0)
    assert gains["thinking"]["sums"]["difference"] == pytest.approx(50.0)
    assert gains["thinking"]["sums"]["shown"]


def test_scores_of_other_items_are_not_compared(tmp_path: Path) -> None:
    base = score(tmp_path / "base", "sib200", [0, 1])
    student = score(tmp_path / "student", "sib200", [1, 1], ids=9)
    done = run([base], [student], tmp_path / "gains.json")
    assert done.returncode == 1
    assert "no items in common" in done.stderr


def test_a_language_without_benchmarks_has_no_gains(tmp_path: Path) -> None:
    assert run([], [], tmp_path / "gains.json").returncode == 0
    assert read_json(tmp_path / "gains.json") == {}
