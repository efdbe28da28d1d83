"""The table of all scores and the leaderboard that is made of it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

import report_build as build
from limbeck.report import index


def _run(module: str, *options: str) -> None:
    subprocess.run([sys.executable, "-m", module, *options], check=True)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of two languages, their table and leaderboard."""
    results = tmp_path_factory.mktemp("results")
    languages = ["swh_Latn", "arb_Arab"]
    for code in languages:
        build.write(results, code)
    listed = {"languages": languages, "models": build.MODELS, "benchmarks": build.BENCHMARKS}
    table, page = str(results / "scores.tsv"), str(results / "index.html")
    _run(
        "limbeck.report.collect_scores",
        "--results", str(results), "--settings", json.dumps(listed), "--output", table,
    )  # fmt: skip
    settings = build.board_settings()
    _run(
        "limbeck.report.index",
        "--scores", table, "--results", str(results), "--settings", settings, "--output", page,
    )  # fmt: skip
    return results


def test_the_table_has_a_line_for_every_score(results: Path) -> None:
    lines = list(csv.DictReader((results / "scores.tsv").open(encoding="utf-8"), delimiter="\t"))
    assert len(lines) == 2 * len(build.MODELS) * len(build.BENCHMARKS)
    keys = {(line["language"], line["model"], line["benchmark"]) for line in lines}
    assert len(keys) == len(lines)
    for line in lines:
        path = results / line["language"] / "scores" / line["model"] / f"{line['benchmark']}.json"
        score = json.loads(path.read_text())
        assert float(line["value"]) == pytest.approx(score["value"], abs=1e-4)
        assert [float(line["low"]), float(line["high"])] == pytest.approx(score["interval"])
        assert line["signature"] == score["signature"]
        assert (line["metric"], line["n"]) == (score["metric"], "100")


SHOWN = [
    "demonstrator",
    '<a href="arb_Arab/report.html">',
    "<strong>8</strong> of 10",
    '<span class="before">3.0 →</span> <span class="gain">71.0</span><small>67.0–75.0</small>',
    "+68.0",
    '<a href="scores.tsv">',
]


@pytest.mark.parametrize("text", SHOWN)
def test_the_leaderboard_shows(text: str, results: Path) -> None:
    assert text in (results / "index.html").read_text(encoding="utf-8")


def test_nothing_compares_with_a_demonstrator(results: Path) -> None:
    assert "Kakugo" not in (results / "index.html").read_text(encoding="utf-8")


def _score(value: float) -> index.Row:
    return {"value": value, "interval": [value - 2, value + 2], "n": "9", "metric": "accuracy"}


def test_wins_and_means_are_of_what_is_there() -> None:
    teacher = {"model": "openai/gpt-oss-120b", "server": None}
    codes = ["swh_Latn", "kin_Latn", "yor_Latn"]
    given = json.loads(build.board_settings(languages=codes, teacher=teacher))
    settings = index.Settings(**given)
    scores = {
        ("swh_Latn", "tiny/base", "sib200"): _score(20.0),
        ("swh_Latn", "tiny/student", "sib200"): _score(40.0),
        ("kin_Latn", "tiny/base", "sib200"): _score(20.0),
        ("kin_Latn", "tiny/student", "sib200"): _score(10.0),
        ("yor_Latn", "tiny/base", "sib200"): _score(20.0),
        ("yor_Latn", "tiny/student", "sib200"): _score(23.0),
        ("yor_Latn", "tiny/base", "belebele"): _score(20.0),
    }
    gains = {
        (code, "tiny"): {"sib200": {"shown": shown}}
        for code, shown in (("swh_Latn", True), ("kin_Latn", True), ("yor_Latn", False))
    }
    board = index.board("tiny", scores, gains, settings)
    assert [head["title"] for head in board["benchmarks"]] == ["Topic", "Reading"]
    assert board["means"] == [{"gain": "+4.3", "wins": 1, "losses": 1, "of": 3}, None]
    assert (board["wins"], board["lost"], board["of"]) == (1, 1, 3)
    assert board["rows"][1]["theirs"] == ["", "31.7 → 48.7"]
    assert board["rows"][0]["theirs"] is None
    page = index.render(scores, gains, settings)
    for text in ("Kakugo's Kinyarwanda, as they report", "Kakugo's mean gain,<br>", "+8.8"):
        assert text in page
