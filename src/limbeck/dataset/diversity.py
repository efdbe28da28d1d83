"""How different texts are from one another, by themselves: no reference is wanted.

Each measure depends on how many texts there are, so compare equal numbers of them.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from limbeck.dataset.texts import words
from limbeck.generation.overlap import Different, grams

BEGINNING = 300  # characters of a text that diversity is measured on, so that length does not count
NEAR = 0.65  # similarity of near duplicates, that of `filters.near_duplicates` for a real run
_GRAM = 8  # characters: no word splitting, so Thai, Lao and Tibetan work
_WORDS, _OPENING = 3, 24  # of an opening, and its characters where words are not split


@dataclass(frozen=True, slots=True)
class Diversity:
    """What was measured of so many texts."""

    texts: int
    distinct: float  # 0 to 1
    near_duplicates: float  # share
    vendi: float  # 1 to the number of texts
    openings: float  # share


def measured(texts: Sequence[str]) -> Diversity | None:
    """All measures; None without texts."""
    if not texts:
        return None
    return Diversity(
        len(texts),
        round(distinct(texts) or 0.0, 3),
        round(near_duplicates(texts), 3),
        round(vendi(texts), 1),
        round(openings(texts), 3),
    )


def pieces(text: str) -> list[str]:
    """The n-grams of characters at the beginning of a text; a short text is one of them."""
    plain = _beginning(text)
    return [plain[start : start + _GRAM] for start in range(max(1, len(plain) - _GRAM + 1))]


def distinct(texts: Sequence[str]) -> float | None:
    """Different n-grams over all n-grams (distinct-n; Li et al. 2016, N16-1014), 0 to 1."""
    found = [piece for text in texts for piece in pieces(text)]
    return len(set(found)) / len(found) if found else None


def near_duplicates(texts: Sequence[str]) -> float:
    """The share of the texts that are much like an earlier one."""
    kept = Different(NEAR, map(_beginning, texts))
    return sum(kept.earlier(_beginning(text)) is not None for text in texts) / len(texts)


def vendi(texts: Sequence[str]) -> float:
    """As if so many texts had nothing in common (Friedman and Dieng 2023, arXiv 2210.02410).

    The exponential of the entropy of the eigenvalues of K / n, where K has the cosine similarities
    of the texts' sets of character 4-grams.
    """
    import numpy

    holders: defaultdict[str, list[int]] = defaultdict(list)
    sets = [grams(_beginning(text)) for text in texts]
    for place, own in enumerate(sets):
        for piece in own:
            holders[piece].append(place)
    shared = numpy.zeros((len(sets), len(sets)))
    for places in holders.values():
        shared[numpy.ix_(places, places)] += 1
    lengths = numpy.sqrt([len(own) for own in sets])
    values = numpy.linalg.eigvalsh(shared / numpy.outer(lengths, lengths) / len(sets))
    return math.exp(-sum(value * math.log(value) for value in values.tolist() if value > 1e-12))


def openings(texts: Sequence[str]) -> float:
    """The share of the texts whose first three words are those of another one, too.

    Of text without spaces it is the first characters.
    """
    found = [" ".join(words(text)[:_WORDS])[:_OPENING] for text in texts]
    times = Counter(found)
    return sum(times[opening] > 1 for opening in found) / len(found)


def _beginning(text: str) -> str:
    return " ".join(text.casefold().split())[:BEGINNING]
