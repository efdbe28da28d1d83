"""Local servers on demand: one for all stages, restarted when dead, errors with its last words."""

import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from endpoint import connection, teacher
from limbeck.errors import UserError
from limbeck.teacher import server
from limbeck.teacher.client import Request, ask

ENDPOINT = Path(__file__).parents[2] / "endpoint.py"
LOCAL = connection(None, server="phrasebook")


def program(folder: Path, *options: str) -> list[str]:
    """A command that notes each start in ``folder/starts`` and serves."""
    code = "import runpy, sys; open(sys.argv.pop(1), 'a').write('started\\n')\n"
    code += f"sys.argv[0] = {str(ENDPOINT)!r}; runpy.run_path(sys.argv[0], run_name='__main__')"
    return [sys.executable, "-c", code, str(folder / "starts"), *options]


def starts(folder: Path) -> int:
    return len((folder / "starts").read_text().splitlines())


def state(folder: Path) -> dict[str, str | int]:
    [path] = (folder / "servers").glob("*.json")
    known: dict[str, str | int] = json.loads(path.read_text())
    return known


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for path in (tmp_path / "servers").glob("*.json"):
        pid = json.loads(path.read_text())["pid"]
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def test_a_url_is_taken_as_it_is(tmp_path: Path) -> None:
    assert server.base_url(connection("http://host/v1/"), tmp_path) == "http://host/v1"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match="neither"):
        server.base_url(connection(None), tmp_path)


def test_a_server_is_shared_and_restarted_when_dead(work: Path) -> None:
    command = program(work)
    url = server.base_url(LOCAL, work, command=command)
    assert server.base_url(LOCAL, work, command=command) == url
    assert starts(work) == 1
    os.kill(int(state(work)["pid"]), signal.SIGKILL)
    again = server.base_url(LOCAL, work, command=command)
    assert starts(work) == 2
    assert server.base_url(LOCAL, work, command=command) == again


def test_a_server_that_hangs_is_ended_before_another_starts(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PATIENCE", 0.3)
    server.base_url(LOCAL, work, command=program(work))
    first = server._started[-1]
    first.send_signal(signal.SIGSTOP)
    server.base_url(LOCAL, work, command=program(work))
    assert starts(work) == 2
    assert first.wait(10) != 0


def test_another_revision_is_another_server(work: Path) -> None:
    urls = {server.base_url(LOCAL, work, revision, program(work)) for revision in ("1", "2")}
    assert len(urls) == 2


def test_stages_that_start_at_once_get_one_server(work: Path) -> None:
    code = (
        "import json, sys; from pathlib import Path; from endpoint import connection;"
        "from limbeck.teacher.server import base_url;"
        "local = connection(None, server='phrasebook');"
        "print(base_url(local, Path(sys.argv[1]), command=json.loads(sys.argv[2])))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ENDPOINT.parent)}
    stages = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(work), json.dumps(program(work))],
            env=environment,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    urls = {stage.communicate(timeout=60)[0] for stage in stages}
    assert len(urls) == 1
    assert starts(work) == 1
    # The stages are gone, their server is not.
    url = urls.pop().decode().strip()
    assert server.base_url(LOCAL, work, command=program(work)) == url


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            [sys.executable, "-c", "print('loading'); raise SystemExit('no model here')"],
            r"did not start.*phrasebook.*\.log: .*no model here",
        ),
        (["/nowhere/to/be/found"], "cannot start /nowhere/to/be/found"),
    ],
)
def test_a_server_that_cannot_start_says_why(work: Path, command: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        server.base_url(LOCAL, work, command=command)


def test_a_server_that_dies_in_the_middle_costs_no_row(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = program(work, "--latency", "0.01", "--die-after", "40")
    monkeypatch.setattr(server, "base_url", functools.partial(server.base_url, command=command))
    requests = [Request([{"role": "user", "content": f"question {n}"}]) for n in range(90)]
    replies = ask(requests, teacher(), LOCAL, work / "journal", work)
    assert {reply.failure for reply in replies} == {None}
    assert starts(work) >= 3


def test_the_phrasebook_ends_when_idle_and_is_back_when_needed(work: Path) -> None:
    local = connection(None, server="phrasebook", idle=0.3)
    urls = []
    for number in range(2):
        request = Request([{"role": "user", "content": f"Habari {number}?"}])
        [reply] = ask([request], teacher(model="phrasebook"), local, work / "journal", work)
        assert reply.failure is None
        urls.append(state(work)["url"])
        assert server._started[-1].wait(30) == 0
    assert urls[0] != urls[1]
