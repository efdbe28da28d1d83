"""The forms of rows: what the filters keep, and what a student is trained on."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from limbeck import config
from limbeck.files import Row


def size(messages: Iterable[Mapping[str, str]]) -> int:
    """UTF-8 bytes of a conversation."""
    return sum(len(turn["content"].encode()) for turn in messages)


def message_type() -> Any:
    """The Arrow type of a conversation: a list of {role, content}."""
    import pyarrow as pa

    return pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))


_PROVENANCE = (
    "strategy", "kind", "source", "parent", "teacher", "translator", "pivot", "length",
)  # fmt: skip


def kept_schema() -> Any:
    """The Arrow schema of rows.parquet: one row a kept prompt or conversation."""
    import pyarrow as pa

    return pa.schema(
        [
            ("id", pa.string()),
            ("messages", message_type()),
            ("reasoning", pa.string()),
            ("original", message_type()),
            *((name, pa.string()) for name in _PROVENANCE),
        ]
    )


def training_schema() -> Any:
    """The Arrow schema of train.parquet and validation.parquet."""
    import pyarrow as pa

    return pa.schema(
        [
            ("id", pa.string()),
            ("messages", message_type()),
            ("form", pa.string()),
            *((name, pa.string()) for name in _PROVENANCE),
        ]
    )


_public = cache(config.public)  # it looks whether there is such a file
_MODELS = ("teacher", "translator")


def provenance(row: Row) -> Row:
    """Where a row comes from, as those may know who are given it."""
    found = {name: row.get(name) for name in _PROVENANCE}
    return found | {name: _public(model) for name in _MODELS if (model := found[name])}


def from_response(row: Row) -> Row:
    """A row of responses.jsonl in the kept form."""
    messages = [
        {"role": "user", "content": row["prompt"]},
        {"role": "assistant", "content": row.get("response") or ""},
    ]
    return {
        "id": row["id"],
        "messages": messages,
        "reasoning": row.get("reasoning"),
        "original": row.get("original"),
        "asked": row.get("asked"),  # for the filters alone
        **provenance(row),
    }


def from_text(row: Row) -> Row:
    """A row of texts.jsonl in the kept form: nobody asked for it."""
    return {
        "id": f"text-{row['id']}",
        "messages": [{"role": "assistant", "content": row["text"]}],
        "reasoning": None,
        "original": None,
        **provenance({"strategy": "text", "source": _public(row["source"])}),
    }


def from_translation(row: Row) -> Row:
    """A row of translations.jsonl in the kept form."""
    return {
        "id": row["id"],
        "messages": row.get("messages") or [],
        "reasoning": None,
        "original": row.get("original"),
        **provenance(row),
    }
