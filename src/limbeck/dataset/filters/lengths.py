"""Translations far shorter or longer than their originals."""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.texts import originals
from limbeck.files import Row

_ENOUGH = 100  # turns that a band is drawn from
_SHORTEST = 40  # bytes of an original; the ratio of a shorter one says little
_SIGMA = 1.4826  # standard deviations of a normal distribution in one median absolute deviation
_NARROWEST = 0.1  # a teacher of few words must not make its own variation an error


Measure = Callable[[str], int]  # how long a text is


class Bounds(NamedTuple):
    """The lengths, over those of their originals, that a turn may have."""

    low: float
    high: float


def utf8(text: str) -> int:
    """How many bytes a text has."""
    return len(text.encode())


def ratio(original: str, turn: str, measure: Measure) -> float:
    """A turn's length over that of its original."""
    return measure(turn) / max(1, measure(original))


def band(rows: Iterable[Row], width: float | None, measure: Measure = utf8) -> Bounds | None:
    """The lengths that are usual in a language: ``width`` deviations around the median.

    In the logarithm, and with the median absolute deviation, so that neither the scale nor the
    faults themselves decide it. None without enough turns, or where no width is wanted.
    """
    if width is None:
        return None
    import numpy

    found = (
        math.log(ratio(*pair, measure))
        for row in rows
        if not row.get("failure")
        for pair in originals(row)
        if _long(pair[0]) and pair[1]
    )
    logs = numpy.fromiter(found, numpy.float64)
    if len(logs) < _ENOUGH:
        return None
    middle = float(numpy.median(logs))
    deviation = max(_NARROWEST, _SIGMA * float(numpy.median(abs(logs - middle))))
    return Bounds(math.exp(middle - width * deviation), math.exp(middle + width * deviation))


def _long(original: str) -> bool:
    return utf8(original) >= _SHORTEST


def length_ratio(
    bounds: Bounds, usual: Bounds | None, measure: Measure = utf8
) -> Callable[[Row], Reason]:
    """A translated turn outside the bounds, or outside the language's band if it is long enough."""

    def reason(row: Row) -> Reason:
        for original, turn in originals(row):
            found = ratio(original, turn, measure)
            limits = [bounds, usual] if usual and _long(original) else [bounds]
            if any(found < limit.low for limit in limits):
                return Removal("too short", f"{found:.2f}")
            if any(found > limit.high for limit in limits):
                return Removal("too long", f"{found:.2f}")
        return None

    return reason
