"""Rows that the teacher's own checks found fault with."""

from collections.abc import Callable, Collection, Iterable, Mapping

from limbeck.dataset.funnel import Reason, Removal
from limbeck.files import Row

_WHY = {"correct": "not correct", "complete": "not complete", "language": "not in the language"}


def judge(checks: Iterable[Row], questions: Collection[str]) -> dict[str, Removal]:
    """The rows, by id, of which a question was answered with no; one not asked says nothing."""
    found = {}
    for check in checks:
        verdict = check["judge"] or {}
        wrong = [name for name in questions if verdict.get(name) is False]
        if wrong:
            found[check["id"]] = Removal(_WHY[wrong[0]])
    return found


def round_trip(checks: Iterable[Row], least: float) -> dict[str, Removal]:
    """The translations, by id, whose way back into English came out too far from the original."""
    return {
        check["id"]: Removal("lost on the way back", f"chrF++ {check['round_trip']:.1f}")
        for check in checks
        if check["round_trip"] is not None and check["round_trip"] < least
    }


def listed(found: Mapping[str, Removal]) -> Callable[[Row], Reason]:
    """A row that is in a list of removals."""
    return lambda row: found.get(row["id"])
