"""Rows that hold text of a benchmark."""

from collections.abc import Callable
from itertools import chain

from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.held_out import HeldOut
from limbeck.dataset.texts import originals, turns
from limbeck.files import Row


def held_out(benchmarks: HeldOut) -> Callable[[Row], Reason]:
    """A conversation, its trace or its original that holds text of a benchmark."""

    def reason(row: Row) -> Reason:
        english = (original for original, _ in originals(row))
        for text in chain(turns(row), english, filter(None, [row["reasoning"]])):
            found = benchmarks.hit(text)
            if found is not None:
                return Removal("benchmark text", found)
        return None

    return reason
