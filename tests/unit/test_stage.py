"""How a command ends when its user made a mistake."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from limbeck import stage
from limbeck.errors import UserError


@pytest.mark.parametrize("missing", ["file", "folder"])
def test_a_file_that_cannot_be_read_is_one_line(
    tmp_path: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path if missing == "file" else tmp_path / "nowhere"
    with pytest.raises(SystemExit) as caught:
        stage.run(lambda: print(path.read_text()))
    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith(f"error: {path}: ")


def test_a_mistake_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise UserError("config: seed: a number is wanted")

    with pytest.raises(SystemExit) as caught:
        stage.run(main)
    assert caught.value.code == 1
    assert capsys.readouterr().err == "error: config: seed: a number is wanted\n"


def test_a_full_disk_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        with open("/dev/full", "w") as file:
            file.write("a")

    with pytest.raises(SystemExit) as caught:
        stage.run(main)
    assert caught.value.code == 1
    assert capsys.readouterr().err == "error: No space left on device\n"


def test_what_is_no_mistake_of_the_user_keeps_its_traceback() -> None:
    def main() -> None:
        raise OSError("the pool is closed")

    with pytest.raises(OSError, match="pool"):
        stage.run(main)


LOADING = "from limbeck import stage; stage.run(lambda: __import__('llama_cpp'))"


@pytest.mark.parametrize(("own", "rounds"), [({}, "10000"), ({"GOMP_SPINCOUNT": "7"}, "7")])
def test_threads_sleep_before_they_take_the_core_that_they_wait_for(
    own: dict[str, str], rounds: str
) -> None:
    environment = os.environ | {"OMP_DISPLAY_ENV": "verbose"} | own
    if not own:
        environment.pop("GOMP_SPINCOUNT", None)
    command = [sys.executable, "-c", LOADING]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert f"GOMP_SPINCOUNT = '{rounds}'" in done.stderr


@pytest.mark.parametrize(("own", "rounds"), [(None, "2000"), (stage.SPINS, "2000"), ("7", "7")])
def test_llamas_sleep_sooner_unless_they_are_told_otherwise(
    own: str | None, rounds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", own or stage.SPINS)
    if own is None:
        monkeypatch.delenv("GOMP_SPINCOUNT")
    stage.sleep_sooner()
    assert os.environ["GOMP_SPINCOUNT"] == rounds


WAITING = "import time; from limbeck import stage; stage.run(lambda: (print(1), time.sleep(600)))"


@pytest.fixture
def stage_of_a_run() -> Iterator[tuple[subprocess.Popen[str], subprocess.Popen[bytes]]]:
    """A stage that waits, and the run that it is a part of."""
    run = subprocess.Popen(["sleep", "600"])
    environment = os.environ | {stage.RUN: str(run.pid), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    try:
        yield process, run
    finally:
        for one in (process, run):
            one.kill()
            one.communicate()


def test_a_stage_ends_with_its_run(
    stage_of_a_run: tuple[subprocess.Popen[str], subprocess.Popen[bytes]],
) -> None:
    process, run = stage_of_a_run
    assert process.poll() is None
    run.kill()
    run.wait()
    assert process.wait(60) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGXCPU])
def test_a_stage_that_is_cut_off_says_so(
    stage_of_a_run: tuple[subprocess.Popen[str], subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    process, _ = stage_of_a_run
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert said.startswith(f"error: cut off by {number.name}, ")
    assert said.count("\n") == 1
