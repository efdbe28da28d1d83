"""Choose a task's training set from what the teacher wrote, and say why the rest is left out.

python -m limbeck.classification.select --language card.json --examples examples.jsonl
    --held-out test.jsonl --settings JSON --output train.parquet --funnel funnel.json

The test set serves one purpose here: its texts are kept out of the training set. Its labels are
not read. Settings: {"examples", "seed"}.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from limbeck import config, files, stage
from limbeck.classification.sampling import balanced
from limbeck.dataset.filter import Reason, Step, run
from limbeck.dataset.held_out import HeldOut, words
from limbeck.errors import UserError
from limbeck.files import Row

SHINGLE = 5  # characters; no word splitting, so Thai, Lao and Tibetan work
_OWN_SCRIPT = 0.7  # least share of the letters; names and loans are often Latin


class Settings(config.Section):
    """What decides which examples are kept."""

    examples: config.Examples
    seed: int


def failed(row: Row) -> Reason:
    """A request that failed, a repeated text, or one that the teacher itself refused."""
    failure: Reason = row["failure"]
    return failure


def too_short(row: Row) -> Reason:
    """A text without a word of two letters."""
    return None if any(len(word) > 1 for word in words(row["text"])) else "no word"


def other_script(script_name: str) -> Callable[[Row], Reason]:
    """A text that is mostly in another script; no text where Unicode does not name the script."""
    prefix = script_name.upper().split(" ")[0]
    known = any(unicodedata.name(chr(code), "").startswith(prefix) for code in range(0x41, 0x3100))

    def reason(row: Row) -> Reason:
        letters = [char for char in row["text"] if char.isalpha()]
        own = sum(_script(char).startswith(prefix) for char in letters)
        return "other script" if known and own < _OWN_SCRIPT * len(letters) else None

    return reason


@cache
def _script(char: str) -> str:
    return unicodedata.name(char, "")


def held_out(texts: HeldOut) -> Callable[[Row], Reason]:
    """A text that shares words with a text of the test set."""
    return lambda row: "test text" if texts.hit(row["text"]) else None


def ambiguous(rows: Sequence[Row]) -> Callable[[Row], Reason]:
    """A text that was written for two labels: no row of it is kept."""
    labels: dict[tuple[str, ...], set[str]] = {}
    for row in rows:
        if not row["failure"]:
            labels.setdefault(words(row["text"]), set()).add(row["label"])
    return lambda row: "two labels" if len(labels[words(row["text"])]) > 1 else None


def near_duplicate(threshold: float) -> Callable[[Row], Reason]:
    """A text whose character shingles are nearly those of an earlier one (Jaccard similarity)."""
    by_shingle: dict[str, list[int]] = {}
    sizes: list[int] = []

    def reason(row: Row) -> Reason:
        text = " ".join(words(row["text"]))
        last = max(1, len(text) - SHINGLE + 1)
        shingles = {text[start : start + SHINGLE] for start in range(last)}
        shared = Counter(other for s in shingles for other in by_shingle.get(s, ()))
        for other, count in shared.items():
            if count >= threshold * (len(shingles) + sizes[other] - count):
                return "near duplicate"
        for shingle in shingles:
            by_shingle.setdefault(shingle, []).append(len(sizes))
        sizes.append(len(shingles))
        return None

    return reason


def steps(rows: Sequence[Row], card: Row, settings: Settings, test: HeldOut) -> list[Step]:
    """The filters in their order."""
    return [
        Step("failed", failed),
        Step("too_short", too_short),
        Step("script", other_script(str(card.get("script_name") or card["script"]))),
        Step("ambiguous", ambiguous(rows)),
        Step("held_out", held_out(test)),
        Step("near_duplicates", near_duplicate(settings.examples.near_duplicate)),
    ]


def schema() -> Any:
    """The Arrow schema of train.parquet."""
    import pyarrow as pa

    text = ("id", "text", "label", "language", "strategy", "teacher", "checked")
    return pa.schema(
        [
            *((name, pa.string()) for name in text),
            ("request", pa.int64()),
            ("demonstrations", pa.list_(pa.string())),
        ]
    )


def select(
    rows: Sequence[Row], card: Row, settings: Settings, test: HeldOut
) -> tuple[list[Row], list[Step]]:
    """The kept rows, as many of each label as asked for and there are, and the funnel."""
    # The messages are what the funnel shows of a removed row.
    shown = [{**row, "messages": [{"role": "text", "content": row["text"]}]} for row in rows]
    funnel = steps(rows, card, settings, test)
    found = list(run(shown, funnel))
    most = settings.examples.per_label
    per_label = {label: [row for row in found if row["label"] == label] for label in
                 dict.fromkeys(row["label"] for row in found)}  # fmt: skip
    kept = [row for group in per_label.values() for row in balanced(group, most, settings.seed)]
    return sorted(kept, key=lambda row: str(row["id"])), funnel


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    parser.add_argument("--language", type=files.read_json, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--funnel", type=Path, required=True)
    options = parser.parse_args()

    rows = list(files.read_jsonl(options.examples))
    test = HeldOut({"text": row["text"]} for row in files.read_jsonl(options.held_out))
    kept, funnel = select(rows, options.language, options.settings, test)
    for step in funnel:
        print(f"{step.name}: {step.came} in, {step.came - step.removed.total()} out")
    counts = Counter(row["label"] for row in kept)
    missing = {row["label"] for row in rows} - counts.keys()
    if missing or len(counts) < 2:
        raise UserError(
            f"{options.examples}: no example is left of {', '.join(sorted(missing)) or 'any label'}"
            "; see the lines above for the filter that took them"
        )
    kept = [{**row, "language": options.language["code"]} for row in kept]
    columns = schema().names
    files.write_parquet(
        options.output, ({name: row[name] for name in columns} for row in kept), schema()
    )
    strategies = Counter(row["strategy"] for row in rows)
    files.write_json(
        options.funnel,
        {
            "strategies": [{"name": name, "rows": n} for name, n in strategies.items()],
            "filters": [step.report() for step in funnel],
            "rows": len(kept),
            "labels": dict(sorted(counts.items())),
        },
    )


if __name__ == "__main__":
    stage.run(main)
