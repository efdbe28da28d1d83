"""The form of predictions.parquet: what a system says of each test text, without the truth.

Columns: source (what it learned from: synthetic, human, seeds, zero-shot; of the teacher zero-shot
and few-shot), size (training examples), repeat, id (of the test text), predicted (a label, or
null), reply (what was said instead of a label, or null).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from limbeck.files import Row, write_parquet

ZERO_SHOT = "zero-shot"  # the source of what learned from nothing
LEARNED = ("synthetic", "human", ZERO_SHOT)  # what a classifier is foremost made from


def schema() -> Any:
    """The Arrow schema."""
    import pyarrow as pa

    whole = [(name, pa.int64()) for name in ("size", "repeat")]
    text = [(name, pa.string()) for name in ("id", "predicted", "reply")]
    return pa.schema([("source", pa.string()), *whole, *text])


def write(path: Path, rows: Iterable[Row]) -> int:
    """Write predictions; the number of rows."""
    return write_parquet(path, rows, schema())
