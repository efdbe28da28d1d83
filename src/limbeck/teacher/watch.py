"""Watch over a local server: end it when no stage has used it for a while, or with ourselves.

    python -m limbeck.teacher.watch --idle 60 --state FILE --lock FILE --use FILE -- COMMAND ...

Stages hold a shared lock on the file ``--use`` while they ask; the kernel takes it back from a
stage that is killed. This process is the server's parent. It ends the server, with all that it has
started, when that lock was free for ``--idle`` seconds, and when it is ended itself; on Linux the
kernel ends the server even if this process is killed with -9.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from limbeck import stage

GRACE = 10.0  # seconds that a server may take to end when it is asked to
_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    """Start the server and stay until it ends or is not wanted any more."""
    parser = stage.parser(__doc__)
    parser.add_argument("--idle", type=float, required=True, help="seconds")
    parser.add_argument("--state", type=Path, required=True, help="says where the server is")
    parser.add_argument("--lock", type=Path, required=True, help="held by whoever starts or ends")
    parser.add_argument("--use", type=Path, required=True, help="held by whoever asks")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    server = start(options.command)
    try:
        idle = watch(server, options.idle, options.state, options.lock, options.use)
    finally:
        end(server)
    sys.exit(0 if idle else 1)


def start(command: list[str], environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """The server, in a session of its own, which it cannot outlive this process in."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def die_with_parent() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel was told
            os._exit(1)

    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,  # this process has one thread, so that is safe
    )


def watch(server: subprocess.Popen[bytes], idle: float, state: Path, lock: Path, use: Path) -> bool:
    """Return False when the server has ended by itself, True when it was ended since it idled."""
    last_use = time.monotonic()
    with use.open("a") as users, lock.open("a") as starters:
        while server.poll() is None:
            with alone(users) as unused:
                if not unused:
                    last_use = time.monotonic()
            if time.monotonic() - last_use >= idle:
                # Whoever starts a server holds the first lock, then takes the second.
                with alone(starters) as nobody_starts, alone(users) as unused:
                    if nobody_starts and unused:
                        print(f"nobody used the server for {idle:g} s: ended", flush=True)
                        _forget(state)
                        end(server)
                        return True
            time.sleep(min(0.25, idle / 4))
    print(f"the server ended with code {server.returncode}", flush=True)
    return False


@contextlib.contextmanager
def alone(file: IO[Any]) -> Iterator[bool]:
    """Whether nobody else holds the file's lock; if so it is held within the block."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
        return
    try:
        yield True
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def end(server: subprocess.Popen[bytes]) -> None:
    """End the server and what it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(server.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(GRACE)


def _forget(state: Path) -> None:
    """Take the state file away if it is about this server."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if json.loads(state.read_text(encoding="utf-8")).get("pid") == os.getpid():
            state.unlink()


if __name__ == "__main__":
    stage.run(main)
