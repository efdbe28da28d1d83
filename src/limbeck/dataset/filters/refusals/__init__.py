"""Answers that refuse, apologise or speak of the model that wrote them."""

import csv
from collections.abc import Callable
from pathlib import Path

from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.texts import turns, words
from limbeck.files import Row

TABLE = Path(__file__).parent / "phrases.tsv"


def phrases(iso639_3: str) -> list[str]:
    """What refusals of English and of a language begin with, as words between spaces."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    wanted = (row["phrase"] for row in rows if row["language"] in {"eng", iso639_3})
    return [
        _spaced(phrase).rstrip() if phrase.endswith("…") else _spaced(phrase) for phrase in wanted
    ]


def _spaced(text: str) -> str:
    return f" {' '.join(words(text))} "


def refusal(known: list[str], first: int) -> Callable[[Row], Reason]:
    """An answer with one of the phrases among its first words."""

    def reason(row: Row) -> Reason:
        for text in turns(row, "assistant"):
            # A word has 20 characters at most, nearly always.
            begin = _spaced(" ".join(words(text[: 20 * first])[:first]))
            found = next((phrase for phrase in known if phrase in begin), None)
            if found:
                return Removal("refusal", found.strip())
        return None

    return reason
