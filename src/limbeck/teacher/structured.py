"""Find out how an endpoint is told the form of a reply.

vLLM ignores fields that it does not know and many gateways ignore a ``response_format`` that the
model behind them does not follow, so an accepted request proves nothing. The probe therefore asks
for something with a schema that allows one made-up word alone, which only the schema tells.
"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from limbeck import config
from limbeck.files import digest, write_json
from limbeck.teacher import launch, replies
from limbeck.teacher.endpoint import Failure
from limbeck.teacher.replies import Record, Request

# The most widely known first. json_object tells the schema in words, too: it proves that the
# endpoint knows the type.
WAYS: tuple[config.Structured, ...] = (
    "json_schema",
    "structured_outputs",
    "guided_json",
    "json_object",
)


class Fruits(BaseModel):
    """A reply that nobody would give unless the schema holds.

    A list of a length, as the stages ask for: some endpoints refuse that alone.
    """

    fruits: list[Literal["zumbarole"]] = Field(min_length=2, max_length=2)


PROBE = Request([{"role": "user", "content": "Name two fruits, in JSON."}], Fruits)

# Sends a body; a failure where no reply comes.
Post = Callable[[dict[str, Any]], Awaitable[Record | Failure]]


async def find(
    teacher: config.TeacherSettings, connection: config.Connection, work: Path, post: Post
) -> config.Structured:
    """The value of ``structured`` that an endpoint takes, where the config says ``auto``.

    A found way is kept in ``work/structured``, by endpoint and model, so that one stage asks for
    all. That nothing works is not kept, nor a way after one that failed for a passing reason.
    """
    if teacher.structured != "auto":
        return teacher.structured
    if connection.server is not None:
        return launch.STRUCTURED[connection.server]
    form = replies.json_schema(Fruits)  # what an earlier form found out may not hold for this
    known = work / "structured" / f"{digest(connection.url, teacher.model, form)}.json"
    try:
        way = json.loads(known.read_text(encoding="utf-8"))["structured"]
        if way in WAYS:
            found: config.Structured = way
            return found
    except (OSError, ValueError, KeyError, TypeError):
        pass
    found, sure = await probe(teacher, post)
    if found != "none" and sure:
        where = {"url": connection.url, "model": teacher.model}
        write_json(known, where | {"structured": found})
    return found


async def probe(teacher: config.TeacherSettings, post: Post) -> tuple[config.Structured, bool]:
    """The first way that makes the endpoint follow a schema, ``none`` if there is none.

    Returns:
        The way, and whether none before it failed for a reason that may pass or was cut short.
    """
    sure = True
    for way in WAYS:
        told = teacher.model_copy(update={"structured": way})
        outcome = await post(replies.body(PROBE, told))
        if isinstance(outcome, Failure):
            sure = sure and not outcome.passing
            continue
        reply, _ = replies.read(outcome, Fruits)
        if reply.value is not None:
            return way, sure
        sure = sure and reply.failure != "length"  # cut short, it shows nothing
    return "none", sure
