"""Answers that are their prompt, and translations that are their original."""

from collections.abc import Callable
from itertools import pairwise

from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.texts import flat, originals, prose, shingles
from limbeck.files import Row

_SHINGLE = 5  # characters
_SHORTEST = 40  # characters; names, numbers and labels are said again
_SAMPLE = 16  # shingles by which most pairs are seen to be unlike


def similarity(one: str, other: str) -> float:
    """The Jaccard similarity of two texts' character shingles; 0 for short and for unlike ones."""
    a, b = flat(one), flat(other)
    if min(len(a), len(b)) < _SHORTEST:
        return 0.0
    pieces = [a[at : at + _SHINGLE] for at in range(0, len(a), len(a) // _SAMPLE)]
    if 2 * sum(piece in b for piece in pieces) < len(pieces):
        return 0.0
    left, right = shingles(a, _SHINGLE), shingles(b, _SHINGLE)
    return len(left & right) / len(left | right)


def copied(threshold: float) -> Callable[[Row], Reason]:
    """An answer that repeats its prompt, or a turn that was not translated."""

    def alike(one: str, other: str) -> bool:
        shorter, longer = sorted((len(one), len(other)))
        # Very unequal lengths cannot be similar, and need no comparison.
        if shorter < threshold * longer / 2:
            return False
        return similarity(prose(one), prose(other)) >= threshold

    def reason(row: Row) -> Reason:
        for one, other in pairwise(row["messages"]):
            if other["role"] == "assistant" and alike(one["content"], other["content"]):
                return Removal("copied prompt")
        if any(alike(*pair) for pair in originals(row)):
            return Removal("not translated")
        return None

    return reason
