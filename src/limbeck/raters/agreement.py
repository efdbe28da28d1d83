"""How far two who judged the same pairs agree: raw and beyond chance."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from limbeck.files import Row
from limbeck.judgement import verdicts
from limbeck.judgement.verdicts import Verdict

Verdicts = Mapping[str, Verdict]  # by pair


def agreement(one: Verdicts, other: Verdicts) -> dict[str, Any]:
    """Of the pairs that both judged: how many, the share with equal verdicts, Cohen's kappa.

    Share and kappa are None without a pair, kappa also where chance alone would make them agree.
    """
    common = [(one[pair], other[pair]) for pair in one if pair in other]
    if not common:
        return {"pairs": 0, "share": None, "kappa": None}
    share = sum(first == second for first, second in common) / len(common)
    return {"pairs": len(common), "share": share, "kappa": _kappa(common, share)}


def _kappa(common: Sequence[tuple[Verdict, Verdict]], share: float) -> float | None:
    """Cohen's kappa (1960, Educ. Psychol. Meas. 20:37), unweighted."""
    first, second = (Counter(side) for side in zip(*common, strict=True))
    by_chance = sum(first[verdict] * second[verdict] for verdict in first) / len(common) ** 2
    return None if by_chance == 1 else (share - by_chance) / (1 - by_chance)


def of_all(judged: Mapping[str, Verdicts]) -> list[dict[str, Any]]:
    """The agreement of each two of those who judged, by name."""
    return [
        {"between": [one, other], **agreement(judged[one], judged[other])}
        for one, other in combinations(judged, 2)
    ]


def figures(judged: Verdicts, rows: Sequence[Row]) -> list[Row]:
    """What somebody's verdicts say of each two models: `limbeck.judgement.verdicts.counts`."""
    found = []
    known = [row for row in rows if row["id"] in judged]
    for models in dict.fromkeys(tuple(row["models"]) for row in known):
        own = [judged[row["id"]] for row in known if tuple(row["models"]) == models]
        found.append({"models": list(models), **verdicts.counts(own)})
    return found
