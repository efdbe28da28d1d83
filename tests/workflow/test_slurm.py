"""The whole demonstration through Slurm, with a cancelled training and a killed Snakemake."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import slurm
from kills import built, differences
from project import Project, kill

OPTIONS = [
    "--workflow-profile", "profiles/slurm", "--latency-wait", "5",
    "--slurm-no-account", "--slurm-status-command", "squeue",
    "--slurm-init-seconds-before-status-checks", "2",
]  # fmt: skip
pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(slurm.missing() is not None, reason=str(slurm.missing())),
]


@pytest.fixture(scope="module", autouse=True)
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cluster of one node, with the processors of the local build, on which digests depend."""
    folder = tmp_path_factory.mktemp("slurm") / "one"
    with (
        slurm.cluster(folder, cpus=2, memory=48_000) as found,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in found.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def jobs(rule: str, state: str) -> set[str]:
    """The ids of Slurm's jobs of a rule that are in a state."""
    listed = subprocess.run(
        ["squeue", "--noheader", "--states", state, "--format", "%i %k"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return {line.split()[0] for line in listed.splitlines() if rule in line}


def running(rule: str, known: set[str], process: subprocess.Popen[bytes]) -> set[str]:
    """The jobs of a rule that run and were not known, as soon as there are any."""
    while not (found := jobs(rule, "RUNNING") - known):
        assert process.poll() is None, "it ended before"
        time.sleep(0.2)
    return found


@pytest.mark.long
def test_the_whole_is_the_same(project: Project, finished: Project) -> None:
    log = project.folder / "logs/swh_Latn/tiny/train_student.log"
    first = project.start(*OPTIONS)
    cancelled = running("train_student", set(), first)
    while not (log.is_file() and "\nstep " in log.read_text()):
        assert jobs("train_student", "RUNNING") == cancelled, "it ended before"
        time.sleep(0.1)
    subprocess.run(["scancel", *cancelled], check=True)
    left = running("train_student", cancelled, first)  # tried again
    kill(first)

    done = project.snakemake(*OPTIONS)
    assert done.code == 0, done.output[-5000:]
    said = log.read_text()
    assert said.startswith("unchanged since"), f"trained once more, beside job {left}: {said}"
    assert differences(built(project), built(finished)) == []
    assert "Nothing to be done" in project.snakemake(*OPTIONS).output


def test_what_no_node_has_is_said_before_anything_is_submitted(project: Project) -> None:
    options = [*OPTIONS, "--set-resources", "train_student:mem_mb=900000"]
    result = project.snakemake(*options)
    assert result.code != 0
    said = result.output.strip().splitlines()[-1]
    assert said.startswith("error: slurm: train_student asks for 900,000 MB of memory")
    assert not jobs("", "all")
