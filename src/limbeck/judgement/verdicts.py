"""What a judge's two looks at a pair of answers come to, and the figures of all pairs."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from limbeck.evaluation import figures, statistics
from limbeck.files import Row

Better = Literal["first", "second", "tie"]  # of the two answers, as they were shown
Verdict = Literal["win", "tie", "loss"]  # of the first of the two models

_BOTH: dict[tuple[Better, Better], Verdict] = {
    ("first", "second"): "win",
    ("second", "first"): "loss",
}


def merged(orders: Sequence[Better | None]) -> Verdict | None:
    """One verdict of both orders; None where one of them was not judged.

    Args:
        orders: which answer was better where the first model's stood first, and where it stood
            second. A model wins if it is better in both: all else is a tie.
    """
    one, other = orders
    if one is None or other is None:
        return None
    return _BOTH.get((one, other), "tie")


def summary(rows: Sequence[Row]) -> Row:
    """The figures of the pairs of two models.

    ``win_rate`` is that of the first one, in percent, a tie as half a win. Its interval is Wilson's
    over the pairs: with ties, which spread less, it is rather too wide than too narrow. A judge
    that looks at the answers alone prefers no place in both orders, so ``first_place`` and
    ``second_place``, in percent of the pairs that were judged, are its bias.
    """
    verdicts = [row["verdict"] for row in rows]
    came = Counter(verdicts)
    judged = len(verdicts) - came[None]
    points = came["win"] + came["tie"] / 2
    places = [_place(row["orders"]) for row in rows if row["verdict"] and not row["alike"]]
    found: Row = {
        "win": came["win"],
        "tie": came["tie"],
        "loss": came["loss"],
        "alike": sum(row["alike"] for row in rows),
        "not_judged": came[None],
        "win_rate": None,
        "interval": None,
        "shown": False,
        "first_place": _percent(places, "first"),
        "second_place": _percent(places, "second"),
    }
    if judged:
        low, high = (100 * end for end in statistics.wilson(points, judged))
        found |= {
            "win_rate": 100 * points / judged,
            "interval": [low, high],
            "shown": not low <= 50 <= high,
        }
    return found


def _place(orders: Sequence[Row]) -> Better | None:
    """The place that was better whichever answer stood there."""
    one, other = (order["better"] for order in orders)
    return one if one == other else None


def _percent(places: Sequence[Better | None], place: Better) -> float | None:
    return 100 * figures.mean([found == place for found in places]) if places else None


def of_pairs(rows: Sequence[Row]) -> list[Row]:
    """The figures of each two models, with those of each category."""
    found = []
    for models in dict.fromkeys(tuple(row["models"]) for row in rows):
        own = [row for row in rows if tuple(row["models"]) == models]
        categories = {
            name: dict(Counter(row["verdict"] for row in own if row["category"] == name))
            for name in dict.fromkeys(row["category"] for row in own)
        }
        counts = {
            name: {key: came.get(key, 0) for key in ("win", "tie", "loss")}
            for name, came in categories.items()
        }
        cut = [sum(row["cut"][side] for row in own) for side in (0, 1)]
        found.append({"models": list(models), **summary(own), "cut": cut, "categories": counts})
    return found
