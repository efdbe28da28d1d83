"""Labelled texts of people, whatever holds them, as rows {"id", "text", "label"}."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from limbeck.classification.tasks import Source, Task
from limbeck.errors import UserError
from limbeck.evaluation.reading import TABLES, table
from limbeck.files import Row, digest
from limbeck.languages import Language, resolve
from limbeck.sources.reading import folder_rows, open_source

Part = Literal["human", "test"]

# The files of the folder that arXiv 2601.16278 released its data as: {task}/{language}-{part}.
_PARTS = {"human": "train_human_parsed", "synthetic": "train_full", "test": "test"}


def in_folder(folder: Path, task: str, language: str, part: str) -> Path | None:
    """The CSV file of a part, such as ``topic/sw-test.csv.gz``; None where there is none.

    Args:
        folder: with a folder a task.
        task: a task's name.
        language: the two-letter (ISO 639-1) or three-letter code.
        part: "human", "synthetic" or "test".
    """
    stem = folder / task / f"{language}-{_PARTS[part]}"
    found = (stem.with_name(stem.name + ending) for ending in (".csv", ".csv.gz"))
    return next((path for path in found if path.is_file()), None)


def of_language(folder: Path, task: str, card: Row, part: str) -> Path | None:
    """As `in_folder`, by either code of a language."""
    codes = filter(None, (card["iso639_1"], card["iso639_3"]))
    paths = (in_folder(folder, task, code, part) for code in codes)
    return next(filter(None, paths), None)


def in_english(data: str, task: Task) -> Row | None:
    """The card of English, where a folder of data has people's texts of a task in it.

    The files of a task are often of one language alone, and do not say of which.
    """
    english = resolve("English")
    folder = data not in ("builtin", "task")
    found = folder and lacks(data, task, english, ("human", "test")) is None
    return dict(english.card()) if found else None


def lacks(data: str, task: Task, language: Language, parts: Iterable[str]) -> str | None:
    """The file that says that there are no texts of a task in a language; None where there are.

    Args:
        data: as of `read`.
        task: what is classified.
        language: the texts'.
        parts: of a folder, those that must be there.
    """
    if data == "builtin":
        return None
    if data == "task":
        return None if task.covers(language) else f"languages of config/tasks/{task.name}.yaml"
    folder, card = Path(data).expanduser(), dict(language.card())
    for part in parts:
        if of_language(folder, task.name, card, part) is None:
            code = language.iso639_1 or language.iso639_3
            return f"{folder}/{task.name} has no {code}-{_PARTS[part]}.csv"
    return None


def read_csv(path: Path, task: Task) -> list[Row]:
    """The rows of a CSV file with a "text" column and the label in "intent" or "label".

    Raises:
        UserError: no such columns, or no row with a label of the task.
    """
    rows = table([path])
    columns = set(rows[0]) if rows else set()
    column = "intent" if "intent" in columns else "label"
    if not {"text", column} <= columns:
        raise UserError(f"{path}: the columns text and label are wanted, not {', '.join(columns)}")
    return labelled(((row.get("text"), row.get(column)) for row in rows), task, str(path))


def labelled(pairs: Iterable[tuple[object, object]], task: Task, where: str) -> list[Row]:
    """Rows of pairs (text, label); what has no text or no label of the task is left out, aloud."""
    rows: dict[str, Row] = {}
    repeated = 0
    unknown: Counter[str] = Counter()
    for text, value in pairs:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        label = task.label_of(value)
        if label is None:
            unknown[str(value)] += 1
        elif isinstance(text, str) and text.strip():
            row = {"id": digest(text, label), "text": text.strip(), "label": label}
            repeated += row["id"] in rows
            rows.setdefault(row["id"], row)
    if not rows:
        seen = ", ".join(repr(value) for value, _ in unknown.most_common(5)) or "nothing"
        raise UserError(
            f"{where}: no text with a label of {task.name} ({', '.join(task.names)}); "
            f"there are {seen}; 'values' of config/tasks/{task.name}.yaml can map them"
        )
    if unknown:
        print(
            f"{where}: {unknown.total()} texts left out, whose labels are not of the task "
            f"({', '.join(map(repr, list(unknown)[:5]))})",
            file=sys.stderr,
        )
    if repeated:
        print(
            f"{where}: {repeated} rows repeat a text with its label, which counts once",
            file=sys.stderr,
        )
    return list(rows.values())


def read(data: str, task: Task, card: Row, part: Part, size: int, seed: int) -> list[Row]:
    """The labelled texts of a part.

    Args:
        data: "builtin" (the phrasebook's), "task" (as the task's file says), or a folder of CSV
            files.
        task: what is classified.
        card: of the language.
        part: "human" (to train on, and to draw seeds from) or "test".
        size: rows of the built-in's part.
        seed: of the order in which a data set of the hub is read.

    Returns:
        The rows; none where the source has no such part. A test set there must be.
    """
    if data == "builtin":
        return _builtin(task, part, size)
    if data == "task":
        source = task.human if part == "human" else task.test
        found = _from_source(source, task, card, seed) if source else []
    else:
        folder = Path(data).expanduser()
        if not folder.is_dir():
            raise UserError(f"classification.data: {data}: there is no such folder")
        path = of_language(folder, task.name, card, part)
        found = read_csv(path, task) if path else []
    if part == "test" and not found:
        raise UserError(f"{task.name}: no test set in {card['name']} ({data!r} was searched)")
    return found


def places(data: str, task: Task, card: Row) -> list[str]:
    """What `read` reads for a language: files, folders, names of the hub."""
    if data == "builtin":
        return []
    if data == "task":
        return [source.place(card)[0] for source in (task.human, task.test) if source]
    folder = Path(data).expanduser()
    parts = (of_language(folder, task.name, card, part) for part in ("human", "test"))
    return [str(path) for path in parts if path]


def at_hand(data: str, task: Task, card: Row) -> bool:
    """Whether all that `read` reads is on this machine."""
    return data != "task" or all(
        Path(place).expanduser().exists() for place in places(data, task, card)
    )


def _builtin(task: Task, part: Part, size: int) -> list[Row]:
    from limbeck.phrasebook import benchmarks

    benchmark = {"topic": "sib200", "sentiment": "sentiment"}.get(task.name)
    if benchmark is None:
        raise UserError(
            f"{task.name}: there is no built-in data for this task, only for sentiment and topic"
        )
    items = benchmarks.items(benchmark, "dev" if part == "human" else "test", size)
    return labelled(((item["text"], item["category"]) for item in items), task, "builtin")


def _from_source(source: Source, task: Task, card: Row, seed: int) -> list[Row]:
    where, name = source.place(card)
    path = Path(where).expanduser()
    if path.is_dir():
        rows, label = list(folder_rows(path, name, source.split)), f"{path} ({source.split})"
    elif where.endswith(TABLES):
        rows, label = table([path]), where
    else:
        opened = open_source(where, name, source.revision, source.split, seed)
        rows, label = list(opened.rows), opened.label
    for column in (source.text, source.label):
        if rows and column not in rows[0]:
            raise UserError(f"{label}: no column {column!r}, but {', '.join(rows[0])}")
    pairs = ((row.get(source.text), row.get(source.label)) for row in rows)
    return labelled(pairs, task, label)


def without(rows: list[Row], held_out: Iterable[Row]) -> list[Row]:
    """The rows whose text is no text of ``held_out``; case, spaces and punctuation do not count."""
    known = set(map(letters, held_out))
    return [row for row in rows if letters(row) not in known]


def letters(row: Row) -> object:
    """A row's text without case, spaces and punctuation, unless it is nothing else."""
    from limbeck.dataset.texts import words

    return words(row["text"]) or row["text"]
