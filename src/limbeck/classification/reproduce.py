"""Small classifiers on the data that arXiv 2601.16278 released, over sizes, beside known figures.

python -m limbeck.classification.reproduce --data FOLDER --output classification.tsv
    [--table table.md] [--tasks intent topic sentiment] [--languages sw cy ...]
    [--students linear encoder] [--sizes 10 20 ...] [--repeats 5] [--processes 2]

FOLDER holds {task}/{language}-{test,train_full,train_human_parsed}.csv[.gz]; without --data it is
kinit_intent_topic_sentiment in the folder LIMBECK_TEST_DATA. Texts of a training set that are also
in its test set are removed and counted. `linear` learns from samples of each size, too. The encoder
is the built-in one: a small ModernBERT of random weights, which learns all that it knows from these
texts.
"""

import os
import sys
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import fmean
from typing import Any

from limbeck import files, stage
from limbeck.classification import kinds
from limbeck.classification.data import in_folder, read_csv, without
from limbeck.classification.sampling import balanced, sizes
from limbeck.classification.tasks import Task, find
from limbeck.config import TINY, Classifier, FineTuning
from limbeck.errors import UserError
from limbeck.evaluation.macro_f1 import Runs
from limbeck.files import Row

LANGUAGES = ("az", "cy", "de", "en", "he", "id", "ro", "sl", "sw", "te", "th")
COLUMNS = (
    "task", "language", "source", "student", "n", "repeats", "leaked",
    "macro_f1", "macro_f1_low", "macro_f1_high", "accuracy", "accuracy_low", "accuracy_high",
)  # fmt: skip

STUDENTS = {
    "linear": Classifier(kind="linear"),
    "encoder": Classifier(
        kind="encoder",
        base=TINY,
        fine_tuning=FineTuning(learning_rate=1e-3, epochs=30, patience=5, batch=32, max_length=128),
    ),
}

SIZES = (10, 20, 50, 100, 200, 500, 1000)  # and all

# Macro-F1 of character 1-5-gram TF-IDF with logistic regression, trained on the full synthetic
# sets, in the order of LANGUAGES; sentiment has no test set in Welsh. Computed from the same data.
NGRAMS: dict[str, tuple[float | None, ...]] = {
    "intent": (87.0, 92.0, 93.0, 93.8, 91.8, 93.3, 91.8, 92.1, 88.8, 88.8, 86.2),
    "topic": (56.6, 53.2, 59.9, 57.0, 61.3, 56.9, 67.4, 59.8, 60.0, 58.2, 63.2),
    "sentiment": (59.8, None, 54.8, 66.3, 53.9, 63.3, 71.4, 63.0, 53.3, 66.5, 70.4),
}


def known(task: str, language: str) -> float | None:
    """The known macro-F1 of 1-5-grams in percent, or None."""
    return dict(zip(LANGUAGES, NGRAMS.get(task, ()), strict=False)).get(language)


def sets(folder: Path, task: Task, language: str) -> dict[str, list[Row]]:
    """The parts of a task's data that are there: "synthetic", "human", "test"."""
    paths = {part: in_folder(folder, task.name, language, part) for part in
             ("synthetic", "human", "test")}  # fmt: skip
    return {part: read_csv(path, task) for part, path in paths.items() if path}


def reproduce(
    folder: Path,
    task: Task,
    language: str,
    students: Sequence[str] = ("linear",),
    wanted: Sequence[int] = (),
    repeats: int = 1,
) -> list[Row]:
    """A row of the table for each student, each source that it can learn from, and each size."""
    parts = sets(folder, task, language)
    test = parts.pop("test", [])
    if not test or "synthetic" not in parts:
        return []
    clean = {source: without(rows, test) for source, rows in parts.items()}
    most = len(clean["synthetic"])
    rows = []
    for source, kept in clean.items():
        seed = zlib.crc32(f"{task.name} {language} {source}".encode())
        leaked = len(parts[source]) - len(kept)
        # The human set is cut to the synthetic one's size, balanced over the labels.
        full = balanced(kept, most, seed) if source == "human" else kept
        for student in students:
            for size in sizes(wanted if student == "linear" else (), len(full)):
                samples = [full]
                if size < len(full):
                    samples = [balanced(kept, size, seed + repeat) for repeat in range(repeats)]
                scores = _trained_and_scored(samples, test, task, STUDENTS[student])
                rows.append(
                    {"task": task.name, "language": language, "source": source, "student": student,
                     "n": size, "repeats": len(samples), "leaked": leaked, **scores}
                )  # fmt: skip
                told = "  ".join(f"{name} {value}" for name, value in rows[-1].items())
                print(told, file=sys.stderr, flush=True)
    return rows


