"""Atomic reading and writing of the artefacts: JSON, JSONL and Parquet.

A file is written under a temporary name beside its target and renamed when it is whole, so that
no reader ever sees half of one.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from limbeck.errors import UserError
from limbeck.files import outside

Row = dict[str, Any]
Item = TypeVar("Item")

_BATCH = 2_000  # rows of a Parquet file in memory at once


@contextmanager
def atomic(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` if the block succeeds."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; artefacts get the permissions that open() would give.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def canonical(value: object) -> str:
    """JSON of ``value`` with sorted keys and no spaces: equal values, equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(*values: object) -> str:
    """16 hexadecimal digits of the SHA-256 of the values' canonical JSON."""
    return hashlib.sha256(canonical(values).encode()).hexdigest()[:16]


def chance(*key: object) -> float:
    """A number from 0 to 1 that follows from a key, which may be anything that has a digest."""
    return int(digest(*key), 16) / 16**16


def dealt(choices: Sequence[Item], *key: object) -> Item:
    """One of some choices, each as often as another, that follows from a key alone."""
    return choices[int(digest(*key), 16) % len(choices)]


def share_of(rows: Iterable[Row], share: float, *key: object) -> list[Row]:
    """A share of the rows, as near to it as a whole number can be, in their order.

    Each row's id and the key give it a rank. So further rows change the choice of few others, and
    how many are chosen is known before the rows are.
    """
    listed = list(rows)
    wanted = round(share * len(listed))
    chosen = {row["id"] for row in sorted(listed, key=lambda row: chance(*key, row["id"]))[:wanted]}
    return [row for row in listed if row["id"] in chosen]


def spread(items: Sequence[Item], most: int | None) -> Sequence[Item]:
    """So many of the items at most, evenly from all of them; all of them where it is None."""
    if most is None or len(items) <= most:
        return items
    return [items[place * len(items) // most] for place in range(most)]


def file_digest(path: Path | str) -> str:
    """16 hexadecimal digits of the SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def write_text(path: Path | str, text: str) -> None:
    """Write ``text`` as UTF-8, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: Path | str) -> Any:
    """The value in a JSON file; a `UserError` names the file if it is not JSON."""
    try:
        return outside.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({error})") from None


def write_json(path: Path | str, value: object) -> None:
    """Write ``value`` as indented JSON, atomically."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_jsonl(path: Path | str) -> Iterator[Row]:
    """The rows of a JSON Lines file; a `UserError` names the line that is not a JSON object."""
    try:
        file = Path(path).open(encoding="utf-8")  # noqa: SIM115 - closed by the `with` below
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    with file:
        yield from jsonl_rows(file, path)


def jsonl_rows(lines: Iterable[str], path: Path | str) -> Iterator[Row]:
    """The rows of JSON lines, however they were opened; ``path`` is named where one is wrong."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = outside.loads(line)
        except ValueError as error:
            raise UserError(f"{path}:{number}: not JSON ({error})") from None
        if not isinstance(row, dict):
            raise UserError(f"{path}:{number}: a JSON object is wanted, not {line[:40]!r}")
        yield row


def write_jsonl(path: Path | str, rows: Iterable[Row]) -> int:
    """Write rows as JSON Lines, atomically; the number of rows written."""
    count = 0
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def plain(value: Any) -> Any:
    """A value of a data set as JSON has it: Parquet and the hub's library know more kinds.

    >>> plain({"ds": date(2023, 5, 3), "text": [b"maji"], "share": Decimal("0.5")})
    {'ds': '2023-05-03', 'text': ['maji'], 'share': 0.5}
    """
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return plain(value.tolist()) if hasattr(value, "tolist") else str(value)


def read_parquet(path: Path | str) -> list[Row]:
    """All rows of a Parquet file."""
    return list(parquet_rows(path))


def parquet_rows(path: Path | str) -> Iterator[Row]:
    """The rows of a Parquet file, of which a few thousand are held at once.

    Raises:
        UserError: there is no such file, or it is cut short or damaged.
    """
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH):
                yield from batch.to_pylist()
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise UserError(f"{path}: no Parquet, or cut short ({str(error).strip('.')})") from None


def write_parquet(path: Path | str, rows: Iterable[Row], schema: Any = None) -> int:
    """Write rows as Parquet, atomically; the number of rows written.

    Pass the ``schema`` (a `pyarrow.Schema`) where a column may be empty or all null: types that
    pyarrow guesses from the rows would change with the data, and need all rows at once. With a
    schema a few thousand are held.
    """
    import pyarrow
    import pyarrow.parquet

    remaining = iter(rows)
    table = pyarrow.Table.from_pylist(
        list(islice(remaining, None if schema is None else _BATCH)), schema=schema
    )
    count: int = 0
    with atomic(path) as temporary, pyarrow.parquet.ParquetWriter(temporary, table.schema) as file:
        while True:
            file.write_table(table)
            count += int(table.num_rows)
            batch = list(islice(remaining, _BATCH))
            if not batch:
                return count
            table = pyarrow.Table.from_pylist(batch, schema=schema)
