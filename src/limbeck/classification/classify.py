"""Ask the teacher itself to classify the test texts: zero-shot, and with the seeds it wrote from.

python -m limbeck.classification.classify --language card.json --task config/tasks/topic.yaml
    --instructions config/prompts/classification.yaml --seeds seeds.jsonl --test test.jsonl
    --settings JSON --connection JSON --journal FILE --output predictions.parquet

A fair comparison: the teacher as classifier sees what the teacher as writer saw, and its answers
are constrained to the labels. An answer that names no label is wrong, and no class of its own; a
text that the endpoint failed on has none, and stops the stage; so do answers that the teacher's own
limit cut off, where they are more than a share.
Settings: {"teacher", "seed", "max_cut"}.
"""

import random
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, create_model

from limbeck import config, files, stage
from limbeck.classification import replies
from limbeck.classification.examples import TEMPLATES
from limbeck.classification.predictions import write
from limbeck.classification.tasks import Task
from limbeck.classification.tasks import load as load_task
from limbeck.errors import UserError
from limbeck.evaluation.cut import check_cut
from limbeck.files import Row
from limbeck.generation import asking
from limbeck.generation.asking import Teacher
from limbeck.generation.instructions import Instructions, load, quote
from limbeck.teacher.client import Message, Reply, Request, check_answered


class Settings(asking.Settings):
    """What decides this stage's result, or that there is none."""

    max_cut: config.Share


@cache
def label_model(labels: tuple[str, ...]) -> type[BaseModel]:
    """The form of a reply that is one of some labels."""
    form: Any = Literal[labels]
    model: type[BaseModel] = create_model("Label", label=(form, ...))
    return model


def question(task: Task, card: Row, instructions: Instructions, text: str) -> str:
    """What is asked of a text; the labels come with their descriptions, as the writer saw them."""
    labels = "\n".join(
        f"{quote('label', label, ['label'])} {card_.description}"
        for label, card_ in task.labels.items()
    )
    words = {"question": task.question, "text_kind": task.text_kind, "labels": labels}
    return instructions.render("classify", card, words, {"text": text})


def demonstrations(
    task: Task, card: Row, instructions: Instructions, seeds: Sequence[Row], seed: int
) -> list[Message]:
    """The seeds as earlier turns, their labels mixed; the first has the question, for all."""
    mixed = sorted(seeds, key=lambda row: str(row["id"]))
    random.Random(seed).shuffle(mixed)
    turns: list[Message] = []
    for row in mixed:
        asked = _next(row["text"]) if turns else question(task, card, instructions, row["text"])
        turns.append({"role": "user", "content": asked})
        turns.append({"role": "assistant", "content": files.canonical({"label": row["label"]})})
    return turns


def _next(text: str) -> str:
    """A text of which the same is asked as of the one before; a context holds few questions."""
    return quote("text", text, ["text"])


def read(reply: Reply, task: Task) -> str | None:
    """The label of a reply: from its constrained form, or else from its words."""
    if reply.value is not None:
        return str(getattr(reply.value, "label", "")) or None
    return replies.parse(reply.content or "", task.names, task.aliases)


def classify(
    task: Task,
    seeds: Sequence[Row],
    test: Sequence[Row],
    seed: int,
    teacher: Teacher,
    card: Row,
    instructions: Instructions,
    max_cut: float,
) -> list[Row]:
    """What the teacher says of each test text, without and with the seeds.

    Raises:
        UserError: it does not hold the seeds, the endpoint failed on a text, or the teacher's limit
            cut off more than ``max_cut`` of the answers, in 0 to 1.
    """
    form = label_model(tuple(task.names))
    shots_of: dict[str, list[Message]] = {"zero-shot": []}
    if seeds:
        shots_of["few-shot"] = demonstrations(task, card, instructions, seeds, seed)

    def ask(source: str, items: Sequence[Row]) -> list[tuple[Row, Reply]]:
        shots = shots_of[source]

        def prompt(item: Row) -> Request:
            text = item["text"]
            asked = _next(text) if shots else question(task, card, instructions, text)
            return Request([*shots, {"role": "user", "content": asked}], form)

        came = teacher.ask(items, prompt, lambda item, reply: [(item, reply)])
        if shots and any(reply.failure == "context" for _, reply in came):
            raise UserError(
                f"{task.name}: {teacher.settings.model!r} does not hold the "
                f"{len(seeds)} demonstrations of its own few-shot prompt; lower "
                "classification.seeds"
            )
        check_answered([reply for _, reply in came], teacher.journal)
        return came

    # By the longest prompt alone the model says whether it holds them, before any other is paid
    # for; endpoints count tokens, and an estimate would refuse what fits.
    ask(list(shots_of)[-1], [max(test, key=lambda row: len(row["text"].encode()))])
    rows: list[Row] = []
    for source in shots_of:
        came = ask(source, test)
        check_cut(f"{task.name}, {source}", [reply.failure for _, reply in came], max_cut)
        rows += [_answer(source, item, reply, read(reply, task)) for item, reply in came]
    return rows


def _answer(source: str, item: Row, reply: Reply, label: str | None) -> Row:
    return {"source": source, "size": 0, "repeat": 0, "id": item["id"],
            "predicted": label, "reply": None if label else reply.content}  # fmt: skip


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    parser.add_argument("--task", type=Path, required=True)
    parser.add_argument("--seeds", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    options = parser.parse_args()
    task = load_task(options.task)
    rows = classify(
        task,
        list(files.read_jsonl(options.seeds)),
        list(files.read_jsonl(options.test)),
        options.settings.seed,
        Teacher.of(options),
        options.language,
        load(options.instructions, TEMPLATES),
        options.settings.max_cut,
    )
    unparsed = sum(row["predicted"] is None for row in rows)
    if unparsed == len(rows):
        raise UserError(f"{task.name}: the teacher's replies name no label at all")
    print(f"{options.output}: {len(rows)} answers, {unparsed} name no label", file=sys.stderr)
    write(options.output, rows)


if __name__ == "__main__":
    stage.run(main)
