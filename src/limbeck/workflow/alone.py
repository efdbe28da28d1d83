"""One run at a time in a folder: two would delete each other's unfinished files.

Snakemake's own lock outlives a run that is killed; this one does not.
"""

import os
import sys
from pathlib import Path

from limbeck.errors import UserError
from limbeck.files import lock

LOCK = Path(".snakemake/run.lock")
WRITTEN = ("logs", "resources", "results", "work")


def claim() -> None:
    """Hold the folder until this process ends; leave with one line where another run does.

    Or where a part of it cannot be written: Snakemake would say so in the middle.
    """
    for path in map(Path, WRITTEN):
        if path.exists() and not os.access(path, os.W_OK):
            sys.exit(f"error: {path.resolve()}: a run writes into this folder, and it is read-only")
    try:
        lock.take(LOCK, str(Path.cwd()), "builds here; one run at a time may")
    except UserError as error:
        sys.exit(f"error: {error}")
