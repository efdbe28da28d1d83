"""A local teacher as a job of its own, found by all through the work folder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import endpoint as stand_in
from limbeck.teacher.client import Request, ask
from limbeck.teacher.server import Server
from limbeck.workflow.options import build_of
from limbeck.workflow.settings import decisive
from project import ROOT

SERVE = [sys.executable, "-m", "limbeck.cli", "teacher", "serve"]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """``limbeck teacher serve`` for the default config, once it says where it is."""
    process = subprocess.Popen(
        [*SERVE, "--work", str(tmp_path)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    said = next(line for line in process.stdout if "is served at" in line)
    assert "phrasebook is served at http://" in said
    yield process
    process.terminate()
    process.wait(30)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The same teacher, as a stage sees it on a node where nothing was started yet."""
    monkeypatch.chdir(ROOT)
    build = build_of([], [])
    teacher = build.config.teacher.role("generator")
    connection = build.config.reach(teacher).model_copy(update={"idle": 1.0})
    with Server(decisive(teacher, build.languages[0]), connection, tmp_path) as one:
        yield one
    for path in (tmp_path / "servers").glob("phrasebook-*-*.json"):
        os.kill(json.loads(path.read_text())["pid"], signal.SIGTERM)


def test_a_served_teacher_is_asked_by_all(
    serving: subprocess.Popen[str], server: Server, tmp_path: Path
) -> None:
    state = json.loads(server.served.read_text())
    assert server.url() == state["url"]
    request = Request([{"role": "user", "content": "Translate into Swahili: The child sleeps."}])
    (reply,) = ask(
        [request], server.teacher, server.connection, tmp_path / "journal.jsonl", tmp_path
    )
    assert reply.content
    assert not list((tmp_path / "servers").glob("phrasebook-*-*.json")), "a second was started"

    again = subprocess.run(
        [*SERVE, "--work", str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert again.returncode == 1
    assert again.stderr.splitlines()[-1].startswith("error: teacher: phrasebook is served already")

    serving.terminate()
    serving.wait(30)
    assert not server.served.exists()


def test_a_served_teacher_is_taken_for_one_only_with_its_key(
    serving: subprocess.Popen[str], server: Server
) -> None:
    known = json.loads(server.served.read_text())
    assert server.elsewhere() == known["url"]
    server.served.write_text(json.dumps(known | {"key": "0" * 32}))
    assert server.elsewhere() is None
    with stand_in.serving() as other:  # takes all requests
        url = {"url": other.url, "health": other.url.replace("/v1", "/health")}
        server.served.write_text(json.dumps(known | url))
        assert server.elsewhere() is None
    server.served.write_text(json.dumps(known))


def test_a_served_teacher_that_is_gone_is_started_here(
    serving: subprocess.Popen[str], server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    served = server.url()
    serving.kill()
    serving.wait(30)
    deadline = time.monotonic() + 30
    while server.elsewhere() is not None and time.monotonic() < deadline:
        time.sleep(0.1)  # the kernel ends its server with it
    here = server.url()
    assert here != served
    assert here.startswith("http://127.0.0.1:")
    assert "does not answer any more" in capsys.readouterr().err
