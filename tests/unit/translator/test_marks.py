"""What a translation must keep, whatever the engine does to it."""

import asyncio
import re

import pytest

from limbeck.translator import marks

TEXTS = {
    "plain": ("A red house.", "A RED HOUSE."),
    "lines and white space": ("one\n\n  two\tthree \n", "ONE\n\n  TWO\tTHREE \n"),
    "heading and bullets": ("# Head\n- one\n  * two\n3. three", "# HEAD\n- ONE\n  * TWO\n3. THREE"),
    "emphasis": ("do **not** go _there_ now", "DO **NOT** GO _THERE_ NOW"),
    "letters": ("A. Paris\nb. Rome\nj) Oslo", "A. PARIS\nb. ROME\nj) OSLO"),
    "table": ("| name | n |\n|---|---|\n| red | 12 |", "| NAME | N |\n|---|---|\n| RED | 12 |"),
    "tags": ("a <b>bold</b> word<br/>end &amp; more", "A <b>BOLD</b> WORD<br/>END &amp; MORE"),
    "code": ("say `print(x)` twice", "SAY `print(x)` TWICE"),
    "block of code": ("see:\n```py\nfor a in b: go()\n```", "SEE:\n```py\nfor a in b: go()\n```"),
    "address": ("at https://a.org/b_c?d=e, see", "AT https://a.org/b_c?d=e, SEE"),
    "address with an underscore": ("a https://b.org/c_(film) d", "A https://b.org/c_(film) D"),
    "link": ("read [the page](http://a.b/c) now", "READ [THE PAGE](http://a.b/c) NOW"),
    "mail and file": ("send a.txt to me@b.org today", "SEND a.txt TO me@b.org TODAY"),
    "placeholders": ("dear {name}, %s of %(what)s", "DEAR {name}, %s OF %(what)s"),
    "formula": ("where $E = mc^2$ holds", "WHERE $E = mc^2$ HOLDS"),
    "formulas without a sign": ("so $3x$ and $a b$ hold", "SO $3x$ AND $a b$ HOLD"),
    "formula with a number first": ("so $2x + 3 = 7$ holds", "SO $2x + 3 = 7$ HOLDS"),
    "formula with words": (r"so $\text{all the men}$ is", r"SO $\text{all the men}$ IS"),
    "formula on its own": ("so\n$$a + b$$\nholds", "SO\n$$a + b$$\nHOLDS"),
    "prices": ("I paid $20 for this, you paid US$ 30.", "I PAID $20 FOR THIS, YOU PAID US$ 30."),
    "a dollar": ("the $ and the other US$.", "THE $ AND THE OTHER US$."),
    "big money": ("pay $$20 for all that$$ now", "PAY $$20 FOR ALL THAT$$ NOW"),
    "very big money": ("$$$ for all of them $$$ now", "$$$ FOR ALL OF THEM $$$ NOW"),
    "variable": ("set max_tokens to 5", "SET max_tokens TO 5"),
    "nothing to translate": ("{text}", "{text}"),
    "digits": ("12 % of 3.5", "12 % OF 3.5"),
    "empty": ("", ""),
}  # fmt: skip


def run(text: str, engine):
    async def translate(lines: list[str]) -> list[str]:
        return [engine(line) for line in lines]

    return asyncio.run(marks.translate([text], translate))[0]


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_kept(name: str) -> None:
    text, wanted = TEXTS[name]
    assert run(text, str.upper) == wanted


@pytest.mark.parametrize("name", TEXTS)
def test_an_engine_that_loses_all_but_letters_loses_nothing_that_is_kept(name: str) -> None:
    text, _ = TEXTS[name]
    found = run(text, lambda line: "x" * len(re.sub(r"[^A-Za-z ]|qxz\w+q", "", line)) or "x")
    for kept in re.findall(r"`[^`]+`|https?://[^\s,)]+|\{\w+\}|\d+(?:[.]\d+)?|\*\*|\|", text):
        assert kept in found


def test_a_sentence_with_marks_is_one_to_the_engine() -> None:
    seen = []
    run("see `a` at https://b.org or c.txt now", lambda line: seen.append(line) or line)
    assert len(seen) == 1
    assert not re.search(r"[`:/.]", seen[0])


@pytest.mark.parametrize("line", ["J. Smith went home", "C. S. Lewis and A. Lee"])
def test_initials_are_part_of_a_name(line: str) -> None:
    assert run(line, lambda said: f"<{said}>") == f"<{line}>"


def test_marks_may_change_places_and_case() -> None:
    text = "give `a` to `b` now"
    assert run(text, lambda line: "Qxzcq now to qxzbq give") == "`b` now to `a` give"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "In 1990 about 300 people lived in the village.",
            "১৯৯০ সালে গ্রামে প্রায় ৩০০ জন বাস করত।",
        ),
        ("It is 3.5 m long", "Es ist 3,5 m lang"),
        ("about 1,000 cats", "etwa 1.000 Katzen"),
        ("about 1,000 cats", "environ 1\u202f000 chats"),
    ],
)
def test_numbers_as_other_languages_write_them_are_kept(text: str, said: str) -> None:
    seen = []
    assert run(text, lambda line: seen.append(line) or said) == said
    assert seen == [text]


def test_numbers_that_are_lost_or_changed_are_translated_around() -> None:
    assert run("about 1,234 cats", lambda line: line.replace("1,234", "1235").upper()) == (
        "ABOUT 1,234 CATS"
    )
    assert run("12 cats and 7 dogs", lambda line: re.sub(r"\d+", "", line).strip().upper()) == (
        "12 CATS AND 7 DOGS"
    )
