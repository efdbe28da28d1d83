"""JSON from outside: what is too much is refused like what is no JSON."""

import pytest

from limbeck.files import outside


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 1000, "brackets more than 100 deep"),
        ("[" * 1000 + "]" * 1000, "brackets more than 100 deep"),
        ('{"a":' * 200 + "1" + "}" * 200, "brackets more than 100 deep"),
        ('{"a": ' + "1" * 5000 + "}", "a number of more than 300 digits"),
        ("1" * 401, "a number of more than 300 digits"),
        ("[1, 2", "delimiter"),
        ("", "Expecting value"),
        (b"\xff", "decode"),
    ],
)
def test_what_is_too_much_is_refused(text: str | bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        outside.loads(text)


def test_a_text_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "LENGTH", 5)
    assert outside.loads("[1,2]") == [1, 2]
    with pytest.raises(ValueError, match="more than 5 characters"):
        outside.loads("[1, 2]")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[]," * 500, None),
        ("[" + "[]," * 500 + "[]]", [[]] * 501),
        ('["' + "[" * 500 + '"]', ["[" * 500]),
        ('["' + "1" * 5000 + '"]', ["1" * 5000]),
        (r'["\"' + "[" * 500 + '"]', ['"' + "[" * 500]),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": NaN, "b": 1e999}', None),
    ],
)
def test_what_strings_hold_is_not_counted(text: str | bytes, value: object) -> None:
    """Wide is not deep, and a long text is no number."""
    if value is None:
        outside.check(str(text))
    else:
        assert outside.loads(text) == value
