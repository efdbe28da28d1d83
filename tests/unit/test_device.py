"""Each process has a CUDA device of its own, where there are several."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from limbeck import device

CLAIM = """
import os
from limbeck import device
device.claim()
print(os.environ[device.VISIBLE], flush=True)
input()
"""


@contextmanager
def claiming(visible: str, folder: Path) -> Iterator[str]:
    """What a process sees after it has claimed a device, which it holds meanwhile."""
    environment = {"CUDA_VISIBLE_DEVICES": visible, "TMPDIR": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-c", CLAIM], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        yield process.stdout.readline().strip()
        process.stdin.close()


@pytest.mark.parametrize(
    ("visible", "seen"),
    [
        ("2,5", ["2", "5", "2,5"]),  # the third finds all taken
        ("GPU-3f,MIG-a/7", ["GPU-3f", "MIG-a/7"]),
        ("3", ["3", "3"]),
        ("", ["", ""]),
    ],
)
def test_processes_at_once(visible: str, seen: list[str], tmp_path: Path) -> None:
    with ExitStack() as stack:
        assert [stack.enter_context(claiming(visible, tmp_path)) for _ in seen] == seen


def test_a_device_is_free_when_its_process_has_ended(tmp_path: Path) -> None:
    for _ in range(2):
        with claiming("0,1", tmp_path) as seen:
            assert seen == "0"


@pytest.mark.parametrize(
    ("files", "cuda"),
    [(["libggml-cuda.so", "libggml-cpu.so"], True), (["libggml-cpu.so"], False), (None, False)],
)
def test_a_llama_cpp_for_cuda_is_seen(
    files: list[str] | None, cuda: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its files: it would take a second to load it, and planning loads nothing."""
    if files is not None:
        (tmp_path / "llama_cpp/lib").mkdir(parents=True)
        (tmp_path / "llama_cpp/__init__.py").write_text("raise SystemExit")
        for name in files:
            (tmp_path / "llama_cpp/lib" / name).touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "llama_cpp", raising=False)
    assert device.llama_is_for_cuda() == cuda
