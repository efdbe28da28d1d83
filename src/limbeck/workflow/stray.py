"""What lies in results/ and work/ that the last build does not rest on.

The build says in ``results/build.json`` which files those are (limbeck.report.provenance). Journals
are never stray: they are what was paid for.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.files.lock import held
from limbeck.workflow import alone

BUILD = Path("results/build.json")
# Of each language and student: states of a training, answers of a scoring.
_WORK = (Path("work/training"), Path("work/answers"))
_CURVES = Path("work/curves")  # of each language, task and classifier: its trainings
_LANGUAGE = re.compile(r"[a-z]{2,3}_[A-Z][a-z]{3}")
# Scored models that are no students.
_OTHERS = {"teacher", "translator", "comparisons"}


def folders() -> dict[Path, list[Path]]:
    """Stray files, by the folder of their student or else of their language.

    Raises:
        UserError: no build tells what it rests on.
    """
    try:
        build = json.loads(BUILD.read_bytes())
    except (OSError, ValueError):
        raise UserError(
            f"{BUILD}: no finished build is told here, so that nobody knows what one needs; "
            "run snakemake to its end first"
        ) from None
    found: dict[Path, list[Path]] = {}
    for file in sorted([*_results(build), *_work(build)]):
        found.setdefault(_of_student(file), []).append(file)
    return found


def remove(files: list[Path]) -> None:
    """Remove stray files, and the folders that are empty then.

    Raises:
        UserError: a run builds here, and some of them may be what it makes.
    """
    if alone.LOCK.is_file() and held(alone.LOCK):
        raise UserError("a run builds here, and may need what its last build left out; wait for it")
    for file in files:
        file.unlink(missing_ok=True)
        for folder in list(file.parents)[:-2]:  # results/ itself and what it lies in stay
            if any(one.name != ".snakemake_timestamp" for one in folder.iterdir()):
                break
            (folder / ".snakemake_timestamp").unlink(missing_ok=True)
            folder.rmdir()


def _results(build: dict[str, Any]) -> Iterator[Path]:
    made = {file["path"] for stage in build["stages"] for file in stage["outputs"]}
    needed = {*made, *build["pages"]}
    for folder in BUILD.parent.iterdir():
        if _LANGUAGE.fullmatch(folder.name):  # what else lies there is not of a build
            yield from (file for file in _files(folder) if str(file) not in needed)


def _work(build: dict[str, Any]) -> Iterator[Path]:
    languages = set(build["config"]["languages"])
    names = {*build["config"]["students"], *_OTHERS}
    for top in _WORK:
        for file in _files(top):
            language, name, *parts = file.relative_to(top).parts
            known = language in languages and name in names
            if not known or (len(parts) > 1 and _is_left(top / language / name / parts[0])):
                yield file
    classification = build["config"].get("classification") or {}
    tasks, classifiers = (classification.get(key) or () for key in ("tasks", "classifiers"))
    for file in _files(_CURVES):
        language, task, classifier, *_ = file.relative_to(_CURVES).parts
        if language not in languages or task not in tasks or classifier not in classifiers:
            yield file


def _is_left(folder: Path) -> bool:
    """Whether a folder is the state of a training that nobody goes on with, as of other settings.

    The student's own has ended where its history is there, which Snakemake removes before it trains
    anew. One of a rehearsal may be under way.
    """
    lock = folder.with_suffix(".lock")
    history = BUILD.parent / Path(*folder.parts[-3:-1]) / "training.json"
    return lock.is_file() and history.is_file() and not held(lock)


def _files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        if file.is_file() and file.name != ".snakemake_timestamp":
            yield file


def _of_student(file: Path) -> Path:
    """``results/{language}/{student}`` of a file, or what else it lies in there."""
    return Path(*file.parent.parts[:3])
