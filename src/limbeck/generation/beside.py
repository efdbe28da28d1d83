"""What requests for prompts show beside their own instructions: earlier topics, people who ask.

A tree of topics or scenarios is grown in waves, each as large as all before it, so that a request
can show what earlier ones have brought: what the teacher says again and again first, then what is
nearest to the thing that is asked about. What is much like something earlier is left out before
anything is asked about it.
"""

import argparse
import heapq
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from limbeck import config, files
from limbeck.files import Row
from limbeck.generation import tree
from limbeck.generation.asking import Teacher
from limbeck.generation.instructions import Instructions, load
from limbeck.generation.native import Native
from limbeck.generation.overlap import Different, grams, similarity
from limbeck.generation.tree import Node, Step

TEMPLATES: dict[str, tuple[str, ...]] = {
    "personas": ("count",),
    "earlier": ("earlier",),
    "people": ("people",),
}

_FIRST = 8  # requests of the first wave


def below(told: Instructions, name: str, card: Row | None, lines: Iterable[str]) -> str:
    """A template of one kind of data, with a line for each, to stand below a request."""
    data = {name: "\n".join(" ".join(line.split()) for line in lines)}
    return "\n\n" + told.render(name, card, data=data)


class Beside:
    """What the requests of one stage show; nothing of what the config has off.

    Args:
        told: the templates.
        card: of the language; None for what is of none.
        diversity: how much is shown, and what is left out.
        people: who ask.
        native: passages of the language.
    """

    def __init__(
        self,
        told: Instructions,
        card: Row | None,
        diversity: config.Diversity,
        people: Sequence[str] = (),
        native: Native | None = None,
    ) -> None:
        self._told, self._card, self._diversity, self._people = told, card, diversity, people
        self._native = native or Native()
        overlap = diversity.overlap
        self._different = None if overlap is None else Different(overlap)
        self._times: Counter[str] = Counter()  # how often the teacher has brought each
        self._pieces: dict[str, frozenset[str]] = {}  # of the same

    @classmethod
    def add_to(cls, options: argparse.ArgumentParser) -> None:
        """The options of a stage that `of` reads."""
        options.add_argument("--beside", type=Path, required=True, help="templates (YAML)")
        options.add_argument("--personas", type=Path, help="the people who ask (JSONL)")

    @classmethod
    def of(cls, options: argparse.Namespace) -> Self:
        """What a stage's options say."""
        rows = files.read_jsonl(options.personas) if options.personas else ()
        people = [row["text"] for row in rows if not row["failure"]]
        told = load(options.beside, TEMPLATES)
        diversity = options.settings.diversity
        return cls(told, options.language, diversity, people, Native.of(options))

    def people(self, key: str, count: int) -> str:
        """So many of the people, drawn by a key, as they stand below a request for prompts."""
        if not self._people:
            return ""
        drawn = random.Random(files.digest("people", key))
        shown = drawn.sample(self._people, min(count, len(self._people)))
        return below(self._told, "people", self._card, shown)

    def asking(
        self, nodes: Iterable[Node], count: int, pivot: config.Pivot | None = None
    ) -> list[Node]:
        """The nodes with what a request for so many prompts about each shows.

        These are the people who ask, and how the language is written, unless it is English first.
        """
        return [
            replace(
                node,
                beside=self.people(node.text, count)
                + ("" if pivot else self._native.below(node.text)),
            )
            for node in nodes
        ]

    def know(self, nodes: Iterable[Node]) -> None:
        """Have what did not fail stand for what is there already: it is shown, too."""
        for node in self._there(nodes):
            self._pieces.setdefault(node.text, grams(node.text))

    def _there(self, nodes: Iterable[Node]) -> list[Node]:
        """What did not fail, like which nothing new may be."""
        there = [node for node in nodes if not node.failure]
        if self._different:
            for node in there:
                self._different.earlier(node.text)
        return there

    def grow(
        self,
        nodes: Sequence[Node],
        step: Step,
        lists: config.Lists,
        teacher: Teacher,
        instructions: Instructions,
    ) -> list[Node]:
        """See `tree.grow`: the nodes one step deeper, those alone that are like no earlier one."""
        there = self._there(nodes)
        found: list[Node] = []
        came = 0
        for wave in self._waves(there, teacher.settings.questions):
            asked = [replace(node, beside=self._earlier(node)) for node in wave]
            grown = tree.grow(asked, step, lists, teacher, self._card, instructions)
            came += len(grown)
            found += [node for node in grown if node.failure or self._is_new(node.text)]
        if left_out := came - len(found):
            print(f"{left_out} of {came} are much like others, and left out", file=sys.stderr)
        return found

    def _waves(self, nodes: Sequence[Node], most: int | None) -> Iterator[Sequence[Node]]:
        """The nodes, mixed, so that each wave has some of all; at once where nothing is shown."""
        if not self._diversity.shown:
            yield nodes
            return
        left = sorted(files.spread(nodes, most), key=lambda node: files.digest(node.text))
        done = 0
        while wave := left[done : done + max(_FIRST, done)]:
            yield wave
            done += len(wave)

    def _is_new(self, text: str) -> bool:
        like = self._different.earlier(text) if self._different else None
        self._times[like or text] += 1
        self._pieces.setdefault(like or text, grams(like or text))
        return like is None

    def _earlier(self, node: Node) -> str:
        """What is there already, as it stands below a request about a node."""
        most = self._diversity.shown
        often = [text for text, times in self._times.most_common(most // 2) if times > 1]
        own = grams(node.text)
        others = self._pieces.keys() - {node.text, *often}
        nearest = heapq.nsmallest(
            most - len(often), others, key=lambda text: (-similarity(own, self._pieces[text]), text)
        )
        shown = [*often, *nearest]
        return below(self._told, "earlier", self._card, shown) if shown else ""
