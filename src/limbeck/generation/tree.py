"""Prompts from a tree: the teacher lists what there is to ask about, then writes the prompts.

Topics and scenarios are both such trees. Lists are in English, where teachers know most; prompts
are in the language.
"""

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from limbeck import config, files
from limbeck.files import Row
from limbeck.generation.asking import Teacher, items_model, listed, prompt_row, user, written_in
from limbeck.generation.instructions import Instructions
from limbeck.teacher.client import Reply, Request


@dataclass(frozen=True, slots=True)
class Node:
    """A thing to ask about, or the failure of a request for such things."""

    kind: str
    text: str
    failure: str | None = None
    lost: int = 0  # prompts that the failure costs
    beside: str = ""  # what stands below a request about it


def save_nodes(nodes: Iterable[Node], path: Path) -> None:
    """Write nodes, for a stage that goes on from them."""
    files.write_jsonl(path, map(asdict, nodes))


def load_nodes(path: Path) -> list[Node]:
    """The nodes that another stage wrote."""
    return [Node(**row) for row in files.read_jsonl(path)]


@dataclass(frozen=True, slots=True)
class Step:
    """One request for a list about each node."""

    template: str
    form: str  # the name of the reply model
    tag: str  # the placeholder that takes the node's text
    count: int
    kind: str = ""  # of the nodes that come out; of no meaning for prompts
    below: int = 1  # prompts that each item of the list leads to


def prompt(node: Node, step: Step, card: Row | None, instructions: Instructions) -> Request:
    """The request of a step about a node; without a card it names no language."""
    words = {"count": str(step.count)}
    text = instructions.render(step.template, card, words, {step.tag: node.text})
    return user(text + node.beside, items_model(step.form, step.count))


def parse_nodes(node: Node, reply: Reply, step: Step, least: int) -> list[Node]:
    """The nodes that a reply lists; one more holds the failure if they are less than ``least``."""
    found = [Node(step.kind, text) for text in listed(reply, step.count)]
    if len(found) >= least:
        return found
    failure = reply.failure or ("short" if found else "empty")
    return [*found, Node(step.kind, node.text, failure, (step.count - len(found)) * step.below)]


def parse_prompts(
    node: Node,
    reply: Reply,
    step: Step,
    strategy: str,
    teacher: str,
    pivot: config.Pivot | None = None,
) -> list[Row]:
    """A row for each prompt that a reply lists, or one row with the failure."""
    row = partial(prompt_row, strategy, node.kind, node.text, teacher, pivot=pivot, lost=step.count)
    found = [row(text) for text in listed(reply, step.count)]
    if reply.failure or not found:
        return [row(failure=reply.failure or "empty")]
    return found


def grow(
    nodes: Sequence[Node],
    step: Step,
    lists: config.Lists,
    teacher: Teacher,
    card: Row | None,
    instructions: Instructions,
) -> list[Node]:
    """The nodes one step deeper. A failed node grows nothing: it is counted already.

    A list that is none or too short is asked for again; of all tries the longest one counts.
    """
    whole = [node for node in nodes if not node.failure]
    if step.count == 0 or not whole:
        return []
    least = math.ceil((1 - lists.short) * step.count)

    def ask(nodes: Sequence[Node], sample: int) -> list[tuple[Node, Reply]]:
        return teacher.ask(
            nodes,
            lambda node: replace(prompt(node, step, card, instructions), sample=sample),
            lambda node, reply: [(node, reply)],
        )

    found = dict(ask(whole, 0))
    for sample in range(1, lists.tries):
        short = [node for node, reply in found.items() if len(listed(reply, step.count)) < least]
        for node, reply in ask(short, sample) if short else ():
            found[node] = max(found[node], reply, key=lambda one: len(listed(one, step.count)))
    return [new for node, reply in found.items() for new in parse_nodes(node, reply, step, least)]


def write_prompts(
    nodes: Sequence[Node],
    step: Step,
    strategy: str,
    teacher: Teacher,
    card: Row,
    instructions: Instructions,
    pivot: config.Pivot | None = None,
) -> list[Row]:
    """Rows of prompts about all nodes; nodes that failed become rows that failed.

    ``pivot``: the language that the prompts are written in, where it is not the card's.
    """
    own, model = written_in(pivot, card), teacher.settings.name
    different = _different([node for node in nodes if not node.failure])
    rows = teacher.ask(
        different,
        lambda node: prompt(node, step, own, instructions),
        lambda node, reply: parse_prompts(node, reply, step, strategy, model, pivot),
    )
    failed = [
        prompt_row(strategy, node.kind, node.text, model, failure=node.failure, lost=node.lost)
        for node in nodes
        if node.failure
    ]
    return rows + failed


def _different(nodes: Sequence[Node]) -> list[Node]:
    """The nodes without those that say what an earlier one said."""
    first: dict[str, Node] = {}
    for node in nodes:
        first.setdefault(" ".join(node.text.split()).casefold(), node)
    if repeated := len(nodes) - len(first):
        print(f"{repeated} of {len(nodes)} topics or scenarios came twice", file=sys.stderr)
    return list(first.values())
