"""Mixtures: the forms of a row, the pairs, and the split."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from limbeck.config import Mixture
from limbeck.dataset.mix import (
    Wording,
    bounded,
    chosen,
    count,
    group,
    mix,
    pairs,
    parallel_lines,
    split,
)
from limbeck.dataset.rows import from_text, provenance
from limbeck.generation.instructions import load
from limbeck.generation.templates import TEMPLATES

ROOT = Path(__file__).parents[3]
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
OWN = {"from_english": "Tafsiri kwa Kiswahili.\n\n{text}", "into_english": None}
WORDING = Wording.of(load(ROOT / "config/prompts/dataset.yaml", TEMPLATES), CARD, OWN)


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
        "length": "natural",
    }


def translated(number: int) -> dict[str, Any]:
    return {
        **generated(number, None),
        "length": None,
        "id": f"translation-{number}",
        "messages": conversation(f"Habari {number}?", f"Nzuri {number}."),
        "original": conversation(f"News {number}?", f"Good {number}."),
        "strategy": "translation",
        "source": f"conversation-{number}",
    }


ROWS = [*(generated(n) for n in range(50)), *(translated(n) for n in range(50))]


def test_thinking_form_has_the_system_prompt_and_the_trace() -> None:
    row = mix([generated(1)], Mixture(direct=False), WORDING)[0]
    assert [m["role"] for m in row["messages"]] == ["system", "user", "assistant"]
    assert row["messages"][0]["content"] == "Think first, then answer."
    assert row["messages"][2]["content"] == "<think>\nNi hesabu.\n</think>\n\nJibu 1."
    assert row["form"] == "thinking"


def test_direct_form_is_the_answer_alone() -> None:
    row = mix([generated(1)], Mixture(thinking=False), WORDING)[0]
    assert row["messages"] == conversation("Swali 1?", "Jibu 1.")
    assert row["form"] == "direct"


@pytest.mark.parametrize(
    ("mixture", "counts"),
    [
        (Mixture(pairs=1000), {"topic": 100, "translation": 50, "pair": 200}),
        (Mixture(translations=7), {"topic": 100, "translation": 7}),
        (Mixture(pairs=30), {"topic": 100, "translation": 50, "pair": 30}),
        (Mixture(english=9), {"topic": 100, "translation": 50, "english": 9}),
        (Mixture(english=900), {"topic": 100, "translation": 50, "english": 50}),
        (Mixture(translations=0), {"topic": 100}),
        (Mixture(thinking=False), {"topic": 50, "translation": 50}),
        (Mixture(direct=False, translations=0), {"topic": 50}),
    ],
)
def test_parts_of_a_mixture(mixture: Mixture, counts: dict[str, int]) -> None:
    mixed = mix(ROWS, mixture, WORDING)
    got: dict[str, int] = {}
    for row in mixed:
        got[row["strategy"]] = got.get(row["strategy"], 0) + 1
    assert got == counts


@pytest.mark.parametrize(
    ("shares", "counts"),
    [
        (None, {"topic": 20, "translation": 10, "text": 1}),
        ({"topic": 1.0}, {"topic": 20, "text": 1}),
        ({"topic": 0.25, "translation": 1.0}, {"topic": 5, "translation": 10, "text": 1}),
        ({"scenario": 1.0}, {"text": 1}),
    ],
)
def test_a_mixture_chooses_and_weighs_strategies(
    shares: dict[Any, float] | None, counts: dict[str, int]
) -> None:
    text = {**generated(99), "strategy": "text"}
    rows = [*map(generated, range(20)), *map(translated, range(10)), text]
    found = chosen(rows, shares, 1)
    assert Counter(row["strategy"] for row in found) == counts
    assert found == [row for row in rows if row in found], "in their order"
    mixed = mix(found, Mixture(strategies=shares, pairs=40, english=5), WORDING)
    made_of_translations = {row["strategy"] for row in mixed} & {"pair", "english"}
    assert bool(made_of_translations) == ("translation" in counts)


def test_both_forms_can_have_as_much_text() -> None:
    rows = [generated(number, "Ni hesabu ndefu sana." * 9) for number in range(50)]
    sizes = []
    for form in ("thinking", "direct"):
        wanted = {"thinking": form == "thinking", "direct": form == "direct"}
        mixed = bounded(mix(rows, Mixture(**wanted), WORDING), 1000)
        sizes.append(sum(len(t["content"]) for row in mixed for t in row["messages"]))
    assert all(700 < size <= 1000 for size in sizes)
    assert bounded(rows, None) == rows


def test_texts_are_mixed_in_as_they_are() -> None:
    texts = [from_text({"id": n, "source": "s", "text": f"Maandishi {n}."}) for n in range(5)]
    mixture = Mixture(texts=3, thinking=False, direct=False, translations=0)
    mixed = mix([*ROWS, *texts], mixture, WORDING)
    assert [(row["id"], row["form"], row["messages"]) for row in mixed] == [
        (row["id"], "text", row["messages"]) for row in texts[:3]
    ]


def test_where_models_and_texts_lie_on_this_machine_is_in_no_row(tmp_path: Path) -> None:
    for here in ("/home/me/secret", "./secret plans", str(tmp_path)):
        row = from_text({"id": 1, "source": here, "text": "Maandishi."})
        assert row["source"] == "a local folder"
        named = provenance({"teacher": here, "translator": f"{here} x", "source": "health"})
        assert (named["teacher"], named["translator"]) == ("a local folder",) * 2
    known = provenance({"teacher": "openai/gpt-oss-120b", "source": ".NET"})
    assert (known["teacher"], known["source"]) == ("openai/gpt-oss-120b", ".NET")


def test_a_row_without_a_trace_has_no_thinking_form() -> None:
    mixed = mix([generated(1, None)], Mixture(), WORDING)
    assert [row["form"] for row in mixed] == ["direct"]


def test_pairs_go_both_ways_and_come_once() -> None:
    rows = [translated(1), {**translated(1), "id": "translation-copy"}]
    found = list(pairs(rows, WORDING, 0.0))
    assert [pair["messages"][0]["content"] for pair in found] == [
        "Translate from English into Swahili.\n\nNews 1?",
        "Translate from Swahili into English.\n\nHabari 1?",
        "Translate from English into Swahili.\n\nGood 1.",
        "Translate from Swahili into English.\n\nNzuri 1.",
    ]
    assert [pair["messages"][1]["content"] for pair in found] == [
        "Habari 1?",
        "News 1?",
        "Nzuri 1.",
        "Good 1.",
    ]
    assert {pair["parent"] for pair in found} == {"translation-1"}


def test_a_share_of_the_pairs_asks_in_the_language() -> None:
    rows = [translated(number) for number in range(500)]
    kinds = Counter(pair["kind"] for pair in pairs(rows, WORDING, 0.3))
    # The other direction has no template in the language, and asks in English.
    assert kinds.keys() == {"from_english", "from_english:in_language", "into_english"}
    assert kinds["into_english"] == 1000
    assert 250 < kinds["from_english:in_language"] < 350
    asked = {
        pair["id"]: pair["messages"][0]["content"].partition("\n\n")[0]
        for pair in pairs(rows, WORDING, 1.0)
        if pair["kind"] != "into_english"
    }
    assert set(asked.values()) == {"Tafsiri kwa Kiswahili."}
    assert len(asked) == 1000


def test_a_place_in_a_text_stays_as_it_is() -> None:
    row = {**translated(1), "original": conversation("Fill in {text}.")}
    row["messages"] = conversation("Jaza {text}.")
    asked = [pair["messages"][0]["content"].splitlines()[-1] for pair in pairs([row], WORDING, 1.0)]
    assert asked == ["Fill in {text}.", "Jaza {text}."]


def test_short_answers_are_asked_for() -> None:
    row = {**generated(1), "length": "short"}
    thinking, short = mix([row], Mixture(), WORDING)
    assert thinking["messages"][0]["content"] == "Think first, then answer. Answer briefly."
    assert short["messages"] == [
        {"role": "system", "content": "Answer briefly."},
        *conversation("Swali 1?", "Jibu 1."),
    ]
    assert mix([{**row, "length": "natural"}], Mixture(), WORDING)[1]["messages"] == row["messages"]
    assert count([row, generated(2), translated(1)])["by_length"] == {"natural": 1, "short": 1}


def test_english_originals_stay_with_their_translations() -> None:
    mixed = mix(ROWS, Mixture(english=10, translations=10, pairs=1000), WORDING)
    kept = {row["parent"]: row["messages"] for row in mixed if row["strategy"] == "english"}
    translations = {row["id"] for row in mixed if row["strategy"] == "translation"}
    assert kept["translation-49"] == conversation("News 49?", "Good 49.")
    assert not kept.keys() & translations  # other conversations, where there are enough
    sides = split(mixed, 0.3, seed=1)
    sources = [{row["source"] for row in side if row["original"]} for side in sides]
    assert not sources[0] & sources[1]


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
    train, validation = split(mix(ROWS, Mixture(pairs=1000), WORDING), 0.3, seed=1)
    assert len(train) + len(validation) == 350
    assert 50 < len(validation) < 160

    def groups(rows: list[dict[str, Any]]) -> set[str]:
        return {
            row["source"] if row["strategy"] in {"pair", "translation"} else row["id"]
            for row in rows
        }

    assert not groups(train) & groups(validation)


def test_one_group_is_held_out_however_few_there_are() -> None:
    for few in range(2, 30):
        rows = mix(ROWS[:few], Mixture(), WORDING)
        train, validation = split(rows, 0.001, seed=1)
        assert len({group(row) for row in validation}) == 1
        assert len(train) + len(validation) == len(rows)
    assert split([], 0.1, seed=1) == ([], [])


def test_the_split_moves_no_row_when_others_join() -> None:
    few = {row["id"] for row in split(mix(ROWS[:50], Mixture(), WORDING), 0.3, 1)[1]}
    many = {row["id"] for row in split(mix(ROWS, Mixture(), WORDING), 0.3, 1)[1]}
    assert few <= many
