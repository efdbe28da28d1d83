"""Write the leaderboard: every language on every benchmark, from base to student.

    python -m limbeck.report.index --scores results/scores.tsv --results results \\
        --settings JSON --output results/index.html

A student wins where it is better than its base on the same items, by a paired bootstrap. Beside
our means stand those that the Kakugo paper reports; nothing of theirs is computed here.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from limbeck import files, stage
from limbeck.config import Section
from limbeck.files import Row
from limbeck.languages import resolve
from limbeck.report import names, page
from limbeck.report.collect import demonstrates, optional

# As the authors report them (arXiv 2601.14051, through a digest by others): 54 languages,
# ibm-granite/granite-4.0-micro, 3-shot, with a harness that was not published.
KAKUGO_GAINS = {"flores_from_english": 13.1, "sib200": 8.8, "belebele": 9.9}
KAKUGO_SCORES = {
    "kin_Latn": {"flores_from_english": (5.9, 27.1), "belebele": (31.7, 48.7)},
}


class Settings(Section):
    """What the leaderboard is about."""

    languages: list[str]
    students: list[str]
    teacher: dict[str, Any]
    benchmarks: list[str]


def read(path: Path) -> dict[tuple[str, str, str], Row]:
    """The scores of the table, by language, model and benchmark."""
    found = {}
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file, delimiter="\t"):
            key = line["language"], line["model"], line["benchmark"]
            found[key] = {
                "value": float(line["value"]),
                "interval": [float(line["low"]), float(line["high"])],
                "n": line["n"],
                "metric": line["metric"],
            }
    return found


Scores = dict[tuple[str, str, str], Row]
Gains = dict[tuple[str, str], dict[str, Row]]  # of a language's student, by benchmark


def read_gains(results: Path, settings: Settings) -> Gains:
    """What is known of the difference between each student and its base."""
    return {
        (code, student): optional(results / code / student / "gains.json")
        for code in settings.languages
        for student in settings.students
    }


def board(student: str, scores: Scores, gains: Gains, settings: Settings) -> dict[str, Any]:
    """A student's table: a row a language, a cell a benchmark, and the means."""
    shown = [name for name in settings.benchmarks if any(key[2] == name for key in scores)]
    rows = [
        _row(code, student, shown, scores, gains.get((code, student), {}))
        for code in settings.languages
    ]
    means = []
    for index, _ in enumerate(shown):
        cells = [row["cells"][index] for row in rows if row["cells"][index]]
        mean = sum(cell["gain"] for cell in cells) / max(1, len(cells))
        means.append(
            {
                "gain": f"{mean:+.1f}",
                "wins": sum(cell["won"] for cell in cells),
                "losses": sum(cell["lost"] for cell in cells),
                "of": len(cells),
            }
            if cells
            else None
        )
    return {
        "student": student,
        "benchmarks": [_head(name, scores) for name in shown],
        "rows": rows,
        "means": means,
        "wins": sum(column["wins"] for column in means if column),
        "lost": sum(column["losses"] for column in means if column),
        "of": sum(column["of"] for column in means if column),
        "theirs": [_signed(KAKUGO_GAINS.get(name)) for name in shown],
    }


def _head(name: str, scores: Scores) -> dict[str, str]:
    metric = next(names.metric(score) for key, score in scores.items() if key[2] == name)
    return {"title": names.benchmark(name).short, "metric": metric}


def _signed(gain: float | None) -> str:
    return "–" if gain is None else f"{gain:+.1f}"


def _row(
    code: str, student: str, shown: Sequence[str], scores: Scores, gains: dict[str, Row]
) -> dict[str, Any]:
    language = resolve(code)
    theirs = KAKUGO_SCORES.get(code, {})
    base, after = (
        [scores.get((code, f"{student}/{form}", name)) for name in shown]
        for form in ("base", "student")
    )
    return {
        "code": code,
        "name": language.name,
        "endonym": language.endonym,
        "bcp47": language.bcp47,
        "cells": [
            _cell(before, own, gains.get(name, {}))
            for name, before, own in zip(shown, base, after, strict=True)
        ],
        "theirs": [
            "{:.1f} → {:.1f}".format(*theirs[name]) if name in theirs else "" for name in shown
        ]
        if theirs
        else None,
    }


def _cell(base: Row | None, after: Row | None, compared: Row) -> dict[str, Any] | None:
    if base is None or after is None:
        return None
    gain = after["value"] - base["value"]
    sure = compared.get("shown", False)
    return {
        "before": f"{base['value']:.1f}",
        "after": f"{after['value']:.1f}",
        "interval": "{:.1f}–{:.1f}".format(*names.interval(after)),
        "gain": gain,
        "won": sure and gain > 0,
        "lost": sure and gain < 0,
    }


def render(scores: Scores, gains: Gains, settings: Settings) -> str:
    """The page."""
    return page.render(
        "index.html",
        settings=settings,
        demonstrator=demonstrates(settings.teacher),
        boards=[board(student, scores, gains, settings) for student in settings.students],
    )


def main() -> None:
    """Write the page."""
    parser = stage.parser(__doc__)
    parser.add_argument("--scores", required=True, type=Path, help="the table of all scores")
    parser.add_argument("--results", required=True, type=Path, help="the folder of the results")
    parser.add_argument("--settings", required=True, type=stage.json_option(Settings))
    parser.add_argument("--output", required=True, type=Path, help="the page")
    options = parser.parse_args()
    gains = read_gains(options.results, options.settings)
    files.write_text(options.output, render(read(options.scores), gains, options.settings))


if __name__ == "__main__":
    stage.run(main)
