"""Rows of a source, whatever holds them, and a sample of them that can be repeated."""

import functools
import gzip
import hashlib
import heapq
import itertools
import random
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from limbeck.errors import UserError
from limbeck.files import Row, canonical, outside, plain

_TEXT = (".txt", ".txt.gz")
_ENDINGS = (".jsonl", ".jsonl.gz", ".parquet", ".parquet.gz", *_TEXT)
_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_MOST_BAD = 0.1  # share of a source's lines
_MOST_ODD = 100  # rows at a source's beginning
_BUFFER = 10_000  # rows of the hub's files that are shuffled at once
_OPEN = 64  # files that are read by turns


class Source(NamedTuple):
    """An opened source."""

    rows: Iterator[Row]
    label: str  # as rows name it: the file or folder, or the hub's data set, part and commit
    shuffled: bool  # the rows come shuffled


@dataclass
class Form:
    """Whether a source's rows are of a known form: an odd one among them does not end a stage."""

    source: str
    known: bool = False  # a row was
    odd: int = 0
    first: str = ""

    def unknown(self, why: str) -> None:
        """A row is not. Raises a `UserError` where no row was, of so many."""
        self.odd += 1
        self.first = self.first or why
        if self.odd >= _MOST_ODD and not self.known:
            self.end()

    def end(self) -> None:
        """Say how many were left out, or raise a `UserError` where no row was of a known form."""
        if self.odd and not self.known:
            raise UserError(f"{self.source}: {self.first}")
        if self.odd:
            print(f"{self.source}: {self.odd:,} rows left out: {self.first}", file=sys.stderr)


def open_source(
    source: str, name: str | None, revision: str | None, split: str, seed: int
) -> Source:
    """A local file or folder, or a data set of the hub.

    A folder's files are read in the order of their paths; one with other files than ours, or
    whose configuration is named, is read by the library `datasets`. Data sets of the hub are
    streamed, from all files by turns and shuffled by ``seed``, so that a sample needs no more than
    the first rows; of one large file it is a sample of its beginning. One without a revision is
    read at its present commit, which is said aloud.

    Raises:
        UserError: there is no such source. Reading the rows raises it too.
    """
    path = Path(source).expanduser()
    part = f"{source}/{name}" if name else source
    if path.is_dir() and (name or not _files(path)):
        return Source(folder_rows(path, name, split), part, shuffled=False)
    if path.exists():
        return Source(_local_rows(path), source, shuffled=False)
    if path.is_absolute() or source.startswith((".", "~")) or source.endswith(_ENDINGS):
        raise UserError(f"{source}: there is no such file or folder")
    if not _HUB_NAME.fullmatch(source):
        raise UserError(
            f"{source!r} is no source: 'builtin', a file or folder ({', '.join(_ENDINGS)}) or a "
            "data set of the hub ('owner/name') is wanted"
        )
    commit = revision or present_commit(source)
    rows = _hub_rows(source, name, commit, split, seed)
    return Source(rows, f"{part}@{commit}", shuffled=True)


def _files(path: Path) -> list[Path]:
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return [file for file in files if file.name.endswith(_ENDINGS)]


def _local_rows(path: Path) -> Iterator[Row]:
    files = _files(path)
    if not files:
        raise UserError(f"{path}: no file of the kinds {', '.join(_ENDINGS)}")
    bad = _Bad()
    for file in files:
        try:
            yield from _file_rows(file, bad)
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(f"{file}: cannot be read ({error})") from None
    bad.tell(path)


@dataclass
class _Bad:
    """Lines that cannot be read among those that can; the first of them."""

    good: int = 0
    bad: int = 0
    first: str = ""

    def add(self, path: Path, number: int, why: str) -> None:
        self.bad += 1
        self.first = self.first or f"{path}:{number}: {why}"

    def tell(self, path: Path) -> None:
        """Say how many were left out, or raise a `UserError` for too many."""
        if not self.bad:
            return
        told = f"{self.first}; {self.bad:,} of {self.good + self.bad:,} lines of {path}"
        if self.bad > _MOST_BAD * (self.good + self.bad):
            raise UserError(f"{told} cannot be read")
        print(f"{told} are left out", file=sys.stderr)


def _file_rows(path: Path, bad: _Bad) -> Iterator[Row]:
    if path.name.endswith((".parquet", ".parquet.gz")):
        return _parquet_rows(path)
    if path.name.endswith(_TEXT):
        return ({"text": paragraph} for paragraph in _paragraphs(path))
    return _json_rows(path, bad)


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", errors="replace")
    return path.open(encoding="utf-8", errors="replace")


def _lines(file: TextIO) -> Iterator[str]:
    """The lines of a file, one without an end in pieces that memory holds."""
    return iter(lambda: file.readline(outside.LENGTH), "")


def _json_rows(path: Path, bad: _Bad) -> Iterator[Row]:
    with _open(path) as file:
        for number, line in enumerate(_lines(file), start=1):
            if not line.strip():
                continue
            try:
                row = outside.loads(line)
                canonical(row).encode()  # no halves of characters, which UTF-8 cannot hold
            except ValueError as error:
                bad.add(path, number, f"not JSON ({error})")
                continue
            if isinstance(row, dict):
                bad.good += 1
                yield row
            else:
                bad.add(path, number, f"a JSON object is wanted, not {line[:40]!r}")


