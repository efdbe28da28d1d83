"""The journal: every reply that a teacher gave, so that none is paid for twice.

An append-only JSON Lines file, a line a reply. The key comes first in each line and is a digest
of the question (and the teacher's revision), that is of all that decides the reply: not of the
URL, the concurrency or the order. A second try with more tokens is a question of its own, so a
stage that resumes takes the same way as the one that was killed.
"""

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from limbeck import config
from limbeck.errors import UserError
from limbeck.files import digest, lock, outside
from limbeck.teacher.replies import Record, Request, question, unfinished

PATIENCE = 5.0  # seconds that a second process waits for the journal

_START = b'{"key":"'
_KEY = slice(len(_START), len(_START) + 16)


def key(request: Request, teacher: config.TeacherSettings, correcting: bool = False) -> str:
    """The journal's key of a request: 16 hexadecimal digits.

    How an endpoint is told the form of a reply (``structured``) is no part of it: a reply of the
    right form stays right when another endpoint is told in another way, and so does the key when
    ``auto`` finds another way. Where a reply has the wrong form its correction is keyed by the way,
    too: a change of ``structured`` asks for the failed ones again, and for these alone.
    """
    way = [teacher.structured] if correcting else []
    return digest(question(request, teacher), request.sample, teacher.revision, *way)


class Entry(NamedTuple):
    """A line of a journal."""

    key: str
    model: str
    record: Record


def entry(line: bytes) -> Entry | None:
    """What a line holds; None for one that is damaged."""
    try:
        fields = outside.loads(line)
        key, model = fields.pop("key"), fields.pop("model")
        record = Record(**fields)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    texts = (key, model, record.content, record.finish_reason, record.reasoning or "")
    numbers = (record.prompt_tokens, record.completion_tokens, record.seconds)
    sound = all(isinstance(text, str) for text in texts) and all(
        isinstance(number, int | float) and 0 <= number < math.inf for number in numbers
    )
    return Entry(key, model, record) if sound else None


def state_path(journal: Path) -> Path:
    """The state file of a stage's batches, beside its journal (`limbeck.teacher.batch`)."""
    return journal.with_suffix(".batches.json")


class Journal:
    """An open journal. One process at a time holds it; a second is refused.

    Lines are written with one system call each, so a killed process loses no reply that was
    added. Memory holds the place of each reply, not the reply.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the journal at ``path``.

        Raises:
            UserError: another process holds it, or it cannot be written.
        """
        self.path = path
        self._places: dict[bytes, int] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = lock.take(
                path.with_name(path.name + ".lock"),
                str(path),
                "writes this journal; one process at a time may",
                PATIENCE,
            )
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            self._reader = path.open("rb")
        except OSError as error:
            raise UserError(f"{path}: the journal cannot be opened ({error.strerror})") from None
        self._size = self._index()

    def _index(self) -> int:
        """Note where each reply is; drop a last line that a killed process did not finish."""
        place = 0
        for line in self._reader:
            if not line.endswith(b"\n"):
                os.truncate(self._file, place)
                self._reader.seek(0, os.SEEK_END)  # forgets what it read of the torn line
                break
            if line.startswith(_START):
                self._places[line[_KEY]] = place
            place += len(line)
        return place

    def get(self, key: str) -> Record | None:
        """The reply under ``key``, if there is a whole one; any other is asked for again."""
        place = self._places.get(key.encode())
        if place is None:
            return None
        self._reader.seek(place)
        found = entry(self._reader.readline())
        whole = found and unfinished(found.record.finish_reason) != "broken off"
        return found.record if found and whole else None

    def lines(self) -> Iterator[tuple[str, bytes]]:
        """Key and line of each reply that can be read, the oldest first."""
        for key, place in sorted(self._places.items(), key=lambda item: item[1]):
            if self.get(name := key.decode(errors="replace")) is not None:
                self._reader.seek(place)
                yield name, self._reader.readline()

    def add(self, key: str, model: str, reply: Record) -> None:
        """Append a reply."""
        fields = {"key": key, "model": model}
        fields |= {name: getattr(reply, name) for name in Record.__slots__}
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"
        line = text.encode("utf-8", "surrogatepass")
        left = memoryview(line)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            raise UserError(f"{self.path}: cannot write the journal ({error.strerror})") from None
        self._places[key.encode()] = self._size
        self._size += len(line)

    def __len__(self) -> int:
        return len(self._places)

    def close(self) -> None:
        self._reader.close()
        os.close(self._file)
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
