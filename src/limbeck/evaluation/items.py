"""What all benchmarks have in common: items, and the conversations that ask them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from limbeck.files import Row
from limbeck.student.encoding import Message

Part = Literal["test", "shots"]
Kind = Literal["choice", "translation", "number"]  # what a model is asked for
Split = tuple[list[Row], list[Row]]  # test rows, and rows for worked examples


class Source(Protocol):
    """Where a benchmark's rows come from."""

    def split(self, part: Part) -> str | None:
        """The source's own name for a part; None where it has no such part."""

    def rows(self, card: Row, part: Part) -> list[Row]:
        """All rows of a language, in the benchmark's published columns."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a benchmark."""

    id: str
    words: Mapping[str, str]  # what its template's placeholders stand for
    gold: str  # the reference translation, the name of the right option, or a number
    options: Mapping[str, str] = field(default_factory=dict)  # name -> text, of a choice
    group: str | None = None  # scored apart, too


def value(row: Row, column: str) -> str:
    """A text, a number or a truth value of a row, as text.

    Raises:
        ValueError: there is none; the message goes on after the row's place.
    """
    found = row.get(column)
    if found is None:
        raise ValueError(f"lacks {column}")
    if not isinstance(found, str | int | float):
        raise ValueError(f"has {_short(found)} as {column}: a text is wanted")
    return str(found)


def one_of(row: Row, column: str, allowed: Collection[str]) -> str:
    """As `value`, of these alone."""
    if (found := value(row, column)) not in allowed:
        raise ValueError(f"has {_short(found)} as {column}: allowed are {', '.join(allowed)}")
    return found


def _short(found: object) -> str:
    return f"{found!r:.60}"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark, in the form that it is published in.

    Its template is ``asked_as``, and ``{asked_as}_whole`` where options are asked for by their
    whole texts; ``placeholders`` and ``whole`` are what these must use.
    """

    name: str
    asked_as: str
    placeholders: tuple[str, ...]
    folder: Callable[[Path], Source]  # a local folder in the published format
    read: Callable[[Source, Row, int], Split]  # of a language, by a seed
    load: Callable[[Sequence[Row]], list[Item]]
    fits: Callable[[Row], object]  # raises a ValueError for a row of no use
    kind: Kind
    whole: tuple[str, ...] | None = None  # None: options have no letters, or there are none
    into_english: bool = False

    @property
    def choice(self) -> bool:
        """Whether one of several options is chosen."""
        return self.kind == "choice"

    @property
    def labels(self) -> bool:
        """Whether the options are labels, named by their own texts."""
        return self.choice and self.whole is None

    def asks_whole(self, options: str) -> bool:
        """Whether options are answered by their whole texts, when the config says ``options``."""
        return self.labels or (self.choice and options == "whole")

    def template(self, options: str) -> str:
        """The name of the template that asks it."""
        return f"{self.asked_as}_whole" if self.whole and options == "whole" else self.asked_as


def prompt(
    item: Item,
    shots: Sequence[Item],
    render: Callable[[Mapping[str, str]], str],
    whole: bool = False,
) -> list[Message]:
    """The conversation that asks an item; each worked example is an earlier exchange.

    ``render`` makes the text of a question from its words; ``whole`` answers by options' texts.
    """
    messages: list[Message] = []
    for shot in shots:
        messages.append({"role": "user", "content": render(shot.words)})
        answer = shot.options[shot.gold] if whole else shot.gold
        messages.append({"role": "assistant", "content": answer})
    messages.append({"role": "user", "content": render(item.words)})
    return messages
