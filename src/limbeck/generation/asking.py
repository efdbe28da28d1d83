"""What all stages that ask a teacher have in common: options, reply forms, rows, the end."""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, Field, create_model

from limbeck import config, files, stage
from limbeck.config import Connection
from limbeck.errors import UserError
from limbeck.files import Item, Row
from limbeck.generation.native import Native
from limbeck.languages import resolve
from limbeck.teacher.client import Reply, Request, ask, check_came

Result = TypeVar("Result")


class Settings(config.Section):
    """What decides the result of a stage that asks a teacher."""

    teacher: config.TeacherSettings
    seed: int


def parser(description: str | None, settings: type[Settings]) -> argparse.ArgumentParser:
    """The options of every stage that asks a teacher."""
    options = stage.parser(description)
    add = options.add_argument
    add("--language", type=files.read_json, required=True, help="the language card")
    add("--instructions", type=Path, required=True, help="what the teacher is told (YAML)")
    add("--settings", type=stage.json_option(settings), required=True, help="JSON")
    add("--connection", type=stage.json_option(Connection), required=True, help="JSON")
    add("--journal", type=Path, required=True, help="keeps the replies from run to run")
    add("--output", type=Path, required=True)
    Native.add_to(options)
    return options


@dataclass(frozen=True, slots=True)
class Teacher:
    """A teacher, ready to be asked."""

    settings: config.TeacherSettings
    connection: Connection
    journal: Path

    @classmethod
    def of(cls, options: argparse.Namespace) -> Self:
        """The teacher that a stage's options describe."""
        return cls(options.settings.teacher, options.connection, options.journal)

    def ask(
        self,
        items: Sequence[Item],
        prompt: Callable[[Item], Request],
        parse: Callable[[Item, Reply], list[Result]],
    ) -> list[Result]:
        """Ask about each item, all at once; what the replies say, in the order of the items.

        A rehearsal asks about some of them alone.

        Raises:
            UserError: see `client.ask` and `client.check_came`.
        """
        items = files.spread(items, self.settings.questions)
        requests = [prompt(item) for item in items]
        replies = ask(requests, self.settings, self.connection, self.journal)
        check_came(replies, self.journal)
        pairs = zip(items, replies, strict=True)
        return [result for item, reply in pairs for result in parse(item, reply)]


def user(text: str, reply_model: type[BaseModel] | None = None) -> Request:
    """A request of one turn."""
    return Request([{"role": "user", "content": text}], reply_model)


@cache
def items_model(name: str, count: int) -> type[BaseModel]:
    """The form of a reply that is a list: ``{"items": [str x count]}``.

    The schema asks for exactly ``count`` items. A list that is short or long is still of use, so
    only an empty one is refused.
    """
    exact = {"minItems": count, "maxItems": count}
    form = Annotated[list[str], Field(min_length=1, json_schema_extra=exact)]
    model: type[BaseModel] = create_model(name, items=(form, ...))
    return model


def listed(reply: Reply, count: int) -> list[str]:
    """The items of a usable reply, at most ``count``, without blank and repeated ones."""
    first: dict[str, str] = {}
    for item in getattr(reply.value, "items", []):
        if key := " ".join(item.split()).casefold():
            first.setdefault(key, item.strip())
    return list(first.values())[:count]


def written_in(pivot: str | None, card: Row) -> Row:
    """The card of the language that prompts and answers are written in, before any translation.

    Whoever asks speaks the language itself, also where English is written first.
    """
    return {**resolve("eng_Latn").card(), "speakers": card} if pivot else card


def prompt_row(
    strategy: str,
    kind: str,
    source: str,
    teacher: str,
    prompt: str = "",
    failure: str | None = None,
    parent: str | None = None,
    pivot: str | None = None,
    lost: int = 1,
) -> Row:
    """A row of a prompt, or of a request for prompts that failed.

    Args:
        pivot: the language that the prompt is in, where that is not the language itself.
        lost: prompts that there would have been without the failure.
    """
    key = files.digest(kind, source, parent, prompt, failure)
    return {
        "id": f"{strategy}-{key}",
        "strategy": strategy,
        "kind": kind,
        "source": source,
        "parent": parent,
        "pivot": pivot,
        "prompt": prompt,
        "teacher": teacher,
        "failure": failure,
        "lost": lost if failure else 0,
    }


def reasons(failures: Counter[str]) -> str:
    """Why replies were of no use, the commonest first, and how often."""
    return ", ".join(f"{name} {count}" for name, count in failures.most_common())


def finish(output: Path, rows: Sequence[Row], asked: Sequence[Row] | None = None) -> None:
    """Write the rows, and say how many of them are failures.

    Args:
        output: the stage's artefact.
        rows: all that it holds.
        asked: those among them that come from the teacher, where others go through as they are.

    Raises:
        UserError: all that come from the teacher are failures.
    """
    failures: Counter[str] = Counter()
    for row in rows:
        if row["failure"]:
            failures[row["failure"]] += row.get("lost") or 1
    whole = sum(not row["failure"] for row in rows)
    asked = rows if asked is None else asked
    if asked and all(row["failure"] for row in asked):
        raise UserError(
            f"{output}: nothing that was asked of the teacher came, most often because of "
            f"{failures.most_common(1)[0][0]!r} ({reasons(failures)})"
        )
    files.write_jsonl(output, rows)
    lost = f", {failures.total()} lost ({reasons(failures)})" if failures else ""
    print(f"{output}: {whole} rows{lost}", file=sys.stderr)
