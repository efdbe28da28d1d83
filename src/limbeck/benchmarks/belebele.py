"""Belebele: questions about a passage, four options (Bandarkar et al. 2024, arXiv 2308.16884).

Folder: ``{code}.jsonl`` (or a table of another form), 900 rows and no split for examples.
"""

from collections.abc import Sequence
from pathlib import Path

from limbeck.benchmarks import reading
from limbeck.benchmarks.items import Benchmark, Item, Split
from limbeck.files import Row

LETTERS = "ABCD"
_ANSWERS = [f"mc_answer{number}" for number in range(1, 5)]
_COLUMNS = ("link", "question_number", "flores_passage", "question", *_ANSWERS)


def read(folder: Path, card: Row, seed: int) -> Split:
    """All rows but those of a few passages, which are examples."""
    names = [str(card["code"]), f"{card['code']}/test*", f"data/{card['code']}"]
    paths = reading.want(folder, names, reading.TABLES, "Belebele")
    rows = reading.table(paths, [*_COLUMNS, "correct_answer_num"])
    test, shots = reading.set_aside(rows, seed, lambda row: row["flores_passage"])
    return reading.marked(test, f"test-{len(shots)}"), reading.marked(shots, "test")


def load(rows: Sequence[Row]) -> list[Item]:
    """Items with options A to D."""
    items = []
    for row in rows:
        options = dict(zip(LETTERS, (str(row[name]) for name in _ANSWERS), strict=True))
        words = {"passage": row["flores_passage"], "question": row["question"]}
        words |= {f"option_{letter.lower()}": text for letter, text in options.items()}
        gold = LETTERS[int(row["correct_answer_num"]) - 1]
        items.append(Item(f"{row['link']}#{row['question_number']}", words, gold, options))
    return items


BELEBELE = Benchmark(
    name="belebele",
    version=1,
    data_set="belebele",
    placeholders=("passage", "question", "option_a", "option_b", "option_c", "option_d"),
    read=read,
    load=load,
    choice=True,
)
