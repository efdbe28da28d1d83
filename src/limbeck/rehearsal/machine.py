"""What this machine has."""

import shutil
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from limbeck.costs.accelerator import device, memory
from limbeck.workflow.digest import pinned

GIB = 2**30


class Check(NamedTuple):
    """Whether something is as it must be, and a line on it, with what to do where it is not."""

    good: bool
    line: str


def free_disk() -> int:
    """Bytes that are free where the results will be."""
    return shutil.disk_usage(Path.cwd()).free


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check(sys.version_info[:2] == (3, 11), f"Python {found} (3.11 is needed)")


def _compiler() -> Check:
    found = shutil.which("c++")
    return Check(
        found is not None, f"C++ compiler: {found or 'none; apt-get install build-essential'}"
    )


def _memory() -> Check:
    return Check(memory() >= 4 * GIB, f"memory: {memory() / GIB:.1f} GiB (the demo needs 4)")


def _disk() -> Check:
    free = free_disk()
    return Check(free >= 5 * GIB, f"disk: {free / GIB:.1f} GiB free here (the demo needs 5)")


def _packages(names: str, what_for: str) -> Check:
    found, missing = [], []
    for name in names.split():
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    state = (
        f"missing {', '.join(missing)}; `make demo` installs it" if missing else ", ".join(found)
    )
    return Check(not missing, f"{what_for}: {state}")


def _accelerator() -> Check:
    found = device()
    if not found.cuda:
        return Check(True, "GPU: none, so training runs on the CPU")
    several = f", the largest of {found.number}" if found.number > 1 else ""
    return Check(True, f"GPU: {found.name}, {found.memory / GIB:.1f} GiB{several}")


def build_for_cuda() -> str:
    """The command that builds the pinned llama.cpp for CUDA, in this environment."""
    name = "llama-cpp-python"
    return (
        f"CMAKE_ARGS=-DGGML_CUDA=on {sys.executable} -m pip install --no-deps --force-reinstall "
        f"--no-binary {name} {name}=={pinned(name)}"
    )


def _llama() -> Check:
    """Whether llama.cpp was built for the GPU, where there is one."""
    if not device().cuda:
        return Check(True, "llama.cpp: for the CPU")
    import llama_cpp

    built = bool(llama_cpp.llama_supports_gpu_offload())
    line = (
        "llama.cpp: built for the GPU"
        if built
        else f"llama.cpp: built for the CPU alone; {build_for_cuda()}"
    )
    return Check(built, line)


CHECKS: list[Callable[[], Check]] = [
    _python,
    _compiler,
    _memory,
    _disk,
    _accelerator,
    lambda: _packages("snakemake pydantic aiohttp json-repair", "workflow"),
    lambda: _packages("datasets pyarrow", "data"),
    lambda: _packages("torch transformers trl unsloth sentencepiece", "training"),
    lambda: _packages("llama-cpp-python gguf", "export and chat"),
    _llama,
    lambda: _packages("sacrebleu", "scores"),
    lambda: _packages("scikit-learn", "classifiers"),
    lambda: _packages("jinja2 huggingface-hub", "report and cards"),
]
