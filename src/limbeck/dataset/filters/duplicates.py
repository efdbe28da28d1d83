"""Rows that came before, to the letter or nearly so.

Near duplicates are found by MinHash over character shingles, which need no words and serve every
script, and locality-sensitive hashing. Only the signatures are held, 256 bytes a row; rensa's own
index would take some 5 kB a row.
"""

import itertools
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.texts import flat, shingles, turns
from limbeck.files import Row

_SHINGLE = 3  # characters; of 13,000 characters unrelated texts share half of them at most
_HASHES = 96  # of a whole row; the similarity's standard error is 0.05 at most
_ANSWER_HASHES = 32  # of its answers alone
_ANSWERS = 0.5  # least similarity of the answers: different questions about one long text stay
_BAND = 4  # hashes that must agree for two rows to be compared: of pairs at 0.7, 99.8% are
_KEPT = 0xFFFF  # 16 bits of a hash: two differing ones are equal once in 65,536


def exact_duplicate() -> Callable[[Row], Reason]:
    """A conversation that came before, to the letter."""
    seen: set[int] = set()

    def reason(row: Row) -> Reason:
        # 64 bits: among a million rows two differing ones meet with a chance of 1 in 10^7.
        key = hash(tuple((message["role"], message["content"]) for message in row["messages"]))
        if key in seen:
            return Removal("exact duplicate")
        seen.add(key)
        return None

    return reason


class NearDuplicates:
    """Texts, in their order, and which of them are near an earlier one that stays."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._signatures = array("H")

    def add(self, texts: Iterable[str], answers: Iterable[str] = ()) -> None:
        """The next row: what was said in it, and which of that are answers."""
        import numpy

        hashes = [*_hashes(texts, _HASHES), *_hashes(answers, _ANSWER_HASHES)]
        kept = numpy.asarray(hashes, numpy.uint32) & _KEPT
        self._signatures.frombytes(kept.astype(numpy.uint16).tobytes())

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows as they are, whose texts are added as they pass."""
        for row in rows:
            self.add(turns(row), turns(row, "assistant"))
            yield row

    def found(self) -> dict[int, int]:
        """Each near duplicate's place, with that of the earlier text that it is near."""
        import numpy

        signatures = numpy.frombuffer(self._signatures, numpy.uint16).reshape(
            -1, _HASHES + _ANSWER_HASHES
        )
        near: dict[int, int] = {}
        for start in range(0, _HASHES, _BAND):
            for one, other in self._pairs(signatures, start):
                if one not in near and other not in near:
                    near[other] = one
        return {place: _staying(place, near) for place in near}

    def _pairs(self, signatures: Any, start: int) -> Iterator[tuple[int, int]]:
        """Similar pairs among the rows that agree in a band, the later row second.

        A row is compared with the first of those it agrees with and with the one before it, so
        that the work grows with the rows alone however many agree.
        """
        import numpy

        band = numpy.ascontiguousarray(signatures[:, start : start + _BAND])
        keys = band.view(numpy.uint64).ravel()
        order = numpy.argsort(keys, kind="stable")
        new = numpy.ones(len(order), bool)
        new[1:] = keys[order[1:]] != keys[order[:-1]]
        places = numpy.arange(len(order))
        firsts = order[numpy.maximum.accumulate(numpy.where(new, places, 0))]
        later = numpy.flatnonzero(~new)
        pairs = numpy.concatenate(
            [
                numpy.stack([firsts[later], order[later]], 1),
                numpy.stack([order[later - 1], order[later]], 1),
            ]
        )
        pairs = pairs[numpy.lexsort((pairs[:, 0], pairs[:, 1]))]
        for some in numpy.array_split(pairs, len(pairs) // 10_000 + 1):
            equal = signatures[some[:, 0]] == signatures[some[:, 1]]
            whole, answers = equal[:, :_HASHES].mean(1), equal[:, _HASHES:].mean(1)
            similar = (whole >= self._threshold) & (answers >= _ANSWERS)
            yield from map(tuple, some[similar].tolist())


def _hashes(texts: Iterable[str], count: int) -> list[int]:
    from rensa import RMinHash

    sketch = RMinHash(count, 1)
    pieces = (shingles(flat(text), _SHINGLE) for text in texts)
    sketch.update(set().union(*pieces))
    hashes: list[int] = sketch.digest()
    return hashes


def _staying(place: int, near: Mapping[int, int]) -> int:
    # A row may have been found near one that was itself found near a third only later.
    while place in near:
        place = near[place]
    return place


def near_duplicate(near: Mapping[int, int]) -> Callable[[Row], Reason]:
    """A row whose text is near that of an earlier row that stays.

    Args:
        near: as `NearDuplicates.found` says, of the rows that the filter is asked about.
    """
    partners = set(near.values())
    ids: dict[int, str] = {}
    places = itertools.count()

    def reason(row: Row) -> Reason:
        place = next(places)
        if place in partners:
            ids[place] = row["id"]
        return Removal("near duplicate", ids[near[place]]) if place in near else None

    return reason
