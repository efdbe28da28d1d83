"""Local teachers on demand: started when a stage needs one, shared, ended when idle.

All stages of a machine that use one work folder share a server through a lock and a state file in
``work/servers``. Whoever holds the lock looks whether the server lives, and starts it if not. The
server is the child of a watchdog (`limbeck.teacher.watch`) in a session of its own, so a stage
that ends or is killed leaves it to the others; the watchdog ends it when no stage has used it for
``idle`` seconds.
"""

import contextlib
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import psutil

from limbeck import config
from limbeck.errors import UserError
from limbeck.files import digest, write_json
from limbeck.teacher import launch

_STATE = {"pid", "started", "port", "url", "health", "key"}
PATIENCE = 10.0  # seconds that a living server may take to say so

_started: list[subprocess.Popen[bytes]] = []  # kept, so that our ended children are reaped


class Server:
    """Where a teacher is. A local one is in use from the first `url` until this is closed."""

    def __init__(
        self, teacher: config.TeacherSettings, connection: config.Connection, work: Path
    ) -> None:
        """A teacher by its settings and its connection.

        Args:
            teacher: names the weights that a local server loads.
            connection: a URL, or the name of a server to start here.
            work: the run's folder of passing files.
        """
        self.teacher = teacher
        self.connection = connection
        self.folder = work / "servers"
        self.key = ""  # of a local server, from the first `url` on
        self._use: IO[Any] | None = None

    @property
    def in_flight(self) -> int:
        """How many requests are worth sending at once."""
        limit = launch.IN_FLIGHT.get(self.connection.server or "")
        return min(self.connection.concurrency, limit or self.connection.concurrency)

    def url(self) -> str:
        """The base URL, up to ``/v1``; a local server is ready when this returns.

        Raises:
            UserError: the server does not start; its last lines are in the message.
        """
        if self.connection.server is None:
            if self.connection.url is None:
                raise UserError("the teacher has neither a 'url' nor a 'server'")
            return self.connection.url.rstrip("/")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # the state has the key
        if there := self.elsewhere():
            return there
        name = f"{self._name()}-{socket.gethostname()}"
        state = self.folder / f"{name}.json"
        with _locked(self.folder / f"{name}.lock"):
            if self._use is None:
                # Readable, too: NFS wants that of a shared lock.
                self._use = (self.folder / f"{name}.use").open("a+")
                fcntl.flock(self._use, fcntl.LOCK_SH)
            known = _read(state)
            if known and _serves(known):
                self.key = str(known["key"])
                return str(known["url"])
            if known:
                _end(known)
                state.unlink(missing_ok=True)
            return self._start(name, state)

    @property
    def served(self) -> Path:
        """The file that says where a job of its own serves the teacher to all machines."""
        return self.folder / f"{self._name()}.json"

    def elsewhere(self) -> str | None:
        """Where a job of its own serves the teacher; None where there is none, or none any more."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            known = json.loads(self.served.read_text(encoding="utf-8"))
            if answers(known["health"]) and wants(known["url"], known["key"]):
                self.key = str(known["key"])
                return str(known["url"])
            print(f"{known['url']} does not answer any more: a server is started", file=sys.stderr)
        return None

    def _name(self) -> str:
        """Tells servers apart: another command or revision is another server."""
        # The program may lie elsewhere in each environment of a build; the server is the same.
        _, *arguments = launch.command(self.teacher, self.connection, 0)
        return f"{self.connection.server}-{digest(arguments, self.teacher.revision)}"

    def _start(self, name: str, state: Path) -> str:
        """Start the server; once more where another process took its port meanwhile."""
        log = self.folder / f"{name}.log"
        server = self.connection.server or ""
        for attempt in (1, 2):
            port = free_port()
            command = launch.command(self.teacher, self.connection, port)
            watch = [sys.executable, "-m", "limbeck.teacher.watch"]
            watch += ["--idle", str(self.connection.idle), "--state", str(state)]
            watch += ["--lock", str(self.folder / f"{name}.lock")]
            watch += ["--use", str(self.folder / f"{name}.use"), "--", *command]
            print(f"starting {server}, its log is {log}", file=sys.stderr)
            self.key = secrets.token_hex(16)
            process = _spawn(watch, launch.environment(server, self.key), log)
            root = f"http://127.0.0.1:{port}"
            known = {"pid": process.pid, "started": _start_time(process.pid), "port": port}
            known |= {"url": f"{root}/v1", "health": root + launch.HEALTH[server]}
            said = _wait(process, known, self.connection.start_timeout, log)
            if said is None:
                write_json(state, known | {"key": self.key})
                return f"{root}/v1"
            if attempt == 2 or "address already in use" not in said.lower():
                raise UserError(f"the teacher's server did not start, see {log}: {said}")
        raise AssertionError

    def close(self) -> None:
        """Use the server no more."""
        if self._use is not None:
            self._use.close()
            self._use = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(state: Path) -> dict[str, Any] | None:
    try:
        known = json.loads(state.read_text(encoding="utf-8"))
        return known if known.keys() >= _STATE else None
    except (OSError, ValueError, AttributeError):
        return None


def _serves(known: dict[str, Any], patience: float | None = None) -> bool:
    """Whether a server lives, holds its port and is ready.

    When it is gone another process may have its port, and its process's number: neither is told
    anything.
    """
    pid = known["pid"]
    if not isinstance(pid, int) or _start_time(pid) != known["started"]:
        return False
    return _listens(pid, known["port"]) and answers(known["health"], patience)


def _listens(pid: int, port: object) -> bool:
    """Whether a process, or one that it has started, listens at a port."""
    try:
        watchdog = psutil.Process(pid)
        return any(
            connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
            for process in (watchdog, *watchdog.children(recursive=True))
            for connection in process.net_connections("tcp")
        )
    except psutil.Error:
        return False


def answers(health: object, patience: float | None = None) -> bool:
    """Whether a server lives and is ready."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(str(health), timeout=patience or PATIENCE) as response:
            return bool(response.status == 200)
    except (OSError, ValueError):
        return False


