"""Sample English conversations to translate.

python -m limbeck.sources.conversations --settings JSON --output resources/conversations.jsonl

From the phrasebook, a JSON Lines or Parquet file or folder, or a data set of the hub, in the
messages form, ShareGPT's, or the instruction form (Dolly, Alpaca). But for the phrasebook's, what
is not English, asks about pictures or uses tools is left out, and counted. Settings:
{"conversations", "seed"}. Rows: {"id", "source", "messages"}.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from limbeck import config, files, stage
from limbeck.errors import UserError
from limbeck.files import Row
from limbeck.sources import english, reading

Message = dict[str, str]

FORMS = (
    "'messages' or 'conversations' (lists of role and content, or of from and value), or "
    "'instruction' with 'response' or 'output' (and 'context' or 'input')"
)
_ROLES = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
}


class Settings(config.Section):
    """What decides this stage's result."""

    conversations: config.Conversations
    seed: int


def messages(row: Row) -> list[Message]:
    """The turns of a row: perhaps the system's, then user and assistant by turns.

    User turns at the end, which nobody answered, are left off.

    Raises:
        ValueError: the row is no English conversation; the message says why.
        UserError: the row is of no known form.
    """
    turns = _turns(row)
    if row.get("langdetect", "en") not in ("en", None):  # Infinity-Instruct is Chinese, too
        raise ValueError(f"not English but {row['langdetect']}")
    while turns and turns[-1]["role"] == "user":
        turns.pop()
    if not turns:
        raise ValueError("no answer")
    spoken = turns[1:] if turns[0]["role"] == "system" else turns
    wanted = ["user", "assistant"] * (len(spoken) // 2)
    if not spoken or [turn["role"] for turn in spoken] != wanted:
        raise ValueError("roles out of turn")
    if not all(turn["content"] for turn in turns):
        raise ValueError("an empty turn")
    return turns


def _turns(row: Row) -> list[Message]:
    for column in ("messages", "conversations"):
        if column in row:
            if not isinstance(row[column], list | None):
                raise ValueError("turns that are no list")
            return [_turn(turn) for turn in row[column] or []]
    answer = next((key for key in ("response", "output") if key in row), None)
    if "instruction" not in row or answer is None:
        raise UserError(f"unknown form, with the columns {', '.join(row):.300}; allowed: {FORMS}")
    question = [row["instruction"], row.get("context"), row.get("input")]
    parts = [part.strip() for part in map(_text, question) if part.strip()]
    return [
        {"role": "user", "content": "\n\n".join(parts)},
        {"role": "assistant", "content": _text(row[answer]).strip()},
    ]


def _turn(turn: Any) -> Message:
    if not isinstance(turn, dict):
        raise ValueError("a turn that is no object")
    said_by = turn.get("role", turn.get("from"))
    role = _ROLES.get(said_by) if isinstance(said_by, str) else None
    if role is None:
        raise ValueError("another role than system, user and assistant")
    return {"role": role, "content": _text(turn.get("content", turn.get("value"))).strip()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("a turn that is no text")
    return value


def conversations(found: Iterable[Row], source: str, skipped: Counter[str]) -> Iterator[Row]:
    """The conversations among a source's rows; the others are counted by reason.

    Raises:
        UserError: the first rows are all of an unknown form.
    """
    form = reading.Form(source)
    for row in found:
        try:
            turns = messages(row)
        except ValueError as error:
            skipped[str(error)] += 1
        except UserError as error:
            form.unknown(str(error))
        else:
            form.known = True
            yield {
                "id": f"conversation-{files.digest(turns)}",
                "source": source,
                "messages": turns,
            }
    form.end()


def fitting(found: Iterable[Row], max_bytes: int | None, skipped: Counter[str]) -> Iterator[Row]:
    """The conversations that can be translated; the others are counted by reason."""
    for row in found:
        size = sum(len(turn["content"].encode()) for turn in row["messages"])
        why = "too long" if max_bytes and size > max_bytes else english.unfit(row["messages"])
        if why:
            skipped[why] += 1
        else:
            yield row


def collect(settings: config.Conversations, seed: int) -> list[Row]:
    """The sample.

    Raises:
        UserError: the source cannot be read, or has no conversation.
    """
    limit, source, skipped = settings.limit, settings.source, Counter[str]()
    if source == "builtin":
        from limbeck.phrasebook import dialogues

        return list(conversations(dialogues.conversations(limit, seed), source, skipped))
    found, where, shuffled = reading.open_source(
        source, settings.name, settings.revision, settings.split, seed
    )
    whole = fitting(conversations(found, where, skipped), settings.max_bytes, skipped)
    rows = reading.sample(whole, limit, seed, shuffled)
    for reason, count in skipped.most_common():
        print(f"{where}: {count} rows left out: {reason}", file=sys.stderr)
    if limit and not rows:
        raise UserError(f"{where}: there is no conversation with an answer")
    return rows


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True, help="JSON")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    rows = collect(options.settings.conversations, options.settings.seed)
    count = files.write_jsonl(options.output, rows)
    print(f"{options.output}: {count} conversations", file=sys.stderr)


if __name__ == "__main__":
    stage.run(main)
