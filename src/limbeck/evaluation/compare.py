"""Whether one score is better than another: a paired bootstrap on the same items."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from limbeck import chrf
from limbeck.errors import UserError
from limbeck.evaluation import statistics
from limbeck.files import Row, read_json, read_parquet


def items_beside(score: Path) -> Path:
    """Where the items of a score are: ``X.items.parquet`` beside ``X.json``.

    Raises:
        UserError: the score has another ending, so that qwen-0.6b and qwen-0.8b had one file.
    """
    if score.suffix != ".json":
        raise UserError(f"{score}: a score's name ends in .json; try {score}.json")
    return score.with_suffix(".items.parquet")


def load(path: Path) -> tuple[Row, list[Row]]:
    """A score and its items, from ``X.json`` and ``X.items.parquet`` beside it."""
    items = items_beside(path)
    score = read_json(path)
    if not isinstance(score, dict) or "benchmark" not in score:
        raise UserError(f"{path}: this is no score")
    return {**score, "path": str(path)}, read_parquet(items)


def compare(first: tuple[Row, list[Row]], second: tuple[Row, list[Row]], seed: int = 1) -> Row:
    """The second score minus the first, with its 95% interval, on the items that both have.

    Those of a smaller limit are among those of a larger one (`limbeck.evaluation.questions`).

    Returns "difference", "interval", "p" (two-sided), "shown" (the interval leaves out 0), "n",
    "of" (how many items each score has), and both values on these items and paths.

    Raises:
        UserError: the scores have no items in common.
    """
    (one, one_items), (two, two_items) = first, second
    for key in ("benchmark", "language", "metric"):
        if one[key] != two[key]:
            raise UserError(f"compare: the scores differ in {key}: {one[key]} and {two[key]}")
    shared = _shared(one_items, two_items)
    if not shared[0]:
        raise UserError(f"compare: the scores of {one['benchmark']} have no items in common")
    pairs = [_segments(one["metric"], items) for items in shared]
    figure = chrf.score if one["metric"] == "chrF++" else _percentage
    difference, interval, p = statistics.paired(pairs[0], pairs[1], figure, seed)
    return {
        "benchmark": one["benchmark"],
        "language": one["language"],
        "metric": one["metric"],
        "paths": [one["path"], two["path"]],
        "values": [float(figure(items.sum(0))) for items in pairs],
        "difference": difference,
        "interval": list(interval),
        "p": p,
        "shown": not interval[0] <= 0 <= interval[1],
        "n": len(shared[0]),
        "of": [len(one_items), len(two_items)],
    }


def _shared(one: Sequence[Row], two: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The items that both have, in the same order."""
    found = {(row["id"], row["gold"]): row for row in two}
    both = [row for row in one if (row["id"], row["gold"]) in found]
    return both, [found[row["id"], row["gold"]] for row in both]


def _segments(metric: str, items: Sequence[Row]) -> Any:
    """(items, statistics), each item's statistics, which add up."""
    import numpy

    if metric == "chrF++":
        hypotheses = [row["predicted"] or "" for row in items]
        return chrf.statistics(hypotheses, [row["gold"] for row in items])[0]
    return numpy.array([[row["score"], 1.0] for row in items])


def _percentage(sums: Any) -> Any:
    return 100 * sums[..., 0] / sums[..., 1]


def _chance(p: float) -> str:
    """A p-value in words; what no resample showed is not nought."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def sentence(found: Row) -> str:
    """A comparison in words."""
    low, high = found["interval"]
    items = f"{found['n']:,} items"
    if any(count > found["n"] for count in found["of"]):
        items += f" that both have, of {found['of'][0]:,} and {found['of'][1]:,}"
    figures = (
        f"{found['metric']} {found['values'][0]:.2f} and {found['values'][1]:.2f}, difference "
        f"{found['difference']:+.2f} [{low:+.2f}, {high:+.2f}], {_chance(found['p'])}, "
        f"{items}"
    )
    if not found["shown"]:
        return f"{found['benchmark']}: no difference shown ({figures})"
    better = found["paths"][found["difference"] > 0]
    return f"{found['benchmark']}: {better} is better ({figures})"
