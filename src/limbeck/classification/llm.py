"""Compact language models as classifiers: with demonstrations (icl), or trained for it (instruct).

Nothing has to be parsed: a model is asked for log-likelihoods, of the labels after a text or, the
other way round, of the text after demonstrations of each label. A model is a checkpoint's folder, a
GGUF file, a model of the hub, or `student:NAME`, a student of the same build (the workflow puts its
folder there).
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

from limbeck import files
from limbeck.classification.sampling import evened, split
from limbeck.classification.tasks import Task
from limbeck.config import Classifier
from limbeck.errors import UserError
from limbeck.files import Row
from limbeck.generation.instructions import Instructions
from limbeck.student.encoding import Message

CHOICE = "choice.json"
_BATCH = 8  # prompts at once
_TEXTS = 32  # after one context at once, where texts are weighed
_HELD_OUT = 0.1  # of the rows, whose loss the training reports


class Way(Protocol):
    """A way to weigh the labels of a text by log-likelihoods."""

    @property
    def labels(self) -> list[str]:
        """The labels, in the order of the weights."""

    def weights(self, model: Any, texts: Sequence[str]) -> list[list[float]]:
        """Of each text a number a label, the largest for the chosen one."""

    def content(self) -> Row:
        """All that makes the way, for a JSON file."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The direct way: the text is put as a question, and each label is weighed as the reply.

    Attributes:
        template: with the one placeholder {text}.
        labels: the options.
        shots: worked examples, as earlier turns.
    """

    template: str
    labels: list[str]
    shots: list[Message]

    def prompt(self, text: str) -> list[Message]:
        """The conversation that ends with a text's question."""
        return [*self.shots, {"role": "user", "content": self.template.replace("{text}", text)}]

    def weights(self, model: Any, texts: Sequence[str]) -> list[list[float]]:
        """The log-likelihood of each label per character, as the benchmarks weigh options."""
        prompts = [self.prompt(text) for text in texts]
        found = model.loglikelihood(prompts, [self.labels] * len(prompts))
        return [
            [value / len(label) for value, label in zip(row, self.labels, strict=True)]
            for row in found
        ]

    def content(self) -> Row:
        """See `Way.content`."""
        return {"template": self.template, "labels": self.labels, "shots": self.shots}


@dataclass(frozen=True, slots=True)
class Channel:
    """The noisy channel: how likely is the text where a text of a label is asked for?

    With Bayes' rule and labels of equal weight that is the label's likelihood (Min et al. 2022,
    arXiv 2108.04106). A label's demonstrations are shown one at a time and the log-likelihoods
    averaged, there called ensemble-based. Every token of the text counts, and no label's name needs
    to be one that the model would say: what small models need.

    Attributes:
        contexts: of each label the conversations after which a text of it is the reply.
    """

    contexts: dict[str, list[list[Message]]]

    @property
    def labels(self) -> list[str]:
        """See `Way.labels`."""
        return list(self.contexts)

    def weights(self, model: Any, texts: Sequence[str]) -> list[list[float]]:
        """The log-likelihood of the text after a label's demonstrations, their mean."""
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        parts = [order[start : start + _TEXTS] for start in range(0, len(order), _TEXTS)]
        found: list[list[float]] = [[] for _ in texts]
        for contexts in self.contexts.values():
            for rows in parts:  # a call each: a batch of prompts with so many replies is large
                options = [texts[row] for row in rows]
                read = [model.loglikelihood([context], [options])[0] for context in contexts]
                for row, values in zip(rows, zip(*read, strict=True), strict=True):
                    found[row].append(fmean(values))
        return found

    def content(self) -> Row:
        """See `Way.content`."""
        return {"contexts": self.contexts}


@dataclass(frozen=True, slots=True)
class Choosing:
    """A model that chooses among labels.

    Attributes:
        model: an opened `limbeck.models.Model`.
        way: how it is asked.
        base: its folder or file.
        own: the folder, where it is this classifier's own: saved with it, and gone with it.
    """

    model: Any
    way: Way
    base: Path
    own: tempfile.TemporaryDirectory[str] | None = None

    def predict(self, texts: Sequence[str]) -> list[str | None]:
        """The likeliest labels."""
        labels = self.way.labels
        rows = self.way.weights(self.model, texts) if texts else []
        return [labels[row.index(max(row))] for row in rows]

    def save(self, folder: Path) -> None:
        """Write how the model is asked, and the model itself if it was trained for this."""
        base = str(self.base.resolve())
        if self.own:
            shutil.copytree(self.base, folder / "checkpoint", dirs_exist_ok=True)
            base = "checkpoint"
        files.write_json(folder / CHOICE, {"base": base, **self.way.content()})


