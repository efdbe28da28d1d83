"""Rows for filters."""

from collections.abc import Callable
from typing import Any

import pytest

Rows = Callable[..., dict[str, Any]]


def _conversation(turns: tuple[str, ...] | list[str]) -> list[dict[str, str]]:
    roles = ["user", "assistant"] * len(turns)
    return [{"role": r, "content": t} for r, t in zip(roles, turns, strict=False)]


def _row(*turns: str, original: list[str] | None = None, **columns: Any) -> dict[str, Any]:
    return {
        "id": "row-1",
        "strategy": "topic",
        "kind": "topic",
        "messages": _conversation(turns),
        "reasoning": None,
        "original": original and _conversation(original),
        "failure": None,
        **columns,
    }


@pytest.fixture
def row() -> Rows:
    """Make a row of turns; with originals it is a translation."""
    return _row
