"""Find benchmark text in training rows.

A training row is contaminated when it shares 8 words in a row with a benchmark's item, or holds a
whole shorter item of at least 4 words; letter case and punctuation do not count. (N-gram overlap
as in Brown et al. 2020, appendix C, with the shorter n that benchmarks of single sentences need.)
"""

import re
from collections.abc import Iterable, Iterator

from limbeck.files import Row

_WINDOW = 8
_SHORTEST = 4
_WORD = re.compile(r"[^\W_]+")

Words = tuple[str, ...]


def words(text: str) -> Words:
    """The words of a text, case-folded, without punctuation."""
    return tuple(_WORD.findall(text.casefold()))


class HeldOut:
    """The benchmark text that must not be trained on, ready to be looked up."""

    def __init__(self, items: Iterable[Row]) -> None:
        self._grams: dict[Words, str] = {}
        for item in items:
            for text in _texts(item):
                for gram in _grams(words(text), _WINDOW):
                    self._grams.setdefault(gram, text)
        self._lengths = sorted({len(gram) for gram in self._grams})

    def hit(self, text: str) -> str | None:
        """The benchmark text that ``text`` shares words with, or None."""
        tokens = words(text)
        for length in self._lengths:
            for start in range(len(tokens) - length + 1):
                found = self._grams.get(tokens[start : start + length])
                if found is not None:
                    return found
        return None


def _texts(item: Row) -> Iterator[str]:
    # Options of one or two words and labels are everybody's words; _grams leaves them out.
    yield from (value for value in item.values() if isinstance(value, str))


def _grams(tokens: Words, window: int) -> Iterator[Words]:
    if len(tokens) < _SHORTEST:
        return
    size = min(window, len(tokens))
    for start in range(len(tokens) - size + 1):
        yield tokens[start : start + size]
