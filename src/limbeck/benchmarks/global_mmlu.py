"""Global-MMLU: questions of school and university, four options (Singh et al. 2024, 2412.03304).

Folder: ``{iso639_1}/{test,dev}*`` as Parquet, JSONL, CSV or TSV; the full and the Lite set.
"""

from collections.abc import Sequence
from pathlib import Path

from limbeck.benchmarks import reading
from limbeck.benchmarks.items import Benchmark, Item, Split
from limbeck.files import Row

LETTERS = "ABCD"
_OPTIONS = {letter: f"option_{letter.lower()}" for letter in LETTERS}


def read(folder: Path, card: Row, seed: int) -> Split:
    """Test questions, and dev questions as examples."""
    codes = dict.fromkeys(str(card[key]) for key in ("iso639_1", "iso639_3", "code") if card[key])
    test, dev = (_rows(folder, list(codes), split) for split in ("test", "dev"))
    return test, dev


def _rows(folder: Path, codes: list[str], split: str) -> list[Row]:
    names = [f"{code}/{split}*" for code in codes]
    paths = reading.want(folder, names, reading.TABLES, "Global-MMLU")
    columns = ["sample_id", "question", *_OPTIONS.values(), "answer"]
    return reading.marked(reading.table(paths, columns), split)


def load(rows: Sequence[Row]) -> list[Item]:
    """Items with options A to D."""
    items = []
    for row in rows:
        options = {letter: str(row[name]) for letter, name in _OPTIONS.items()}
        words = {"question": row["question"]}
        words |= {name: options[letter] for letter, name in _OPTIONS.items()}
        items.append(Item(str(row["sample_id"]), words, row["answer"], options))
    return items


GLOBAL_MMLU = Benchmark(
    name="global_mmlu",
    version=1,
    data_set="global_mmlu",
    placeholders=("question", *_OPTIONS.values()),
    read=read,
    load=load,
    choice=True,
)
