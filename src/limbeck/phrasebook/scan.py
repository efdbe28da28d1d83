"""Find words of the lexicon in a sentence: tables of phrases, longest match first."""

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Table(Generic[T]):
    """Phrases of one or more words, each with its entries."""

    def __init__(self, pairs: Iterable[tuple[str, T]]) -> None:
        self.entries: dict[str, list[T]] = {}
        for phrase, entry in pairs:
            if phrase:
                self.entries.setdefault(phrase, []).append(entry)
        self.longest: dict[str, int] = {}  # by first word
        for phrase in self.entries:
            first, count = phrase.partition(" ")[0], phrase.count(" ") + 1
            self.longest[first] = max(count, self.longest.get(first, 0))

    def at(self, words: list[str], start: int) -> tuple[list[T], int]:
        """The entries of the longest phrase at `start` and where it ends; ([], start) if none."""
        if start >= len(words):
            return [], start
        for count in range(self.longest.get(words[start], 0), 0, -1):
            found = self.entries.get(" ".join(words[start : start + count]))
            if found and start + count <= len(words):
                return found, start + count
        return [], start

    def one(self, words: list[str], start: int) -> tuple[T | None, int]:
        """The first entry of the longest phrase at `start`, or None."""
        found, end = self.at(words, start)
        return (found[0] if found else None), end
