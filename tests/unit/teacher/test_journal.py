"""The journal: torn lines, two processes, killed processes, Ctrl-C."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from endpoint import connection, echo, serving, status, teacher
from limbeck.errors import UserError
from limbeck.teacher import journal as module
from limbeck.teacher.client import ask
from limbeck.teacher.journal import Journal, key
from limbeck.teacher.replies import Record, Request
from small_disk import FULL, small_disk

RECORD = Record("jibu", "kwa sababu", "stop", 3, 4, 0.5)
LINE = b'{"key":"0123456789abcdef","model":"m","content":"jibu","reasoning":"kwa sababu",'
LINE += b'"finish_reason":"stop","prompt_tokens":3,"completion_tokens":4,"seconds":0.5}\n'

PATHS = [Path(__file__).parents[2], Path(module.__file__).parents[2]]  # ours, and the package's
STAGE = """
import sys
from pathlib import Path
from endpoint import connection, teacher
from limbeck import files, stage
from limbeck.teacher.client import Request, ask

def main():
    url, journal, output, count, concurrency = sys.argv[1:]
    requests = [Request([{"role": "user", "content": f"question {n}"}]) for n in range(int(count))]
    settings = connection(url, concurrency=int(concurrency))
    replies = ask(requests, teacher(), settings, Path(journal))
    files.write_jsonl(output, ({"reply": reply.content} for reply in replies))

