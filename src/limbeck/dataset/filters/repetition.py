"""Texts that are caught in a loop."""

import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain

from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.texts import turns
from limbeck.files import Row

_PIECE = 20  # characters
_SHORTEST = 200  # characters; of a shorter text neither measure says much
_VARIED = 0.5  # a text that keeps this share of its bytes when compressed is not half repetition


@lru_cache(maxsize=8)
def _compressed(text: str) -> int:
    return len(zlib.compress(text.encode(), 1))


def repeated_share(text: str) -> float:
    """The share of a text's pieces of 20 characters that came before in it; 0 in varied text."""
    if len(text) < _SHORTEST or _compressed(text) > _VARIED * len(text.encode()):
        return 0.0
    total = len(text) - _PIECE + 1
    return 1 - len({text[start : start + _PIECE] for start in range(total)}) / total


def compressed_size(text: str) -> float | None:
    """Compressed bytes of each character; None for short texts.

    Of characters, so that scripts of two and three bytes a character do not look like loops.
    """
    return _compressed(text) / len(text) if len(text) >= _SHORTEST else None


def _texts(row: Row) -> Iterator[str]:
    return chain(turns(row, "assistant"), filter(None, [row["reasoning"]]))


def repeated(most: float) -> Callable[[Row], Reason]:
    """An answer or trace that says too much of what it has said."""

    def reason(row: Row) -> Reason:
        share = max(map(repeated_share, _texts(row)), default=0.0)
        return Removal("repetition", f"{share:.0%}") if share > most else None

    return reason


def compressed(least: float) -> Callable[[Row], Reason]:
    """An answer or trace that is compressed to almost nothing."""

    def reason(row: Row) -> Reason:
        sizes = [size for size in map(compressed_size, _texts(row)) if size is not None]
        size = min(sizes, default=least)
        return Removal("loop", f"{size:.2f} bytes a character") if size < least else None

    return reason
