"""CUDA devices for each process of its own, so that students of a build do not share one.

Snakemake counts devices (``--resources teacher=2 gpu=4``) and does not say which; a cluster does,
by ``CUDA_VISIBLE_DEVICES``, and then one is all that is seen.
"""

import contextlib
import gc
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

from limbeck.errors import UserError
from limbeck.files import lock

VISIBLE = "CUDA_VISIBLE_DEVICES"


def claim(wanted: int = 1) -> list[str]:
    """See so many devices alone, which no other process of this user has claimed until it ended.

    To be called before CUDA is begun. Where fewer are free, those are claimed; where none is, all
    stay visible. The claimed ones, or the only one that there is.
    """
    names = _names()
    if len(names) < 2:
        return names
    claimed: list[str] = []
    folder = Path(tempfile.gettempdir()) / f"limbeck-devices-{os.getuid()}"
    for name in names:
        with contextlib.suppress(UserError):
            # The lock is never closed: it ends with the process.
            lock.take(folder / name.replace("/", "-"), f"CUDA device {name}", "has it")
            claimed.append(name)
            os.environ[VISIBLE] = ",".join(claimed)
        if len(claimed) == wanted:
            break
    return claimed


def llama_is_for_cuda() -> bool:
    """Whether the llama.cpp of this environment was built for CUDA; it is not loaded to see."""
    found = importlib.util.find_spec("llama_cpp")
    folders = found.submodule_search_locations if found else None
    return any(any(Path(folder).glob("lib/libggml-cuda*")) for folder in folders or [])


def release() -> None:
    """Give back the memory of models that are no more, which torch else keeps for itself."""
    if torch := sys.modules.get("torch"):
        gc.collect()
        torch.cuda.empty_cache()  # does nothing where CUDA was not begun


def _names() -> list[str]:
    """The devices as CUDA counts them: those that the variable names, or all of the machine's."""
    if (visible := os.environ.get(VISIBLE)) is not None:
        return [name for name in visible.split(",") if name]
    return [str(number) for number, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]
