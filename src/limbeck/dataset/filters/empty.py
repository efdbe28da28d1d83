"""Rows without text."""

from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.texts import turns
from limbeck.files import Row

_NOTHING = {"", "None", "null", "nan"}


def empty(row: Row) -> Reason:
    """A turn without text, or with what a program writes for nothing."""
    contents = list(turns(row))
    if not contents:
        return Removal("no messages")
    if any(content.strip() in _NOTHING for content in contents):
        return Removal("empty turn")
    return None
