"""One of a machine's CUDA devices for each process, so that students of a build do not share one.

Snakemake counts devices (``--resources gpu=4``) and does not say which; a cluster does, by
``CUDA_VISIBLE_DEVICES``, and then one is all that is seen.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from limbeck.errors import UserError
from limbeck.files import lock

VISIBLE = "CUDA_VISIBLE_DEVICES"


def claim() -> None:
    """See one device alone, which no other process of this user has claimed, until this one ends.

    To be called before CUDA is begun. Where all are claimed, all stay visible.
    """
    names = _names()
    if len(names) < 2:
        return
    folder = Path(tempfile.gettempdir()) / f"limbeck-devices-{os.getuid()}"
    for name in names:
        with contextlib.suppress(UserError):
            # The lock is never closed: it ends with the process.
            lock.take(folder / name.replace("/", "-"), f"CUDA device {name}", "has it")
            os.environ[VISIBLE] = name
            return


def _names() -> list[str]:
    """The devices as CUDA counts them: those that the variable names, or all of the machine's."""
    if (visible := os.environ.get(VISIBLE)) is not None:
        return [name for name in visible.split(",") if name]
    return [str(number) for number, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]
