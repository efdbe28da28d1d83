"""Planning: every shipped config, nothing heavy, no network, and edits."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from limbeck.config import Config
from limbeck.config.teacher import TeacherOverride
from planner import Planner
from project import ROOT, TEST_CONFIG, Project

EDITS = list(
    csv.DictReader((Path(__file__).parent / "edits.tsv").open(encoding="utf-8"), delimiter="\t")
)

LAPTOP = "config/presets/laptop.yaml"
ABLATIONS = "config/presets/ablations.yaml"  # which compares students, and makes no small files

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


def test_what_plans_is_the_code_beside_the_workflow(tmp_path: Path) -> None:
    """Another checkout may be the one that is installed."""
    project = Project(tmp_path / "project")
    (project.folder / "src/limbeck/workflow/told.py").write_text("raise SystemExit('beside it')")
    said = subprocess.run(
        project.command("-n"), cwd=project.folder, capture_output=True, text=True,
        env=project.environment | {"PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert "beside it" in said.stdout + said.stderr


@pytest.mark.parametrize(
    "config",
    [None, *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("config/presets/*.yaml"))],
)
def test_every_shipped_config_can_be_planned(untouched: Project, config: str | None) -> None:
    if config == LAPTOP and shutil.which("apertium") is None:
        pytest.skip("Apertium, the preset's translator, is not installed")
    result = untouched.snakemake("-n", config=config)
    assert result.code == 0, result.output
    assert {"train_student", "score_model", "write_report"} <= result.rules
    assert ("quantize_gguf" in result.rules) == (config != ABLATIONS)


SCORES = "results/swh_Latn/scores"
CHAINED = {
    "students": {
        "tiny": {"mixture": {"thinking": False, "direct": False, "texts": 10}},
        "later": {"base": "student:tiny"},
        "mended": {
            "base": "student:tiny",
            "merge": {"origin": "base", "parts": {"student:later": 0.6}},
        },
    }
}


def test_students_start_from_one_another(untouched: Project) -> None:
    path = untouched.folder / "chained.json"
    path.write_text(json.dumps(CHAINED))
    result = untouched.snakemake("-n", config=str(path))
    assert result.code == 0, result.output
    counts = dict(re.findall(r"^(\w+) +(\d+)$", result.output, re.M))
    assert [counts[rule] for rule in ("create_base", "train_student", "merge_student")] == [
        "3", "2", "1",
    ]  # fmt: skip


def test_a_file_is_compared_before_it_is_quantized(untouched: Project) -> None:
    result = untouched.snakemake("-n", "results/swh_Latn/tiny/gguf/Q8_0.gguf")
    assert result.code == 0, result.output
    assert {"check_gguf", "quantize_gguf"} <= result.rules


def test_a_base_waits_for_no_teacher(untouched: Project) -> None:
    """A gated one is told before anything was paid, and it is scored beside the questions."""
    path = untouched.folder / "own.json"
    path.write_text(json.dumps({"students": {"own": {"base": "owner/name"}}}))
    result = untouched.snakemake("-n", f"{SCORES}/own/base/sib200.json", config=str(path))
    assert result.code == 0, result.output
    assert {"create_base", "score_model"} <= result.rules
    assert not result.rules & {"mix_rows", "answer_prompts", "train_student"}


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
    [training] = re.findall(
        r"^rule train_student:\n(?: .*\n)* +resources: (.*)$", cluster.output, re.M
    )
    assert "nodes=1" in training, "on which all its devices are"
    assert "runtime=2880" in training


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


def merged(base: object, change: object) -> object:
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    return {**base, **{key: merged(base.get(key), value) for key, value in change.items()}}


def changed(edit: dict[str, str]) -> object:
    """A config's change, as a mapping from the top."""
    change: object = yaml.safe_load(edit["value"])
    for key in reversed(edit["what"].split("/")):
        change = {key: change}
    return change


