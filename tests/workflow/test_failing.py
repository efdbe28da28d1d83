"""What goes wrong beneath a run is one line; nothing is lost, and the next run goes on."""

import signal
import time
from pathlib import Path

import psutil
from test_killed import answer, config

from endpoint import serving
from project import Project, Result
from small_disk import FULL, read_only, small_disk

TOPICS = "results/swh_Latn/topics.jsonl"
ROWS = "results/swh_Latn/rows.parquet"
TRAIN = "results/swh_Latn/tiny/train.parquet"


def said(result: Result) -> str:
    """The one line of a run that failed."""
    assert result.code != 0
    assert "Traceback" not in result.output, result.output
    lines = [line for line in result.output.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, result.output
    return lines[0]


def test_a_stage_that_is_cut_off_by_a_time_limit(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    with serving(answer, latency=0.1) as endpoint:
        path = config(project, endpoint)
        run = project.start(TOPICS, config=path)
        while endpoint.requests < 5 and run.poll() is None:
            time.sleep(0.02)
        for process in psutil.Process(run.pid).children(recursive=True):
            if "limbeck.generation.topics" in process.cmdline():
                process.send_signal(signal.SIGTERM)
        assert run.wait() == 1
        log = (project.folder / "logs/swh_Latn/write_topics.log").read_text()
        assert "\nerror: cut off by SIGTERM" in f"\n{log}"
        assert project.snakemake(TOPICS, config=path).code == 0


def test_results_that_cannot_be_written(untouched: Project) -> None:
    target = "results/swh_Latn/language.json"
    (untouched.folder / "results").mkdir(exist_ok=True)
    with read_only(untouched.folder / "results"):
        line = said(untouched.snakemake(target))
    folder = untouched.folder / "results"
    assert line == f"error: {folder}: a run writes into this folder, and it is read-only"
    assert untouched.snakemake(target).code == 0


def test_a_full_disk(untouched: Project) -> None:
    target = "results/swh_Latn/texts.jsonl"
    with small_disk(untouched.folder / "results", 4096):
        line = said(untouched.snakemake(target))
    assert any(words in line for words in FULL.split("|"))
    assert untouched.snakemake(target).code == 0


def test_rows_that_are_cut_short(finished: Project) -> None:
    path = finished.folder / ROWS
    before = finished.files("results")
    path.rename(path.with_suffix(".whole"))
    path.write_bytes(path.with_suffix(".whole").read_bytes()[:-100])
    path.with_suffix(".whole").unlink()
    line = said(finished.snakemake(TRAIN))
    assert f"{ROWS}: no Parquet, or cut short" in line

    path.unlink()
    result = finished.snakemake(ROWS, TRAIN)
    assert result.code == 0, result.output
    assert "unchanged: " in result.output
    assert finished.files("results") == before


def test_a_project_that_was_moved(finished: Project) -> None:
    moved = Project.__new__(Project)
    moved.folder = finished.folder.with_name("moved")
    finished.folder.rename(moved.folder)
    try:
        result = moved.snakemake()
    finally:
        moved.folder.rename(finished.folder)
    assert result.code == 0
    assert "Nothing to be done" in result.output
