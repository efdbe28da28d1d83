"""A lock that says who holds it, ends with its process, and keeps two from the same work."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from limbeck.workflow.lock import locked

HOLD = """
import sys, time
from pathlib import Path
from limbeck.workflow.lock import locked
with locked("one", print, Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "SLURM_JOB_ID": "17"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_waits_and_says_for_whom(tmp_path: Path) -> None:
    process = holder(tmp_path)
    said: list[str] = []

    def end(words: str) -> None:
        said.append(words)
        process.send_signal(signal.SIGKILL)

    with locked("one", end, tmp_path):
        assert process.wait() == -signal.SIGKILL
    (words,) = said
    assert words.startswith(f"waits for process {process.pid} on ")
    assert "Slurm's job 17" in words
    assert not list(tmp_path.iterdir())


def test_another_name_does_not_wait(tmp_path: Path) -> None:
    process = holder(tmp_path)
    said: list[str] = []
    with locked("two", said.append, tmp_path):
        assert not said
    process.kill()
    process.wait()


def test_only_one_of_many_is_inside(tmp_path: Path) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with locked("one", lambda words: None, tmp_path):
                inside += 1
                most = max(most, inside)
                time.sleep(0.001)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
