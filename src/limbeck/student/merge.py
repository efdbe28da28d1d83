"""Add the weights of checkpoints: origin + the sum of weight * (part - origin).

    python -m limbeck.student.merge --base base/ \\
        --settings '{"origin": "pretrained/", "parts": {"base/": 0.4, "expert/": 0.6}, ...}' \\
        --checkpoint checkpoint/ --history training.json

Task arithmetic (arXiv 2212.04089), with which a model that has learned a language gets back what
its instruction-tuned relative can do (arXiv 2601.10804). Files and layout of the weights are the
base's. Tensors are read, added in float32 and written some rows at a time, so that no shard is ever
whole in memory.
"""

import math
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck import stage
from limbeck.config import Section
from limbeck.errors import UserError
from limbeck.files import read_json, write_json
from limbeck.student.base import fetch
from limbeck.student.weights import files, header

_AT_ONCE = 1_000_000  # weights of a tensor
_TABLE, _HEAD = "model.embed_tokens.weight", "lm_head.weight"
_TYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


class Settings(Section):
    """What decides a merged student.

    ``parts``: folders or models of the hub (owner/model@commit), and their weights.
    """

    origin: str
    parts: dict[str, float]


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor is: ``start`` counts bytes from the beginning of the file."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    start: int

    @property
    def width(self) -> int:
        """Weights of a row."""
        return math.prod(self.shape[1:])

    def rows(self, start: int, end: int) -> Any:
        """Some rows, one after the other, in float32."""
        import torch

        kind = getattr(torch, _TYPES[self.dtype])
        with self.path.open("rb") as file:
            file.seek(self.start + start * self.width * kind.itemsize)
            content = bytearray(file.read((end - start) * self.width * kind.itemsize))
        return torch.frombuffer(content, dtype=kind).float()


def tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file of weights in the order of their bytes.

    Raises:
        UserError: it is not whole, or has numbers that are not read.
    """
    named, start = header(path)
    if odd := [name for name, body in named.items() if body["dtype"] not in _TYPES]:
        raise UserError(f"{path}: {odd[0]} is none of {', '.join(_TYPES)}")
    found = [
        (
            name,
            Tensor(path, body["dtype"], tuple(body["shape"]), start + body["data_offsets"][0]),
        )
        for name, body in named.items()
    ]
    return dict(sorted(found, key=lambda item: item[1].start))


def checkpoint_tensors(name: str, folder: Path) -> dict[str, Tensor]:
    """The tensors of all files of a checkpoint.

    Tied weights are one: some checkpoints of a model store its head, too, and others do not.
    """
    found = {k: v for path in files(folder) for k, v in tensors(path).items()}
    if not found:
        raise UserError(f"merge: {name!r} has no safetensors weights")
    config = folder / "config.json"
    tied = config.is_file() and read_json(config).get("tie_word_embeddings")
    if tied and _TABLE in found:
        found.setdefault(_HEAD, found[_TABLE])
    return found


def check(name: str, own: dict[str, Tensor], base: dict[str, Tensor]) -> None:
    """Raise a `UserError` unless the tensors are those of the base."""
    if odd := sorted(own.keys() ^ base.keys()):
        raise UserError(f"merge: {name!r} is of another kind than the base: {odd[0]}")
    for tensor, body in base.items():
        if own[tensor].shape != body.shape:
            shapes = f"{list(own[tensor].shape)}, in the base {list(body.shape)}"
            raise UserError(f"merge: {name!r}: {tensor} is {shapes}")


def merged_rows(origin: Tensor, parts: Sequence[tuple[Tensor, float]]) -> Iterator[Any]:
    """The merged tensor, some rows at a time, in float32."""
    count = origin.shape[0] if origin.shape else 1
    step = max(1, _AT_ONCE // max(1, origin.width))
    for start in range(0, count, step):
        end = min(start + step, count)
        first = origin.rows(start, end)
        total = first.clone()
        for part, weight in parts:
            total += weight * (part.rows(start, end) - first)
        yield total


def write_shard(
    shard: Path, output: Path, checkpoints: Sequence[dict[str, Tensor]], weights: Sequence[float]
) -> None:
    """Write the merged tensors of one of the base's files, in its own types and layout.

    ``checkpoints``: the origin's and the parts' tensors.
    """
    import torch

    own = tensors(shard)
    with output.open("wb") as file:
        with shard.open("rb") as source:  # the header, as it is
            file.write(source.read(min((one.start for one in own.values()), default=0)))
        for name, body in own.items():
            kind = getattr(torch, _TYPES[body.dtype])
            origin, *parts = (one[name] for one in checkpoints)
            for rows in merged_rows(origin, list(zip(parts, weights, strict=True))):
                file.write(rows.to(kind).view(torch.uint8).numpy().tobytes())


def folder(name: str) -> Path:
    """The folder of a checkpoint: ``name`` itself, or a model of the hub, perhaps at a commit."""
    if Path(name).expanduser().is_dir():
        return fetch(name, None, trust_remote_code=False)
    model, _, commit = name.partition("@")
    return fetch(model, commit or None, trust_remote_code=False)


def merge(base: Path, settings: Settings, checkpoint: Path) -> None:
    """Write the merged checkpoint: the base's own files with new weights.

    Raises:
        UserError: a part that is not there, or has other tensors than the base.
    """
    names = (settings.origin, *settings.parts)
    found = [checkpoint_tensors(name, folder(name)) for name in names]
    wanted = checkpoint_tensors("base", base)
    for name, own in zip(names, found, strict=True):
        check(name, own, wanted)
    temporary = checkpoint.with_name(f".{checkpoint.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for shard in files(base):
        write_shard(shard, temporary / shard.name, found, list(settings.parts.values()))
    for path in base.iterdir():
        if path.is_file() and path.suffix != ".safetensors":
            shutil.copyfile(path, temporary / path.name)
    shutil.rmtree(checkpoint, ignore_errors=True)
    temporary.rename(checkpoint)


def main() -> None:
    """Merge checkpoints."""
    parser = stage.parser(__doc__)
    parser.add_argument("--base", type=Path, required=True, help="whose files the student has")
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--history", type=Path, required=True)
    options = parser.parse_args()
    merge(options.base, options.settings, options.checkpoint)
    write_json(options.history, {"merged": options.settings.model_dump()})


if __name__ == "__main__":
    stage.run(main)
