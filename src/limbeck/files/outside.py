"""Reading what others wrote as JSON: replies, envelopes, corpora, published tables.

Whoever wrote it may mean ill. What would exhaust the reader, or whoever takes the value further,
is refused like text that is no JSON.
"""

import json
import re
from typing import Any

LENGTH = 64 * 1024 * 1024  # characters
DEPTH = 100  # brackets within each other: whoever walks through a value recurses
DIGITS = 300  # of one number: the largest float has 309

# Possessive, so that a text of quotes and backslashes takes linear time.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)', re.DOTALL)
_LONG_NUMBER = re.compile(rf"\d{{{DIGITS + 1}}}")
_BRACKET = re.compile(r"[\[\]{}]")


def loads(text: str | bytes) -> Any:
    """The value of a JSON text; bytes are UTF-8.

    Raises:
        ValueError: it is no JSON, or more than `check` lets pass.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    check(text)
    return json.loads(text)


def check(text: str) -> None:
    """Let a text pass that is within all bounds, whether it is JSON or nearly.

    Raises:
        ValueError: says what is too much.
    """
    if len(text) > LENGTH:
        raise ValueError(f"more than {LENGTH:,} characters")
    deep = text.count("[") + text.count("{") > DEPTH
    if not deep and not _LONG_NUMBER.search(text):
        return
    bare = _STRING.sub('""', text)
    if _LONG_NUMBER.search(bare):
        raise ValueError(f"a number of more than {DIGITS} digits")
    depth = 0
    for bracket in _BRACKET.finditer(bare):
        depth = depth + 1 if bracket[0] in "[{" else max(0, depth - 1)
        if depth > DEPTH:
            raise ValueError(f"brackets more than {DEPTH} deep")
