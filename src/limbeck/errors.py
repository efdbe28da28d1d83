"""The one exception that is meant for people, and what can be shown to them."""

import re

# Control characters, separators of lines, overrides of the direction, halves of characters.
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def shown(text: str) -> str:
    """The text in one line that a terminal only prints, whoever wrote it.

    >>> shown("a\\nb \\x1b[2J")
    'a\\\\nb \\\\x1b[2J'
    """
    return _NOT_SHOWN.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


class UserError(Exception):
    """Something that the user can mend: one line that says what, where and what is allowed."""

    def __str__(self) -> str:
        return shown(super().__str__())
