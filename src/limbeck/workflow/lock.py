"""One process at a time for one piece of work, on all machines: a lock that says who holds it."""

import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

FOLDER = Path("work/locks")


@contextmanager
def locked(name: str, say: Callable[[str], None], folder: Path = FOLDER) -> Iterator[None]:
    """Hold the lock of a name; wait for whoever holds it, having said who that is.

    The kernel takes it back from a process that is killed. (A network file system does so for a
    machine that is gone, where it has locks; where it has none, nobody waits.)
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with _held(path, say) as file:
        file.truncate(0)
        job = os.environ.get("SLURM_JOB_ID")
        file.write(json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "job": job}))
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # still held, so that nobody else has it open unseen


def _held(path: Path, say: Callable[[str], None]) -> IO[str]:
    """The file, locked."""
    said = False
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not said:
                say(f"waits for {_holder(file)}, which makes the same")
            said = True
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:  # no locks here
            return file
        # Whoever held it may have removed it while we waited.
        if path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno())):
            return file
        file.close()


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        holder: dict[str, Any] = json.loads(file.read())
    except ValueError:
        return "another process"
    job = f", Slurm's job {holder['job']}" if holder["job"] else ""
    return f"process {holder['pid']} on {holder['host']}{job}"
