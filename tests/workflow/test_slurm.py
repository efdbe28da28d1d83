"""The small demonstration through Slurm, with a cancelled job and a killed Snakemake on the way."""

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
    # The models are tiny, and a job costs more than a score.
    "--groups", "filter_rows=dataset", "mix_rows=dataset", "score_model=scores",
    "--group-components", "scores=5",
]  # fmt: skip
MADE = (".jsonl", ".parquet", ".json", ".safetensors", ".gguf", ".tsv")

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


def running(known: list[str], process: subprocess.Popen[bytes]) -> str:
    """The id of the next job that trains."""

    def found() -> bool:
        return bool(set(jobs("train_student", "RUNNING")) - set(known))

    wait_for(found, process)
    return (set(jobs("train_student", "RUNNING")) - set(known)).pop()


def made(project: Project) -> dict[str, bytes]:
    """What was made, without what it cost, which tells the time."""
    return {
        path: content
        for path, content in project.files("results").items()
        if path.endswith(MADE) and not path.endswith("cost.json")
    }


def test_a_cluster_makes_the_same(finished: Project, project: Project) -> None:
    first = project.start(*OPTIONS)
    cancelled = running([], first)
    subprocess.run(["scancel", cancelled], check=True)
    left = running([cancelled], first)
    kill(first)  # the job goes on

    done = project.snakemake(*OPTIONS)
    assert done.code == 0, done.output[-5000:]
    log = (project.folder / "logs/swh_Latn/tiny/train_student.log").read_text()
    assert log.startswith("unchanged since"), f"trained twice, beside job {left}"
    assert made(project) == made(finished)
    assert "Nothing to be done" in project.snakemake(*OPTIONS).output


def test_what_no_node_has_is_said_before_anything_is_submitted(project: Project) -> None:
    options = [*OPTIONS, "--set-resources", "train_student:mem_mb=900000"]
    result = project.snakemake(*options)
    assert result.code != 0
    said = result.output.strip().splitlines()[-1]
    assert said.startswith("error: slurm: train_student asks for 900,000 MB of memory")
    assert not jobs("", "all")
