"""Global-MMLU: questions of school and university, four options (Singh et al. 2024, 2412.03304).

Folder: ``{label}/{test,dev}*`` as Parquet, JSONL, CSV or TSV; the full and the Lite set. The label
is the language's there (``sw``, ``fil``), or its code where it has none.
"""

from collections.abc import Sequence
from functools import partial

from limbeck.evaluation import reading
from limbeck.evaluation.items import Benchmark, Item, one_of, value
from limbeck.files import Row
from limbeck.languages import covered

LETTERS = "ABCD"
_OPTIONS = {letter: f"option_{letter.lower()}" for letter in LETTERS}


def _names(card: Row, split: str, name: str) -> list[str]:
    # No shorter code of the language: zh/ is Simplified Chinese, sr/ is Serbian in Cyrillic.
    return [f"{code}/{split}*" for code in (covered(card, name), card["code"]) if code]


def load(rows: Sequence[Row]) -> list[Item]:
    """Items with options A to D, by subject group."""
    items = []
    for row in rows:
        options = {letter: value(row, name) for letter, name in _OPTIONS.items()}
        words = {"question": value(row, "question")}
        words |= {name: options[letter] for letter, name in _OPTIONS.items()}
        group = value(row, "subject_category") if row.get("subject_category") else None
        gold = one_of(row, "answer", LETTERS)
        items.append(Item(value(row, "sample_id"), words, gold, options, group))
    return items


def fits(row: Row) -> object:
    """See `limbeck.evaluation.items.Benchmark`."""
    return load([row])


def benchmark(name: str, what: str) -> Benchmark:
    """The full set or the Lite one."""
    return Benchmark(
        name=name,
        asked_as="global_mmlu",
        placeholders=("question", *_OPTIONS.values()),
        folder=partial(
            reading.Folder, what=what, names=partial(_names, name=name), fits=fits, shots="dev"
        ),
        read=partial(reading.whole_language, group="sample_id"),
        load=load,
        fits=fits,
        kind="choice",
        whole=("question",),
    )


GLOBAL_MMLU = benchmark("global_mmlu", "Global-MMLU")
GLOBAL_MMLU_LITE = benchmark("global_mmlu_lite", "Global-MMLU-Lite")
