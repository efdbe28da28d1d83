"""The folder of a rehearsal: the run's own files linked, its config made small, what came of it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck.config import Rehearsal, Student
from limbeck.config.options import merged
from limbeck.costs.accelerator import device
from limbeck.costs.measured import REHEARSAL
from limbeck.files import write_json
from limbeck.workflow import judged, records
from limbeck.workflow.build import Build

STEPS = 20  # of a training, about
# What a rehearsal makes itself. Journals are the run's own: what both ask is paid for once.
_OWN = {"results", "logs", "resources", "benchmarks", REHEARSAL.name}
# Of resources/; the rest is the user's data, and the converter.
_OWN_RESOURCES = {"conversations.jsonl", "topics.jsonl", "scenarios.jsonl"}


def small(build: Build) -> dict[str, Any]:
    """What makes a config small, to be put over it: the same questions, fewer of them."""
    config = build.config
    section = config.classification
    classifiers = {
        name: {"sizes": section.sizes_of(one)[:1], "repeats": 1}
        for name, one in section.classifiers.items()
    }
    free = config.teacher.generator.server == "phrasebook"
    return {
        # Snakemake leaves null what an empty mapping is put over.
        "rehearsal": Rehearsal().model_dump(),
        "bucket": None,
        "filters": {"max_lost": max(0.5, config.filters.max_lost)},  # of a few rows, by chance
        "students": {name: _small(student) for name, student in config.students.items()},
        "classification": {
            "classifiers": classifiers,
            **({} if free or section.written is None else {"examples": {"rounds": 1}}),
        },
    }


def _small(student: Student) -> dict[str, Any]:
    """A student that trains on rows for so many steps."""
    # Rows of some 200 tokens, and enough of them to have all kinds.
    mixture, rows = student.mixture, max(320, STEPS * student.training.step_tokens // 200)
    return {
        "mixture": {
            "translations": min(mixture.translations, rows // 4),
            "pairs": min(mixture.pairs, rows // 2),
            "english": min(mixture.english, rows // 8),
            "texts": min(mixture.texts, rows // 4),
            "validation": max(mixture.validation, 0.05),
        },
        "training": {"epochs": 1.0, "max_steps": None},
    }


def prepare(build: Build, config: dict[str, Any]) -> None:
    """Make the folder: links to all that a run reads, and the small config."""
    here = Path.cwd()
    (here / "work").mkdir(exist_ok=True)
    for folder, own in (Path(), _OWN), (Path("resources"), _OWN_RESOURCES):
        (REHEARSAL / folder).mkdir(parents=True, exist_ok=True)
        for entry in (here / folder).glob("[!.]*"):
            if entry.name not in own:
                _link(entry, REHEARSAL / folder / entry.name)
    for log in _logs(REHEARSAL / "logs"):
        if not _is_done(log):  # what failed before is tried again, or not of this build
            log.unlink()
    write_json(REHEARSAL / "config.json", merged(_from_here(config), small(build)))


def _from_here(config: Any) -> Any:
    """A config with absolute names of the files outside the folder, which it names from inside."""
    if isinstance(config, dict):
        return {key: _from_here(value) for key, value in config.items()}
    if isinstance(config, list):
        return [_from_here(value) for value in config]
    outside = isinstance(config, str) and config.startswith("../") and Path(config).exists()
    return str(Path(config).resolve()) if outside else config


def _link(target: Path, link: Path) -> None:
    if not os.path.lexists(link):
        link.symlink_to(target.resolve())


def command(build: Build, cores: str, repository: Path) -> list[str]:
    """The command that runs snakemake in the folder as far as it goes."""
    most = max(student.training.devices for student in build.config.students.values())
    gpus = min(most, device().number)
    # They take the place of the profile's, all of them.
    resources = ["--resources", "teacher=2", f"gpu={gpus}"] if gpus > 1 else []
    return [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(repository / "Snakefile")),
        *("--directory", str(REHEARSAL), "--cores", cores, "--keep-going", *resources),
        *("--configfile", str(REHEARSAL / "config.json")),
    ]


def run(command: Sequence[str], log: Path) -> int:
    """Run a command; its exit code. What it says goes to a log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    return done.returncode


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the rehearsal that was begun."""

    rule: str
    place: str  # language, student ... of it
    seconds: float  # 0 where it failed
    memory: float  # bytes, of the processor's at its peak
    error: str | None  # the last line of one that failed


def jobs(build: Build, logs: Path = REHEARSAL / "logs") -> Iterator[Job]:
    """The jobs, by their logs and Snakemake's records of time beside them.

    Those of an earlier config are left out. Their logs stay with the others: what two configs have
    in common is not made again. So is what was scored for another student.
    """
    seen = set()
    for log in _logs(logs):
        place = log.parent.relative_to(logs)
        if not _belongs(build, place.parts):
            continue
        name = str(place).removeprefix(".")
        if not _is_done(log):
            yield Job(log.stem, name, 0.0, 0.0, _error(log))
            continue
        record = log.with_suffix(".tsv")
        if (one := records.job(record)) in seen:
            continue
        seen.add(one)
        took = records.jobs(record)[0]
        yield Job(log.stem, name, took.seconds, took.megabytes * 2**20, None)


def _logs(logs: Path) -> list[Path]:
    return sorted(logs.rglob("*.log"))


def _is_done(log: Path) -> bool:
    """Whether a job came to its end: then Snakemake has written its time."""
    record = log.with_suffix(".tsv")
    return record.is_file() and record.stat().st_mtime >= log.stat().st_mtime - 1


def _belongs(build: Build, parts: Sequence[str]) -> bool:
    """Whether a build has all that the folders of a log name; those without any are of all."""
    if not parts or parts[0] not in build.codes:
        return not parts
    section = build.config.classification
    answering = [part for model in judged.models(build) for part in model.split("/")]
    scored = [part for model in build.models for part in model.split("/")]
    named = {
        *("scores", "judgement", "classification"), *build.config.students, *scored, *answering,
        *build.benchmarks(parts[0]), *section.tasks, *section.classifiers,
    }  # fmt: skip
    return named.issuperset(parts[1:])


def said(job: Job, logs: Path = REHEARSAL / "logs") -> str:
    """The log of a job."""
    return (logs / job.place / f"{job.rule}.log").read_text("utf-8", "replace")


def _error(log: Path) -> str:
    """What a failed stage said last, in one line."""
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    said = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (said or lines or [f"it said nothing ({log})"])[-1]


def broken(found: Sequence[Job]) -> list[Job]:
    """Those that failed."""
    return [job for job in found if job.error is not None]
