"""SIB-200: the topic of a sentence (Adelani et al. 2024, EACL, arXiv 2309.07445).

Folder: ``{code}/{train,dev,test}.tsv[.gz]`` with index_id, category and text.
"""

from collections.abc import Sequence
from pathlib import Path

from limbeck.benchmarks import reading
from limbeck.benchmarks.items import Benchmark, Item, Split
from limbeck.files import Row

LABELS = (
    "science/technology",
    "travel",
    "politics",
    "sports",
    "health",
    "entertainment",
    "geography",
)
_COLUMNS = ("index_id", "category", "text")


def read(folder: Path, card: Row, seed: int) -> Split:
    """Test sentences, and train sentences as examples."""
    test, train = (_rows(folder, str(card["code"]), split) for split in ("test", "train"))
    return test, train


def _rows(folder: Path, code: str, split: str) -> list[Row]:
    paths = reading.want(folder, [f"{code}/{split}"], reading.TABLES, "SIB-200")
    return reading.marked(reading.table(paths[:1], _COLUMNS), split)


def load(rows: Sequence[Row]) -> list[Item]:
    """Items whose options are the labels themselves."""
    options = {label: label for label in LABELS}
    labels = ", ".join(LABELS)
    return [
        Item(
            str(row["index_id"]), {"labels": labels, "text": row["text"]}, row["category"], options
        )
        for row in rows
    ]


SIB200 = Benchmark(
    name="sib200",
    version=1,
    data_set="sib200",
    placeholders=("labels", "text"),
    read=read,
    load=load,
    choice=True,
    whole_options=True,
)