def load(folder: Path) -> Choosing:
    """The classifier of a folder that `Choosing.save` wrote."""
    content = files.read_json(folder / CHOICE)
    base = folder / content.pop("base")  # an absolute path stays itself
    way: Way = Channel(**content) if "contexts" in content else Wording(**content)
    return Choosing(_open(base, 1), way, base)


def wording(task: Task, card: Row, instructions: Instructions) -> Wording:
    """The question without demonstrations."""
    words = {"question": task.question, "labels": ", ".join(task.names), "text": "{text}"}
    return Wording(instructions.render("choose", card, words), task.names, [])


def with_shots(plain: Wording, rows: Sequence[Row]) -> Wording:
    """The wording with demonstrations."""
    turns: list[Message] = []
    for row in rows:
        turns += plain.prompt(row["text"])
        turns.append({"role": "assistant", "content": row["label"]})
    return Wording(plain.template, plain.labels, turns)


def channel(
    task: Task, card: Row, instructions: Instructions, rows: Sequence[Row], prompt: str | None
) -> Channel:
    """For each label the request for a text of it, after each of its demonstrations."""
    contexts = {}
    for label, meaning in task.labels.items():
        name = meaning.names.get(card["code"], label)
        words = {"text_kind": task.text_kind, "label": label, "description": meaning.description}
        asked = (
            prompt.replace("{label}", label).replace("{name}", name)
            if prompt
            else instructions.render("channel", card, words)
        )
        turn = {"role": "user", "content": asked}
        shown = [row["text"] for row in rows if row["label"] == label]
        replies = [[turn, {"role": "assistant", "content": text}, turn] for text in shown]
        contexts[label] = replies or [[turn]]
    return Channel(contexts)


def shown(
    rows: Sequence[Row], settings: Classifier, task: Task, card: Row, instructions: Instructions
) -> Way:
    """The way with the rows as demonstrations that the settings name."""
    if settings.by == "channel":
        return channel(task, card, instructions, rows, settings.prompt)
    return with_shots(wording(task, card, instructions), rows)


def in_context(
    rows: Sequence[Row],
    settings: Classifier,
    task: Task,
    card: Row,
    instructions: Instructions,
    threads: int,
) -> Choosing:
    """A model as it is, shown the rows as demonstrations."""
    base = _fetch(settings)
    way = shown(rows, settings, task, card, instructions)
    return Choosing(_opened(base, threads, settings.trust_remote_code), way, base)


def instructed(
    rows: Sequence[Row], settings: Classifier, plain: Wording, seed: int, threads: int
) -> Choosing:
    """A model trained on the rows, by the trainer of the students, in a process of its own."""
    own = tempfile.TemporaryDirectory(prefix="limbeck-instruct-")
    work = Path(own.name)
    base = _fetch(settings)
    # Without validations, as with an encoder without patience, all rows are learned from.
    kept, held = split(rows, _HELD_OUT, seed) if settings.training.validations else (rows, [])
    for name, part in (("train", kept), ("validation", held)):
        rows = evened(part) if name == "train" and settings.evens else part
        files.write_parquet(work / f"{name}.parquet", _conversations(rows, plain))
    body = {"training": settings.training.model_dump(mode="json"), "seed": seed,
            "trust_remote_code": settings.trust_remote_code}  # fmt: skip
    command = [
        sys.executable, "-m", "limbeck.student.train", "--base", str(base),
        "--train", str(work / "train.parquet"), "--validation", str(work / "validation.parquet"),
        "--settings", files.canonical(body), "--work", str(work / "training"),
        "--device-tokens", str(settings.training.device_tokens),
        "--checkpoint", str(work / "checkpoint"), "--history", str(work / "history.json"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise UserError(f"classifier: its training failed: {' '.join(last)}")
    print(done.stdout, end="", file=sys.stderr)  # which rows were too long, among others
    model = _open(work / "checkpoint", threads, settings.trust_remote_code)
    return Choosing(model, plain, work / "checkpoint", own)


def _conversations(rows: Sequence[Row], plain: Wording) -> list[Row]:
    return [
        {
            "id": row["id"],
            "messages": [
                *plain.prompt(row["text"]), {"role": "assistant", "content": row["label"]}
            ],
            "form": "direct",
        }
        for row in rows
    ]  # fmt: skip


def _fetch(settings: Classifier) -> Path:
    from limbeck.student.base import fetch

    path = Path(settings.base).expanduser()
    if path.is_file():
        return path
    return fetch(settings.base, settings.revision, settings.trust_remote_code)


def _open(base: Path, threads: int, trust_remote_code: bool = False) -> Any:
    from limbeck.models import open_model

    return open_model(str(base), _BATCH, threads, trust_remote_code=trust_remote_code)


# The same model serves all samples of demonstrations.
_opened = lru_cache(maxsize=1)(_open)
