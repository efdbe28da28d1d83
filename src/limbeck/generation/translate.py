"""Translate English conversations into the language.

python -m limbeck.generation.translate --language card.json
    --instructions config/prompts/translate.yaml --conversations conversations.jsonl
    --settings JSON --connection JSON --journal FILE --output translations.jsonl

A conversation is translated whole, in one reply. A translation whose turns are not as many or not
of the same roles fails with "structure". Settings: {"teacher", "seed"}.
"""

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, create_model

from limbeck import files, stage
from limbeck.files import Row
from limbeck.generation import asking
from limbeck.generation.asking import Settings, Teacher, user
from limbeck.generation.instructions import Instructions, load
from limbeck.generation.native import Native
from limbeck.teacher.client import Message, Reply, Request
from limbeck.teacher.replies import told

TEMPLATES = {"conversation": ("conversation",)}

_OUR_TAG = re.compile(r"<(?=\s*/?\s*conversation\b)", re.IGNORECASE)


class Turn(BaseModel):
    """A turn of the translation."""

    model_config = told("A turn of the translation.")

    role: Literal["system", "user", "assistant"]
    content: str


@cache
def reply_model(turns: int, name: str = "Translation") -> type[BaseModel]:
    """The form of a reply. The schema asks for the number of turns; `translated` checks it."""
    exact = {"minItems": turns, "maxItems": turns}
    form = Annotated[list[Turn], Field(min_length=1, json_schema_extra=exact)]
    model: type[BaseModel] = create_model(name, messages=(form, ...))
    return model


def quoted(turns: Sequence[Message]) -> str:
    """A conversation as JSON that cannot close the tag around it."""
    # In JSON a tag of ours can be escaped, so that nothing in the turns has to be changed.
    return _OUR_TAG.sub(r"\\u003c", json.dumps(turns, ensure_ascii=False, indent=1))


def prompt(
    conversation: Row, card: Row, instructions: Instructions, native: Native | None = None
) -> Request:
    """The request for the translation of a conversation."""
    turns = conversation["messages"]
    rendered = instructions.render("conversation", card, data={"conversation": quoted(turns)})
    if native:
        rendered += native.below(conversation["id"])
    return user(rendered, reply_model(len(turns)))


def translated(original: Sequence[Message], reply: Reply) -> tuple[list[Message], str | None]:
    """The turns of a translation, or none and why: they must be as many, of the same roles."""
    turns: list[Turn] = getattr(reply.value, "messages", [])
    messages = [{"role": turn.role, "content": turn.content.strip()} for turn in turns]
    failure = reply.failure
    if not failure and [m["role"] for m in messages] != [m["role"] for m in original]:
        failure = "structure"
    if not failure and not all(message["content"] for message in messages):
        failure = "empty"
    return ([] if failure else messages), failure


def parse(conversation: Row, reply: Reply, teacher: str) -> list[Row]:
    """The translation's row, or a row with the failure."""
    original = conversation["messages"]
    messages, failure = translated(original, reply)
    return [
        {
            "id": f"translation-{files.digest(conversation['id'])}",
            "strategy": "translation",
            "kind": "conversation",
            "source": conversation["id"],
            "parent": None,
            "messages": messages,
            "original": original,
            "teacher": teacher,
            "failure": failure,
        }
    ]


def translate(
    conversations: Sequence[Row],
    teacher: Teacher,
    card: Row,
    instructions: Instructions,
    native: Native | None = None,
) -> list[Row]:
    """The rows of all conversations."""
    return teacher.ask(
        conversations,
        lambda conversation: prompt(conversation, card, instructions, native),
        lambda conversation, reply: parse(conversation, reply, teacher.settings.name),
    )


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    parser.add_argument("--conversations", type=Path, required=True)
    options = parser.parse_args()
    instructions = load(options.instructions, TEMPLATES)
    conversations = list(files.read_jsonl(options.conversations))
    asked = (Teacher.of(options), options.language, instructions, Native.of(options))
    rows = translate(conversations, *asked)
    asking.finish(options.output, rows)


if __name__ == "__main__":
    stage.run(main)
