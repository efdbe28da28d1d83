"""A disk that is soon full: a real one where root may mount it, else a limit on each file."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = r"No space left on device|File too large"  # what a write to it says


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """Have a folder be a disk of so many bytes, for this process and those that it starts."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0 and _mount("-t", "tmpfs", "-o", f"size={size}", "limbeck", folder):
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
    else:
        with limited_files(size):
            yield


@contextmanager
def limited_files(size: int) -> Iterator[None]:
    """Let no file grow over so many bytes, for this process and those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Have a folder be one that nobody can write into, root neither where it may mount."""
    if os.geteuid() == 0 and _mount("--bind", folder, folder):
        try:
            subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
            yield
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
    else:
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(0o755)


def _mount(*arguments: object) -> bool:
    command = ["mount", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
