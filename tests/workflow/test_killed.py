"""A workflow that is killed goes on where it was, and pays for nothing twice."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from endpoint import Endpoint, completion, serving
from limbeck.files import read_jsonl
from limbeck.phrasebook.responder import reply
from project import TEST_CONFIG, Project, kill

TARGETS = ["results/swh_Latn/responses.jsonl", "results/swh_Latn/translations.jsonl"]
CONCURRENCY = 8


def answer(body: dict[str, Any], before: int) -> Any:
    content, reasoning = reply(body)
    return completion(content, reasoning_content=reasoning)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def config(project: Project, endpoint: Endpoint) -> str:
    """The test config with the counting endpoint as its teacher."""
    values = yaml.safe_load((project.folder / TEST_CONFIG).read_text())
    generator = {"server": None, "url": endpoint.url, "concurrency": CONCURRENCY}
    generator["structured"] = "json_schema"  # nothing to find out
    values["teacher"] = {"generator": generator}
    path = project.folder / "counted.json"
    path.write_text(json.dumps(values))
    return str(path)


def journaled(project: Project) -> int:
    return sum(len(list(whole_lines(path))) for path in (project.folder / "work").rglob("*.jsonl"))


def whole_lines(path: Path) -> list[bytes]:
    return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def test_no_answered_request_is_sent_again(project: Project) -> None:
    with serving(answer, latency=0.1) as endpoint:
        path = config(project, endpoint)
        for moment in (30, 120):
            process = project.start(*TARGETS, config=path)
            while endpoint.requests < moment and process.poll() is None:
                time.sleep(0.02)
            assert process.poll() is None, "it ended before it could be killed"
            kill(process)
        saved = journaled(project)
        sent = endpoint.requests
        assert 0 < saved < sent + 1

        result = project.snakemake(*TARGETS, config=path)
        assert result.code == 0, result.output
        assert all((project.folder / target).is_file() for target in TARGETS)
        again = sum(count - 1 for count in endpoint.counts.values())
        # Two stages at most were asking, each with so many requests in flight, at each kill.
        assert again <= 2 * 2 * CONCURRENCY
        assert endpoint.requests == len(endpoint.counts) + again
        assert again <= sent - saved

        before = endpoint.requests
        for target in TARGETS:
            (project.folder / target).unlink()
        assert project.snakemake(*TARGETS, config=path).code == 0
        assert endpoint.requests == before


def test_a_second_run_in_the_folder_says_who_builds_there(project: Project) -> None:
    with serving(answer, latency=600.0) as endpoint:
        path = config(project, endpoint)

        def started() -> subprocess.Popen[bytes]:
            process, before = project.start(TARGETS[0], config=path), endpoint.requests
            while endpoint.requests == before and process.poll() is None:
                time.sleep(0.02)
            assert process.poll() is None
            return process

        first = started()
        result = project.snakemake(TARGETS[0], config=path)
        assert result.code == 1
        last = result.output.rstrip().splitlines()[-1]
        assert last.startswith(f"error: {project.folder}: process {first.pid} on ")
        assert last.endswith("builds here; one run at a time may")
        assert first.poll() is None
        kill(first)
        kill(started())  # no lock was left behind


def test_a_killed_build_gives_the_same_rows(project: Project, finished: Project) -> None:
    process = project.start(*TARGETS)
    journal = project.folder / "work/journal/swh_Latn"
    while not (journal / "translate_conversations.jsonl").exists() and process.poll() is None:
        time.sleep(0.01)
    kill(process)
    assert project.snakemake(*TARGETS).code == 0
    for target in TARGETS:
        assert list(read_jsonl(project.folder / target)) == list(
            read_jsonl(finished.folder / target)
        )
