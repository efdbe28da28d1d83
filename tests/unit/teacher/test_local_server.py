"""Local servers on demand: one for all stages, ended when idle or orphaned, restarted when dead."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from endpoint import connection, teacher
from limbeck import config
from limbeck.errors import UserError
from limbeck.teacher import launch, server
from limbeck.teacher.client import Request, ask
from limbeck.teacher.server import Server

ENDPOINT = Path(__file__).parents[2] / "endpoint.py"
LOCAL = connection(None, server="phrasebook")
Command = Callable[[config.TeacherSettings, config.Connection, int], list[str]]


def program(folder: Path, *options: str) -> list[str]:
    """A command that notes each start in ``folder/starts`` and serves."""
    code = "import runpy, sys; open(sys.argv.pop(1), 'a').write('started\\n')\n"
    code += f"sys.argv[0] = {str(ENDPOINT)!r}; runpy.run_path(sys.argv[0], run_name='__main__')"
    return [sys.executable, "-c", code, str(folder / "starts"), *options]


def starts(folder: Path) -> int:
    return len((folder / "starts").read_text().splitlines())


def watchdogs(folder: Path) -> list[int]:
    """The processes of the watchdogs in ``folder/servers``."""
    return [json.loads(path.read_text())["pid"] for path in (folder / "servers").glob("*.json")]


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    return server._start_time(pid) is not None


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for pid in watchdogs(tmp_path):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)  # and with it the server


@pytest.fixture
def serves(work: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have a test's own command served instead of the phrasebook."""

    def use(*command: str) -> None:
        def build(_: Any, __: Any, port: int) -> list[str]:
            return [*command, "--port", str(port)]

        monkeypatch.setattr(launch, "command", build)

    use(*program(work))
    return use


def test_a_url_is_taken_as_it_is(tmp_path: Path) -> None:
    assert Server(teacher(), connection("http://host/v1/"), tmp_path).url() == "http://host/v1"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match="neither"):
        Server(teacher(), connection(None), tmp_path).url()