def wants(url: str, key: str) -> bool:
    """Whether a server takes requests with a key, and none without: another would take all."""

    def refused(headers: dict[str, str]) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(f"{url}/chat/completions", b"{}", headers)
        try:
            with opener.open(request, timeout=PATIENCE):
                return False
        except urllib.error.HTTPError as error:  # an empty request is wrong, too
            return error.code == 401

    with contextlib.suppress(OSError, ValueError):
        return refused({}) and not refused({"Authorization": f"Bearer {key}"})
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_time(pid: int) -> str | None:
    """When a living process began, as the kernel counts; a later one of its number differs."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def _end(known: dict[str, Any]) -> None:
    """End a server that no longer answers, and its watchdog, if they are still there."""
    pid, started = known["pid"], known["started"]
    if not isinstance(pid, int) or not started:
        return
    for number, patience in ((signal.SIGTERM, 25.0), (signal.SIGKILL, 5.0)):
        if _start_time(pid) != started:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience
        while _start_time(pid) == started and time.monotonic() < deadline:
            time.sleep(0.05)


def _spawn(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started[:] = [child for child in _started if child.poll() is None] + [process]
    return process


def _wait(
    process: subprocess.Popen[bytes], known: dict[str, Any], start_timeout: float, log: Path
) -> str | None:
    """None once the starting server is ready, or the last lines of a server that ended instead."""
    deadline = time.monotonic() + start_timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            return " | ".join(line.strip() for line in lines[-5:] if line.strip())
        if _serves(known, patience=1.0):
            return None
        time.sleep(0.1)
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(25.0)  # the watchdog ends the server first
    raise UserError(
        f"the teacher's server was not ready within {start_timeout:g} s "
        f"(teacher.start_timeout), see {log}"
    )