def _trained_and_scored(
    samples: Sequence[list[Row]], test: list[Row], task: Task, settings: Classifier
) -> dict[str, Any]:
    said = []
    for repeat, train in enumerate(samples):
        model = kinds.train(train, settings, 1 + repeat, None)
        said.append(model.predict([row["text"] for row in test]))
    summary = Runs([row["label"] for row in test], said, task.names, seed=1).summary()
    scores: dict[str, Any] = {}
    for name in ("macro_f1", "accuracy"):
        low, high = summary[f"{name}_interval"]
        scores |= {name: summary[name], f"{name}_low": low, f"{name}_high": high}
    return scores


def tables(rows: list[Row]) -> str:
    """The tables of the docs: a student's on all examples, and means over languages by size."""
    students = dict.fromkeys(row["student"] for row in rows)
    parts = [
        f"`{student}`:\n\n{_table(_largest([row for row in rows if row['student'] == student]))}"
        for student in students
    ]
    by_size = [row for row in rows if row["student"] == "linear"]
    return "\n".join([*parts, f"`linear`, mean over languages:\n\n{_by_size(by_size)}"])


def _largest(rows: list[Row]) -> list[Row]:
    """The row of the largest training set of each task, language and source."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in sorted(rows, key=lambda row: int(row["n"])):
        found[row["task"], row["language"], row["source"]] = row
    return [row for row in rows if row in found.values()]


def _by_size(rows: list[Row]) -> str:
    """Macro-F1 in percent by training texts: the mean of the languages that have so many."""
    lines = ["| task | learned from | " + " | ".join(f"{size:,}" for size in SIZES) + " | all |",
             "|---|---|" + "--:|" * (len(SIZES) + 1)]  # fmt: skip
    full = _largest(rows)
    for task, source in dict.fromkeys((row["task"], row["source"]) for row in rows):
        own = [row for row in rows if (row["task"], row["source"]) == (task, source)]
        columns = [[row for row in own if row["n"] == size] for size in SIZES]
        whole = [row for row in own if row in full]
        cells = [
            f"{100 * fmean(row['macro_f1'] for row in column):.1f}"
            if len(column) == len(whole)
            else ""
            for column in (*columns, whole)
        ]
        lines.append(f"| {task} | {source} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _table(rows: list[Row]) -> str:
    lines = [
        "| task | language | synthetic: n | leaked | macro-F1 (95%) | 1-5-grams | difference "
        "| human: n | leaked | macro-F1 (95%) |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    keyed = {(row["task"], row["language"], row["source"]): row for row in rows}
    for task, language in dict.fromkeys((row["task"], row["language"]) for row in rows):
        synthetic, human = (keyed.get((task, language, s)) for s in ("synthetic", "human"))
        before = known(task, language)
        difference = f"{100 * synthetic['macro_f1'] - before:+.1f}" if synthetic and before else ""
        cells = [task, language, *_cells(synthetic), str(before or ""), difference, *_cells(human)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cells(row: Row | None) -> list[str]:
    if row is None:
        return ["", "", ""]
    low, mid, high = (100 * row[f"macro_f1{end}"] for end in ("_low", "", "_high"))
    return [str(row["n"]), str(row["leaked"]), f"{mid:.1f} ({low:.1f} to {high:.1f})"]


def _folder(given: Path | None) -> Path:
    if given is None and (root := os.environ.get("LIMBECK_TEST_DATA")):
        given = Path(root) / "kinit_intent_topic_sentiment"
    if given is None or not given.is_dir():
        raise UserError(
            f"{given or 'no data'}: the folder of the released CSV files is wanted "
            "(github.com/kinit-sk/multilingual-classifiers-not-generators, data/), as --data or "
            "as kinit_intent_topic_sentiment in the folder LIMBECK_TEST_DATA"
        )
    return given


def main() -> None:
    """The command."""
    parser = stage.parser(__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--table", type=Path, help="write Markdown tables too")
    parser.add_argument("--tasks", nargs="+", default=["intent", "topic", "sentiment", "sarcasm"])
    parser.add_argument("--languages", nargs="+", default=list(LANGUAGES))
    parser.add_argument("--students", nargs="+", choices=list(STUDENTS), default=["linear"])
    parser.add_argument("--sizes", nargs="*", type=int, default=list(SIZES), help="of linear")
    parser.add_argument("--repeats", type=int, default=5, help="samples of each size")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    folder = _folder(options.data)
    os.environ["OMP_NUM_THREADS"] = "1"  # of each process
    jobs = [
        (folder, task, language, options.students, options.sizes, options.repeats)
        for task in map(find, options.tasks)
        for language in options.languages
    ]
    with ProcessPoolExecutor(options.processes) as pool:
        rows = [row for found in pool.map(reproduce, *zip(*jobs, strict=True)) for row in found]
    if not rows:
        raise UserError(f"{folder}: no training and test set of these tasks and languages")
    lines = ["\t".join(str(row[name]) for name in COLUMNS) for row in rows]
    files.write_text(options.output, "\n".join(["\t".join(COLUMNS), *lines]) + "\n")
    if options.table:
        files.write_text(options.table, tables(rows))


if __name__ == "__main__":
    stage.run(main)
