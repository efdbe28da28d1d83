"""Benchmarks of your own: a table, and the names of its columns."""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from limbeck.config import Choosing, Counting, Custom, Translating, fill
from limbeck.errors import UserError
from limbeck.evaluation import flores, numeric, reading
from limbeck.evaluation.items import Benchmark, Item, Kind, Part, value
from limbeck.files import Row

CHOICE = "multiple_choice"  # the template that asks all of them
PLACEHOLDERS = {
    "choice": ("question", "options"),
    "translation": ("text",),
    "number": ("question",),
}


@dataclass(frozen=True, slots=True)
class Files:
    """The tables of a custom benchmark."""

    custom: Custom

    def split(self, part: Part) -> str | None:
        """See `limbeck.evaluation.items.Source`."""
        there = part == "test" or self.custom.shots is not None
        return part if there else None

    def rows(self, card: Row, part: Part) -> list[Row]:
        """See `limbeck.evaluation.items.Source`. Rows are numbered."""
        named = self.custom.test if part == "test" else str(self.custom.shots)
        path = Path(fill(named, card)).expanduser()
        if not path.is_file():
            raise UserError(f"{path}: there is no such file (benchmarks.custom, {card['name']})")
        rows = reading.table([path], partial(fits, custom=self.custom))
        return [{**row, "number": number} for number, row in enumerate(rows)]


def fits(row: Row, custom: Custom) -> object:
    """See `limbeck.evaluation.items.Benchmark`."""
    return load([{**row, "number": 0}], custom)


def load(rows: Sequence[Row], custom: Custom) -> list[Item]:
    """The items of a custom benchmark's numbered rows."""
    if isinstance(custom, Choosing):
        return choices(rows, custom)
    if isinstance(custom, Counting):
        return numeric.load(rows, custom)
    return translations(rows, custom)


def choices(rows: Sequence[Row], custom: Choosing) -> list[Item]:
    """Items with options A, B, C ... as many as each row has.

    Raises:
        ValueError: an answer is none of the options.
    """
    items = []
    for row in rows:
        options = dict(zip(string.ascii_uppercase, _options(row, custom.options), strict=False))
        lines = "\n".join(f"{letter}. {text}" for letter, text in options.items())
        words = {"question": value(row, custom.question), "options": lines}
        group = value(row, custom.group) if custom.group else None
        gold = _gold(value(row, custom.answer).strip(), options, custom)
        items.append(Item(str(row["number"]), words, gold, options, group))
    return items


def _options(row: Row, named: str | list[str]) -> list[str]:
    if not isinstance(named, str):
        return [value(row, name) for name in named]
    texts = row.get(named)
    if not isinstance(texts, list) or not 2 <= len(texts) <= 26:
        raise ValueError(f"has no list of 2 to 26 options as {named}")
    return [value({named: text}, named) for text in texts]


def _gold(text: str, options: dict[str, str], custom: Choosing) -> str:
    if custom.count_from is not None:
        letters = list(options)
        place = int(text) - custom.count_from if re.fullmatch(r"-?\d{1,9}", text) else -1
        found = letters[place : place + 1] if place >= 0 else []
    elif text in options:
        found = [text]
    else:
        found = [letter for letter, option in options.items() if option.strip() == text]
    if len(found) != 1:
        hint = "; numbers need count_from" if text.isdigit() else ""
        raise ValueError(f"has {text!r:.60} as {custom.answer}, which is no option{hint}")
    return found[0]


def translations(rows: Sequence[Row], custom: Translating) -> list[Item]:
    """Items that translate from or into English."""
    renamed = [
        {
            "id": row["number"],
            "text_eng": value(row, custom.english),
            "text": value(row, custom.text),
        }
        for row in rows
    ]
    return direction(custom).load(renamed)


def direction(custom: Translating) -> Benchmark:
    """The benchmark that asks the same of other sentences."""
    return flores.INTO_ENGLISH if custom.direction == "into_english" else flores.FROM_ENGLISH


def benchmark(name: str, custom: Custom) -> Benchmark:
    """A custom benchmark in the form of the published ones."""
    kind: Kind
    if isinstance(custom, Choosing):
        kind, asked_as = "choice", CHOICE
    elif isinstance(custom, Counting):
        kind, asked_as = "number", numeric.QUESTION
    else:
        kind, asked_as = "translation", direction(custom).name
    return Benchmark(
        name=name,
        asked_as=asked_as,
        placeholders=PLACEHOLDERS[kind],
        folder=lambda path: Files(custom),
        read=partial(reading.whole_language, group="number"),
        load=partial(load, custom=custom),
        fits=partial(fits, custom=custom),
        kind=kind,
        whole=("question",) if kind == "choice" else None,
        into_english=asked_as == flores.INTO_ENGLISH.name,
    )
