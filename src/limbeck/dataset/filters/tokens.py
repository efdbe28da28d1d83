"""Lengths in the tokens of a model."""

from collections.abc import Callable
from pathlib import Path

from limbeck.errors import UserError
from limbeck.models import hub


def counter(name: str) -> Callable[[str], int]:
    """How many tokens a text has, by the tokenizer of a folder or of a model of the hub.

    Raises:
        UserError: there is no such tokenizer.
    """
    from tokenizers import Tokenizer

    folder = Path(name).expanduser()
    if not folder.is_dir():
        if not hub.NAME.fullmatch(name):
            raise UserError(
                f"config: filters.length_tokens: {name!r} is neither a folder nor a model of the "
                "hub (owner/model)"
            )
        folder = hub.fetch(name, weights=False)
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise UserError(f"config: filters.length_tokens: {name} has no tokenizer.json")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing more precise
        raise UserError(f"{path}: no tokenizer ({error})") from None
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False))
