"""Write what a build was made from: its config, its code and libraries, and each stage's digests.

    python -m limbeck.report.provenance --config logs/config.json \\
        --output results/build.json --crate results/ro-crate-metadata.json

The config is the one that Snakemake read. Of each stage that the build's pages tell of, the key
under which its result is kept (docs/rebuilding.md) and the SHA-256 of its inputs and outputs; the
second file says the same as a Process Run Crate. What lies elsewhere on this machine is called a
local file or folder, and a teacher's key is in neither.
"""

import json
import subprocess
import tomllib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, TypedDict

from limbeck import files, stage
from limbeck.config import published
from limbeck.errors import UserError
from limbeck.report import crate
from limbeck.workflow import kept, once
from limbeck.workflow.build import Build, load
from limbeck.workflow.digest import libraries
from limbeck.workflow.places import manifest

_ROOT = Path(__file__).parents[3]
_OWN = ("config", "resources", "results")  # folders of every build; others are a machine's own
_HOW = {"api_key_env", "server_args"}  # of a teacher: how it is reached from here

Record = dict[str, Any]  # of `limbeck.workflow.kept`


class File(TypedDict):
    """A file's place and digest."""

    path: str
    sha256: str


class Stage(TypedDict):
    """A finished stage."""

    rule: str
    key: str
    inputs: list[File]
    outputs: list[File]


def resolved(build: Build) -> dict[str, Any]:
    """The whole config, with each teacher as its role has it."""
    teachers = {
        role: teacher.model_dump(mode="json", exclude=_HOW)
        for role, teacher in build.teachers.items()
    }
    config = {**build.config.model_dump(mode="json", exclude={"bucket"}), "teacher": teachers}
    return dict(published({**config, "languages": build.codes}))


def code() -> dict[str, Any]:
    """Limbeck's version; in a clone of its repository the commit, `-dirty` with edits over it."""
    version = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return {"version": version, "commit": _commit()}


def _commit() -> str | None:
    if not (_ROOT / ".git").exists():
        return None
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)
    except OSError:  # git is not installed
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def roots(build: Build) -> list[str]:
    """What the build's pages are made from: from here the stages are followed back."""
    of_language = ["funnel.json", *(f"{name}/gguf/parity.json" for name in build.config.students)]
    made = [f"results/{code}/{file}" for code in build.codes for file in of_language]
    return [*build.results(), *build.scores(), *build.classification(), *made]


def stages(wanted: Iterable[str], students: Collection[str]) -> list[Stage]:
    """The stages that made some files, and those that made what these are made from; by outputs."""
    makers: dict[str, list[tuple[str, Record]]] = {}
    for entry in kept.entries():
        for record in _named(entry.record, students):
            for output in record["outputs"]:
                makers.setdefault(output, []).append((entry.folder.name, record))
    found: dict[str, Stage] = {}
    todo, seen = list(wanted), set()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        made = (maker for maker in reversed(makers.get(path, [])) if kept.in_place(maker[1]))
        if maker := next(made, None):
            key, record = maker
            found[record["outputs"][0]] = _stage(key, record)
            seen.update(record["outputs"])
            todo += record["inputs"]
    return [found[output] for output in sorted(found)]


def _named(record: Record, students: Collection[str]) -> Iterator[Record]:
    """What counts of a kept record, with the name of each student whose result it may be."""
    outputs = record.get("outputs", [])
    if not outputs:  # it cannot be read
        return
    for name in students if any(once.STUDENT in path for path in outputs) else [""]:
        named = [path.replace(once.STUDENT, name) for path in outputs]
        read = {path.replace(once.STUDENT, name): was for path, was in record["inputs"].items()}
        yield {"rule": record["rule"], "files": record["files"], "outputs": named, "inputs": read}


def _stage(key: str, record: Record) -> Stage:
    inputs = [
        File(path=_shown(str(Path(path, name))), sha256=digest)
        for path, parts in record["inputs"].items()
        for name, digest in parts.items()
    ]
    return Stage(rule=record["rule"], key=key, inputs=inputs, outputs=list(_outputs(record)))


def _outputs(record: Record) -> Iterator[File]:
    for path, parts in zip(record["outputs"], record["files"], strict=True):
        listed = Path(manifest(path))  # weights are looked at once, when they were made
        known = json.loads(listed.read_bytes()) if listed.is_file() else {}
        for name, (_, digest) in parts.items():
            place = Path(path, name)
            found = digest or known.get(name or place.name) or kept.file_digest(place)
            yield File(path=str(place), sha256=found)


def _shown(path: str) -> str:
    return path if path.split("/")[0] in _OWN else "a local file"


def main() -> None:
    """Write both."""
    parser = stage.parser(__doc__)
    parser.add_argument("--config", type=Path, required=True, help="as Snakemake read it (JSON)")
    parser.add_argument("--output", type=Path, required=True, help="the build (JSON)")
    parser.add_argument("--crate", type=Path, required=True, help="its RO-Crate (JSON-LD)")
    options = parser.parse_args()
    if not options.config.is_file():
        raise UserError(f"{options.config}: there is no such file; a run of snakemake writes it")
    build = load(json.loads(options.config.read_bytes()))
    made = stages(roots(build), build.config.students)
    whole = {
        "limbeck": code(),
        "libraries": libraries(),
        "config": resolved(build),
        "stages": made,
        "pages": build.pages(),
    }
    print(f"{len(made)} stages")
    files.write_json(options.output, whole)
    files.write_json(options.crate, crate.crate(whole, options.output))


if __name__ == "__main__":
    stage.run(main)
