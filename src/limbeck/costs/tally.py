"""What is in a journal: counts, tokens, failures; and a journal without what nobody reads."""

import os
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from limbeck import files
from limbeck.teacher.journal import Entry, Journal, entry
from limbeck.teacher.replies import Record, unfinished


@dataclass(slots=True)
class Tally:
    """The replies of a journal that can be read, or of several."""

    replies: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0  # from a request's sending to its reply, summed
    timed: int = 0  # replies that have such a time: those of batches have none
    damaged: int = 0  # lines that cannot be read
    repeated: int = 0  # lines whose key comes again later
    failures: Counter[str] = field(default_factory=Counter)  # of no use, by kind

    def add(self, other: "Tally") -> None:
        """Count another journal in."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def tally(journal: Path, models: Collection[str] | None = None) -> Tally:
    """Count a journal that may be in use; ``models``: only the replies of these."""
    found = Tally()
    keys: Counter[str] = Counter()
    for one in _entries(journal):
        if one is None:
            found.damaged += 1
        elif models is None or one.model in models:
            record = one.record
            keys[one.key] += 1
            found.replies += 1
            found.prompt_tokens += record.prompt_tokens
            found.completion_tokens += record.completion_tokens
            found.seconds += record.seconds
            found.timed += record.seconds > 0
            if failure := _failure(record):
                found.failures[failure] += 1
    found.repeated = keys.total() - len(keys)
    return found


def records(journal: Path, model: str) -> dict[str, Record]:
    """A model's replies in a journal that may be in use, by their keys."""
    found = (one for one in _entries(journal) if one is not None and one.model == model)
    return {one.key: one.record for one in found}


def _entries(journal: Path) -> Iterator[Entry | None]:
    """The replies; None for a line that is not one. A line that is being written is left out."""
    if not journal.exists():
        return
    with journal.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield entry(line)


def _failure(record: Record) -> str | None:
    return unfinished(record.finish_reason) or (None if record.content else "empty")


def compact(journal: Path, dropped: Collection[str] = ()) -> int:
    """Drop the lines of a journal that are damaged, come again later or have one of some keys.

    Returns the bytes that this frees.

    Raises:
        UserError: a process is using the journal.
    """
    before = os.path.getsize(journal)
    with Journal(journal) as opened:
        with files.atomic(journal) as temporary, temporary.open("wb") as file:
            for key, line in opened.lines():
                if key not in dropped:
                    file.write(line)
        return before - os.path.getsize(journal)