def test_environments_of_a_build_share_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with ``--sdm conda``, where stages have a Python of their own."""
    here = Server(teacher(), LOCAL, tmp_path).served
    monkeypatch.setattr(sys, "executable", "/opt/conda/envs/other/bin/python")
    assert Server(teacher(), LOCAL, tmp_path).served == here
    assert Server(teacher(revision="2"), LOCAL, tmp_path).served != here


@pytest.mark.parametrize("victim", ["server", "watchdog"])
def test_a_server_is_shared_and_restarted_when_dead(
    work: Path, serves: Callable[..., None], victim: str
) -> None:
    with Server(teacher(), LOCAL, work) as one, Server(teacher(), LOCAL, work) as other:
        assert one.url() == other.url() == one.url()
        assert starts(work) == 1
        assert one._use is not None
        assert one._use.readable(), "NFS gives no shared lock of a file that can only be written"
        [watchdog] = watchdogs(work)
        [process] = children(watchdog)
        os.kill(process if victim == "server" else watchdog, signal.SIGKILL)
        wait_for(lambda: not alive(process))  # the watchdog's death is the server's
        again = one.url()
        assert starts(work) == 2
        assert other.url() == again


def test_a_server_that_hangs_is_ended_before_another_starts(
    work: Path, serves: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PATIENCE", 0.3)
    with Server(teacher(), LOCAL, work) as place:
        place.url()
        [process] = children(watchdogs(work)[0])
        os.kill(process, signal.SIGSTOP)
        os.kill(watchdogs(work)[0], signal.SIGKILL)  # else it would wait for the stopped one
        place.url()
    assert starts(work) == 2
    assert not alive(process)


def test_who_took_the_port_of_a_dead_server_is_told_nothing(
    work: Path, serves: Callable[..., None]
) -> None:
    seen: list[str] = []

    class Stranger(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            seen.append(str(self.rfile.readline()))
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n{}")
            self.close_connection = True

    with Server(teacher(), LOCAL, work) as place:
        first = place.url()
        [watchdog] = watchdogs(work)
        [process] = children(watchdog)
        os.kill(watchdog, signal.SIGKILL)
        wait_for(lambda: not alive(process))
        stranger = ThreadingHTTPServer(("127.0.0.1", URL(first).port or 0), Stranger)
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        try:
            assert place.url() != first
        finally:
            stranger.shutdown()
            stranger.server_close()
    assert seen == []
    assert starts(work) == 2


def test_a_process_that_holds_another_port_is_no_server(
    work: Path, serves: Callable[..., None]
) -> None:
    with Server(teacher(), LOCAL, work) as place:
        place.url()
        [state] = (work / "servers").glob("*.json")
        known = json.loads(state.read_text())
        assert server._serves(known)
        assert not server._serves(known | {"port": known["port"] + 1})
        assert not server._serves(known | {"started": "1"})
        assert not server._serves(known | {"pid": os.getpid()})


def test_a_server_answers_only_who_has_its_key(work: Path) -> None:
    def status(key: str | None) -> int:
        headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
        request = urllib.request.Request(f"{place.url()}/models", headers=headers)
        try:
            with urllib.request.urlopen(request) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return int(error.code)

    with Server(teacher(model="phrasebook"), LOCAL, work) as place:
        place.url()
        assert len(place.key) == 32
        found = [status(key) for key in (None, "", "0" * 32, "\u00e9", place.key)]
        assert found == [401, 401, 401, 401, 200]
        [watchdog] = watchdogs(work)
        for process in (watchdog, *children(watchdog)):  # all users of a machine see these
            assert place.key not in Path(f"/proc/{process}/cmdline").read_text()
    assert (work / "servers").stat().st_mode & 0o077 == 0


def test_another_revision_or_command_is_another_server(
    work: Path, serves: Callable[..., None]
) -> None:
    places = [Server(teacher(revision=name), LOCAL, work) for name in ("1", "2")]
    urls = {place.url() for place in places}
    assert len(urls) == 2
    serves(*program(work), "--latency", "0.001")
    assert Server(teacher(revision="1"), LOCAL, work).url() not in urls
    assert starts(work) == 3


STAGE = """
import json, sys, time
from pathlib import Path
from endpoint import connection, teacher
from limbeck.teacher import launch
from limbeck.teacher.server import Server
command = json.loads(sys.argv[2])
launch.command = lambda teacher, connection, port: [*command, "--port", str(port)]
place = Server(teacher(), connection(None, server="phrasebook", idle=0.5), Path(sys.argv[1]))
print(place.url(), flush=True)
time.sleep(float(sys.argv[3]))
"""


def stage(work: Path, seconds: float) -> subprocess.Popen[bytes]:
    """A process that uses the server for some seconds and does not close it."""
    command = [sys.executable, "-c", STAGE, str(work), json.dumps(program(work)), str(seconds)]
    path = os.pathsep.join([str(ENDPOINT.parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE)


def test_stages_that_start_at_once_get_one_server_and_leave_none(work: Path) -> None:
    stages = [stage(work, 2.0) for _ in range(4)]
    assert len({process.communicate(timeout=60)[0] for process in stages}) == 1
    assert starts(work) == 1
    wait_for(lambda: not watchdogs(work))


def test_a_killed_stage_does_not_keep_its_server_alive(work: Path) -> None:
    process = stage(work, 60.0)
    assert process.stdout is not None
    process.stdout.readline()
    [watchdog] = watchdogs(work)
    [served] = children(watchdog)
    time.sleep(1.0)  # twice the idle time
    assert alive(served)
    process.kill()
    process.communicate()
    wait_for(lambda: not alive(served) and not alive(watchdog))
    assert watchdogs(work) == []


def test_what_a_server_has_started_ends_with_it(work: Path, serves: Callable[..., None]) -> None:
    code = "import subprocess, sys; subprocess.Popen(['sleep', '600']); "
    code += f"sys.argv[0] = {str(ENDPOINT)!r}; import runpy; "
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    serves(sys.executable, "-c", code)
    with Server(teacher(), connection(None, server="phrasebook", idle=0.3), work) as place:
        place.url()
        [served] = children(watchdogs(work)[0])
        [sleeper] = children(served)
    wait_for(lambda: not alive(sleeper) and not alive(served))


@pytest.mark.parametrize(
    ("command", "timeout", "words"),
    [
        (
            [sys.executable, "-c", "print('loading'); raise SystemExit('no model here')"],
            60.0,
            r"did not start.*phrasebook.*\.log: .*no model here",
        ),
        (["/nowhere/to/be/found"], 60.0, r"did not start.*/nowhere/to/be/found"),
        (
            [sys.executable, "-c", "import time; time.sleep(60)"],
            0.5,
            r"not ready within 0\.5 s \(teacher\.start_timeout\)",
        ),
    ],
)
def test_a_server_that_cannot_start_says_why(
    work: Path, serves: Callable[..., None], command: list[str], timeout: float, words: str
) -> None:
    serves(*command)
    local = connection(None, server="phrasebook", start_timeout=timeout)
    with pytest.raises(UserError, match=words) as caught, Server(teacher(), local, work) as place:
        place.url()
    assert "\n" not in str(caught.value)


def test_a_server_that_dies_in_the_middle_costs_no_row(
    work: Path, serves: Callable[..., None]
) -> None:
    serves(*program(work, "--latency", "0.01", "--die-after", "40"))
    requests = [Request([{"role": "user", "content": f"question {n}"}]) for n in range(90)]
    replies = ask(requests, teacher(), LOCAL, work / "journal", work)
    assert {reply.failure for reply in replies} == {None}
    assert starts(work) >= 3


def test_the_phrasebook_ends_when_idle_and_is_back_when_needed(work: Path) -> None:
    local = connection(None, server="phrasebook", idle=0.3)
    for number in range(2):
        request = Request([{"role": "user", "content": f"Habari {number}?"}])
        [reply] = ask([request], teacher(model="phrasebook"), local, work / "journal", work)
        assert reply.failure is None
        assert server._started[-1].wait(30) == 0
        assert watchdogs(work) == []
