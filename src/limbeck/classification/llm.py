"""Compact language models as classifiers: with demonstrations (icl), or trained for it (instruct).

Both choose the label whose text is likeliest as the reply, per character, as the benchmarks do;
nothing has to be parsed. A model is a checkpoint's folder, a GGUF file, a model of the hub, or
`student:NAME`, a student of the same build (the workflow puts its folder there).
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck import files
from limbeck.classification.sampling import balanced, split
from limbeck.classification.tasks import Task
from limbeck.config import Classifier
from limbeck.errors import UserError
from limbeck.files import Row
from limbeck.generation.instructions import Instructions
from limbeck.student.chat import Message

CHOICE = "choice.json"
_BATCH = 8  # prompts at once
_HELD_OUT = 0.1  # of the rows, whose loss the training reports


@dataclass(frozen=True, slots=True)
class Wording:
    """How a text is put to a model, ready to be saved.

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


@dataclass(frozen=True, slots=True)
class Choosing:
    """A model that chooses among labels.

    Attributes:
        model: an opened `limbeck.models.Model`.
        wording: how it is asked.
        base: its folder or file.
        own: the folder is this classifier's own, to be saved with it.
    """

    model: Any
    wording: Wording
    base: Path
    own: bool

    def predict(self, texts: Sequence[str]) -> list[str | None]:
        """The likeliest labels."""
        labels = self.wording.labels
        prompts = [self.wording.prompt(text) for text in texts]
        scores = self.model.loglikelihood(prompts, [labels] * len(prompts))
        lengths = [len(label) for label in labels]
        found: list[str | None] = []
        for row in scores:
            values = [value / length for value, length in zip(row, lengths, strict=True)]
            found.append(labels[values.index(max(values))])
        return found

    def save(self, folder: Path) -> None:
        """Write how the model is asked, and the model itself if it was trained for this."""
        base = str(self.base.resolve())
        if self.own:
            shutil.copytree(self.base, folder / "checkpoint", dirs_exist_ok=True)
            base = "checkpoint"
        wording = {"template": self.wording.template, "labels": self.wording.labels,
                   "shots": self.wording.shots}  # fmt: skip
        files.write_json(folder / CHOICE, {"base": base, **wording})


def load(folder: Path) -> Choosing:
    """The classifier of a folder that `Choosing.save` wrote."""
    content = files.read_json(folder / CHOICE)
    wording = Wording(content["template"], content["labels"], content["shots"])
    base = folder / content["base"]  # an absolute path stays itself
    return Choosing(_open(base, 1), wording, base, own=False)


def wording(task: Task, card: Row, instructions: Instructions) -> Wording:
    """The question without demonstrations."""
    words = {"question": task.question, "labels": ", ".join(task.names), "text": "{text}"}
    return Wording(instructions.render("choose", card, words), task.names, [])


def with_shots(plain: Wording, rows: Sequence[Row], per_label: int, seed: int) -> Wording:
    """The wording with so many demonstrations of each label."""
    turns: list[Message] = []
    for row in balanced(rows, per_label * len(plain.labels), seed):
        turns += plain.prompt(row["text"])
        turns.append({"role": "assistant", "content": row["label"]})
    return Wording(plain.template, plain.labels, turns)


def in_context(
    rows: Sequence[Row], settings: Classifier, plain: Wording, seed: int, threads: int
) -> Choosing:
    """A model as it is, shown demonstrations of each label."""
    base = _fetch(settings)
    return Choosing(
        _open(base, threads), with_shots(plain, rows, settings.shots, seed), base, own=False
    )


def instructed(
    rows: Sequence[Row], settings: Classifier, plain: Wording, seed: int, threads: int
) -> Choosing:
    """A model trained on the rows, by the trainer of the students, in a process of its own."""
    work = Path(tempfile.mkdtemp(prefix="limbeck-instruct-"))
    base = _fetch(settings)
    kept, held = split(rows, _HELD_OUT, seed)
    for name, part in (("train", kept), ("validation", held)):
        files.write_parquet(work / f"{name}.parquet", _conversations(part, plain))
    body = {"training": settings.training.model_dump(mode="json"), "seed": seed,
            "trust_remote_code": settings.trust_remote_code}  # fmt: skip
    command = [
        sys.executable, "-m", "limbeck.student.train", "--base", str(base),
        "--train", str(work / "train.parquet"), "--validation", str(work / "validation.parquet"),
        "--settings", files.canonical(body), "--work", str(work / "training"),
        "--device-batch", str(settings.training.device_batch),
        "--checkpoint", str(work / "checkpoint"), "--history", str(work / "history.json"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise UserError(f"classifier: its training failed: {' '.join(last)}")
    checkpoint = work / "checkpoint"
    return Choosing(_open(checkpoint, threads), plain, checkpoint, own=True)


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


def _open(base: Path, threads: int) -> Any:
    from limbeck.models import open_model

    return open_model(str(base), _BATCH, threads)
