"""Stages through Slurm, with a cancelled job and a killed Snakemake on the way."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import slurm
from project import Project, kill

OPTIONS = [
    "--workflow-profile", "profiles/slurm", "--latency-wait", "5",
    "--slurm-no-account", "--slurm-status-command", "squeue",
    "--slurm-init-seconds-before-status-checks", "2",
]  # fmt: skip
TARGET = "results/swh_Latn/topics.jsonl"

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(slurm.missing() is not None, reason=str(slurm.missing())),
]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A cluster of one node, which pretends to twice the processors that a stage asks for."""
    with slurm.cluster(tmp_path / "slurm", cpus=4, memory=48_000) as found:
        yield found


@pytest.fixture
def project(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Project:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Project(tmp_path / "project")


def jobs(rule: str, state: str) -> list[str]:
    """The ids of Slurm's jobs of a rule that are in a state."""
    listed = subprocess.run(
        ["squeue", "--noheader", "--states", state, "--format", "%i %k"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [line.split()[0] for line in listed.splitlines() if rule in line]


def wait_for(found: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    while not found():
        assert process.poll() is None, "it ended before"
        time.sleep(0.2)


def running(known: set[str], process: subprocess.Popen[bytes]) -> set[str]:
    """The jobs of the stage that run and were not known."""

    def found() -> set[str]:
        return set(jobs("write_topics", "RUNNING")) - known

    wait_for(lambda: bool(found()), process)
    return found()


def test_what_a_killed_snakemake_left_running_is_not_made_again(project: Project) -> None:
    first = project.start(TARGET, *OPTIONS)
    cancelled = running(set(), first)
    subprocess.run(["scancel", *cancelled], check=True)
    left = running(cancelled, first)  # tried again
    kill(first)

    done = project.snakemake(TARGET, *OPTIONS)
    assert done.code == 0, done.output[-5000:]
    log = (project.folder / "logs/swh_Latn/write_topics.log").read_text()
    assert log.startswith("unchanged since"), f"made twice, beside job {left}"
    assert (project.folder / TARGET).stat().st_size


def test_what_no_node_has_is_said_before_anything_is_submitted(project: Project) -> None:
    options = [*OPTIONS, "--set-resources", "train_student:mem_mb=900000"]
    result = project.snakemake(*options)
    assert result.code != 0
    said = result.output.strip().splitlines()[-1]
    assert said.startswith("error: slurm: train_student asks for 900,000 MB of memory")
    assert not jobs("", "all")
