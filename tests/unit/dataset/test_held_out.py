"""What the filter of benchmark items takes for an item's text."""

from typing import Any

import pytest

from limbeck.dataset.filters.decontaminate import held_out
from limbeck.dataset.held_out import HeldOut

LONG = "Mwalimu anasoma kitabu kizuri shuleni kila siku asubuhi na mapema sana"
ITEM = {
    "id": "1",
    "text": LONG,
    "option": "kitabu kizuri",
    "question": "Nani anasoma kitabu kizuri?",
    "link": "https://en.wikipedia.org/wiki/a_page_with_a_long_name",
}


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        (LONG, True),
        (LONG.upper(), True),
        (LONG.replace(" ", ", "), True),
        (LONG.replace(" ", ""), True),
        (f"Niliandika hivi: {LONG}. Ni kweli.", True),
        ("Kila siku mwalimu anasoma kitabu kizuri shuleni kila siku asubuhi leo", True),
        ("kitabu kizuri shuleni kila siku", True),  # the whole text, and much of the item
        ("mwalimu anasoma kitabu", False),
        ("Juma ana kitabu kizuri shuleni kila wakati wa mchana", False),
        ("nani anasoma kitabu kizuri", True),
        ("Nani anasoma kitabu kizurizuri", False),
        ("kitabu kizuri", False),
        ("Mwalimu anasoma gazeti", False),
        ("https://en.wikipedia.org/wiki/a_page_with_a_long_name", False),
        ("", False),
    ],
)
def test_held_out_text_is_found(text: str, caught: bool) -> None:
    assert (HeldOut([ITEM]).hit(text) is not None) == caught


def test_texts_in_a_list_are_held_out() -> None:
    item = {"question": "nani?", "options": ["mwalimu anasoma kitabu kizuri shuleni", "hakuna"]}
    assert HeldOut([item]).hit("Kila siku mwalimu anasoma kitabu kizuri shuleni")


def test_a_phrase_of_many_items_is_everybodys() -> None:
    phrase = "kulingana na kifungu hiki ni lipi kati ya yafuatayo ambalo"
    items = [{"question": f"{phrase} {word}?"} for word in ("ni sahihi", "halikutajwa", "la kweli")]
    assert HeldOut(items).hit(f"Swali: {phrase} hupendi?")
    items += [{"question": f"{phrase} {word}?"} for word in ("la uongo", "ni geni", "la zamani")]
    assert HeldOut(items).hit(f"Swali: {phrase} hupendi?") is None
    assert HeldOut(items).hit(f"Swali: {phrase} ni geni?"), "a whole item"


OPTION = "hakuna jibu sahihi kati ya haya yaliyotajwa"
PASSAGE = f"{LONG}. {LONG[::-1]}"


@pytest.mark.parametrize(
    ("items", "text", "caught"),
    [
        ([{"question": str(n), "option": OPTION} for n in range(4)], OPTION, True),
        ([{"question": str(n), "option": OPTION} for n in range(50)], OPTION, False),
        ([{"question": str(n), "passage": PASSAGE} for n in range(50)], PASSAGE, True),
        ([{"id": str(n), "text": OPTION} for n in range(5)], OPTION, True),  # one item
    ],
)
def test_a_text_of_many_items_is_everybodys_unless_it_is_long(
    items: list[Any], text: str, caught: bool
) -> None:
    assert bool(HeldOut(items).hit(f"Juma alisema: {text}.")) == caught


MMLU = {
    "sample_id": "high_school_computer_science/test/12",
    "subject": "high_school_computer_science",
    "question": "Je, kompyuta ni nini hasa kwa maoni yako?",
    "option_a": "kifaa cha kielektroniki cha kuchakata habari",
    "required_knowledge": "['Geographical', 'regional knowledge']",
    "reference": "[{'start': 5, 'end': 70, 'label': 'Country'}]",
}


@pytest.mark.parametrize(
    ("item", "text", "caught"),
    [
        (MMLU, "I have taught high school computer science in Nairobi", False),
        (MMLU, "What is geographical, regional knowledge?", False),
        (MMLU, MMLU["question"], True),
        (MMLU, f"Ni {MMLU['option_a']}.", True),
        ({"id": "1", "text": "Habari", "reference": LONG}, LONG, True),
    ],
)
def test_what_global_mmlu_says_of_its_questions_is_no_text(
    item: Any, text: str, caught: bool
) -> None:
    assert bool(HeldOut([item]).hit(text)) == caught


def test_held_out_looks_everywhere_in_a_row(row: Any) -> None:
    limit = held_out(HeldOut([ITEM]))
    assert limit(row("Habari", "Nzuri")) is None
    for found in (
        row("Habari", LONG),
        row("Habari", "Nzuri", reasoning=LONG),
        row("a", original=[LONG]),
    ):
        assert limit(found) == ("benchmark text", LONG)
