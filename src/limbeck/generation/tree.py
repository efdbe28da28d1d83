"""Prompts from a tree: the teacher lists what there is to ask about, then writes the prompts.

Topics and scenarios are both such trees. Lists are in English, where teachers know most; prompts
are in the language.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from limbeck import config
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


@dataclass(frozen=True, slots=True)
class Step:
    """One request for a list about each node."""

    template: str
    form: str  # the name of the reply model
    tag: str  # the placeholder that takes the node's text
    count: int
    kind: str = ""  # of the nodes that come out; of no meaning for prompts


def prompt(node: Node, step: Step, card: Row, instructions: Instructions) -> Request:
    """The request of a step about a node."""
    words = {"count": str(step.count)}
    text = instructions.render(step.template, card, words, {step.tag: node.text})
    return user(text, items_model(step.form, step.count))


def parse_nodes(node: Node, reply: Reply, step: Step) -> list[Node]:
    """The nodes that a reply lists, or one that holds the failure."""
    found = [Node(step.kind, text) for text in listed(reply, step.count)]
    if reply.failure or not found:
        return [Node(step.kind, node.text, reply.failure or "empty")]
    return found


def parse_prompts(
    node: Node,
    reply: Reply,
    step: Step,
    strategy: str,
    teacher: str,
    pivot: config.Pivot | None = None,
) -> list[Row]:
    """A row for each prompt that a reply lists, or one row with the failure."""
    row = partial(prompt_row, strategy, node.kind, node.text, teacher, pivot=pivot)
    found = [row(text) for text in listed(reply, step.count)]
    if reply.failure or not found:
        return [row(failure=reply.failure or "empty")]
    return found


def grow(
    nodes: Sequence[Node], step: Step, teacher: Teacher, card: Row, instructions: Instructions
) -> list[Node]:
    """The nodes one step deeper. A failed node grows nothing: it is counted already."""
    if step.count == 0:
        return []
    return teacher.ask(
        [node for node in nodes if not node.failure],
        lambda node: prompt(node, step, card, instructions),
        lambda node, reply: parse_nodes(node, reply, step),
    )


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
    own = written_in(pivot, card)
    different = _different([node for node in nodes if not node.failure])
    rows = teacher.ask(
        different,
        lambda node: prompt(node, step, own, instructions),
        lambda node, reply: parse_prompts(
            node, reply, step, strategy, teacher.settings.model, pivot
        ),
    )
    failed = [
        prompt_row(strategy, node.kind, node.text, teacher.settings.model, failure=node.failure)
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
