"""Models of the Hugging Face hub: a checkpoint, or one GGUF file of a repository."""

import re
from pathlib import Path

from limbeck.errors import UserError
from limbeck.student import base

NAME = re.compile(
    r"(?P<repo>[\w-][\w.-]*/[\w.-]+?)(?:/(?P<file>[\w./-]+\.gguf))?(?:@(?P<commit>[\w.-]+))?"
)


def fetch(name: str, weights: bool = True) -> Path:
    """The local folder of a checkpoint, perhaps without its weights, or the local file of a GGUF.

    Raises:
        UserError: the hub does not have it or cannot be reached.
    """
    parts = NAME.fullmatch(name)
    assert parts, name
    if parts["file"] is None:
        return base.fetch(parts["repo"], parts["commit"], False, weights)
    import huggingface_hub

    try:
        found = huggingface_hub.hf_hub_download(
            parts["repo"], parts["file"], revision=parts["commit"]
        )
    except Exception as error:  # the hub's client raises those of its HTTP library, too
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(
            f"{name}: there is no such file here, nor from the hub ({reason})"
        ) from None
    return Path(found)