def _parquet_rows(path: Path) -> Iterator[Row]:
    import pyarrow
    import pyarrow.parquet

    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as raw, pyarrow.parquet.ParquetFile(raw) as file:
            for batch in file.iter_batches(batch_size=1000):
                yield from map(plain, batch.to_pylist())
    except pyarrow.ArrowInvalid as error:
        raise UserError(f"{path}: not Parquet ({error})") from None


def _paragraphs(path: Path) -> Iterator[str]:
    """Paragraphs between blank lines; where a file has no blank line, its lines."""
    with _open(path) as file:
        by_line = all(line.strip() for line in _lines(file))
    lines: list[str] = []
    with _open(path) as file:
        for line in _lines(file):
            if line.strip():
                lines.append(line.rstrip("\n"))
            if lines and (by_line or not line.strip()):
                yield "\n".join(lines)
                lines = []
    if lines:
        yield "\n".join(lines)


def folder_rows(path: Path, name: str | None, split: str) -> Iterator[Row]:
    """The rows of a folder that `datasets` saved or can load: with configurations, CSV, Arrow ...

    Raises:
        UserError: it can not.
    """
    from datasets import load_dataset, load_from_disk

    try:
        if (path / "state.json").exists() or (path / "dataset_dict.json").exists():
            data = load_from_disk(str(path))
            data = data[split] if (path / "dataset_dict.json").exists() else data
        else:
            data = load_dataset(str(path), name, split=split, streaming=True)
        yield from rows_of(data)
    except Exception as error:  # the library raises many kinds, none of them ours
        raise UserError(f"{path}: cannot be read as a data set ({_line(error)})") from None


def rows_of(data: Any) -> Iterator[Row]:
    """The rows of a data set of `datasets` as JSON has them, class labels by name."""
    from datasets import ClassLabel

    kinds = data.features or {}
    names = {key: kind for key, kind in kinds.items() if isinstance(kind, ClassLabel)}
    for row in data:
        labels = {
            key: kind.int2str(row[key]) for key, kind in names.items() if row[key] is not None
        }
        yield plain(row | labels)


def _hub_rows(source: str, name: str | None, commit: str, split: str, seed: int) -> Iterator[Row]:
    from datasets import load_dataset

    try:
        data = load_dataset(source, name, revision=commit, split=split, streaming=True)
        yield from _by_turns(data, seed)
    except Exception as error:  # the hub's clients raise many kinds, none of them ours
        raise UserError(f"{source}: the hub's data set cannot be read ({_line(error)})") from None


def _by_turns(data: Any, seed: int) -> Iterator[Row]:
    """A row of each file in turn, files and rows shuffled: such files are often sorted.

    Each file is read from its beginning, and of all that are open `_BUFFER` rows are shuffled at
    once: the first rows of one large file that is sorted are no sample of it. (`reshard` of the
    library, 4.8, leaves a file of many row groups as it is.)
    """
    order = random.Random(seed).sample(range(data.num_shards), data.num_shards)
    for start in range(0, len(order), _OPEN):
        opened = order[start : start + _OPEN]
        shards = (data.shard(num_shards=len(order), index=index) for index in opened)
        size = max(1, _BUFFER // len(opened))
        files = [rows_of(shard.shuffle(seed=seed, buffer_size=size)) for shard in shards]
        for turn in itertools.zip_longest(*files):
            yield from (row for row in turn if row is not None)


@functools.cache  # all that a process reads of it is of one commit
def present_commit(source: str) -> str:
    """The commit of a data set of the hub that is its newest, said aloud.

    Raises:
        UserError: the hub cannot be asked.
    """
    from huggingface_hub import HfApi

    try:
        commit = str(HfApi().dataset_info(source).sha)
    except Exception as error:  # as above
        raise UserError(f"{source}: the hub cannot be asked ({_line(error)})") from None
    print(f"{source}: its present commit is read; 'revision: {commit}' pins it", file=sys.stderr)
    return commit


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def sample(found: Iterable[Row], limit: int, seed: int, shuffled: bool) -> list[Row]:
    """``limit`` rows without those whose id came before.

    Args:
        found: rows with an "id".
        limit: rows wanted; fewer come out where there are not so many.
        seed: decides the sample together with the ids, not the order of ``found``: a larger limit
            adds rows, and a grown source changes little.
        shuffled: ``found`` is in random order, as far as `_by_turns` has it, so its first rows are
            the sample.
    """
    if limit == 0:
        return []
    if shuffled:
        first: dict[str, Row] = {}
        for row in found:
            first.setdefault(row["id"], row)
            if len(first) == limit:
                break
        return list(first.values())
    return _lowest(found, limit, seed)


def _lowest(found: Iterable[Row], limit: int, seed: int) -> list[Row]:
    """The rows whose seeded hashes are lowest, in the order of the hashes."""
    heap: list[int] = []  # the lowest hashes, negated: the highest of them is on top
    kept: dict[int, Row] = {}
    for row in found:
        rank = int.from_bytes(hashlib.sha256(f"{seed} {row['id']}".encode()).digest()[:8])
        if rank in kept:
            continue
        if len(heap) < limit:
            heapq.heappush(heap, -rank)
        elif -rank > heap[0]:
            del kept[-heapq.heapreplace(heap, -rank)]
        else:
            continue
        kept[rank] = row
    return [kept[rank] for rank in sorted(kept)]
