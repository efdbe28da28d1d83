"""Lengths of translations in the tokens of a model."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from limbeck.dataset.filters import lengths, tokens
from limbeck.errors import UserError

BOUNDS = lengths.Bounds(0.75, 25.0)
# A true translation that is shorter than its English: three words for six, 22 bytes for 29.
ENGLISH, SWAHILI = "I do not know what it is", "Sijui ni nini"


@pytest.fixture
def letters(tmp_path: Path) -> str:
    """The folder of a tokenizer that knows English words, and of all else only letters."""
    known = [*ENGLISH.split(), *"abcdefghijklmnopqrstuvwxyzS"]
    vocabulary = {word: number for number, word in enumerate(dict.fromkeys(known))}
    model = models.WordPiece(vocabulary, unk_token="a", continuing_subword_prefix="")
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return str(tmp_path)


def test_a_students_tokens_tell_more_than_bytes(letters: str) -> None:
    row = {
        "strategy": "translation",
        "messages": [{"role": "user", "content": SWAHILI}],
        "original": [{"role": "user", "content": ENGLISH}],
    }
    by_bytes = lengths.length_ratio(BOUNDS, None)(row)
    assert by_bytes is not None
    assert by_bytes.why == "too short"
    assert lengths.length_ratio(BOUNDS, None, tokens.counter(letters))(row) is None


@pytest.mark.parametrize("name", ["no model", "{empty}"])
def test_what_is_no_tokenizer_is_said_in_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"filters.length_tokens: .*(no tokenizer|neither)"):
        tokens.counter(name.replace("{empty}", str(tmp_path)))
