"""Find benchmark text in training rows.

A row's text and an item share a stretch of letters and digits; case, punctuation, white space and
disguises (`limbeck.dataset.disguises`) do not count. The row is contaminated by a stretch of so
many characters or words, and by a shorter one that is the whole of the item or the whole of the
row's text. (N-gram overlap as in Brown et al. 2020, appendix C, with the shorter n that benchmarks
of single sentences need; characters find it in scripts that put no space between words, and after
words were split or joined.)

Every piece of 12 characters of the items is indexed, and one piece in 12 of a row is looked up and
extended to both sides, so that each stretch of 23 characters or more is found at a twelfth of the
look-ups. Scripts that say more in a character have all these lengths shortened.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import regex

from limbeck.dataset.texts import bare
from limbeck.files import Row

_PHRASE = 5  # what so many items have in common is a phrase of everybody's
_PASSAGE = 2  # times Limits.characters: so long is a passage of several questions, and no phrase
_FEWEST = 4  # words of a whole item that is too short for the index
_HEAD = 4  # characters by which such an item is looked up
_PART = 3  # a row's whole text that is less than a third of an item may be no more than a name
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_NO_TEXT = {"id", "link", "sample_id", "split", "dialect", "ds", "category", "subject_category"}
# What Global-MMLU says of its questions. Another set's text may stand under such a name.
_OF_MMLU = {
    "subject", "required_knowledge", "time_sensitive", "reference", "culture", "region", "country",
    "cultural_sensitivity_label", "is_annotated",
}  # fmt: skip

# Letters of a text over those of its English translation: medians over FLORES-200, rounded.
_DENSITY = {
    regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]"): 0.4,
    regex.compile(r"[\p{Hangul}\p{Ethiopic}]"): 0.6,
    regex.compile(r"[\p{Arabic}\p{Hebrew}]"): 0.8,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What makes a shared stretch contamination, in words and characters."""

    words: int
    characters: int
    whole: int  # of a stretch that counts when it is all of a text, or has `words`
    piece: int

    @classmethod
    def of(cls, words: int, characters: int, density: float) -> "Limits":
        """The limits for a script."""
        whole = round(24 * density)
        return cls(words, round(characters * density), whole, (whole + 1) // 2)


def _density(whole: str) -> float:
    for letters, density in _DENSITY.items():
        if 2 * len(letters.findall(whole)) > len(whole):
            return density
    return 1.0


class HeldOut:
    """The benchmark text that must not be trained on, ready to be looked up."""

    def __init__(self, items: Iterable[Row], words: int = 8, characters: int = 40) -> None:
        # Benchmarks share items: an item of both directions of FLORES is one.
        different = dict.fromkeys(tuple(dict.fromkeys(_texts(item))) for item in items)
        found: dict[str, tuple[str, int]] = {}
        times = Counter[str]()
        for text, count in Counter(chain.from_iterable(different)).items():
            whole, starts = bare(text)
            found.setdefault(whole, (text, len(starts)))
            times[whole] += count
        groups: dict[Limits, dict[str, str]] = {}
        self._short: dict[str, list[tuple[str, str]]] = {}
        for whole, (text, count) in found.items():
            limits = Limits.of(words, characters, _density(whole))
            if times[whole] >= _PHRASE and len(whole) < _PASSAGE * limits.characters:
                continue  # such as "None of the above"
            if len(whole) >= limits.whole:
                groups.setdefault(limits, {})[whole] = text
            elif count >= _FEWEST or len(_UNSPACED.findall(whole)) >= 2 * _FEWEST:
                self._short.setdefault(whole[:_HEAD], []).append((whole, text))
        self._indexes = [_Index(texts, limits) for limits, texts in groups.items()]

    def hit(self, text: str) -> str | None:
        """The benchmark text that ``text`` holds or is held by, or None."""
        whole, starts = bare(text)
        for start in starts if self._short else ():
            for item, found in self._short.get(whole[start : start + _HEAD], ()):
                end = start + len(item)
                if whole.startswith(item, start) and (end == len(whole) or end in starts):
                    return found
        found_by = (index.hit(whole, starts) for index in self._indexes)
        return next(filter(None, found_by), None)


class _Index:
    """Where each piece of the items' texts is."""

    def __init__(self, texts: dict[str, str], limits: Limits) -> None:
        import numpy

        self._limits = limits
        self._texts = list(texts.values())
        # No bare text holds a line's end: no stretch goes over one.
        self._joined = "\n" + "\n".join(texts) + "\n"
        self._starts = [0]
        for whole in texts:
            self._starts.append(self._starts[-1] + len(whole) + 1)
        size, joined = limits.piece, self._joined
        last = len(joined) - size + 1
        pieces = (hash(joined[at : at + size]) for at in range(last))
        keys: Any = numpy.fromiter(pieces, numpy.int64, last)
        self._order = numpy.argsort(keys, kind="stable").astype(numpy.int32)
        self._keys = keys[self._order]

    def hit(self, whole: str, starts: list[int]) -> str | None:
        """The text of the first stretch that is contamination."""
        import numpy

        size = self._limits.piece
        places = range(0, len(whole) - size + 1, size)
        keys = numpy.fromiter(
            (hash(whole[at : at + size]) for at in places), numpy.int64, len(places)
        )
        left = numpy.searchsorted(self._keys, keys)
        # A key beyond the last one is compared with the last, and is not equal to it.
        known = numpy.flatnonzero(self._keys[left.clip(max=len(self._keys) - 1)] == keys)
        for number in known.tolist():
            right = numpy.searchsorted(self._keys, keys[number], side="right")
            for place in self._order[left[number] : right].tolist():
                if self._contaminates(whole, starts, number * size, place):
                    return self._texts[bisect_right(self._starts, place) - 1]
        return None

    def _contaminates(self, whole: str, starts: list[int], at: int, place: int) -> bool:
        joined, limits = self._joined, self._limits
        end, there = at, place
        while end < len(whole) and whole[end] == joined[there]:
            end, there = end + 1, there + 1
        while at and whole[at - 1] == joined[place - 1]:
            at, place = at - 1, place - 1
        length = end - at
        if length < limits.whole:
            return False
        if joined[place - 1] == joined[there] == "\n":
            return True
        item = joined.index("\n", there) - joined.rindex("\n", 0, place) - 1
        if length == len(whole) and length * _PART >= item:
            return True
        ends = [*starts[1:], len(whole)]
        first, after = bisect_left(starts, at), bisect_right(ends, end)
        if length < limits.characters and after - first < limits.words:
            return False
        # The words that are shared whole: the letters around them differ from item to item.
        phrase = whole[starts[first] : ends[after - 1]] if first < after else ""
        return joined.count(phrase if len(phrase) >= limits.whole else whole[at:end]) < _PHRASE


def _texts(item: Row) -> Iterator[str]:
    of_mmlu = {"sample_id", "subject", "option_a"} <= item.keys()
    left_out = _NO_TEXT | _OF_MMLU if of_mmlu else _NO_TEXT
    for key, value in item.items():
        if key not in left_out:
            texts = value if isinstance(value, list) else [value]
            yield from (text for text in texts if isinstance(text, str))
