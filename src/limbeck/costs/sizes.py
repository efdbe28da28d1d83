"""How large the bases of students are."""

import contextlib
from functools import cache
from pathlib import Path

from limbeck.errors import UserError
from limbeck.student import weights
from limbeck.workflow import memory

# Bytes of a parameter in a GGUF file (llama.cpp, tools/quantize/README.md: bits a weight / 8).
GGUF = {"F16": 2.0, "Q8_0": 1.07, "Q6_K": 0.82, "Q5_K_M": 0.71, "Q4_K_M": 0.61, "Q4_0": 0.58,
        "Q3_K_M": 0.5, "Q2_K": 0.4}  # fmt: skip
FITS = 0.9  # of a device's memory; the rest is for activations


@cache
def parameters(base: str) -> float | None:
    """About the parameters of a base; None where neither its files, its name nor the hub tell."""
    if known := memory.known_parameters(base):
        return known
    with contextlib.suppress(UserError):
        return size(base)
    return None


@cache
def size(name: str) -> int:
    """About the parameters of a base: its safetensors files are mostly 16 bits a parameter.

    Raises:
        UserError: the base has none, or the hub cannot be asked.
    """
    folder = Path(name).expanduser()
    if folder.is_file():  # GGUF
        return round(memory.parameters(name))
    if folder.is_dir():
        total = sum(path.stat().st_size for path in weights.files(folder))
    else:
        import huggingface_hub

        try:
            files = huggingface_hub.HfApi().list_repo_tree(name)
            total = sum(getattr(file, "size", 0) for file in files if weights.is_file(file.path))
        except Exception as error:  # the hub's client raises those of its HTTP library, too
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise UserError(f"base: {name!r} cannot be looked at ({reason})") from None
    if not total:
        raise UserError(f"base: {name!r} has no safetensors weights; other forms are not read")
    return total // 2
