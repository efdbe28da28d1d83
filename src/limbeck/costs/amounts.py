"""How much a student reads and writes: tokens of its training, and of its scores.

Where nobody has counted, a token is four UTF-8 bytes (`limbeck.costs.pretend.TOKEN`). Of the rows
none is taken to be filtered out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from limbeck.config import Choice, Student
from limbeck.costs.pretend import OTHERS, REASONING, TOKEN
from limbeck.dataset import mix
from limbeck.dataset.rows import size
from limbeck.files import Row
from limbeck.generation.instructions import load
from limbeck.generation.templates import TEMPLATES


@dataclass(frozen=True, slots=True)
class Items:
    """What a model is asked of a benchmark, in tokens."""

    count: int
    shared: float  # what all of them begin with, which is read once
    each: float  # of an item's own
    translates: bool

    def read(self, count: int) -> float:
        """Tokens that are read for so many items."""
        return self.shared + self.each * count

    def written(self, count: int, choose_by: Choice, thinking: bool) -> float:
        """Tokens that are written for so many items: a translation has as many as its question."""
        thought = REASONING if thinking else 0
        if self.translates:
            return (self.each + thought) * count
        if choose_by == "likelihood" and not thinking:
            return 0.0
        return (OTHERS["score"] * TOKEN + thought) * count


def items(prompts: list[list[Mapping[str, str]]], translates: bool) -> Items:
    """What conversations with a model hold, all of which begin alike."""
    last = sum(size(prompt[-1:]) for prompt in prompts) / max(1, len(prompts))
    shared = size(prompts[0][:-1]) if prompts else 0
    return Items(len(prompts), shared * TOKEN, last * TOKEN, translates)


def trained(
    rows: list[Row], student: Student, card: Row, told: Path, seed: int, token: float
) -> float:
    """Tokens of a student's training, all epochs together.

    Args:
        rows: in the kept form.
        told: the file of the data set's instructions.
        token: tokens of a byte.
    """
    mixture, training = student.mixture, student.training
    wording = mix.Wording.of(load(told, TEMPLATES), card, {})
    mixed = mix.mix(mix.chosen(rows, mixture.strategies, seed), mixture, wording)
    learned = mix.bounded(mix.split(mixed, mixture.validation, seed)[0], mixture.max_bytes)
    sizes = [size(row["messages"]) * token for row in learned]
    limit = training.max_length
    # Made-up rows are of one length: that none fits tells of the assumption, not of the rows.
    sizes = [tokens for tokens in sizes if tokens <= limit] or [float(limit)] * len(sizes)
    if training.max_steps is None:
        return sum(sizes) * training.epochs
    if training.step_rows is None:
        return float(training.max_steps * training.step_tokens)
    return training.max_steps * training.step_rows * sum(sizes) / max(1, len(sizes))
