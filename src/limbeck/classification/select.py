"""Choose a task's training set from what the teacher wrote, and say why the rest is left out.

python -m limbeck.classification.select --language card.json --examples examples.jsonl
    --held-out test.jsonl --settings JSON --output train.parquet --funnel funnel.json

The test set serves one purpose here: its texts are kept out of the training set. Its labels are
not read. Settings: {"examples", "seed"}.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from limbeck import config, files, stage
from limbeck.classification.data import letters
from limbeck.classification.sampling import balanced
from limbeck.dataset.filters.duplicates import NearDuplicates, near_duplicate
from limbeck.dataset.filters.script_share import script
from limbeck.dataset.funnel import Reason, Removal, Step, failed, run
from limbeck.dataset.held_out import HeldOut
from limbeck.dataset.texts import words
from limbeck.errors import UserError
from limbeck.files import Row

_SHOWN = 5  # examples of what a filter removed
_OWN_SCRIPT = 0.7  # least share of the letters; names and loans are often Latin


class Settings(config.Section):
    """What decides which examples are kept."""

    examples: config.Examples
    seed: int


def too_short(row: Row) -> Reason:
    """A text without a word of two letters."""
    return None if any(len(word) > 1 for word in words(row["text"])) else Removal("no word")


def of_the_test(test: Sequence[Row]) -> Callable[[Row], Reason]:
    """A text that shares words with a text of the test set, or is one, however short."""
    shared, known = HeldOut({"text": row["text"]} for row in test), set(map(letters, test))

    def reason(row: Row) -> Reason:
        found = row["text"] if letters(row) in known else shared.hit(row["text"])
        return None if found is None else Removal("test text", found)

    return reason


def ambiguous(rows: Sequence[Row]) -> Callable[[Row], Reason]:
    """A text that was written for two labels: no row of it is kept."""
    labels: dict[tuple[str, ...], set[str]] = {}
    for row in rows:
        if not row["failure"]:
            labels.setdefault(words(row["text"]), set()).add(row["label"])

    def reason(row: Row) -> Reason:
        found = labels[words(row["text"])]
        return Removal("two labels", ", ".join(sorted(found))) if len(found) > 1 else None

    return reason


def steps(rows: Sequence[Row], card: Row, test: Callable[[Row], Reason]) -> list[Step]:
    """The filters in their order, but that of near duplicates."""
    return [
        Step("failed", failed),
        Step("too_short", too_short),
        Step("script", script(card["script"], _OWN_SCRIPT), _OWN_SCRIPT),
        Step("ambiguous", ambiguous(rows)),
        Step("held_out", test),
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
    rows: Sequence[Row], card: Row, settings: Settings, test: Callable[[Row], Reason]
) -> tuple[list[Row], list[Step]]:
    """The kept rows, as many of each label as asked for and there are, and the funnel.

    ``test``: why a row is too near to the test set, as `of_the_test` says it.
    Where each strategy is a set of its own, none removes a row of another.
    """
    if not settings.examples.apart:
        return _select(rows, card, settings, test)
    # A label without texts to show has descriptions, which may be no strategy of the config.
    names = dict.fromkeys([*settings.examples.strategies, *(row["strategy"] for row in rows)])
    sets = [
        _select([row for row in rows if row["strategy"] == name], card, settings, test)
        for name in names
    ]
    kept = sorted((row for own, _ in sets for row in own), key=lambda row: str(row["id"]))
    return kept, [together(steps) for steps in zip(*(steps for _, steps in sets), strict=True)]


def together(steps: Sequence[Step]) -> Step:
    """What one filter did to several sets of rows."""
    found = Step(steps[0].name, steps[0].reason, steps[0].threshold)
    for step in steps:
        found.came += step.came
        found.removed += step.removed
        found.examples += step.examples[: _SHOWN - len(found.examples)]
    return found


def _select(
    rows: Sequence[Row], card: Row, settings: Settings, test: Callable[[Row], Reason]
) -> tuple[list[Row], list[Step]]:
    # The messages are what the funnel shows of a removed row.
    shown = [{**row, "messages": [{"role": "text", "content": row["text"]}]} for row in rows]
    funnel = steps(rows, card, test)
    per_label: dict[str, list[Row]] = {}
    for row in run(shown, funnel):
        per_label.setdefault(row["label"], []).append(row)
    wanted = settings.examples
    groups = list(per_label.values()) or [[]]  # the filter is in the funnel where none came, too
    near = [_distinct(group, wanted.near_duplicate) for group in groups]
    kept = [row for group, _ in near for row in balanced(group, wanted.per_label, settings.seed)]
    kept.sort(key=lambda row: str(row["id"]))
    return kept, [*funnel, together([step for _, step in near])]


def _distinct(rows: Sequence[Row], threshold: float) -> tuple[list[Row], Step]:
    """The rows of a label that are near no earlier one, and the filter of them.

    Texts of two labels may be as near as they are: a denial is what tells them apart.
    """
    index = NearDuplicates(threshold)
    seen = list(index.watch(rows))
    step = Step("near_duplicates", near_duplicate(index.found()), threshold)
    return list(step.keep(seen)), step


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
    test = of_the_test(list(files.read_jsonl(options.held_out)))
    kept, funnel = select(rows, options.language, options.settings, test)
    for step in funnel:
        print(f"{step.name}: {step.came} in, {step.left} out")
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
