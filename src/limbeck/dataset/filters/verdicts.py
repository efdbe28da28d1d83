"""Rows that the teacher's own checks found fault with."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from limbeck.dataset.funnel import Reason, Removal
from limbeck.files import Row

_WHY = {"correct": "not correct", "complete": "not complete", "language": "not in the language"}


@dataclass
class Checked:
    """What one check found; nothing of the rows whose check failed."""

    faults: dict[str, Removal] = field(default_factory=dict)  # by id
    failures: Counter[str] = field(default_factory=Counter)

    def note(self, done: str) -> str:
        """How many rows pass because their check failed, and why it did."""
        reasons = ", ".join(f"{why} {count}" for why, count in self.failures.most_common())
        return f"{self.failures.total():,} rows were not {done}: {reasons}" if reasons else ""


def read(
    checks: Iterable[Row], questions: Collection[str], least: float | None
) -> dict[str, Checked]:
    """What is wrong with rows, as the judge says, and as the way back into English shows.

    Without "judge" or "round_trip" where no row was checked so.

    Args:
        checks: rows of checks.jsonl.
        questions: of the judge; a "no" to one is a fault, one that was not asked says nothing.
        least: chrF++ of the way back; None finds no fault with any.
    """
    found: dict[str, Checked] = defaultdict(Checked)
    for check in checks:
        verdict, score = check["judge"], check["round_trip"]
        if failure := check["failure"]:
            # Checks of an earlier version do not say which of the two failed.
            if name := check.get("check"):
                found[name].failures[failure] += 1
        elif score is None:
            wrong = [name for name in questions if verdict.get(name) is False]
            faults = found["judge"].faults
            if wrong:
                faults[check["id"]] = Removal(_WHY[wrong[0]])
        else:
            faults = found["round_trip"].faults
            if least is not None and score < least:
                faults[check["id"]] = Removal("lost on the way back", f"chrF++ {score:.1f}")
    return dict(found)


def listed(found: Mapping[str, Removal]) -> Callable[[Row], Reason]:
    """A row that is in a list of removals."""
    return lambda row: found.get(row["id"])
