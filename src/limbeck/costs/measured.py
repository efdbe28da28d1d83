"""How fast trainings and scorings were: of this folder's last run, and of its rehearsal."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from limbeck.config import TINY, chip
from limbeck.dataset import rows
from limbeck.files import read_json, read_parquet
from limbeck.workflow import records

REHEARSAL = Path("rehearsal")  # where a run is rehearsed: its files tell, too

# What a log says of the time that grows with a run; of the rest libraries are imported.
SCORED = re.compile(r" on ([\d,]+) items in ([\d.]+) s", re.M)
_RESUMED = re.compile(r"^training: goes on after step ", re.M)  # the record has not all seconds


class Growing(NamedTuple):
    """The part of a job that grows with a run."""

    amount: int  # tokens, items
    seconds: float


def growing(said: str, pattern: re.Pattern[str], whole: float) -> Growing | None:
    """What a job's log tells of it; ``whole``: the job's seconds."""
    if not (found := pattern.search(said)):
        return None
    return Growing(int(found[1].replace(",", "")), min(max(float(found[2]), 0.01), whole))


@dataclass(slots=True)
class Speed:
    """What jobs of a kind took together."""

    amount: int = 0  # tokens, items
    seconds: float = 0.0  # that grow with it
    beside: float = 0.0  # the others
    jobs: int = 0

    def of(self, amount: float) -> float:
        """Seconds of one job with such an amount."""
        return amount * self.seconds / self.amount + self.beside / self.jobs

    def add(self, log: Path, pattern: re.Pattern[str]) -> None:
        """Count a job in, if it is finished and its log tells."""
        took = records.jobs(log.with_suffix(".tsv"))
        said = log.read_text("utf-8", "replace")
        if not took or _RESUMED.search(said):
            return
        if (part := growing(said, pattern, took[0].seconds)) and part.amount:
            self.amount += part.amount
            self.seconds += part.seconds
            self.beside += took[0].seconds - part.seconds
            self.jobs += 1


class Like(NamedTuple):
    """Students that take the same time, and the device that is asked about."""

    base: str  # the first one
    method: str
    device: str | None  # of the table; None: of this machine


def training(like: Like) -> Speed | None:
    """Of trainings, in tokens."""
    speed = Speed()
    for place, code, name in _students(like):
        log = place / "logs" / code / name / "train_student.log"
        if log.is_file():
            speed.add(log, records.TRAINED)
    return speed if speed.jobs else None


def token(like: Like, code: str) -> float | None:
    """Tokens of a byte of the rows that such students learned in a language."""
    tokens = size = 0
    for place, there, name in _students(like):
        folder = place / "results" / there / name
        counted = read_json(folder / "training.json").get("rows")
        if there == code and counted and (folder / "train.parquet").is_file():
            tokens += counted["train"]["tokens"]
            sizes = (rows.size(row["messages"]) for row in read_parquet(folder / "train.parquet"))
            # What was dropped were the longest.
            size += sum(sorted(sizes)[: counted["train"]["used"]])
    return tokens / size if size else None


def scoring(like: Like, form: str, benchmark: str) -> Speed | None:
    """Of scorings of a student's form on a benchmark, in items."""
    speed = Speed()
    for place, code, name in _students(like):
        log = place / "logs" / code / "scores" / name / form / benchmark / "score_model.log"
        if log.is_file():
            speed.add(log, SCORED)
    return speed if speed.jobs else None


def builds() -> Iterator[tuple[Path, dict[str, Any]]]:
    """The folders of the last run and of its rehearsal, where they are, and what they were told."""
    for place, said in ((Path(), "logs/config.json"), (REHEARSAL, "config.json")):
        if (place / said).is_file():
            yield place, read_json(place / said)


def _students(like: Like) -> Iterator[tuple[Path, str, str]]:
    """Where such students were trained: a run's folder, the language, the student's name."""
    for place, config in builds():
        students = config.get("students") or {}
        names = [name for name, body in students.items() if body and _alike(body, students, like)]
        for history in sorted(place.glob("results/*/*/training.json")):
            code, name = history.parts[-3:-1]
            if name in names and _there(read_json(history), like.device):
                yield place, code, name


def _alike(body: dict[str, Any], students: dict[str, Any], like: Like) -> bool:
    base, method = body.get("base", TINY), body.get("training", {}).get("method", "full")
    while base.startswith("student:"):
        base = (students.get(base.removeprefix("student:")) or {}).get("base", "")
    return (base, method) == (like.base, like.method)


def _there(history: dict[str, Any], device: str | None) -> bool:
    """Whether a training was on a device."""
    return device is None or chip(history.get("device", "")) == device
