"""Filters: what each removes, and that the funnel adds up."""

import itertools
from typing import Any

import pytest

from limbeck.config import Filters
from limbeck.dataset.filter import (
    Step,
    check_losses,
    duplicate,
    empty,
    failed,
    held_out,
    length_ratio,
    run,
    steps,
)
from limbeck.dataset.held_out import HeldOut, words
from limbeck.errors import UserError

FILTERS = Filters(length_ratio=(0.5, 2.0), max_lost=0.3)


def row(*turns: str, original: list[str] | None = None, **columns: Any) -> dict[str, Any]:
    roles = ["user", "assistant"] * len(turns)
    return {
        "id": columns.pop("id", "row-1"),
        "messages": [{"role": r, "content": t} for r, t in zip(roles, turns, strict=False)],
        "reasoning": None,
        "original": original
        and [{"role": r, "content": t} for r, t in zip(roles, original, strict=False)],
        "failure": None,
        **columns,
    }


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (row("Habari", "Nzuri"), None),
        (row("Habari", "Nzuri", failure="length"), "length"),
    ],
)
def test_failed(given: dict[str, Any], reason: str | None) -> None:
    assert failed(given) == reason


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (row("Habari", "Nzuri"), None),
        (row("Habari", "None of these"), None),
        (row("Habari", " None "), "empty turn"),
        (row("", "Nzuri"), "empty turn"),
        (row("Habari", "null"), "empty turn"),
        (row(), "no messages"),
    ],
)
def test_empty(given: dict[str, Any], reason: str | None) -> None:
    assert empty(given) == reason


@pytest.mark.parametrize(
    ("turns", "original", "reason"),
    [
        (["abcd"], ["abcd"], None),
        (["ab"], ["abcd"], None),
        (["a"], ["abcd"], "too short"),
        (["abcdefghi"], ["abcd"], "too long"),
        (["ሰላም ነው"], ["Hello there, you"], None),  # bytes, not characters
        (["abcd", "a"], ["abcd", "abcd"], "too short"),
        (["abcd"], None, None),
    ],
)
def test_length_ratio(turns: list[str], original: list[str] | None, reason: str | None) -> None:
    assert length_ratio(0.5, 2.0)(row(*turns, original=original)) == reason


def test_duplicates_are_equal_to_the_letter() -> None:
    reason = duplicate()
    assert reason(row("Habari", "Nzuri")) is None
    assert reason(row("Habari", "Nzuri", id="row-2")) == "exact duplicate"
    assert reason(row("Habari", "nzuri")) is None


ITEM = {
    "id": "1",
    "text": "Mwalimu anasoma kitabu kizuri shuleni kila siku asubuhi na mapema sana",
    "option": "kitabu kizuri",
    "question": "Nani anasoma kitabu kizuri?",
}


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        (ITEM["text"], True),
        (ITEM["text"].upper(), True),
        (ITEM["text"].replace(" ", ", "), True),
        (f"Niliandika hivi: {ITEM['text']}. Ni kweli.", True),
        ("Kila siku mwalimu anasoma kitabu kizuri shuleni kila siku asubuhi leo", True),
        ("mwalimu anasoma kitabu kizuri", False),
        ("nani anasoma kitabu kizuri", True),
        ("kitabu kizuri", False),
        ("Mwalimu anasoma gazeti", False),
        ("", False),
    ],
)
def test_held_out_text_is_found(text: str, caught: bool) -> None:
    assert (HeldOut([ITEM]).hit(text) is not None) == caught


def test_held_out_looks_everywhere_in_a_row() -> None:
    reason = held_out(HeldOut([ITEM]))
    assert reason(row("Habari", "Nzuri")) is None
    assert reason(row("Habari", ITEM["text"])) == "benchmark text"
    assert reason(row("Habari", "Nzuri", reasoning=ITEM["text"])) == "benchmark text"
    assert reason(row("a", original=[ITEM["text"]])) == "benchmark text"


def test_words_of_other_scripts() -> None:
    assert words("Jina lako ni NANI?") == ("jina", "lako", "ni", "nani")
    assert words("ሰላም፣ ዓለም!") == ("ሰላም", "ዓለም")


def test_funnel_adds_up_and_each_filter_counts() -> None:
    rows = [
        row("Habari", "Nzuri", id="a"),
        row("Habari", "Nzuri", id="b"),
        row("Habari", "", id="c"),
        row("Habari", "x", id="d", failure="length"),
        row("ab", original=["abcdefghijkl"], id="e"),
        row("Habari", ITEM["text"], id="f"),
        row("Habari gani", "Nzuri sana", id="g"),
    ]
    funnel = steps(FILTERS, HeldOut([ITEM]))
    kept = [item["id"] for item in run(rows, funnel)]
    assert kept == ["a", "g"]
    reports = [step.report() for step in funnel]
    assert reports[0]["in"] == len(rows)
    assert reports[-1]["out"] == len(kept)
    for before, after in itertools.pairwise(reports):
        assert before["out"] == after["in"]
    assert {r["name"]: r["removed"] for r in reports} == {
        "failed": {"length": 1},
        "empty": {"empty turn": 1},
        "length_ratio": {"too short": 1},
        "held_out": {"benchmark text": 1},
        "duplicates": {"exact duplicate": 1},
    }
    assert [e["id"] for r in reports for e in r["examples"]] == ["d", "c", "e", "f", "b"]


def test_too_great_a_loss_stops_the_build() -> None:
    step = Step("failed", failed, bounded=True)
    list(step.keep([row("a", "b", failure="length"), row("a", "b")]))
    with pytest.raises(UserError, match=r"'failed' removed 1 of 2 rows \(50%.*allows 30%"):
        check_losses([step], 0.3)
    check_losses([step], 0.5)
    step.bounded = False
    check_losses([step], 0.0)
