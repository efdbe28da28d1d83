"""Belebele: questions about a passage, four options (Bandarkar et al. 2024, arXiv 2308.16884).

Folder: ``{code}.jsonl`` (or a table of another form), 900 rows and no split for examples.
"""

from collections.abc import Sequence
from functools import partial

from limbeck.evaluation import reading
from limbeck.evaluation.items import Benchmark, Item, one_of, value
from limbeck.files import Row

LETTERS = "ABCD"
_ANSWERS = [f"mc_answer{number}" for number in range(1, 5)]


def load(rows: Sequence[Row]) -> list[Item]:
    """Items with options A to D."""
    items = []
    for row in rows:
        options = dict(zip(LETTERS, (value(row, name) for name in _ANSWERS), strict=True))
        words = {"passage": value(row, "flores_passage"), "question": value(row, "question")}
        words |= {f"option_{letter.lower()}": text for letter, text in options.items()}
        gold = LETTERS[int(one_of(row, "correct_answer_num", "1234")) - 1]
        name = f"{value(row, 'link')}#{value(row, 'question_number')}"
        items.append(Item(name, words, gold, options))
    return items


def fits(row: Row) -> object:
    """See `limbeck.evaluation.items.Benchmark`."""
    return load([row])


BELEBELE = Benchmark(
    name="belebele",
    asked_as="belebele",
    placeholders=("passage", "question", "option_a", "option_b", "option_c", "option_d"),
    folder=partial(
        reading.Folder,
        what="Belebele",
        names=lambda card, split: [
            card["code"],
            f"{card['code']}/{split}*",
            f"data/{card['code']}",
        ],
        fits=fits,
    ),
    # Questions about one passage stay together: a few passages become examples.
    read=partial(reading.whole_language, group="flores_passage"),
    load=load,
    fits=fits,
    kind="choice",
    whole=("passage", "question"),
)
