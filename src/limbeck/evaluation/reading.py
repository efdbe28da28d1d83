"""Rows of benchmarks in the forms that they are published in."""

import csv
import gzip
import random
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO, TypeVar

from limbeck.errors import UserError
from limbeck.evaluation.items import Part, Source, Split
from limbeck.files import Row, jsonl_rows, plain, read_parquet

TABLES = (".jsonl", ".jsonl.gz", ".tsv", ".tsv.gz", ".csv", ".csv.gz", ".parquet")
Result = TypeVar("Result")
Fits = Callable[[Row], object]  # raises a ValueError that says what is wrong with a row

SHOTS = 12  # rows set aside for worked examples where a data set has no split for them


@dataclass(frozen=True, slots=True)
class Folder:
    """A local folder of tables in a published layout."""

    path: Path
    what: str  # the data set's name, for people
    names: Callable[[Row, str], list[str]]  # of a language's files of a split, without endings
    fits: Fits
    test: str = "test"
    shots: str | None = None

    def split(self, part: Part) -> str | None:
        """See `limbeck.evaluation.items.Source`."""
        return self.test if part == "test" else self.shots

    def rows(self, card: Row, part: Part) -> list[Row]:
        """See `limbeck.evaluation.items.Source`."""
        names = self.names(card, str(self.split(part)))
        return table(want(self.path, names, TABLES, self.what), self.fits)


def find(folder: Path, names: Iterable[str], endings: Sequence[str]) -> list[Path]:
    """The files of the first name that has any, each with its ending; none if there are none.

    A name may hold ``*``, as in ``sw/test*``, for data sets that are published in parts.
    """
    for name in names:
        found = sorted(path for end in endings for path in folder.glob(name + end))
        if found:
            return found
    return []


def want(folder: Path, names: Sequence[str], endings: Sequence[str], what: str) -> list[Path]:
    """As `find`.

    Raises:
        UserError: there is none; the line names the folder and what was looked for.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder (benchmarks.sources: {what})")
    found = find(folder, names, endings)
    if not found:
        raise UserError(
            f"{folder}: no {what} for this language; looked for {' or '.join(names)} "
            f"with one of the endings {', '.join(ending or '(none)' for ending in endings)}"
        )
    return found


def lines(path: Path) -> list[str]:
    """The lines of a text file, which may be compressed."""
    with _open(path) as file:
        # Not splitlines: a sentence may hold U+2028.
        return _checked(path, lambda: file.read().removesuffix("\n").split("\n"))


def table(paths: Sequence[Path], fits: Fits = lambda row: None) -> list[Row]:
    """The rows of all files, each of which fits.

    TSV and CSV are read with the quoting of the csv module: SIB-200 has quoted fields.

    Raises:
        UserError: a file cannot be read, or a row does not fit.
    """
    rows: list[Row] = []
    for path in paths:
        part = _checked(path, partial(_table, path))
        check(part, fits, str(path))
        rows += part
    return rows


def check(rows: Iterable[Row], fits: Fits, where: str) -> None:
    """Raise a `UserError` for the first row that does not fit."""
    for number, row in enumerate(rows, start=1):
        try:
            fits(row)
        except ValueError as error:
            raise UserError(f"{where}: row {number} {error}") from None


def _table(path: Path) -> list[Row]:
    if path.suffix == ".parquet":
        return [plain(row) for row in read_parquet(path)]
    with _open(path) as file:
        if ".jsonl" in path.suffixes:
            return list(jsonl_rows(file, path))
        delimiter = "\t" if ".tsv" in path.suffixes else ","
        rows = csv.DictReader(file, delimiter=delimiter)
        return [{name: cell for name, cell in row.items() if name is not None} for row in rows]


def _open(path: Path) -> TextIO:
    # With or without the mark at the start that Excel writes.
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _checked(path: Path, read: Callable[[], Result]) -> Result:
    try:
        return read()
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path}: cannot be read ({reason})") from None


def set_aside(
    rows: list[Row], seed: int, group: Callable[[Row], object]
) -> tuple[list[Row], list[Row]]:
    """Take a few rows out of a test split for worked examples, whole groups together."""
    groups = list(dict.fromkeys(group(row) for row in rows))
    chosen = set(random.Random(seed).sample(groups, min(SHOTS, len(groups) // 2)))
    print(f"no split for worked examples: {len(chosen)} of {len(groups)} texts are set aside")
    shots = [row for row in rows if group(row) in chosen]
    return [row for row in rows if group(row) not in chosen], shots


def marked(rows: Iterable[Row], split: str) -> list[Row]:
    """The rows with the name of the split that they come from."""
    return [{**row, "split": split} for row in rows]


def parts(
    source: Source, rows: Callable[[Part], list[Row]], seed: int, group: Callable[[Row], object]
) -> Split:
    """Test rows and worked examples; where a source has none of these, test rows are set aside.

    Args:
        source: names the splits.
        rows: of a part.
        seed: of the setting aside.
        group: rows of one group are set aside together.
    """
    test, name, shots = rows("test"), str(source.split("test")), source.split("shots")
    if shots is not None:
        return marked(test, name), marked(rows("shots"), shots)
    test, aside = set_aside(test, seed, group)
    return marked(test, f"{name}-{len(aside)}"), marked(aside, name)


@dataclass(frozen=True, slots=True)
class WithoutExamples:
    """A source of test rows alone, none of which need be set aside."""

    source: Source

    def split(self, part: Part) -> str | None:
        """See `limbeck.evaluation.items.Source`."""
        return self.source.split(part) if part == "test" else "none"

    def rows(self, card: Row, part: Part) -> list[Row]:
        """See `limbeck.evaluation.items.Source`."""
        return self.source.rows(card, part) if part == "test" else []


def whole_language(source: Source, card: Row, seed: int, *, group: str) -> Split:
    """`parts` of a language's own rows; ``group`` is a column."""
    return parts(source, lambda part: source.rows(card, part), seed, lambda row: row[group])
