"""Mixtures: the forms of a row, the pairs, and the split."""

from pathlib import Path
from typing import Any

import pytest

from limbeck.config import Mixture
from limbeck.dataset.mix import TEMPLATES, distinct_pairs, mix, parallel_lines, split
from limbeck.generation.instructions import load

ROOT = Path(__file__).parents[3]
INSTRUCTIONS = load(ROOT / "config/prompts/dataset.yaml", TEMPLATES)
CARD = {
    "code": "swh_Latn",
    "name": "Swahili",
    "endonym": "Kiswahili",
    "iso639_1": "sw",
    "iso639_3": "swh",
    "bcp47": "sw",
    "script": "Latn",
    "script_name": "Latin",
    "direction": "ltr",
}


def conversation(*turns: str) -> list[dict[str, str]]:
    return [
        {"role": role, "content": turn}
        for role, turn in zip(["user", "assistant"] * len(turns), turns, strict=False)
    ]


def generated(number: int, reasoning: str | None = "Ni hesabu.") -> dict[str, Any]:
    return {
        "id": f"topic-{number}",
        "messages": conversation(f"Swali {number}?", f"Jibu {number}."),
        "reasoning": reasoning,
        "original": None,
        "strategy": "topic",
        "kind": "topic",
        "source": "health",
        "parent": None,
        "teacher": "t",
    }


def translated(number: int) -> dict[str, Any]:
    return {
        **generated(number, None),
        "id": f"translation-{number}",
        "messages": conversation(f"Habari {number}?", f"Nzuri {number}."),
        "original": conversation(f"News {number}?", f"Good {number}."),
        "strategy": "translation",
        "source": f"conversation-{number}",
    }


ROWS = [*(generated(n) for n in range(50)), *(translated(n) for n in range(50))]


def test_thinking_form_has_the_system_prompt_and_the_trace() -> None:
    row = mix([generated(1)], Mixture(direct=False), INSTRUCTIONS, CARD)[0]
    assert [m["role"] for m in row["messages"]] == ["system", "user", "assistant"]
    assert row["messages"][0]["content"] == "Think first, then answer."
    assert row["messages"][2]["content"] == "<think>\nNi hesabu.\n</think>\n\nJibu 1."
    assert row["form"] == "thinking"


def test_direct_form_is_the_answer_alone() -> None:
    row = mix([generated(1)], Mixture(thinking=False), INSTRUCTIONS, CARD)[0]
    assert row["messages"] == conversation("Swali 1?", "Jibu 1.")
    assert row["form"] == "direct"


@pytest.mark.parametrize(
    ("mixture", "counts"),
    [
        (Mixture(pairs=1000), {"topic": 100, "translation": 50, "pair": 200}),
        (Mixture(translations=7), {"topic": 100, "translation": 7}),
        (Mixture(pairs=30), {"topic": 100, "translation": 50, "pair": 30}),
        (Mixture(translations=0), {"topic": 100}),
        (Mixture(thinking=False), {"topic": 50, "translation": 50}),
        (Mixture(direct=False, translations=0), {"topic": 50}),
    ],
)
def test_parts_of_a_mixture(mixture: Mixture, counts: dict[str, int]) -> None:
    mixed = mix(ROWS, mixture, INSTRUCTIONS, CARD)
    got: dict[str, int] = {}
    for row in mixed:
        got[row["strategy"]] = got.get(row["strategy"], 0) + 1
    assert got == counts


def test_a_row_without_a_trace_has_no_thinking_form() -> None:
    mixed = mix([generated(1, None)], Mixture(), INSTRUCTIONS, CARD)
    assert [row["form"] for row in mixed] == ["direct"]


def test_pairs_go_both_ways_and_come_once() -> None:
    rows = [translated(1), {**translated(1), "id": "translation-copy"}]
    pairs = list(distinct_pairs(rows, INSTRUCTIONS, CARD))
    assert [pair["messages"][0]["content"] for pair in pairs] == [
        "Translate from English into Swahili.\n\nNews 1?",
        "Translate from Swahili into English.\n\nHabari 1?",
        "Translate from English into Swahili.\n\nGood 1.",
        "Translate from Swahili into English.\n\nNzuri 1.",
    ]
    assert [pair["messages"][1]["content"] for pair in pairs] == [
        "Habari 1?",
        "News 1?",
        "Nzuri 1.",
        "Good 1.",
    ]
    assert {pair["parent"] for pair in pairs} == {"translation-1"}


@pytest.mark.parametrize(
    ("original", "translation", "expected"),
    [
        ("One.", "Moja.", [("One.", "Moja.")]),
        ("Which?\n\nA. one", "Ipi?\nA. moja", [("Which?", "Ipi?"), ("A. one", "A. moja")]),
        ("One.\nTwo.", "Moja. Mbili.", [("One.\nTwo.", "Moja. Mbili.")]),
    ],
)
def test_lines_are_paired_where_both_sides_have_as_many(
    original: str, translation: str, expected: list[tuple[str, str]]
) -> None:
    row = {"original": conversation(original), "messages": conversation(translation)}
    assert list(parallel_lines(row)) == expected


def test_both_forms_of_a_prompt_are_on_one_side_of_the_split() -> None:
    train, validation = split(mix(ROWS, Mixture(pairs=1000), INSTRUCTIONS, CARD), 0.3, seed=1)
    assert len(train) + len(validation) == 350
    assert 50 < len(validation) < 160

    def groups(rows: list[dict[str, Any]]) -> set[str]:
        return {
            row["source"] if row["strategy"] in {"pair", "translation"} else row["id"]
            for row in rows
        }

    assert not groups(train) & groups(validation)


def test_the_split_moves_no_row_when_others_join() -> None:
    few = {row["id"] for row in split(mix(ROWS[:50], Mixture(), INSTRUCTIONS, CARD), 0.3, 1)[1]}
    many = {row["id"] for row in split(mix(ROWS, Mixture(), INSTRUCTIONS, CARD), 0.3, 1)[1]}
    assert few <= many
