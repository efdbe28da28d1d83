"""The kinds of classifiers behind one form: train on rows, predict labels of texts, save, load."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from limbeck.classification import linear
from limbeck.classification.tasks import Task
from limbeck.config import Classifier
from limbeck.errors import UserError
from limbeck.files import Row, read_json, write_json
from limbeck.generation.instructions import Instructions

# What tells a saved classifier's kind, beside the kind's own files.
CARD = "classifier.json"


class Trained(Protocol):
    """A classifier that can be used."""

    def predict(self, texts: Sequence[str]) -> Sequence[str | None]:
        """The label of each text; None where it names none."""

    def save(self, folder: Path) -> None:
        """Write the classifier's own files."""


@dataclass(frozen=True, slots=True)
class LinearKind:
    """`linear` in this form."""

    model: linear.Linear

    def predict(self, texts: Sequence[str]) -> list[str | None]:
        """The likeliest labels."""
        return list(self.model.predict(texts))

    def save(self, folder: Path) -> None:
        """Write model.json."""
        self.model.save(folder / "model.json")


@dataclass(frozen=True, slots=True)
class Context:
    """What a classifier is told beside its rows; none of it comes from a test set."""

    task: Task
    card: Row
    instructions: Instructions
    threads: int


def train(rows: Sequence[Row], settings: Classifier, seed: int, context: Context | None) -> Trained:
    """A classifier trained on rows {"id", "text", "label"} and on nothing else.

    Language models need the ``context``.
    """
    if settings.kind == "linear":
        texts, labels = [row["text"] for row in rows], [row["label"] for row in rows]
        return LinearKind(
            linear.train(texts, labels, seed, settings.inverse_penalty, settings.evens)
        )
    if settings.kind == "encoder":
        from limbeck.classification import encoder

        return encoder.train(rows, settings, seed)
    from limbeck.classification import llm

    assert context is not None, f"{settings.kind} is asked in words"
    told = (context.task, context.card, context.instructions)
    if settings.kind == "icl":
        return llm.in_context(rows, settings, *told, context.threads)
    return llm.instructed(rows, settings, llm.wording(*told), seed, context.threads)


def told(rows: Sequence[Row], settings: Classifier, context: Context) -> Row:
    """How a language model is asked that learns from rows; the other kinds read texts alone."""
    if settings.kind not in ("icl", "instruct"):
        return {}
    from limbeck.classification import llm

    words = (context.task, context.card, context.instructions)
    if settings.kind == "icl":
        return llm.shown(rows, settings, *words).content()
    return llm.wording(*words).content()


def save(model: Trained, settings: Classifier, task: str, language: str, folder: Path) -> None:
    """Write a classifier with its card; the card comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder)
    write_json(folder / CARD, {"kind": settings.kind, "task": task, "language": language})


def load(folder: Path) -> Trained:
    """The classifier of a folder.

    Raises:
        UserError: there is none.
    """
    if not (folder / CARD).is_file():
        raise UserError(f"{folder}: there is no classifier here; has the workflow built it?")
    kind = read_json(folder / CARD)["kind"]
    if kind == "linear":
        return LinearKind(linear.load(folder / "model.json"))
    if kind == "encoder":
        from limbeck.classification import encoder

        return encoder.load(folder)
    if kind in ("icl", "instruct"):
        from limbeck.classification import llm

        return llm.load(folder)
    raise UserError(f"{folder / CARD}: unknown kind {kind!r}")
