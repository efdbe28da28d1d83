"""What was paid: `limbeck teacher journal`, and the costs of a language."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from endpoint import completion, connection, echo, questions, serving, teacher
from limbeck.costs import commands
from limbeck.costs.sum_costs import costs, hours, whole
from limbeck.errors import UserError
from limbeck.teacher.budget import path
from limbeck.teacher.client import ask
from limbeck.teacher.journal import Journal

from .conftest import PRICE, run


def asked(url: str, journal: Path, work: Path, count: int = 10, **changes: Any) -> None:
    ask(questions(count), teacher(**changes), connection(url, price=PRICE), journal, work)


def test_journals_are_shown_and_compacted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = tmp_path / "journal/swh_Latn/write_topics.jsonl"

    def answer(body: Any, before: int) -> Any:
        return completion("half", "length") if before else echo(body, before)

    with serving(answer) as endpoint:
        asked(endpoint.url, journal, tmp_path)
        whole = journal.read_bytes()
        first = whole.splitlines(keepends=True)[0]
        # A line that was overtaken, one that a bad disk has spoilt, one that a kill has torn.
        journal.write_bytes(first + whole + b'{"key":"0123456789abcdef","mod\n' + b'{"key":"')
        assert run("teacher", "journal", "--work", str(tmp_path), "--json") == 0
        [row] = json.loads(capsys.readouterr().out)
        assert (row["replies"], row["repeated"], row["damaged"]) == (11, 1, 1)
        assert row["dollars"] == pytest.approx(10 * (10 + 10 * 5) * 1e-6)

        assert run("teacher", "journal", "--work", str(tmp_path), "--compact") == 0
        assert "bytes freed" in capsys.readouterr().out
        assert sorted(journal.read_bytes().splitlines()) == sorted(whole.splitlines())
        asked(endpoint.url, journal, tmp_path)
        assert endpoint.requests == 10
        asked(endpoint.url, journal, tmp_path, temperature=0.5, count=1)
    assert run("teacher", "journal", str(journal), "--work", str(tmp_path)) == 0
    assert "11" in capsys.readouterr().out


def test_a_line_of_a_journal_is_dropped_by_its_key(tmp_path: Path) -> None:
    journal = tmp_path / "journal/j.jsonl"
    with serving() as endpoint:
        asked(endpoint.url, journal, tmp_path)
        lines = journal.read_bytes().splitlines()
        dropped = [json.loads(lines[3])["key"], "0" * 16]
        with pytest.raises(UserError, match="with --compact"):
            run("teacher", "journal", "--work", str(tmp_path), "--drop", *dropped)
        assert (
            run("teacher", "journal", "--work", str(tmp_path), "--compact", "--drop", *dropped) == 0
        )
        assert journal.read_bytes().splitlines() == [*lines[:3], *lines[4:]]
        asked(endpoint.url, journal, tmp_path)
    assert endpoint.requests == 11


def test_failures_are_counted_by_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replies = {
        "question 0": completion("half", "length"),
        "question 1": completion("", "content_filter"),
        "question 2": completion(None, reasoning="thought for too long"),
    }
    with serving(lambda body, _: replies.get(body["messages"][0]["content"], echo(body, 0))) as e:
        asked(e.url, tmp_path / "journal/j.jsonl", tmp_path)
    assert run("teacher", "journal", "--work", str(tmp_path)) == 0
    printed = capsys.readouterr().out
    for kind in ("1 length", "1 content_filter", "1 empty"):
        assert kind in printed


def test_a_journal_in_use_is_shown_but_not_compacted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limbeck.teacher.journal.PATIENCE", 0.0)
    path = tmp_path / "j.jsonl"
    with Journal(path):
        assert run("teacher", "journal", str(path), "--work", str(tmp_path)) == 0
        with pytest.raises(UserError, match="one process at a time"):
            run("teacher", "journal", str(path), "--work", str(tmp_path), "--compact")
    with pytest.raises(UserError, match="no such journal"):
        run("teacher", "journal", str(tmp_path / "other"))


TOOK = {  # seconds
    "tiny/train_student.tsv": 1800,
    "tiny/mix_rows.tsv": 9,
    "scores/tiny/base/sib200/score_model.tsv": 36,
    "scores/tiny/student/sib200/score_model.tsv": 36,
    "scores/tiny/Q8_0/sib200/score_model.tsv": 36,
    "scores/teacher/sib200/score_model.tsv": 99,
    "scores/comparisons/other/sib200/score_model.tsv": 72,
    "classification/topic/linear/train_classifier.tsv": 36,
    # Its base was scored for the other student.
    "other/train_student.tsv": 360,
    "scores/other/base/sib200/score_model.tsv": 36,
    "scores/other/student/sib200/score_model.tsv": 36,
    # Of earlier configs.
    "gone/train_student.tsv": 1800,
    "scores/gone/base/sib200/score_model.tsv": 36,
    "scores/gone/student/sib200/score_model.tsv": 99,
    "scores/tiny/Q2_K/sib200/score_model.tsv": 99,
    "scores/comparisons/gone/sib200/score_model.tsv": 99,
}
MODELS = [
    *(f"{name}/{form}" for name in ("tiny", "other") for form in ("base", "student", "Q8_0")),
    *("comparisons/other", "teacher"),
]


def test_the_costs_of_a_language(tmp_path: Path) -> None:
    folder = tmp_path / "journal/swh_Latn"
    with serving(lambda body, before: completion("a b c d")) as endpoint:
        asked(endpoint.url, folder / "write_topics.jsonl", tmp_path)
        ask(questions(3), teacher(), connection(endpoint.url), folder / "free.jsonl", tmp_path)
        asked(endpoint.url, tmp_path / "journal/yor_Latn/write_topics.jsonl", tmp_path)
        shared = tmp_path / "journal/shared"
        asked(endpoint.url, shared / "write_subjects.jsonl", tmp_path)
    logs, output = tmp_path / "logs", tmp_path / "cost.json"
    for place, seconds in TOOK.items():
        (logs / place).parent.mkdir(parents=True, exist_ok=True)
        (logs / place).write_text(f"s\tmax_rss\n{seconds}\tNA\n")
    command = [sys.executable, "-m", "limbeck.costs.sum_costs", "--journals", str(folder)]
    command += ["--shared", str(shared), "--ledger", str(path(tmp_path)), "--models", *MODELS]
    command += ["--records", str(logs), "--hardware", '{"price": 2.0}', "--output", str(output)]
    subprocess.run(command, check=True)
    found = json.loads(output.read_text())
    assert found | costs(folder, shared, path(tmp_path)) == found
    assert found["stages"]["write_topics"] == {
        "replies": 10,
        "prompt_tokens": 100,
        "completion_tokens": 40,
        "dollars": 0.0005,
        "uncertain_dollars": 0.0,
    }
    assert found["stages"]["free"]["dollars"] is None
    assert found["total"]["replies"] == 13
    assert found["total"]["dollars"] is None, "a stage has no price"
    known = costs(folder, shared, path(tmp_path), priced=True)
    assert (known["stages"]["free"]["dollars"], known["total"]["dollars"]) == (0.0, 0.0005)
    assert costs(folder, shared, path(tmp_path), ["another"])["stages"].keys() == {"write_topics"}
    assert found["shared"]["write_subjects"]["dollars"] == 0.0005
    assert found["machine"] == {
        "training": {"classification/topic": 0.01, "tiny": 0.5, "other": 0.1},
        "scoring": {"comparisons/other": 0.02, "tiny": 0.02, "other": 0.02},
        "hours": 0.67,
        "dollars": 1.34,
    }
    assert found["whole"] == {"dollars": None}


@pytest.mark.parametrize(
    ("said", "took"),
    [
        ("training: goes on after step 9\ntraining: 90,000 tokens in 7200.00 s, loss 1.0\n", 2.0),
        ("training: 90,000 tokens in 900.00 s, loss 1.0\n", 0.5),  # and what came before and after
        ("", 0.5),
    ],
)
def test_the_hours_before_a_kill_are_counted(tmp_path: Path, said: str, took: float) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/train_student.tsv").write_text("s\tmax_rss\n1800\tNA\n")
    (tmp_path / "tiny/train_student.log").write_text(said)
    assert hours(tmp_path, ["tiny/student"])["training"] == {"tiny": took}


def test_without_a_price_the_whole_is_not_known() -> None:
    taught = {"total": {"dollars": 1.5}}
    took = {"training": {"tiny": 1.0}, "scoring": {}}
    assert whole(taught, took, None)["whole"] == {"dollars": None}
    assert whole({"total": {"dollars": None}}, took, 2.0)["whole"] == {"dollars": None}
    assert whole(taught, took, 2.0)["whole"] == {"dollars": 3.5}


def test_a_table_gives_the_terminal_no_orders() -> None:
    """A journal or an endpoint may name a model as it likes."""
    assert (
        commands.table([("model", "n"), ("a\x1b[2J\nb", "1")]) == "model        n\na\\x1b[2J\\nb  1"
    )
