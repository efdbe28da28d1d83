"""Keep the teacher's rows that deserve to be trained on.

    python -m limbeck.dataset.filter --generated responses.jsonl --translations translations.jsonl
        --held-out test.jsonl ... --settings JSON --rows rows.parquet --funnel funnel.json

Every filter says how many rows came in, how many went out and why; the funnel keeps examples of
what was removed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from limbeck import stage
from limbeck.config import Filters, Section
from limbeck.dataset.held_out import HeldOut
from limbeck.dataset.rows import from_response, from_translation, kept_schema
from limbeck.errors import UserError
from limbeck.files import Row, canonical, digest, read_jsonl, write_json, write_parquet

_EXAMPLES = 5

# Why a row is removed, or None if it stays.
Reason = str | None


class Settings(Section):
    """What decides which rows are kept."""

    filters: Filters


@dataclass
class Step:
    """One filter of the funnel and what it did."""

    name: str
    reason: Callable[[Row], Reason]
    # A loss that shows a fault upstream, so that too large a share of it stops the build.
    bounded: bool = False
    came: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)

    def keep(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that this filter lets through."""
        for row in rows:
            self.came += 1
            why = self.reason(row)
            if why is None:
                yield row
                continue
            self.removed[why] += 1
            if len(self.examples) < _EXAMPLES:
                text = " | ".join(message["content"] for message in _messages(row))
                self.examples.append({"id": row["id"], "why": why, "text": text[:300]})

    def report(self) -> dict[str, Any]:
        """The filter's line of the funnel."""
        return {
            "name": self.name,
            "in": self.came,
            "out": self.came - self.removed.total(),
            "removed": dict(self.removed.most_common()),
            "examples": self.examples,
        }


def _messages(row: Row) -> list[dict[str, str]]:
    messages: list[dict[str, str]] = row.get("messages") or []
    return messages


def failed(row: Row) -> Reason:
    """A request that failed, or whose reply was cut off or malformed."""
    failure: Reason = row.get("failure")
    return failure


def empty(row: Row) -> Reason:
    """A turn without text, or with what a program writes for nothing."""
    messages = _messages(row)
    if not messages:
        return "no messages"
    if any(message["content"].strip() in {"", "None", "null", "nan"} for message in messages):
        return "empty turn"
    return None


def length_ratio(low: float, high: float) -> Callable[[Row], Reason]:
    """A translated turn far shorter or longer than its original, in UTF-8 bytes."""

    def reason(row: Row) -> Reason:
        for turn, original in zip_longest(_messages(row), row["original"] or []):
            if original is None:
                return None  # not a translation
            ratio = len(turn["content"].encode()) / max(1, len(original["content"].encode()))
            if not low <= ratio <= high:
                return "too short" if ratio < low else "too long"
        return None

    return reason


def duplicate() -> Callable[[Row], Reason]:
    """A conversation that came before, to the letter."""
    seen: set[str] = set()

    def reason(row: Row) -> Reason:
        key = digest(canonical(row["messages"]))
        if key in seen:
            return "exact duplicate"
        seen.add(key)
        return None

    return reason


def held_out(benchmarks: HeldOut) -> Callable[[Row], Reason]:
    """A conversation, its trace or its original that holds text of a benchmark."""

    def reason(row: Row) -> Reason:
        turns = [*_messages(row), *(row["original"] or [])]
        texts = [*(turn["content"] for turn in turns), row["reasoning"] or ""]
        return "benchmark text" if any(benchmarks.hit(text) for text in texts) else None

    return reason


def steps(settings: Filters, benchmarks: HeldOut) -> list[Step]:
    """The filters in their order."""
    return [
        Step("failed", failed, bounded=True),
        Step("empty", empty, bounded=True),
        Step("length_ratio", length_ratio(*settings.length_ratio), bounded=True),
        Step("held_out", held_out(benchmarks)),
        Step("duplicates", duplicate()),
    ]


def run(rows: Iterable[Row], funnel: list[Step]) -> Iterator[Row]:
    """Rows through all filters, one row at a time."""
    for step in funnel:
        rows = step.keep(rows)
    yield from rows


def check_losses(funnel: list[Step], max_lost: float) -> None:
    """Stop a build whose rows were lost to faults rather than to care.

    Raises:
        UserError: names the filter, the share it removed and the commonest reason.
    """
    for step in funnel:
        lost = step.removed.total() / step.came if step.came else 0.0
        if step.bounded and lost > max_lost:
            why, count = step.removed.most_common(1)[0]
            example = step.examples[0]["id"]
            raise UserError(
                f"filter {step.name!r} removed {step.removed.total()} of {step.came} rows "
                f"({lost:.0%}; {count} for {why!r}, {example} is one), and filters.max_lost allows "
                f"{max_lost:.0%}"
            )


def _read(generated: Path, translations: Path) -> tuple[list[Row], list[dict[str, Any]]]:
    """All rows in the kept form with their failure, and how many each strategy wrote."""
    rows = []
    written: Counter[str] = Counter()
    for path, convert in ((generated, from_response), (translations, from_translation)):
        for raw in read_jsonl(path):
            rows.append({**convert(raw), "failure": raw.get("failure")})
            written[raw["strategy"]] += 1
    return rows, [{"name": name, "rows": count} for name, count in written.items()]


def main() -> None:
    """The stage."""
    parser = stage.parser(__doc__)
    parser.add_argument("--generated", type=Path, required=True)
    parser.add_argument("--translations", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, nargs="*", default=[])
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--funnel", type=Path, required=True)
    options = parser.parse_args()
    settings: Filters = options.settings.filters

    benchmarks = HeldOut(chain.from_iterable(read_jsonl(path) for path in options.held_out))
    rows, strategies = _read(options.generated, options.translations)
    funnel = steps(settings, benchmarks)
    kept = list(run(rows, funnel))
    for step in funnel:
        print(f"{step.name}: {step.came} in, {step.came - step.removed.total()} out")
    check_losses(funnel, settings.max_lost)
    if not kept:
        raise UserError(f"{options.generated}, {options.translations}: no row is left to train on")
    for row in kept:
        del row["failure"]
    write_parquet(options.rows, kept, kept_schema())
    write_json(
        options.funnel,
        {
            "strategies": strategies,
            "filters": [step.report() for step in funnel],
            "rows": len(kept),
        },
    )


if __name__ == "__main__":
    stage.run(main)