stage.run(main)
"""


def stage(url: str, journal: Path, output: Path, count: int, concurrency: int) -> Any:
    arguments = [url, journal, output, count, concurrency]
    return subprocess.Popen(
        [sys.executable, "-c", STAGE, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PATHS))},
        stderr=subprocess.PIPE,
        text=True,
    )


def keys(journal: Path) -> set[str]:
    whole = [line for line in journal.read_bytes().split(b"\n")[:-1] if line]
    return {json.loads(line)["key"] for line in whole}


def test_replies_are_kept_as_lines(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.add("0123456789abcdef", "m", RECORD)
        assert journal.get("0123456789abcdef") == RECORD
        assert journal.get("f" * 16) is None
    assert (tmp_path / "j").read_bytes() == LINE


@pytest.mark.parametrize(
    ("content", "kept", "size"),
    [
        (b"", 0, 0),
        (LINE, 1, len(LINE)),
        (LINE[:-1], 0, 0),
        (LINE + LINE[:30], 1, len(LINE)),
        (LINE + b"\0" * 50, 1, len(LINE)),
        (b"rubbish\n" + LINE, 1, len(LINE) + 8),
    ],
)
def test_a_torn_last_line_is_dropped(tmp_path: Path, content: bytes, kept: int, size: int) -> None:
    path = tmp_path / "j"
    path.write_bytes(content)
    with Journal(path) as journal:
        assert len(journal) == kept
        assert journal.get("0123456789abcdef") == (RECORD if kept else None)
        assert path.stat().st_size == size
        journal.add("f" * 16, "m", RECORD)
        assert journal.get("f" * 16) == RECORD
    with Journal(path) as journal:
        assert journal.get("f" * 16) == RECORD


def test_a_full_disk_ends_a_stage_in_one_line_and_loses_no_reply(tmp_path: Path) -> None:
    path, output, kept = tmp_path / "disk/j", tmp_path / "rows.jsonl", tmp_path / "kept"
    with serving(echo) as endpoint:
        with small_disk(path.parent, 16_384):
            process = stage(endpoint.url, path, output, 100, 4)
            _, said = process.communicate()
            kept.write_bytes(path.read_bytes())
        assert process.returncode == 1
        assert re.fullmatch(
            rf"error: {path}: cannot write the journal \(({FULL})\)", said.splitlines()[-1]
        )
        assert not output.exists()
        answered = keys(kept)
        assert answered

        path.write_bytes(kept.read_bytes())
        before = endpoint.requests
        assert stage(endpoint.url, path, output, 100, 4).wait() == 0
        assert endpoint.requests - before == 100 - len(answered)


def test_a_damaged_line_is_no_reply(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(LINE.replace(b'"stop"', b'"stop') + LINE[:40] + b"\n")
    with Journal(tmp_path / "j") as journal:
        assert journal.get("0123456789abcdef") is None


def test_the_key_tells_apart_what_decides_a_reply() -> None:
    request = Request([{"role": "user", "content": "a"}])
    variants = [
        (request, teacher()),
        (Request([{"role": "system", "content": "a"}]), teacher()),
        (Request(request.messages, sample=1), teacher()),
        (request, teacher(model="other")),
        (request, teacher(revision="1")),
        (request, teacher(max_tokens=101)),
        (request, teacher(top_p=1.0)),
        (request, teacher(extra_body={"seed": 1})),
    ]
    assert len({key(*variant) for variant in variants}) == len(variants)
    assert key(request, teacher()) == key(Request(tuple(request.messages)), teacher())


def test_a_second_process_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    path = tmp_path / "j"
    code = "import sys, time; from pathlib import Path; from limbeck.teacher.journal import Journal"
    code += "\nwith Journal(Path(sys.argv[1])): print('open', flush=True); sys.stdin.read(1)"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"open\n"
    with pytest.raises(UserError, match=f"{path}: process {holder.pid} .* writes this journal"):
        Journal(path)
    assert f"waiting for process {holder.pid}" in capfd.readouterr().err
    holder.communicate(b"x")
    Journal(path).close()


def test_a_journal_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="the journal cannot be opened"):
        Journal(tmp_path / "file" / "j")


def test_killed_and_resumed_runs_end_as_one_run_does(tmp_path: Path) -> None:
    count, concurrency, kills = 400, 16, 6
    chance = random.Random(3)
    journal, output = tmp_path / "j", tmp_path / "killed.jsonl"
    with serving(latency=0.005) as endpoint:
        for kill in range(1, kills + 1):
            process = stage(endpoint.url, journal, output, count, concurrency)
            while endpoint.requests < kill * 50 + chance.randrange(20):
                time.sleep(0.002)
            process.kill()
            process.communicate()
            time.sleep(0.05)  # the endpoint ends what was in flight
        assert not output.exists()
        before = endpoint.counts.copy()
        journaled = len(keys(journal))
        assert stage(endpoint.url, journal, output, count, concurrency).wait() == 0
        sent = endpoint.counts - before
        assert sent.total() == count - journaled
        assert len(endpoint.counts) == count
        assert endpoint.counts.total() - count <= kills * concurrency
    with serving() as endpoint:
        whole = tmp_path / "whole.jsonl"
        assert stage(endpoint.url, tmp_path / "k", whole, count, concurrency).wait() == 0
    assert output.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("waiting", [False, True])
def test_an_interrupt_stops_cleanly(tmp_path: Path, waiting: bool) -> None:
    def answer(body: Any, before: int) -> Any:
        # Interrupted also while all that is left waits for its next try.
        late = endpoint.requests > 40 and waiting
        return status(429, **{"Retry-After": "60"}) if late else echo(body, before)

    with serving(answer, latency=0.02) as endpoint:
        process = stage(endpoint.url, tmp_path / "j", tmp_path / "out", 4000, 8)
        while endpoint.requests < 50:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert len(said.splitlines()) == 1
    assert "run again to go on" in said
    assert len(keys(tmp_path / "j")) >= 32
    assert not (tmp_path / "out").exists()


def test_a_reply_that_broke_off_is_asked_for_again(tmp_path: Path) -> None:
    request = Request([{"role": "user", "content": "swali"}])
    with Journal(tmp_path / "j") as journal:
        half = replace(RECORD, finish_reason="insufficient_system_resource")
        journal.add(key(request, teacher()), "teacher", half)
    with serving() as endpoint:
        [reply] = ask([request], teacher(), connection(endpoint.url), tmp_path / "j")
    assert (reply.failure, endpoint.requests) == (None, 1)


def test_what_is_in_flight_when_the_key_is_refused_still_comes(tmp_path: Path) -> None:
    requests = [Request([{"role": "user", "content": f"question {n}"}]) for n in range(100)]

    def answer(body: Any, before: int) -> Any:
        last = body["messages"][0]["content"] == "question 15"
        return status(402, "no money") if last else echo(body, before)

    with serving(answer, latency=0.5) as endpoint:
        with pytest.raises(UserError, match=r"http 402.*no money"):
            ask(requests, teacher(), connection(endpoint.url), tmp_path / "j")
        assert len(keys(tmp_path / "j")) == endpoint.replied.total() == 15
