"""A copy of the data that arXiv 2601.16278 released, as a repository that git can clone."""

import csv
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from world import texts

PLACE = "kinit-sk/multilingual-classifiers-not-generators"
PARTS = {"topic": ["cy"], "intent": ["cy"]}
ROWS = {"train": 60, "synthetic": 60, "test": 20}


def write(folder: Path) -> None:
    """The files of some languages, the texts of each label in turn."""
    for task, languages in PARTS.items():
        for language in languages:
            for part, count in ROWS.items():
                ending = {"train": "train_human_parsed", "synthetic": "train_full"}.get(part, part)
                rows = _spread(texts.labelled(task, language, part), count)
                path = folder / f"data/{task}/{language}-{ending}.csv"
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("w", encoding="utf-8", newline="") as file:
                    csv.writer(file).writerows([("text", "intent"), *rows])


def _spread(rows: Sequence[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """Rows whose labels are as even as they allow."""
    by_label: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        by_label.setdefault(row[1], []).append(row)
    each = -(-count // len(by_label))
    return [row for group in by_label.values() for row in group[:each]]


def repository(home: Path) -> Path:
    """A home folder whose git finds a repository with these files at its address."""
    place = home / f"git/{PLACE}"
    write(place)
    (home / ".gitconfig").write_text(
        f'[url "{home}/git/"]\n\tinsteadOf = https://github.com/\n'
        "[user]\n\tname = kinit\n\temail = kinit@example.org\n",
        encoding="utf-8",
    )
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "data"]):
        environment = {**os.environ, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(["git", *command], cwd=place, env=environment, check=True)
    return home