def rewritten(kind: str, path: Path, value: str, before: str) -> str:
    """The text of a file after an edit."""
    if kind == "prompt":  # one entry says more; comments and layout are lost on the way
        content = yaml.safe_load(before)
        return yaml.safe_dump({**content, value: content[value] + "\nMind this."})
    if kind == "text":
        old, new = json.loads(value)
        assert old in before
        return before.replace(old, new)
    if kind == "comment":
        return before + ("{# edited #}\n" if path.suffix == ".jinja" else "# edited\n")
    # Other code for a module, another line for a file of data.
    return before + ("\nEDITED = True\n" if path.suffix == ".py" else "\nedited\n")


@contextmanager
def edited(project: Project, edit: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The project after an edit, which is undone; the config to read."""
    kind, path = edit["kind"], project.folder / edit["what"]
    if kind == "config":
        base = yaml.safe_load((project.folder / TEST_CONFIG).read_text())
        config = tmp_path / "edited.json"
        config.write_text(json.dumps(merged(base, changed(edit))))
        yield str(config)
    elif kind == "backup":
        copies = [path.with_name(f"{path.name}~"), path.with_name(f".{path.name}.swp")]
        for copy in copies:
            copy.write_text("half a line")
        yield TEST_CONFIG
        for copy in copies:
            copy.unlink()
    else:
        before = path.read_text(encoding="utf-8")
        path.write_text(rewritten(kind, path, edit["value"], before), encoding="utf-8")
        try:
            yield TEST_CONFIG
        finally:
            path.write_text(before, encoding="utf-8")


@pytest.fixture(scope="session")
def planner(as_built: Project) -> Iterator[Planner]:
    child = Planner(as_built)
    yield child
    child.close()


NAMES = [f"{e['kind']}-{e['what']}-{e['value'][:40]}" for e in EDITS]


@pytest.mark.parametrize("edit", EDITS, ids=NAMES)
def test_an_edit_rebuilds_what_depends_on_it(
    as_built: Project, planner: Planner, edit: dict[str, str], tmp_path: Path
) -> None:
    """What is planned; and what of it is made, even if the first outputs come out the same."""
    with edited(as_built, edit, tmp_path) as config:
        result = planner.plan(config=config)
    assert result.code == 0, result.output
    assert sorted(result.rules) == sorted(edit["planned"].split())
    assert sorted(made(result.output)) == sorted(edit["made"].split())


def made(output: str) -> set[str]:
    """The rules with which a wave begins, or whose outputs are new.

    The others are planned because those come before them: `limbeck.workflow.once` makes them only
    where what they are made from comes out otherwise.
    """
    job = re.compile(r"^(?:local)?rule (\w+):\n(?:    .*\n)*?    reason: (.*)$", re.MULTILINE)
    passed_on = re.compile(r"Input files updated by another job: [^;]*(; |$)")
    return {rule for rule, reason in job.findall(output) if passed_on.sub("", reason)} - {"all"}


def test_the_edits_have_every_key_of_the_config() -> None:
    lines = [changed(edit) for edit in EDITS if edit["kind"] == "config"]
    edited = {key for line in lines for key in leaves(line, Config)}
    assert set(keys(Config)) - edited == set(), "add lines to tests/workflow/edits.tsv"


def sections(annotation: object) -> list[type[BaseModel]]:
    """The sections that a key may hold; a role's own keys are those of the generator."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [] if annotation is TeacherOverride else [annotation]
    return [found for part in get_args(annotation) for found in sections(part)]


def keys(section: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key of the config that holds a value."""
    for name, field in section.model_fields.items():
        below = sections(field.annotation)
        named = ("*",) if get_origin(field.annotation) is dict else ()
        if not below:
            yield (*path, name)
        for one in below:
            yield from keys(one, (*path, name, *named))


def leaves(
    value: object, section: type[BaseModel], path: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """The keys that a change gives a value."""
    assert isinstance(value, dict)
    for name, part in value.items():
        field = section.model_fields[name]
        below = sections(field.annotation)
        named = get_origin(field.annotation) is dict
        if not below:
            yield (*path, name)
        for entry in part.values() if named and below else [part] if below else []:
            for one in below:
                if isinstance(entry, dict) and set(entry) <= set(one.model_fields):
                    yield from leaves(entry, one, (*path, name, *(("*",) if named else ())))
