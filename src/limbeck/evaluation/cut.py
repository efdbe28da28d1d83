"""Answers of a teacher that are none: too many cut off are refused, too many unread are said."""

from collections.abc import Sequence

from limbeck.errors import UserError
from limbeck.evaluation import statistics


def check_cut(name: str, reasons: Sequence[str | None], most: float) -> None:
    """Refuse to score a teacher of whose answers its limit surely cut more than a share.

    What is cut off names no option and no label: the score would be of the limit.

    Args:
        name: what is scored.
        reasons: why each answer ended or failed; "length" where it was cut off.
        most: the share, in 0 to 1.

    Raises:
        UserError: surely more were, by the 95% interval of their share.
    """
    cut = sum(reason == "length" for reason in reasons)
    if statistics.wilson(cut, len(reasons))[0] > most:
        raise UserError(
            f"{name}: {cut} of {len(reasons)} answers of the teacher were cut off by its "
            f"max_tokens, and benchmarks.max_cut allows {most:.0%}; raise "
            "teacher.judge.max_tokens (in the journal is what came)"
        )


def say_unread(name: str, unread: int, count: int, most: float) -> None:
    """Say aloud that surely more than a share of a teacher's answers name no option or number.

    They count as wrong, where a likelihood always chooses: beside it the score is too low.
    """
    if statistics.wilson(unread, count)[0] > most:
        print(
            f"{name}: {unread} of {count} answers of the teacher name no option or number, and "
            "count as wrong: the score may be too low beside others (the items have the replies)"
        )
