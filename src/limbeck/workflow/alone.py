"""One run at a time in a folder: two would delete each other's unfinished files.

Snakemake's own lock outlives a run that is killed; this one does not.
"""

import sys
from pathlib import Path

from limbeck.errors import UserError
from limbeck.files import lock

LOCK = Path(".snakemake/run.lock")


def claim() -> None:
    """Hold the folder until this process ends; leave with one line where another run does."""
    try:
        lock.take(LOCK, str(Path.cwd()), "builds here; one run at a time may")
    except UserError as error:
        sys.exit(f"error: {error}")
