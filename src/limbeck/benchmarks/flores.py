"""FLORES: translation of sentences from and into English (NLLB Team 2022, arXiv 2207.04672).

Folders: ``devtest/{code}.devtest[.gz]`` and ``dev/{code}.dev[.gz]`` of FLORES-200, lines aligned
over languages; or FLORES+ tables ``{split}/{code}.jsonl`` or ``.parquet`` with id and text.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from limbeck.benchmarks import reading
from limbeck.benchmarks.items import Benchmark, Item, Split
from limbeck.errors import UserError
from limbeck.files import Row

ENGLISH = "eng_Latn"


def read(folder: Path, card: Row, seed: int) -> Split:
    """Devtest sentences to translate, dev sentences as examples."""
    if card["code"] == ENGLISH:
        raise UserError("FLORES: English cannot be translated into itself")
    test = _pairs(folder, "devtest", str(card["code"]))
    if (folder / "dev").is_dir():
        return reading.marked(test, "devtest"), reading.marked(
            _pairs(folder, "dev", str(card["code"])), "dev"
        )
    test, shots = reading.set_aside(test, seed, lambda row: row["id"])
    return reading.marked(test, f"devtest-{len(shots)}"), reading.marked(shots, "devtest")


def _pairs(folder: Path, split: str, code: str) -> list[Row]:
    english, other = (_sentences(folder, split, name) for name in (ENGLISH, code))
    if len(english) != len(other):
        raise UserError(
            f"{folder}: {split} has {len(english)} English lines and {len(other)} of {code}, "
            "which are to be the same sentences"
        )
    pairs = zip(english, other, strict=True)
    return [{"id": i, "text_eng": eng, "text": text} for i, (eng, text) in enumerate(pairs)]


def _sentences(folder: Path, split: str, code: str) -> list[str]:
    plain = f"{split}/{code}.{split}"
    names, endings = [plain, f"{split}/{code}"], ["", ".gz", ".jsonl", ".parquet"]
    paths = reading.want(folder, names, endings, "FLORES")
    if paths[0].name.startswith(f"{code}.{split}"):
        return [line.strip() for line in reading.lines(paths[0])]
    rows = reading.table(paths, ["id", "text"])
    return [str(row["text"]).strip() for row in sorted(rows, key=lambda row: int(row["id"]))]


def load(rows: Sequence[Row], source: str, reference: str) -> list[Item]:
    """Items that translate the column ``source`` into the column ``reference``."""
    return [Item(str(row["id"]), {"text": row[source]}, row[reference]) for row in rows]


FROM_ENGLISH = Benchmark(
    name="flores_from_english",
    version=1,
    data_set="flores",
    placeholders=("text",),
    read=read,
    load=partial(load, source="text_eng", reference="text"),
    choice=False,
)
INTO_ENGLISH = Benchmark(
    name="flores_into_english",
    version=1,
    data_set="flores",
    placeholders=("text",),
    read=read,
    load=partial(load, source="text", reference="text_eng"),
    choice=False,
    script="Latn",
)
