"""Rows that the teacher's own checks found fault with."""

from collections.abc import Callable, Collection, Iterable, Mapping

from limbeck.dataset.funnel import Reason, Removal
from limbeck.files import Row

_WHY = {"correct": "not correct", "complete": "not complete", "language": "not in the language"}


def faults(
    checks: Iterable[Row], questions: Collection[str], least: float | None
) -> tuple[dict[str, Removal], dict[str, Removal]]:
    """What is wrong with rows, by id: as the judge says, and as the way back into English shows.

    Args:
        checks: rows of checks.jsonl.
        questions: of the judge; a "no" to one is a fault, one that was not asked says nothing.
        least: chrF++ of the way back; None finds no fault with any.
    """
    judged: dict[str, Removal] = {}
    trips: dict[str, Removal] = {}
    for check in checks:
        verdict = check["judge"] or {}
        wrong = [name for name in questions if verdict.get(name) is False]
        if wrong:
            judged[check["id"]] = Removal(_WHY[wrong[0]])
        score = check["round_trip"]
        if least is not None and score is not None and score < least:
            trips[check["id"]] = Removal("lost on the way back", f"chrF++ {score:.1f}")
    return judged, trips


def listed(found: Mapping[str, Removal]) -> Callable[[Row], Reason]:
    """A row that is in a list of removals."""
    return lambda row: found.get(row["id"])
