"""What can be seen from replies themselves: the answer after a trace, script, repetition."""

import re
from collections.abc import Iterable

from limbeck.languages.scripts import script_share

_LOOP = re.compile(r"(.{1,100}?)\1{3,}", re.DOTALL)
_LOOP_LENGTH = 20
_RULE = re.compile(r"[ |:+=_*~─━-]{1,200}")  # of a table or between parts; what is longer is a loop


def without_trace(reply: str) -> str:
    """The answer: what follows the reasoning trace. A trace that never ends has no answer."""
    _, closing, after = reply.rpartition("</think>")
    if closing:
        return after.strip()
    return after.partition("<think>")[0].strip() if "<think>" in after else after.strip()


def right_script_rate(replies: Iterable[str], script: str) -> float | None:
    """The share of letters that are of the script; None without letters or for unknown scripts."""
    return script_share("".join(replies), script)


def repeats(reply: str) -> bool:
    """Whether a reply is caught in a loop: a piece four times in a row, over 20 characters.

    Lines that are drawn with signs are none.
    """
    found = (match[0] for match in _LOOP.finditer(reply) if len(match[0]) >= _LOOP_LENGTH)
    return any(not _RULE.fullmatch(piece) for piece in found)
