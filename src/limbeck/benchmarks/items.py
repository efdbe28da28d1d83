"""What all benchmarks have in common: items, and the conversations that ask them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from limbeck.files import Row
from limbeck.student.chat import Message

Split = tuple[list[Row], list[Row]]  # test rows, and rows for worked examples


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a benchmark."""

    id: str
    words: Mapping[str, str]  # what its template's placeholders stand for
    gold: str  # the reference translation, or the name of the right option
    options: Mapping[str, str] = field(default_factory=dict)  # name -> text; none: a translation


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark. ``version`` is raised when the same answers would be scored otherwise."""

    name: str
    version: int
    data_set: str  # as the config's `benchmarks.sources` and the built-in data name it
    placeholders: tuple[str, ...]  # of its template, which has the benchmark's name
    read: Callable[[Path, Row, int], Split]  # from a folder in the published format, by a seed
    load: Callable[[Sequence[Row]], list[Item]]
    choice: bool  # choose an option, or else translate
    script: str | None = None  # of the reference; None: the language's own
    whole_options: bool = False  # by likelihood, whole texts of unequal lengths are compared


def prompt(
    item: Item, shots: Sequence[Item], render: Callable[[Mapping[str, str]], str]
) -> list[Message]:
    """The conversation that asks an item; each worked example is an earlier exchange.

    ``render`` makes the text of a question from its words.
    """
    messages: list[Message] = []
    for shot in shots:
        messages.append({"role": "user", "content": render(shot.words)})
        messages.append({"role": "assistant", "content": shot.gold})
    messages.append({"role": "user", "content": render(item.words)})
    return messages
