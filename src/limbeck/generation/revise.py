"""Rewrite a share of the prompts.

python -m limbeck.generation.revise --language card.json --instructions config/prompts/revise.yaml
    --prompts topics.jsonl scenarios.jsonl contexts.jsonl
    --settings JSON --connection JSON --journal FILE --output prompts.jsonl

Prompts of topics and scenarios that are much like earlier ones are left out, where the config wants
it; all others come out. A share of them is replaced by the teacher's revision, whose parent is the
original (Kakugo, arXiv 2601.14051), and whose `asked` is the original's kind. Which prompts and in
which way is decided by each prompt's id among those of its strategy, so that further prompts change
little for the others. Settings: {"teacher", "revision", "overlap", "seed"}.
"""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from limbeck import config, files, stage
from limbeck.files import Row
from limbeck.generation import asking, contexts
from limbeck.generation.asking import Teacher, prompt_row, user, written_in
from limbeck.generation.instructions import Instructions, load
from limbeck.generation.native import Native
from limbeck.generation.overlap import Different
from limbeck.teacher.client import Reply, Request
from limbeck.teacher.replies import told

WAYS: tuple[config.Way, ...] = get_args(config.Way)
TEMPLATES: dict[str, tuple[str, ...]] = {
    "prompt": ("task", "way", "prompt"),
    "prompt_about_text": ("task", "way", "prompt", "text"),
    **dict.fromkeys(WAYS, ()),
}


class Settings(asking.Settings):
    """What decides this stage's result."""

    revision: config.Revision
    overlap: config.Share | None


class RevisedPrompt(BaseModel):
    """The form of the teacher's reply."""

    model_config = told("The form of the teacher's reply.")

    prompt: str


def different(rows: Sequence[Row], overlap: float | None) -> list[Row]:
    """The prompts without those that are as much like an earlier one, and will not be paid for.

    Prompts about texts stay: one question about two texts is two.
    """
    if overlap is None:
        return list(rows)
    compared = [row for row in rows if row["strategy"] != "context" and not row["failure"]]
    kept = Different(overlap, (row["prompt"] for row in compared))
    alike = {row["id"] for row in compared if kept.earlier(row["prompt"]) is not None}
    if alike:
        print(f"{len(alike)} of {len(compared)} prompts are like others, left out", file=sys.stderr)
    return [row for row in rows if row["id"] not in alike]


def choose(
    rows: Sequence[Row], revision: config.Revision, seed: int
) -> list[tuple[Row, config.Way]]:
    """The prompts that are rewritten, each with its way: the share of every strategy's prompts."""
    whole = [row for row in rows if not row["failure"]]
    found = []
    for strategy in dict.fromkeys(row["strategy"] for row in whole):
        own = [row for row in whole if row["strategy"] == strategy]
        for row in files.share_of(own, revision.share, seed):
            found.append((row, files.dealt(revision.ways, seed, "way", row["id"])))
    return found


def prompt(
    row: Row, way: config.Way, card: Row, instructions: Instructions, native: Native | None = None
) -> Request:
    """The request for a revision. Of a prompt about a text only the request is rewritten."""
    words = {"task": instructions.render(way, card)}
    if row["strategy"] == "context":
        text, request = contexts.split(row["prompt"])
        data = {"way": way, "prompt": request, "text": text}
        rendered = instructions.render("prompt_about_text", card, words, data)
    else:
        data = {"way": way, "prompt": row["prompt"]}
        rendered = instructions.render("prompt", card, words, data)
        if native and not row["pivot"]:
            rendered += native.below(row["id"])
    return user(rendered, RevisedPrompt)


def parse(row: Row, way: config.Way, reply: Reply, teacher: str) -> list[Row]:
    """The revised row. After a failure the original stays, and a row with the failure is added."""
    kind = f"revised:{way}"
    revised = getattr(reply.value, "prompt", "").strip()
    failure = reply.failure or (None if revised else "empty")
    origin = (row["strategy"], kind, row["source"], teacher)
    new = partial(prompt_row, *origin, parent=row["id"], pivot=row["pivot"])
    if failure:
        return [row, new(failure=failure)]
    if row["strategy"] == "context":
        revised = contexts.join(contexts.split(row["prompt"])[0], revised)
    # Filters must know a translation into English, which the kind of a revision does not say.
    return [{**new(revised), "asked": row["kind"]}]


def revise(
    rows: Sequence[Row],
    settings: Settings,
    teacher: Teacher,
    card: Row,
    instructions: Instructions,
    native: Native | None = None,
) -> list[Row]:
    """The rows in their order, the chosen ones revised."""
    rows = different(rows, settings.overlap)
    chosen = choose(rows, settings.revision, settings.seed)
    revised = teacher.ask(
        chosen,
        lambda pair: prompt(*pair, written_in(pair[0]["pivot"], card), instructions, native),
        lambda pair, reply: [(pair[0]["id"], parse(*pair, reply, settings.teacher.name))],
    )
    instead = dict(revised)
    return [new for row in rows for new in instead.get(row["id"], [row])]


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    parser.add_argument("--prompts", type=Path, nargs="+", required=True)
    options = parser.parse_args()
    instructions = load(options.instructions, TEMPLATES)
    rows = [row for path in options.prompts for row in files.read_jsonl(path)]
    asked = (Teacher.of(options), options.language, instructions, Native.of(options))
    revised = revise(rows, options.settings, *asked)
    asking.finish(options.output, revised, asked=[row for row in revised if row["parent"]])


if __name__ == "__main__":
    stage.run(main)
