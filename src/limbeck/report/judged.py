"""What a judge found of pairs of answers to open questions, as it stands on a language's page."""

from typing import Any

from limbeck.files import Row
from limbeck.report.collect import Settings, demonstrates


def view(judgement: dict[str, Any], settings: Settings) -> dict[str, Any] | None:
    """What the page shows; None where no pairs were judged."""
    if not judgement or settings.judge is None:
        return None
    compared = [model for pair in judgement["pairs"] for model in pair["models"]]
    called = settings.called(compared)
    return {
        "judge": judgement["judge"],
        "rule": demonstrates(settings.judge),
        "own": settings.judge["model"] == settings.teacher.get("model"),
        "questions": judgement["questions"],
        "not_translated": judgement["not_translated"],
        "pairs": [_pair(pair, called) for pair in judgement["pairs"]],
    }


def _pair(pair: Row, called: dict[str, str]) -> dict[str, Any]:
    first, second = (called[model] for model in pair["models"])
    low, high = pair["interval"] or (None, None)
    return {
        **pair,
        "name": f"{first} against {second}",
        "rate": None if pair["win_rate"] is None else f"{pair['win_rate']:.1f}",
        "interval": "" if low is None else f"{low:.1f}–{high:.1f}",
        "places": [_share(pair[f"{place}_place"]) for place in ("first", "second")],
        "categories": [
            {"name": name.replace("_", " "), **counts}
            for name, counts in pair["categories"].items()
        ],
    }


def _share(percent: float | None) -> str:
    return "–" if percent is None else f"{percent:.0f}%"
