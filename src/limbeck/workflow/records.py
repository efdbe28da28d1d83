"""Snakemake's own records of what jobs took, which lie beside their logs."""

import csv
import re
from pathlib import Path
from typing import NamedTuple

# What the log of a training says of its tokens, and of the time that grows with them.
TRAINED = re.compile(r"^training: ([\d,]+) tokens in ([\d.]+) s", re.M)


class Took(NamedTuple):
    """What a job took; 0 is what could not be measured."""

    seconds: float
    megabytes: float  # of the processor's memory, at its peak


def jobs(record: Path) -> list[Took]:
    """The jobs of a record (TSV); none where there is no such file."""
    if not record.is_file():
        return []
    with record.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [Took(_number(row.get("s")), _number(row.get("max_rss"))) for row in rows]


def trained(log: Path) -> float:
    """The seconds that a training's log tells, of all its parts where it was killed; else 0.

    Its record has those since it was started last.
    """
    found = TRAINED.search(log.read_text("utf-8", "replace")) if log.is_file() else None
    return float(found[2]) if found else 0.0


def job(record: Path) -> object:
    """What tells a record's job from others.

    A base is scored once for all students that begin with it, and `limbeck.workflow.once` gives
    each of them the record of that: to the last byte the same.
    """
    benchmark, form, *_ = record.parents
    scored = record.stem == "score_model" and form.name == "base"
    return (benchmark.name, record.read_bytes()) if scored else record


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:  # NA, or a dash
        return 0.0
