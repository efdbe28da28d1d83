"""Prompts and answers by way of English, for a teacher that knows things and not the language.

A pivoted row is written, revised and answered in English, and then translated as a conversation of
two turns. It keeps its English as its original, so that the filters of translations look at it.
"""

from collections.abc import Sequence

from limbeck.config.teacher import TRANSLATORS
from limbeck.files import Row
from limbeck.generation import translate
from limbeck.generation.asking import Teacher
from limbeck.generation.instructions import Instructions
from limbeck.generation.native import Native
from limbeck.teacher.client import Message, Reply


def turns(row: Row) -> list[Message]:
    """An answered row as a conversation."""
    return [
        {"role": "user", "content": row["prompt"]},
        {"role": "assistant", "content": row["response"]},
    ]


def parse(row: Row, reply: Reply, translator: str) -> list[Row]:
    """The row in the language, with its English; or a row that failed."""
    original = turns(row)
    translated, failure = translate.translated(original, reply)
    prompt, response = [turn["content"] for turn in translated] or ("", "")
    said = {"prompt": prompt, "response": response, "failure": failure}
    return [{**row, **said, "original": original, "translator": translator}]


def translated(
    rows: Sequence[Row],
    translator: Teacher,
    card: Row,
    instructions: Instructions,
    native: Native | None = None,
) -> list[Row]:
    """The rows in their order, those that are answered in English in the language.

    ``native``: passages to show; a translator that is no chat model is shown none.
    """
    pivoted = [row for row in rows if row["pivot"] and not row["failure"]]
    asked: list[Row] = [{"id": row["id"], "messages": turns(row), "row": row} for row in pivoted]
    shown = None if translator.connection.server in TRANSLATORS else native
    found = translator.ask(
        asked,
        lambda each: translate.prompt(each, card, instructions, shown),
        lambda each, reply: parse(each["row"], reply, translator.settings.name),
    )
    instead = {row["id"]: new for row, new in zip(pivoted, found, strict=True)}
    return [instead.get(row["id"], row) for row in rows]
