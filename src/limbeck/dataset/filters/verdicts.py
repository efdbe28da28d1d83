"""Rows that the teacher's own checks found fault with."""

from collections.abc import Callable, Collection, Iterable, Mapping

from limbeck.dataset.funnel import Reason, Removal
from limbeck.files import Row

_WHY = {"correct": "not correct", "complete": "not complete", "language": "not in the language"}


def faults(
    checks: Iterable[Row], questions: Collection[str], least: float | None
) -> tuple[dict[str, Removal] | None, dict[str, Removal] | None]:
    """What is wrong with rows, by id: as the judge says, and as the way back into English shows.

    None in place of either where no row was checked so.

    Args:
        checks: rows of checks.jsonl.
        questions: of the judge; a "no" to one is a fault, one that was not asked says nothing.
        least: chrF++ of the way back; None finds no fault with any.
    """
    judged: dict[str, Removal] = {}
    trips: dict[str, Removal] = {}
    any_judged = any_back = False
    for check in checks:
        verdict = check["judge"] or {}
        any_judged = any_judged or bool(verdict)
        wrong = [name for name in questions if verdict.get(name) is False]
        if wrong:
            judged[check["id"]] = Removal(_WHY[wrong[0]])
        score = check["round_trip"]
        any_back = any_back or score is not None
        if least is not None and score is not None and score < least:
            trips[check["id"]] = Removal("lost on the way back", f"chrF++ {score:.1f}")
    return judged if any_judged else None, trips if any_back else None


def listed(found: Mapping[str, Removal]) -> Callable[[Row], Reason]:
    """A row that is in a list of removals."""
    return lambda row: found.get(row["id"])
