"""Balanced samples of labelled rows, and a held-out share of them."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain, cycle, islice, zip_longest

from limbeck.files import Row, digest


def balanced(rows: Sequence[Row], size: int, seed: int) -> list[Row]:
    """``size`` rows, labels taken in turn; where a label runs out, the others go on.

    The sample of a larger size holds that of a smaller one of the same seed. The order of ``rows``
    does not matter.
    """
    by_label: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: digest(seed, row["id"])):
        by_label[row["label"]].append(row)
    groups = [by_label[label] for label in sorted(by_label)]
    random.Random(seed).shuffle(groups)  # so that no label always gets the odd row
    dealt = [row for turn in zip_longest(*groups) for row in turn if row is not None]
    return dealt[:size]


def weights(labels: Sequence[str], even: bool) -> dict[str, float]:
    """What a text of each label counts: 1, or so that all labels count the same."""
    counts = Counter(labels)
    each = len(labels) / len(counts)
    return {label: each / counts[label] if even else 1.0 for label in sorted(counts)}


def evened(rows: Sequence[Row]) -> list[Row]:
    """The rows, and those of the rarer labels again, until each label has as many as any."""
    by_label: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_label[row["label"]].append(row)
    most = max(map(len, by_label.values()), default=0)
    return [row for group in by_label.values() for row in islice(cycle(group), most)]


def split(rows: Sequence[Row], share: float, seed: int) -> tuple[list[Row], list[Row]]:
    """The rows without a share of each label, and that share: one text a label at least.

    All copies of a row, by its id, are on one side: what was learned would else seem to be new.
    """
    by_label: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in sorted(rows, key=lambda row: digest("held out", seed, row["id"])):
        by_label[row["label"]][row["id"]].append(row)
    kept: list[Row] = []
    held: list[Row] = []
    for label in sorted(by_label):
        texts = list(by_label[label].values())
        count = min(max(1, round(len(texts) * share)), len(texts) - 1)
        held += chain.from_iterable(texts[:count])
        kept += chain.from_iterable(texts[count:])
    return kept, held


def sizes(wanted: Sequence[int], available: int) -> list[int]:
    """The sizes of a curve that the rows allow, and all of them at the end."""
    return sorted({size for size in wanted if size < available} | {available})
