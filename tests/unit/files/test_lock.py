"""Locks that end with their process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from limbeck.errors import UserError
from limbeck.files import lock

HOLD = """
import sys, time
from pathlib import Path
from limbeck.files import lock
lock.take(Path(sys.argv[1]), "the thing", "holds it")
print("held", flush=True)
time.sleep(600)
"""


def test_a_second_process_is_told_who_holds_it_until_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "deep/lock"
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        words = rf"^the thing: process {process.pid} on \S+, since [0-9: -]+, has it$"
        with pytest.raises(UserError, match=words):
            lock.take(path, "the thing", "has it")
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    os.close(lock.take(path, "the thing", "has it"))


def test_a_lock_is_given_back_by_closing_it(tmp_path: Path) -> None:
    first = lock.take(tmp_path / "lock", "it", "has it")
    with pytest.raises(UserError, match=f"process {os.getpid()}"):
        lock.take(tmp_path / "lock", "it", "has it")
    os.close(first)
    os.close(lock.take(tmp_path / "lock", "it", "has it"))


def test_a_job_of_a_cluster_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    held = lock.take(tmp_path / "lock", "it", "has it")
    with pytest.raises(UserError, match=r"process \d+ on \S+ \(Slurm's job 17\), since"):
        lock.take(tmp_path / "lock", "it", "has it")
    os.close(held)
