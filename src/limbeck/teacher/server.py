"""Local teachers on demand: started when a stage needs one, shared, ended when idle.

All stages of a machine that use one work folder share a server through a lock and a state file in
``work/servers``. Whoever holds the lock looks whether the server lives, and starts it if not. The
server is in a session of its own, so a stage that ends or is killed leaves it to the others; it
ends itself after ``idle`` seconds without a request.
"""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from limbeck import config
from limbeck.errors import UserError
from limbeck.files import write_json

START_TIME = 120.0  # seconds that a server may take until it listens
PATIENCE = 10.0  # seconds that a living server may take to say so

_LISTENING = "listening on "
_started: list[subprocess.Popen[bytes]] = []  # kept, so that our ended children are reaped


def base_url(
    connection: config.Connection,
    work: Path,
    revision: str | None = None,
    command: Sequence[str] | None = None,
) -> str:
    """The URL of a teacher, up to ``/v1``; a local one is running when this returns.

    Args:
        connection: a URL, or the name of a server to start here.
        work: the run's folder of passing files.
        revision: of the built-in teacher; servers of different revisions are different servers.
        command: starts the server (for tests); it prints ``listening on URL`` when it is ready.

    Raises:
        UserError: the server does not start; its last lines are in the message.
    """
    if connection.server is None:
        if connection.url is None:
            raise UserError("the teacher has neither a 'url' nor a 'server'")
        return connection.url.rstrip("/")
    if command is None:
        command = [sys.executable, "-m", f"limbeck.teacher.{connection.server}"]
        command += ["--port", "0", "--idle", str(connection.idle)]
    name = "-".join(filter(None, [connection.server, revision, socket.gethostname()]))
    folder = work / "servers"
    state = folder / f"{name}.json"
    with _locked(folder / f"{name}.lock"):
        known = _read(state)
        if known and _answers(known["url"]):
            return str(known["url"])
        if known:
            _end(known)
        log = folder / f"{name}.log"
        process = _start(command, log)
        url = _wait(process, log)
        write_json(state, {"pid": process.pid, "started": _start_time(process.pid), "url": url})
        return url


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(state: Path) -> dict[str, str | int | None] | None:
    try:
        known = json.loads(state.read_text(encoding="utf-8"))
        return known if {"pid", "started", "url"} <= known.keys() else None
    except (OSError, ValueError, AttributeError):
        return None


def _answers(url: object) -> bool:
    """Whether a server lives at ``url``."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/models", timeout=PATIENCE) as response:
            return bool(response.status == 200)
    except (OSError, ValueError):
        return False


def _start_time(pid: int) -> str | None:
    """When a process began, as the kernel counts; tells it from a later one of the same number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return None


def _end(known: dict[str, str | int | None]) -> None:
    """End a server that no longer answers, if its process is still there."""
    pid = known["pid"]
    if isinstance(pid, int) and known["started"] and _start_time(pid) == known["started"]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise UserError(f"cannot start {command[0]} ({error.strerror})") from None
    _started[:] = [child for child in _started if child.poll() is None] + [process]
    return process


def _wait(process: subprocess.Popen[bytes], log: Path) -> str:
    """The URL that a starting server prints, once it answers there."""
    deadline = time.monotonic() + START_TIME
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        if ended:
            last = " | ".join(line.strip() for line in lines[-5:])
            raise UserError(f"the teacher's server did not start, see {log}: {last}")
        for line in lines:
            if line.startswith(_LISTENING) and line.endswith("\n"):
                url = line.removeprefix(_LISTENING).strip()
                if _answers(url):
                    return url
        time.sleep(0.05)
    process.terminate()
    raise UserError(f"the teacher's server did not listen within {START_TIME:.0f} s, see {log}")
