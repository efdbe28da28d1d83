"""Rows that hold text of a benchmark."""

from collections.abc import Callable
from itertools import chain, pairwise

from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.held_out import HeldOut
from limbeck.dataset.texts import originals, turns
from limbeck.files import Row

_SEAM = 300  # characters on either side, where one turn ends and the next begins


def held_out(benchmarks: HeldOut) -> Callable[[Row], Reason]:
    """A conversation, its trace or its original that holds text of a benchmark.

    Also where an item began in one turn and ends in the next.
    """

    def reason(row: Row) -> Reason:
        english = (original for original, _ in originals(row))
        said = list(turns(row))
        seams = (f"{one[-_SEAM:]} {other[:_SEAM]}" for one, other in pairwise(said))
        for text in chain(said, english, filter(None, [row["reasoning"]]), seams):
            found = benchmarks.hit(text)
            if found is not None:
                return Removal("benchmark text", found)
        return None

    return reason
