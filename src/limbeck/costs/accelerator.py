"""What trains on this machine."""

import os
import shutil
import subprocess
from typing import NamedTuple


class Device(NamedTuple):
    """What trains."""

    name: str
    memory: int  # bytes
    cuda: bool
    number: int = 1  # of those that are there


def memory() -> int:
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def device() -> Device:
    """The largest CUDA device, or the processor."""
    found = []
    if program := shutil.which("nvidia-smi"):
        query = [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
        said = subprocess.run(query, capture_output=True, text=True, check=False)
        for line in said.stdout.splitlines():
            name, _, megabytes = line.rpartition(", ")
            if megabytes.strip().isdigit():
                found.append(Device(name, int(megabytes) * 2**20, True))
    if not found:
        return Device("the processor", memory(), False)
    return max(found, key=lambda one: one.memory)._replace(number=len(found))
