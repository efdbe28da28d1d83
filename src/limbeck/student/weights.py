"""Files of weights (safetensors): what is in one, whether it is whole, what a config says of them.

A file is the length of its header, the header as JSON, and the tensors' bytes
(https://huggingface.co/docs/safetensors).
"""

import json
import struct
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.files import read_json

Header = dict[str, dict[str, Any]]
AGAIN = "consolidated"  # so begin files in which Mistral's models have their weights a second time


def is_file(name: str) -> bool:
    """Whether a checkpoint's file of this name has weights of it, once."""
    return name.endswith(".safetensors") and not name.startswith(AGAIN)


def files(folder: Path) -> list[Path]:
    """The files of a checkpoint's weights, in order."""
    return sorted(path for path in folder.glob("*") if is_file(path.name))


def header(path: Path) -> tuple[Header, int]:
    """The tensors of a file by name, with where each is counted from a place, and that place.

    Raises:
        UserError: the file is cut short, or is none of weights.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            (length,) = struct.unpack("<Q", file.read(8))
            named = json.loads(file.read(min(length, size)))
            named.pop("__metadata__", None)
            start = 8 + length
            wanted = start + max((body["data_offsets"][1] for body in named.values()), default=0)
        except (struct.error, ValueError, TypeError, KeyError, AttributeError):
            raise UserError(f"{path}: no file of weights, or cut short") from None
    if size != wanted:
        raise UserError(f"{path}: {wanted:,} bytes of weights are wanted, and it has {size:,}")
    return named, start


def context(base: Path) -> int | None:
    """The tokens that a base reads at most, as its config says."""
    config = read_json(base / "config.json")
    length = config.get("text_config", config).get("max_position_embeddings")
    return int(length) if length else None


def stored_type(base: Path) -> str:
    """The name of the type that a base's weights are stored in."""
    config = read_json(base / "config.json")
    return str(config.get("dtype") or config.get("torch_dtype") or "float32")


def kept(trained: float, memory: str) -> tuple[float, float, float]:
    """Bytes that a training has on the disk, by those of the weights that are trained.

    Args:
        trained: bytes.
        memory: `training.memory`.

    Returns:
        A state of the training; the weights of the best validation while better ones are written;
        and the most there is at once, while a state is written.
    """
    # Adam keeps two numbers beside each weight; of 8 bits they are as large as it.
    state = trained * (2 if memory == "adam8bit" else 3)
    return state, 2 * trained, 2 * state + trained


def check(folder: Path) -> None:
    """Raise a `UserError` if a file of a checkpoint's weights is not whole.

    The libraries that read them would say so without its name, or not in one line.
    """
    for path in files(folder):
        header(path)
