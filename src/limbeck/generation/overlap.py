"""Short texts of which none is much like an earlier one: topics, scenarios, prompts.

The similarity of two texts is the Jaccard index of their character 4-grams, which need no words and
serve every script. It is exact: two sets whose similarity is a threshold or more share one of the
first pieces of each, in whatever order pieces have (prefix filtering; Chaudhuri et al. 2006,
doi:10.1109/ICDE.2006.9). Where common pieces are the last in that order, few texts are compared.
"""

import math
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable

_GRAM = 4


def grams(text: str) -> frozenset[str]:
    """The pieces of a text, without case and layout; a shorter text is one piece."""
    plain = " ".join(text.casefold().split())
    return frozenset(plain[at : at + _GRAM] for at in range(max(1, len(plain) - _GRAM + 1)))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard index of two sets, 0 to 1."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


class Different:
    """Texts that are kept, each of them different from those before it.

    Args:
        threshold: similarity from which a text is not different.
        coming: the texts that will come, where they are known: it is faster then.
    """

    def __init__(self, threshold: float, coming: Iterable[str] = ()) -> None:
        self._threshold = threshold
        self._common = Counter(piece for text in coming for piece in grams(text))
        self._kept: list[tuple[str, frozenset[str]]] = []
        self._by_piece: defaultdict[str, list[int]] = defaultdict(list)

    def earlier(self, text: str) -> str | None:
        """The earlier text that a text is like; None, and it is kept, where there is none."""
        whole = grams(text)
        first = sorted(whole, key=self._order)[: len(whole) - self._least(whole) + 1]
        for place in sorted({place for piece in first for place in self._by_piece[piece]}):
            kept, other = self._kept[place]
            if similarity(whole, other) >= self._threshold:
                return kept
        for piece in first:
            self._by_piece[piece].append(len(self._kept))
        self._kept.append((text, whole))
        return None

    def _least(self, whole: frozenset[str]) -> int:
        """How many pieces a text must share at least, with whatever it is like."""
        return max(1, math.ceil(self._threshold * len(whole)))

    def _order(self, piece: str) -> tuple[int, int, str]:
        return self._common[piece], zlib.crc32(piece.encode()), piece
