"""The funnel: filters in their order, what each removed, and why."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from limbeck.dataset.texts import turns
from limbeck.errors import UserError
from limbeck.files import Row

_EXAMPLES = 5
_SHOWN = 300  # characters of an example


class Removal(NamedTuple):
    """Why a row is removed: in a few words that are counted, and what was found in this row."""

    why: str
    found: str = ""


# What a filter says of a row; None if it stays.
Reason = Removal | None


@dataclass
class Step:
    """One filter of the funnel and what it did."""

    name: str
    reason: Callable[[Row], Reason]
    threshold: object = None
    # Why it looks at no row, where it is on and cannot; what it does not see, where it does.
    idle: str = ""
    note: str = ""
    # A loss that shows a fault upstream, so that too large a share of it stops the build.
    bounded: bool = False
    # Told of every removed row: {"id", "filter", "why", "found"}.
    record: Callable[[Row], object] | None = None
    came: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)

    def keep(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that this filter lets through."""
        for row in rows:
            self.came += row.get("stands_for", 1)
            removal = self.reason(row)
            if removal is None:
                yield row
            else:
                self._remove(row, removal)

    def _remove(self, row: Row, removal: Removal) -> None:
        self.removed[removal.why] += row.get("stands_for", 1)
        why = removal._asdict()
        if len(self.examples) < _EXAMPLES:
            text = " | ".join(turns(row))
            self.examples.append({"id": row["id"], **why, "text": text[:_SHOWN]})
        if self.record:
            self.record({"id": row["id"], "filter": self.name, **why})

    def __str__(self) -> str:
        if self.idle:
            return f"{self.name}: not run ({self.idle})"
        note = f" ({self.note})" if self.note else ""
        return f"{self.name}: {self.came} in, {self.left} out{note}"

    @property
    def left(self) -> int:
        """How many rows it let through."""
        return self.came - self.removed.total()

    def report(self) -> dict[str, Any]:
        """The filter's line of the funnel."""
        return {
            "name": self.name,
            "threshold": self.threshold,
            "idle": self.idle,
            "note": self.note,
            "in": self.came,
            "out": self.left,
            "removed": dict(self.removed.most_common()),
            "examples": self.examples,
        }


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


def failed(row: Row) -> Reason:
    """A request that failed, or whose reply was cut off or malformed."""
    return Removal(row["failure"]) if row.get("failure") else None
