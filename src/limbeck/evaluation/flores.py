"""FLORES: translation of sentences from and into English (NLLB Team 2022, arXiv 2207.04672).

Folders: ``devtest/{code}.devtest[.gz]`` and ``dev/{code}.dev[.gz]`` of FLORES-200, lines aligned
over languages; or FLORES+ tables ``{split}/{code}.jsonl`` or ``.parquet`` with id and text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from limbeck.errors import UserError
from limbeck.evaluation import reading
from limbeck.evaluation.items import Benchmark, Item, Part, Source, Split, value
from limbeck.files import Row
from limbeck.languages import covered

ENGLISH: Row = {"code": "eng_Latn", "iso639_1": "en", "iso639_3": "eng", "name": "English"}


@dataclass(frozen=True, slots=True)
class Folder:
    """A local folder of FLORES-200 or FLORES+."""

    path: Path

    def split(self, part: Part) -> str | None:
        """See `limbeck.evaluation.items.Source`."""
        shots = "dev" if (self.path / "dev").is_dir() else None
        return "devtest" if part == "test" else shots

    def rows(self, card: Row, part: Part) -> list[Row]:
        """See `limbeck.evaluation.items.Source`."""
        split, code = self.split(part), card["code"]
        plus = covered(card, "flores") or code  # FLORES+ renamed some
        names, endings = [f"{split}/{code}.{split}", f"{split}/{plus}"], ["", ".gz"]
        paths = reading.want(self.path, names, [*endings, ".jsonl", ".parquet"], "FLORES")
        if paths[0].name.startswith(f"{code}.{split}"):
            lines = reading.lines(paths[0])
            return [{"id": number, "text": line} for number, line in enumerate(lines)]
        return reading.table(paths, fits)


def fits(row: Row) -> object:
    """A sentence with its number; see `limbeck.evaluation.items.Benchmark`."""
    return _number(row), value(row, "text")


def _number(row: Row) -> int:
    number = value(row, "id")
    if not re.fullmatch(r"\d{1,9}", number):
        raise ValueError(f"has {number!r:.60} as id: a number is wanted")
    return int(number)


def read(source: Source, card: Row, seed: int) -> Split:
    """Devtest sentences to translate, dev sentences as examples."""
    if card["code"] == ENGLISH["code"]:
        raise UserError("FLORES: English cannot be translated into itself")
    return reading.parts(
        source, lambda part: _pairs(source, part, card), seed, lambda row: row["id"]
    )


def _pairs(source: Source, part: Part, card: Row) -> list[Row]:
    english, other = (_sentences(source, part, language) for language in (ENGLISH, card))
    if len(english) != len(other):
        raise UserError(
            f"FLORES: {source.split(part)} has {len(english)} English lines and {len(other)} of "
            f"{card['code']}, which are to be the same sentences"
        )
    pairs = zip(english, other, strict=True)
    return [{"id": i, "text_eng": eng, "text": text} for i, (eng, text) in enumerate(pairs)]


def _sentences(source: Source, part: Part, card: Row) -> list[str]:
    rows = sorted(source.rows(card, part), key=_number)
    return [str(row["text"]).strip() for row in rows]


def load(rows: Sequence[Row], question: str, reference: str) -> list[Item]:
    """Items that translate the column ``question`` into the column ``reference``."""
    return [Item(str(row["id"]), {"text": row[question]}, row[reference]) for row in rows]


def benchmark(name: str, into_english: bool) -> Benchmark:
    """One direction."""
    question, reference = ("text", "text_eng") if into_english else ("text_eng", "text")
    return Benchmark(
        name=name,
        asked_as=name,
        placeholders=("text",),
        folder=Folder,
        read=read,
        load=partial(load, question=question, reference=reference),
        fits=fits,
        kind="translation",
        into_english=into_english,
    )


FROM_ENGLISH = benchmark("flores_from_english", into_english=False)
INTO_ENGLISH = benchmark("flores_into_english", into_english=True)
