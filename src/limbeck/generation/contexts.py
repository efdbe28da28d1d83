"""Write prompts about texts of the language.

python -m limbeck.generation.contexts --language card.json
    --instructions config/prompts/contexts.yaml --texts texts.jsonl
    --beside config/prompts/beside.yaml [--personas personas.jsonl]
    --settings JSON --connection JSON --journal FILE --output contexts.jsonl

Each text gets prompts of one kind (translate, summarise, improve, classify, answer), some of which
are kept; the text is put before the prompt (Kakugo, arXiv 2601.14051, context generation).
Settings: {"teacher", "contexts", "diversity", "seed"}.
"""

import random
import re
from pathlib import Path
from typing import get_args

from limbeck import config, files, stage
from limbeck.files import Row
from limbeck.generation import asking
from limbeck.generation.asking import Teacher, items_model, listed, prompt_row, user
from limbeck.generation.beside import Beside
from limbeck.generation.instructions import Instructions, load
from limbeck.teacher.client import Reply, Request

KINDS: tuple[config.Kind, ...] = get_args(config.Kind)
TEMPLATES: dict[str, tuple[str, ...]] = {
    "prompts": ("task", "kind", "text", "count"),
    **dict.fromkeys(KINDS, ()),
}


class Settings(asking.Settings):
    """What decides this stage's result."""

    contexts: config.Contexts
    diversity: config.Diversity


def deal(text: Row, kinds: list[config.Kind], seed: int) -> Row:
    """The text with its kind of prompt, which no other text changes."""
    return {**text, "kind": files.dealt(kinds, seed, "kind", text["id"])}


def prompt(
    text: Row, contexts: config.Contexts, card: Row, instructions: Instructions, beside: Beside
) -> Request:
    """The request for prompts of the text's kind."""
    task = instructions.render(text["kind"], card)
    words = {"task": task, "count": str(contexts.prompts)}
    data = {"kind": text["kind"], "text": text["text"]}
    rendered = instructions.render("prompts", card, words, data)
    people = beside.people(text["id"], contexts.prompts)
    return user(rendered + people, items_model("ContextPrompts", contexts.prompts))


def parse(text: Row, reply: Reply, settings: Settings, keep: int) -> list[Row]:
    """A row for each of ``keep`` prompts, drawn by seed, or one row with the failure."""
    teacher = settings.teacher.name
    found = listed(reply, settings.contexts.prompts)
    if reply.failure or not found:
        failure = reply.failure or "empty"
        return [
            prompt_row("context", text["kind"], text["id"], teacher, failure=failure, lost=keep)
        ]
    drawn = random.Random(files.digest(settings.seed, text["id"]))
    kept = drawn.sample(found, min(keep, len(found)))
    return [
        prompt_row("context", text["kind"], text["id"], teacher, join(text["text"], request))
        for request in kept
    ]


def join(text: str, request: str) -> str:
    """A prompt about a text. The request is its last paragraph: see `split`."""
    paragraph = re.sub(r"\n\s*\n", "\n", request.strip())
    return f"{text.strip()}\n\n{paragraph}"


def split(joined: str) -> tuple[str, str]:
    """The text and the request of a prompt that `join` made."""
    text, _, request = joined.rpartition("\n\n")
    return text, request


def write(
    texts: list[Row],
    settings: Settings,
    teacher: Teacher,
    card: Row,
    instructions: Instructions,
    beside: Beside,
) -> list[Row]:
    """The rows of all texts."""
    keep = settings.contexts.kept(len(texts))
    return teacher.ask(
        [deal(text, settings.contexts.kinds, settings.seed) for text in texts],
        lambda text: prompt(text, settings.contexts, card, instructions, beside),
        lambda text, reply: parse(text, reply, settings, keep),
    )


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    Beside.add_to(parser)
    parser.add_argument("--texts", type=Path, required=True)
    options = parser.parse_args()
    settings: Settings = options.settings
    instructions = load(options.instructions, TEMPLATES)
    texts = list(files.read_jsonl(options.texts))
    asked = (Teacher.of(options), options.language, instructions, Beside.of(options))
    rows = write(texts, settings, *asked)
    asking.finish(options.output, rows)


if __name__ == "__main__":
    stage.run(main)
