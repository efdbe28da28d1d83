"""A job is run once for all that decides it, by Snakemake itself on a workflow of one rule."""

import subprocess
import sys
from pathlib import Path

import pytest

from limbeck.workflow import kept
from project import ROOT

SNAKEFILE = '''
from limbeck.workflow.once import once

rule upper:
    input:
        text="in.txt",
        aside=ancient("aside.txt"),
    output:
        out="out/out.txt",
        folder=directory("out/folder"),
    log:
        "logs/upper.log",
    benchmark:
        "logs/upper.tsv"
    params:
        settings=config["settings"],
        work="work/upper",
    shell:
        r"""
        exec &>{log:q}
        echo made with {params.settings}
        echo {params.settings} >> runs
        mkdir -p {output.folder}
        tr a-z A-Z < {input.text} > {output.out}
        cp {output.out} {output.folder}/copy
        """

once(workflow)
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "in.txt").write_text("first\n")
    (tmp_path / "aside.txt").write_text("aside\n")
    return tmp_path


def snakemake(*arguments: str, settings: str = "a") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *arguments, "--config",
         f"settings={settings}"],
        env={"PATH": str(Path(sys.executable).parent) + ":/usr/bin:/bin", "HOME": str(Path.cwd()),
             "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def runs() -> int:
    return len(Path("runs").read_text().splitlines())


def test_a_job_runs_once_for_all_that_decides_it(folder: Path) -> None:
    snakemake()
    log, record = (Path(f"logs/upper.{kind}").read_text() for kind in ("log", "tsv"))
    assert (runs(), Path("out/out.txt").read_text()) == (1, "FIRST\n")

    Path("aside.txt").write_text("other\n")  # what it decides would stand in a param
    assert "Nothing to be done" in snakemake()

    Path("in.txt").write_text("second\n")
    snakemake()
    assert (runs(), Path("out/out.txt").read_text()) == (2, "SECOND\n")

    Path("in.txt").write_text("first\n")
    assert "unchanged: out/out.txt, out/folder" in snakemake()
    assert (runs(), Path("out/out.txt").read_text()) == (2, "FIRST\n")
    assert Path("out/folder/copy").read_text() == "FIRST\n"
    assert Path("logs/upper.log").read_text().endswith(log), "the log is that of the making"
    assert Path("logs/upper.tsv").read_text() == record, "and so is the record of its time"
    assert "Nothing to be done" in snakemake()

    snakemake(settings="b")
    assert runs() == 3
    assert "unchanged" in snakemake(settings="a")
    Path("out/out.txt").unlink()
    assert "unchanged" in snakemake()
    assert runs() == 3

    assert "unchanged" not in snakemake("--forcerun", "upper")
    assert runs() == 4


def test_what_cannot_be_kept_is_still_made(folder: Path) -> None:
    kept.FOLDER.parent.mkdir()
    kept.FOLDER.write_text("no folder")
    said = snakemake()
    assert "not kept: out/out.txt" in said
    assert Path("out/out.txt").read_text() == "FIRST\n"


def test_what_a_kill_left_half_made_goes(folder: Path) -> None:
    for left in ("out/.out.txt.x1y2", "out/.folder.new"):
        Path(left).mkdir(parents=True)
        (Path(left) / "part").write_text("half")
    Path("out/.out.txt.z3").write_text("half")
    snakemake()
    assert {path.name for path in Path("out").iterdir()} == {"out.txt", "folder"}


STUDENTS = """
from limbeck.workflow.once import once

rule train:
    input: "rows/{student}/rows.txt"
    output: "out/{student}/trained.txt"
    shell: "echo train >> runs; cp {input} {output}"

rule name:
    input: "out/{student}/trained.txt"
    output: "out/{student}/named.txt"
    shell: "echo name >> runs; echo {wildcards.student} > {output}"

once(workflow)
"""


def test_a_student_of_another_name_is_not_made_again(folder: Path) -> None:
    (folder / "Snakefile").write_text(STUDENTS)
    for name, rows in (("early", "rows"), ("late", "rows"), ("other", "others")):
        (folder / "rows" / name).mkdir(parents=True)
        (folder / "rows" / name / "rows.txt").write_text(rows)
    for name in ("early", "late"):
        said = snakemake(f"out/{name}/named.txt")
        assert (folder / "out" / name / "named.txt").read_text() == f"{name}\n"
        assert (folder / "out" / name / "trained.txt").read_text() == "rows"
    assert "unchanged: out/late/trained.txt" in said
    assert (folder / "runs").read_text().split() == ["train", "name", "name"]
    snakemake("out/other/named.txt")
    assert (folder / "runs").read_text().split().count("train") == 2
