"""What is meant for people can be shown to them, whoever wrote it."""

import pytest

from limbeck.errors import UserError, shown


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Kiswahili, 中文, بهسا\u200cاچيه, é", "Kiswahili, 中文, بهسا\u200cاچيه, é"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b]0;title\x07\x1b[2J\x9b2J", r"\x1b]0;title\x07\x1b[2J\x9b2J"),
        ("good\u202egpj.exe\u2066\u2028", r"good\u202egpj.exe\u2066\u2028"),
        ("half \ud83d", r"half \ud83d"),
    ],
)
def test_a_terminal_only_prints_what_it_is_shown(text: str, told: str) -> None:
    assert shown(text) == str(UserError(text)) == told
