"""Planning: every shipped config, nothing heavy, no network, and edits."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from project import ROOT, TEST_CONFIG, Project

EDITS = list(
    csv.DictReader((Path(__file__).parent / "edits.tsv").open(encoding="utf-8"), delimiter="\t")
)

WATCH = """
import atexit, os, sys

def watch(event, arguments):
    if event in {"socket.connect", "socket.bind", "socket.getaddrinfo"}:
        with open(os.environ["WATCH_FILE"], "a") as file:
            print(event, arguments[-1], file=file)

def modules():
    with open(os.environ["WATCH_FILE"], "a") as file:
        for name in sorted(sys.modules):
            print("module", name.split(".")[0], file=file)

sys.addaudithook(watch)
atexit.register(modules)
"""

HEAVY = {
    "aiohttp", "datasets", "jinja2.ext", "langcodes", "language_data", "llama_cpp", "matplotlib",
    "numpy", "pandas", "pyarrow", "sacrebleu", "sentencepiece", "sklearn", "tokenizers", "torch",
    "transformers", "trl", "unsloth",
}  # fmt: skip


@pytest.mark.parametrize(
    "config",
    [None, *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("config/presets/*.yaml"))],
)
def test_every_shipped_config_can_be_planned(untouched: Project, config: str | None) -> None:
    result = untouched.snakemake("-n", config=config)
    assert result.code == 0, result.output
    assert {"train_student", "quantize_gguf", "score_model", "write_report"} <= result.rules


ELSEWHERE = {
    "languages": ["Breton", "Faroese"],
    "teacher": {"generator": {"model": "m", "server": None, "url": "https://example.org/v1"}},
    "conversations": {"source": "owner/conversations"},
    "texts": {"source": "HuggingFaceFW/fineweb-2", "name": "{fineweb2}"},
    "benchmarks": {"sources": dict.fromkeys(("flores", "sib200", "belebele", "global_mmlu"), "x")},
    "classification": {"tasks": []},
}


def test_a_language_that_benchmarks_do_not_cover_is_built_without_them(
    untouched: Project, tmp_path: Path
) -> None:
    path = tmp_path / "elsewhere.json"
    path.write_text(json.dumps(ELSEWHERE))
    result = untouched.snakemake("-n", config=str(path))
    assert result.code == 0, result.output
    said = [line for line in result.output.splitlines() if "not scored by" in line]
    assert [line.split(":")[0] for line in said] == ["Breton (bre_Latn)", "Faroese (fao_Latn)"]
    assert "belebele" in said[1]
    assert "sib200" not in said[1]
    assert "results/bre_Latn/tiny/gguf/Q8_0.gguf" in result.output
    assert "results/fao_Latn/benchmarks/sib200" in result.output
    assert "results/bre_Latn/benchmarks" not in result.output.replace("benchmarks/bre_Latn", "")


def test_a_cluster_plans_the_same(untouched: Project) -> None:
    here = untouched.snakemake("-n")
    cluster = untouched.snakemake("-n", "--workflow-profile", "profiles/slurm")
    assert cluster.code == 0, cluster.output
    assert cluster.rules == here.rules


def watched(folder: Path, source: Path) -> tuple[set[str], set[str]]:
    """The modules and socket events of a dry run in ``folder``."""
    seen = folder / "seen"
    (folder / "sitecustomize.py").write_text(WATCH)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--cores", "2"],
        cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": f"{folder}:{source}", "WATCH_FILE": str(seen)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = seen.read_text().splitlines()
    modules = {line.split()[1] for line in lines if line.startswith("module")}
    return modules, {line for line in lines if line.startswith("socket")}


def test_planning_is_light_and_opens_no_socket(tmp_path: Path) -> None:
    """What Snakemake itself does with an empty workflow is not ours to answer for."""
    project = Project(tmp_path / "project")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "Snakefile").write_text(
        "from snakemake.utils import min_version\nrule all:\n    output: 'x'\n    shell: 'x'\n"
    )
    modules, sockets = watched(project.folder, project.folder / "src")
    own_modules, own_sockets = watched(empty, project.folder / "src")
    assert {"pydantic", "limbeck", "snakemake"} <= modules
    assert not (modules - own_modules) & HEAVY
    assert not sockets - own_sockets


def edited(project: Project, edit: dict[str, str], tmp_path: Path) -> set[str]:
    """The rules that a dry run would run after an edit; the edit is undone."""
    if edit["kind"] == "config":
        change: object = yaml.safe_load(edit["value"])
        for key in reversed(edit["what"].split("/")):
            change = {key: change}
        base = yaml.safe_load((project.folder / TEST_CONFIG).read_text())
        path = tmp_path / "edited.json"
        path.write_text(json.dumps(merged(base, change)))
        return project.snakemake("-n", config=str(path)).rules
    path = project.folder / edit["what"]
    before = path.read_bytes()
    # Other bytes for a file of data; other code for a module, since comments do not count.
    addition = b"\nEDITED = True\n" if path.suffix == ".py" else b"\n# edited\n"
    try:
        path.write_bytes(before + addition)
        return project.snakemake("-n").rules
    finally:
        path.write_bytes(before)


def merged(base: object, change: object) -> object:
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    return {**base, **{key: merged(base.get(key), value) for key, value in change.items()}}


@pytest.mark.parametrize("edit", EDITS, ids=[f"{e['kind']}-{e['what']}" for e in EDITS])
def test_an_edit_rebuilds_what_depends_on_it(
    finished: Project, edit: dict[str, str], tmp_path: Path
) -> None:
    assert sorted(edited(finished, edit, tmp_path)) == sorted(edit["rules"].split())
