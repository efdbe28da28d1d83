"""What a judge's two looks at a pair of answers come to, and the figures of all pairs."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal, get_args

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


def counts(found: Sequence[Verdict | None]) -> Row:
    """Wins, ties and losses, and the win rate, in percent, a tie as half a win.

    Its 95% interval is Wilson's over the pairs: with ties, which spread less, it is rather too wide
    than too narrow. Without a verdict there is neither.
    """
    came = Counter(found)
    judged = len(found) - came[None]
    result: Row = {name: came[name] for name in get_args(Verdict)}
    if not judged:
        return {**result, "win_rate": None, "interval": None, "shown": False}
    points = came["win"] + came["tie"] / 2
    low, high = (100 * end for end in statistics.wilson(points, judged))
    rate = {"win_rate": 100 * points / judged, "interval": [low, high]}
    return {**result, **rate, "shown": not low <= 50 <= high}


def summary(rows: Sequence[Row]) -> Row:
    """The figures of the pairs of two models.

    A judge that looks at the answers alone prefers no place in both orders, so ``first_place`` and
    ``second_place``, in percent of the pairs that it was asked about, are its bias.
    """
    verdicts = [row["verdict"] for row in rows]
    places = [_place(row["orders"]) for row in rows if row["verdict"] and not row["alike"]]
    return {
        **counts(verdicts),
        "alike": sum(row["alike"] for row in rows),
        "not_judged": verdicts.count(None),
        "first_place": _percent(places, "first"),
        "second_place": _percent(places, "second"),
    }


def _place(orders: Sequence[Row]) -> Better | None:
    """The place that was better whichever answer stood there."""
    one, other = (order["better"] for order in orders)
    return one if one == other else None


def _percent(places: Sequence[Better | None], place: Better) -> float | None:
    return 100 * figures.mean([found == place for found in places]) if places else None


def of_pairs(rows: Sequence[Row]) -> list[Row]:
    """The figures of each two models, with the verdicts of each category."""
    found = []
    for models in dict.fromkeys(tuple(row["models"]) for row in rows):
        own = [row for row in rows if tuple(row["models"]) == models]
        came = Counter((row["category"], row["verdict"]) for row in own)
        categories = {
            name: {verdict: came[name, verdict] for verdict in get_args(Verdict)}
            for name in dict.fromkeys(row["category"] for row in own)
        }
        cut = [sum(row["cut"][side] for row in own) for side in (0, 1)]
        found.append({"models": list(models), **summary(own), "cut": cut, "categories": categories})
    return found
