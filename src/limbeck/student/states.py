"""States of a training to go on from: when one is saved, written whole, read without running it."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from limbeck.errors import UserError
from limbeck.student import ranks


class Clock:
    """When to save: every so many seconds, and never for more than a twentieth of the time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.last = time.monotonic()

    def due(self) -> bool:
        """Whether it is time."""
        return time.monotonic() - self.last > self.seconds

    def measure(self, save: Callable[[], None]) -> None:
        """Save, and wait longer the longer that took."""
        begun = time.monotonic()
        save()
        self.last = time.monotonic()
        self.seconds = max(self.seconds, 20 * (self.last - begun))


def write(content: dict[str, Any], path: Path) -> None:
    """Write a file whole or not at all, if this is the first rank: the others have the same.

    Raises:
        UserError: there is no room for it; the state that was there before stays.
    """
    if ranks.rank():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    try:
        torch.save(content, temporary)
    except (OSError, RuntimeError) as error:  # torch says no more of a full disk
        temporary.unlink(missing_ok=True)
        free = shutil.disk_usage(path.parent).free / 1e9
        raise UserError(f"{path}: cannot be written ({free:,.1f} GB are free): {error}") from None
    temporary.replace(path)


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote, on the CPU; nothing in a file is run.

    Raises:
        UserError: it is damaged, or another program's.
    """
    try:
        # Several ranks read the same pages.
        content = torch.load(path, "cpu", weights_only=True, mmap=ranks.count() > 1)
        return dict(content.items())
    except (UnpicklingError, RuntimeError, EOFError, OSError, ValueError, AttributeError) as error:
        why = type(error).__name__
        raise UserError(
            f"{path}: no state of a training, or a damaged one ({why}); remove it to begin anew"
        ) from None
