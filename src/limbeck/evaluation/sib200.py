"""SIB-200: the topic of a sentence (Adelani et al. 2024, EACL, arXiv 2309.07445).

Folder: ``{code}/{train,dev,test}.tsv[.gz]`` with index_id, category and text.
"""

from collections.abc import Sequence
from functools import partial

from limbeck.evaluation import reading
from limbeck.evaluation.items import Benchmark, Item, one_of, value
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


def load(rows: Sequence[Row]) -> list[Item]:
    """Items whose options are the labels themselves."""
    options = {label: label for label in LABELS}
    labels = ", ".join(LABELS)
    return [
        Item(
            value(row, "index_id"),
            {"labels": labels, "text": value(row, "text")},
            one_of(row, "category", LABELS),
            options,
        )
        for row in rows
    ]


def fits(row: Row) -> object:
    """See `limbeck.evaluation.items.Benchmark`."""
    return load([row])


SIB200 = Benchmark(
    name="sib200",
    asked_as="sib200",
    placeholders=("labels", "text"),
    folder=partial(
        reading.Folder,
        what="SIB-200",
        names=lambda card, split: [f"{card['code']}/{split}"],
        fits=fits,
        shots="train",
    ),
    read=partial(reading.whole_language, group="index_id"),
    load=load,
    fits=fits,
    kind="choice",
)
