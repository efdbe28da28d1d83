"""Figures that scores are given with: intervals and macro-F1."""

import math
from collections.abc import Callable
from typing import Any

Interval = tuple[float, float]

Z = 1.959963984540054  # the normal distribution's quantile for 95%
RESAMPLES = 2000


def wilson(right: float, count: int) -> Interval:
    """The 95% interval of a share, in 0 to 1 (Wilson 1927, J. Am. Stat. Assoc. 22:209).

    Unlike the normal approximation it stays inside 0 to 1 and is right near the borders.
    """
    if count == 0:
        return 0.0, 1.0
    share = right / count
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    half /= 1 + Z**2 / count
    # At the borders one end is the share itself, up to rounding.
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def bootstrap(segments: Any, score: Callable[[Any], Any], seed: int) -> Interval:
    """The 95% interval of a corpus score, by resampling segments (Koehn 2004, W04-3250).

    Args:
        segments: (segments, statistics), each segment's statistics, which add up.
        score: from (resamples, statistics) to (resamples,).
        seed: of the resampling.
    """
    import numpy

    low, high = numpy.percentile(score(_drawn(len(segments), seed) @ segments), [2.5, 97.5])
    return float(low), float(high)


def paired(
    first: Any, second: Any, score: Callable[[Any], Any], seed: int
) -> tuple[float, Interval, float]:
    """The difference of two corpus scores on the same segments, its 95% interval and p-value.

    Both are resampled alike (Koehn 2004, W04-3250), so that what is hard for both is no noise. The
    two-sided p-value is the share of resamples on the other side of 0, twice.

    Args:
        first: (segments, statistics).
        second: the same; the first is taken from it.
        score: from (resamples, statistics) to (resamples,).
        seed: of the resampling.
    """
    import numpy

    drawn = _drawn(len(first), seed)
    found = score(drawn @ second) - score(drawn @ first)
    low, high = numpy.percentile(found, [2.5, 97.5])
    p = min(1.0, 2 * min(float((found <= 0).mean()), float((found >= 0).mean())))
    difference = float(score(second.sum(0)) - score(first.sum(0)))
    return difference, (float(low), float(high)), p


def _drawn(count: int, seed: int) -> Any:
    """How often each segment is drawn, (resamples, segments)."""
    import numpy

    return numpy.random.default_rng(seed).multinomial(count, [1 / count] * count, RESAMPLES)
