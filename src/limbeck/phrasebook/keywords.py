"""The phrasebook as a classifier: it tells a label by keywords alone.

Asked for texts of a label it writes them right, since it knows what it writes. Asked for the label
of a text, in the labels' form, it looks for a few keywords and nothing else, and so errs as people
do with such lists: a denial ("sikuipenda", I did not like it) counts for what it denies, a keyword
is found in the middle of another word ("mto", river, in "mtoto", child), and a text with none of
the words is guessed. That a small classifier learns to do better from texts is then to be seen.
"""

import random
from functools import cache

from limbeck.phrasebook.strings import load, plain


@cache
def _keywords() -> dict[str, list[str]]:
    known: dict[str, list[str]] = load("keywords.yaml")
    return known


def label_of(text: str, labels: list[str], rng: random.Random) -> str:
    """The label whose keywords the most words hold; a seeded guess where that is not one.

    Args:
        text: in Swahili or English.
        labels: to choose from, at least one. Those without keywords are only guessed.
        rng: what guesses are drawn from.
    """
    words = plain(text).split()
    found = {
        label: sum(any(keyword in word for keyword in _keywords().get(label, ())) for word in words)
        for label in labels
    }
    most = max(found.values())
    return rng.choice([label for label in labels if found[label] == most])
