"""Find out how an endpoint is told the form of a reply.

vLLM ignores fields that it does not know and many gateways ignore a ``response_format`` that the
model behind them does not follow, so an accepted request proves nothing. The probe therefore asks
for something with a schema that allows one made-up word alone, which only the schema tells.
"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from limbeck import config
from limbeck.files import digest, write_json
from limbeck.teacher import launch, replies
from limbeck.teacher.replies import Record, Request

# The most widely known first. json_object tells the schema in words, too: it proves that the
# endpoint knows the type.
WAYS: tuple[config.Structured, ...] = (
    "json_schema",
    "structured_outputs",
    "guided_json",
    "json_object",
)


class Fruit(BaseModel):
    """A reply that nobody would give unless the schema holds."""

    fruit: Literal["zumbarole"]


PROBE = Request([{"role": "user", "content": "Name a fruit, in JSON."}], Fruit)

# Sends a body; None where the endpoint refuses it.
Post = Callable[[dict[str, Any]], Awaitable[Record | None]]


async def find(
    teacher: config.TeacherSettings, connection: config.Connection, work: Path, post: Post
) -> config.Structured:
    """The value of ``structured`` that an endpoint takes, where the config says ``auto``.

    A found way is kept in ``work/structured``, by endpoint and model, so that one stage asks for
    all. That nothing works is not kept.
    """
    if teacher.structured != "auto":
        return teacher.structured
    if connection.server is not None:
        return launch.STRUCTURED[connection.server]
    known = work / "structured" / f"{digest(connection.url, teacher.model)}.json"
    try:
        way = json.loads(known.read_text(encoding="utf-8"))["structured"]
        if way in WAYS:
            found: config.Structured = way
            return found
    except (OSError, ValueError, KeyError, TypeError):
        pass
    found = await probe(teacher, post)
    if found != "none":
        where = {"url": connection.url, "model": teacher.model}
        write_json(known, where | {"structured": found})
    return found


async def probe(teacher: config.TeacherSettings, post: Post) -> config.Structured:
    """The first way that makes the endpoint follow a schema; ``none`` if there is none."""
    for way in WAYS:
        told = teacher.model_copy(update={"structured": way})
        record = await post(replies.body(PROBE, told))
        if record is not None and replies.read(record, Fruit)[0].value is not None:
            return way
    return "none"
