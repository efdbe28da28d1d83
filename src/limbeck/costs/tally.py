"""What is in a journal: counts, tokens, failures; and a journal without what nobody reads."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limbeck import files
from limbeck.teacher.journal import Journal


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


def tally(journal: Path, model: str | None = None) -> Tally:
    """Count a journal that may be in use; ``model``: only this one's replies."""
    found = Tally()
    keys: Counter[str] = Counter()
    for fields in _lines(journal):
        if fields is None:
            found.damaged += 1
        elif model is None or fields["model"] == model:
            keys[fields["key"]] += 1
            found.replies += 1
            found.prompt_tokens += fields["prompt_tokens"]
            found.completion_tokens += fields["completion_tokens"]
            found.seconds += fields["seconds"]
            found.timed += fields["seconds"] > 0
            if failure := _failure(fields):
                found.failures[failure] += 1
    found.repeated = keys.total() - len(keys)
    return found


def _lines(journal: Path) -> Iterator[dict[str, Any] | None]:
    """The replies; None for a line that is not one. A line that is being written is left out."""
    if not journal.exists():
        return
    needed = {"key", "model", "prompt_tokens", "completion_tokens", "seconds", "finish_reason"}
    with journal.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            try:
                fields = json.loads(line)
            except ValueError:
                fields = None
            yield fields if isinstance(fields, dict) and needed <= fields.keys() else None


def _failure(fields: dict[str, Any]) -> str | None:
    if fields["finish_reason"] in ("length", "content_filter"):
        return str(fields["finish_reason"])
    return None if fields.get("content") else "empty"


def compact(journal: Path) -> int:
    """Drop the lines of a journal that are damaged or come again later; the bytes that this frees.

    Raises:
        UserError: a process is using the journal.
    """
    before = os.path.getsize(journal)
    with Journal(journal) as opened:
        with files.atomic(journal) as temporary, temporary.open("wb") as file:
            for line in opened.lines():
                file.write(line)
        return before - os.path.getsize(journal)
