"""Files appear whole or not at all, and what is wrong with one is said with its place."""

import json
import tracemalloc
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.files import (
    atomic,
    digest,
    file_digest,
    parquet_rows,
    plain,
    read_json,
    read_jsonl,
    read_parquet,
    write_json,
    write_jsonl,
    write_parquet,
)

ROWS = [{"id": "a", "text": "Habari ya asubuhi — ሰላም"}, {"id": "b", "text": "two\nlines"}]


def test_jsonl_round_trip(tmp_path: Path) -> None:
    assert write_jsonl(tmp_path / "folder/rows.jsonl", ROWS) == 2
    assert list(read_jsonl(tmp_path / "folder/rows.jsonl")) == ROWS


def test_parquet_round_trip_is_byte_identical(tmp_path: Path) -> None:
    for name in ("one.parquet", "two.parquet"):
        assert write_parquet(tmp_path / name, ROWS) == 2
    assert read_parquet(tmp_path / "one.parquet") == ROWS
    assert file_digest(tmp_path / "one.parquet") == file_digest(tmp_path / "two.parquet")


PLAIN: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    ("maji", "maji"),
    (date(2023, 5, 3), "2023-05-03"),
    (datetime(2023, 5, 3, tzinfo=UTC), "2023-05-03T00:00:00+00:00"),
    (time(6, 30), "06:30:00"),
    (timedelta(minutes=2), 120.0),
    (Decimal("3"), 3),
    (Decimal("0.5"), 0.5),
    (b"maji", "maji"),
    ({1: [date(2023, 5, 3), (b"a", None)]}, {"1": ["2023-05-03", ["a", None]]}),
]


@pytest.mark.parametrize(("value", "wanted"), PLAIN)
def test_every_value_of_a_table_has_json(value: Any, wanted: Any) -> None:
    assert plain(value) == wanted
    assert json.loads(json.dumps(plain(value))) == wanted


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    write_json(path, 1)

    def fail_in_the_middle() -> None:
        with atomic(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_in_the_middle()
    assert read_json(path) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["value.json"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\n{"a": \n', ":2: not JSON"),
        ('{"a": 1}\n[1]\n', ":2: a JSON object is wanted"),
    ],
)
def test_broken_jsonl_is_named_by_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        list(read_jsonl(path))


@pytest.mark.parametrize("read", [read_json, read_parquet, lambda path: list(read_jsonl(path))])
def test_a_missing_file_is_named(tmp_path: Path, read: object) -> None:
    with pytest.raises(UserError, match="nowhere"):
        read(tmp_path / "nowhere")  # type: ignore[operator]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (({"a": 1, "b": 2},), ({"b": 2, "a": 1},), True),
        (("a", "b"), ("ab",), False),
        (({"teacher": "a", "judge": "b"},), ({"teacher": "b", "judge": "a"},), False),
        ((1,), ("1",), False),
    ],
)
def test_digest_tells_values_apart(one: tuple, other: tuple, equal: bool) -> None:
    assert (digest(*one) == digest(*other)) == equal


def test_rows_of_parquet_are_streamed(tmp_path: Path) -> None:
    """Neither side holds all rows: 50 MB of them pass through less than half of that."""
    import pyarrow as pa

    path = tmp_path / "rows.parquet"
    schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
    tracemalloc.start()
    try:
        written = ({"id": n, "text": f"{n} " * 200} for n in range(40_000))
        assert write_parquet(path, written, schema) == 40_000
        assert sum(row["id"] for row in parquet_rows(path)) == sum(range(40_000))
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
