"""Locks that end with their process, however that ends."""

import contextlib
import fcntl
import os
import socket
import sys
import time
from pathlib import Path

from limbeck.errors import UserError


def take(path: Path, what: str, does: str, patience: float = 0.0) -> int:
    """The open and locked file at ``path``, which names its holder. Closing it gives it back.

    Args:
        path: the lock's file, which stays when nobody holds it.
        what: is locked, for people.
        does: what the holder of the lock does: "{what}: process 7 on host {does}".
        patience: seconds to wait for it.

    Raises:
        UserError: another process holds it (the line names that), or it cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # the umask says whether groups share
    except OSError as error:
        raise UserError(f"{path}: cannot be locked ({error.strerror})") from None
    deadline = time.monotonic() + patience
    said = False
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.truncate(file, 0)
            since = time.strftime("%Y-%m-%d %H:%M")
            job = os.environ.get("SLURM_JOB_ID")
            where = socket.gethostname() + (f" (Slurm's job {job})" if job else "")
            holder = f"process {os.getpid()} on {where}, since {since},"
            os.pwrite(file, holder.encode(), 0)
            return file
        holder = os.pread(file, 200, 0).decode(errors="replace") or "another process"
        if time.monotonic() >= deadline:
            os.close(file)
            raise UserError(f"{what}: {holder} {does}")
        if not said:
            print(f"{what}: waiting for {holder.strip(',')}", file=sys.stderr, flush=True)
            said = True
        time.sleep(0.1)


def held(path: Path) -> bool:
    """Whether a process holds the lock whose file is at ``path``."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
